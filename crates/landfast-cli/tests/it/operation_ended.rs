//! What becomes of operations that have ended, and of those that are refused to go on.

use crate::place::Place;

const COMMON: [&str; 5] = ["--yes", "--values", "wanted.toml", "--state", "t.tfstate"];

/// A place with a system of its own, and a plan whose update runs alone and before its create.
fn place(create: &[&str]) -> Place {
    let place = Place::of_a_system();
    let common = ["plan", "create", "wanted.toml", "--canary", "1", "--state", "t.tfstate", "--output", "plan.json"];
    place.ok(&[&common[..], create].concat());
    place
}

fn run(place: &Place, arguments: &[&str]) -> crate::run::Run {
    place.run(&[arguments, &COMMON[..]].concat())
}

fn is_updated(place: &Place) -> bool {
    place.read("world/dns_record.api").contains("\"2\"")
}

/// An operation that failed and was handed over.
fn handed_over() -> (Place, String) {
    let place = place(&[]);
    place.0.file("broken-dns_record.www", "");
    assert_eq!(run(&place, &["apply", "plan.json", "--no-rollback"]).code, 6);
    let id = place.last();
    (place, id)
}

#[test]
fn what_has_ended_is_not_taken_up() {
    let (place, id) = handed_over();
    let log = place.ok(&["op", "log", &id]);
    for back in [&[][..], &["--back"]] {
        let resumed = run(&place, &[&["op", "resume", &id], back].concat());
        assert_eq!(resumed.code, 3, "{}{}", resumed.out, resumed.err);
        assert!(resumed.err.contains("has ended: it is failed"), "{}", resumed.err);
        assert!(resumed.err.contains(&format!("landfast rollback {id}")), "{}", resumed.err);
    }
    assert!(is_updated(&place));
    assert_eq!(place.ok(&["op", "log", &id]), log);
    let handover = place.ok(&["op", "handover", &id]);
    assert!(handover.contains("landfast rollback") && !handover.contains("--back"), "{handover}");
    // What the hint says works.
    let back = run(&place, &["rollback", &id]);
    assert_eq!(back.code, 0, "{}{}", back.out, back.err);
    assert!(!is_updated(&place));

    let applied = self::place(&[]);
    assert_eq!(run(&applied, &["apply", "plan.json"]).code, 0);
    let resumed = run(&applied, &["op", "resume", &applied.last(), "--back"]);
    assert!(resumed.code == 3 && resumed.err.contains("it is applied"), "{}", resumed.err);
    assert!(is_updated(&applied));
}

#[test]
fn what_could_not_be_taken_back_is_tried_again_as_a_plan() {
    let place = place(&["--confirm"]);
    assert_eq!(run(&place, &["apply", "plan.json"]).code, 4);
    place.0.file("broken-dns_record.api", "");
    let id = place.last();
    assert_eq!(run(&place, &["op", "resume", &id, "--back"]).code, 6);
    assert_eq!(place.operations()[0]["state"], "rollback_failed");
    std::fs::remove_file(place.0.path("broken-dns_record.api")).unwrap();
    let again = run(&place, &["rollback", &id]);
    assert_eq!(again.code, 0, "{}{}", again.out, again.err);
    assert!(!is_updated(&place));
    // What was taken back is not taken back again.
    let nothing = run(&place, &["op", "resume", &id, "--back"]);
    assert_eq!(nothing.code, 3, "{}", nothing.err);
}

