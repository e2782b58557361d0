//! The members of a rule pack, as TOML has them. Anything else is refused.

use serde::Deserialize;
use toml::Spanned;

use super::HintKind;
use crate::classification::{Class, DriftStatus, Impact, Severity};
use crate::normalise::Normaliser;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct File {
    pub(super) pack: Pack,
    #[serde(default)]
    pub(super) rule: Vec<Rule>,
    #[serde(default)]
    pub(super) presence: Vec<Presence>,
    #[serde(default)]
    pub(super) hint: Vec<Hint>,
    #[serde(default)]
    pub(super) mirror: Vec<Mirror>,
    #[serde(default)]
    pub(super) normalise: Vec<Normalise>,
    #[serde(default)]
    pub(super) volatile: Vec<Named>,
    #[serde(default)]
    pub(super) sensitive: Vec<Sensitive>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pack {
    pub(super) id: Spanned<String>,
    #[serde(rename = "version")]
    pub(super) _version: u32,
    #[serde(rename = "description")]
    pub(super) _description: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Rule {
    pub(super) id: Spanned<String>,
    pub(super) description: Spanned<String>,
    pub(super) resource_types: Spanned<Vec<String>>,
    pub(super) attributes: Spanned<Vec<Spanned<String>>>,
    pub(super) impacts: Vec<Impact>,
    pub(super) class: Class,
    pub(super) min_severity: Option<Severity>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Presence {
    pub(super) id: Spanned<String>,
    pub(super) description: Spanned<String>,
    pub(super) resource_types: Spanned<Vec<String>>,
    pub(super) status: Presented,
    pub(super) impacts: Vec<Impact>,
    pub(super) class: Class,
    pub(super) min_severity: Option<Severity>,
}

/// The statuses that a presence rule can be about.
#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "snake_case")]
pub(super) enum Presented {
    Missing,
    Unmanaged,
}

impl From<Presented> for DriftStatus {
    fn from(status: Presented) -> Self {
        match status {
            Presented::Missing => Self::Missing,
            Presented::Unmanaged => Self::Unmanaged,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Hint {
    pub(super) id: Spanned<String>,
    #[serde(default)]
    pub(super) description: String,
    pub(super) resource_types: Spanned<Vec<String>>,
    pub(super) attributes: Spanned<Vec<Spanned<String>>>,
    pub(super) compare: HintKind,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mirror {
    pub(super) id: Spanned<String>,
    #[serde(default)]
    pub(super) description: String,
    pub(super) resource_types: Spanned<Vec<String>>,
    pub(super) attribute: Spanned<String>,
    pub(super) of: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Normalise {
    pub(super) id: Spanned<String>,
    #[serde(default)]
    pub(super) description: String,
    pub(super) normaliser: Asked,
    pub(super) resource_types: Spanned<Vec<String>>,
    pub(super) attributes: Option<Spanned<Vec<Spanned<String>>>>,
}

/// A rule that only names attributes; its table says what for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Named {
    pub(super) id: Spanned<String>,
    pub(super) description: Spanned<String>,
    pub(super) resource_types: Spanned<Vec<String>>,
    pub(super) attributes: Spanned<Vec<Spanned<String>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Sensitive {
    pub(super) id: Spanned<String>,
    pub(super) description: Spanned<String>,
    pub(super) resource_types: Spanned<Vec<String>>,
    pub(super) attributes: Spanned<Vec<Spanned<String>>>,
    #[serde(default)]
    pub(super) named_by: Option<Spanned<Vec<String>>>,
}

/// The normalisers that a rule can ask for; the others apply always or by other tables.
#[derive(Deserialize, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Asked {
    JsonDocument,
    SdkNullZero,
}

impl From<Asked> for Normaliser {
    fn from(asked: Asked) -> Self {
        match asked {
            Asked::JsonDocument => Self::JsonDocument,
            Asked::SdkNullZero => Self::SdkNullZero,
        }
    }
}
