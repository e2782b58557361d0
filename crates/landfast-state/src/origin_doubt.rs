//! Reasons to doubt that two documents belong together.

use std::fmt;

use crate::origin::Origin;
use crate::snapshot::Snapshot;

/// Why an observation may not be one of what was recorded. Comparing them is possible all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum OriginDoubt {
    /// They are states with other names: not two versions of one state.
    OtherLineage {
        /// Lineage of the recorded state.
        recorded: String,
        /// Lineages of the observed states, joined by a comma and a space.
        observed: String,
    },
    /// The observed state is an older version of the recorded one, so that it may lack what terraform did since.
    OlderSerial {
        /// Serial of the recorded state.
        recorded: u64,
        /// Serial of the observed state.
        observed: u64,
    },
}

impl OriginDoubt {
    /// The doubts about comparing `recorded` with `observed`. Documents without lineage, such as plans, give rise to none.
    #[must_use]
    pub fn between(recorded: &Snapshot, observed: &Snapshot) -> Vec<Self> {
        Self::between_origins(recorded.origins(), observed.origins())
    }

    /// As [`OriginDoubt::between`], where only the origins are at hand.
    #[must_use]
    pub fn between_origins(recorded: &[Origin], observed: &[Origin]) -> Vec<Self> {
        recorded.iter().filter_map(|origin| Self::about(origin, observed)).collect()
    }

    fn about(recorded: &Origin, observed: &[Origin]) -> Option<Self> {
        let lineage = recorded.lineage.as_deref()?;
        let same: Vec<_> = observed.iter().filter(|origin| origin.lineage.as_deref() == Some(lineage)).collect();
        if same.is_empty() {
            // One without a lineage may be of any state.
            let others: Option<Vec<&str>> = observed.iter().map(|origin| origin.lineage.as_deref()).collect();
            let others = others.filter(|others| !others.is_empty())?.join(", ");
            return Some(Self::OtherLineage { recorded: lineage.to_owned(), observed: others });
        }
        let (recorded, observed) = (recorded.serial?, same.iter().filter_map(|origin| origin.serial).max()?);
        (observed < recorded).then_some(Self::OlderSerial { recorded, observed })
    }
}

impl fmt::Display for OriginDoubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherLineage { recorded, observed } => {
                write!(f, "the lineages differ ({recorded} was recorded, {observed} observed)")
            }
            Self::OlderSerial { recorded, observed } => {
                write!(f, "the observed state is older (serial {observed}) than the recorded one (serial {recorded})")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::origin::SourceKind;
    use crate::redact::SecretTexts;

    fn snapshot(origins: &[(Option<&str>, Option<u64>)]) -> Snapshot {
        let origin = |(lineage, serial): &(Option<&str>, Option<u64>)| Origin {
            lineage: lineage.map(str::to_owned),
            serial: *serial,
            ..Origin::new(SourceKind::State, "s")
        };
        Snapshot::with_origins(origins.iter().map(origin).collect(), Vec::new(), SecretTexts::default()).unwrap()
    }

    #[test]
    fn other_lineages_and_older_serials_are_doubtful_and_nothing_else() {
        let (a, b) = (Some("a"), Some("b"));
        for (recorded, observed, expected) in [
            (vec![(a, Some(3))], vec![(a, Some(3))], None),
            (vec![(a, Some(3))], vec![(a, Some(4))], None),
            (vec![(a, Some(3))], vec![(None, None)], None),
            (vec![(None, None)], vec![(a, Some(3))], None),
            (vec![(a, Some(3))], vec![], None),
            (vec![(a, Some(3))], vec![(b, Some(1)), (None, None)], None),
            (vec![(a, Some(3))], vec![(b, Some(1)), (a, Some(3))], None),
            (vec![(a, Some(3))], vec![(a, None)], None),
            (
                vec![(a, Some(3))],
                vec![(a, Some(2))],
                Some("the observed state is older (serial 2) than the recorded one (serial 3)"),
            ),
            (vec![(a, Some(3))], vec![(b, Some(9))], Some("the lineages differ (a was recorded, b observed)")),
            (
                vec![(a, Some(3)), (b, None)],
                vec![(b, Some(9))],
                Some("the lineages differ (a was recorded, b observed)"),
            ),
        ] {
            let doubts = OriginDoubt::between(&snapshot(&recorded), &snapshot(&observed));
            let said: Vec<_> = doubts.iter().map(ToString::to_string).collect();
            assert_eq!(said, Vec::from_iter(expected), "{recorded:?} {observed:?}");
        }
    }
}
