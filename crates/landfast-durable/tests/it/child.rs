//! Processes that hold locks and are killed: this program once more, with a part to play.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::time::Duration;

use landfast_durable::{LockOptions, LockedFile, Log, LogOptions, ReplaceOptions, Replacement, Wait, create, replace};

use crate::TOMBSTONE;

const PART: &str = "LANDFAST_DURABLE_TEST_PART";
const FILE: &str = "LANDFAST_DURABLE_TEST_FILE";
/// How often a part does what it does, where it is not 200 times.
const ROUNDS: &str = "LANDFAST_DURABLE_TEST_ROUNDS";

/// What the content is before and after, in every proof.
pub(crate) const OLD: &[u8] = b"{\"serial\": 1, \"what\": \"the old content\"}";
pub(crate) const NEW: &[u8] = b"{\"serial\": 2, \"what\": \"the new content, which is longer\"}";

/// The records that a child appends, and says so after each.
pub(crate) fn content(sequence: u64) -> Vec<u8> {
    format!("record {sequence} {}", "x".repeat(usize::try_from(sequence).unwrap() * 7)).into_bytes()
}

/// Content that is large enough to be interrupted in, and that shows whether it is whole.
pub(crate) fn generation(serial: u64) -> Vec<u8> {
    serial.to_le_bytes().repeat(20_000)
}

/// A child that is running.
pub(crate) struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<std::process::ChildStdout>,
}

pub(crate) fn start(part: &str, file: &Path, variables: &[(&str, String)]) -> Running {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child::part", "--ignored", "--nocapture", "--test-threads=1"])
        .env(PART, part)
        .env(FILE, file)
        .envs(variables.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let stdin = child.stdin.take();
    let stdout = BufReader::new(child.stdout.take().unwrap());
    Running { child, stdin, stdout }
}

impl Running {
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it says this.
    pub(crate) fn says(&mut self, word: &str) {
        let mut line = String::new();
        loop {
            line.clear();
            assert!(self.stdout.read_line(&mut line).unwrap() > 0, "the child ended before it said {word}");
            if line.contains(&format!("<{word}>")) {
                return;
            }
        }
    }

    /// Lets it go on, and end; what else it says.
    pub(crate) fn finish(mut self) -> (ExitStatus, String) {
        drop(self.stdin.take());
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        (self.child.wait().unwrap(), rest)
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Kills it; what it had said that nobody has read yet.
    pub(crate) fn kill_and_read(mut self) -> String {
        self.child.kill().unwrap();
        let mut rest = String::new();
        self.stdout.read_to_string(&mut rest).unwrap();
        self.child.wait().unwrap();
        rest
    }
}

fn say(word: &str) {
    let mut out = std::io::stdout().lock();
    // One write, so that a kill leaves no half of a word.
    out.write_all(format!("<{word}>\n").as_bytes()).unwrap();
    out.flush().unwrap();
}

fn until_told() {
    let _ = std::io::stdin().read_to_end(&mut Vec::new());
}

#[test]
#[ignore = "a part that the other tests start in a process of its own"]
fn part() {
    let path = PathBuf::from(std::env::var_os(FILE).expect("a file to act on"));
    let private = ReplaceOptions::default();
    match std::env::var(PART).expect("a part to play").as_str() {
        "hold" => {
            let _locked = LockedFile::acquire(&path, &LockOptions::default()).unwrap();
            say("held");
            until_told();
        }
        "wait" => {
            let mut options = LockOptions::default();
            options.wait = Wait::For(Duration::from_secs(60));
            let locked = LockedFile::acquire(&path, &options).unwrap();
            let text = String::from_utf8(locked.read_all(1000).unwrap()).unwrap();
            say(&format!("read {text}"));
        }
        "temporary" => {
            let mut replacement = Replacement::begin(&path, &private).unwrap();
            replacement.append(NEW).unwrap();
            say("written");
            until_told();
        }
        "increment" => {
            let mut options = LockOptions::default();
            options.wait = Wait::For(Duration::from_secs(60));
            let rounds = std::env::var(ROUNDS).map_or(200, |rounds| rounds.parse().unwrap());
            for _ in 0..rounds {
                let mut locked = LockedFile::acquire(&path, &options).unwrap();
                let number: u64 = String::from_utf8(locked.read_all(1000).unwrap()).unwrap().parse().unwrap();
                locked.replace_with((number + 1).to_string().as_bytes(), TOMBSTONE, &private).unwrap();
            }
        }
        "replace" => replace(&path, NEW, &private).unwrap(),
        "create" => create(&path, NEW, &private).unwrap(),
        "replace-locked" => {
            let mut locked = LockedFile::acquire(&path, &LockOptions::default()).unwrap();
            locked.replace_with(NEW, TOMBSTONE, &private).unwrap();
            say("replaced");
            locked.release().unwrap();
        }
        "replace-on-and-on" => {
            for serial in 1.. {
                let mut locked = LockedFile::acquire(&path, &LockOptions::default()).unwrap();
                locked.replace_with(&generation(serial), TOMBSTONE, &private).unwrap();
                say(&format!("replaced {serial}"));
            }
        }
        "append-on-and-on" => {
            let (mut log, _) = Log::open(&path, "test", &LogOptions::default()).unwrap();
            loop {
                let sequence = log.append(&generation(log.last_sequence() + 1)).unwrap();
                say(&format!("appended {sequence}"));
            }
        }
        "append" => {
            let (mut log, _) = Log::open(&path, "test", &LogOptions::default()).unwrap();
            say("opened");
            for _ in 0..4 {
                let sequence = log.append(&content(log.last_sequence() + 1)).unwrap();
                say(&format!("appended {sequence}"));
            }
        }
        other => panic!("{other} is no part"),
    }
}
