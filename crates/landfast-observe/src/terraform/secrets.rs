//! Secrets that the environment holds, so that no message repeats them.

use std::ffi::OsString;

use landfast_state::{SecretTexts, Value};

/// Parts of names of variables that hold secrets.
const SECRET_NAMES: [&str; 9] =
    ["SECRET", "TOKEN", "PASSWORD", "PASSWD", "CREDENTIAL", "PRIVATE_KEY", "ACCESS_KEY", "API_KEY", "PASSPHRASE"];

/// The values of variables whose names say that they are secret. Values that are paths are left out: they say where a
/// secret is, and hiding them hides what went wrong.
pub(super) fn of_environment(variables: impl Iterator<Item = (OsString, OsString)>) -> SecretTexts {
    let mut secrets = SecretTexts::default();
    for (name, value) in variables {
        let (Some(name), Some(value)) = (name.to_str(), value.to_str()) else { continue };
        let name = name.to_ascii_uppercase();
        if SECRET_NAMES.iter().any(|part| name.contains(part)) && !value.starts_with('/') {
            secrets.add_all(&Value::String(value.into()));
        }
    }
    secrets
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_secret_variables_are_masked() {
        let variables = [
            ("AWS_SECRET_ACCESS_KEY", "CANARY-one"),
            ("TF_VAR_db_password", "CANARY-two"),
            ("AWS_REGION", "eu-central-1"),
            ("GOOGLE_APPLICATION_CREDENTIALS", "/etc/key.json"),
        ];
        let secrets = of_environment(variables.into_iter().map(|(name, value)| (name.into(), value.into())));
        let text = secrets.redactor().redact("CANARY-one CANARY-two eu-central-1 /etc/key.json").into_owned();
        assert_eq!(text, "(sensitive value) (sensitive value) eu-central-1 /etc/key.json");
    }
}
