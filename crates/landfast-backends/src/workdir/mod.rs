//! Which state a working directory of terraform names.

mod configuration;
mod error;

use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

pub use error::WorkdirError;

use crate::address::StateAddress;
use crate::key::DEFAULT_WORKSPACE;
use crate::open::Environment;
use configuration::{Block, Configured};

/// Where terraform keeps what `init` found out.
const DATA_FOLDER: &str = ".terraform";
/// Kinds of stores that there is no client for here, though terraform has one.
const WITHOUT_STORE: [&str; 12] =
    ["remote", "cloud", "consul", "kubernetes", "oss", "cos", "oci", "inmem", "etcd", "etcdv3", "swift", "artifactory"];

/// The state that terraform would use in `folder`: what `init` wrote down about the backend, else the local file
/// `terraform.tfstate`.
///
/// The workspace is `workspace`, or else `TF_WORKSPACE`, or else the one that was selected in the folder. `TF_DATA_DIR` is
/// heeded. Nothing but the folder is read, and nobody is asked.
///
/// # Errors
/// When the configuration asks for a backend and the folder is not initialised, or was for another kind; when there is no
/// store of that kind; when what `init` wrote down cannot be read.
pub fn state_of_folder(
    folder: &Path,
    environment: &Environment,
    workspace: Option<&str>,
) -> Result<StateAddress, WorkdirError> {
    let data = folder.join(environment.get("TF_DATA_DIR").unwrap_or(DATA_FOLDER));
    let workspace = match workspace.or_else(|| environment.get("TF_WORKSPACE")) {
        Some(workspace) => workspace.to_owned(),
        None => selected_workspace(&data)?,
    };
    let configured = configuration::of_folder(folder)?;
    let (kind, attributes) = match (recorded(&data)?, configured) {
        (Some((kind, _)), Configured::Block(Block { kind: asked, file, line })) if kind != asked => {
            return Err(WorkdirError::Changed { file, line, asked, initialised: kind });
        }
        (Some(recorded), _) => recorded,
        (None, Configured::Block(Block { kind, file, line })) => {
            return Err(WorkdirError::NotInitialised { file, line, kind });
        }
        (None, Configured::Nothing) => (String::from("local"), Map::new()),
    };
    if WITHOUT_STORE.contains(&kind.as_str()) {
        let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        return Err(WorkdirError::NoStore { folder: here.to_owned(), kind });
    }
    let attributes = if kind == "local" { in_folder(folder, attributes) } else { attributes };
    StateAddress::from_backend(&kind, &attributes, &workspace).map_err(WorkdirError::Address)
}

/// The attributes of a local backend, seen from where the process runs.
fn in_folder(folder: &Path, mut attributes: Map<String, Value>) -> Map<String, Value> {
    attributes.retain(|_, value| !value.is_null());
    let is_here = folder.as_os_str().is_empty() || folder == Path::new(".");
    attributes.entry("path").or_insert_with(|| Value::from("terraform.tfstate"));
    for name in ["path", "workspace_dir"] {
        if let Some(Value::String(path)) = attributes.get_mut(name)
            && !is_here
            && let Some(joined) = folder.join(&*path).to_str()
        {
            *path = joined.to_owned();
        }
    }
    attributes
}

fn selected_workspace(data: &Path) -> Result<String, WorkdirError> {
    let name = read(&data.join("environment"))?.unwrap_or_default();
    let name = name.trim();
    Ok(if name.is_empty() { DEFAULT_WORKSPACE } else { name }.to_owned())
}

/// A kind of backend with its attributes.
type Backend = (String, Map<String, Value>);

/// The backend that `init` wrote down.
fn recorded(data: &Path) -> Result<Option<Backend>, WorkdirError> {
    let path = data.join("terraform.tfstate");
    let Some(text) = read(&path)? else { return Ok(None) };
    let broken = |reason| WorkdirError::Record { path: path.clone(), reason };
    let record: Value = serde_json::from_str(&text).map_err(|error| {
        // Its messages quote no values of this document: only what was expected and where.
        broken(format!("it is no JSON at {}:{}", error.line(), error.column()))
    })?;
    let Some(backend) = record.get("backend").filter(|backend| !backend.is_null()) else { return Ok(None) };
    let kind = backend.get("type").and_then(Value::as_str).filter(|kind| !kind.is_empty());
    let kind = kind.ok_or_else(|| broken(String::from("its backend has no type")))?;
    let attributes = match backend.get("config") {
        Some(Value::Object(attributes)) => attributes.clone(),
        None | Some(Value::Null) => Map::new(),
        Some(_) => return Err(broken(String::from("the config of its backend is no object"))),
    };
    Ok(Some((kind.to_owned(), attributes)))
}

