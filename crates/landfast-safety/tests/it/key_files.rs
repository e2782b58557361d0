//! Keys and approvals in files.

use std::time::{Duration, UNIX_EPOCH};

use landfast_safety::approval::{
    Approval, KeyError, MAX_APPROVAL_FILE, PrivateKey, PublicKey, ReadApprovalError, SignedApproval,
};
use landfast_state::BytesDigest;
use proptest::prelude::*;

/// The example of RFC 8410, section 10.3.
const RFC: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
";

fn signed(key: &PrivateKey) -> SignedApproval {
    let granted = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    Approval::new("alice", BytesDigest::of(b"plan"), "prod", granted, Duration::from_secs(3600)).unwrap().sign(key)
}

#[test]
fn the_example_of_the_rfc_is_read() {
    let key = PrivateKey::from_pem(RFC, "example.pem").unwrap();
    assert_eq!(key.public().to_string(), "ed25519:Gb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=");
    assert!(!format!("{key:?}").contains("1O5y"));
}

#[test]
fn a_written_key_is_its_owners_and_read_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("alice.pem");
    let key = PrivateKey::from_pem(RFC, "example.pem").unwrap();
    key.write_new(&path).unwrap();
    assert_eq!(std::fs::read_to_string(&path).unwrap(), RFC);
    assert_eq!(PrivateKey::read(&path).unwrap().public(), key.public());
    // A key is never written over another.
    assert!(matches!(PrivateKey::generate().unwrap().write_new(&path), Err(KeyError::Write { .. })));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), RFC);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = |path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        std::fs::set_permissions(&path, PermissionsExt::from_mode(0o640)).unwrap();
        let error = PrivateKey::read(&path).unwrap_err();
        assert!(matches!(error, KeyError::TooOpen { mode: 0o640, .. }), "{error}");
    }
}

