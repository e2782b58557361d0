//! Approvals of a plan by people, signed.
//!
//! An [`Approval`] says that one person lets one plan happen in one environment until a moment. He signs it with his
//! [`PrivateKey`], and the check `approvals` verifies the [`SignedApproval`] with the [`PublicKey`] that configuration lists
//! for him.
//!
//! # What is signed
//!
//! The signature is plain Ed25519 (RFC 8032) over these bytes, and no others: the line `landfast approval 1`, then six
//! fields in this order, each a line with its name, a space and the length of its value in bytes in decimal, and then the value
//! and a line feed.
//!
//! | field | value |
//! |---|---|
//! | `id` | 32 hexadecimal digits |
//! | `plan` | digest of the plan, 64 hexadecimal digits |
//! | `environment` | its name; nothing where none is defined |
//! | `approver` | name of the approver, as configuration lists it |
//! | `granted` | seconds since 1970-01-01T00:00:00Z |
//! | `expires` | likewise |
//!
//! The first line keeps signatures for other purposes, and of later versions of this form, from being taken for approvals; the
//! lengths keep a value from looking like the next field.

mod approvers;
mod file;
mod key;
mod pem;

use std::fmt::Write;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use landfast_state::BytesDigest;

pub use approvers::Approvers;
pub use file::{MAX_APPROVAL_FILE, ReadApprovalError};
pub use key::{KeyError, PrivateKey, PublicKey, PublicKeyError};

/// Length of names in an approval, at most, in bytes.
const MAX_NAME: usize = 256;

/// Somebody's word that a plan may happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    id: String,
    plan: BytesDigest,
    environment: String,
    approver: String,
    /// Seconds since the epoch, like [`Self::expires`].
    granted: u64,
    expires: u64,
}

/// Why there is no such approval.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApprovalError {
    /// A name cannot stand in an approval.
    #[error("the {field} of an approval {why}")]
    Name {
        /// Which.
        field: &'static str,
        /// What is wrong with it.
        why: &'static str,
    },
    /// A time cannot stand in an approval.
    #[error("an approval is granted after 1970 and expires before 10000, after it is granted")]
    Time,
    /// There is no randomness for its id.
    #[error("the system gives no randomness")]
    Randomness(#[source] std::io::Error),
}

impl Approval {
    /// The approval of a plan for an environment, granted now and for so long, with a new id. Times are in whole seconds.
    ///
    /// # Errors
    /// When the name of the approver is empty, a name is too long or has control characters, the approval does not last for
    /// a second, or the system gives no randomness.
    pub fn new(
        approver: &str,
        plan: BytesDigest,
        environment: &str,
        now: SystemTime,
        life: Duration,
    ) -> Result<Self, ApprovalError> {
        let mut id = [0; 16];
        getrandom::fill(&mut id).map_err(|error| ApprovalError::Randomness(std::io::Error::other(error)))?;
        let granted = now.duration_since(UNIX_EPOCH).map_err(|_| ApprovalError::Time)?.as_secs();
        let expires = granted.checked_add(life.as_secs()).ok_or(ApprovalError::Time)?;
        Self {
            id: id.iter().map(|byte| format!("{byte:02x}")).collect(),
            plan,
            environment: environment.to_owned(),
            approver: approver.to_owned(),
            granted,
            expires,
        }
        .checked()
    }

    /// Itself, where nothing about it is impossible.
    fn checked(self) -> Result<Self, ApprovalError> {
        // The last second of the year 9999, which is the last that RFC 3339 can write.
        const LAST: u64 = 253_402_300_799;
        if self.approver.is_empty() {
            return Err(ApprovalError::Name { field: "approver", why: "is empty" });
        }
        for (field, name) in [("approver", &self.approver), ("environment", &self.environment)] {
            if name.len() > MAX_NAME {
                return Err(ApprovalError::Name { field, why: "is longer than 256 bytes" });
            }
            if name.chars().any(char::is_control) {
                return Err(ApprovalError::Name { field, why: "has control characters" });
            }
        }
        if self.granted < self.expires && self.expires <= LAST { Ok(self) } else { Err(ApprovalError::Time) }
    }

    /// Its id, so that it serves once.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The plan that is approved.
    #[must_use]
    pub fn plan(&self) -> BytesDigest {
        self.plan
    }

    /// The environment that it is approved for; empty where none is defined.
    #[must_use]
    pub fn environment(&self) -> &str {
        &self.environment
    }

    /// Who approves, as configuration names him.
    #[must_use]
    pub fn approver(&self) -> &str {
        &self.approver
    }

    /// When it was given.
    #[must_use]
    pub fn granted(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.granted)
    }

    /// When it ends.
    #[must_use]
    pub fn expires(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.expires)
    }

    /// The bytes that are signed, as the [module](self) describes them.
    #[must_use]
    pub fn signed_bytes(&self) -> Vec<u8> {
        let mut text = "landfast approval 1\n".to_owned();
        for (name, value) in [
            ("id", &self.id),
            ("plan", &self.plan.to_string()),
            ("environment", &self.environment),
            ("approver", &self.approver),
            ("granted", &self.granted.to_string()),
            ("expires", &self.expires.to_string()),
        ] {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{name} {}\n{value}", value.len());
        }
        text.into_bytes()
    }

    /// The approval with a signature by this key.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    ///
    /// use landfast_safety::approval::{Approval, PrivateKey};
    /// use landfast_state::BytesDigest;
    ///
    /// let key = PrivateKey::generate()?;
    /// let plan = BytesDigest::of(b"the plan");
    /// let approval = Approval::new("alice", plan, "prod", SystemTime::now(), Duration::from_secs(3600))?;
    /// let signed = approval.sign(&key);
    /// assert!(signed.is_signed_by(&key.public()));
    /// assert!(!signed.is_signed_by(&PrivateKey::generate()?.public()));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[must_use]
    pub fn sign(self, key: &PrivateKey) -> SignedApproval {
        let signature = key.sign(&self.signed_bytes());
        SignedApproval { approval: self, signature }
    }
}

/// An approval as it was given. Nothing about it is true before its signature is verified with a key from configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SignedApproval {
    approval: Approval,
    signature: [u8; 64],
}

impl SignedApproval {
    /// What was signed, as it says.
    #[must_use]
    pub fn approval(&self) -> &Approval {
        &self.approval
    }

    /// Whether the signature is over exactly this approval and by this key.
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        key.verifies(&self.approval.signed_bytes(), &self.signature)
    }
}