/// The text of a file; `None` when there is none.
fn read(path: &Path) -> Result<Option<String>, WorkdirError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory) => {
            Ok(None)
        }
        Err(source) => Err(WorkdirError::Io { path: PathBuf::from(path), source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::StateKey;

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn of(files: &[(&str, &str)]) -> Self {
            let folder = tempfile::tempdir().unwrap();
            for (name, text) in files {
                let path = folder.path().join(name);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, text).unwrap();
            }
            Self(folder)
        }

        fn state(&self, variables: &[(&str, &str)], workspace: Option<&str>) -> Result<StateAddress, String> {
            let environment = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
            let folder = format!("{}/", self.0.path().display());
            state_of_folder(self.0.path(), &environment, workspace)
                .map_err(|error| error.to_string().replace(&folder, ""))
        }

        fn local(&self, name: &str) -> String {
            self.0.path().join(name).to_str().unwrap().to_owned()
        }
    }

    const S3: &str =
        r#"{"version": 3, "backend": {"type": "s3", "config": {"bucket": "b", "key": "k", "region": null}}}"#;

    #[test]
    fn without_a_backend_it_is_the_local_file() {
        let folder =
            Folder::of(&[("main.tf", "resource \"terraform_data\" \"a\" {}\n# terraform { backend \"s3\" {} }")]);
        let state = folder.state(&[], None).unwrap();
        assert_eq!((state.kind.as_str(), state.key), ("local", StateKey::new(folder.local("terraform.tfstate"))));
        let state = folder.state(&[("TF_WORKSPACE", "blue")], None).unwrap();
        assert_eq!(state.key.workspace, "blue");
    }

    #[test]
    fn an_initialised_backend_and_its_workspace_are_taken() {
        let folder = Folder::of(&[
            (".terraform/terraform.tfstate", S3),
            (".terraform/environment", "blue\n"),
            ("main.tf", "terraform {\n  backend \"s3\" {}\n}\n"),
            ("elsewhere/terraform.tfstate", r#"{"backend": {"type": "local", "config": {"path": "x.tfstate"}}}"#),
            ("record/terraform.tfstate", r#"{"version": 3}"#),
        ]);
        let state = folder.state(&[], None).unwrap();
        assert_eq!((state.kind.as_str(), state.key), ("s3", StateKey::new("k").in_workspace("blue")));
        assert!(!state.attributes.contains_key("region"));
        assert_eq!(folder.state(&[], Some("green")).unwrap().key.workspace, "green");
        assert_eq!(folder.state(&[("TF_WORKSPACE", "red")], None).unwrap().key.workspace, "red");
        let other = folder.state(&[("TF_DATA_DIR", "elsewhere")], None);
        assert_eq!(
            other.unwrap_err(),
            "main.tf:2: the backend s3 is asked for, and the folder is initialised for local"
        );
        let none = folder.state(&[("TF_DATA_DIR", "record")], None);
        assert_eq!(none.unwrap_err(), "main.tf:2: the backend s3 is asked for, and the folder is not initialised");
    }

    #[test]
    fn what_has_no_store_or_is_not_initialised_is_said() {
        for (name, text, message) in [
            (
                "a.tf",
                "terraform {\n cloud {\n }\n}",
                "a.tf:2: the backend cloud is asked for, and the folder is not initialised",
            ),
            (
                "a.tf.json",
                r#"{"terraform": {"backend": {"consul": {}}}}"#,
                "a.tf.json:1: the backend consul is asked for, and the folder is not initialised",
            ),
            (
                "a.tofu",
                "/* x */ terraform { required_version = \">= 1\"\nbackend s3 {} }",
                "a.tofu:2: the backend s3 is asked for, and the folder is not initialised",
            ),
            (".terraform/terraform.tfstate", "{", ".terraform/terraform.tfstate: it is no JSON at 1:1"),
            (
                ".terraform/terraform.tfstate",
                r#"{"backend": {}}"#,
                ".terraform/terraform.tfstate: its backend has no type",
            ),
        ] {
            assert_eq!(Folder::of(&[(name, text)]).state(&[], None).unwrap_err(), message);
        }
        let folder =
            Folder::of(&[(".terraform/terraform.tfstate", r#"{"backend": {"type": "consul", "config": {}}}"#)]);
        let message = folder.state(&[], None).unwrap_err();
        assert!(message.ends_with("its state is kept in consul, for which there is no store here"), "{message}");
    }
}