#[test]
fn what_is_no_key_says_why_and_shows_nothing() {
    let body = "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC";
    for (text, why) in [
        (String::new(), "does not begin"),
        (RFC.replace("PRIVATE", "ENCRYPTED PRIVATE"), "is encrypted"),
        (RFC.replace("PRIVATE", "OPENSSH PRIVATE"), "OpenSSH"),
        (RFC.replace("PRIVATE", "PUBLIC"), "public one"),
        (RFC.replace("-----END PRIVATE KEY-----", ""), "does not end"),
        (format!("{RFC}{RFC}"), "behind the key"),
        (RFC.replace("MC4C", "MC4*"), "not base64"),
        (RFC.replace("MC4C", "MC5C"), "no Ed25519 key"),
        (RFC.replace("VhC", "Vg="), "not 32 bytes"),
    ] {
        let error = PrivateKey::from_pem(&text, "k.pem").unwrap_err().to_string();
        assert!(error.starts_with("k.pem is no private key: ") && error.contains(why), "{why}: {error}");
        assert!(!error.contains(&body[20..30]));
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("large");
    PrivateKey::generate().unwrap().write_new(&path).unwrap();
    std::fs::write(&path, RFC.repeat(100)).unwrap();
    assert!(PrivateKey::read(&path).unwrap_err().to_string().contains("larger than 4 KiB"));
}

#[test]
fn the_signed_bytes_are_the_documented_ones() {
    let approval = signed(&PrivateKey::generate().unwrap());
    let (id, plan) = (approval.approval().id(), BytesDigest::of(b"plan"));
    let expected = format!(
        "landfast approval 1\nid 32\n{id}\nplan 64\n{plan}\nenvironment 4\nprod\napprover 5\nalice\n\
         granted 10\n1700000000\nexpires 10\n1700003600\n"
    );
    assert_eq!(String::from_utf8(approval.approval().signed_bytes()).unwrap(), expected);
}

#[test]
fn an_approval_is_read_back_from_its_file() {
    let key = PrivateKey::generate().unwrap();
    let signed = signed(&key);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("approval.json");
    std::fs::write(&path, signed.to_json()).unwrap();
    let read = SignedApproval::read(&path).unwrap();
    assert_eq!(read, signed);
    assert!(read.is_signed_by(&key.public()));
    assert!(signed.to_json().contains("\"granted\": \"2023-11-14T22:13:20Z\""));
}

#[test]
fn what_is_edited_is_not_signed_any_more() {
    let key = PrivateKey::generate().unwrap();
    let signed = signed(&key);
    let id = signed.approval().id();
    let other: String = id.chars().map(|digit| if digit == '0' { '1' } else { '0' }).collect();
    let (plan, other_plan) = (BytesDigest::of(b"plan").to_string(), BytesDigest::of(b"other").to_string());
    for (from, to) in [
        ("alice", "carol"),
        ("prod", "staging"),
        ("22:13:20", "22:13:19"),
        ("23:13:20", "23:14:20"),
        (id, &other),
        (plan.as_str(), &other_plan),
    ] {
        let text = signed.to_json().replacen(from, to, 1);
        assert_ne!(text, signed.to_json());
        let edited = SignedApproval::from_json(text.as_bytes(), "a.json").unwrap();
        assert!(!edited.is_signed_by(&key.public()), "{from}");
    }
}

#[test]
fn what_is_no_approval_names_file_and_place() {
    let signed = signed(&PrivateKey::generate().unwrap());
    let text = signed.to_json();
    let error = |text: &str| {
        let error = SignedApproval::from_json(text.as_bytes(), "a.json").unwrap_err();
        let source = std::error::Error::source(&error).map(|source| format!(": {source}")).unwrap_or_default();
        format!("{error}{source}")
    };
    for (from, to, why) in [
        ("{", "[", "line 2 column"),
        ("\"format_version\": 1", "\"format_version\": 2", "format is \"landfast-approval\", version 2"),
        ("landfast-approval", "landfast-plan", "format is \"landfast-plan\""),
        ("\"alice\"", "\"alice\", \"group\": \"ops\"", "unknown field `group`"),
        ("\"alice\"", "\"alice\", \"approver\": \"bob\"", "duplicate field `approver`"),
        ("\"alice\"", "\"\"", "the approver of an approval is empty"),
        ("\"alice\"", "\"a\\nb\"", "control characters"),
        ("\"alice\"", "7", "line 7 column"),
        ("2023-11-14T22:13:20Z", "yesterday", "the member granted is not a time"),
        ("2023-11-14T22:13:20Z", "2023-11-14T22:13:20.5Z", "whole seconds"),
        ("2023-11-14T22:13:20Z", "2024-11-14T22:13:20Z", "expires before 10000, after it is granted"),
        (signed.approval().id(), "../../x", "the member id is not 32 hexadecimal digits"),
        ("==\"", "\"", "the member signature is not 64 bytes"),
    ] {
        let changed = text.replacen(from, to, 1);
        assert_ne!(changed, text, "{from}");
        let error = error(&changed);
        assert!(error.starts_with("a.json") && error.contains(why), "{why}: {error}");
    }
    let large = " ".repeat(MAX_APPROVAL_FILE + 1);
    assert!(matches!(SignedApproval::from_json(large.as_bytes(), "a"), Err(ReadApprovalError::TooLarge { .. })));
}

#[test]
fn impossible_approvals_are_not_made() {
    let make = |who: &str, environment: &str, life| {
        let now = UNIX_EPOCH + Duration::from_secs(1);
        Approval::new(who, BytesDigest::of(b""), environment, now, Duration::from_secs(life))
    };
    assert!(make("a", "", 1).is_ok());
    for result in [
        make("", "e", 1),
        make("a\u{1b}", "e", 1),
        make("a", &"e".repeat(257), 1),
        make("a", "e", 0),
        make("a", "e", u64::MAX),
    ] {
        result.unwrap_err();
    }
}

proptest! {
    #[test]
    fn no_text_makes_a_reader_panic(text in "\\PC{0,200}", cut in 0usize..400) {
        let _ = SignedApproval::from_json(text.as_bytes(), "a");
        let _ = PrivateKey::from_pem(&text, "a");
        let _ = text.parse::<PublicKey>();
        let whole = signed(&PrivateKey::from_pem(RFC, "k").unwrap()).to_json();
        let _ = SignedApproval::from_json(&whole.as_bytes()[..cut.min(whole.len())], "a");
    }
}
