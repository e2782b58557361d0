//! What the page of a published crate shows: description, licence, readme, repository, settings for its docs.

use crate::problem::Problem;
use crate::workspace::{Package, Workspace};

pub(super) fn check(workspace: &Workspace) -> Vec<Problem> {
    let published = workspace.packages.iter().filter(|package| package.is_published());
    let named = published.map(|package| (package, package.manifest(&workspace.root)));
    named.flat_map(|(package, manifest)| check_package(package, &manifest)).collect()
}

fn check_package(package: &Package, manifest: &str) -> Vec<Problem> {
    let mut missing = Vec::new();
    let filled = |text: &Option<String>| text.as_ref().is_some_and(|text| !text.trim().is_empty());
    if !filled(&package.description) {
        missing.push("`description` is missing".to_owned());
    }
    if !filled(&package.repository) {
        missing.push("`repository` is missing".to_owned());
    }
    if package.license.as_deref() != Some("MIT OR Apache-2.0") {
        missing.push("`license` must be \"MIT OR Apache-2.0\"".to_owned());
    }
    match &package.readme {
        None => missing.push("`readme` is missing".to_owned()),
        Some(readme) if !package.folder().join(readme).is_file() => {
            missing.push(format!("`readme` names {}, which does not exist", readme.display()));
        }
        Some(_) => {}
    }
    if !package.metadata.pointer("/docs/rs").is_some_and(serde_json::Value::is_object) {
        missing.push("`[package.metadata.docs.rs]` is missing".to_owned());
    }
    missing.into_iter().map(|message| Problem::new(manifest, 1, format!("{}: {message}", package.name))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::sample::package;

    fn complete() -> Package {
        let mut package = package("landfast-state", &[]);
        package.manifest_path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        package.readme = Some("src/main.rs".into());
        package
    }

    fn messages(package: &Package) -> Vec<String> {
        check_package(package, "crates/landfast-state/Cargo.toml").into_iter().map(|problem| problem.message).collect()
    }

    #[test]
    fn a_complete_manifest_passes() {
        assert_eq!(messages(&complete()), Vec::<String>::new());
    }

    #[test]
    fn each_missing_field_is_named() {
        let empty = Package {
            description: Some(" ".to_owned()),
            license: Some("GPL-3.0".to_owned()),
            repository: None,
            readme: None,
            metadata: serde_json::Value::Null,
            ..complete()
        };
        let found = messages(&empty).join("\n");
        for field in ["description", "license", "repository", "readme", "package.metadata.docs.rs"] {
            assert!(found.contains(field), "{field} is not in {found}");
        }
    }

    #[test]
    fn a_readme_that_does_not_exist_is_refused() {
        let package = Package { readme: Some("NOTHING.md".into()), ..complete() };
        assert_eq!(messages(&package), ["landfast-state: `readme` names NOTHING.md, which does not exist"]);
    }

    #[test]
    fn crates_that_are_not_published_need_none_of_it() {
        let package = Package { publish: Some(Vec::new()), description: None, ..complete() };
        let workspace = Workspace { root: "/repo".into(), packages: vec![package], files: Vec::new() };
        assert_eq!(check(&workspace), []);
    }
}
