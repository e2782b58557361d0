//! Real infrastructure, as far as moto is that: terraform and the AWS provider from `.ci/install-live-tools`.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime};

use crate::run::{Run, Scratch, finish, landfast, root};
use crate::via::wait_until;

pub(crate) const SECRET: &str = "CANARY-live-3d81c7";

pub(crate) fn tools() -> PathBuf {
    let tools = root().join("target/live-tools");
    assert!(tools.join("terraform.rc").is_file(), "{} is not there: run .ci/install-live-tools", tools.display());
    tools
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// The AWS stand-in, ended with this value.
pub(crate) struct Moto {
    process: Child,
    pub(crate) url: String,
}

impl Moto {
    pub(crate) fn start() -> Self {
        let port = free_port();
        let process = Command::new(tools().join("venv/bin/moto_server"))
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let moto = Self { process, url: format!("http://127.0.0.1:{port}") };
        let start = std::time::Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(start.elapsed() < Duration::from_secs(60), "moto does not start");
            std::thread::sleep(Duration::from_millis(100));
        }
        moto
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What a service answers that is not moto.
#[derive(Clone, Copy)]
pub(crate) enum Answer {
    /// "You may not", with a text that holds the secret and a mark that turns text around.
    Denied,
    /// Nothing, ever.
    Silence,
}

/// A service on a port of its own, for as long as the test runs. Gives its address.
pub(crate) fn service(answer: Answer) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        let mut silent = Vec::new();
        for stream in listener.incoming().map_while(Result::ok) {
            match answer {
                Answer::Silence => silent.push(stream),
                Answer::Denied => drop(std::thread::spawn(move || deny(stream))),
            }
        }
    });
    url
}

fn deny(stream: TcpStream) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 || line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
    }
    reader.read_exact(&mut vec![0; length]).ok()?;
    let body = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>not \u{202e} allowed: {SECRET}\
         </Message></Error><RequestId>1</RequestId></ErrorResponse>"
    );
    let head = format!("HTTP/1.1 403 Forbidden\r\ncontent-length: {}\r\nconnection: close\r\n\r\n", body.len());
    (&stream).write_all(format!("{head}{body}").as_bytes()).ok()
}

/// A folder in which terraform was applied.
pub(crate) struct Deployment {
    scratch: Scratch,
    pub(crate) variables: BTreeMap<&'static str, String>,
}

impl Deployment {
    /// A folder with this configuration, initialised.
    pub(crate) fn new(configuration: &str, cli_configuration: &Path) -> Self {
        let scratch = Scratch::new();
        for folder in ["stack", "tmp"] {
            std::fs::create_dir(scratch.path(folder)).unwrap();
        }
        scratch.file("stack/main.tf", configuration);
        let variables = BTreeMap::from([
            ("TF_CLI_CONFIG_FILE", cli_configuration.display().to_string()),
            ("CHECKPOINT_DISABLE", String::from("1")),
            ("TF_IN_AUTOMATION", String::from("1")),
            ("AWS_EC2_METADATA_DISABLED", String::from("true")),
        ]);
        let deployment = Self { scratch, variables };
        deployment.terraform(&["init", "-input=false"]);
        deployment
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.scratch.path("stack").canonicalize().unwrap()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.scratch.path(name)
    }

    pub(crate) fn temporary(&self) -> PathBuf {
        self.scratch.path("tmp")
    }

