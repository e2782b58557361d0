//! What `terraform init` wrote down about the providers it chose: `.terraform.lock.hcl`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::error::SearchError;
use super::settings_file::read_settings;
use super::settings_text::{Entry, parse};
use super::source::ProviderSource;
use super::version::ProviderVersion;

/// The name of the file.
pub const LOCK_FILE_NAME: &str = ".terraform.lock.hcl";

/// The providers that a configuration is locked to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DependencyLock {
    path: PathBuf,
    providers: BTreeMap<ProviderSource, LockedProvider>,
}

/// A provider that a configuration is locked to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LockedProvider {
    /// The version that was chosen.
    pub version: ProviderVersion,
    /// What its packages must hash to, one of them: `h1:` of what is inside, `zh:` of the archive.
    pub hashes: Vec<String>,
}

impl DependencyLock {
    /// Reads the lock file in the folder of a configuration; `None` where there is none.
    ///
    /// # Errors
    /// When it cannot be read, or is none.
    pub fn of_folder(folder: &Path) -> Result<Option<Self>, SearchError> {
        Self::read(&folder.join(LOCK_FILE_NAME))
    }

    /// Reads a lock file; `None` where there is none.
    ///
    /// # Errors
    /// When it cannot be read, or is none.
    pub fn read(path: &Path) -> Result<Option<Self>, SearchError> {
        let Some(text) = read_settings(path)? else { return Ok(None) };
        Self::parse(&text, path).map(Some)
    }

    fn parse(text: &str, path: &Path) -> Result<Self, SearchError> {
        let wrong =
            |line: usize, what: String| SearchError::LockFile { path: path.to_owned(), line: line.max(1), what };
        let entries = parse(text).map_err(|error| wrong(error.line, error.what.to_owned()))?;
        let mut providers = BTreeMap::new();
        for entry in &entries {
            let [kind, address] = entry.keys.as_slice() else { continue };
            if kind != "provider" {
                continue;
            }
            let source = ProviderSource::parse(address).map_err(|error| wrong(entry.line, error.to_string()))?;
            let locked = entry.value.blocks().first().map(|block| locked(block, entry.line, &wrong)).transpose()?;
            let locked = locked.ok_or_else(|| wrong(entry.line, format!("{source} has no block")))?;
            if providers.insert(source.clone(), locked).is_some() {
                return Err(wrong(entry.line, format!("{source} stands twice")));
            }
        }
        Ok(Self { path: path.to_owned(), providers })
    }

    /// Where it was read.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it says about a provider.
    #[must_use]
    pub fn provider(&self, source: &ProviderSource) -> Option<&LockedProvider> {
        self.providers.get(source)
    }

    /// All providers that it knows, sorted.
    pub fn providers(&self) -> impl Iterator<Item = (&ProviderSource, &LockedProvider)> {
        self.providers.iter()
    }
}

fn locked(
    block: &[Entry],
    line: usize,
    wrong: &impl Fn(usize, String) -> SearchError,
) -> Result<LockedProvider, SearchError> {
    let get = |name: &str| block.iter().find(|entry| entry.keys == [name]);
    let version = get("version").ok_or_else(|| wrong(line, "the provider has no version".to_owned()))?;
    let text = version.value.text().unwrap_or_default();
    let version = text.parse().map_err(|_| wrong(version.line, format!("{text:?} is no version of a provider")))?;
    let hashes = match get("hashes") {
        None => Vec::new(),
        Some(hashes) => {
            hashes.value.texts().ok_or_else(|| wrong(hashes.line, "the hashes are no list of texts".to_owned()))?
        }
    };
    Ok(LockedProvider { version, hashes })
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITTEN: &str = "# This file is maintained automatically by \"terraform init\".\n\n\
        provider \"registry.terraform.io/hashicorp/null\" {\n  version     = \"2.1.2\"\n  constraints = \"~> 2.1\"\n  hashes = [\n    \
        \"h1:abc=\",\n    \"zh:00\",\n  ]\n}\n";

    #[test]
    fn versions_and_hashes_are_read() {
        let lock = DependencyLock::parse(WRITTEN, Path::new("x")).unwrap();
        let null = lock.provider(&ProviderSource::parse("null").unwrap()).unwrap();
        assert_eq!(
            (null.version.to_string().as_str(), null.hashes.as_slice()),
            ("2.1.2", &["h1:abc=".to_owned(), "zh:00".to_owned()][..])
        );
        assert_eq!(lock.providers().count(), 1);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (text, message) in [
            (WRITTEN.repeat(2), "x:13: registry.terraform.io/hashicorp/null stands twice"),
            (WRITTEN.replace("2.1.2", "2.x"), "x:4: \"2.x\" is no version of a provider"),
            (WRITTEN.replace("version  ", "wersion  "), "x:3: the provider has no version"),
            (WRITTEN.replace("\"zh:00\"", "1"), "x:6: the hashes are no list of texts"),
            (WRITTEN.replace("]\n", "\n"), "x:10: a value was expected"),
        ] {
            let error = DependencyLock::parse(&text, Path::new("x")).unwrap_err();
            assert_eq!(error.to_string(), message);
        }
    }
}
