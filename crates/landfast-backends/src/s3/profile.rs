//! The files that AWS's tools share: `~/.aws/config` and `~/.aws/credentials`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::attributes::Attributes;
use super::credentials::{Keys, Role, Source, WebIdentity};
use crate::error::{ErrorClass, StoreError};
use crate::open::Environment;

type Section = BTreeMap<String, String>;

/// What both files say, by profile.
#[derive(Default)]
pub(super) struct Profiles {
    /// The profile that is meant, where one is named.
    named: Option<String>,
    profiles: BTreeMap<String, Section>,
    sso_sessions: BTreeMap<String, Section>,
}

const DEFAULT: &str = "default";

impl Profiles {
    /// Reads the files that attributes, environment or custom name. One that is not there is an empty one.
    pub(super) fn read(attributes: &Attributes<'_>, environment: &Environment) -> Result<Self, StoreError> {
        let named = attributes.text("profile")?.or_else(|| environment.get("AWS_PROFILE").map(str::to_owned));
        let home = environment.get("HOME").or_else(|| environment.get("USERPROFILE")).map(PathBuf::from);
        let in_home = |name: &str| home.iter().map(|home| home.join(".aws").join(name)).collect::<Vec<_>>();
        let listed = |paths: Vec<String>| -> Vec<PathBuf> {
            paths.into_iter().map(|path| under_home(&path, home.as_deref())).collect()
        };

        let mut files = listed(attributes.texts("shared_config_files")?);
        if files.is_empty() {
            let variables = ["AWS_CONFIG_FILE", "AWS_SHARED_CONFIG_FILE"];
            let named = variables.iter().find_map(|name| environment.get(name));
            files = named.map_or_else(|| in_home("config"), |path| listed(vec![path.to_owned()]));
        }
        let mut found = Self { named, ..Self::default() };
        for file in &files {
            found.add(file, Kind::Config)?;
        }

        let mut files = attributes.texts("shared_credentials_files")?;
        files.extend(attributes.text("shared_credentials_file")?);
        let mut files = listed(files);
        if files.is_empty() {
            let named = environment.get("AWS_SHARED_CREDENTIALS_FILE");
            files = named.map_or_else(|| in_home("credentials"), |path| listed(vec![path.to_owned()]));
        }
        for file in &files {
            found.add(file, Kind::Credentials)?;
        }
        Ok(found)
    }

