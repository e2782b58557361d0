//! What objects cost by a price table.

use landfast_drift::cost::{Amount, Cost, CostImpact, CostModel, PriceTable, PriceTableProblem};
use landfast_state::ResourceObject;

use crate::world::{object, paths};

const TABLE: &str = r#"
currency = "EUR"

[[price]]
type = "aws_instance"
component = "compute"
when = { instance_type = "t3.*", monitoring = true }
hourly = "0.0104"

[[price]]
type = "aws_instance"
component = "compute"
when = { instance_type = "t3.micro", cpu_core_count = 2 }
monthly = "9"

[[price]]
type = "aws_instance"
component = "disk"
per = ["root_block_device[0].volume_size"]
monthly = "0.0952"

[[free]]
type = "aws_iam_*"
"#;

fn table() -> PriceTable {
    PriceTable::from_toml("prices.toml", TABLE).unwrap()
}

fn instance(attributes: &str) -> ResourceObject {
    object("aws_instance.web", attributes)
}

fn known(text: &str) -> Cost {
    Cost::Known(text.parse().unwrap())
}

fn why(object: &ResourceObject) -> String {
    match table().monthly(object) {
        Cost::Unknown { why } => why,
        Cost::Known(amount) => panic!("it costs {amount}"),
    }
}

const SMALL: &str = r#"{"instance_type": "t3.small", "monitoring": true, "root_block_device": [{"volume_size": 10}]}"#;

#[test]
fn components_add_up_exactly() {
    // 730 * 0.0104 + 10 * 0.0952, which floats do not give.
    assert_eq!(table().monthly(&instance(SMALL)), known("8.544"));
    assert_eq!(table().monthly(&object("aws_iam_role.a", "{}")), known("0"));
    let by_number = SMALL.replace("t3.small", "t3.micro").replace("true", "false, \"cpu_core_count\": 2.0");
    assert_eq!(table().monthly(&instance(&by_number)), known("9.952"));
    assert_eq!(table().currency(), "EUR");
}

#[test]
fn what_has_no_price_is_not_free() {
    assert_eq!(why(&object("aws_eip.a", "{}")), "there are no prices for aws_eip");
    assert_eq!(why(&instance(&SMALL.replace("t3.", "m5."))), "no price for compute of aws_instance fits");
    let twice = SMALL.replace("t3.small\"", "t3.micro\", \"cpu_core_count\": 2");
    assert_eq!(why(&instance(&twice)), "more than one price for compute of aws_instance fits");
    let path = "root_block_device[0].volume_size, by which it is priced,";
    assert_eq!(why(&instance(&SMALL.replace("10", "null"))), format!("{path} has no value"));
    assert_eq!(why(&instance(&SMALL.replace("10", "-10"))), format!("{path} is no amount"));
    assert_eq!(
        why(&instance(&SMALL.replace("10", "1e-17"))),
        "the price by root_block_device[0].volume_size cannot be held exactly"
    );
}

#[test]
fn what_is_not_known_or_not_to_be_shown_has_no_price() {
    let mut unknown = instance(SMALL);
    unknown.unknown = paths(&["instance_type"]);
    assert_eq!(why(&unknown), "instance_type, by which it is priced, is known after apply only");
    let mut block = instance(SMALL);
    block.unknown = paths(&["root_block_device"]);
    assert!(why(&block).ends_with("is known after apply only"));
    let mut sensitive = instance(SMALL);
    sensitive.sensitive = paths(&["instance_type"]);
    assert_eq!(why(&sensitive), "instance_type, by which it is priced, is sensitive");
}

#[test]
fn impact_says_what_it_leaves_out() {
    let (small, large) = (instance(SMALL), instance(&SMALL.replace("10", "20")));
    let (unpriced, same) = (object("aws_eip.a", r#"{"x": 1}"#), object("aws_lb.a", "{}"));
    let impact = CostImpact::of(&table(), [&small, &same], [&large, &unpriced, &same]);
    assert_eq!(impact.increase(), Some("0.952".parse().unwrap()));
    assert_eq!(impact.priced, 2);
    assert!(!impact.is_complete());
    let unpriced: Vec<_> = impact.unpriced.iter().map(|(address, why)| format!("{address}: {why}")).collect();
    assert_eq!(unpriced, ["aws_eip.a: there are no prices for aws_eip"]);
    let nothing = CostImpact::of(&table(), [&small], [&small]);
    assert_eq!((nothing.increase(), nothing.is_complete()), (Some(Amount::ZERO), true));
}

#[test]
fn a_table_that_makes_no_sense_is_refused_with_its_place() {
    for (from, to, place, problem) in [
        ("\"EUR\"", "\" \"", (2, 12), PriceTableProblem::Empty { member: "currency" }),
        ("hourly = \"0.0104\"", "hourly = \"1\"\nmonthly = \"1\"", (5, 8), PriceTableProblem::Period),
        ("\"0.0104\"", "\"-1\"", (8, 10), PriceTableProblem::Price),
        ("\"0.0104\"", "\"1e19\"", (8, 10), PriceTableProblem::Price),
        ("\"EUR\"", "\"EUR\"\nhours-per-month = 0", (3, 19), PriceTableProblem::Hours),
        (
            "[\"root_",
            "[\"[root_",
            (19, 8),
            PriceTableProblem::Path { path: "[root_block_device[0].volume_size".into() },
        ),
        ("\"aws_iam_*\"", "\"\"", (23, 8), PriceTableProblem::Empty { member: "type" }),
    ] {
        assert!(TABLE.contains(from), "{from}");
        let error = PriceTable::from_toml("prices.toml", &TABLE.replacen(from, to, 1)).unwrap_err();
        assert_eq!((error.line, error.column, &error.problem), (place.0, place.1, &problem), "{error}");
    }
    for (from, to) in [("\"0.0104\"", "0.0104"), ("[[free]]", "[[gratis]]"), ("currency", "curency")] {
        let error = PriceTable::from_toml("prices.toml", &TABLE.replacen(from, to, 1)).unwrap_err();
        assert!(matches!(error.problem, PriceTableProblem::Syntax(_)), "{error}");
        assert!(error.to_string().starts_with("prices.toml:"), "{error}");
    }
}
