//! Where the database is and who we are there, as terraform's backend reads it: a URL or `name=value` pairs, and `PG*`.

use std::collections::BTreeMap;
use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::address::decode;
use crate::attributes::Attributes;
use crate::error::StoreError;
use crate::open::Environment;

/// How long connecting may take where nobody says.
const CONNECT_TIME: Duration = Duration::from_secs(10);

/// The parameters of connection strings that are honoured, with the variables that stand in for them.
const PARAMETERS: &[(&str, &str)] = &[
    ("host", "PGHOST"),
    ("port", "PGPORT"),
    ("dbname", "PGDATABASE"),
    ("user", "PGUSER"),
    ("password", "PGPASSWORD"),
    ("sslmode", "PGSSLMODE"),
    ("sslrootcert", "PGSSLROOTCERT"),
    ("sslcert", "PGSSLCERT"),
    ("sslkey", "PGSSLKEY"),
    ("connect_timeout", "PGCONNECT_TIMEOUT"),
];
/// Those that change nothing for us: the name shows who holds a lock.
const IGNORED: &[&str] = &["application_name", "fallback_application_name"];

/// A database and how to get in. It has no `Debug`, since the password is in it.
#[derive(Clone)]
pub(super) struct Database {
    pub(super) options: PgConnectOptions,
    pub(super) connect_time: Duration,
    /// Where it is, for people: `pg://host:port/database`.
    pub(super) place: String,
}

impl Database {
    pub(super) fn read(attributes: &Attributes<'_>, environment: &Environment, text: &str) -> Result<Self, StoreError> {
        let mut given: BTreeMap<String, String> = PARAMETERS
            .iter()
            .filter_map(|(name, variable)| Some(((*name).to_owned(), environment.get(variable)?.to_owned())))
            .collect();
        let url = text.strip_prefix("postgres://").or_else(|| text.strip_prefix("postgresql://"));
        let pairs = match url {
            Some(rest) => of_url(rest),
            None => of_pairs(text),
        };
        for (name, value) in pairs.ok_or_else(|| attributes.wrong("conn_str is no connection string"))? {
            if IGNORED.contains(&name.as_str()) {
                continue;
            }
            if !PARAMETERS.iter().any(|(known, _)| *known == name) {
                return Err(attributes.wrong(format!("the parameter {name} of conn_str is not known here")));
            }
            given.insert(name, value);
        }
        Self::of(&given, environment).map_err(|message| attributes.wrong(message))
    }

    fn of(given: &BTreeMap<String, String>, environment: &Environment) -> Result<Self, String> {
        let get = |name: &str| given.get(name).map(String::as_str).filter(|value| !value.is_empty());
        let number = |name: &str| -> Result<Option<u64>, String> {
            get(name).map(|text| text.parse().map_err(|_| format!("{name} is not a whole number"))).transpose()
        };
        let host = get("host").unwrap_or("localhost");
        let port = u16::try_from(number("port")?.unwrap_or(5432)).map_err(|_| "port is no port".to_owned())?;
        let user = get("user").or_else(|| environment.get("USER")).unwrap_or("postgres");
        let database = get("dbname").unwrap_or(user);
        // As Go's client, and not as libpq: encrypted, whoever answers.
        let mode = get("sslmode").unwrap_or("require");
        let mode: PgSslMode = mode.parse().map_err(|_| format!("there is no sslmode {mode}"))?;
        // What the process itself has in its environment is overwritten.
        let mut options = PgConnectOptions::new_without_pgpass()
            .host(host)
            .port(port)
            .username(user)
            .database(database)
            .password(get("password").unwrap_or_default())
            .ssl_mode(mode)
            .disable_statement_logging();
        if let Some(path) = get("sslrootcert") {
            options = options.ssl_root_cert(path);
        }
        if let Some(path) = get("sslcert") {
            options = options.ssl_client_cert(path);
        }
        if let Some(path) = get("sslkey") {
            options = options.ssl_client_key(path);
        }
        let connect_time = match number("connect_timeout")? {
            None | Some(0) => CONNECT_TIME,
            Some(seconds) => Duration::from_secs(seconds),
        };
        Ok(Self { options, connect_time, place: format!("pg://{host}:{port}/{database}") })
    }
}

