//! `landfast diff`

use crate::run::run;

#[test]
fn two_states() {
    let a = "fixtures/aws-siblings/recorded.tfstate";
    let b = "fixtures/aws-siblings/observed.tfstate";
    let different = run(["diff", a, b]);
    assert_eq!((different.code, different.err.as_str()), (2, ""));
    insta::assert_snapshot!(different.out);
    let same = run(["diff", a, a]);
    assert_eq!(same.code, 0);
    assert!(same.out.starts_with("no difference in "), "{}", same.out);
    // Of a plan, the first source is what it found written down, the second what it saw.
    let plan = "fixtures/aws-moto/refresh.plan.json";
    assert_eq!(run(["diff", plan, plan]).code, 2);
    let json: serde_json::Value = serde_json::from_str(&run(["diff", a, b, "--format", "json"]).out).unwrap();
    assert_eq!(json["kind"], "diff");
}
