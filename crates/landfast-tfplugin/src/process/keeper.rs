//! Starting, watching and ending one process.

use std::io::{self, BufReader};
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tokio::sync::{oneshot, watch};

use super::folder::ProviderFolder;
use super::lines::{FirstLine, each_line};
use super::output::OutputLog;

/// A line of output is not read further than this.
const MAX_LINE: usize = 64 * 1024;

/// The handshake line is not read further than this: a certificate with a key of 16,384 bits fits.
pub(crate) const MAX_HANDSHAKE: usize = 16 * 1024;

/// A process that was started here. When the last of these values goes, the process is killed.
#[derive(Debug)]
pub(crate) struct Process {
    number: u32,
    running: Arc<Mutex<Running>>,
    ended: watch::Receiver<Option<ExitStatus>>,
    /// The threads that read what it prints.
    readers: Vec<JoinHandle<()>>,
}

/// Whether the number of the process is still its own. It is for as long as nobody has waited for it, and the keeper does that
/// under this lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Running {
    Yes,
    /// It is to be ended by the keeper, where only who holds the child can do that.
    #[cfg(not(unix))]
    Unwanted,
    No,
}

/// A process, and the first line of its output when it comes.
#[derive(Debug)]
pub(crate) struct Started {
    pub(crate) process: Process,
    pub(crate) first_line: oneshot::Receiver<FirstLine>,
}

