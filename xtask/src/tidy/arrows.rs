//! Which crate of the workspace may depend on which. The table is the drawing in `docs/architecture.md`, made executable.

use crate::problem::Problem;
use crate::workspace::{Package, Workspace};

/// Each crate with the crates of this workspace that it may depend on, in any kind of dependency.
const ALLOWED: &[(&str, &[&str])] = &[
    ("landfast-state", &[]),
    ("landfast-durable", &[]),
    ("landfast-backends", &["landfast-durable", "landfast-state"]),
    ("landfast-drift", &["landfast-state"]),
    ("landfast-observe", &["landfast-durable", "landfast-state"]),
    ("landfast-tfplugin", &["landfast-observe", "landfast-state"]),
    ("landfast-discover", &["landfast-state"]),
    ("landfast-report", &["landfast-drift", "landfast-rollback", "landfast-safety", "landfast-state"]),
    ("landfast-safety", &["landfast-drift", "landfast-state"]),
    ("landfast-rollback", &["landfast-drift", "landfast-durable", "landfast-safety", "landfast-state"]),
    (
        "landfast-fix",
        &[
            "landfast-backends",
            "landfast-drift",
            "landfast-observe",
            "landfast-rollback",
            "landfast-safety",
            "landfast-state",
        ],
    ),
    (
        "landfast",
        &[
            "landfast-backends",
            "landfast-discover",
            "landfast-drift",
            "landfast-fix",
            "landfast-observe",
            "landfast-report",
            "landfast-rollback",
            "landfast-safety",
            "landfast-state",
            "landfast-tfplugin",
        ],
    ),
    ("landfast-cli", &["landfast", "landfast-durable"]),
    (
        "fuzz-targets",
        &[
            "landfast",
            "landfast-discover",
            "landfast-drift",
            "landfast-durable",
            "landfast-report",
            "landfast-state",
            "landfast-tfplugin",
        ],
    ),
    ("xtask", &["landfast", "landfast-cli", "landfast-report"]),
];

pub(super) fn check(workspace: &Workspace) -> Vec<Problem> {
    workspace.packages.iter().flat_map(|package| check_package(workspace, package)).collect()
}

fn check_package(workspace: &Workspace, package: &Package) -> Vec<Problem> {
    let manifest = package.manifest(&workspace.root);
    let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == package.name) else {
        let message = format!(
            "{} is not in the table of crate arrows: add it, with what it may depend on, to {}",
            package.name,
            file!()
        );
        return vec![Problem::new(manifest, 1, message)];
    };
    let forbidden = package.dependencies.iter().filter(|dependency| {
        let inside = dependency.path.is_some();
        inside && !allowed.contains(&dependency.name.as_str())
    });
    forbidden
        .map(|dependency| {
            let kind = dependency.kind.as_deref().map_or(String::new(), |kind| format!(" ({kind})"));
            let message = format!(
                "{} must not depend on {}{kind}: the arrows in docs/architecture.md point the other way",
                package.name, dependency.name
            );
            Problem::new(manifest.clone(), line_of(workspace, &manifest, &dependency.name), message)
        })
        .collect()
}

/// The line of the manifest that names the dependency.
fn line_of(workspace: &Workspace, manifest: &str, dependency: &str) -> usize {
    let file = workspace.files.iter().find(|file| file.path == manifest);
    let names_it =
        |line: &str| line.trim_start().strip_prefix(dependency).is_some_and(|rest| rest.starts_with(['.', ' ', '=']));
    file.and_then(|file| file.lines().find(|(_, line)| names_it(line))).map_or(1, |(number, _)| number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::sample::{file, package};

    fn problems(packages: Vec<Package>) -> Vec<String> {
        let manifest = "[dependencies]\nlandfast-state-extra = \"1\"\nlandfast-report.workspace = true\n";
        let files = vec![file("crates/landfast-drift/Cargo.toml", manifest)];
        let workspace = Workspace { root: "/repo".into(), packages, files };
        check(&workspace).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn an_arrow_the_wrong_way_is_refused_at_its_line() {
        let found = problems(vec![package("landfast-drift", &[("landfast-state", None), ("landfast-report", None)])]);
        assert_eq!(found.len(), 1);
        assert!(
            found[0]
                .starts_with("crates/landfast-drift/Cargo.toml:3: landfast-drift must not depend on landfast-report")
        );
    }

    #[test]
    fn arrows_hold_for_dev_dependencies_too() {
        let found = problems(vec![package("landfast-state", &[("landfast-drift", Some("dev"))])]);
        assert!(found[0].contains("landfast-state must not depend on landfast-drift (dev)"));
    }

    #[test]
    fn an_unknown_crate_is_asked_into_the_table() {
        let found = problems(vec![package("landfast-new", &[])]);
        assert!(found[0].contains("landfast-new is not in the table of crate arrows: add it"));
    }

    #[test]
    fn the_table_draws_no_cycle() {
        // Each crate may depend only on crates that can be built before it.
        let mut built: Vec<&str> = Vec::new();
        while let Some((name, _)) = ALLOWED
            .iter()
            .find(|(name, allowed)| !built.contains(name) && allowed.iter().all(|other| built.contains(other)))
        {
            built.push(name);
        }
        assert_eq!(built.len(), ALLOWED.len());
    }
}
