//! Checks about money and budgets: `cost-impact`, `no-slo-violation`.

use std::sync::Arc;

use landfast_drift::cost::PriceTable;
use landfast_safety::{ActionKind, Promise};

use crate::scene::{Scene, object};

const PRICES: &str = "currency = 'EUR'\n[[price]]\ntype = 'test_disk'\nper = ['gb']\nmonthly = '0.1'";

fn disk(name: &str, gb: u32) -> landfast_state::ResourceObject {
    object(&format!("test_disk.{name}"), &format!(r#"{{"gb": {gb}}}"#))
}

fn resized(from: u32, to: u32) -> Scene {
    let scene = Scene::empty().with(ActionKind::Update, Some(disk("d", from)), Some(disk("d", to)));
    let prices = PriceTable::from_toml("prices.toml", PRICES).unwrap();
    scene.knowing(|facts| facts.prices = Some(Arc::new(prices)))
}

fn promised(from: u32, to: u32) -> Scene {
    resized(from, to).but(|scene| {
        scene.proposal.promises.insert(Promise::LowerCost);
    })
}

#[test]
fn a_promise_of_lower_cost_is_kept() {
    let evidence = promised(200, 100).passes("cost-impact", "");
    assert_eq!(
        evidence,
        "20 EUR a month before, 10 EUR a month afterwards".replace("EUR a month afterwards", "EUR afterwards")
    );
    promised(100, 100).passes("cost-impact", "");
    let evidence = promised(100, 101).fails("cost-impact", "");
    assert!(evidence.ends_with("it promises lower cost, and costs 0.1 EUR more"), "{evidence}");
    promised(100, 101).passes("cost-impact", "strict = false\ntolerance = '0.1'");
    promised(100, 102).fails("cost-impact", "strict = false\ntolerance = '0.1'");
    resized(100, 900).is_skipped("cost-impact", "");
    resized(100, 110).passes("cost-impact", "max-increase = 1");
    resized(100, 111).fails("cost-impact", "max-increase = 1");
}

#[test]
fn what_has_no_price_is_refused_or_listed() {
    promised(2, 1).knowing(|facts| facts.prices = None).errs("cost-impact", "");
    let thing = || Some(object("test_thing.a", "{}"));
    let partly = promised(2, 1).with(ActionKind::Create, None, thing());
    let evidence = partly.errs("cost-impact", "");
    assert_eq!(evidence, "the cost of test_thing.a (there are no prices for test_thing) is not known");
    assert!(partly.passes("cost-impact", "unpriced = 'list'").contains("test_thing.a: unpriced: "));
    let nothing = promised(2, 1).but(|scene| {
        scene.proposal.changes.clear();
        *scene = scene.clone().with(ActionKind::Create, None, thing());
    });
    nothing.errs("cost-impact", "unpriced = 'list'");
    promised(2, 1).but(|scene| scene.after.clear()).errs("cost-impact", "");
    // What only the state learns costs nothing.
    promised(2, 1).with(ActionKind::Forget, thing(), None).passes("cost-impact", "");
}

fn uses(scene: Scene, used: &str) -> Scene {
    scene.knowing(|facts| facts.budgets = Some([("b".to_owned(), used.parse().unwrap())].into()))
}

fn budget(rest: &str) -> String {
    format!("[[budgets]]\nname = 'b'\n{rest}")
}

#[test]
fn budgets_are_kept() {
    let id = "no-slo-violation";
    let cost = budget("kind = 'monthly-cost'\nlimit = 100\nenvironment = 'prod'");
    assert_eq!(uses(resized(0, 100), "90").passes(id, &cost), "b: 90 of 100 is used, the plan adds 10, which keeps it");
    uses(resized(0, 101), "90").fails(id, &cost);
    uses(resized(100, 50), "500").passes(id, &cost);
    uses(resized(0, 1), "90").knowing(|facts| facts.prices = None).errs(id, &cost);
    uses(resized(0, 1), "90").with(ActionKind::Create, None, Some(object("test_thing.a", "{}"))).errs(id, &cost);

    let errors = budget("kind = 'error-budget'\nlimit = '43.2'");
    uses(resized(1, 1), "43.1").passes(id, &errors);
    uses(resized(1, 1), "43.2").fails(id, &errors);

    let count = budget("kind = 'count'\nlimit = 5");
    let create = || Scene::empty().with(ActionKind::Create, None, Some(disk("new", 1)));
    uses(create(), "4").passes(id, &count);
    uses(create(), "5").fails(id, &count);
    uses(create().with(ActionKind::Delete, Some(disk("old", 1)), None), "5").passes(id, &count);
    create().errs(id, &count);
    create().knowing(|facts| facts.budgets = Some(Default::default())).errs(id, &count);

    let elsewhere = budget("kind = 'count'\nlimit = 0\nenvironment = 'staging'");
    create().is_skipped(id, &elsewhere);
    create().is_skipped(id, "");
}

#[test]
fn budgets_of_teams_count_what_is_theirs_or_nobodys() {
    let id = "no-slo-violation";
    let count = budget("kind = 'count'\nlimit = 5\nteam = 'red'");
    let of = |name: &str, tags: &str| Some(object(&format!("test_thing.{name}"), &format!("{{\"tags\": {tags}}}")));
    let create = |tags: &str| uses(Scene::empty().with(ActionKind::Create, None, of("new", tags)), "5");
    create(r#"{"team": "red"}"#).fails(id, &count);
    create(r#"{"team": "blue"}"#).passes(id, &count);
    create("{}").fails(id, &count);
    let with = |tags: &str| create("{}").with(ActionKind::Delete, of("old", tags), None);
    with(r#"{"team": "red"}"#).passes(id, &count);
    with("{}").fails(id, &count);
}

#[test]
fn budgets_that_make_no_sense_are_refused() {
    for settings in [
        "budgets = [{name = '', kind = 'count', limit = 1}]",
        "budgets = [{name = 'a', kind = 'count', limit = -1}]",
        "budgets = [{name = 'a', kind = 'count', limit = 1}, {name = 'a', kind = 'count', limit = 2}]",
        "budgets = [{name = 'a', kind = 'count', limit = 1.5}]",
        "team-attribute = 'tags['",
    ] {
        let mut all = landfast_safety::SafetySettings::default();
        all.checks.insert("no-slo-violation".into(), toml::from_str(settings).unwrap());
        let error = landfast_safety::Gate::builtin(&all).unwrap_err();
        assert!(error.to_string().contains("no-slo-violation"), "{error}");
    }
}
