//! Approvals of a plan by people, signed.

use std::time::SystemTime;

use landfast_state::BytesDigest;

/// An approval as it was given. Nothing about it is true before its signature is verified with a key from configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SignedApproval {
    /// Name of the approver, as configuration lists his key.
    pub approver: String,
    /// The plan that is approved.
    pub plan: BytesDigest,
    /// The environment that it is approved for; empty where none is defined.
    pub environment: String,
    /// When it was given.
    pub granted: SystemTime,
    /// When it ends.
    pub expires: SystemTime,
    /// Its own id, so that it serves once.
    pub id: String,
    /// The ed25519 signature.
    pub signature: [u8; 64],
}
