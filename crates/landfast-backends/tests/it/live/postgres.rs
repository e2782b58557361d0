//! A PostgreSQL server of the test's own, from the programs on PATH.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

pub(crate) const PASSWORD: &str = "hunter2";

/// The server; it ends when it is dropped.
#[derive(Debug)]
pub(crate) struct Postgres {
    folder: tempfile::TempDir,
    process: Child,
    pub(crate) address: SocketAddr,
}

/// What docs/stores.md calls the server. Its version is that of the machine.
pub(crate) fn version() -> String {
    let output = Command::new("postgres").arg("--version").output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    // postgres (PostgreSQL) 15.18 (Debian …)
    format!("PostgreSQL {}", said.split(' ').nth(2).unwrap().trim())
}

/// A program of PostgreSQL, which refuses to run as root.
fn program(name: &str, is_root: bool) -> Command {
    if !is_root {
        return Command::new(name);
    }
    let mut command = Command::new("setpriv");
    command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", "--", name]);
    command
}

fn run(command: &mut Command) {
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&said));
}

impl Postgres {
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let is_root = std::fs::metadata(folder.path()).unwrap().uid() == 0;
        let (data, password) = (folder.path().join("data"), folder.path().join("password"));
        std::fs::create_dir(&data).unwrap();
        std::fs::write(&password, PASSWORD).unwrap();
        if is_root {
            run(Command::new("chown").arg("nobody").arg(&data));
        }
        let init = ["--auth=scram-sha-256", "--username=postgres", "--no-sync", "--encoding=UTF8", "--locale=C.UTF-8"];
        let mut pwfile = std::ffi::OsString::from("--pwfile=");
        pwfile.push(&password);
        run(program("initdb", is_root).current_dir("/").args(init).arg(pwfile).arg("--pgdata").arg(&data));

        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = free.local_addr().unwrap();
        drop(free);
        let process = program("postgres", is_root)
            .current_dir("/")
            .arg("-D")
            .arg(&data)
            .args(["-h", "127.0.0.1", "-p", &address.port().to_string()])
            .args(["-c", "unix_socket_directories=", "-c", "fsync=off"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let this = Self { folder, process, address };
        let deadline = Instant::now() + Duration::from_secs(60);
        while this.psql("SELECT 1").is_err() {
            assert!(Instant::now() < deadline, "PostgreSQL does not start");
            std::thread::sleep(Duration::from_millis(100));
        }
        this
    }

    /// A connection string with the right password.
    pub(crate) fn conn_str(&self, database: &str) -> String {
        format!("postgres://postgres:{PASSWORD}@{}/{database}?sslmode=disable", self.address)
    }

    /// Runs a statement by PostgreSQL's own client.
    pub(crate) fn psql(&self, statement: &str) -> Result<String, String> {
        let output = Command::new("psql")
            .args(["--no-psqlrc", "--tuples-only", "--no-align", "--command", statement])
            .arg(self.conn_str("postgres"))
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        if output.status.success() { Ok(said) } else { Err(said) }
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // SIGINT ends sessions and then the server; it would leave its processes behind if it were killed.
        let _ = Command::new("kill").args(["-INT", &self.process.id().to_string()]).status();
        let _ = self.process.wait();
    }
}
