//! What terraform's own settings say about where providers are.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::error::SearchError;
use super::pattern::{Selection, SourcePattern};
use super::settings_file::read_settings;
use super::settings_text::{Entry, parse};
use super::source::ProviderSource;

/// Terraform's settings, as far as they are about providers: `TF_CLI_CONFIG_FILE`, or `~/.terraformrc` and `~/.terraform.d/*.tfrc`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CliConfig {
    pub(super) plugin_cache: Option<PathBuf>,
    pub(super) dev_overrides: BTreeMap<ProviderSource, PathBuf>,
    /// `None` where the settings do not say how providers are installed.
    pub(super) mirrors: Option<Vec<Mirror>>,
    /// A file that the environment names and that is not there.
    pub(super) missing: Option<PathBuf>,
}

/// A folder that providers are installed from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mirror {
    pub(super) folder: PathBuf,
    pub(super) selection: Selection,
}

/// The environment that settings are found by: variables by name.
pub(super) type Variables<'a> = dyn Fn(&str) -> Option<OsString> + 'a;

impl CliConfig {
    /// Reads the settings that the environment leads to, as terraform finds them. `variables` gives the value of a variable.
    ///
    /// # Errors
    /// When a file of settings is there and cannot be read, or says something about providers that it cannot.
    pub fn of_environment(variables: &dyn Fn(&str) -> Option<OsString>) -> Result<Self, SearchError> {
        let set = |name: &str| variables(name).filter(|value| !value.is_empty());
        let mut config = Self::default();
        if let Some(path) = set("TF_CLI_CONFIG_FILE").or_else(|| set("TERRAFORM_CONFIG")) {
            // Who names a file wants no other. Terraform warns where it is not there, and goes on.
            let path = PathBuf::from(path);
            match read_settings(&path)? {
                Some(text) => config.add(&text, &path, variables)?,
                None => config.missing = Some(path),
            }
        } else if let Some((main, folder)) = usual_places(&set) {
            if let Some(text) = read_settings(&main)? {
                config.add(&text, &main, variables)?;
            }
            for path in more_files(&folder) {
                if let Some(text) = read_settings(&path)? {
                    config.add(&text, &path, variables)?;
                }
            }
        }
        if let Some(folder) = set("TF_PLUGIN_CACHE_DIR") {
            config.plugin_cache = Some(folder.into());
        }
        Ok(config)
    }

