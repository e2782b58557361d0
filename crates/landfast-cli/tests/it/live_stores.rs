//! The command on servers that are no good place for states, and on one whose digest disagrees.
//!
//! Where LANDFAST_CONFORMANCE names a folder, what was seen of the servers is left there for docs/stores.md.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::run::root;
use crate::workspace::{STATE, Workspace};

/// A server that is killed when this is dropped.
struct Server {
    child: Child,
    address: SocketAddr,
    _folder: tempfile::TempDir,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts a server on a free port, and waits until it listens. `command` gets the port and a folder of its own.
fn start(command: impl FnOnce(u16, &Path) -> Command) -> Server {
    let folder = tempfile::tempdir().unwrap();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let log = std::fs::File::create(folder.path().join("log")).unwrap();
    let mut command = command(address.port(), folder.path());
    let child = command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log).spawn();
    let mut server = Server { child: child.unwrap(), address, _folder: folder };
    let until = Instant::now() + Duration::from_secs(60);
    while TcpStream::connect(address).is_err() {
        assert!(server.child.try_wait().unwrap().is_none() && Instant::now() < until, "{command:?} does not listen");
        std::thread::sleep(Duration::from_millis(30));
    }
    server
}

/// A program that an installer put into `target`.
fn tool(path: &str, installer: &str) -> PathBuf {
    let program = root().join("target").join(path);
    assert!(program.is_file(), "{} is not there: run {installer}", program.display());
    program
}

/// A folder that is initialised for this backend.
fn initialised(kind: &str, config: &serde_json::Value) -> Workspace {
    let workspace = Workspace::new();
    std::fs::create_dir(workspace.path(".terraform")).unwrap();
    let record = serde_json::json!({"version": 3, "backend": {"type": kind, "config": config}});
    workspace.folder.file(".terraform/terraform.tfstate", record.to_string());
    workspace
}

const KEY_ID: &str = "AKIALANDFASTTEST0001";
const SECRET: &str = "CANARY-s3-8f2b71";

fn s3(address: SocketAddr, more: &serde_json::Value) -> Workspace {
    let url = format!("http://{address}");
    let mut config = serde_json::json!({
        "bucket": "states", "key": "prod.tfstate", "region": "eu-west-1", "access_key": KEY_ID, "secret_key": SECRET,
        "endpoints": {"s3": url, "dynamodb": url}, "use_path_style": true,
    });
    config.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    initialised("s3", &config)
}

/// Leaves what was seen for the page: these names are those of its table of servers.
fn found_out(server: &str, version: &str, message: &str) {
    let Some(folder) = std::env::var_os("LANDFAST_CONFORMANCE") else { return };
    let record = serde_json::json!({"unsafe_server": server, "version": version, "message": message});
    std::fs::write(Path::new(&folder).join(format!("unsafe-{server}.json")), record.to_string()).unwrap();
}

/// The probe ends with 1, says what was seen and what to do, and never that nothing was found.
fn assert_unsafe(workspace: &Workspace, place: &str) -> String {
    let run = workspace.run(&["state", "lock", "--probe"]);
    assert_eq!(run.code, 1, "{}{}", run.out, run.err);
    assert!(run.out.contains("of 20 races several of 16 clients held the lock at once"), "{}", run.out);
    assert!(run.err.starts_with(&format!("error: {place}")), "{}", run.err);
    let message = "this store is unsafe: its locks do not exclude";
    assert!(run.err.contains(&format!("{message}\nhint: keep no state there")), "{}", run.err);
    assert!(!run.err.contains(SECRET) && !run.out.contains(SECRET), "{}{}", run.out, run.err);
    message.to_owned()
}