    /// A command without the variables of whoever runs the tests, and with those of this deployment.
    fn with_variables(&self, mut command: Command) -> Command {
        for (name, _) in std::env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("TF_") || name.starts_with("AWS_")) {
                command.env_remove(name);
            }
        }
        command.envs(&self.variables);
        command
    }

    pub(crate) fn terraform_command(&self, arguments: &[&str]) -> Command {
        let mut command = self.with_variables(Command::new("terraform"));
        command.args(arguments).arg("-no-color").current_dir(self.folder()).stdin(Stdio::null());
        command
    }

    /// Runs terraform, which must succeed.
    pub(crate) fn terraform(&self, arguments: &[&str]) -> String {
        let output = self.terraform_command(arguments).output().expect("terraform is on PATH: the live tests need it");
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "{arguments:?}: {}{}", text(&output.stdout), text(&output.stderr));
        text(&output.stdout)
    }

    pub(crate) fn landfast_command(&self, arguments: &[&str]) -> Command {
        let mut command = self.with_variables(landfast());
        command.args(arguments).current_dir(self.path("")).env("TMPDIR", self.temporary());
        command.env("XDG_CONFIG_HOME", self.path("configuration"));
        command
    }

    pub(crate) fn landfast(&self, arguments: &[&str]) -> Run {
        finish(&mut self.landfast_command(arguments))
    }

    /// Checks through terraform: the exit code, and the report.
    pub(crate) fn check(&self, more: &[&str]) -> (i32, serde_json::Value) {
        let run = self.landfast(&[&["check", "stack", "--via", "terraform", "--format", "json"][..], more].concat());
        let report = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{}: {}", run.code, run.err));
        (run.code, report)
    }

    /// Every file of the stack with its bytes and the time of its last change.
    pub(crate) fn files(&self) -> BTreeMap<PathBuf, (Vec<u8>, SystemTime)> {
        let mut open = vec![self.folder()];
        let mut files = BTreeMap::new();
        while let Some(folder) = open.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let metadata = std::fs::symlink_metadata(&path).unwrap();
                if metadata.is_dir() {
                    open.push(path);
                } else {
                    // Providers are linked; what they link to is not the folder's.
                    let bytes = if metadata.is_file() { std::fs::read(&path).unwrap() } else { Vec::new() };
                    files.insert(path, (bytes, metadata.modified().unwrap()));
                }
            }
        }
        files
    }

    /// The id of a resource, from the state.
    pub(crate) fn id(&self, kind: &str, name: &str) -> String {
        let state: serde_json::Value =
            serde_json::from_slice(&std::fs::read(self.folder().join("terraform.tfstate")).unwrap()).unwrap();
        let resources = state["resources"].as_array().unwrap();
        let resource = resources.iter().find(|it| it["type"] == kind && it["name"] == name).unwrap();
        resource["instances"][0]["attributes"]["id"].as_str().unwrap().to_owned()
    }
}

/// Runs these lines of Python, which have `client` to make clients of boto3 with.
pub(crate) fn boto3(moto: &Moto, lines: &str) {
    let script = format!(
        "import boto3\n\
         def client(service):\n    \
             return boto3.client(service, endpoint_url={:?}, region_name='eu-central-1', aws_access_key_id='fixture', \
             aws_secret_access_key='fixture')\n{lines}",
        moto.url
    );
    let output = Command::new(tools().join("venv/bin/python")).args(["-c", &script]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// A terraform that holds the lock of a state, because it waits for an answer.
pub(crate) struct LockHolder(Child);

impl LockHolder {
    pub(crate) fn new(deployment: &Deployment) -> Self {
        let mut command = deployment.terraform_command(&["apply", "-refresh-only"]);
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut holder = Self(child);
        let mut said = Vec::new();
        let out = holder.0.stdout.as_mut().unwrap();
        while !String::from_utf8_lossy(&said).contains("Enter a value") {
            let mut byte = [0];
            out.read_exact(&mut byte).expect("it asks before it writes");
            said.push(byte[0]);
        }
        holder
    }
}

impl Drop for LockHolder {
    fn drop(&mut self) {
        // Without an answer it ends.
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// Waits until no process runs in the folder; fails after ten seconds.
pub(crate) fn wait_for_no_process(folder: &Path) -> Duration {
    wait_until(&format!("no process is left: {:?}", crate::via::processes_in(folder)), || {
        crate::via::processes_in(folder).is_empty()
    })
}
