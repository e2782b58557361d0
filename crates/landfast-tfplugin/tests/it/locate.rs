//! Finding providers in places that the tests make. What stands there is never run.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use landfast_tfplugin::locate::{
    HashCheck, LocateError, PlaceKind, Platform, ProviderSearch, ProviderSource, SearchOptions, VersionWish,
};
use tempfile::TempDir;

struct World {
    root: TempDir,
    options: SearchOptions,
    variables: Vec<(&'static str, PathBuf)>,
}

impl World {
    /// A working directory in which nothing is, and a home in which nothing is.
    fn new() -> Self {
        let root = tempfile::tempdir().unwrap();
        let mut options = SearchOptions::default();
        options.platform = Platform::named("linux_amd64");
        options.working_directory = Some(root.path().join("dir"));
        fs::create_dir(root.path().join("dir")).unwrap();
        let variables = vec![("HOME", root.path().join("home")), ("XDG_DATA_DIRS", root.path().join("share"))];
        Self { root, options, variables }
    }

    fn path(&self, path: &str) -> PathBuf {
        self.root.path().join(path)
    }

    fn file(&self, path: &str, content: &str) -> PathBuf {
        let path = self.path(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        path
    }

    /// A package of hashicorp/aws, unpacked, in a mirror there.
    fn package(&self, mirror: &str, version: &str) -> PathBuf {
        let folder = format!("{mirror}/registry.terraform.io/hashicorp/aws/{version}/linux_amd64");
        self.file(&format!("{folder}/terraform-provider-aws_v{version}_x5"), version)
    }

    fn settings(&mut self, text: &str) {
        let path = self.file("rc", text);
        self.variables.push(("TF_CLI_CONFIG_FILE", path));
    }

    fn lock(&self, version: &str, hashes: &[&str]) {
        let hashes: String = hashes.iter().map(|hash| format!("{hash:?}, ")).collect();
        let text = format!(
            "provider \"registry.terraform.io/hashicorp/aws\" {{\n  version = \"{version}\"\n  hashes = [{hashes}]\n}}\n"
        );
        self.file("dir/.terraform.lock.hcl", &text);
    }

    fn find(&self, wish: &str) -> Result<landfast_tfplugin::locate::FoundProvider, LocateError> {
        let variables = |name: &str| {
            let found = self.variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        let search = ProviderSearch::new(&self.options, &variables).unwrap();
        let wish = match wish {
            "" => VersionWish::Any,
            wish => VersionWish::Matching(wish.parse().unwrap()),
        };
        search.find(&ProviderSource::parse("aws").unwrap(), &wish)
    }

    fn message(&self, wish: &str) -> String {
        self.find(wish).unwrap_err().to_string().replace(self.root.path().to_str().unwrap(), "")
    }
}

/// The hash of a package that holds only the program of that version, as Go's dirhash has it.
fn hash_of(version: &str) -> &'static str {
    match version {
        "3.39.0" => "h1:dRlX3Sd4kXYnYnJ4WkkAEC5GrAJlrqr/ruHiKkfEHQg=",
        other => panic!("{other}"),
    }
}

#[test]
fn places_count_in_their_order() {
    let mut world = World::new();
    let cached = world.package("cache", "3.39.0");
    world.variables.push(("TF_PLUGIN_CACHE_DIR", world.path("cache")));
    assert_eq!(world.find("").unwrap().program(), cached);

    let implied = world.package("home/.terraform.d/plugins", "3.38.0");
    let found = world.find("").unwrap();
    assert_eq!((found.program(), found.place()), (implied.as_path(), PlaceKind::Mirror));
    assert_eq!(world.find("3.39.0").unwrap().place(), PlaceKind::PluginCache);

    // Among mirrors the newest counts.
    world.settings(&format!(
        "provider_installation {{\n  filesystem_mirror {{ path = {:?} }}\n  filesystem_mirror {{ path = {:?} }}\n}}",
        world.path("m1"),
        world.path("m2")
    ));
    world.package("m1", "3.37.0");
    let newest = world.package("m2", "3.37.1");
    world.package("m2", "3.37.1-beta2");
    assert_eq!(world.find("").unwrap().program(), newest);
    assert_eq!(world.find("3.37.1-beta2").unwrap().version().unwrap().to_string(), "3.37.1-beta2");

    let installed = world.package("dir/.terraform/providers", "3.1.0");
    assert_eq!(world.find("").unwrap().program(), installed);
    assert_eq!(world.find("> 3.1").unwrap().program(), newest);

    world.options.provider_folders = vec![world.path("named"), world.path("mine")];
    let named = world.file("mine/terraform-provider-aws_v3.0.0_x5", "p");
    let found = world.find("").unwrap();
    assert_eq!((found.program(), found.place()), (named.as_path(), PlaceKind::Named));
    assert_eq!(found.version().unwrap().to_string(), "3.0.0");
    let first = world.package("named", "2.0.0");
    assert_eq!(world.find("").unwrap().program(), first);
}

#[test]
fn a_named_folder_may_hold_a_program_that_tells_no_version() {
    let mut world = World::new();
    world.options.provider_folders = vec![world.path("mine")];
    let program = world.file("mine/terraform-provider-aws", "p");
    world.file("mine/terraform-provider-awscc", "p");
    let found = world.find(">= 3").unwrap();
    assert_eq!((found.program(), found.version()), (program.as_path(), None));
    // One that tells its version is preferred, where that is wanted.
    let told = world.file("mine/linux_amd64/terraform-provider-aws_v3.1.0", "p");
    assert_eq!(world.find(">= 3").unwrap().program(), told);
    assert_eq!(world.find(">= 4").unwrap().program(), program);
}

#[test]
fn overrides_stand_in_for_any_version_and_are_not_checked() {
    let mut world = World::new();
    world.lock("3.39.0", &["h1:nothing="]);
    world.package("dir/.terraform/providers", "3.39.0");
    let program = world.file("dev/terraform-provider-aws", "p");
    world.settings(&format!(
        "provider_installation {{\n  dev_overrides {{\n    \"hashicorp/aws\" = {:?}\n  }}\n  direct {{}}\n}}",
        world.path("dev")
    ));
    let found = world.find("~> 9.0").unwrap();
    assert_eq!((found.program(), found.check()), (program.as_path(), &HashCheck::Override));
    fs::remove_file(program).unwrap();
    assert!(world.message("").ends_with("/dev: there is no program terraform-provider-aws in it"));
}

#[test]
fn what_is_locked_is_held_to_its_version_and_hash() {
    let world = World::new();
    let program = world.package("dir/.terraform/providers", "3.39.0");
    world.package("dir/.terraform/providers", "3.40.0");
    assert_eq!(world.find("").unwrap().check(), &HashCheck::NotLocked);
    world.lock("3.39.0", &["h1:other=", hash_of("3.39.0"), "zh:00"]);
    let found = world.find("").unwrap();
    assert_eq!((found.program(), found.check()), (program.as_path(), &HashCheck::Verified));
    assert_eq!(
        world.message("~> 2.0"),
        "/dir/.terraform.lock.hcl: registry.terraform.io/hashicorp/aws is locked to 3.39.0, and ~> 2.0 is wanted"
    );
    world.lock("3.39.0", &["zh:00"]);
    assert_eq!(world.find("").unwrap().check(), &HashCheck::ArchiveHashesOnly);
    world.lock("3.39.0", &[]);
    assert_eq!(world.find("").unwrap().check(), &HashCheck::NoHash);

    // A byte more is another package.
    world.lock("3.39.0", &[hash_of("3.39.0"), "zh:00"]);
    fs::write(&program, "3.39.0!").unwrap();
    let message = world.message("");
    assert!(
        message.starts_with(
            "/dir/.terraform/providers/registry.terraform.io/hashicorp/aws/3.39.0/linux_amd64: this is not the \
             registry.terraform.io/hashicorp/aws 3.39.0 that /dir/.terraform.lock.hcl names: it hashes to h1:"
        ),
        "{message}"
    );
    // So is a further file.
    fs::write(&program, "3.39.0").unwrap();
    assert!(world.find("").is_ok());
    fs::write(program.with_file_name("more"), "").unwrap();
    assert!(matches!(world.find(""), Err(LocateError::HashMismatch { .. })));
}

#[test]
fn another_place_may_have_what_is_locked() {
    let mut world = World::new();
    world.lock("3.39.0", &[hash_of("3.39.0")]);
    let bad = world.package("dir/.terraform/providers", "3.39.0");
    fs::write(bad, "tampered").unwrap();
    let good = world.package("cache", "3.39.0");
    world.variables.push(("TF_PLUGIN_CACHE_DIR", world.path("cache")));
    assert_eq!(world.find("").unwrap().program(), good);
}

#[cfg(unix)]
#[test]
fn links_into_a_plugin_cache_are_followed() {
    let world = World::new();
    world.lock("3.39.0", &[hash_of("3.39.0")]);
    let program = world.package("cache", "3.39.0");
    let folder = world.path("dir/.terraform/providers/registry.terraform.io/hashicorp/aws/3.39.0");
    fs::create_dir_all(&folder).unwrap();
    std::os::unix::fs::symlink(program.parent().unwrap(), folder.join("linux_amd64")).unwrap();
    let found = world.find("").unwrap();
    assert_eq!((found.program(), found.check()), (program.as_path(), &HashCheck::Verified));
}

#[test]
fn what_is_missing_is_told_with_every_place_and_what_is_there_instead() {
    let mut world = World::new();
    world.settings(&format!(
        "provider_installation {{\n  filesystem_mirror {{\n    path = {:?}\n  }}\n  filesystem_mirror {{\n    path = \"/m2\"\n    exclude = [\"hashicorp/*\"]\n  }}\n}}",
        world.path("m1")
    ));
    world.options.provider_folders = vec![world.path("none")];
    for version in ["2.0.0", "10.0.0", "9.0.0"] {
        world.package("m1", version);
    }
    world.file("m1/registry.terraform.io/hashicorp/aws/3.39.0/darwin_arm64/terraform-provider-aws", "");
    fs::create_dir_all(world.path("dir/.terraform/providers")).unwrap();
    assert_eq!(
        world.message("~> 3.39"),
        "registry.terraform.io/hashicorp/aws ~> 3.39 is not there; searched: provider folder /none (no such folder); \
         working directory /dir/.terraform/providers (nothing of it); \
         mirror /m1 (has 10.0.0, 9.0.0, 2.0.0, 3.39.0 for darwin_arm64); mirror /m2 (not for this provider)"
    );
}

#[test]
fn what_an_older_terraform_installed_is_found() {
    let world = World::new();
    let program = world.file("dir/.terraform/plugins/linux_amd64/terraform-provider-aws_v2.70.0_x4", "p");
    assert_eq!(world.find("").unwrap().program(), program);
    let newer = world.package("dir/.terraform/plugins", "3.0.0");
    assert_eq!(world.find("").unwrap().program(), newer);
}

#[test]
fn packed_providers_are_unpacked_for_as_long_as_they_are_wanted() {
    let mut world = World::new();
    world.options.provider_folders = vec![world.path("mirror")];
    let content = "3.39.0";
    let zip = world.path("mirror/registry.terraform.io/hashicorp/aws/terraform-provider-aws_3.39.0_linux_amd64.zip");
    fs::create_dir_all(zip.parent().unwrap()).unwrap();
    fs::write(&zip, one_file_zip("terraform-provider-aws_v3.39.0_x5", content.as_bytes())).unwrap();

    let found = world.find("").unwrap();
    assert!(found.was_packed());
    assert_eq!(fs::read_to_string(found.program()).unwrap(), content);
    let unpacked = found.program().to_owned();
    drop(found);
    assert!(!unpacked.exists());

    world.lock("3.39.0", &[hash_of("3.39.0")]);
    assert_eq!(world.find("").unwrap().check(), &HashCheck::Verified);
    world.lock("3.39.0", &["h1:other="]);
    assert!(matches!(world.find(""), Err(LocateError::HashMismatch { .. })));
    world.lock("3.39.0", &["zh:00"]);
    let Err(LocateError::HashMismatch { found, .. }) = world.find("") else { panic!() };
    world.lock("3.39.0", &[&found]);
    assert_eq!(world.find("").unwrap().check(), &HashCheck::Verified);

    fs::write(&zip, "no archive").unwrap();
    world.lock("3.39.0", &[]);
    assert!(world.message("").ends_with("this package of registry.terraform.io/hashicorp/aws cannot be read"));
}

/// An archive of one file that is not compressed, by the format of PKZIP.
fn one_file_zip(name: &str, content: &[u8]) -> Vec<u8> {
    let crc = content.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    }) ^ u32::MAX;
    let (size, length) = (u32::try_from(content.len()).unwrap(), u16::try_from(name.len()).unwrap());
    let mut common = [10_u16.to_le_bytes(); 1].concat();
    common.extend([0; 8]);
    common.extend(crc.to_le_bytes());
    common.extend(size.to_le_bytes());
    common.extend(size.to_le_bytes());
    common.extend(length.to_le_bytes());
    common.extend([0; 2]);
    let mut zip = [b"PK\x03\x04".as_slice(), &common, name.as_bytes(), content].concat();
    let at = u32::try_from(zip.len()).unwrap();
    let central = [b"PK\x01\x02".as_slice(), &[20, 0], &common, &[0; 14], name.as_bytes()].concat();
    zip.extend(&central);
    zip.extend(b"PK\x05\x06\0\0\0\0\x01\0\x01\0");
    zip.extend(u32::try_from(central.len()).unwrap().to_le_bytes());
    zip.extend(at.to_le_bytes());
    zip.extend([0; 2]);
    zip
}

