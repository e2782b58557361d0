//! How providers end when things go wrong: theirs, and ours.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use landfast_tfplugin::{CallError, ProviderReader, SchemaScope, StartOptions};

use super::tools::{aws, null};

/// Tells a copy of this test program that it is to start a provider and wait.
const CHILD: &str = "LANDFAST_TFPLUGIN_CHILD";

fn kill(number: u32) {
    assert!(Command::new("kill").args(["-9", &number.to_string()]).status().unwrap().success());
}

#[tokio::test]
async fn a_crash_is_told_as_one_and_every_later_call_fails() {
    let mut options = StartOptions::default();
    options.call_timeout = Duration::from_secs(20);
    let reader = ProviderReader::start(&aws(), &options).await.unwrap();
    kill(reader.process_number());
    let error = reader.schemas(&SchemaScope::Everything).await.unwrap_err();
    assert!(matches!(error, CallError::Crashed { .. }), "{error}");
    assert!(error.to_string().contains("ended before it answered GetProviderSchema (signal: 9 (SIGKILL))"), "{error}");
    assert!(reader.has_ended());
    assert!(matches!(reader.schemas(&SchemaScope::Everything).await, Err(CallError::Crashed { .. })));
    reader.close().await;
}

/// The body of the copy: starts a provider, says so, and waits to be killed.
#[tokio::test]
async fn as_a_child_start_a_provider_and_wait() {
    if std::env::var_os(CHILD).is_none() {
        return;
    }
    let reader = ProviderReader::start(&null(), &StartOptions::default()).await.unwrap();
    println!("\nprovider {}", reader.process_number());
    tokio::time::sleep(Duration::from_secs(600)).await;
    drop(reader);
}

#[tokio::test]
async fn no_provider_is_left_when_we_are_killed() {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "live::endings::as_a_child_start_a_provider_and_wait", "--nocapture"])
        .env(CHILD, "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let number = lines.find_map(|line| line.strip_prefix("provider ").map(str::to_owned)).unwrap();
    let running = Path::new("/proc").join(&number);
    assert!(running.exists());
    child.kill().unwrap();
    child.wait().unwrap();
    let start = Instant::now();
    while running.exists() {
        assert!(start.elapsed() < Duration::from_secs(5), "provider {number} is left");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}
