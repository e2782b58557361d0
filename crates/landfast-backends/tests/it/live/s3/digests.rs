//! The digest of a state in the DynamoDB table.

use std::time::{Duration, Instant, SystemTime};

use landfast_backends::{ErrorClass, Expected, LockInfo, StateKey, StateStore, StateWrite, WriteNote};
use serde_json::json;

use super::{KEY_ID, SECRET, moto, python, store};
use crate::live::servers::Server;

const ITEM: &str = "
import sys, boto3
url, key, secret, digest = sys.argv[1:]
table = boto3.resource('dynamodb', endpoint_url=url, region_name='eu-west-1', aws_access_key_id=key,
                       aws_secret_access_key=secret).Table('locks')
if digest:
    table.put_item(Item={'LockID': 'states/a.tfstate-md5', 'Digest': digest})
print(table.get_item(Key={'LockID': 'states/a.tfstate-md5'})['Item']['Digest'], end='')
";

fn item(server: &Server, digest: &str) -> String {
    python(ITEM, &[&server.url(), KEY_ID, SECRET, digest])
}

async fn write(store: &dyn StateStore, expected: Expected, bytes: &'static str) -> Expected {
    let info = LockInfo::new("push", "a@b", SystemTime::now());
    let mut lock = store.lock(&StateKey::new("a.tfstate"), info).await.unwrap();
    let write = StateWrite::new(expected, bytes.into(), WriteNote::new("a@b", "push"));
    let written = lock.write(write).await.unwrap();
    lock.release().await.unwrap();
    written.expected()
}

/// MD5 of `one` and of `two`.
const ONE: &str = "f97c5d29941bfb1b2fdab0874906ab82";
const TWO: &str = "b8a9f715dbb64fd5c56e7783c6820a61";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_disagrees_is_said_and_our_next_write_puts_it_right() {
    let server = moto();
    let (store, key) = (store(&server, &json!({"dynamodb_table": "locks"})), StateKey::new("a.tfstate"));
    let first = write(&*store, Expected::Absent, "one").await;
    assert_eq!(item(&server, ""), ONE);

    item(&server, TWO);
    let start = Instant::now();
    let error = store.read(&key).await.unwrap_err();
    assert!(start.elapsed() >= Duration::from_secs(10), "it may still have come");
    assert_eq!(error.class, ErrorClass::Corrupt);
    assert_eq!(
        error.to_string(),
        format!(
            "s3://states/a.tfstate: the DynamoDB table locks says that the state has the digest {TWO}, and it has {ONE}: \
             somebody wrote without recording it, or a write did not arrive; find out which state is right, and if it is \
             this one, set Digest of the item states/a.tfstate-md5 to {ONE}"
        )
    );

    write(&*store, first, "two").await;
    assert_eq!((item(&server, ""), store.read(&key).await.unwrap().unwrap().bytes), (TWO.to_owned(), "two".into()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_comes_late_is_waited_for() {
    let server = moto();
    let (store, key) = (store(&server, &json!({"dynamodb_table": "locks"})), StateKey::new("a.tfstate"));
    write(&*store, Expected::Absent, "one").await;
    item(&server, TWO);
    let reading = tokio::spawn(async move { store.read(&key).await });
    tokio::time::sleep(Duration::from_secs(1)).await;
    item(&server, ONE);
    assert_eq!(reading.await.unwrap().unwrap().unwrap().bytes, "one");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_state_that_is_gone_is_not_taken_for_none() {
    let server = moto();
    item(&server, ONE);
    let store = store(&server, &json!({"dynamodb_table": "locks"}));
    let error = store.read(&StateKey::new("a.tfstate")).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::Corrupt);
    assert!(
        error
            .to_string()
            .contains("there is a state with the digest f97c5d29941bfb1b2fdab0874906ab82, and there is none")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_missing_table_is_said_and_no_half_of_a_lock_stays() {
    let server = moto();
    let key = StateKey::new("a.tfstate");
    let both = store(&server, &json!({"dynamodb_table": "missing", "use_lockfile": true}));
    let error = both.lock(&key, LockInfo::new("push", "a@b", SystemTime::now())).await.unwrap_err();
    assert_eq!(error.class, ErrorClass::NotFound);
    assert!(error.to_string().contains("DynamoDB table missing"), "{error}");
    assert_eq!(store(&server, &json!({})).lock_info(&key).await.unwrap(), None);
}