#[test]
fn what_is_part_of_terraform_has_no_program() {
    let world = World::new();
    let search = ProviderSearch::new(&world.options, &|_| None).unwrap();
    let source = ProviderSource::parse("terraform.io/builtin/terraform").unwrap();
    assert!(matches!(search.find(&source, &VersionWish::Any), Err(LocateError::BuiltIn { .. })));
}

#[test]
fn settings_that_cannot_be_read_are_no_silence() {
    let mut world = World::new();
    world.settings("provider_installation {");
    let variables = |name: &str| (name == "TF_CLI_CONFIG_FILE").then(|| world.path("rc").into_os_string());
    let error = ProviderSearch::new(&world.options, &variables).unwrap_err().to_string();
    assert!(error.ends_with("rc:1: a block is not closed"), "{error}");
    // Terraform goes on without a file that the environment names and that is not there.
    let absent = |name: &str| (name == "TF_CLI_CONFIG_FILE").then(|| Path::new("/nowhere/rc").as_os_str().to_owned());
    assert!(ProviderSearch::new(&world.options, &absent).is_ok());
}

/// A package whose hash is kept in a folder, and the file in which it is.
#[cfg(unix)]
fn kept_hash(world: &mut World) -> (PathBuf, PathBuf) {
    let program = world.package("dir/.terraform/providers", "3.39.0");
    world.lock("3.39.0", &[hash_of("3.39.0")]);
    world.options.hash_folder = Some(world.path("cache/packages"));
    let folder = world.path("cache/packages");
    // What has changed just now is read again each time.
    assert_eq!(world.find("").unwrap().check(), &HashCheck::Verified);
    assert!(!folder.exists());
    let until = std::time::Instant::now() + std::time::Duration::from_secs(30);
    while !folder.exists() {
        assert!(std::time::Instant::now() < until, "no hash is kept");
        std::thread::sleep(std::time::Duration::from_millis(100));
        assert_eq!(world.find("").unwrap().check(), &HashCheck::Verified);
    }
    let entries: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let [entry] = &entries[..] else { panic!("{entries:?}") };
    (program, entry.clone())
}

