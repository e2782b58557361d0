//! The catalogue of built-in checks.

use std::collections::BTreeSet;

use landfast_safety::{CheckId, Gate, Level, Overriding, SafetySettings, catalogue};

#[test]
fn every_check_is_described() {
    let entries = catalogue();
    let ids: BTreeSet<_> = entries.iter().map(|entry| entry.id.as_str()).collect();
    assert_eq!(ids.len(), entries.len(), "ids are unique");
    assert!(entries.is_sorted_by_key(|entry| entry.id.as_str()));
    let gate = Gate::builtin(&SafetySettings::default()).unwrap();
    assert_eq!(gate.checks().count(), entries.len(), "none is lost on the way into a gate");
    for entry in &entries {
        assert_eq!(CheckId::new(entry.id.as_str()), Ok(entry.id.clone()), "ids are kebab-case");
        assert!(entry.question.ends_with('?') && entry.question.len() > 10, "{}", entry.id);
        assert!(entry.advice.len() > 10 && !entry.advice.ends_with('.'), "{}", entry.id);
        assert!(entry.level != Level::Warn, "{}", entry.id);
        // Roles can only be asked once there are any; whatever else nobody may override is always asked.
        let asked = entry.level == Level::Deny || entry.id.as_str() == "authorised";
        assert!(entry.overriding == Overriding::WithReason || asked, "{}", entry.id);
        let settings: toml::Table = toml::from_str(&entry.settings).unwrap();
        let again = entry.build(Some(settings)).unwrap();
        assert_eq!(again.settings(), entry.build(None).unwrap().settings(), "{}: defaults are as shown", entry.id);
        let wrong = toml::from_str("no-such-setting = 1").unwrap();
        assert!(entry.build(Some(wrong)).is_err(), "{} takes settings that it does not have", entry.id);
    }
}