#[test]
fn an_object_is_skipped_with_a_reason_that_is_recorded() {
    let place = place(&[]);
    assert_eq!(run(&place, &["apply", "plan.json"]).code, 0);
    let id = place.last();
    let skip = ["rollback", &id, "--skip", "dns_record.api"];
    assert_eq!(run(&place, &skip).code, 64);
    assert_eq!(run(&place, &[&skip[..], &["--reason", " "]].concat()).code, 64);
    let stranger = run(&place, &["rollback", &id, "--skip", "dns_record.none", "--reason", "it is ours"]);
    assert!(stranger.code != 0 && stranger.err.contains("did not touch dns_record.none"), "{}", stranger.err);
    let skipped = run(&place, &[&skip[..], &["--reason", "the new one is right"]].concat());
    // Not everything is as it was, though nothing failed.
    assert_eq!(skipped.code, 4, "{}{}", skipped.out, skipped.err);
    assert!(skipped.err.contains("it is left as it is: the new one is right"), "{}", skipped.err);
    assert!(is_updated(&place) && !place.0.path("world/dns_record.www").exists());
    let found =
        std::process::Command::new("grep").args(["-rah", "leave-as-is"]).arg(place.0.path("home/state")).output();
    let found = String::from_utf8_lossy(&found.unwrap().stdout).into_owned();
    assert!(found.contains("dns_record.api") && found.contains("the new one is right"), "{found}");
}

#[test]
fn taking_back_is_for_those_who_may_apply() {
    let place = place(&["--confirm"]);
    assert_eq!(run(&place, &["apply", "plan.json"]).code, 4);
    let roles = "[[safety.checks.authorised.roles]]\nname = \"operators\"\npeople = [\"olga\"]\nenvironments = [\"*\"]\n\
        may = [\"apply\", \"plan\"]\n";
    place.0.file("landfast.toml", place.read("landfast.toml") + roles + "[environments.none]\nkey = \"none\"\n");
    let id = place.last();
    let log = place.ok(&["op", "log", &id]);
    let arguments = [&["op", "resume", &id, "--back"], &COMMON[..]].concat();
    let stranger = place.run(&arguments);
    assert_eq!(stranger.code, 3, "{}{}", stranger.out, stranger.err);
    assert!(stranger.err.contains("granted by no role"), "{}", stranger.err);
    assert!(is_updated(&place));
    assert_eq!(place.ok(&["op", "log", &id]), log);
    let olga = place.command(&arguments).env("USER", "olga").output().unwrap();
    assert_eq!(olga.status.code(), Some(5), "{}", String::from_utf8_lossy(&olga.stderr));
    assert!(!is_updated(&place));
}

#[test]
fn taking_up_has_no_options_that_do_nothing() {
    let place = place(&["--confirm"]);
    assert_eq!(run(&place, &["apply", "plan.json"]).code, 4);
    let id = place.last();
    for option in [
        &["--no-rollback"][..],
        &["--lenient", "1"],
        &["--rollback-timeout", "1m"],
        &["--settle", "1s"],
        &["--parallel", "1"],
    ] {
        assert_eq!(run(&place, &[&["op", "resume", &id], option].concat()).code, 64, "{option:?}");
    }
    let forced = ["--back", "--force", "freeze", "--reason", "x"];
    assert_eq!(run(&place, &[&["op", "resume", &id], &forced[..]].concat()).code, 64);
}

#[test]
fn what_is_refused_to_go_on_stays_as_it_is() {
    let place = place(&["--confirm", "--life", "4s"]);
    assert_eq!(run(&place, &["apply", "plan.json"]).code, 4);
    let id = place.last();
    let settings = place.read("landfast.toml");
    let freeze = "[[safety.checks.freeze.freezes]]\nfrom = \"2000-01-01\"\nto = \"2999-01-01\"\nzone = \"UTC\"\nreason = \"holidays\"\n";
    place.0.file("landfast.toml", format!("{settings}{freeze}"));
    let resumed = run(&place, &["op", "resume", &id]);
    assert_eq!(resumed.code, 3, "{}{}", resumed.out, resumed.err);
    assert!(
        resumed.err.contains("does not go on") && resumed.out.contains("holidays"),
        "{}{}",
        resumed.out,
        resumed.err
    );
    assert!(is_updated(&place));
    assert_eq!(place.operations()[0]["state"], "applying");
    place.0.file("landfast.toml", &settings);
    std::thread::sleep(std::time::Duration::from_secs(4));
    let expired = run(&place, &["op", "resume", &id]);
    assert_eq!(expired.code, 3, "{}{}", expired.out, expired.err);
    assert!(expired.err.contains("the plan expired at"), "{}", expired.err);
    assert!(is_updated(&place));
    assert_eq!(run(&place, &["op", "resume", &id, "--back"]).code, 5);
    assert!(!is_updated(&place));
}

