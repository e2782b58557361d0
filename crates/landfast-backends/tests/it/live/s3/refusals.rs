//! Buckets that answer with something else than a state.

use std::time::SystemTime;

use landfast_backends::{ErrorClass, LockInfo, StateKey, WriteOutcome};
use serde_json::json;

use super::{SECRET, attributes, moto, open, store};
use crate::live::stub::answering;

fn error(code: &str) -> String {
    format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>Said so.</Message></Error>")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_refusal_has_a_class_and_a_place() {
    use ErrorClass::{Configuration, NotFound, PermissionDenied, Transient, Unauthenticated, Unsupported};
    let region = "x-amz-bucket-region: us-east-2\r\n";
    for (status, headers, code, class, told) in [
        ("403 Forbidden", "", "AccessDenied", PermissionDenied, "AccessDenied: Said so"),
        ("403 Forbidden", "", "InvalidAccessKeyId", Unauthenticated, "InvalidAccessKeyId"),
        ("403 Forbidden", "", "SignatureDoesNotMatch", Unauthenticated, "SignatureDoesNotMatch"),
        (
            "403 Forbidden",
            "",
            "RequestTimeTooSkewed",
            Unauthenticated,
            "the clocks of this machine and of the server disagree",
        ),
        ("400 Bad Request", "", "ExpiredToken", Unauthenticated, "ExpiredToken"),
        ("301 Moved Permanently", region, "PermanentRedirect", Configuration, "the bucket is in the region us-east-2"),
        ("404 Not Found", "", "NoSuchBucket", NotFound, "NoSuchBucket"),
        ("503 Service Unavailable", "", "SlowDown", Transient, "SlowDown"),
        ("500 Internal Server Error", "", "InternalError", Transient, "InternalError"),
        ("501 Not Implemented", "", "NotImplemented", Unsupported, "NotImplemented"),
    ] {
        let server = answering(status, headers, &error(code)).await;
        let (store, key) = (open(&attributes(server, &json!({}))), StateKey::new("a/b.tfstate"));
        let read = store.read(&key).await.unwrap_err();
        let locked = store.lock(&key, LockInfo::new("push", "a@b", SystemTime::now())).await.unwrap_err();
        for (error, what) in [(&read, "reading"), (&locked, "locking")] {
            let text = error.to_string();
            assert_eq!(error.class, class, "{what}: {text}");
            assert!(text.starts_with("s3://states/a/b.tfstate: ") && text.contains(told), "{what}: {text}");
            assert!(!text.contains(SECRET) && !format!("{error:?}").contains(SECRET), "{text}");
        }
        assert_eq!(read.outcome, WriteOutcome::NotWritten);
        // Behind a server that failed, it may be there all the same.
        let expected = if code == "InternalError" { WriteOutcome::Unknown } else { WriteOutcome::NotWritten };
        assert_eq!(locked.outcome, expected, "{locked}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_answer_that_is_none_is_not_an_empty_list() {
    let server = answering("200 OK", "", "<html>Welcome to the hotel</html").await;
    let store = open(&attributes(server, &json!({})));
    let error = store.list("").await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Corrupt, "{error}");
    // A 404 that does not come from S3 is no missing state.
    let server = answering("404 Not Found", "", "nginx").await;
    let error = open(&attributes(server, &json!({}))).read(&StateKey::new("a")).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::NotFound, "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_written_where_locking_is_switched_off() {
    let server = moto();
    let store = store(&server, &json!({"use_lockfile": false}));
    let error = store.lock(&StateKey::new("a"), LockInfo::new("push", "a@b", SystemTime::now())).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Unsupported);
    assert_eq!(
        error.to_string(),
        "s3://states/a: locking is switched off: use_lockfile is false and no dynamodb_table is set"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bucket_without_versions_says_so() {
    let server = moto();
    let error = store(&server, &json!({"bucket": "plain"})).versions(&StateKey::new("a")).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Unsupported);
    assert!(store(&server, &json!({})).versions(&StateKey::new("a")).await.unwrap().is_empty());
}
