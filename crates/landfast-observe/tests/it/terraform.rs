//! The tool, played by a script: what is done when futures are dropped, and where the plan goes.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use landfast_observe::{
    FailureClass, ObserveRequest, Observer as _, Progress, ProgressSink, Scope, TerraformCli, TerraformOptions,
};

use crate::{fixture, observe};

/// Prints the stream of a real plan, "writes" the plan, and shows the real one.
const REPLAY: &str = r#"
for last; do :; done
case $1 in
plan) cat "$FIXTURE/plan.ui.jsonl"; printf plan > "${last#-out=}" ;;
show) [ "$(cat "$last")" = plan ] && cat "$FIXTURE/refresh.plan.json" ;;
esac"#;

struct Tool(tempfile::TempDir);

impl Tool {
    fn new(script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("terraform");
        let text = format!("#!/bin/sh\nFIXTURE='{}'\n{script}\n", fixture("aws-moto").display());
        std::fs::write(&program, text).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn observer(&self) -> TerraformCli {
        let mut options = TerraformOptions::default();
        options.programs = vec![self.path("terraform").into()];
        options.grace = Duration::from_millis(200);
        TerraformCli::new(self.0.path(), options)
    }
}

fn wait_for(path: &Path) -> String {
    let start = Instant::now();
    loop {
        match std::fs::read_to_string(path) {
            Ok(text) if text.ends_with('\n') => return text.trim().to_owned(),
            _ => assert!(start.elapsed() < Duration::from_secs(10), "{} does not come", path.display()),
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn progress_is_told_and_both_sides_come_back() {
    let tool = Tool::new(REPLAY);
    let told = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&told);
    let progress = ProgressSink::new(move |progress| sink.lock().unwrap().push(progress));
    let observed = observe(&tool.observer(), ObserveRequest::default().with_progress(progress)).unwrap();
    assert!(observed.recorded.unwrap().objects().len() > observed.observation.snapshot.objects().len());
    assert!(observed.observation.gaps.is_empty(), "{:?}", observed.observation.gaps);
    let told = told.lock().unwrap();
    assert_eq!(told.first(), Some(&Progress::Started { tool: String::from("terraform") }));
    assert_eq!(told.last(), Some(&Progress::Gathering));
    assert!(told.iter().any(|it| matches!(it, Progress::Reading { done: 5.., .. })), "{told:?}");
}

#[test]
fn a_scope_asks_for_targets_and_nothing_else_is_answered() {
    let tool = Tool::new(&format!("[ $1 = plan ] && printf '%s\\n' \"$@\" > arguments\n{REPLAY}"));
    let scope = Scope::Only(["aws_vpc.main".parse().unwrap()].into());
    let observed = observe(&tool.observer(), ObserveRequest::default().with_scope(scope)).unwrap();
    let arguments = std::fs::read_to_string(tool.path("arguments")).unwrap();
    assert!(arguments.lines().any(|line| line == "-target=aws_vpc.main"), "{arguments}");
    let addresses: Vec<_> = observed.observation.snapshot.instances().map(ToString::to_string).collect();
    assert_eq!(addresses, ["aws_vpc.main"]);
}

/// Where a tool cannot open memory by its name, the plan goes into the private folder, and both go.
#[test]
fn a_plan_that_cannot_go_to_memory_goes_to_a_private_file() {
    let refuse = r#"
[ $1 = plan ] && echo "$TMPDIR" >> folders && case "$*" in *-out=/proc/*)
    echo '{"type":"version","terraform":"1.11.4","ui":"1.2"}'
    echo '{"type":"diagnostic","diagnostic":{"severity":"error","summary":"Failed to write plan file","detail":""}}'
    exit 1 ;;
*) stat -c %a "$TMPDIR" > mode ;;
esac"#;
    let tool = Tool::new(&format!("{refuse}\n{REPLAY}"));
    let observed = observe(&tool.observer(), ObserveRequest::default()).unwrap();
    assert!(!observed.observation.snapshot.objects().is_empty());
    assert_eq!(std::fs::read_to_string(tool.path("mode")).unwrap().trim(), "700");
    let folders = std::fs::read_to_string(tool.path("folders")).unwrap();
    assert!(folders.lines().count() > 0 && folders.lines().all(|folder| !Path::new(folder).exists()), "{folders}");
}

#[test]
#[cfg(target_os = "linux")]
fn a_future_that_is_dropped_ends_what_it_started() {
    let tool = Tool::new("sleep 60 & echo $! > child; echo \"$TMPDIR\" > folder; wait");
    let observer = tool.observer();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (child, folder) = runtime.block_on(async {
        let mut future = observer.observe(ObserveRequest::default());
        // One look at it starts it.
        let first = std::future::poll_fn(|context| std::task::Poll::Ready(future.as_mut().poll(context).is_pending()));
        assert!(first.await);
        (wait_for(&tool.path("child")), wait_for(&tool.path("folder")))
    });
    let process = PathBuf::from(format!("/proc/{child}"));
    let start = Instant::now();
    let is_zombie = || std::fs::read_to_string(process.join("stat")).is_ok_and(|stat| stat.contains(") Z "));
    while (process.exists() && !is_zombie()) || Path::new(&folder).exists() {
        assert!(start.elapsed() < Duration::from_secs(5), "{child} still runs, or {folder} is still there");
        std::thread::sleep(Duration::from_millis(10));
    }
}

#[test]
fn failures_have_a_class() {
    let class = |script: &str| observe(&Tool::new(script).observer(), ObserveRequest::default()).unwrap_err().class();
    assert_eq!(class("echo Usage: terraform plan; exit 1"), FailureClass::UnsupportedVersion);
    assert_eq!(class("echo something; exit 1"), FailureClass::Other);
    // A plan of nothing.
    let nothing = r#"for last; do :; done
case $1 in plan) echo plan > "${last#-out=}" ;; show) echo '{"format_version":"1.2","planned_values":{}}' ;; esac"#;
    assert_eq!(class(nothing), FailureClass::NothingRecorded);
    let missing = TerraformCli::new(Path::new("nowhere"), TerraformOptions::default());
    assert_eq!(
        observe(&missing, ObserveRequest::default()).unwrap_err().to_string(),
        "nowhere: cannot be used as a folder"
    );
}