impl Process {
    /// Starts the command in a process group of its own. `folder` is removed when it has ended.
    ///
    /// The thread that starts it stays until it has ended: where the system can end a process with its parent, parent means that
    /// thread.
    pub(crate) fn start(mut command: Command, folder: ProviderFolder, log: Arc<OutputLog>) -> io::Result<Started> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        end_with_us(&mut command);
        let running = Arc::new(Mutex::new(Running::Yes));
        let (tell, told) = std::sync::mpsc::sync_channel(1);
        let (tell_ended, ended) = watch::channel(None);
        let keeper = {
            let running = Arc::clone(&running);
            move || {
                let spawned = spawn(&mut command).map(|mut child| {
                    let pipes = (child.id(), child.stdout.take(), child.stderr.take());
                    (child, pipes)
                });
                let child = match spawned {
                    Ok((child, pipes)) => {
                        // Whoever asked waits for this.
                        let _ = tell.send(Ok(pipes));
                        child
                    }
                    Err(error) => {
                        let _ = tell.send(Err(error));
                        return;
                    }
                };
                let status = keep(child, &running);
                drop(folder);
                tell_ended.send_replace(Some(status.unwrap_or_default()));
            }
        };
        thread::Builder::new().name("provider".to_owned()).spawn(keeper)?;
        let (number, out, err) = told.recv().map_err(|_| io::Error::other("the keeper failed"))??;
        let mut process = Self { number, running, ended, readers: Vec::new() };
        let first_line = read_output(out, err, log, &mut process.readers)?;
        Ok(Started { process, first_line })
    }

    /// Waits until it has ended and nothing of it is left.
    pub(crate) async fn ended(&self) -> ExitStatus {
        let mut ended = self.ended.clone();
        match ended.wait_for(Option::is_some).await {
            Ok(status) => status.unwrap_or_default(),
            // The keeper tells before it goes.
            Err(_) => ExitStatus::default(),
        }
    }

    /// How it has ended, if it has or does so within a second. What it has printed is read then.
    pub(crate) async fn ended_soon(&self) -> Option<ExitStatus> {
        let status = tokio::time::timeout(Duration::from_secs(1), self.ended()).await.ok()?;
        // Others may hold the pipes open that it had.
        let patience = Instant::now() + Duration::from_millis(250);
        while !self.readers.iter().all(JoinHandle::is_finished) && Instant::now() < patience {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Some(status)
    }

    /// How it has ended, where it has.
    pub(crate) fn status(&self) -> Option<ExitStatus> {
        *self.ended.borrow()
    }

    /// Kills it and what it has started in its group.
    pub(crate) fn kill(&self) {
        let mut running = self.running.lock().unwrap_or_else(PoisonError::into_inner);
        if *running == Running::Yes {
            kill_group(self.number, &mut running);
        }
    }

    /// Its number.
    pub(crate) fn number(&self) -> u32 {
        self.number
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// Starts it. A program that was installed a moment ago may still be open in a process that was forked meanwhile.
fn spawn(command: &mut Command) -> io::Result<Child> {
    const TRIES: usize = 10;
    for _ in 1..TRIES {
        match command.spawn() {
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy => {
                thread::sleep(Duration::from_millis(20));
            }
            other => return other,
        }
    }
    command.spawn()
}

/// Waits until the child has ended, and ends what it has left in its group.
fn keep(mut child: Child, running: &Mutex<Running>) -> io::Result<ExitStatus> {
    await_end(&mut child, running);
    let mut running = running.lock().unwrap_or_else(PoisonError::into_inner);
    // Nobody has waited for the child, so its number, which is that of the group, is still taken.
    kill_group(child.id(), &mut running);
    let status = child.wait();
    *running = Running::No;
    status
}

/// Reads both outputs on threads of their own until they end; the first line of the one is given, everything else logged.
fn read_output(
    out: Option<ChildStdout>,
    err: Option<ChildStderr>,
    log: Arc<OutputLog>,
    readers: &mut Vec<JoinHandle<()>>,
) -> io::Result<oneshot::Receiver<FirstLine>> {
    let (tell, first_line) = oneshot::channel();
    if let Some(err) = err {
        let log = Arc::clone(&log);
        let read = move || each_line(&mut BufReader::new(err), MAX_LINE, |line| log.line(line));
        readers.push(thread::Builder::new().name("provider-log".to_owned()).spawn(read)?);
    }
    if let Some(out) = out {
        let read = move || {
            let mut out = BufReader::new(out);
            // Nobody may wait for it any more.
            let _ = tell.send(FirstLine::read(&mut out, MAX_HANDSHAKE));
            each_line(&mut out, MAX_LINE, |line| log.line(line));
        };
        readers.push(thread::Builder::new().name("provider-out".to_owned()).spawn(read)?);
    }
    Ok(first_line)
}

#[cfg(unix)]
fn pid(number: u32) -> Option<rustix::process::Pid> {
    rustix::process::Pid::from_raw(i32::try_from(number).ok()?)
}

/// Ends the group that the process of this number leads. The number must still be that process's own.
#[cfg(unix)]
fn kill_group(number: u32, _running: &mut Running) {
    if let Some(group) = pid(number) {
        // A group that is gone already needs no signal.
        let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
    }
}

#[cfg(not(unix))]
fn kill_group(_number: u32, running: &mut Running) {
    *running = Running::Unwanted;
}

/// Waits for the end and takes no note of it, so that the number stays taken.
#[cfg(unix)]
fn await_end(child: &mut Child, _running: &Mutex<Running>) {
    use rustix::process::{WaitId, WaitIdOptions, waitid};
    let Some(pid) = pid(child.id()) else { return };
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    while let Err(rustix::io::Errno::INTR) = waitid(WaitId::Pid(pid), options) {}
}

/// Waits for the end, and brings it about where that is wanted.
#[cfg(not(unix))]
fn await_end(child: &mut Child, running: &Mutex<Running>) {
    while let Ok(None) = child.try_wait() {
        if *running.lock().unwrap_or_else(PoisonError::into_inner) == Running::Unwanted {
            // Where it cannot be ended it has ended already.
            let _ = child.kill();
        }
        thread::sleep(std::time::Duration::from_millis(10));
    }
}

/// Lets the process start as the first of a group of its own, and, where the system can do that, die with the thread that
/// starts it.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "the signal at the parent's death can only be asked for between fork and exec")]
fn end_with_us(command: &mut Command) {
    use std::os::unix::process::CommandExt as _;

    use rustix::process::{Signal, getpid, getppid, set_parent_process_death_signal};

    command.process_group(0);
    let parent = getpid();
    let ask = move || {
        set_parent_process_death_signal(Some(Signal::KILL))?;
        // It does not come when the parent has died before.
        if getppid() == Some(parent) { Ok(()) } else { Err(io::ErrorKind::Interrupted.into()) }
    };
    // SAFETY: between fork and exec only what is safe in a signal handler may run: `ask` makes two system calls, compares two
    // numbers and allocates nothing.
    unsafe {
        command.pre_exec(ask);
    }
}

#[cfg(all(unix, not(target_os = "linux")))]
fn end_with_us(command: &mut Command) {
    std::os::unix::process::CommandExt::process_group(command, 0);
}

#[cfg(not(unix))]
fn end_with_us(_command: &mut Command) {}

#[cfg(test)]
#[cfg(target_os = "linux")]
mod tests {
    use super::*;
    use crate::process::Secrets;
    use std::path::Path;

    fn start(script: &str) -> (Started, Arc<OutputLog>, std::path::PathBuf) {
        let mut command = Command::new("sh");
        command.arg("-c").arg(script);
        let folder = ProviderFolder::make().unwrap();
        let path = folder.path().to_owned();
        command.env("FOLDER", &path);
        let log = Arc::new(OutputLog::new("sh", Arc::new(Secrets::default())));
        (Process::start(command, folder, Arc::clone(&log)).unwrap(), log, path)
    }

    fn is_alive(pid: &str) -> bool {
        std::fs::read_to_string(format!("/proc/{pid}/stat"))
            .is_ok_and(|stat| !stat.rsplit(')').next().unwrap().trim().starts_with('Z'))
    }

    fn line(line: FirstLine) -> String {
        match line {
            FirstLine::Line(bytes) => String::from_utf8(bytes).unwrap(),
            other => panic!("{other:?}"),
        }
    }

    fn gone(path: &Path) -> bool {
        let start = Instant::now();
        while path.exists() && start.elapsed() < Duration::from_secs(5) {
            thread::sleep(Duration::from_millis(5));
        }
        !path.exists()
    }

    #[tokio::test]
    async fn the_first_line_is_given_the_rest_is_read_and_the_status_known() {
        let (started, log, folder) = start("echo one; echo two; echo bad >&2; exit 3");
        assert_eq!(line(started.first_line.await.unwrap()), "one");
        assert_eq!(started.process.ended().await.code(), Some(3));
        let start = Instant::now();
        while log.tail().lines().count() < 2 {
            assert!(start.elapsed() < Duration::from_secs(5), "{}", log.tail());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(gone(&folder));
        started.process.kill();
    }

    #[tokio::test]
    async fn dropping_ends_the_process_and_its_group() {
        let (started, _, folder) = start("sleep 60 & echo $!; wait");
        let child = line(started.first_line.await.unwrap());
        let number = started.process.number().to_string();
        assert!(is_alive(&child) && is_alive(&number));
        drop(started.process);
        // The folder goes last.
        assert!(gone(&folder));
        let start = Instant::now();
        while is_alive(&child) && start.elapsed() < Duration::from_secs(5) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(!is_alive(&child) && !is_alive(&number));
    }

    #[tokio::test]
    async fn what_it_leaves_running_ends_with_it() {
        let (started, _, _) = start("sleep 60 & echo $!");
        let child = line(started.first_line.await.unwrap());
        started.process.ended().await;
        let start = Instant::now();
        while is_alive(&child) && start.elapsed() < Duration::from_secs(5) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(!is_alive(&child));
    }

    #[tokio::test]
    async fn the_signal_is_set_for_the_death_of_the_thread_that_stays() {
        // The thread that called may end: the process goes on.
        let started = thread::spawn(|| start("echo up; exec sleep 60")).join().unwrap();
        line(started.0.first_line.await.unwrap());
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(is_alive(&started.0.process.number().to_string()));
        assert_eq!(started.0.process.status(), None);
    }

    #[test]
    fn a_program_that_is_not_there_is_an_error() {
        let log = Arc::new(OutputLog::new("x", Arc::new(Secrets::default())));
        let error =
            Process::start(Command::new("no-such-program-here"), ProviderFolder::make().unwrap(), log).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::NotFound);
    }
}
