//! What real terraform installs is found, and hashes to what it wrote into the lock file.

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

use landfast_tfplugin::locate::{HashCheck, PlaceKind, ProviderSearch, ProviderSource, SearchOptions, VersionWish};
use landfast_tfplugin::{Ending, ProviderReader, StartOptions};

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

/// Makes a mirror of the null provider with more files in its package, unpacked or packed, and settings that name it.
fn own_mirror(root: &Path, packed: bool) -> std::path::PathBuf {
    let package = root.join("package");
    fs::create_dir_all(package.join("docs/more")).unwrap();
    let program = package.join("terraform-provider-null_v2.1.2_x4");
    fs::copy(super::tools::null(), &program).unwrap();
    for (name, text) in
        [("LICENSE.txt", "licence"), ("docs/a-b", "1"), ("docs/more/c", "2"), ("docs.md", "3"), ("Ä", "4")]
    {
        fs::write(package.join(name), text).unwrap();
    }
    let mirror = root.join("mirror/registry.terraform.io/hashicorp/null");
    if packed {
        fs::create_dir_all(&mirror).unwrap();
        let script = "import shutil, sys; shutil.make_archive(sys.argv[1], 'zip', sys.argv[2])";
        let archive = mirror.join("terraform-provider-null_2.1.2_linux_amd64");
        let made = Command::new("python3").args(["-c", script]).arg(&archive).arg(&package).status().unwrap();
        assert!(made.success());
    } else {
        fs::create_dir_all(mirror.join("2.1.2")).unwrap();
        fs::rename(&package, mirror.join("2.1.2/linux_amd64")).unwrap();
    }
    let settings = root.join("rc");
    let text =
        format!("provider_installation {{\n  filesystem_mirror {{\n    path = {:?}\n  }}\n}}\n", root.join("mirror"));
    fs::write(&settings, text).unwrap();
    settings
}

#[tokio::test]
async fn packages_of_many_files_hash_as_terraform_has_it_packed_or_not() {
    let source = ProviderSource::parse("null").unwrap();
    for packed in [false, true] {
        let root = tempfile::tempdir().unwrap();
        let settings = own_mirror(root.path(), packed);
        let folder = root.path().join("dir");
        fs::create_dir(&folder).unwrap();
        fs::write(folder.join("main.tf"), "resource \"null_resource\" \"a\" {}\n").unwrap();
        terraform(&folder, &settings, None, &["init", "-input=false"]);
        let found = search(Some(&folder), &[]).find(&source, &VersionWish::Any).unwrap();
        assert_eq!((found.check(), found.was_packed()), (&HashCheck::Verified, false));

        // The mirror itself, too, from which it is unpacked where it has to be.
        fs::remove_dir_all(folder.join(".terraform")).unwrap();
        let search = search(Some(&folder), &[("TF_CLI_CONFIG_FILE", &settings)]);
        let found = search.find(&source, &VersionWish::Any).unwrap();
        assert_eq!(
            (found.check(), found.place(), found.was_packed()),
            (&HashCheck::Verified, PlaceKind::Mirror, packed)
        );
        let reader = ProviderReader::start(found.program(), &StartOptions::default()).await.unwrap();
        assert_eq!(reader.close().await, Ending::Itself);
    }
}
