//! Amazon S3: moto, which is in the place of AWS, SeaweedFS, and one server that cannot be trusted.

mod beside_terraform;
mod credentials;
mod digests;
mod probing;
mod refusals;
mod requests;

use std::net::SocketAddr;
use std::process::Command;
use std::sync::Arc;

use landfast_backends::conformance::{CaseResult, Ending, Options, Subject};
use landfast_backends::{Environment, S3Store, StateAddress, StateKey, StateStore};
use serde_json::{Map, Value, json};

use super::live_tool;
use super::servers::{Server, free_port};

pub(super) const KEY_ID: &str = "AKIALANDFASTTEST0001";
pub(super) const SECRET: &str = "CANARY-s3-8f2b71";

/// Bucket with versions, bucket without, and the table of locks.
const MAKE: &str = "
import sys, time
import boto3
from botocore.config import Config
url, key, secret, what = sys.argv[1:]
def client(name):
    return boto3.client(name, endpoint_url=url, region_name='eu-west-1', aws_access_key_id=key, aws_secret_access_key=secret,
                        config=Config(s3={'addressing_style': 'path'}, retries={'max_attempts': 1}))
s3 = client('s3')
for attempt in range(100):
    try:
        s3.create_bucket(Bucket='states', CreateBucketConfiguration={'LocationConstraint': 'eu-west-1'})
        break
    except Exception as error:
        last = error
        time.sleep(0.3)
else:
    raise last
if what != 'plain':
    s3.put_bucket_versioning(Bucket='states', VersioningConfiguration={'Status': 'Enabled'})
if what == 'moto':
    s3.create_bucket(Bucket='plain', CreateBucketConfiguration={'LocationConstraint': 'eu-west-1'})
    client('dynamodb').create_table(TableName='locks', BillingMode='PAY_PER_REQUEST',
        KeySchema=[{'AttributeName': 'LockID', 'KeyType': 'HASH'}],
        AttributeDefinitions=[{'AttributeName': 'LockID', 'AttributeType': 'S'}])
";

fn make(server: &Server, what: &str) {
    python(MAKE, &[&server.url(), KEY_ID, SECRET, what]);
}

/// Runs Python with boto3, and gives what it printed.
pub(super) fn python(script: &str, arguments: &[&str]) -> String {
    let output = Command::new(live_tool("venv/bin/python")).arg("-c").arg(script).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// moto compares and then writes, in as many threads as there are connections: under its own server two of sixteen clients got
/// one lock in one of a hundred races. AWS answers as if requests came one after the other, so they do here.
const ONE_BY_ONE: &str = "
import io, sys, threading
from werkzeug.serving import run_simple
from moto.server import DomainDispatcherApplication, create_backend_app
app, lock = DomainDispatcherApplication(create_backend_app), threading.Lock()
def one_by_one(environ, start_response):
    length = environ.get('CONTENT_LENGTH')
    if length:
        body = environ['wsgi.input'].read(int(length))
        if len(body) < int(length):
            start_response('400 Bad Request', [])
            return []
        environ['wsgi.input'] = io.BytesIO(body)
    with lock:
        return app(environ, start_response)
run_simple('127.0.0.1', int(sys.argv[1]), one_by_one, threaded=True)
";

/// moto with the buckets `states` (which keeps versions) and `plain`, and the table `locks`.
pub(super) fn moto() -> Server {
    let server = Server::start(|port, _| {
        let mut command = Command::new(live_tool("venv/bin/python"));
        command.args(["-c", ONE_BY_ONE, &port.to_string()]);
        command
    });
    make(&server, "moto");
    server
}

/// SeaweedFS with a bucket `states`; it refuses everybody else.
pub(super) fn seaweedfs(what: &str) -> Server {
    let server = Server::start(|port, folder| {
        let identity = json!({"identities": [{
            "name": "test",
            "credentials": [{"accessKey": KEY_ID, "secretKey": SECRET}],
            "actions": ["Admin", "Read", "Write", "List"],
        }]});
        std::fs::write(folder.join("s3.json"), identity.to_string()).unwrap();
        let mut command = Command::new(super::tool("seaweedfs/weed"));
        command
            .args(["server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-volume.max=20", "-master.volumeSizeLimitMB=64"])
            .args(["-s3", "-s3.autoCreateBucket=false", "-s3.port.iceberg=0", "-s3.port.lance=0"])
            .arg(format!("-s3.port={port}"))
            .arg(format!("-s3.config={}", folder.join("s3.json").display()))
            .arg(format!("-dir={}", folder.display()));
        for part in ["master.port", "volume.port", "filer.port"] {
            command.arg(format!("-{part}={}", free_port())).arg(format!("-{part}.grpc={}", free_port()));
        }
        command.arg(format!("-s3.port.grpc={}", free_port()));
        command
    });
    make(&server, what);
    server
}

/// The attributes of a backend on a server.
pub(super) fn attributes(server: SocketAddr, more: &Value) -> Map<String, Value> {
    let url = format!("http://{server}");
    let mut attributes = json!({
        "bucket": "states", "key": "unused", "region": "eu-west-1", "access_key": KEY_ID, "secret_key": SECRET,
        "endpoints": {"s3": url, "dynamodb": url, "sts": url}, "use_path_style": true,
    });
    let (all, more) = (attributes.as_object_mut().unwrap(), more.as_object().unwrap());
    all.extend(more.clone());
    all.clone()
}

pub(super) fn open(attributes: &Map<String, Value>) -> Arc<dyn StateStore> {
    let address = StateAddress::from_backend("s3", attributes, "default").unwrap();
    landfast_backends::open(&address, &Environment::default()).unwrap()
}

/// A store on a server, with more attributes.
pub(super) fn store(server: &Server, more: &Value) -> Arc<dyn StateStore> {
    open(&attributes(server.address, more))
}

/// Whether connections to the server may be broken: with a table, digest and state are two writes.
#[derive(Debug, PartialEq)]
enum Connection {
    MayBreak,
    Keeps,
}

#[derive(Debug)]
struct OnS3 {
    server: SocketAddr,
    more: Value,
    refuses: bool,
    connection: Connection,
    missing: Value,
}

impl OnS3 {
    fn with(&self, server: SocketAddr, more: &Value) -> Arc<dyn StateStore> {
        let mut attributes = attributes(server, &self.more);
        attributes.extend(more.as_object().unwrap().clone());
        open(&attributes)
    }
}

impl Subject for OnS3 {
    fn client(&self) -> Arc<dyn StateStore> {
        self.with(self.server, &json!({}))
    }

    fn key(&self, name: &str) -> StateKey {
        StateKey::new(format!("suite/{name}.tfstate"))
    }

    fn wrong_credentials(&self) -> Option<Arc<dyn StateStore>> {
        self.refuses.then(|| self.with(self.server, &json!({"secret_key": "another-secret"})))
    }

    fn missing_container(&self) -> Option<Arc<dyn StateStore>> {
        Some(self.with(self.server, &self.missing))
    }

    fn server(&self) -> Option<SocketAddr> {
        (self.connection == Connection::MayBreak).then_some(self.server)
    }

    fn no_server(&self) -> &'static str {
        "state and digest are two writes: a break between them is an error that says what to do, until it is put right"
    }

    fn client_at(&self, address: SocketAddr) -> Option<Arc<dyn StateStore>> {
        Some(self.with(address, &json!({})))
    }
}

