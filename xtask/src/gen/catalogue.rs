//! The resource types that states are made of: templates in `types/*.json`, embedded.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::drift::Site;

const FILES: &[(&str, &str)] = &[
    ("aws-network.json", include_str!("types/aws-network.json")),
    ("aws-compute.json", include_str!("types/aws-compute.json")),
    ("aws-data.json", include_str!("types/aws-data.json")),
    ("aws-identity.json", include_str!("types/aws-identity.json")),
    ("aws-small.json", include_str!("types/aws-small.json")),
    ("others.json", include_str!("types/others.json")),
];

/// All types, sorted as terraform sorts resources: data first, then by name.
#[derive(Debug)]
pub(crate) struct Catalogue {
    pub(crate) types: Vec<ResourceType>,
}

/// One type.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResourceType {
    #[serde(rename = "type")]
    pub(crate) name: String,
    #[serde(default = "managed")]
    pub(crate) mode: String,
    #[serde(default = "aws")]
    pub(crate) provider: String,
    /// How often it occurs, against the others.
    pub(crate) weight: u32,
    /// Resources depend on those of lower levels only.
    pub(crate) level: u32,
    pub(crate) schema_version: u32,
    private: Option<String>,
    pub(crate) attributes: Value,
    /// Where drift may happen: a path to a scalar; `path[]` for elements of a set, `path{}` for entries of a map.
    #[serde(default)]
    drift: Vec<String>,
    /// Lists that rules hint as sets or as unordered, where the observed side may have another order.
    #[serde(default)]
    pub(crate) sets: Vec<String>,
    /// Paths of `sensitive_attributes`: names, indexes, and `{"key": …}` for entries of maps.
    #[serde(default)]
    pub(crate) sensitive: Vec<Vec<SensitiveStep>>,
    /// Attributes that repeat what another one says and change with it.
    #[serde(default)]
    pub(crate) mirrors: BTreeMap<String, Vec<String>>,
    #[serde(skip)]
    pub(crate) sites: Vec<Site>,
}

/// A step of a path in `sensitive_attributes`.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum SensitiveStep {
    Attribute(String),
    Index(u64),
    Entry { key: String },
}

fn managed() -> String {
    "managed".to_owned()
}

fn aws() -> String {
    "aws".to_owned()
}

impl Catalogue {
    pub(crate) fn load() -> Result<Self, String> {
        let mut types: Vec<ResourceType> = Vec::new();
        for (file, text) in FILES {
            let more: Vec<ResourceType> = serde_json::from_str(text).map_err(|error| format!("{file}: {error}"))?;
            types.extend(more);
        }
        for kind in &mut types {
            kind.sites = kind.drift.iter().map(|site| Site::parse(site)).collect::<Result<_, _>>()?;
        }
        types.sort_by(|a, b| (&a.mode, &a.name).cmp(&(&b.mode, &b.name)));
        Ok(Self { types })
    }
}

impl ResourceType {
    pub(crate) fn is_data(&self) -> bool {
        self.mode == "data"
    }

    /// What providers keep for themselves, in base64: the time-outs and schema version of the legacy SDK, or null.
    pub(crate) fn private(&self) -> Option<&'static str> {
        match self.private.as_deref()? {
            "timeouts" => Some(
                "eyJlMmJmYjczMC1lY2FhLTExZTYtOGY4OC0zNDM2M2JjN2M0YzAiOnsiY3JlYXRlIjo2MDAwMDAwMDAwMDAsImRlbGV0ZSI6MTIwMDAw\
                 MDAwMDAwMCwidXBkYXRlIjo2MDAwMDAwMDAwMDB9LCJzY2hlbWFfdmVyc2lvbiI6IjEifQ==",
            ),
            "schema-1" => Some("eyJzY2hlbWFfdmVyc2lvbiI6IjEifQ=="),
            "schema-2" => Some("eyJzY2hlbWFfdmVyc2lvbiI6IjIifQ=="),
            _ => Some("bnVsbA=="),
        }
    }
}
