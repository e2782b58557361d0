//! What is for tests stays there: no published crate asks for the features `testing` or `mutants` of another in what it is built
//! from, and none has them on by default, so no program of users can reach a world in memory or a defect.

use std::collections::{BTreeMap, BTreeSet};

use crate::problem::Problem;
use crate::workspace::{Package, Workspace};

/// Features that only tests may ask for.
const FEATURES: &[&str] = &["testing", "mutants"];

pub(super) fn check(workspace: &Workspace) -> Vec<Problem> {
    let published = workspace.packages.iter().filter(|package| package.is_published());
    published.flat_map(|package| check_package(package, &package.manifest(&workspace.root))).collect()
}

fn is_for_tests(feature: &str) -> bool {
    // As a feature asks for it: `testing`, `landfast-rollback/testing`, `landfast-rollback?/testing`.
    FEATURES.contains(&feature.rsplit('/').next().unwrap_or(feature))
}

fn check_package(package: &Package, manifest: &str) -> Vec<Problem> {
    let mut found = Vec::new();
    let mut wrong = |what: String| found.push(Problem::new(manifest, 1, format!("{}: {what}", package.name)));
    for dependency in package.dependencies.iter().filter(|it| it.path.is_some() && it.kind.as_deref() != Some("dev")) {
        for feature in dependency.features.iter().filter(|feature| is_for_tests(feature)) {
            wrong(format!("asks for `{feature}` of {} outside of its tests", dependency.name));
        }
    }
    for feature in package.features.keys().filter(|feature| !is_for_tests(feature)) {
        if let Some(reached) = reaches(&package.features, feature) {
            wrong(format!("the feature `{feature}` brings `{reached}`, which is for tests"));
        }
    }
    found
}

/// A feature for tests that this one brings, through others of the package or at once.
fn reaches(features: &BTreeMap<String, Vec<String>>, from: &str) -> Option<String> {
    let mut seen = BTreeSet::new();
    let mut next = vec![from.to_owned()];
    while let Some(feature) = next.pop() {
        for brought in features.get(&feature).into_iter().flatten() {
            if is_for_tests(brought) {
                return Some(brought.clone());
            }
            if seen.insert(brought.clone()) {
                next.push(brought.clone());
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::sample::package;

    fn messages(package: &Package) -> Vec<String> {
        check_package(package, "Cargo.toml").into_iter().map(|problem| problem.message).collect()
    }

    fn features(list: &[(&str, &[&str])]) -> BTreeMap<String, Vec<String>> {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        list.iter().map(|(name, brings)| ((*name).to_owned(), owned(brings))).collect()
    }

    #[test]
    fn a_dependency_may_ask_for_them_in_tests_only() {
        for (kind, is_wrong) in [(None, true), (Some("build"), true), (Some("dev"), false)] {
            let mut package = package("landfast-fix", &[("landfast-rollback", kind)]);
            package.dependencies[0].features = vec!["testing".to_owned()];
            assert_eq!(!messages(&package).is_empty(), is_wrong, "{kind:?}");
        }
    }

    #[test]
    fn no_feature_brings_them_but_they_themselves() {
        let mut package = package("landfast-fix", &[]);
        package.features =
            features(&[("testing", &["landfast-rollback/testing"]), ("default", &["local"]), ("local", &[])]);
        assert_eq!(messages(&package), Vec::<String>::new());
        package.features = features(&[("default", &["local"]), ("local", &["landfast-rollback?/mutants"])]);
        let found = messages(&package);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("`default` brings `landfast-rollback?/mutants`"), "{found:?}");
    }

    #[test]
    fn crates_that_are_not_published_may_ask_for_them() {
        let mut package = package("xtask", &[("landfast-rollback", None)]);
        package.dependencies[0].features = vec!["testing".to_owned()];
        package.publish = Some(Vec::new());
        let workspace = Workspace { root: "/repo".into(), packages: vec![package], files: Vec::new() };
        assert_eq!(check(&workspace), []);
    }
}
