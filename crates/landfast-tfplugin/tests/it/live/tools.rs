//! Where the providers are, and the services that they read.

use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use landfast_state::json::{Limits, Raw};
use landfast_state::{Members, Value};

pub(super) fn tools() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let tools = root.join("target/live-tools");
    assert!(tools.join("terraform.rc").is_file(), "{} is not there: run .ci/install-live-tools", tools.display());
    tools.canonicalize().unwrap()
}

pub(super) fn provider_tools() -> PathBuf {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/provider-tools");
    assert!(tools.join(".installed").is_file(), "{} is not there: run .ci/install-provider-tools", tools.display());
    tools.canonicalize().unwrap()
}

pub(super) fn workato() -> PathBuf {
    provider_tools().join("terraform-provider-workato")
}

pub(super) fn aws() -> PathBuf {
    let folder = "mirror/registry.terraform.io/hashicorp/aws/3.39.0/linux_amd64";
    tools().join(folder).join("terraform-provider-aws_v3.39.0_x5")
}

pub(super) fn old_aws() -> PathBuf {
    tools().join("plugins-legacy/terraform-provider-aws_v2.70.0_x4")
}

pub(super) fn null() -> PathBuf {
    tools().join("plugins-legacy/terraform-provider-null_v2.1.2_x4")
}

/// The AWS stand-in, ended with this value.
pub(super) struct Moto {
    process: Child,
    pub(super) url: String,
}

impl Moto {
    pub(super) fn start() -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let process = Command::new(tools().join("venv/bin/moto_server"))
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let moto = Self { process, url: format!("http://127.0.0.1:{port}") };
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(start.elapsed() < Duration::from_secs(60), "moto does not start");
            std::thread::sleep(Duration::from_millis(100));
        }
        moto
    }

    /// Runs these lines of Python, which have `client` to make clients of boto3 with.
    pub(super) fn boto3(&self, lines: &str) -> String {
        let script = format!(
            "import boto3\n\
             def client(service):\n    \
                 return boto3.client(service, endpoint_url={:?}, region_name='eu-central-1', \
                 aws_access_key_id='fixture', aws_secret_access_key='fixture')\n{lines}",
            self.url
        );
        let output = Command::new(tools().join("venv/bin/python")).args(["-c", &script]).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// The configuration of a provider that talks to it.
    pub(super) fn provider_config(&self) -> Members {
        let url = &self.url;
        members(&format!(
            r#"{{"region": "eu-central-1", "access_key": "fixture-access", "secret_key": "fixture-secret-key",
                "max_retries": 1, "s3_force_path_style": true, "skip_credentials_validation": true,
                "skip_metadata_api_check": true, "skip_requesting_account_id": true,
                "endpoints": [{{"ec2": "{url}", "iam": "{url}", "s3": "{url}", "sqs": "{url}", "sts": "{url}",
                    "autoscaling": "{url}", "apigateway": "{url}", "dynamodb": "{url}", "resourcegroupstaggingapi": "{url}"}}]}}"#
        ))
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The members of a JSON object.
pub(super) fn members(text: &str) -> Members {
    match Value::from_raw(Raw::check(text.as_bytes(), &Limits::default()).unwrap(), &[]) {
        Value::Object(members) => members,
        other => panic!("{other}"),
    }
}