#[test]
fn a_journal_without_a_record_is_of_nothing() {
    let place = place(&[]);
    assert_eq!(run(&place, &["apply", "plan.json"]).code, 0);
    let journal = place.0.path(".landfast/operations/20260101T000000000Z-0.journal");
    drop(landfast::rollback::journal::FileJournal::create(&journal).unwrap());
    let listed = place.run(&["op", "list"]);
    assert!(listed.code == 0 && listed.out.lines().count() == 1, "{}", listed.out);
    assert!(listed.err.contains("never began"), "{}", listed.err);
    let resumed = run(&place, &["op", "resume", "20260101T000000000Z-0"]);
    assert!(resumed.code == 1 && resumed.err.contains("nothing was changed"), "{}", resumed.err);
}

#[test]
fn where_the_result_cannot_be_written_nothing_is_done() {
    let place = place(&[]);
    for output in ["nothing/x", "world"] {
        let refused = run(&place, &["apply", "plan.json", "--output", output]);
        assert!(refused.code == 1 && refused.err.contains("cannot be written"), "{}", refused.err);
        assert!(!is_updated(&place) && place.operations().is_empty());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn what_became_of_it_is_said_where_the_result_cannot_be_written() {
    let place = place(&[]);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let applied = place.command(&[&["apply", "plan.json"], &COMMON[..]].concat()).stdout(full).output().unwrap();
    let err = String::from_utf8(applied.stderr).unwrap();
    assert_eq!(applied.status.code(), Some(1), "{err}");
    assert!(err.contains(&format!("operation {} is applied", place.last())), "{err}");
    assert!(is_updated(&place));
}

#[test]
fn an_expired_plan_is_refused_before_anything_else() {
    let place = place(&["--life", "1s"]);
    std::thread::sleep(std::time::Duration::from_millis(1100));
    let refused = run(&place, &["apply", "plan.json"]);
    assert!(refused.code == 3 && refused.err.contains("plan again"), "{}", refused.err);
    assert!(place.operations().is_empty() && !place.0.path("home/state").exists());
}

#[test]
fn times_and_numbers_have_bounds() {
    let place = place(&[]);
    let create = ["plan", "create", "wanted.toml", "--state", "t.tfstate"];
    for wrong in
        [["--life", "0s"], ["--life", "366d"], ["--step-timeout", "0s"], ["--batch-size", "0"], ["--pause", "9999999d"]]
    {
        assert_eq!(place.run(&[&create[..], &wrong].concat()).code, 64, "{wrong:?}");
    }
    for wrong in [["--rollback-timeout", "0s"], ["--rollback-timeout", "400d"], ["--parallel", "0"]] {
        assert_eq!(run(&place, &[&["apply", "plan.json"], &wrong[..]].concat()).code, 64, "{wrong:?}");
    }
}

#[test]
fn wrong_settings_are_named_with_their_file_and_place() {
    let place = place(&[]);
    let settings = place.read("landfast.toml");
    for (wrong, says) in [
        ("[safety.checks.blast-radius]\nmaximum = 1\n", "maximum"),
        ("[safety.levels]\nfreeze = \"never\"\n", "freeze"),
        ("[safety.levels]\nfreez = \"deny\"\n", "safety.levels.freez"),
    ] {
        place.0.file("landfast.toml", format!("{settings}{wrong}"));
        let refused = run(&place, &["apply", "plan.json"]);
        assert_eq!(refused.code, 1, "{}", refused.err);
        assert!(refused.err.contains("landfast.toml") && refused.err.contains("[safety]"), "{}", refused.err);
        assert!(refused.err.contains(says) && !refused.err.contains("\\n"), "{}", refused.err);
        place.0.file("landfast.toml", &settings);
    }
    assert!(place.operations().is_empty());
}
