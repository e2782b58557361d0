//! A PostgreSQL server of our own.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server that is ended with this value.
#[derive(Debug)]
pub(super) struct Postgres {
    server: Child,
    port: u16,
}

impl Postgres {
    pub(super) fn start(folder: &Path) -> Result<Self, String> {
        let data = folder.join("postgres");
        std::fs::create_dir_all(&data).map_err(|error| error.to_string())?;
        // The server refuses to run as root.
        let is_root = rustix::process::getuid().is_root();
        if is_root {
            run(Command::new("chown").arg("-R").arg("nobody").arg(folder))?;
        }
        let program = |name: &str| {
            if !is_root {
                return Command::new(name);
            }
            let mut command = Command::new("setpriv");
            command.args(["--reuid=nobody", "--regid=nogroup", "--clear-groups", name]);
            command
        };
        run(program("initdb")
            .arg("-D")
            .arg(&data)
            .args(["-U", "landfast", "--auth=trust", "--no-sync"])
            .stdout(Stdio::null()))?;
        let port = TcpListener::bind(("127.0.0.1", 0))
            .and_then(|it| it.local_addr())
            .map_err(|error| error.to_string())?
            .port();
        let log = std::fs::File::create(folder.join("postgres.log")).map_err(|error| error.to_string())?;
        let server = program("postgres")
            .arg("-D")
            .arg(&data)
            .args(["-h", "127.0.0.1", "-p", &port.to_string(), "-k", "", "-c", "max_connections=100"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .map_err(|error| format!("postgres cannot be started: {error}"))?;
        let this = Self { server, port };
        let until = Instant::now() + Duration::from_secs(30);
        while Instant::now() < until {
            let ready = Command::new("pg_isready").args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()]).status();
            if ready.is_ok_and(|status| status.success()) {
                return Ok(this);
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Err("postgres does not start".to_owned())
    }

    pub(super) fn url(&self) -> String {
        format!("pg://landfast@127.0.0.1:{}/postgres?sslmode=disable", self.port)
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // SIGINT ends connections and shuts the server down; only it is ended, and by its number.
        if let Some(pid) = rustix::process::Pid::from_raw(self.server.id().cast_signed()) {
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::INT);
        }
        let _ = self.server.wait();
    }
}

fn run(command: &mut Command) -> Result<(), String> {
    crate::process::run(command)
}
