//! What an operation takes besides what it does: what `cargo xtask simulate --measure` and `cargo xtask bench operations` start.
//!
//! `operations` prints figures in words; `operations step|many|file` prints one of them, in seconds of CPU.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool for developers")]

use std::process::ExitCode;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use landfast_drift::CompareOptions;
use landfast_rollback::journal::{FileJournal, Journal};
use landfast_rollback::plan::{Batch, Plan, PlanParts, Step, StepId, ThenWait};
use landfast_rollback::testing::{MemoryAudit, MemoryHold, MemoryJournal, MemoryJudge, MemoryWorld};
use landfast_rollback::{Executor, OperationOptions, OperationState, Ports, SystemClock, Values};
use landfast_safety::{ActionKind, Facts, Gate, Target};
use landfast_state::{BytesDigest, FingerprintKey, Members, Origin, ResourceObject, Snapshot, SourceKind, Value};
use rustix::time::{ClockId, clock_gettime};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// The CPU time that this process has taken, in seconds.
fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn key() -> FingerprintKey {
    FingerprintKey::from_bytes([3; 32])
}

fn target() -> Target {
    Target {
        environment: String::new(),
        store: "memory".to_owned(),
        workspace: "default".to_owned(),
        lineage: "one".to_owned(),
        serial: 1,
    }
}

/// An object of about two kilobytes.
fn object(number: u32, name: &str) -> Outcome<ResourceObject> {
    let mut members = Members::from([("name".to_owned(), Value::String(name.to_owned()))]);
    for at in 0..40 {
        members
            .insert(format!("attribute_{at:02}"), Value::String(format!("a value of some length, {number} and {at}")));
    }
    let bare = ResourceObject::bare(format!("mem_plain.n{number}").parse()?, "registry.terraform.io/hashicorp/memory");
    Ok(bare.with_value(&members)?)
}

/// Updates of so many objects, ten at a time.
fn plan(steps: u32) -> Outcome<Plan> {
    let all = |name: &str| (1..=steps).map(|number| object(number, name)).collect::<Outcome<Vec<_>>>();
    let snapshot = |objects| Snapshot::new(Origin::new(SourceKind::Snapshot, ""), objects, Default::default());
    let mut parts = PlanParts::new(target(), BytesDigest::of(b"state"), snapshot(all("old")?)?, snapshot(all("new")?)?);
    parts.created = SystemTime::now();
    parts.expires = parts.created + Duration::from_secs(3600);
    for number in 1..=steps {
        let address = format!("mem_plain.n{number}").parse()?;
        parts.steps.push(Step::new(StepId::new(number), ActionKind::Update, address));
    }
    let ids: Vec<StepId> = parts.steps.iter().map(|step| step.id).collect();
    parts.batches = ids.chunks(10).map(|steps| Batch { steps: steps.to_vec(), then: ThenWait::Nothing }).collect();
    Ok(parts.into_plan(&key())?)
}

/// Executes a plan so many times; the CPU and the wall-clock seconds that it took.
fn execute(plan: &Plan, times: u32, journal: impl Fn(u32) -> Outcome<Arc<dyn Journal>>) -> Outcome<(f64, f64)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
    let (mut cpu, mut wall) = (0.0, 0.0);
    for time in 0..times {
        let world = MemoryWorld::new();
        plan.before().objects().iter().for_each(|object| world.put(object.clone()));
        let (compared, clock) = (CompareOptions::default(), Arc::new(SystemClock));
        let judge =
            MemoryJudge::new(Gate::empty(), Facts::default(), Arc::<SystemClock>::clone(&clock), compared.clone());
        let ports = Ports {
            actuator: Arc::new(world),
            journal: journal(time)?,
            hold: Arc::new(MemoryHold::new(target(), BytesDigest::of(b"state"))),
            clock,
            judge: Arc::new(judge),
            audit: Arc::new(MemoryAudit::default()),
            probes: Vec::new(),
        };
        let values = Values::new(key(), Vec::new());
        let executor = Executor::new(ports, values, compared);
        let (before, start) = (cpu_seconds(), Instant::now());
        let report = runtime.block_on(executor.execute("op", plan, &OperationOptions::default(), "me"))?;
        cpu += cpu_seconds() - before;
        wall += start.elapsed().as_secs_f64();
        if report.view.state != OperationState::Applied {
            return Err(format!("it ended in {}: {}", report.view.state, report.view.why).into());
        }
    }
    Ok((cpu, wall))
}

fn in_memory(_time: u32) -> Outcome<Arc<dyn Journal>> {
    Ok(Arc::new(MemoryJournal::new()))
}

/// The CPU seconds of a step, of so many.
fn of_a_step(steps: u32) -> Outcome<f64> {
    let plan = plan(steps)?;
    let times = (2000 / steps).max(3);
    execute(&plan, 1, in_memory)?;
    Ok(execute(&plan, times, in_memory)?.0 / f64::from(times * steps))
}

/// CPU and wall-clock seconds of an operation of five steps, with its journal in memory or in a file.
fn of_an_operation(is_in_file: bool) -> Outcome<(f64, f64)> {
    let plan = plan(5)?;
    let times = if is_in_file { 50 } else { 500 };
    let folder = tempfile::tempdir()?;
    let in_file = |time: u32| -> Outcome<Arc<dyn Journal>> {
        Ok(Arc::new(FileJournal::create(&folder.path().join(format!("{time}.journal")))?))
    };
    execute(&plan, 1, in_memory)?;
    let (cpu, wall) = if is_in_file { execute(&plan, times, in_file)? } else { execute(&plan, times, in_memory)? };
    Ok((cpu / f64::from(times), wall / f64::from(times)))
}

fn words() -> Outcome<()> {
    for steps in [10, 100, 1000] {
        println!("a step of {steps}, besides its journal: {:.3} ms of CPU", of_a_step(steps)? * 1e3);
    }
    let (cpu, wall) = of_an_operation(false)?;
    println!("an operation of five steps, journal in memory: {:.3} ms of CPU, {:.0} a second", cpu * 1e3, 1.0 / wall);
    let (cpu, wall) = of_an_operation(true)?;
    println!(
        "an operation of five steps, journal in a file: {:.3} ms of CPU, {:.1} ms in all, {:.0} a second",
        cpu * 1e3,
        wall * 1e3,
        1.0 / wall
    );
    Ok(())
}

fn main() -> ExitCode {
    let done = match std::env::args().nth(1).as_deref() {
        None => words(),
        Some("step") => of_a_step(100).map(|seconds| println!("{seconds}")),
        Some("many") => of_an_operation(false).map(|(cpu, _)| println!("{cpu}")),
        Some("file") => of_an_operation(true).map(|(cpu, _)| println!("{cpu}")),
        Some(other) => Err(format!("step, many or file, and not {other}").into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
