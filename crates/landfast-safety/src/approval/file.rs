//! Approvals in files: one JSON object each.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jiff::Timestamp;
use landfast_state::BytesDigest;
use serde::{Deserialize, Serialize};

use super::{Approval, ApprovalError, SignedApproval};

/// Size of a file with an approval, at most, in bytes.
pub const MAX_APPROVAL_FILE: usize = 16 * 1024;

const FORMAT: &str = "landfast-approval";
const VERSION: u64 = 1;

/// The file. What is not signed has no place in it, so unknown members are errors.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Form {
    format: String,
    format_version: u64,
    id: String,
    plan: String,
    environment: String,
    approver: String,
    granted: String,
    expires: String,
    signature: String,
}

/// Of a file of any version.
#[derive(Debug, Deserialize)]
struct Header {
    format: String,
    format_version: u64,
}

/// Why a file is no approval.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadApprovalError {
    /// It could not be read.
    #[error("cannot read the approval {}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// It is too large to be one.
    #[error("{file} is larger than {MAX_APPROVAL_FILE} bytes, and no approval is")]
    TooLarge {
        /// The file.
        file: String,
    },
    /// It is not JSON, or not the JSON of an approval. The source names line and column.
    #[error("{file} is no approval")]
    Malformed {
        /// The file.
        file: String,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// It is something else, or of another version.
    #[error("{file} is no approval of version 1: its format is {format:?}, version {version}")]
    OtherFormat {
        /// The file.
        file: String,
        /// What it says that it is.
        format: String,
        /// Its version.
        version: u64,
    },
    /// A member does not say what it has to.
    #[error("{file}: the member {member} is not {expected}")]
    Member {
        /// The file.
        file: String,
        /// The member.
        member: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// What it says is impossible.
    #[error("{file} says what no approval can")]
    Impossible {
        /// The file.
        file: String,
        /// What is wrong.
        #[source]
        source: ApprovalError,
    },
}

impl SignedApproval {
    /// The file, as text.
    #[must_use]
    pub fn to_json(&self) -> String {
        let approval = &self.approval;
        let time = |seconds: u64| {
            // Both are before the year 10000, which an approval is checked for.
            Timestamp::from_second(seconds.try_into().unwrap_or(i64::MAX)).unwrap_or(Timestamp::MAX).to_string()
        };
        let form = Form {
            format: FORMAT.to_owned(),
            format_version: VERSION,
            id: approval.id.clone(),
            plan: approval.plan.to_string(),
            environment: approval.environment.clone(),
            approver: approval.approver.clone(),
            granted: time(approval.granted),
            expires: time(approval.expires),
            signature: STANDARD.encode(self.signature),
        };
        // Strings and a number are always written.
        serde_json::to_string_pretty(&form).unwrap_or_default() + "\n"
    }

    /// Reads the text of a file; `file` names it in errors. The signature is not verified yet.
    ///
    /// # Errors
    /// When it is no approval of this version.
    pub fn from_json(text: &[u8], file: &str) -> Result<Self, ReadApprovalError> {
        let name = || file.to_owned();
        if text.len() > MAX_APPROVAL_FILE {
            return Err(ReadApprovalError::TooLarge { file: name() });
        }
        let malformed = |source| ReadApprovalError::Malformed { file: name(), source };
        let header: Header = serde_json::from_slice(text).map_err(malformed)?;
        if (header.format.as_str(), header.format_version) != (FORMAT, VERSION) {
            let (format, version) = (header.format, header.format_version);
            return Err(ReadApprovalError::OtherFormat { file: name(), format, version });
        }
        let form: Form = serde_json::from_slice(text).map_err(malformed)?;
        let wrong = |member, expected| ReadApprovalError::Member { file: name(), member, expected };
        let is_id = form.id.len() == 32 && form.id.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if !is_id {
            return Err(wrong("id", "32 hexadecimal digits, in lower case"));
        }
        let time = |member, text: &str| {
            let time: Option<Timestamp> = text.parse().ok();
            let whole = time.filter(|time| time.subsec_nanosecond() == 0);
            whole
                .and_then(|time| u64::try_from(time.as_second()).ok())
                .ok_or(wrong(member, "a time of RFC 3339 after 1970 in whole seconds"))
        };
        let signature = STANDARD.decode(&form.signature).ok().and_then(|bytes| bytes.try_into().ok());
        let approval = Approval {
            plan: BytesDigest::from_hex(&form.plan).ok_or(wrong("plan", "a digest of 64 hexadecimal digits"))?,
            granted: time("granted", &form.granted)?,
            expires: time("expires", &form.expires)?,
            id: form.id,
            environment: form.environment,
            approver: form.approver,
        };
        Ok(Self {
            approval: approval.checked().map_err(|source| ReadApprovalError::Impossible { file: name(), source })?,
            signature: signature.ok_or(wrong("signature", "64 bytes in base64"))?,
        })
    }

    /// Reads a file of at most [`MAX_APPROVAL_FILE`] bytes. The signature is not verified yet.
    ///
    /// # Errors
    /// When it cannot be read, or is no approval of this version.
    pub fn read(path: &Path) -> Result<Self, ReadApprovalError> {
        let fail = |source| ReadApprovalError::Read { path: path.to_owned(), source };
        let mut text = Vec::new();
        File::open(path).map_err(fail)?.take(MAX_APPROVAL_FILE as u64 + 1).read_to_end(&mut text).map_err(fail)?;
        Self::from_json(&text, &path.display().to_string())
    }
}
