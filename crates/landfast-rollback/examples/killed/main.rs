//! An operation on a world in files, in a process that may be killed at any moment: what `cargo xtask prove operation-kills`
//! starts.
//!
//! - `killed prepare FOLDER SEED`: draws a world and a plan for it.
//! - `killed work FOLDER forward|back`: executes the plan, or takes up what an earlier process left, in this direction.
//! - `killed judge FOLDER`: holds the world against the journal, and says how the operation ended.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool for developers")]

mod judge;
mod scene;
mod world;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

use landfast_drift::CompareOptions;
use landfast_rollback::journal::{FileJournal, View};
use landfast_rollback::testing::{MemoryAudit, MemoryHold, MemoryJudge};
use landfast_rollback::{Executor, OperationOptions, Ports, Resume, SystemClock, Values};
use landfast_safety::{Facts, Gate};

use scene::Scene;
use world::FileWorld;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["prepare", folder, seed] => prepare(Path::new(folder), seed),
        ["work", folder, "forward"] => work(Path::new(folder), Resume::Forward),
        ["work", folder, "back"] => work(Path::new(folder), Resume::Back),
        ["judge", folder] => judge::judge(Path::new(folder)).map(|ended| println!("{ended}")),
        _ => Err("prepare FOLDER SEED, work FOLDER forward|back, or judge FOLDER".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn prepare(folder: &Path, seed: &str) -> Outcome<()> {
    let scene = Scene::draw(seed.parse()?)?;
    scene.write(folder)
}

fn work(folder: &Path, how: Resume) -> Outcome<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    runtime.block_on(async {
        let scene = Scene::read(folder)?;
        let path = scene::journal(folder);
        let (journal, records) = match path.exists() {
            // A process that died while it made the file left one without records, or without an end of the first.
            true => FileJournal::take_up(&path).map(|(journal, log)| (journal, log.records))?,
            false => (FileJournal::create(&path)?, Vec::new()),
        };
        let compared = CompareOptions::default();
        let clock = Arc::new(SystemClock);
        let ports = Ports {
            actuator: Arc::new(FileWorld::of(folder, &scene)),
            journal: Arc::new(journal),
            hold: Arc::new(MemoryHold::new(scene.plan.target().clone(), scene.plan.state())),
            clock: Arc::<SystemClock>::clone(&clock),
            judge: Arc::new(MemoryJudge::new(Gate::empty(), Facts::default(), clock, compared.clone())),
            audit: Arc::new(MemoryAudit::default()),
            probes: Vec::new(),
        };
        let values = Values::new(scene::key(), vec![scene.plan.before().clone(), scene.plan.after().clone()]);
        let executor = Executor::new(ports, values, compared);
        if records.is_empty() {
            executor.execute("op", &scene.plan, &OperationOptions::default(), "somebody").await?;
        } else {
            if how == Resume::Back {
                std::fs::write(folder.join("back"), "")?;
            }
            let report = executor.resume(View::of(&records)?, how, "somebody else").await?;
            match report.stayed {
                None => {}
                // What a kill left half done does not go on forward. A person has it taken back then.
                Some(why) if why.contains("what it left is neither") => {
                    std::fs::write(folder.join("back"), "")?;
                    executor.resume(report.view, Resume::Back, "somebody else").await?;
                }
                Some(why) => return Err(format!("it stays as it is: {why}").into()),
            }
        }
        Ok(())
    })
}
