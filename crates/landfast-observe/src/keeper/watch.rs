//! Watching one program until it has ended.

use std::fs;
use std::io;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use super::group::{self, Signal};

/// How often the keeper looks.
const PAUSE: Duration = Duration::from_millis(10);

/// What happens to the private folder at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Leave {
    /// It goes.
    Nothing,
    /// It stays when the program ended by itself: another run needs what is in it.
    FolderOfSuccess,
}

/// How a program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// By itself.
    Itself(ExitStatus),
    /// It was stopped.
    Stopped,
    /// Its time was up.
    TimedOut,
}

/// What a keeper is told.
#[derive(Debug, Clone)]
pub(super) struct Orders<'a> {
    /// The private folder, which must not be there yet, unless a run before has left it.
    pub(super) private: &'a Path,
    pub(super) leave: Leave,
    /// How long the group may take to end after it was interrupted.
    pub(super) grace: Duration,
    /// How long the program may take.
    pub(super) limit: Option<Duration>,
}

/// How long what was killed may take to be gone.
const LAST_WAIT: Duration = Duration::from_secs(1);

/// Runs the program, and comes back when nothing of its group is left.
pub(super) fn keep(mut command: Command, orders: &Orders<'_>, stopped: &dyn Fn() -> bool) -> io::Result<Ended> {
    make_folder(orders.private)?;
    group::start_group(&mut command);
    let ended = command.spawn().and_then(|child| {
        // It holds ends of pipes whose readers wait for them to be closed.
        drop(command);
        watch(child, orders, stopped)
    });
    match (orders.leave, &ended) {
        (Leave::FolderOfSuccess, Ok(Ended::Itself(_))) => {}
        _ => remove_folder(orders.private),
    }
    ended
}

fn watch(mut child: Child, orders: &Orders<'_>, stopped: &dyn Fn() -> bool) -> io::Result<Ended> {
    let start = Instant::now();
    let mut why = None;
    let mut deadline = None;
    loop {
        // When it cannot be told whether it has ended, it must not go on unwatched.
        let over = group::has_ended(&mut child).unwrap_or(true);
        if over || deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            // Whatever the program has left behind in its group goes too.
            group::signal(&mut child, Signal::Kill);
            let status = child.wait()?;
            group::await_gone(&child, LAST_WAIT);
            return Ok(why.unwrap_or(Ended::Itself(status)));
        }
        if why.is_none() {
            if stopped() {
                why = Some(Ended::Stopped);
            } else if orders.limit.is_some_and(|limit| start.elapsed() >= limit) {
                why = Some(Ended::TimedOut);
            }
            if why.is_some() {
                group::signal(&mut child, Signal::Interrupt);
                deadline = Some(Instant::now() + orders.grace);
            }
        }
        thread::sleep(PAUSE);
    }
}

/// Makes a folder that only its owner can enter; one that a run before has left is taken as it is.
fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    match builder.create(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && is_ours(folder) => Ok(()),
        other => other.map_err(|error| {
            io::Error::new(error.kind(), format!("{}: a temporary folder cannot be made: {error}", folder.display()))
        }),
    }
}

/// Whether a folder of this name is one that nobody else can write to.
fn is_ours(folder: &Path) -> bool {
    let Ok(metadata) = fs::symlink_metadata(folder) else { return false };
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        metadata.is_dir() && metadata.mode() & 0o077 == 0 && metadata.uid() == rustix::process::geteuid().as_raw()
    }
    #[cfg(not(unix))]
    metadata.is_dir()
}

