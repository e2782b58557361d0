//! The words that a report uses for a resource and for a change: status, severity, impact and class.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! names {
    ($type:ident: $($variant:ident => $name:literal),+ $(,)?) => {
        impl $type {
            /// Every value, in the order of declaration.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name that machine formats and rule files use, in snake case.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name),+
                }
            }

            /// The value with this name.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(Self::$variant),)+
                    _ => None,
                }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

/// What the comparison says about one resource instance: every one ends in exactly one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DriftStatus {
    /// Recorded and observed are equal, by named rules at least.
    InSync,
    /// Recorded and observed differ.
    Drifted,
    /// Recorded, looked for, and not there.
    Missing,
    /// There, and not recorded.
    Unmanaged,
    /// Drifted, and a suppression says that it is accepted.
    Suppressed,
    /// It was not possible to say: reading it failed, or a value could not be compared.
    Unreadable,
    /// Nothing here can read it.
    Unsupported,
}

names!(DriftStatus:
    InSync => "in_sync",
    Drifted => "drifted",
    Missing => "missing",
    Unmanaged => "unmanaged",
    Suppressed => "suppressed",
    Unreadable => "unreadable",
    Unsupported => "unsupported",
);

impl DriftStatus {
    /// Whether this status says that infrastructure and record disagree: drifted, missing or unmanaged.
    #[must_use]
    pub fn is_drift(self) -> bool {
        matches!(self, Self::Drifted | Self::Missing | Self::Unmanaged)
    }

    /// Whether this status says that nobody knows: unreadable or unsupported.
    #[must_use]
    pub fn is_gap(self) -> bool {
        matches!(self, Self::Unreadable | Self::Unsupported)
    }
}

/// How serious a drift is, from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// No drift.
    #[default]
    None,
    /// By number: one or two changed attributes, or an unmanaged resource.
    Minor,
    /// By number: three to five changed attributes.
    Moderate,
    /// By number: six to ten changed attributes, or a missing resource.
    Major,
    /// By number: more than ten changed attributes.
    Critical,
}

names!(Severity:
    None => "none",
    Minor => "minor",
    Moderate => "moderate",
    Major => "major",
    Critical => "critical",
);

/// What a change touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Impact {
    /// What it costs.
    Cost,
    /// Who can do or see what.
    Security,
    /// Whether it is there when it is needed.
    Availability,
    /// How fast it is and how much it takes.
    Performance,
}

names!(Impact:
    Cost => "cost",
    Security => "security",
    Availability => "availability",
    Performance => "performance",
);

/// The class of a change, from least to most serious. What no rule knows is [`Class::Unclassified`], which outranks
/// what a rule knows to be harmless.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// A rule says that it is for information only.
    Informational,
    /// No rule says anything about it.
    Unclassified,
    /// It changes how well something runs, or whether it runs.
    PerformanceImpacting,
    /// It changes who can do or see what.
    SecurityCritical,
}

names!(Class:
    Informational => "informational",
    Unclassified => "unclassified",
    PerformanceImpacting => "performance_impacting",
    SecurityCritical => "security_critical",
);
