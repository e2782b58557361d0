//! References to secrets.

use std::fmt;

use super::SecretError;

/// How a secret is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SecretScheme {
    /// `vault://PATH#FIELD`: a field of a secret in Vault or OpenBao, by the path that `bao kv get` takes.
    Vault,
    /// `env://NAME`: a variable of the environment.
    Environment,
    /// `file://PATH`: what is in a file.
    File,
}

impl SecretScheme {
    /// What stands before `://`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Vault => "vault",
            Self::Environment => "env",
            Self::File => "file",
        }
    }
}

/// The name of a secret.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretReference {
    scheme: SecretScheme,
    text: String,
    /// How much of the text is before what is named, and how much of that is before the field.
    start: usize,
    end: usize,
}

impl SecretReference {
    /// The reference that a text is; `None` where it is just a text.
    ///
    /// # Errors
    /// When it begins as one, and is none.
    pub fn parse(text: &str) -> Result<Option<Self>, SecretError> {
        let schemes = [SecretScheme::Vault, SecretScheme::Environment, SecretScheme::File];
        let found = schemes.into_iter().find_map(|scheme| {
            let rest = text.strip_prefix(scheme.as_str())?.strip_prefix("://")?;
            Some((scheme, rest))
        });
        let Some((scheme, rest)) = found else { return Ok(None) };
        let wrong = |problem| Err(SecretError::Form { reference: text.to_owned(), problem });
        if rest.chars().any(char::is_control) {
            // The text is not repeated, which may be a secret itself.
            let reference = format!("a reference that begins with {}://", scheme.as_str());
            return Err(SecretError::Form { reference, problem: "it holds control characters" });
        }
        let start = text.len() - rest.len();
        let mut end = text.len();
        match scheme {
            SecretScheme::Vault => {
                let Some((path, field)) = rest.split_once('#') else {
                    return wrong("the field is missing, as in vault://PATH#FIELD");
                };
                let is_step = |step: &str| !matches!(step, "" | "." | "..");
                if field.is_empty() || path.contains('?') || !path.split('/').all(is_step) || !path.contains('/') {
                    return wrong("it is not vault://MOUNT/PATH#FIELD");
                }
                end = start + path.len();
            }
            SecretScheme::Environment if rest.is_empty() || rest.contains(['=', '/']) => {
                return wrong("it is not env://NAME");
            }
            SecretScheme::File if rest.is_empty() => return wrong("it is not file://PATH"),
            SecretScheme::Environment | SecretScheme::File => {}
        }
        Ok(Some(Self { scheme, text: text.to_owned(), start, end }))
    }

    /// How it is named.
    #[must_use]
    pub fn scheme(&self) -> SecretScheme {
        self.scheme
    }

    /// The path, or the name of the variable.
    #[must_use]
    pub fn path(&self) -> &str {
        self.text.get(self.start..self.end).unwrap_or_default()
    }

    /// The field, where the scheme has fields.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        self.text.get(self.end..).and_then(|rest| rest.strip_prefix('#'))
    }
}

impl fmt::Display for SecretReference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_told_from_texts() {
        for (text, path, field) in [
            ("vault://secret/team/aws#secret_key", "secret/team/aws", Some("secret_key")),
            ("env://AWS_SECRET", "AWS_SECRET", None),
            ("file:///run/secrets/a#b", "/run/secrets/a#b", None),
            ("file://relative", "relative", None),
        ] {
            let found = SecretReference::parse(text).unwrap().unwrap();
            assert_eq!((found.path(), found.field(), found.to_string().as_str()), (path, field, text));
        }
        for text in ["", "http://127.0.0.1", "vault", "environment://x", " env://X"] {
            assert_eq!(SecretReference::parse(text).unwrap(), None, "{text}");
        }
        for text in [
            "vault://",
            "vault://a/b",
            "vault://a#b",
            "vault://a/../b#c",
            "vault://a//b#c",
            "vault://a/b?c#d",
            "vault://a/b#",
            "env://",
            "env://A=B",
            "file://",
            "env://A\n",
        ] {
            assert!(SecretReference::parse(text).is_err(), "{text:?}");
        }
    }
}
