//! The workspace as the checks see it: its packages from `cargo metadata`, its committed files from git.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use crate::process::{cargo, output_of};

/// The packages and files of the workspace.
#[derive(Debug)]
pub(crate) struct Workspace {
    pub(crate) root: PathBuf,
    pub(crate) packages: Vec<Package>,
    pub(crate) files: Vec<SourceFile>,
}

/// One member of the workspace, the part of `cargo metadata` that the checks need.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) license: Option<String>,
    pub(crate) repository: Option<String>,
    pub(crate) readme: Option<PathBuf>,
    pub(crate) manifest_path: PathBuf,
    /// `None` when it may be published anywhere, an empty list for `publish = false`.
    pub(crate) publish: Option<Vec<String>>,
    #[serde(default)]
    pub(crate) metadata: serde_json::Value,
    pub(crate) dependencies: Vec<Dependency>,
    /// What each feature brings.
    #[serde(default)]
    pub(crate) features: std::collections::BTreeMap<String, Vec<String>>,
}

/// A dependency as its manifest declares it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// `None` for a normal dependency, else `dev` or `build`.
    pub(crate) kind: Option<String>,
    /// Set for dependencies by path, which are those inside the workspace.
    pub(crate) path: Option<PathBuf>,
    /// The features that it asks for.
    #[serde(default)]
    pub(crate) features: Vec<String>,
}

impl Package {
    pub(crate) fn is_published(&self) -> bool {
        self.publish.as_ref().is_none_or(|registries| !registries.is_empty())
    }

    /// The folder of the package.
    pub(crate) fn folder(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(Path::new(""))
    }

    /// The manifest, relative to `root`.
    pub(crate) fn manifest(&self, root: &Path) -> String {
        relative(root, &self.manifest_path)
    }
}

/// A text file that is committed or about to be: git knows it or does not ignore it.
#[derive(Debug, Clone)]
pub(crate) struct SourceFile {
    /// Path relative to the root, with `/` between its parts.
    pub(crate) path: String,
    pub(crate) text: String,
}

impl SourceFile {
    pub(crate) fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// Whether this is library or binary source of a crate under `crates/`.
    pub(crate) fn is_crate_source(&self) -> bool {
        let mut parts = self.path.split('/');
        self.is_rust() && parts.next() == Some("crates") && parts.nth(1) == Some("src")
    }

    /// The lines with their numbers from 1.
    pub(crate) fn lines(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().map(|(at, line)| (at + 1, line))
    }
}

impl Workspace {
    pub(crate) fn load() -> Result<Self, String> {
        #[derive(Deserialize)]
        struct Metadata {
            packages: Vec<Package>,
            workspace_root: PathBuf,
        }
        let text = output_of(cargo().args(["metadata", "--no-deps", "--format-version", "1"]))?;
        let metadata: Metadata =
            serde_json::from_str(&text).map_err(|error| format!("cannot read what cargo metadata wrote: {error}"))?;
        let files = committed_files(&metadata.workspace_root)?;
        Ok(Self { root: metadata.workspace_root, packages: metadata.packages, files })
    }
}

/// The root of the workspace, without asking cargo.
pub(crate) fn root() -> Result<PathBuf, String> {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    own.parent().map(Path::to_path_buf).ok_or_else(|| "xtask has no parent folder".to_owned())
}

fn committed_files(root: &Path) -> Result<Vec<SourceFile>, String> {
    let list = ["ls-files", "-z", "--cached", "--others", "--exclude-standard"];
    let names = output_of(Command::new("git").arg("-C").arg(root).args(list))?;
    let mut files: Vec<SourceFile> = names
        .split('\0')
        .filter(|name| !name.is_empty())
        // Deleted but not yet committed, a link to a folder, or not text: nothing to check in it.
        .filter_map(|name| {
            Some(SourceFile { path: name.to_owned(), text: std::fs::read_to_string(root.join(name)).ok()? })
        })
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files.dedup_by(|a, b| a.path == b.path);
    Ok(files)
}

/// `path` relative to `root`, for messages.
pub(crate) fn relative(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).to_string_lossy().replace('\\', "/")
}

#[cfg(test)]
pub(crate) mod sample {
    //! Small workspaces for the tests of the checks.

    use super::*;

    pub(crate) fn file(path: &str, text: &str) -> SourceFile {
        SourceFile { path: path.to_owned(), text: text.to_owned() }
    }

    pub(crate) fn package(name: &str, dependencies: &[(&str, Option<&str>)]) -> Package {
        let own = |(name, kind): &(&str, Option<&str>)| Dependency {
            name: (*name).to_owned(),
            kind: kind.map(str::to_owned),
            path: Some(PathBuf::from(format!("/repo/crates/{name}"))),
            features: Vec::new(),
        };
        Package {
            name: name.to_owned(),
            description: Some("what it is".to_owned()),
            license: Some("MIT OR Apache-2.0".to_owned()),
            repository: Some("https://example.org/repository".to_owned()),
            readme: Some(PathBuf::from("README.md")),
            manifest_path: PathBuf::from(format!("/repo/crates/{name}/Cargo.toml")),
            publish: None,
            metadata: serde_json::json!({"docs": {"rs": {"all-features": true}}}),
            dependencies: dependencies.iter().map(own).collect(),
            features: Default::default(),
        }
    }

    #[test]
    fn sources_of_crates_are_told_from_their_tests() {
        assert!(file("crates/landfast-state/src/json/mod.rs", "").is_crate_source());
        assert!(!file("crates/landfast-state/tests/it/main.rs", "").is_crate_source());
        assert!(!file("xtask/src/main.rs", "").is_crate_source());
        assert!(!file("crates/landfast-drift/src/rules.toml", "").is_crate_source());
    }

    #[test]
    fn publish_false_is_an_empty_list() {
        let mut package = package("landfast-state", &[]);
        assert!(package.is_published());
        package.publish = Some(Vec::new());
        assert!(!package.is_published());
    }
}