/// Races are repeated 50 times on each kind of lock, and less often where only something beside it differs.
const FEWER: usize = 10;

/// Neither Python nor our debug build is quick, so the state is a smaller one.
fn options(rounds: usize) -> Options {
    crate::suite::shortened(rounds, 20_000_000)
}

fn passed(results: &[CaseResult]) -> usize {
    results.iter().filter(|result| result.ending == Ending::Passed).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn moto_passes_the_suite() {
    let server = moto();
    let subject = OnS3 {
        server: server.address,
        more: json!({}),
        refuses: false,
        connection: Connection::MayBreak,
        missing: json!({"bucket": "missing"}),
    };
    let results = crate::suite::on_server("s3 on moto", "moto", &subject, &options(50)).await;
    assert_eq!(passed(&results), 18, "{results:#?}");
    let plain = OnS3 { more: json!({"bucket": "plain"}), ..subject };
    let results = crate::suite::on_server("s3 on moto without versions", "moto", &plain, &options(FEWER)).await;
    assert_eq!(passed(&results), 17, "{results:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn moto_with_dynamodb_passes_the_suite() {
    let server = moto();
    let more = json!({"dynamodb_table": "locks"});
    // The lock is the table's business alone: where only the bucket is missing, it is found out by reading.
    let missing = json!({"bucket": "missing", "dynamodb_table": "missing"});
    let subject = OnS3 { server: server.address, more, refuses: false, connection: Connection::Keeps, missing };
    let results = crate::suite::on_server("s3 and dynamodb on moto", "moto", &subject, &options(50)).await;
    assert_eq!(passed(&results), 17, "{results:#?}");
    let both = OnS3 { more: json!({"dynamodb_table": "locks", "use_lockfile": true}), ..subject };
    let results = crate::suite::on_server("s3 with both locks on moto", "moto", &both, &options(FEWER)).await;
    assert_eq!(passed(&results), 17, "{results:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn seaweedfs_passes_the_suite() {
    let server = seaweedfs("versions");
    let subject = OnS3 {
        server: server.address,
        more: json!({}),
        refuses: true,
        connection: Connection::MayBreak,
        missing: json!({"bucket": "missing"}),
    };
    // Writers of one object wait for each other there by the second; a race of sixteen takes several.
    let results = crate::suite::on_server("s3 on seaweedfs", "SeaweedFS", &subject, &options(15)).await;
    assert_eq!(passed(&results), 19, "{results:#?}");
}

#[test]
fn an_address_shows_no_secret() {
    let store = S3Store::from_address(
        &StateAddress::from_backend("s3", &attributes(([127, 0, 0, 1], 1).into(), &json!({})), "default").unwrap(),
        &Environment::default(),
    );
    assert!(!format!("{store:?}").contains("CANARY"));
}
