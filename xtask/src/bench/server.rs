//! The store that rows work on: SeaweedFS on this machine, which ends with the row.

use std::io::Write as _;
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::Places;
use super::tools::weed;

/// What the server takes, and what every program of a row gets. The second one is no secret.
const KEY: &str = "bench";
const SECRET: &str = "bench-on-this-machine";
pub(crate) const CREDENTIALS: [(&str, &str); 3] =
    [("AWS_ACCESS_KEY_ID", KEY), ("AWS_SECRET_ACCESS_KEY", SECRET), ("AWS_EC2_METADATA_DISABLED", "true")];

const BUCKET: &str = "states";
/// How long the server may take until it has a bucket.
const PATIENCE: Duration = Duration::from_secs(60);

/// A server with a bucket, and a folder whose backend it is. It is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct SeaweedFs {
    child: Child,
    data: PathBuf,
}

/// The folder whose backend is the server.
pub(crate) fn folder(places: &Places) -> PathBuf {
    places.bench.join("s3")
}

impl SeaweedFs {
    pub(crate) fn start(places: &Places) -> Result<Self, String> {
        let data = fresh(&places.bench.join("seaweedfs"))?;
        let identity = serde_json::json!({"identities": [{
            "name": KEY,
            "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
            "actions": ["Admin", "Read", "Write", "List"],
        }]});
        let identities = data.join("s3.json");
        write(&identities, &identity.to_string())?;
        let log = data.join("log");
        let out = std::fs::File::create(&log).map_err(|error| format!("{}: {error}", log.display()))?;
        let err = out.try_clone().map_err(|error| format!("{}: {error}", log.display()))?;
        let ports = Ports::free()?;
        let mut command = Command::new(weed(places));
        command
            .args(["server", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-volume.max=20", "-master.volumeSizeLimitMB=256"])
            .args(["-s3", "-s3.port.iceberg=0", "-s3.port.lance=0"])
            .arg(format!("-s3.config={}", identities.display()))
            .arg(format!("-dir={}", data.display()))
            .args(ports.arguments())
            .stdin(Stdio::null())
            .stdout(out)
            .stderr(err);
        let child = command.spawn().map_err(|error| format!("cannot run SeaweedFS: {error}"))?;
        let mut server = Self { child, data };
        server.make_bucket(places, &ports)?;
        make_folder(&folder(places), ports.s3)?;
        Ok(server)
    }

    /// Asks for the bucket until it is there.
    fn make_bucket(&mut self, places: &Places, ports: &Ports) -> Result<(), String> {
        let until = Instant::now() + PATIENCE;
        loop {
            let log = || std::fs::read_to_string(self.data.join("log")).unwrap_or_default();
            let last = |text: &str| text.lines().last().unwrap_or_default().to_owned();
            if let Ok(Some(status)) = self.child.try_wait() {
                return Err(format!("SeaweedFS ended with {status}: {}", last(&log())));
            }
            let said = ports.shell(places, &format!("s3.bucket.create -name {BUCKET}"))?;
            if said.contains("created bucket") {
                return Ok(());
            }
            if Instant::now() > until {
                return Err(format!("SeaweedFS makes no bucket: {}", last(&said)));
            }
            std::thread::sleep(Duration::from_millis(500));
        }
    }
}

impl Drop for SeaweedFs {
    fn drop(&mut self) {
        // It may have ended by itself, and its data is not worth an error.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.data);
    }
}

/// Where the server and its parts listen: each part on a port for HTTP and one for gRPC.
#[derive(Debug)]
struct Ports {
    s3: u16,
    parts: [(&'static str, u16, u16); 3],
    s3_grpc: u16,
}

impl Ports {
    /// Ports that were free a moment ago, all of them held at once so that they differ.
    fn free() -> Result<Self, String> {
        let mut held = Vec::new();
        let mut port = || {
            let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| format!("no port: {error}"))?;
            let port = listener.local_addr().map_err(|error| format!("no port: {error}"))?.port();
            held.push(listener);
            Ok::<_, String>(port)
        };
        let parts = [("master", port()?, port()?), ("volume", port()?, port()?), ("filer", port()?, port()?)];
        Ok(Self { s3: port()?, parts, s3_grpc: port()? })
    }

    fn arguments(&self) -> Vec<String> {
        let mut arguments = vec![format!("-s3.port={}", self.s3), format!("-s3.port.grpc={}", self.s3_grpc)];
        for (part, port, grpc) in self.parts {
            arguments.extend([format!("-{part}.port={port}"), format!("-{part}.port.grpc={grpc}")]);
        }
        arguments
    }

    /// What the server's shell says to a command.
    fn shell(&self, places: &Places, line: &str) -> Result<String, String> {
        let failed = |error: std::io::Error| format!("cannot run the shell of SeaweedFS: {error}");
        let mut command = Command::new(weed(places));
        command.arg("shell").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        for (part, port, grpc) in self.parts {
            if part != "volume" {
                command.arg(format!("-{part}=127.0.0.1:{port}.{grpc}"));
            }
        }
        let mut child = command.spawn().map_err(failed)?;
        if let Some(mut input) = child.stdin.take() {
            writeln!(input, "{line}").map_err(failed)?;
        }
        let output = child.wait_with_output().map_err(failed)?;
        Ok(String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    }
}

/// A folder with the server as its backend, as terraform has initialised it.
fn make_folder(folder: &Path, port: u16) -> Result<(), String> {
    let folder = fresh(folder)?;
    let configuration = format!(
        "terraform {{
  backend \"s3\" {{
    bucket                      = \"{BUCKET}\"
    key                         = \"terraform.tfstate\"
    region                      = \"eu-west-1\"
    use_lockfile                = true
    use_path_style              = true
    skip_credentials_validation = true
    skip_metadata_api_check     = true
    skip_region_validation      = true
    skip_requesting_account_id  = true
    endpoints                   = {{ s3 = \"http://127.0.0.1:{port}\" }}
  }}
}}
"
    );
    write(&folder.join("backend.tf"), &configuration)?;
    let mut init = Command::new("terraform");
    init.args(["init", "-input=false", "-no-color"]).current_dir(&folder).envs(CREDENTIALS);
    init.env("TF_CLI_CONFIG_FILE", "/dev/null").env("CHECKPOINT_DISABLE", "1").stdout(Stdio::null());
    crate::process::run(&mut init)
}

/// An empty folder.
pub(crate) fn fresh(folder: &Path) -> Result<PathBuf, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
    if folder.exists() {
        std::fs::remove_dir_all(folder).map_err(failed)?;
    }
    std::fs::create_dir_all(folder).map_err(failed)?;
    std::fs::canonicalize(folder).map_err(failed)
}

pub(crate) fn write(path: &Path, text: &str) -> Result<(), String> {
    std::fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
}
