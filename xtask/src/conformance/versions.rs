//! Which version of a server the tests run on: what its installer says, and pins.

use std::path::Path;
use std::process::Command;

use crate::process::output_of;

/// The version of terraform on the path.
pub(super) fn terraform() -> Result<String, String> {
    let text = output_of(Command::new("terraform").args(["version", "-json"]).env("CHECKPOINT_DISABLE", "1"))?;
    let told = |error: serde_json::Error| format!("terraform version: {error}");
    let version: serde_json::Value = serde_json::from_str(&text).map_err(told)?;
    let version = version.get("terraform_version").and_then(serde_json::Value::as_str);
    version.map(str::to_owned).ok_or_else(|| "terraform does not say its version".to_owned())
}

/// A server with its version, where an installer of ours pins it.
pub(super) fn of(root: &Path, server: &str) -> Result<String, String> {
    let mut said = Vec::new();
    let told = |error: std::io::Error| format!(".ci: {error}");
    for entry in std::fs::read_dir(root.join(".ci/stores")).map_err(told)? {
        said.push(std::fs::read_to_string(entry.map_err(told)?.path()).map_err(told)?);
    }
    said.push(std::fs::read_to_string(root.join(".ci/live-tools-requirements.txt")).map_err(told)?);
    Ok(version_in(&said, server).map_or_else(|| server.to_owned(), |version| format!("{server} {version}")))
}

/// The version in `# Installs SERVER VERSION, …` or `SERVER==VERSION`.
fn version_in<'a>(said: &'a [String], server: &str) -> Option<&'a str> {
    said.iter().flat_map(|text| text.lines()).find_map(|line| {
        let pinned = line.strip_prefix(server).and_then(|rest| rest.strip_prefix("=="));
        let installed = || line.strip_prefix("# Installs ")?.strip_prefix(server)?.strip_prefix(' ')?.split(',').next();
        let version = pinned.or_else(installed)?;
        version.split_whitespace().next()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_those_of_the_installers() {
        let said = ["#!/bin/sh\n# Installs azurite 3.37.0, a server\n", "moto==5.2.5 \\\n    --hash=x\n"];
        let said = said.map(str::to_owned);
        assert_eq!(version_in(&said, "azurite"), Some("3.37.0"));
        assert_eq!(version_in(&said, "moto"), Some("5.2.5"));
        assert_eq!(version_in(&said, "mo"), None);
        let root = crate::workspace::root().unwrap();
        for server in ["moto", "SeaweedFS", "azurite", "fake-gcs-server"] {
            assert!(of(&root, server).unwrap().len() > server.len() + 1, "{server}");
        }
        assert_eq!(of(&root, "the file system").unwrap(), "the file system");
    }
}
