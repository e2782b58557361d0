//! What is sent: encryption, access lists, metadata, and how names are written.

use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use landfast_backends::{Expected, LockInfo, StateKey, StateStore, StateWrite, WriteNote};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _};

use super::{KEY_ID, SECRET, attributes, moto, open, python, store};

/// Heads of the requests that a server got, in small letters.
pub(super) type Heads = Arc<Mutex<Vec<String>>>;

/// A server that remembers what it is asked, has nothing, and takes everything.
pub(super) async fn remembering() -> (std::net::SocketAddr, Heads) {
    let heads = Heads::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, kept) = (listener.local_addr().unwrap(), Arc::clone(&heads));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let kept = Arc::clone(&kept);
            tokio::spawn(async move {
                let mut stream = tokio::io::BufReader::new(stream);
                loop {
                    let (mut head, mut length) = (String::new(), 0);
                    loop {
                        let mut line = String::new();
                        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
                            return;
                        }
                        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                            length = value.trim().parse().unwrap();
                        }
                        if line.trim().is_empty() {
                            break;
                        }
                        head.push_str(&line);
                    }
                    stream.read_exact(&mut vec![0; length]).await.unwrap();
                    let body = "<Error><Code>NoSuchKey</Code></Error>";
                    let answer = if head.starts_with("PUT") {
                        "HTTP/1.1 200 OK\r\nETag: \"1\"\r\nContent-Length: 0\r\n\r\n".to_owned()
                    } else {
                        format!("HTTP/1.1 404 Not Found\r\nContent-Length: {}\r\n\r\n{body}", body.len())
                    };
                    kept.lock().unwrap().push(head.to_lowercase());
                    stream.write_all(answer.as_bytes()).await.unwrap();
                }
            });
        }
    });
    (address, heads)
}

async fn write(store: &dyn StateStore, key: &StateKey, expected: Expected) {
    let mut lock = store.lock(key, LockInfo::new("push", "a@b", SystemTime::now())).await.unwrap();
    let write = StateWrite::new(expected, "{}".into(), WriteNote::new("a@b", "moved the bücket").with_serial(3));
    lock.write(write).await.unwrap();
    lock.release().await.unwrap();
}

const HEAD: &str = "
import sys, json, boto3
url, key, secret, name = sys.argv[1:]
s3 = boto3.client('s3', endpoint_url=url, region_name='eu-west-1', aws_access_key_id=key, aws_secret_access_key=secret)
head = s3.head_object(Bucket='states', Key=name)
print(json.dumps({name: head.get(name) for name in ['ServerSideEncryption', 'SSEKMSKeyId', 'ContentType', 'Metadata']}))
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn encryption_and_who_wrote_it_stand_at_the_object() {
    let server = moto();
    for (name, more, encryption, kms) in [
        ("managed", json!({"encrypt": true}), json!("AES256"), Value::Null),
        (
            "kms",
            json!({"encrypt": true, "kms_key_id": "arn:aws:kms:eu-west-1:1:key/x"}),
            json!("aws:kms"),
            json!("arn:aws:kms:eu-west-1:1:key/x"),
        ),
        ("unasked", json!({"kms_key_id": "arn:aws:kms:eu-west-1:1:key/x"}), Value::Null, Value::Null),
    ] {
        write(&*store(&server, &more), &StateKey::new(name), Expected::Absent).await;
        let head: Value = serde_json::from_str(&python(HEAD, &[&server.url(), KEY_ID, SECRET, name])).unwrap();
        assert_eq!((&head["ServerSideEncryption"], &head["SSEKMSKeyId"]), (&encryption, &kms), "{name}: {head}");
        assert_eq!(head["ContentType"], "application/json");
        let note = head["Metadata"]["landfast"].as_str().unwrap();
        assert!(note.contains("moved the b\\u00fccket") && note.contains("\"serial\":3"), "{note}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_key_of_a_customer_goes_with_every_request_for_the_state() {
    let (address, heads) = remembering().await;
    let more = json!({
        "encrypt": true, "sse_customer_key": "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        "acl": "bucket-owner-full-control",
    });
    let store = open(&attributes(address, &more));
    let key = StateKey::new("a b/ü+c.tfstate");
    assert!(store.read(&key).await.unwrap().is_none());
    let lock = store.lock(&key, LockInfo::new("push", "a@b", SystemTime::now())).await.unwrap();
    drop(lock);
    let heads = heads.lock().unwrap().clone();
    assert!(heads[0].starts_with("get /states/a%20b/%c3%bc%2bc.tfstate http/1.1"), "{}", heads[0]);
    assert!(heads[1].starts_with("put /states/a%20b/%c3%bc%2bc.tfstate.tflock http/1.1"), "{}", heads[1]);
    for head in &heads {
        for line in [
            "x-amz-server-side-encryption-customer-algorithm: aes256",
            "x-amz-server-side-encryption-customer-key: aaecawqfbgcicqolda0odxarehmufryxgbkagxwdhh8=",
            // Of the 32 bytes, not of their text.
            "x-amz-server-side-encryption-customer-key-md5: tp/li3n87dfask0aoqygzg==",
        ] {
            assert!(head.contains(line), "{line} is not in {head}");
        }
        assert!(!head.contains(&SECRET.to_lowercase()));
    }
    assert!(heads[1].contains("x-amz-acl: bucket-owner-full-control"), "{}", heads[1]);
    assert!(heads[1].contains("if-none-match: *"), "{}", heads[1]);
}

/// An empty object is no state, and still in the way of `If-None-Match`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_object_is_replaced_as_if_there_were_none() {
    const EMPTY: &str = "
import sys, boto3
url, key, secret = sys.argv[1:]
s3 = boto3.client('s3', endpoint_url=url, region_name='eu-west-1', aws_access_key_id=key, aws_secret_access_key=secret)
s3.put_object(Bucket='states', Key='empty', Body=b'')
";
    let server = moto();
    python(EMPTY, &[&server.url(), KEY_ID, SECRET]);
    let (store, key) = (store(&server, &json!({})), StateKey::new("empty"));
    assert_eq!(store.list("").await.unwrap(), []);
    write(&*store, &key, Expected::Absent).await;
    assert_eq!(store.read(&key).await.unwrap().unwrap().bytes, "{}");
    assert_eq!(store.list("").await.unwrap(), [key]);
}

/// More objects than a page holds, other workspaces, and what is no state.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn listings_go_over_all_pages() {
    const MANY: &str = "
import sys, boto3
url, key, secret = sys.argv[1:]
s3 = boto3.client('s3', endpoint_url=url, region_name='eu-west-1', aws_access_key_id=key, aws_secret_access_key=secret)
for number in range(1050):
    s3.put_object(Bucket='plain', Key=f'many/{number:04}.tfstate', Body=b'{}')
for name in ['env:/blue/many/x.tfstate', 'env:/blue/other', 'many/x.tfstate.tflock', 'many/folder/', 'env:/half']:
    s3.put_object(Bucket='plain', Key=name, Body=b'{}')
";
    let server = moto();
    python(MANY, &[&server.url(), KEY_ID, SECRET]);
    let listed = store(&server, &json!({"bucket": "plain"})).list("many/").await.unwrap();
    assert_eq!(listed.len(), 1051, "{listed:?}");
    assert_eq!(listed[1050], StateKey::new("many/x.tfstate").in_workspace("blue"));
}
