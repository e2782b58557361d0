//! Providers that take too long, say too much, crash always, or are none: the rest is read, and what is wrong is said.

use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use serde_json::json;

use super::odd::{Stage, address, count, resource, wait_long};

const LIMIT: &str = "[scan]\ntime-limit = \"3s\"\nretries = 1\n";

#[test]
fn what_takes_too_long_is_unreadable_and_the_rest_is_read() {
    const OBJECTS: usize = 12;
    let stage = Stage::new(OBJECTS);
    stage.settings(LIMIT);
    stage.put(3, json!({"size": 5}), json!({"delay": 600}));
    stage.put(5, json!({"size": 5}), json!({}));
    let start = Instant::now();
    let (run, report) = stage.check(&["--events", "events"]);
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
    assert_eq!(run.code, 2, "{}", run.err);
    assert_eq!(
        (count(&report, "in_sync"), count(&report, "drifted"), count(&report, "unreadable")),
        (OBJECTS - 2, 1, 1),
        "{report}"
    );
    let slow = resource(&report, &address(3));
    assert_eq!(slow["reason"], "reading odd_thing: no answer within 3 s", "{slow}");
    assert!(run.err.contains("1 odd_thing: timed-out (reading odd_thing: no answer within 3 s)"), "{}", run.err);
    let took = wait_long("no provider is left", || stage.providers().is_empty());
    assert!(took < Duration::from_secs(5), "{took:?}");
    let (strict, _) = stage.check(&["--strict", "--except", &address(5)]);
    assert_eq!(strict.code, 4, "{}", strict.err);
}

#[test]
fn what_is_too_large_is_unreadable_and_what_is_large_is_read() {
    const OBJECTS: usize = 6;
    let stage = Stage::new(OBJECTS);
    stage.put(1, json!({}), json!({"giant": 60_000_000}));
    stage.put(2, json!({}), json!({"giant": 100_000_000}));
    let (run, report) = stage.check(&["--journal", "journal"]);
    assert_eq!(run.code, 2, "{}", run.err);
    assert_eq!(
        (count(&report, "in_sync"), count(&report, "drifted"), count(&report, "unreadable")),
        (OBJECTS - 2, 1, 1)
    );
    let changes = resource(&report, &address(1))["changes"].as_array().unwrap();
    assert!(changes.len() == 1 && changes[0]["path"] == "note", "{}", changes.len());
    let large = resource(&report, &address(2));
    let says = "ReadResource of odd_thing: the answer is a message of more than 67108864 bytes";
    assert_eq!(large["reason"], says);
    assert!(run.err.contains(&format!("1 odd_thing: invalid ({says})")), "{}", run.err);
}

#[test]
fn a_provider_that_always_crashes_is_given_up() {
    const OBJECTS: usize = 30;
    let stage = Stage::new(OBJECTS);
    for number in 0..OBJECTS {
        stage.put(number, json!({}), json!({"crash": true}));
    }
    let start = Instant::now();
    let (run, report) = stage.check(&["--strict"]);
    assert!(start.elapsed() < Duration::from_secs(120), "{:?}", start.elapsed());
    assert_eq!((run.code, count(&report, "unreadable")), (4, OBJECTS), "{}", run.err);
    wait_long("no provider is left", || stage.providers().is_empty());
}

#[test]
fn programs_that_are_no_providers_are_refused_by_what_they_do() {
    let stage = Stage::new(2);
    let program = stage.path("").join("providers/terraform-provider-odd");
    let fails = |body: &str, says: &str| {
        let _ = std::fs::remove_file(&program);
        std::fs::write(&program, format!("#!/bin/sh\n{body}\n")).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        let start = Instant::now();
        let run = stage.run(&[]);
        assert!(start.elapsed() < Duration::from_secs(20), "{body}: {:?}", start.elapsed());
        assert_eq!((run.code, run.out.as_str()), (1, ""), "{body}: {}", run.err);
        let about = "nothing can be read: provider[\"tests.example.org/tests/odd\"]: ";
        assert!(run.err.contains(about) && run.err.contains("terraform-provider-odd"), "{body}: {}", run.err);
        assert!(run.err.contains(says), "{body}: {says:?} is not in: {}", run.err);
        let took = wait_long("no provider is left", || stage.providers().is_empty());
        assert!(took < Duration::from_secs(5), "{body}: {took:?}");
    };
    fails("head -c 1000000 /dev/urandom; sleep 600", "is not a provider, or one that cannot be understood: ");
    fails("printf 'ready \\033[31m\\n'; sleep 600", "it printed something else: ready ");
    fails("echo '1|7|unix|/x|grpc'; sleep 600", "it speaks version 7 of the protocol, and 5 and 6 were offered");
    fails("echo '1|6|tcp|192.0.2.1:80|grpc'; sleep 600", "that is not this machine");
    fails("echo '1|6|unix|/no/such/socket|grpc'; sleep 600", "no connection where it says that it listens");
    fails("echo broken >&2; exit 3", "ended before it could be called (exit status: 3): broken");
}
