//! Summaries, events, progress, and the scan as an observer.

use super::*;
use crate::observe;
use landfast_observe::scan::{CancelToken, ScanObserver, event_line};
use landfast_observe::{ObserveError, ObserveRequest, Observer as _, Progress, ProgressSink, Scope};
use landfast_state::json::RawJson;
use landfast_state::{Document, GapKind, Limits, Snapshot};

fn snapshot() -> Snapshot {
    let path = crate::fixture("aws-moto/recorded.tfstate");
    Document::read(std::fs::read(path).unwrap().into(), "recorded", &Limits::default()).unwrap().recorded()
}

fn paused_observe(
    observer: &ScanObserver,
    request: ObserveRequest,
) -> Result<landfast_observe::Observed, ObserveError> {
    paused(observer.observe(request))
}

#[test]
fn what_could_not_be_read_is_grouped_by_why() {
    let reader = Arc::new(ScriptedReader::new(|object, _| {
        let refused = |reason: &str| {
            let call = format!("ReadResource of {}", object.type_name());
            Step::Fail(Unreadable::new(UnreadableClass::Denied, call, reason))
        };
        (
            MS(1),
            match (object.type_name(), index(object)) {
                ("aws_kms_key", 0..7) => refused("kms:DescribeKey is not allowed"),
                ("aws_kms_key", 7) => refused("kms:ListKeys is not allowed"),
                ("aws_iam_role", _) => refused("iam:GetRole is not allowed"),
                _ => Step::Same,
            },
        )
    }));
    let mut all = objects("aws_iam_role", 3);
    all.extend(objects("aws_kms_key", 10));
    let scanned = scan(&reader, all, &ScanOptions::default());
    let groups: Vec<(&str, &str, &str, u64, String)> = scanned
        .summary
        .groups
        .iter()
        .map(|it| (&*it.type_name, &*it.call, &*it.reason, it.count, it.example.to_string()))
        .collect();
    let group = |name: &'static str, call: &'static str, reason: &'static str, count, example: &str| {
        (name, call, reason, count, example.to_owned())
    };
    let (role, key) = ("ReadResource of aws_iam_role", "ReadResource of aws_kms_key");
    assert_eq!(
        groups,
        [
            group("aws_iam_role", role, "iam:GetRole is not allowed", 3, "aws_iam_role.a[0]"),
            group("aws_kms_key", key, "kms:DescribeKey is not allowed", 7, "aws_kms_key.a[0]"),
            group("aws_kms_key", key, "kms:ListKeys is not allowed", 1, "aws_kms_key.a[7]"),
        ]
    );
}

#[test]
fn reasons_without_end_do_not_fill_the_memory() {
    let reader = Arc::new(ScriptedReader::new(|object, _| {
        let failure = Unreadable::new(UnreadableClass::Refused, "call", format!("request {}", index(object)));
        (MS(1), Step::Fail(failure))
    }));
    let summary = scan(&reader, objects("a_thing", 3000), &boundless()).summary;
    assert_eq!(summary.groups.len(), 1001);
    assert_eq!(summary.groups.iter().map(|it| it.count).sum::<u64>(), 3000);
    assert!(summary.groups.iter().any(|it| it.reason == "other reasons" && it.count == 2000));
}