#[cfg(unix)]
#[test]
fn a_hash_is_kept_for_files_that_stay_as_they_are() {
    use std::os::unix::fs::PermissionsExt as _;

    let mut world = World::new();
    let (program, entry) = kept_hash(&mut world);
    let kept = fs::read_to_string(&entry).unwrap();
    assert!(kept.ends_with(&format!("{}\n", hash_of("3.39.0"))), "{kept}");

    // What is kept is what counts.
    let other = kept.replace(hash_of("3.39.0"), "h1:other=");
    fs::write(&entry, &other).unwrap();
    assert!(world.message("").contains("it hashes to h1:other="));
    // But not where somebody else could have written it, nor when it cannot be read.
    for mode in [0o666, 0o620] {
        fs::set_permissions(&entry, fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(world.find("").unwrap().check(), &HashCheck::Verified);
        assert_eq!(fs::read_to_string(&entry).unwrap(), kept);
        fs::write(&entry, &other).unwrap();
    }
    for broken in ["", "h1:other=\n", &kept[..kept.len() / 2]] {
        fs::write(&entry, broken).unwrap();
        assert_eq!(world.find("").unwrap().check(), &HashCheck::Verified);
        assert_eq!(fs::read_to_string(&entry).unwrap(), kept);
    }

    // Another program of the same length, as old as the first.
    let times = fs::metadata(&program).unwrap().modified().unwrap();
    fs::write(&program, "3.39.1").unwrap();
    fs::File::options().write(true).open(&program).unwrap().set_modified(times).unwrap();
    assert!(world.message("").contains("it hashes to h1:"));
    assert_eq!(fs::read_to_string(&entry).unwrap(), kept);
}

#[cfg(unix)]
#[test]
fn a_file_beside_the_program_makes_it_another_package() {
    let mut world = World::new();
    let (program, _) = kept_hash(&mut world);
    fs::write(program.with_file_name("LICENSE.txt"), "MIT").unwrap();
    assert!(world.message("").contains("it hashes to h1:"));
}