/// Removes the folder. What cannot be removed is left: there is nobody to tell.
pub(crate) fn remove_folder(folder: &Path) {
    if let Err(error) = fs::remove_dir_all(folder)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(folder = %folder.display(), %error, "a temporary folder could not be removed");
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::cell::Cell;
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::Stdio;

    use super::*;

    /// A program that starts another one in its group, writes that one's number into the private folder, and waits.
    fn family(private: &Path, script: &str) -> Command {
        let mut command = Command::new("sh");
        command.arg("-c").arg(script).env("PRIVATE", private).stdin(Stdio::null()).stdout(Stdio::null());
        command
    }

    fn is_alive(pid: &str) -> bool {
        // A process that was ended and is waited for by nobody yet is none any more.
        fs::read_to_string(format!("/proc/{pid}/stat"))
            .is_ok_and(|stat| !stat.rsplit(')').next().unwrap().trim().starts_with('Z'))
    }

    fn orders(private: &Path, limit: Option<Duration>) -> Orders<'_> {
        Orders { private, leave: Leave::Nothing, grace: Duration::from_millis(200), limit }
    }

    /// Runs the script until it has told the number of its child, then stops it.
    fn stop_family(script: &str) -> (Ended, String, std::path::PathBuf) {
        let scratch = tempfile::tempdir().unwrap();
        let private = scratch.path().join("private");
        let child = Cell::new(String::new());
        let stopped = || match fs::read_to_string(private.join("pid")) {
            Ok(pid) if pid.ends_with('\n') => {
                child.set(pid.trim().to_owned());
                true
            }
            _ => false,
        };
        let ended = keep(family(&private, script), &orders(&private, None), &stopped).unwrap();
        (ended, child.take(), private)
    }

    #[test]
    fn a_stop_ends_the_whole_group_and_removes_the_folder() {
        let (ended, child, private) = stop_family("sleep 60 & echo $! > $PRIVATE/pid; wait");
        assert_eq!(ended, Ended::Stopped);
        assert!(!child.is_empty() && !is_alive(&child), "{child}");
        assert!(!private.exists());
    }

    #[test]
    fn a_group_that_takes_no_notice_is_killed_after_the_grace() {
        let script = "trap '' INT; (trap '' INT; sleep 60 & echo $! > $PRIVATE/pid; wait; sleep 60); sleep 60";
        let (ended, child, _) = stop_family(script);
        assert_eq!(ended, Ended::Stopped);
        assert!(!is_alive(&child), "{child}");
    }

    #[test]
    fn what_a_program_leaves_running_ends_with_it() {
        let scratch = tempfile::tempdir().unwrap();
        let (private, told) = (scratch.path().join("private"), scratch.path().join("pid"));
        let mut command = family(&private, "sleep 60 & echo $! > $TOLD; exit 3");
        command.env("TOLD", &told);
        let ended = keep(command, &orders(&private, None), &|| false).unwrap();
        assert_eq!(ended, Ended::Itself(ExitStatus::from_raw(3 << 8)));
        assert!(!is_alive(fs::read_to_string(told).unwrap().trim()));
        assert!(!private.exists());
    }

    #[test]
    fn time_is_limited() {
        let scratch = tempfile::tempdir().unwrap();
        let private = scratch.path().join("private");
        let limit = Some(Duration::from_millis(100));
        let ended = keep(family(&private, "sleep 60"), &orders(&private, limit), &|| false).unwrap();
        assert_eq!(ended, Ended::TimedOut);
    }

    #[test]
    fn the_folder_is_private_and_a_stranger_s_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let scratch = tempfile::tempdir().unwrap();
        let private = scratch.path().join("private");
        let mut keeping = orders(&private, None);
        keeping.leave = Leave::FolderOfSuccess;
        keep(family(&private, "true"), &keeping, &|| false).unwrap();
        assert_eq!(fs::metadata(&private).unwrap().permissions().mode() & 0o777, 0o700);
        keep(family(&private, "true"), &orders(&private, None), &|| false).unwrap();
        assert!(!private.exists());
        fs::create_dir(&private).unwrap();
        fs::set_permissions(&private, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(keep(family(&private, "true"), &orders(&private, None), &|| false).is_err());
        assert!(private.exists());
    }
}
