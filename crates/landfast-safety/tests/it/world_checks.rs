//! Checks that look at the objects: `no-drift`, `resource-exists`, `values-available`, `schema-compatibility`,
//! `dependencies-healthy`.

use std::collections::BTreeMap;

use landfast_safety::{ActionKind, Health, SchemaFacts, Sight};
use landfast_state::{ResourceObject, Sensitive, Value};

use crate::scene::{PROVIDER, Scene, object};

/// `test_thing.a` with this many attributes, of which some have changed.
fn thing(changed: usize) -> ResourceObject {
    let attributes: Vec<String> =
        (0..10).map(|at| format!("\"a{at}\": \"{}\"", if at < changed { "new" } else { "old" })).collect();
    object("test_thing.a", &format!("{{{}}}", attributes.join(", ")))
}

fn drifted(changed: usize) -> Scene {
    let scene = Scene::empty().with(ActionKind::Update, Some(thing(0)), Some(thing(10)));
    scene.but(|scene| scene.observed = vec![thing(changed)])
}

#[test]
fn no_drift_blocks_from_major_on() {
    assert_eq!(drifted(0).passes("no-drift", ""), "the drift since it was planned is none, and major fails");
    for (changed, magnitude) in [(1, "minor"), (2, "minor"), (3, "moderate"), (5, "moderate")] {
        let evidence = drifted(changed).passes("no-drift", "");
        assert!(evidence.starts_with(&format!("the drift since it was planned is {magnitude}, ")), "{evidence}");
    }
    let evidence = drifted(6).fails("no-drift", "");
    assert!(evidence.ends_with("test_thing.a: 6 attributes changed since it was planned"), "{evidence}");
    drifted(1).fails("no-drift", "fail-on = 'minor'");
    drifted(6).passes("no-drift", "fail-on = 'critical'");
}

