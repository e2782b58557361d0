//! Checks by command.

use std::time::{Duration, Instant};

use landfast_safety::{ActionKind, CheckResult, Gate, Outcome, SafetySettings};

use crate::scene::{Scene, evidence, judge, object};

fn settings(argv: &[&str], more: &str) -> SafetySettings {
    let argv = serde_json::to_string(argv).unwrap();
    let text = format!("[[commands]]\nid = 'own'\nquestion = 'Is it?'\nadvice = 'ask bob'\nargv = {argv}\n{more}");
    toml::from_str(&text).unwrap()
}

/// What a check by this shell script comes to. The shell is the program here: none is between.
fn script(script: &str, scene: &Scene) -> CheckResult {
    run(&["/bin/sh", "-c", script], "", Duration::from_secs(20), scene)
}

fn run(argv: &[&str], more: &str, timeout: Duration, scene: &Scene) -> CheckResult {
    let gate = Gate::builtin(&settings(argv, more)).unwrap().with_timeout(timeout);
    let report = judge(&gate, &scene.context());
    report.results().iter().find(|result| result.id.as_str() == "own").unwrap().clone()
}

fn says(answer: &str) -> CheckResult {
    script(&format!("cat >/dev/null; printf '%s' '{answer}'"), &Scene::update())
}