#[test]
fn events_are_lines_of_json_without_a_secret() {
    let reader = Arc::new(
        ScriptedReader::new(|object, attempt| {
            (
                MS(100),
                match (index(object), attempt) {
                    (0, 1) => failure(UnreadableClass::Throttled),
                    (1, _) => Step::Crash,
                    (2, _) => Step::Fail(Unreadable::new(UnreadableClass::Denied, "a \"call\"", "line\nbreak")),
                    (3, _) => Step::Gone,
                    _ => Step::Same,
                },
            )
        })
        .with_capacity(1000.0, 1000.0),
    );
    let scanned = scan_with(&reader, objects("a_thing", 40), &ScanOptions::default(), |scan| scan.with_total(40));
    let lines: Vec<String> = scanned.events.iter().map(event_line).collect();
    let mut kinds = std::collections::BTreeMap::<String, usize>::new();
    let mut last = 0;
    for line in &lines {
        assert!(!line.contains('\n') && !line.contains(SECRET), "{line}");
        let raw = RawJson::check(line.clone().into(), &Limits::default()).unwrap();
        let raw = raw.as_raw();
        assert_eq!(raw.get("format_version").unwrap().as_string().unwrap(), "1.0");
        let after: u64 = raw.get("after_ms").unwrap().as_str().parse().unwrap();
        assert!(after >= last);
        last = after;
        *kinds.entry(raw.get("event").unwrap().as_string().unwrap().into_owned()).or_default() += 1;
    }
    assert!(lines[0].ends_with("\"event\":\"started\"}"), "{}", lines[0]);
    assert!(lines.last().unwrap().contains("\"event\":\"ended\",\"end\":\"complete\",\"found\":37,\"gone\":1"));
    assert_eq!((kinds["read"], kinds["unreadable"], kinds["retrying"], kinds["slowed"]), (38, 2, 1, 1));
    assert_eq!((kinds["crashed"], kinds["restarted"], kinds["ended"]), (2, 2, 1));
    let progress = lines.iter().rfind(|line| line.contains("\"event\":\"progress\"")).unwrap();
    assert!(progress.contains("\"total\":40,\"done\":40,\"unreadable\":2,\"reading\":0"), "{progress}");
}

#[test]
fn a_scan_is_an_observer() {
    let reader = Arc::new(ScriptedReader::new(|object, _| {
        (
            MS(10),
            match object.type_name() {
                "aws_vpc" => failure(UnreadableClass::Denied),
                "aws_ebs_volume" => Step::Gone,
                _ => Step::Same,
            },
        )
    }));
    let observer = ScanObserver::new("prod", reader, ScanOptions::default());
    let told = Arc::new(Mutex::new(Vec::new()));
    let listener = Arc::clone(&told);
    let progress = ProgressSink::new(move |it| listener.lock().unwrap().push(it));
    let recorded = snapshot();
    let request = ObserveRequest::default().with_recorded(recorded.clone()).with_progress(progress);
    let observed = paused_observe(&observer, request).unwrap();
    let before = observed.recorded.unwrap();
    assert_eq!(before.origins(), recorded.origins());
    assert_eq!(before.objects().len(), recorded.objects().len());
    let summary = observed.scan.unwrap();
    let gaps: Vec<String> = observed.observation.gaps.iter().map(|gap| gap.address.to_string()).collect();
    assert_eq!(gaps, ["aws_vpc.main"]);
    assert_eq!(observed.observation.gaps[0].reason, "ReadResource of a_thing: no");
    assert!(summary.found > 10 && summary.gone > 0 && summary.unreadable == 1, "{summary:?}");
    assert_eq!(observed.observation.snapshot.objects().len() as u64, summary.found);
    assert_eq!(observed.diagnostics.len(), 1);
    let told = told.lock().unwrap();
    assert!(matches!(told.last(), Some(Progress::Gathering)));
    assert!(matches!(told[0], Progress::Scanning(progress) if progress.total == Some(recorded.objects().len() as u64)));
}

#[test]
fn an_observer_heeds_the_scope_and_the_token_and_needs_a_recorded_side() {
    let reader = Arc::new(ScriptedReader::new(|_, _| (MS(10), Step::Same)));
    let cancel = CancelToken::default();
    let observer = ScanObserver::new("prod", reader, ScanOptions::default()).with_cancel(cancel.clone());
    let scope = Scope::Only(["aws_vpc.main"].map(|address| address.parse().unwrap()).into());
    let request = || ObserveRequest::default().with_recorded(snapshot()).with_scope(scope.clone());
    let observed = paused_observe(&observer, request()).unwrap();
    assert_eq!(observed.recorded.unwrap().objects().len(), 1);
    cancel.cancel();
    let observed = paused_observe(&observer, request()).unwrap();
    assert_eq!(observed.observation.gaps[0].kind, GapKind::Interrupted);
    let error = observe(&observer, ObserveRequest::default()).unwrap_err();
    assert_eq!(error.to_string(), "prod: nothing is recorded there");
}