/// `user:password@host:port/database?name=value`.
fn of_url(rest: &str) -> Option<Vec<(String, String)>> {
    let (base, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = base.split_once('/').unwrap_or((base, ""));
    let (user, server) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (name, password) = user.split_once(':').unwrap_or((user, ""));
    // An address of IPv6 stands in brackets, since it has colons of its own.
    let (host, port) = match server.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            (host, port.strip_prefix(':').unwrap_or_default())
        }
        None => server.split_once(':').unwrap_or((server, "")),
    };
    let own = [("user", name), ("password", password), ("host", host), ("port", port), ("dbname", database)];
    let own = own.into_iter().filter(|(_, value)| !value.is_empty());
    let more = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    Some(own.chain(more).map(|(name, value)| (decode(name), decode(value))).collect())
}

/// `name=value name='it''s a value'`, with backslashes before what stands for itself.
fn of_pairs(text: &str) -> Option<Vec<(String, String)>> {
    let mut characters = text.chars().peekable();
    let mut pairs = Vec::new();
    loop {
        while characters.next_if(|character| character.is_whitespace()).is_some() {}
        if characters.peek().is_none() {
            return Some(pairs);
        }
        let mut name = String::new();
        while let Some(character) = characters.next_if(|character| *character != '=') {
            name.push(character);
        }
        characters.next()?;
        let name = name.trim().to_owned();
        while characters.next_if(|character| character.is_whitespace()).is_some() {}
        let is_quoted = characters.next_if_eq(&'\'').is_some();
        let mut value = String::new();
        loop {
            match characters.next() {
                Some('\\') => value.push(characters.next()?),
                Some('\'') if is_quoted => break,
                Some(character) if !is_quoted && character.is_whitespace() => break,
                Some(character) => value.push(character),
                None if is_quoted => return None,
                None => break,
            }
        }
        if name.is_empty() || name.contains(char::is_whitespace) {
            return None;
        }
        pairs.push((name, value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::StateAddress;

    fn read(text: &str, variables: &[(&str, &str)]) -> Result<Database, StoreError> {
        let attributes = serde_json::Map::from_iter([("conn_str".to_owned(), text.into())]);
        let address = StateAddress::from_backend("pg", &attributes, "default")?;
        let environment: Environment =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let attributes = Attributes::new(&address, &environment);
        Database::read(&attributes, &environment, text)
    }

    #[test]
    fn urls_pairs_and_variables_name_the_same_database() {
        for (text, variables) in [
            ("postgres://me:p%40ss@db.example:6000/states?sslmode=disable&application_name=x", &[][..]),
            ("postgresql://db.example:6000/states", &[("PGUSER", "me"), ("PGSSLMODE", "disable"), ("PGPORT", "1")]),
            (" host = db.example port=6000 user='me' password='it\\'s' dbname=states sslmode=disable ", &[]),
            (
                "",
                &[
                    ("PGHOST", "db.example"),
                    ("PGPORT", "6000"),
                    ("PGUSER", "me"),
                    ("PGDATABASE", "states"),
                    ("PGSSLMODE", "disable"),
                ],
            ),
        ] {
            let database = read(text, variables).unwrap();
            assert_eq!(database.place, "pg://db.example:6000/states", "{text}");
            assert_eq!(database.options.get_username(), "me", "{text}");
            assert!(matches!(database.options.get_ssl_mode(), PgSslMode::Disable), "{text}");
        }
        assert_eq!(read("postgres://me@[::1]:7/d", &[]).unwrap().place, "pg://::1:7/d");
        let bare = read("", &[("USER", "somebody")]).unwrap();
        assert_eq!(bare.place, "pg://localhost:5432/somebody");
        assert!(matches!(bare.options.get_ssl_mode(), PgSslMode::Require));
    }

    #[test]
    fn what_is_wrong_is_said_without_values() {
        for (text, message) in [
            ("secret", "conn_str is no connection string"),
            ("password='secret", "conn_str is no connection string"),
            ("postgres://me:secret@[::1", "conn_str is no connection string"),
            ("postgres://h/d?passfile=secret", "the parameter passfile of conn_str is not known here"),
            ("postgres://h:secret/d", "port is not a whole number"),
            ("port=70000", "port is no port"),
            ("sslmode=none", "there is no sslmode none"),
        ] {
            let error = read(text, &[]).err().expect(text);
            assert_eq!(error.to_string(), format!("backend pg: {message}"));
        }
    }
}