    fn add(&mut self, path: &Path, kind: Kind) -> Result<(), StoreError> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => {
                let message = "the profiles cannot be read";
                return Err(
                    StoreError::new(ErrorClass::Configuration, path.display().to_string(), message).because(error)
                );
            }
        };
        for (name, section) in sections(&String::from_utf8_lossy(&bytes)) {
            let (sections, name) = match (kind, name.split_once(char::is_whitespace)) {
                (Kind::Config, Some(("profile", name))) => (&mut self.profiles, name),
                (Kind::Config, Some(("sso-session", name))) => (&mut self.sso_sessions, name),
                (Kind::Config, None) if name == DEFAULT => (&mut self.profiles, DEFAULT),
                (Kind::Config, _) => continue,
                (Kind::Credentials, _) => (&mut self.profiles, name.as_str()),
            };
            let name = name.trim().trim_matches('"').trim_matches('\'').to_owned();
            // Keys of the credentials file come after those of the configuration, and replace them.
            sections.entry(name).or_default().extend(section);
        }
        Ok(())
    }

    fn selected(&self) -> &str {
        self.named.as_deref().unwrap_or(DEFAULT)
    }

    /// The region of the profile.
    pub(super) fn region(&self) -> Option<String> {
        self.profiles.get(self.selected())?.get("region").cloned()
    }

    /// Where the profile says that credentials come from; `None` where it says nothing about them.
    pub(super) fn source(&self, environment: &Environment) -> Result<Option<Source>, StoreError> {
        if self.named.is_none() && !self.profiles.contains_key(DEFAULT) {
            return Ok(None);
        }
        self.source_of(self.selected(), environment, &mut Vec::new())
    }

    fn source_of(
        &self,
        name: &str,
        environment: &Environment,
        above: &mut Vec<String>,
    ) -> Result<Option<Source>, StoreError> {
        let failed = |message: String| StoreError::new(ErrorClass::Configuration, "AWS profiles", message);
        let Some(profile) = self.profiles.get(name) else {
            return Err(failed(format!("there is no profile {name}")));
        };
        let text = |key: &str| profile.get(key).cloned();
        let keys = match (text("aws_access_key_id"), text("aws_secret_access_key")) {
            (Some(id), Some(secret)) => Some(Source::Keys(Keys { id, secret, token: text("aws_session_token") })),
            _ => None,
        };
        let role = || -> Result<Option<Role>, StoreError> {
            let Some(arn) = text("role_arn") else { return Ok(None) };
            let mut role = Role::new(arn);
            role.session_name = text("role_session_name").unwrap_or(role.session_name);
            role.external_id = text("external_id");
            role.seconds = text("duration_seconds").and_then(|seconds| seconds.parse().ok());
            if profile.contains_key("mfa_serial") {
                return Err(failed(format!(
                    "the profile {name} asks for a second factor (mfa_serial), which is not supported"
                )));
            }
            Ok(Some(role))
        };
        let assumed = |base: Source| -> Result<Option<Source>, StoreError> {
            Ok(Some(match role()? {
                Some(role) => Source::Assumed { base: Box::new(base), role: Box::new(role) },
                None => base,
            }))
        };

        if let Some(other) = text("source_profile") {
            if other == name {
                let base =
                    keys.ok_or_else(|| failed(format!("the profile {name} is its own source and has no keys")))?;
                return assumed(base);
            }
            above.push(name.to_owned());
            if above.contains(&other) {
                return Err(failed(format!("the profiles {} lead in a circle", above.join(", "))));
            }
            let base = self.source_of(&other, environment, above)?;
            return assumed(base.ok_or_else(|| failed(format!("the profile {other} has no credentials")))?);
        }
        if let Some(keys) = keys {
            return assumed(keys);
        }
        if let Some(source) = text("credential_source") {
            return assumed(match source.as_str() {
                "Environment" => Source::of_environment(environment).ok_or_else(|| {
                    failed(format!("the profile {name} takes keys of the environment, which has none"))
                })?,
                "Ec2InstanceMetadata" => Source::Instance,
                "EcsContainer" => Source::Container,
                _ => return Err(failed(format!("the profile {name} has a credential_source that is not known"))),
            });
        }
        if let (Some(file), Some(role)) = (text("web_identity_token_file"), role()?) {
            return Ok(Some(Source::WebIdentity(Box::new(WebIdentity::from_file(file.into(), role)))));
        }
        if let Some(sso) = self.sso(profile, name)? {
            return assumed(sso);
        }
        match text("credential_process") {
            Some(command) => assumed(Source::Process(command)),
            None => Ok(None),
        }
    }

    fn sso(&self, profile: &Section, name: &str) -> Result<Option<Source>, StoreError> {
        let (Some(account), Some(role)) = (profile.get("sso_account_id"), profile.get("sso_role_name")) else {
            return Ok(None);
        };
        let session = profile.get("sso_session");
        let login = match session {
            None => profile,
            Some(session) => self.sso_sessions.get(session).ok_or_else(|| {
                let message = format!("the profile {name} names the sso-session {session}, which is not there");
                StoreError::new(ErrorClass::Configuration, "AWS profiles", message)
            })?,
        };
        let (Some(region), Some(url)) = (login.get("sso_region"), login.get("sso_start_url")) else { return Ok(None) };
        Ok(Some(Source::Sso {
            account: account.clone(),
            role: role.clone(),
            region: region.clone(),
            // Tokens are kept under the name of the session where there is one, else under the URL.
            token: session.unwrap_or(url).clone(),
        }))
    }
}

#[derive(Clone, Copy)]
enum Kind {
    Config,
    Credentials,
}

