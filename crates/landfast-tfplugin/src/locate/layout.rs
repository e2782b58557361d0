//! How folders hold packages of providers.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::source::ProviderSource;
use super::version::ProviderVersion;

/// A system that providers are built for, in the words of Go: `linux_amd64`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Platform(String);

impl Platform {
    /// A platform by its name, such as `linux_amd64`.
    #[must_use]
    pub fn named(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// The one that this program was built for.
    #[must_use]
    pub fn own() -> Self {
        let os = match std::env::consts::OS {
            "macos" => "darwin",
            other => other,
        };
        let arch = match std::env::consts::ARCH {
            "x86_64" => "amd64",
            "aarch64" => "arm64",
            "x86" => "386",
            other => other,
        };
        Self(format!("{os}_{arch}"))
    }

    /// Its name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A package that a folder holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Package {
    /// `None` where nothing tells.
    pub(super) version: Option<ProviderVersion>,
    pub(super) kind: PackageKind,
    pub(super) path: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum PackageKind {
    /// A folder that holds what was in the archive.
    Unpacked,
    /// The program by itself.
    Program,
    /// An archive.
    Packed,
}

/// What a folder holds of a provider.
#[derive(Debug, Default)]
pub(super) struct Holdings {
    pub(super) packages: Vec<Package>,
    /// Packages for other platforms, such as `3.39.0 for darwin_arm64`, sorted.
    pub(super) foreign: Vec<String>,
}

/// The most entries of one folder that are looked at.
const MAX_ENTRIES: usize = 10_000;

/// The packages of a mirror: `HOST/NAMESPACE/TYPE/VERSION/OS_ARCH/`, or archives in `HOST/NAMESPACE/TYPE`.
pub(super) fn of_mirror(folder: &Path, source: &ProviderSource, platform: &Platform) -> Holdings {
    let mut holdings = Holdings::default();
    let folder = folder.join(source.host()).join(source.namespace()).join(source.type_name());
    let archive = format!("terraform-provider-{}_", source.type_name());
    for (name, path) in entries(&folder) {
        if let Ok(version) = name.parse::<ProviderVersion>() {
            for (built_for, path) in entries(&path) {
                if !path.is_dir() {
                } else if built_for == platform.0 {
                    let version = Some(version.clone());
                    holdings.packages.push(Package { version, kind: PackageKind::Unpacked, path });
                } else {
                    holdings.foreign.push(format!("{version} for {built_for}"));
                }
            }
        } else if let Some((version, built_for)) =
            name.strip_prefix(&archive).and_then(|rest| rest.strip_suffix(".zip")).and_then(|rest| rest.split_once('_'))
            && let Ok(version) = version.parse::<ProviderVersion>()
        {
            if built_for == platform.0 {
                holdings.packages.push(Package { version: Some(version), kind: PackageKind::Packed, path });
            } else {
                holdings.foreign.push(format!("{version} for {built_for}"));
            }
        }
    }
    holdings.foreign.sort();
    holdings
}

/// The programs that stand in a folder by themselves, or in one of the platform in it.
pub(super) fn of_programs(folder: &Path, source: &ProviderSource, platform: &Platform) -> Vec<Package> {
    let own = folder.join(&platform.0);
    let all = entries(folder).into_iter().chain(entries(&own));
    let program = |(name, path): (String, PathBuf)| {
        let version = program_version(&name, source.type_name())?;
        path.is_file().then_some(Package { version, kind: PackageKind::Program, path })
    };
    all.filter_map(program).collect()
}

/// The version in the name of a program, `terraform-provider-TYPE[_vX.Y.Z[_x5]][.exe]`; `None` where it is another's.
fn program_version(name: &str, type_name: &str) -> Option<Option<ProviderVersion>> {
    let rest = name.strip_prefix("terraform-provider-")?.strip_prefix(type_name)?;
    let rest = rest.strip_suffix(".exe").unwrap_or(rest);
    if rest.is_empty() {
        return Some(None);
    }
    let version = rest.strip_prefix('_')?;
    let version = version.strip_prefix('v').unwrap_or(version);
    let version = match version.rsplit_once("_x") {
        Some((version, protocol)) if protocol.bytes().all(|byte| byte.is_ascii_digit()) => version,
        _ => version,
    };
    Some(Some(version.parse().ok()?))
}

/// The program in a package: the first, by name, that is called as the provider, with what may follow.
pub(super) fn program_in(package: &Path, source: &ProviderSource) -> Option<PathBuf> {
    let begins = format!("terraform-provider-{}", source.type_name());
    let fits = |(name, path): &(String, PathBuf)| {
        let rest = name.strip_prefix(&begins);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['_', '.'])) && path.is_file()
    };
    entries(package).into_iter().find(fits).map(|(_, path)| path)
}

/// The entries of a folder by name, sorted; none where it cannot be read.
fn entries(folder: &Path) -> Vec<(String, PathBuf)> {
    let Ok(found) = fs::read_dir(folder) else { return Vec::new() };
    let named = found.flatten().take(MAX_ENTRIES).filter_map(|entry| {
        let name: &OsStr = &entry.file_name();
        Some((name.to_str()?.to_owned(), entry.path()))
    });
    let mut named: Vec<_> = named.collect();
    named.sort();
    named
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_programs_tell_versions() {
        for (name, version) in [
            ("terraform-provider-aws_v3.39.0_x5", Some(Some("3.39.0"))),
            ("terraform-provider-aws_v2.70.0", Some(Some("2.70.0"))),
            ("terraform-provider-aws_2.70.0-beta1_x4.exe", Some(Some("2.70.0-beta1"))),
            ("terraform-provider-aws", Some(None)),
            ("terraform-provider-aws.exe", Some(None)),
            ("terraform-provider-awscc_v1.0.0", None),
            ("terraform-provider-aws_readme", None),
            ("aws", None),
        ] {
            let found = program_version(name, "aws");
            assert_eq!(found, version.map(|version| version.map(|text| text.parse().unwrap())), "{name}");
        }
    }
}
