//! Who may do what in which environment.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::builtin::{SettingsError, read};
use crate::check::CheckError;
use crate::context::Actor;
use crate::environments::Environments;
use crate::people::may_be_same;
use crate::settings::SafetySettings;

/// Something that people may or may not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Right {
    /// Make plans.
    Plan,
    /// Approve plans.
    Approve,
    /// Execute plans.
    Apply,
    /// Override checks with a reason.
    Force,
}

impl Right {
    /// Every right, in the order of declaration.
    pub const ALL: &'static [Self] = &[Self::Plan, Self::Approve, Self::Apply, Self::Force];

    /// The name that configuration uses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Approve => "approve",
            Self::Apply => "apply",
            Self::Force => "force",
        }
    }
}

impl fmt::Display for Right {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The roles that configuration lists. Nobody may do anything that no role grants him, and what one role takes away no other
/// gives back.
///
/// They are the settings of the check `authorised`. A person is granted something by his exact name; something is taken from
/// everybody who may be meant, so from `alice@laptop`, too, where `alice` is listed.
///
/// ```
/// use landfast_safety::{Actor, Authority, Right, Ruling, SafetySettings};
///
/// let settings: SafetySettings = toml::from_str(r#"
///     [[checks.authorised.roles]]
///     name = "operators"
///     people = ["alice"]
///     environments = ["prod*"]
///     may = ["plan", "apply"]
/// "#)?;
/// let authority = Authority::of(&settings)?;
/// let alice = Actor { name: "alice".to_owned(), groups: Default::default() };
/// assert!(matches!(authority.ruling(&alice, Right::Apply, "prod-eu")?, Ruling::Granted { .. }));
/// assert_eq!(authority.ruling(&alice, Right::Force, "prod-eu")?, Ruling::NotGranted);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Authority {
    /// Members of groups, beside those that the surroundings know.
    groups: BTreeMap<String, BTreeSet<String>>,
    /// The roles.
    roles: Vec<Role>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Role {
    /// Name of the role, by which a report says where a right comes from.
    name: String,
    /// Names, or `*` for everybody.
    #[serde(default)]
    people: BTreeSet<String>,
    /// Groups whose members have the role.
    #[serde(default)]
    groups: BTreeSet<String>,
    /// Globs of environments.
    environments: Environments,
    /// What the role grants: `plan`, `approve`, `apply`, `force`.
    #[serde(default)]
    may: BTreeSet<Right>,
    /// What it takes away, whatever other roles grant.
    #[serde(default)]
    may_not: BTreeSet<Right>,
}

/// What the roles say about one person, one right and one environment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ruling {
    /// A role grants it, and none takes it away.
    Granted {
        /// The name of the role.
        role: String,
    },
    /// A role takes it away, whatever others grant.
    Denied {
        /// The name of the role.
        role: String,
    },
    /// No role grants it.
    NotGranted,
}

impl fmt::Display for Ruling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Granted { role } => write!(f, "granted by the role {role}"),
            Self::Denied { role } => write!(f, "denied by the role {role}"),
            Self::NotGranted => f.write_str("granted by no role"),
        }
    }
}

impl Authority {
    /// The roles in these settings; none where there are none.
    ///
    /// # Errors
    /// When they cannot be read or make no sense.
    pub fn of(settings: &SafetySettings) -> Result<Self, SettingsError> {
        read(settings.checks.get("authorised").cloned())
    }

    /// Whether somebody may do this there.
    ///
    /// # Errors
    /// When no environment is defined, and it depends on which one this is.
    pub fn ruling(&self, who: &Actor, right: Right, environment: &str) -> Result<Ruling, CheckError> {
        let mut granted = None;
        for role in &self.roles {
            if role.may_not.contains(&right)
                && self.is_in(role, who, may_be_same)
                && role.environments.hold(environment)?
            {
                return Ok(Ruling::Denied { role: role.name.clone() });
            }
            if granted.is_none()
                && role.may.contains(&right)
                && self.is_in(role, who, |a, b| a == b)
                && role.environments.hold(environment)?
            {
                granted = Some(role.name.clone());
            }
        }
        Ok(granted.map_or(Ruling::NotGranted, |role| Ruling::Granted { role }))
    }

    fn is_in(&self, role: &Role, who: &Actor, is: impl Fn(&str, &str) -> bool) -> bool {
        let has = |people: &BTreeSet<String>| people.iter().any(|person| person == "*" || is(person, &who.name));
        has(&role.people)
            || role.groups.iter().any(|group| who.groups.contains(group) || self.groups.get(group).is_some_and(has))
    }

    /// Whether there is any role. Where there is none, nobody is asked who he is.
    #[must_use]
    pub fn has_roles(&self) -> bool {
        !self.roles.is_empty()
    }

    /// Why the roles make no sense, where they do not.
    pub(crate) fn problem(&self) -> Option<String> {
        let mut names = BTreeSet::new();
        self.roles.iter().find_map(|role| {
            let name = &role.name;
            if name.is_empty() {
                Some("a role has no name".to_owned())
            } else if !names.insert(name) {
                Some(format!("there are two roles with the name {name}"))
            } else if role.people.is_empty() && role.groups.is_empty() {
                Some(format!("the role {name} is nobody's"))
            } else if role.may.is_empty() && role.may_not.is_empty() {
                Some(format!("the role {name} neither grants nor denies anything"))
            } else if role.environments.is_empty() {
                Some(format!("the role {name} is about no environment"))
            } else {
                None
            }
        })
    }
}