fn under_home(path: &str, home: Option<&Path>) -> PathBuf {
    match (path.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}

/// The sections of such a file. Indented lines belong to blocks that are of no interest here.
fn sections(text: &str) -> Vec<(String, Section)> {
    let mut sections: Vec<(String, Section)> = Vec::new();
    for line in text.trim_start_matches('\u{feff}').lines() {
        if line.starts_with(['#', ';']) || line.starts_with(char::is_whitespace) {
            continue;
        }
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.split_once(']')).map(|(name, _)| name) {
            sections.push((name.trim().to_owned(), Section::new()));
            continue;
        }
        let (Some((key, value)), Some((_, section))) = (line.split_once('='), sections.last_mut()) else { continue };
        let value = [" #", " ;", "\t#", "\t;"]
            .iter()
            .fold(value, |value, mark| value.split_once(mark).map_or(value, |(value, _)| value));
        let value = value.trim();
        if !value.is_empty() {
            section.insert(key.trim().to_ascii_lowercase(), value.to_owned());
        }
    }
    sections
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn profiles(config: &str, credentials: &str, environment: &[(&str, &str)]) -> (Profiles, Environment) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join(".aws")).unwrap();
        std::fs::write(folder.path().join(".aws/config"), config).unwrap();
        std::fs::write(folder.path().join(".aws/credentials"), credentials).unwrap();
        let home = ("HOME".to_owned(), folder.path().display().to_string());
        let pairs = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let environment: Environment = pairs.chain([home]).collect();
        let none = json!({});
        let profiles = Profiles::read(&Attributes::new(none.as_object().unwrap()), &environment).unwrap();
        (profiles, environment)
    }

    fn source(profile: &str) -> Result<Option<Source>, StoreError> {
        const CONFIG: &str = "\u{feff}[default]\nregion = eu-west-1 # here\ns3 =\n  max_queue_size = 9\n\
            [profile deploy]\nrole_arn = arn:aws:iam::1:role/deploy\nsource_profile = base\nexternal_id = x\n\
            [profile a]\nrole_arn = r\nsource_profile = b\n[profile b]\nrole_arn = r\nsource_profile = a\n\
            [profile tool]\ncredential_process = give me\n\
            [profile login]\nsso_session = corp\nsso_account_id = 1\nsso_role_name = dev\n\
            [sso-session corp]\nsso_region = eu-west-1\nsso_start_url = https://corp\n\
            [profile ecs]\nrole_arn = r\ncredential_source = EcsContainer\n";
        const CREDENTIALS: &str = "[default]\naws_access_key_id=D\naws_secret_access_key=d#1\n\
            [base]\naws_access_key_id = B\naws_secret_access_key = b\naws_session_token = t\n";
        let (profiles, environment) = profiles(CONFIG, CREDENTIALS, &[("AWS_PROFILE", profile)]);
        profiles.source(&environment)
    }

    #[test]
    fn profiles_lead_to_where_credentials_are() {
        let shown = |profile| format!("{:?}", source(profile).unwrap().unwrap());
        assert_eq!(shown("default"), "Keys");
        assert_eq!(shown("deploy"), "Assumed(arn:aws:iam::1:role/deploy, Keys)");
        assert_eq!(shown("tool"), "Process");
        assert_eq!(shown("login"), "Sso(dev)");
        assert_eq!(shown("ecs"), "Assumed(r, Container)");
        let Some(Source::Keys(keys)) = source("default").unwrap() else { panic!("no keys") };
        assert_eq!((keys.id.as_str(), keys.secret.as_str()), ("D", "d#1"));
    }

    #[test]
    fn what_leads_nowhere_is_said() {
        for (profile, message) in [
            ("nobody", "AWS profiles: there is no profile nobody"),
            ("a", "AWS profiles: the profiles a, b lead in a circle"),
        ] {
            assert_eq!(source(profile).unwrap_err().to_string(), message);
        }
        let (none, environment) = profiles("", "", &[]);
        assert!(none.source(&environment).unwrap().is_none());
        assert_eq!(none.region(), None);
    }

    #[test]
    fn a_profile_has_a_region() {
        let (profiles, _) = profiles("[default]\nregion = eu-west-1 # here\n", "", &[]);
        assert_eq!(profiles.region().as_deref(), Some("eu-west-1"));
    }
}
