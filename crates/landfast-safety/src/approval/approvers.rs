//! Who is listed as an approver.

use std::time::Duration;

use super::PublicKey;
use crate::builtin::{SettingsError, read};
use crate::checks::approvals::Approvals;
use crate::settings::SafetySettings;

/// The approvers that configuration lists: the settings of the check `approvals`, for whoever signs.
///
/// ```
/// use landfast_safety::SafetySettings;
/// use landfast_safety::approval::Approvers;
///
/// let settings: SafetySettings = toml::from_str(r#"
///     [[checks.approvals.approvers]]
///     name = "alice"
///     keys = ["ed25519:Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE="]
/// "#)?;
/// let approvers = Approvers::of(&settings)?;
/// assert_eq!(approvers.name_of(&"ed25519:Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=".parse()?), Some("alice"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Approvers(Approvals);

impl Approvers {
    /// The approvers in these settings; none where there are none.
    ///
    /// # Errors
    /// When they cannot be read or make no sense.
    pub fn of(settings: &SafetySettings) -> Result<Self, SettingsError> {
        read(settings.checks.get("approvals").cloned()).map(Self)
    }

    /// The name of the approver whose key this is.
    #[must_use]
    pub fn name_of(&self, key: &PublicKey) -> Option<&str> {
        self.0.name_of(key)
    }

    /// Whether the approver with this name may be this person, by one of his names: then his approval of what that person
    /// planned does not count.
    #[must_use]
    pub fn may_be(&self, approver: &str, person: &str) -> bool {
        self.0.may_be(approver, person)
    }

    /// How long an approval may hold, at most.
    #[must_use]
    pub fn max_age(&self) -> Duration {
        self.0.max_age()
    }
}