#[test]
fn a_verdict_is_taken_as_it_is() {
    let pass = says(r#"{"outcome": "pass", "evidence": [{"found": "all well"}]}"#);
    assert_eq!((pass.outcome, evidence(&pass).as_str()), (Outcome::Pass, "all well"));
    let fail = says(
        r#"{"outcome": "fail", "evidence": [{"about": "test_thing.a", "found": "not well"}], "advice": "ask al"}"#,
    );
    assert_eq!((fail.outcome, evidence(&fail).as_str()), (Outcome::Fail, "test_thing.a: not well"));
    assert_eq!(fail.advice, "ask al");
    assert_eq!(says(r#"{"outcome": "fail"}"#).advice, "ask bob");
    // One that does not read its input passes, too.
    assert_eq!(script(r#"echo '{"outcome": "pass"}'"#, &Scene::update()).outcome, Outcome::Pass);
}

#[test]
fn anything_else_is_an_error() {
    for answer in [
        "",
        "pass",
        r#""pass""#,
        "{}",
        r#"{"outcome": "skipped"}"#,
        r#"{"outcome": "PASS"}"#,
        r#"{"outcome": "pass", "extra": 1}"#,
        r#"{"outcome": "pass"} {"outcome": "fail"}"#,
        r#"{"outcome": "fail", "outcome": "pass"}"#,
        r#"{"outcome": "pass", "evidence": "x"}"#,
    ] {
        let result = says(answer);
        assert_eq!(result.outcome, Outcome::Error, "{answer}");
        assert!(evidence(&result).contains("did not write a verdict as JSON"), "{}", evidence(&result));
    }
    let failed = script(r#"echo '{"outcome": "pass"}'; echo no such luck >&2; exit 3"#, &Scene::update());
    assert_eq!(failed.outcome, Outcome::Error);
    assert!(evidence(&failed).ends_with("exit status: 3: no such luck"), "{}", evidence(&failed));
    let killed = script(r#"echo '{"outcome": "pass"}'; kill -9 $$"#, &Scene::update());
    assert_eq!(killed.outcome, Outcome::Error);
    let much = script("yes | head -c 2000000", &Scene::update());
    assert!(evidence(&much).contains("wrote more than"), "{}", evidence(&much));
    let missing = run(&["/no/such/program"], "", Duration::from_secs(20), &Scene::update());
    assert_eq!(missing.outcome, Outcome::Error);
    assert!(evidence(&missing).starts_with("could not start /no/such/program: "), "{}", evidence(&missing));
}

#[test]
fn what_takes_too_long_is_ended_with_all_that_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("pids");
    let slow = format!("sleep 300 & echo $$ $! > {}; wait", file.display());
    let began = Instant::now();
    let result = run(&["/bin/sh", "-c", &slow], "level = 'warn'", Duration::from_secs(1), &Scene::update());
    assert_eq!(result.outcome, Outcome::Error);
    assert!(began.elapsed() < Duration::from_secs(10));
    let pids = std::fs::read_to_string(file).unwrap();
    let lives = |pid: &str| {
        let stat = std::process::Command::new("ps").args(["-o", "stat=", "-p", pid]).output().unwrap().stdout;
        let stat = String::from_utf8(stat).unwrap();
        !stat.trim().is_empty() && !stat.starts_with('Z')
    };
    let deadline = Instant::now() + Duration::from_secs(5);
    while pids.split_whitespace().any(lives) && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(pids.split_whitespace().count(), 2);
    assert!(!pids.split_whitespace().any(lives), "still there: {pids}");
}

#[test]
fn it_gets_the_proposal_without_secrets_and_no_shell_sees_its_arguments() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("input");
    let mut after = object("test_thing.a", r#"{"x": 2, "token": "hunter2-hunter2", "copy": "is hunter2-hunter2"}"#);
    after.sensitive = vec!["token".parse().unwrap()];
    let db = object("aws_db_instance.d", r#"{"password": "correct-horse"}"#);
    let scene = Scene::empty().with(ActionKind::Update, Some(object("test_thing.a", r#"{"x": 1}"#)), Some(after)).with(
        ActionKind::Delete,
        Some(db),
        None,
    );
    let keep = r#"cat > "$1"; [ "$LANDFAST_CHECK" = own ] || exit 1; [ "$2" = '$(exit); *' ] || exit 2; echo '{"outcome": "pass"}'"#;
    let argv = ["/bin/sh", "-c", keep, "sh", file.to_str().unwrap(), "$(exit); *"];
    let result = run(&argv, "", Duration::from_secs(20), &scene);
    assert_eq!(result.outcome, Outcome::Pass, "{}", evidence(&result));
    let text = std::fs::read_to_string(file).unwrap();
    assert!(!text.contains("hunter2") && !text.contains("correct-horse"), "{text}");
    let input: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(input["format_version"], 1);
    assert_eq!(input["check"], "own");
    assert_eq!(input["now"], "2027-01-15T08:00:00Z");
    let changes = &input["proposal"]["changes"];
    assert_eq!(changes[1]["address"], "test_thing.a");
    assert_eq!(changes[1]["before"]["x"], 1);
    assert_eq!(changes[1]["after"]["copy"], "is (sensitive value)");
    assert_eq!(changes[0]["before"]["password"], "(sensitive value)");
    assert_eq!(input["proposal"]["target"]["environment"], "prod");
    assert_eq!(input["drift"][1]["status"], "in_sync");
    assert_eq!(input["facts"]["lock"], serde_json::Value::Null);
}

#[test]
fn it_is_asked_about_what_it_is_for() {
    let asked = |applies: &str| {
        let argv = ["/bin/sh", "-c", "exit 1"];
        run(&argv, applies, Duration::from_secs(20), &Scene::update()).outcome == Outcome::Error
    };
    assert!(asked("") && asked("applies.environments = ['prod']") && asked("applies.actions = ['update', 'delete']"));
    assert!(asked("applies.direction = 'forward'"));
    assert!(!asked("applies.environments = ['staging']") && !asked("applies.actions = ['delete']"));
    assert!(!asked("applies.direction = 'rollback'"));
}

#[test]
fn settings_that_make_no_sense_are_refused_with_their_place() {
    let refused = |change: fn(&mut landfast_safety::CommandSettings)| {
        let mut all = settings(&["true"], "");
        change(&mut all.commands[0]);
        let error = Gate::builtin(&all).unwrap_err();
        format!("{error}: {}", std::error::Error::source(&error).unwrap())
    };
    let place = |id: &str| format!("safety.commands[0] ({id}) cannot be used: ");
    assert_eq!(refused(|own| own.id = "Own".into()), place("Own") + "it has no id");
    assert_eq!(
        refused(|own| own.id = "no-drift".into()),
        place("no-drift") + "there is another check with the id no-drift"
    );
    assert_eq!(refused(|own| own.argv.clear()), place("own") + "`argv` is empty");
    assert_eq!(refused(|own| own.question = " ".into()), place("own") + "`question` is empty");
    assert_eq!(refused(|own| own.argv.push("\0".into())), place("own") + "argv[1] holds a zero byte");
    assert!(toml::from_str::<SafetySettings>("[[commands]]\nid = 'x'").is_err());
}
