//! Killing an operation: whatever process is killed at whatever moment, the next one ends it as the model says, and the world
//! is as its journal says.
//!
//! The program that is killed is the example `killed` of `landfast-rollback`: the real executor with a journal in a file, on a
//! world in files. It holds the world against the journal as well, in a process of its own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::killed::{Moment, run};
use super::scene::folder;
use super::{Proof, Setting, programs};
use crate::workspace::root;

const PART: &str = "operation-kills";
/// More calls on its journal than an operation makes.
const MOST_CALLS: u64 = 2000;
/// How many operations are killed side by side: most of the time each waits for its world or its disk.
const SIDE_BY_SIDE: u64 = 4;

/// When the processes of one operation are killed, one after the other. The last one is not.
type Kills = Vec<Kill>;

#[derive(Debug, Clone, Copy)]
enum Kill {
    Call { number: u64, is_torn: bool },
    After(Duration),
}

#[derive(Debug, Default)]
struct Tally {
    runs: u64,
    kills: u64,
    ended: BTreeMap<String, u64>,
    broken: Vec<String>,
}

struct Killed {
    program: PathBuf,
    folder: PathBuf,
}

pub(super) fn prove(setting: &Setting) -> Result<Vec<Proof>, String> {
    let root = root()?;
    let example = ["--package", "landfast-rollback", "--example", "killed"];
    let arguments = [&example[..], &["--features", "testing,landfast-durable/fault"]].concat();
    let [program] = programs::build(&root, &arguments, ["examples/killed"])?;
    let killed = Killed { program, folder: folder(PART)? };
    let whole = killed.whole()?;
    Ok(vec![killed.at_every_record(setting)?, killed.at_random_moments(setting, whole)?])
}

impl Killed {
    fn command(&self, arguments: &[&str], folder: &Path) -> Command {
        let mut command = Command::new(&self.program);
        let (first, rest) = arguments.split_first().unwrap_or((&"", &[]));
        command.arg(first).arg(folder).args(rest);
        command
    }

    fn say(&self, arguments: &[&str], folder: &Path) -> Result<String, String> {
        let output = self.command(arguments, folder).output().map_err(|error| error.to_string())?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
        }
    }

    /// How long an operation takes that nobody kills: the longest of some.
    fn whole(&self) -> Result<Duration, String> {
        let folder = self.folder.join("whole");
        let mut longest = Duration::ZERO;
        for seed in 0..5 {
            self.say(&["prepare", &seed.to_string()], &folder)?;
            let start = Instant::now();
            self.say(&["work", "forward"], &folder)?;
            longest = longest.max(start.elapsed());
            self.say(&["judge"], &folder)?;
        }
        Ok(longest)
    }

    /// One operation through its kills to its end. Whether the first process was killed at all.
    fn one(&self, folder: &Path, seed: u64, kills: &Kills, random: &mut fastrand::Rng, tally: &mut Tally) -> bool {
        let broken = |what: String| format!("seed {seed}, {kills:?}: {what}");
        tally.runs += 1;
        if let Err(error) = self.say(&["prepare", &seed.to_string()], folder) {
            tally.broken.push(broken(error));
            return false;
        }
        let mut was_killed = false;
        for (at, kill) in kills.iter().enumerate() {
            let how = if at > 0 && random.u8(..4) == 0 { "back" } else { "forward" };
            let moment = match *kill {
                Kill::Call { number, is_torn } => Moment::Call { number, is_torn },
                Kill::After(time) => Moment::After(time),
            };
            match run(self.command(&["work", how], folder), moment) {
                Err(error) => tally.broken.push(broken(error)),
                Ok(ended) if ended.was_killed => {
                    tally.kills += 1;
                    was_killed |= at == 0;
                }
                Ok(ended) if !ended.status.success() => {
                    tally.broken.push(broken(format!("not killed, and failed: {}", ended.said)));
                }
                Ok(_) => {}
            }
        }
        let how = if random.u8(..4) == 0 { "back" } else { "forward" };
        let ended = self.say(&["work", how], folder).and_then(|_| self.say(&["judge"], folder));
        match ended {
            Ok(state) => *tally.ended.entry(state).or_default() += 1,
            Err(error) => tally.broken.push(broken(error)),
        }
        was_killed
    }

    fn at_every_record(&self, setting: &Setting) -> Result<Proof, String> {
        let mut tally = Tally::default();
        let mut random = fastrand::Rng::with_seed(setting.seed);
        let folder = self.folder.join("records");
        for seed in 0..setting.many(4, 1) {
            for is_torn in [false, true] {
                let mut number = 1;
                while number < MOST_CALLS {
                    let kills = vec![Kill::Call { number, is_torn }];
                    if !self.one(&folder, seed, &kills, &mut random, &mut tally) {
                        break;
                    }
                    number += setting.many(1, 11);
                }
            }
        }
        Ok(tally.proof("killed at every call on the journal, and halfway through every write"))
    }

    fn at_random_moments(&self, setting: &Setting, whole: Duration) -> Result<Proof, String> {
        let count = setting.many(1200, 40);
        let (next, tallies) = (AtomicU64::new(0), Mutex::new(Tally::default()));
        std::thread::scope(|scope| {
            for worker in 0..SIDE_BY_SIDE {
                let (next, tallies) = (&next, &tallies);
                scope.spawn(move || {
                    let folder = self.folder.join(format!("moments-{worker}"));
                    let mut own = Tally::default();
                    loop {
                        let seed = next.fetch_add(1, Ordering::SeqCst);
                        if seed >= count {
                            break;
                        }
                        let mut random = fastrand::Rng::with_seed(setting.seed.wrapping_mul(1_000_003) + seed);
                        let kills = (0..random.usize(1..4)).map(|_| Kill::After(whole.mul_f64(random.f64()))).collect();
                        self.one(&folder, seed, &kills, &mut random, &mut own);
                    }
                    tallies.lock().unwrap_or_else(std::sync::PoisonError::into_inner).add(own);
                });
            }
        });
        let tally = tallies.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
        Ok(tally.proof("killed one to three times at random moments, each time taken up by the next process"))
    }
}

impl Tally {
    fn add(&mut self, other: Self) {
        self.runs += other.runs;
        self.kills += other.kills;
        self.broken.extend(other.broken);
        for (state, count) in other.ended {
            *self.ended.entry(state).or_default() += count;
        }
    }

    fn proof(self, how: &str) -> Proof {
        let ended: Vec<String> = self.ended.iter().map(|(state, count)| format!("{state} {count}")).collect();
        Proof {
            part: PART,
            what: format!("an operation, {how}"),
            runs: self.runs,
            seen: format!("killed {} times; ended {}", self.kills, ended.join(", ")),
            broken: self.broken,
            is_peer: false,
        }
    }
}
