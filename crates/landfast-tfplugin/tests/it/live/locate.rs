//! What real terraform installs is found, and hashes to what it wrote into the lock file.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

use landfast_tfplugin::locate::{HashCheck, PlaceKind, ProviderSearch, ProviderSource, SearchOptions, VersionWish};

use super::tools::tools;

fn terraform(folder: &Path, settings: &Path, cache: Option<&Path>, arguments: &[&str]) {
    let mut command = Command::new("terraform");
    command.args(arguments).current_dir(folder).env("TF_CLI_CONFIG_FILE", settings).env_remove("TF_PLUGIN_CACHE_DIR");
    if let Some(cache) = cache {
        command.env("TF_PLUGIN_CACHE_DIR", cache);
    }
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

const CONFIGURATION: &str = r#"
terraform {
  required_providers {
    aws  = { source = "hashicorp/aws", version = "~> 3.0" }
    null = { source = "hashicorp/null" }
  }
}
"#;

fn initialised(cache: Option<&Path>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("main.tf"), CONFIGURATION).unwrap();
    terraform(folder.path(), &tools().join("terraform.rc"), cache, &["init", "-input=false"]);
    folder
}

fn search(folder: Option<&Path>, variables: &[(&str, &Path)]) -> ProviderSearch {
    let mut options = SearchOptions::default();
    options.working_directory = folder.map(Path::to_owned);
    let get = |name: &str| {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| OsString::from(value))
    };
    ProviderSearch::new(&options, &get).unwrap()
}

#[test]
fn what_init_installed_hashes_to_what_it_wrote_down() {
    let folder = initialised(None);
    let search = search(Some(folder.path()), &[]);
    assert_eq!(search.lock().unwrap().providers().count(), 2);
    for (name, version) in [("aws", "3.39.0"), ("null", "2.1.2")] {
        let source = ProviderSource::parse(name).unwrap();
        let found = search.find(&source, &VersionWish::Any).unwrap();
        assert_eq!((found.check(), found.place()), (&HashCheck::Verified, PlaceKind::WorkingDirectory), "{name}");
        assert_eq!(found.version().unwrap().to_string(), version);
        assert!(found.program().is_file(), "{found:?}");
    }
}

#[test]
fn a_plugin_cache_that_init_filled_is_found() {
    let cache = tempfile::tempdir().unwrap();
    let folder = initialised(Some(cache.path()));
    let found =
        search(Some(folder.path()), &[]).find(&ProviderSource::parse("null").unwrap(), &VersionWish::Any).unwrap();
    assert_eq!((found.check(), found.place()), (&HashCheck::Verified, PlaceKind::WorkingDirectory));

    fs::remove_dir_all(folder.path().join(".terraform")).unwrap();
    let search = search(Some(folder.path()), &[("TF_PLUGIN_CACHE_DIR", cache.path())]);
    let found = search.find(&ProviderSource::parse("null").unwrap(), &VersionWish::Any).unwrap();
    assert_eq!((found.check(), found.place()), (&HashCheck::Verified, PlaceKind::PluginCache));
}

#[test]
fn the_settings_that_terraform_installs_by_are_enough() {
    let settings = tools().join("terraform.rc");
    let search = search(None, &[("TF_CLI_CONFIG_FILE", &settings)]);
    let wish = VersionWish::Matching("~> 3.1".parse().unwrap());
    let found = search.find(&ProviderSource::parse("aws").unwrap(), &wish).unwrap();
    assert_eq!((found.check(), found.place()), (&HashCheck::NotLocked, PlaceKind::Mirror));
    let wish = VersionWish::Matching("~> 2.70".parse().unwrap());
    let error = search.find(&ProviderSource::parse("aws").unwrap(), &wish).unwrap_err().to_string();
    assert!(error.contains("(has 3.39.0)"), "{error}");
}
