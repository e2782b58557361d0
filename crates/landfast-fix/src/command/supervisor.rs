//! Commands that end when the process that started them does.

use std::ffi::OsString;
use std::io::{self, BufRead as _, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

/// How to start a supervisor of commands: a program that calls [`supervise_command`] with the arguments that follow these, most
/// often the calling program itself.
///
/// A process that is killed cannot end what it started. A supervisor between it and the command reads a pipe that the process
/// holds: when that closes, for whatever reason, it kills the command with its whole process group. Whatever a command leaves
/// behind in its group ends with it, too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandSupervisor {
    program: PathBuf,
    arguments: Vec<OsString>,
}

/// Exit code and first words of a supervisor that could not start the command.
const NOT_STARTED: i32 = 243;
const NOT_STARTED_SAYS: &str = "landfast-supervisor: ";

impl CommandSupervisor {
    /// A supervisor that is started by this program with these arguments, to which others are added.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>, arguments: impl IntoIterator<Item = OsString>) -> Self {
        Self { program: program.into(), arguments: arguments.into_iter().collect() }
    }

    /// A supervisor that is started by the program that runs now.
    ///
    /// # Errors
    /// When the system does not tell which program this is.
    pub fn of_this_program(arguments: impl IntoIterator<Item = OsString>) -> io::Result<Self> {
        // On Linux this name leads to the running program even after its file was replaced.
        let linux = Path::new("/proc/self/exe");
        let program = if linux.exists() { linux.to_owned() } else { std::env::current_exe()? };
        Ok(Self::new(program, arguments))
    }

    /// The command that starts it for this program, whose arguments follow.
    pub(super) fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).arg(program);
        command
    }
}

/// Why a supervisor could not start its command, where that is what its end says.
pub(super) fn not_started(status: ExitStatus, err: &[u8]) -> Option<io::Error> {
    let said = String::from_utf8_lossy(err);
    let why = said.strip_prefix(NOT_STARTED_SAYS).filter(|_| status.code() == Some(NOT_STARTED))?;
    Some(io::Error::other(why.trim().to_owned()))
}

/// The body of a supervisor: runs the command that the arguments name, with the standard output and error of this process. On
/// standard input come the length of the command's input in bytes, a line feed, and that input; when standard input closes
/// then, the command and its whole group are killed. Gives the exit code for this process.
///
/// A program that offers itself as a [`CommandSupervisor`] calls this when it sees the arguments that it gave there. Signals
/// that would end it leave the command without supervision: such a program takes no notice of them.
#[must_use]
pub fn supervise_command(arguments: impl IntoIterator<Item = OsString>) -> i32 {
    match keep(arguments) {
        Ok(status) => status
            .code()
            .unwrap_or_else(|| 128 + std::os::unix::process::ExitStatusExt::signal(&status).unwrap_or_default()),
        Err(error) => {
            // Who asked reads this; if nobody does, nobody wants to know.
            let _ = writeln!(io::stderr(), "{NOT_STARTED_SAYS}{error}");
            NOT_STARTED
        }
    }
}

fn keep(arguments: impl IntoIterator<Item = OsString>) -> io::Result<ExitStatus> {
    let mut arguments = arguments.into_iter();
    let program = arguments.next().ok_or_else(|| io::Error::other("a supervisor is not started by hand"))?;
    let input = input()?;
    let mut child = std::os::unix::process::CommandExt::process_group(&mut Command::new(program), 0)
        .args(arguments)
        .stdin(Stdio::piped())
        .spawn()?;
    let group = i32::try_from(child.id()).ok().and_then(Pid::from_raw).ok_or_else(|| io::Error::other("no process"))?;
    let stdin = child.stdin.take();
    // Once it has ended, its number may be somebody else's.
    let ended = Arc::new(Mutex::new(false));
    let told = Arc::clone(&ended);
    std::thread::spawn(move || {
        // Nothing more is ever written; the end is what counts.
        let _ = io::stdin().lock().read_to_end(&mut Vec::new());
        let ended = told.lock().unwrap_or_else(PoisonError::into_inner);
        if !*ended {
            let _ = kill_process_group(group, Signal::KILL);
        }
    });
    std::thread::spawn(move || {
        if let Some(mut stdin) = stdin {
            // A command that reads no input closes it, and that is its business.
            let _ = stdin.write_all(&input);
        }
    });
    // It is looked at first and taken note of then: in between, its number stays taken.
    let over = loop {
        match waitid(WaitId::Pid(group), WaitIdOptions::EXITED | WaitIdOptions::NOWAIT) {
            Err(rustix::io::Errno::INTR) => {}
            other => break other,
        }
    };
    let mut ended = ended.lock().unwrap_or_else(PoisonError::into_inner);
    *ended = true;
    // Whatever it has left behind in its group goes too, and the command itself where it cannot be told whether it has ended.
    let _ = kill_process_group(group, Signal::KILL);
    over?;
    child.wait()
}

/// The input of the command, as it comes first.
fn input() -> io::Result<Vec<u8>> {
    let mut stdin = io::stdin().lock();
    let mut length = String::new();
    // No length has more digits.
    stdin.by_ref().take(21).read_line(&mut length)?;
    let length = length.trim_end().parse().map_err(io::Error::other)?;
    let mut input = Vec::new();
    let read = stdin.by_ref().take(length).read_to_end(&mut input)?;
    if u64::try_from(read).is_ok_and(|read| read == length) {
        Ok(input)
    } else {
        Err(io::Error::from(io::ErrorKind::UnexpectedEof))
    }
}