#[test]
fn the_probe_finds_out_s3s_fs() {
    let server = start(|port, folder| {
        std::fs::create_dir_all(folder.join("root/states")).unwrap();
        let mut command = Command::new(tool("store-tools/s3s-fs/bin/s3s-fs", ".ci/install-stores"));
        command.args(["--host", "127.0.0.1", "--port", &port.to_string()]);
        command.args(["--access-key", KEY_ID, "--secret-key", SECRET]).arg(folder.join("root")).env("RUST_LOG", "off");
        command
    });
    let workspace = s3(server.address, &serde_json::json!({"use_lockfile": true}));
    let message = assert_unsafe(&workspace, "s3://states/prod.tfstate");
    found_out("s3s-fs", "0.14.1", &message);
}

#[test]
fn the_probe_finds_out_gcp_storage_emulator() {
    let server = start(|port, folder| {
        let program = "store-tools/gcp-storage-emulator/venv/bin/gcp-storage-emulator";
        let mut command = Command::new(tool(program, ".ci/install-stores"));
        command.args(["start", "--host=127.0.0.1", "--in-memory", "--default-bucket=states"]);
        command.arg(format!("--port={port}")).current_dir(folder);
        command
    });
    let config = serde_json::json!({
        "bucket": "states", "prefix": "prod", "access_token": SECRET,
        "storage_custom_endpoint": format!("http://{}/storage/v1/", server.address),
    });
    let message = assert_unsafe(&initialised("gcs", &config), "gs://states/prod/");
    found_out("gcp-storage-emulator", "2026.7.19", &message);
}

/// Makes a bucket, a table, a state, and an item with a digest that is not the state's; then prints what is there.
const MOTO: &str = "
import sys, boto3
url, key, secret, state = sys.argv[1:]
made = dict(endpoint_url=url, region_name='eu-west-1', aws_access_key_id=key, aws_secret_access_key=secret)
s3, table = boto3.client('s3', **made), boto3.resource('dynamodb', **made)
if state:
    s3.create_bucket(Bucket='states', CreateBucketConfiguration={'LocationConstraint': 'eu-west-1'})
    table.create_table(TableName='locks', BillingMode='PAY_PER_REQUEST',
        KeySchema=[{'AttributeName': 'LockID', 'KeyType': 'HASH'}],
        AttributeDefinitions=[{'AttributeName': 'LockID', 'AttributeType': 'S'}])
    s3.put_object(Bucket='states', Key='prod.tfstate', Body=state.encode())
    table.Table('locks').put_item(Item={'LockID': 'states/prod.tfstate-md5', 'Digest': '0' * 32})
print(s3.get_object(Bucket='states', Key='prod.tfstate')['Body'].read().decode(), end='')
print(sorted((item['LockID'], item.get('Digest')) for item in table.Table('locks').scan()['Items']))
print([item['Key'] for item in s3.list_objects_v2(Bucket='states')['Contents']])
";

#[test]
fn a_digest_that_disagrees_is_said_with_what_to_do_and_changes_nothing() {
    let installer = ".ci/install-live-tools";
    let server = start(|port, _| {
        let mut command = Command::new(tool("live-tools/venv/bin/moto_server", installer));
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        command
    });
    let python = |state: &str| {
        let mut command = Command::new(tool("live-tools/venv/bin/python", installer));
        let output = command.args(["-c", MOTO, &format!("http://{}", server.address), KEY_ID, SECRET, state]).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    let before = python(STATE);
    let workspace = s3(server.address, &serde_json::json!({"dynamodb_table": "locks"}));
    for arguments in [&["state", "list"][..], &["state", "rm", "module.db"]] {
        let run = workspace.run(arguments);
        assert_eq!((run.code, run.out.as_str()), (1, ""), "{arguments:?}: {}", run.err);
        for said in [
            "s3://states/prod.tfstate: the DynamoDB table locks says that the state has the digest 00000000000000000000000000000000",
            "find out which state is right, and if it is this one, set Digest of the item states/prod.tfstate-md5 to ",
            "\nhint: ",
        ] {
            assert!(run.err.contains(said), "{arguments:?}: {}", run.err);
        }
    }
    assert_eq!(python(""), before);
}
