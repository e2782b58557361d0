//! Advisory locks as terraform takes them, and who holds one.
//!
//! The lock of a state that is there has the id of its row. A state that is not there yet has no row: whoever makes one holds
//! the creation lock -1 of the whole database meanwhile. Locking a row takes the creation lock for a moment too, since whoever
//! holds it may be making that very row.

use std::time::{Duration, SystemTime};

use sqlx::postgres::PgConnection;

use super::session::ask;
use crate::error::StoreError;
use crate::lock_info::LockInfo;

/// The lock of whoever makes a state.
pub(super) const CREATION: i64 = -1;

/// What sessions of ours begin their name with.
const PREFIX: &str = "landfast ";
/// How long a name of a session may be.
const NAME: usize = 63;

/// The name of the session that holds a lock: `landfast WHO ID`, where WHO is cut to what has room.
pub(super) fn session_name(info: &LockInfo) -> String {
    let id = info.id.parse::<uuid::Uuid>().map_or_else(|_| info.id.clone(), |id| id.simple().to_string());
    let room = NAME.saturating_sub(PREFIX.len() + 1 + id.len());
    // The server puts a question mark for every other byte.
    let ascii = info.who.chars().map(|character| if character.is_ascii_graphic() { character } else { '?' });
    let who: String = ascii.take(room).collect();
    format!("{PREFIX}{who} {id}")
}

/// Takes a lock where nobody holds it.
pub(super) async fn try_lock(session: &mut PgConnection, place: &str, id: i64) -> Result<Taken, StoreError> {
    let statement = sqlx::query_scalar("SELECT pg_try_advisory_lock($1)").bind(id).fetch_one(session);
    Ok(if ask(place, "locking", statement).await? { Taken::Yes } else { Taken::No })
}

/// Gives a lock back; `No` where it was not ours.
pub(super) async fn unlock(session: &mut PgConnection, place: &str, id: i64) -> Result<Taken, StoreError> {
    let statement = sqlx::query_scalar("SELECT pg_advisory_unlock($1)").bind(id).fetch_one(session);
    Ok(if ask(place, "unlocking", statement).await? { Taken::Yes } else { Taken::No })
}

/// Whether a lock was had.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Taken {
    Yes,
    No,
}

/// Who holds a lock.
pub(super) struct Holder {
    pub(super) info: LockInfo,
    /// Whether it holds other locks too: whoever locks a row holds the creation lock for a moment only.
    pub(super) holds_more: bool,
    /// Whether it is a Landfast.
    pub(super) is_ours: bool,
}

/// Who holds the lock `id`, by what the server knows of its sessions.
pub(super) async fn holder(session: &mut PgConnection, place: &str, id: i64) -> Result<Option<Holder>, StoreError> {
    type Row = (i32, Option<String>, Option<String>, Option<String>, Option<f64>, bool);
    let statement = sqlx::query_as::<_, Row>(
        "SELECT l.pid, a.application_name, a.usename::text, host(a.client_addr), \
                extract(epoch FROM a.backend_start)::float8, \
                EXISTS (SELECT 1 FROM pg_locks m WHERE m.pid = l.pid AND m.locktype = 'advisory' AND m.granted \
                        AND m.database = l.database AND (m.classid, m.objid) <> (l.classid, l.objid)) \
         FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid \
         WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 \
           AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
           AND ((l.classid::int8 << 32) | l.objid::int8) = $1 \
         LIMIT 1",
    );
    let found = ask(place, "asking who holds the lock", statement.bind(id).fetch_optional(session)).await?;
    Ok(found.map(|(pid, name, user, host, started, holds_more)| {
        let name = name.unwrap_or_default();
        let (user, host) = (user.unwrap_or_default(), host.unwrap_or_default());
        let ours = name.strip_prefix(PREFIX).and_then(|rest| rest.rsplit_once(' '));
        let mut info = match ours {
            Some((who, id)) => LockInfo {
                id: id.parse::<uuid::Uuid>().map_or_else(|_| id.to_owned(), |id| id.to_string()),
                who: who.to_owned(),
                version: "landfast".to_owned(),
                ..LockInfo::default()
            },
            None => LockInfo { id: pid.to_string(), who: at(&user, &host), ..LockInfo::default() },
        };
        // The session was opened to take the lock.
        let started = started.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let started = started.and_then(|since| jiff::Timestamp::try_from(SystemTime::UNIX_EPOCH + since).ok());
        info.created = started.map(|time| time.to_string()).unwrap_or_default();
        info.info = format!("PostgreSQL session {pid} of {}", at(&user, &host));
        info.path = place.to_owned();
        Holder { info, holds_more, is_ours: ours.is_some() }
    }))
}

fn at(user: &str, host: &str) -> String {
    if host.is_empty() { user.to_owned() } else { format!("{user}@{host}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_session_says_who_and_keeps_the_id() {
        let mut info = LockInfo::new("x", "alice@laptop", SystemTime::now());
        "0b0e4a4e-6f2c-4f0e-9a3a-0123456789ab".clone_into(&mut info.id);
        assert_eq!(session_name(&info), "landfast alice@laptop 0b0e4a4e6f2c4f0e9a3a0123456789ab");
        "älice with a very long name@host".clone_into(&mut info.who);
        let name = session_name(&info);
        assert_eq!(name, "landfast ?lice?with?a?very?lon 0b0e4a4e6f2c4f0e9a3a0123456789ab");
        assert_eq!(name.len(), NAME);
    }
}
