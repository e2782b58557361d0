//! Moving objects within and between states.

use landfast_state::address::ObjectAddress;
use landfast_state::{Limits, RefactorError, StateFile, StateTarget};
use proptest::prelude::*;

/// A state as terraform writes it: blocks by address, two spaces a level.
fn state(blocks: &[&str]) -> StateFile {
    let text = format!(
        "{{\n  \"version\": 4,\n  \"terraform_version\": \"1.11.4\",\n  \"serial\": 3,\n  \"lineage\": \"l\",\n  \
         \"outputs\": {{}},\n  \"resources\": [\n    {}\n  ],\n  \"check_results\": null\n}}\n",
        blocks.join(",\n    ")
    );
    StateFile::read(text.into(), "prod.tfstate", &Limits::default()).unwrap()
}

fn block(module: &str, name: &str, keys: &[&str], dependencies: &str) -> String {
    let module = if module.is_empty() { String::new() } else { format!("\n      \"module\": \"{module}\",") };
    let objects: Vec<String> = keys
        .iter()
        .map(|key| {
            let key = if key.is_empty() { String::new() } else { format!("\n          \"index_key\": {key},") };
            format!(
                "{{{key}\n          \"schema_version\": 0,\n          \"attributes\": {{\n            \"id\": \"{name}\"\n          \
                 }},\n          \"sensitive_attributes\": [],\n          \"dependencies\": [{dependencies}]\n        }}"
            )
        })
        .collect();
    format!(
        "{{{module}\n      \"mode\": \"managed\",\n      \"type\": \"t\",\n      \"name\": \"{name}\",\n      \
         \"provider\": \"provider[\\\"registry.terraform.io/a/t\\\"]\",\n      \"instances\": [\n        {}\n      ]\n    }}",
        objects.join(",\n        ")
    )
}

fn three() -> StateFile {
    state(&[
        &block("", "a", &[""], ""),
        &block("", "b", &["0", "1"], "\n            \"t.a\"\n          "),
        &block("module.m[\\\"x\\\"]", "c", &["\"k\""], "\n            \"t.a\",\n            \"t.b\"\n          "),
    ])
}

fn target(text: &str) -> StateTarget {
    text.parse().unwrap()
}

fn moved(state: &StateFile, from: &str, to: &str) -> Result<StateFile, RefactorError> {
    let mut change = state.refactor();
    change.move_objects(&target(from), &target(to))?;
    Ok(change.finish(state.serial() + 1, &Limits::default()).unwrap())
}

fn addresses(state: &StateFile) -> Vec<String> {
    state.snapshot().instances().map(ToString::to_string).collect()
}

fn text(state: &StateFile) -> String {
    String::from_utf8(state.as_bytes().to_vec()).unwrap()
}

#[test]
fn nothing_changed_but_the_serial() {
    let before = three();
    let after = before.refactor().finish(4, &Limits::default()).unwrap();
    assert_eq!(text(&after), text(&before).replace("\"serial\": 3", "\"serial\": 4"));
}