#[test]
fn no_drift_counts_all_objects_together_and_no_others() {
    let two = |one: &str, other: &str| {
        let attributes = |value: &str| format!(r#"{{"a": {value}, "b": {value}, "c": {value}}}"#);
        let (b, c) = (object("test_thing.b", &attributes("1")), object("test_thing.c", &attributes("1")));
        let scene = Scene::empty().with(ActionKind::Delete, Some(b), None).with(ActionKind::Delete, Some(c), None);
        scene.but(|scene| {
            scene.observed = vec![object("test_thing.b", &attributes(one)), object("test_thing.c", &attributes(other))];
            scene.observed.push(object("test_thing.elsewhere", "{}"));
        })
    };
    two("2", "1").passes("no-drift", "");
    two("2", "2").fails("no-drift", "");
}

#[test]
fn no_drift_takes_what_is_gone_or_in_the_way_for_critical() {
    let gone = drifted(0).but(|scene| scene.observed.clear());
    assert!(gone.fails("no-drift", "fail-on = 'critical'").contains("is not any more"));
    let new = object("test_thing.new", "{}");
    let create = Scene::empty().with(ActionKind::Create, None, Some(new.clone()));
    create.passes("no-drift", "");
    let in_the_way = create.but(|scene| scene.observed.push(new));
    assert!(in_the_way.fails("no-drift", "").contains("was not there when it was planned"));
    let deposed = object("test_thing.a (deposed object 0123abcd)", r#"{"x": 1}"#);
    let delete = Scene::empty().with(ActionKind::Delete, Some(deposed), None);
    delete.passes("no-drift", "");
    delete.but(|scene| scene.observed.clear()).fails("no-drift", "");
}

#[test]
fn no_drift_does_not_pass_what_it_could_not_see() {
    assert!(drifted(0).blind_to("test_thing.a").errs("no-drift", "").contains("no permission"));
    let create = Scene::empty().with(ActionKind::Create, None, Some(object("test_thing.new", "{}")));
    create.blind_to("test_thing.new").errs("no-drift", "");
    drifted(0).blind_to("test_thing.elsewhere").passes("no-drift", "");
}

#[test]
fn resource_exists_looks_for_what_is_changed() {
    let a = || object("test_thing.a", "{}");
    for action in [ActionKind::Update, ActionKind::Replace, ActionKind::Delete, ActionKind::Adopt] {
        let scene = Scene::empty().with(action, Some(a()), Some(a()));
        scene.passes("resource-exists", "");
        let gone = scene.clone().but(|scene| scene.observed.clear());
        assert_eq!(gone.fails("resource-exists", ""), "test_thing.a: is to be changed, and is not there");
        scene.blind_to("test_thing.a").errs("resource-exists", "");
    }
    let create = Scene::empty().with(ActionKind::Create, None, Some(a()));
    create.passes("resource-exists", "");
    create.clone().but(|scene| scene.observed.push(a())).fails("resource-exists", "");
    create.blind_to("test_thing.a").errs("resource-exists", "");
}

#[test]
fn resource_exists_takes_what_is_adopted_from_the_plan_where_only_the_state_is_seen() {
    let adopt = Scene::empty().with(ActionKind::Adopt, None, Some(object("test_thing.a", "{}")));
    let unseen = adopt.but(|scene| scene.observed.clear());
    unseen.fails("resource-exists", "");
    let said = unseen.clone().knowing(|facts| facts.sight = Sight::Record).passes("resource-exists", "");
    assert!(said.contains("nobody looked for it"), "{said}");
    // Nothing else is taken on trust.
    let update = Scene::empty().with(ActionKind::Update, Some(object("test_thing.a", "{}")), None);
    let update = update.but(|scene| scene.observed.clear()).knowing(|facts| facts.sight = Sight::Record);
    update.fails("resource-exists", "");
}

#[test]
fn resource_exists_asks_the_state_about_bookkeeping() {
    let (a, b) = (object("test_thing.a", "{}"), object("test_thing.b", "{}"));
    let forget = Scene::empty().with(ActionKind::Forget, Some(a.clone()), None);
    forget.passes("resource-exists", "");
    forget.clone().but(|scene| scene.observed.clear()).passes("resource-exists", "");
    forget.but(|scene| scene.recorded.clear()).fails("resource-exists", "");
    let moved = Scene::empty().with(ActionKind::Move, Some(a), Some(b.clone()));
    moved.passes("resource-exists", "");
    let taken = moved.but(|scene| scene.recorded.push(b.clone()));
    assert!(taken.fails("resource-exists", "").starts_with("test_thing.b: is in the state already"));
    taken
        .with(ActionKind::Forget, Some(b), None)
        .but(|scene| {
            scene.recorded.pop();
        })
        .passes("resource-exists", "");
}

#[test]
fn values_available_names_what_nobody_has() {
    Scene::update().errs("values-available", "");
    let knowing = Scene::update().knowing(|facts| facts.missing_values = Some(Vec::new()));
    knowing.passes("values-available", "");
    let missing = vec![("test_thing.a".parse().unwrap(), "password_wo".parse().unwrap())];
    let lacking = knowing.clone().knowing(|facts| facts.missing_values = Some(missing));
    assert_eq!(lacking.fails("values-available", ""), "test_thing.a: nobody has the value of password_wo");
    knowing.clone().but(|scene| scene.after.clear()).errs("values-available", "");
    let key = landfast_state::FingerprintKey::from_bytes([7; 32]);
    let sealed = knowing.but(|scene| {
        scene.after[0].fingerprints.push(("token".parse().unwrap(), Sensitive::new(Value::Null).fingerprint(&key)))
    });
    assert!(sealed.fails("values-available", "").contains("only a fingerprint of the value of token"));
}

fn versions(planned: &str, now: &str, schema: u64) -> Scene {
    Scene::update()
        .but(|scene| {
            scene.proposal.providers.insert(PROVIDER.into(), planned.into());
            scene.before[0].schema_version = 2;
            scene.after[0].schema_version = 2;
        })
        .knowing(|facts| {
            let mut schemas = SchemaFacts::default();
            schemas.providers.insert(PROVIDER.into(), now.into());
            schemas.types.insert((PROVIDER.into(), "test_thing".into()), schema);
            facts.schemas = Some(schemas);
        })
}

#[test]
fn schema_compatibility_stops_at_major_versions() {
    for (planned, now) in [("5.1.0", "5.9.3"), ("v5.1.0", "5.0.0-beta1"), ("0.3.1", "0.3.9")] {
        versions(planned, now, 2).passes("schema-compatibility", "");
    }
    for (planned, now) in [("5.1.0", "6.0.0"), ("6.0.0", "5.9.0"), ("0.3.1", "0.4.0")] {
        let evidence = versions(planned, now, 2).fails("schema-compatibility", "");
        assert_eq!(evidence, format!("{PROVIDER}: was {planned} when it was planned, and is {now} now"));
    }
    versions("5.0.0", "5.0.0", 3).fails("schema-compatibility", "");
    versions("5.0.0", "5.0.0", 3).passes("schema-compatibility", "newer-schemas = true");
    versions("5.0.0", "5.0.0", 1).fails("schema-compatibility", "newer-schemas = true");
}

#[test]
fn schema_compatibility_wants_to_know_all_versions() {
    Scene::update().errs("schema-compatibility", "");
    versions("5.0.0", "latest", 2).errs("schema-compatibility", "");
    versions("5.0.0", "5.0.0", 2).but(|scene| scene.proposal.providers.clear()).errs("schema-compatibility", "");
    let none = versions("5.0.0", "5.0.0", 2).knowing(|facts| facts.schemas = Some(SchemaFacts::default()));
    none.errs("schema-compatibility", "");
    versions("5", "5", 2)
        .knowing(|facts| facts.schemas.as_mut().unwrap().types.clear())
        .errs("schema-compatibility", "");
    let forget = Scene::empty().with(ActionKind::Forget, Some(object("test_thing.a", "{}")), None);
    forget.is_skipped("schema-compatibility", "");
}

#[test]
fn dependencies_healthy_asks_through_what_lies_between() {
    let depends = |address: &str, on: &str| {
        let mut depending = object(address, "{}");
        depending.dependencies = vec![on.parse().unwrap()].into();
        depending
    };
    let a = depends("test_thing.a", "test_net.n");
    let world = |healths: &[(&str, Health)]| {
        let health: BTreeMap<_, _> = healths.iter().map(|(at, health)| (at.parse().unwrap(), health.clone())).collect();
        let scene = Scene::empty().with(ActionKind::Update, Some(a.clone()), Some(a.clone()));
        let scene = scene.but(|scene| scene.recorded.push(depends("test_net.n", "test_zone.z")));
        scene.knowing(|facts| facts.health = Some(health))
    };
    let (net, zone) = (("test_net.n", Health::Healthy), ("test_zone.z", Health::Healthy));
    assert_eq!(world(&[net.clone(), zone]).passes("dependencies-healthy", ""), "2 dependencies are healthy");
    let ill = ("test_zone.z", Health::Unhealthy("no answer".into()));
    assert_eq!(world(&[net.clone(), ill]).fails("dependencies-healthy", ""), "test_zone.z: no answer");
    assert_eq!(
        world(std::slice::from_ref(&net)).errs("dependencies-healthy", ""),
        "whether test_zone.z is healthy is not known"
    );
    world(&[net]).knowing(|facts| facts.health = None).errs("dependencies-healthy", "");
    let made = world(&[("test_zone.z", Health::Healthy)]);
    made.errs("dependencies-healthy", "");
    made.with(ActionKind::Create, None, Some(object("test_net.n", "{}"))).passes("dependencies-healthy", "");
}