    fn add(&mut self, text: &str, path: &Path, variables: &Variables<'_>) -> Result<(), SearchError> {
        let wrong =
            |line: usize, what: String| SearchError::Settings { path: path.to_owned(), line: line.max(1), what };
        let entries = parse(text).map_err(|error| wrong(error.line, error.what.to_owned()))?;
        for entry in &entries {
            match entry.keys.as_slice() {
                [name] if name == "plugin_cache_dir" => {
                    let text = entry.value.text();
                    let text = text.ok_or_else(|| wrong(entry.line, "plugin_cache_dir is no text".to_owned()))?;
                    self.plugin_cache = Some(expanded(text, variables).into());
                }
                [name] if name == "provider_installation" => {
                    for block in entry.value.blocks() {
                        if self.mirrors.is_some() {
                            let what = "provider_installation stands more than once".to_owned();
                            return Err(wrong(entry.line, what));
                        }
                        self.mirrors = Some(Vec::new());
                        self.add_installation(block, &wrong)?;
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn add_installation(
        &mut self,
        block: &[Entry],
        wrong: &impl Fn(usize, String) -> SearchError,
    ) -> Result<(), SearchError> {
        let mut installs = false;
        for entry in block {
            let [method] = entry.keys.as_slice() else {
                return Err(wrong(entry.line, "a way of installation has no labels".to_owned()));
            };
            for body in entry.value.blocks() {
                match method.as_str() {
                    "dev_overrides" => self.add_overrides(body, wrong)?,
                    "filesystem_mirror" => {
                        let path = body.iter().find(|entry| entry.keys == ["path"]);
                        let path = path.and_then(|entry| entry.value.text()).filter(|path| !path.is_empty());
                        let path = path.ok_or_else(|| wrong(entry.line, "filesystem_mirror has no path".to_owned()))?;
                        let mirror = Mirror { folder: path.into(), selection: selection(body, wrong)? };
                        self.mirrors.get_or_insert_default().push(mirror);
                        installs = true;
                    }
                    // From there things are downloaded.
                    "direct" | "network_mirror" => installs = true,
                    other => return Err(wrong(entry.line, format!("{other:?} is no way of installation"))),
                }
            }
        }
        if !installs && !self.dev_overrides.is_empty() {
            tracing::debug!("terraform's settings name overrides of providers and no way of installation");
        }
        Ok(())
    }

    fn add_overrides(
        &mut self,
        body: &[Entry],
        wrong: &impl Fn(usize, String) -> SearchError,
    ) -> Result<(), SearchError> {
        for entry in body {
            let (Some(name), Some(folder)) = (entry.keys.first(), entry.value.text()) else {
                return Err(wrong(entry.line, "an entry of dev_overrides is a provider and a folder".to_owned()));
            };
            let source = ProviderSource::parse(name).map_err(|error| wrong(entry.line, error.to_string()))?;
            self.dev_overrides.insert(source, folder.into());
        }
        Ok(())
    }
}

fn selection(body: &[Entry], wrong: &impl Fn(usize, String) -> SearchError) -> Result<Selection, SearchError> {
    let patterns = |name: &str| {
        let Some(entry) = body.iter().find(|entry| entry.keys == [name]) else { return Ok(Vec::new()) };
        let texts = entry.value.texts().ok_or_else(|| wrong(entry.line, format!("{name} is no list of texts")))?;
        let pattern = |text: &String| {
            SourcePattern::parse(text).ok_or_else(|| wrong(entry.line, format!("{text:?} is no pattern of providers")))
        };
        texts.iter().map(pattern).collect()
    };
    Ok(Selection { include: patterns("include")?, exclude: patterns("exclude")? })
}

/// The main file, and the folder of further ones.
fn usual_places(set: &impl Fn(&str) -> Option<OsString>) -> Option<(PathBuf, PathBuf)> {
    if cfg!(windows) {
        let data = PathBuf::from(set("APPDATA")?);
        return Some((data.join("terraform.rc"), data.join("terraform.d")));
    }
    let home = PathBuf::from(set("HOME")?);
    Some((home.join(".terraformrc"), home.join(".terraform.d")))
}

/// The folders that are mirrors where the settings name none.
pub(super) fn implied_mirrors(folder: &Path, variables: &Variables<'_>) -> Vec<PathBuf> {
    let set = |name: &str| variables(name).filter(|value| !value.is_empty());
    let mut found = vec![folder.join("terraform.d/plugins")];
    found.extend(usual_places(&set).map(|(_, folder)| folder.join("plugins")));
    let home = set("HOME").map(PathBuf::from);
    if cfg!(target_os = "macos") {
        let shared = Path::new("Library/Application Support/io.terraform/plugins");
        found.extend(home.map(|home| home.join(shared)));
        found.push(Path::new("/").join(shared));
    } else if cfg!(unix) {
        let own = set("XDG_DATA_HOME").map(PathBuf::from).or_else(|| home.map(|home| home.join(".local/share")));
        let shared = set("XDG_DATA_DIRS").unwrap_or_else(|| "/usr/local/share:/usr/share".into());
        let all = own.into_iter().chain(std::env::split_paths(&shared));
        found.extend(all.map(|folder| folder.join("terraform/plugins")));
    }
    found
}

fn more_files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let is_settings = |path: &PathBuf| {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        (name.ends_with(".tfrc") || name.ends_with(".tfrc.json")) && !name.starts_with(['.', '#'])
    };
    let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).filter(is_settings).collect();
    files.sort();
    files
}

/// The text with variables of the environment in it replaced: `$NAME`, `${NAME}`. What is not set is nothing.
fn expanded(text: &str, variables: &Variables<'_>) -> OsString {
    let mut out = OsString::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('$') {
        out.push(before);
        let (name, tail) = match after.strip_prefix('{').and_then(|inner| inner.split_once('}')) {
            Some(found) => found,
            None => {
                let end = after.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(after.len());
                after.split_at_checked(end).unwrap_or((after, ""))
            }
        };
        out.push(variables(name).unwrap_or_default());
        rest = tail;
    }
    out.push(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(text: &str) -> Result<CliConfig, String> {
        let mut config = CliConfig::default();
        let home = |name: &str| (name == "HOME").then(|| OsString::from("/h/me"));
        config.add(text, Path::new("rc"), &home).map_err(|error| error.to_string())?;
        Ok(config)
    }

    #[test]
    fn ways_of_installation_are_read() {
        let read = config(
            "plugin_cache_dir = \"$HOME/${NONE}cache\"\nprovider_installation {\n  dev_overrides {\n    \"acme/dns\" = \"/dev/dns\"\n  }\n\
             filesystem_mirror {\n    path = \"/m\"\n    include = [\"hashicorp/*\"]\n    exclude = [\"aws\"]\n  }\n  direct {}\n}\n",
        )
        .unwrap();
        assert_eq!(read.plugin_cache, Some("/h/me/cache".into()));
        assert_eq!(read.dev_overrides[&ProviderSource::parse("acme/dns").unwrap()], Path::new("/dev/dns"));
        let mirror = &read.mirrors.unwrap()[0];
        assert_eq!(mirror.folder, Path::new("/m"));
        assert!(mirror.selection.takes(&ProviderSource::parse("null").unwrap()));
        assert!(!mirror.selection.takes(&ProviderSource::parse("aws").unwrap()));

        let json = r#"{"provider_installation": [{"dev_overrides": {"a/b": "/x"}, "filesystem_mirror": [{"path": "/m"}, {"path": "/n"}]}]}"#;
        let read = config(json).unwrap();
        assert_eq!((read.dev_overrides.len(), read.mirrors.unwrap().len()), (1, 2));
        assert_eq!(config("").unwrap(), CliConfig::default());
    }

    #[test]
    fn what_terraform_would_refuse_is_refused_with_its_line() {
        for (text, message) in [
            ("provider_installation {\n  filesystem_mirror {}\n}", "rc:2: filesystem_mirror has no path"),
            ("provider_installation {\n  mirror {}\n}", "rc:2: \"mirror\" is no way of installation"),
            ("provider_installation {}\nprovider_installation {}", "rc:2: provider_installation stands more than once"),
            (
                "provider_installation {\n filesystem_mirror {\n path = \"a\"\n include = [\"*/a\"]\n}\n}",
                "rc:4: \"*/a\" is no pattern of providers",
            ),
            ("plugin_cache_dir = 1", "rc:1: plugin_cache_dir is no text"),
            ("provider_installation {", "rc:1: a block is not closed"),
        ] {
            assert_eq!(config(text).unwrap_err(), message);
        }
        let bad = "provider_installation {\n  dev_overrides {\n    \"a/b/c/d\" = \"x\"\n  }\n}";
        assert!(config(bad).unwrap_err().starts_with("rc:3: \"a/b/c/d\" is no source address"));
    }
}