#[test]
fn a_resource_moves_with_its_instances_and_dependencies_follow() {
    let after = moved(&three(), "t.b", "module.n.t.z").unwrap();
    assert_eq!(addresses(&after), ["t.a", r#"module.m["x"].t.c["k"]"#, "module.n.t.z[0]", "module.n.t.z[1]"]);
    insta::assert_snapshot!(text(&after));
}

#[test]
fn moving_there_and_back_gives_the_same_bytes() {
    for (there, back) in [
        (("t.a", "module.q.t.a"), ("module.q.t.a", "t.a")),
        (("t.a", "t.a[\"new\"]"), ("t.a[\"new\"]", "t.a")),
        (("t.b", "t.y"), ("t.y", "t.b")),
        (("module.m", "module.w"), ("module.w", "module.m")),
        (("module.m[\"x\"]", "module.w"), ("module.w", "module.m[\"x\"]")),
        (("t.b[1]", "t.b[7]"), ("t.b[7]", "t.b[1]")),
    ] {
        let before = three();
        let middle = moved(&before, there.0, there.1).unwrap();
        assert_ne!(addresses(&middle), addresses(&before), "{there:?}");
        let after = moved(&middle, back.0, back.1).unwrap();
        assert_eq!(text(&after), text(&before).replace("\"serial\": 3", "\"serial\": 5"), "{there:?}");
    }
}

#[test]
fn what_cannot_be_moved_stays() {
    let state = three();
    for (from, to, message) in [
        ("t.none", "t.other", "the state has nothing at t.none"),
        ("t.a", "u.a", "t.a cannot become u.a: they are of different types"),
        ("t.a", "data.t.a", "t.a cannot become data.t.a: one is managed and the other is data"),
        (
            "t.a",
            "module.m",
            "t.a cannot become module.m: a module can only become a module, and a resource only a resource",
        ),
        ("t.b", "t.c[0]", "t.b cannot become t.c[0]: it has several instances, and the other is one"),
        ("t.b[0]", "t.b[1]", "the state has an object at t.b[1] already"),
        ("t.a", r#"module.m["x"].t.c["k"]"#, r#"the state has an object at module.m["x"].t.c["k"] already"#),
    ] {
        let mut change = state.refactor();
        let error = change.move_objects(&target(from), &target(to)).unwrap_err();
        assert_eq!(error.to_string(), message);
        assert_eq!(text(&change.finish(3, &Limits::default()).unwrap()), text(&state), "{from} {to}");
    }
}

#[test]
fn dependencies_stay_where_something_stays_behind() {
    let after = moved(&three(), "t.b[0]", "t.z").unwrap();
    assert!(text(&after).contains("\"t.b\""));
    assert!(!text(&after).contains("\"t.z\""));
}

#[test]
fn objects_go_from_one_state_to_another() {
    let (mut from, mut to) = (three().refactor(), state(&[&block("", "other", &[""], "")]).refactor());
    let taken = from.extract(&target("t.b")).unwrap();
    let moved = to.insert(taken, &target("module.n.t.b")).unwrap();
    assert_eq!(moved.len(), 2);
    assert_eq!(addresses(&from.finish(4, &Limits::default()).unwrap()), ["t.a", r#"module.m["x"].t.c["k"]"#]);
    assert_eq!(
        addresses(&to.finish(4, &Limits::default()).unwrap()),
        ["t.other", "module.n.t.b[0]", "module.n.t.b[1]"]
    );
}

#[test]
fn removing_takes_only_what_is_wanted() {
    let mut change = three().refactor();
    let wanted: ObjectAddress = "t.b[0]".parse().unwrap();
    assert_eq!(change.remove(|address| *address == wanted), [wanted]);
    assert_eq!(change.remove(|_| false), []);
    let one = change.clone().finish(4, &Limits::default()).unwrap();
    assert_eq!(addresses(&one), ["t.a", "t.b[1]", r#"module.m["x"].t.c["k"]"#]);
    change.remove(|_| true);
    let none = text(&change.finish(4, &Limits::default()).unwrap());
    assert!(none.contains("\"resources\": [],"), "{none}");
}

#[test]
fn a_provider_is_replaced_where_it_is_meant() {
    let mut change = three().refactor();
    let changed = change.replace_provider("registry.terraform.io/a/t", "example.com/b/t", |it| it.module.is_root());
    assert_eq!(changed.len(), 2);
    let after = text(&change.finish(4, &Limits::default()).unwrap());
    assert_eq!(after.matches("example.com/b/t").count(), 2);
    assert_eq!(after.matches("registry.terraform.io/a/t").count(), 1);
}

#[test]
fn members_of_a_block_that_nobody_knows_stay() {
    let with_more = block("", "a", &[""], "").replace("\"instances\"", "\"later\": {\"x\": 1},\n      \"instances\"");
    let after = moved(&state(&[&with_more]), "t.a", "t.b").unwrap();
    assert!(text(&after).contains("\n      \"later\": {\"x\": 1},\n      \"instances\""), "{}", text(&after));
}

/// A few names, so that moves collide often.
fn some_address() -> impl Strategy<Value = String> {
    let modules = prop::sample::select(vec!["", "module.m.", "module.m[\"x\"].", "module.n[0]."]);
    let names = prop::sample::select(vec!["t.a", "t.b", "t.c"]);
    let keys = prop::sample::select(vec!["", "[0]", "[1]", "[\"k\"]"]);
    (modules, names, keys).prop_map(|(module, name, key)| format!("{module}{name}{key}"))
}

proptest! {
    /// Whatever is moved, no object is lost and none is made.
    #[test]
    fn moving_keeps_every_object(moves in prop::collection::vec((some_address(), some_address()), 1..8)) {
        let mut state = three();
        for (from, to) in moves {
            let before = state.snapshot();
            if let Ok(after) = moved(&state, &from, &to) {
                let ids = |state: &landfast_state::Snapshot| {
                    let mut ids: Vec<String> =
                        state.objects().iter().map(|object| format!("{:?}", object.value())).collect();
                    ids.sort();
                    ids
                };
                prop_assert_eq!(ids(&before), ids(&after.snapshot()));
                prop_assert_eq!(before.objects().len(), after.snapshot().objects().len());
                state = after;
            }
        }
    }
}

#[test]
fn members_in_any_order_keep_their_places() {
    let block = block("", "a", &[""], "");
    let resources = format!("\"resources\": [{block}]");
    for (text, wanted) in [
        (format!("{{\"version\": 4, {resources}, \"serial\": 9}}"), "\"serial\": 10}"),
        (format!("{{\"Serial\": 9, \"version\": 4, {resources}}}"), "{\"Serial\": 10, "),
        (format!("{{{resources}, \"serial\": 9, \"version\": 4}}"), "\"serial\": 10, "),
        (format!("{{\"serial\": null, {resources}, \"version\": 4}}"), "{\"serial\": 10, "),
        (format!("{{\"version\": 4, {resources}}}"), "\"serial\": 10"),
    ] {
        let state = StateFile::read(text.clone().into(), "prod.tfstate", &Limits::default()).unwrap();
        let mut change = state.refactor();
        change.move_objects(&target("t.a"), &target("t.b")).unwrap();
        let after = change.finish(10, &Limits::default()).unwrap();
        assert_eq!(after.serial(), 10, "{text}");
        assert_eq!(addresses(&after), ["t.b"], "{text}");
        let after = self::text(&after);
        assert!(after.contains(wanted), "{after}");
        assert_eq!(after.matches("erial").count(), 1, "{after}");
    }
    let empty = StateFile::empty("1.11.4", "l").refactor().finish(7, &Limits::default()).unwrap();
    assert_eq!((empty.serial(), addresses(&empty).len()), (7, 0));
}

#[test]
fn what_terraform_passes_over_stays_where_it_is() {
    let strange =
        |name: &str| block("", name, &[""], "").replace("provider[\\\"registry.terraform.io/a/t\\\"]", "nobody");
    let blocks = [strange("x"), block("", "b", &[""], ""), strange("y"), block("", "d", &[], ""), strange("z")];
    let before = state(&blocks.each_ref().map(String::as_str));
    assert_eq!(before.ignored().len(), 3);
    let after = moved(&before, "t.b", "t.c").unwrap();
    let wanted = text(&before).replace("\"name\": \"b\"", "\"name\": \"c\"").replace("\"serial\": 3", "\"serial\": 4");
    // The emptied block goes, and the new one comes before what sorts after it among those that have objects.
    let names = |text: &str| {
        let names = text.lines().filter_map(|line| line.trim().strip_prefix("\"name\": \""));
        names.map(|name| name[..1].to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(&text(&after)), ["x", "y", "d", "z", "c"]);
    let sorted = |text: &str| {
        let mut lines: Vec<String> = text.lines().map(|line| line.trim_end_matches(',').to_owned()).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&text(&after)), sorted(&wanted));
}

#[test]
fn a_refused_move_changes_nothing() {
    let before = three();
    let mut change = before.refactor();
    let error = change.move_objects(&target("t.b"), &target("module.m[\"x\"].t.c[\"k\"]")).unwrap_err();
    assert!(matches!(error, RefactorError::Unlike { .. }), "{error}");
    let error = change.move_objects(&target("t.b[0]"), &target("module.m[\"x\"].t.c[\"k\"]")).unwrap_err();
    assert_eq!(error.to_string(), "the state has an object at module.m[\"x\"].t.c[\"k\"] already");
    assert_eq!(text(&change.finish(3, &Limits::default()).unwrap()), text(&before));
}

#[test]
fn many_objects_move_into_place() {
    let names: Vec<String> = (0..400).map(|at| format!("n{at:03}")).collect();
    let blocks: Vec<String> =
        names.iter().map(|name| block("module.from", name, &["\"b\"", "\"a\""], "\"module.from.t.n000\"")).collect();
    let others: Vec<String> = names.iter().step_by(2).map(|name| block("module.to", name, &["\"c\""], "")).collect();
    let all: Vec<&str> = blocks.iter().chain(&others).map(String::as_str).collect();
    let after = moved(&state(&all), "module.from", "module.to").unwrap();
    let mut wanted: Vec<String> = names
        .iter()
        .enumerate()
        .flat_map(|(at, name)| {
            let keys: &[&str] = if at % 2 == 0 { &["a", "b", "c"] } else { &["b", "a"] };
            keys.iter().map(move |key| format!("module.to.t.{name}[\"{key}\"]"))
        })
        .collect();
    let in_file: Vec<String> = after
        .resources()
        .iter()
        .flat_map(|resource| resource.instances.iter().map(|it| it.address(resource).to_string()))
        .collect();
    assert_eq!(in_file, wanted);
    wanted.sort();
    assert_eq!(addresses(&after), wanted);
    assert!(!text(&after).contains("module.from"));
}
