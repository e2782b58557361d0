//! Policies, read and checked.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZeroU32;
use std::time::Duration;

use landfast_state::BytesDigest;
use regorus::Engine;
use regorus::utils::limits::ExecutionTimerConfig;

use super::error::{PolicyError, PolicyPlace, place_and_message};
use super::extensions;
use super::fence::fenced;
use super::survey::{Defined, Survey};

/// How long policies may take together where nothing else is said.
pub const DEFAULT_POLICY_TIME: Duration = Duration::from_secs(5);

/// The largest policy file, in bytes.
const MAX_BYTES: usize = 256 * 1024;

/// The most rules that are judged together: each may call the next, on the stack.
pub(super) const MAX_RULES: usize = 2_000;

/// How long the engine may take to read policies.
const LOADING: Duration = Duration::from_secs(60);

/// A policy's text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyFile {
    /// What messages call it, such as its path.
    pub name: String,
    /// The text.
    pub text: String,
}

/// Which version of Rego policies are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum RegoVersion {
    /// What the file says: v1 with `import rego.v1`, and without it the first of v1 and v0 in which it can be read.
    #[default]
    Detect,
    /// `deny[msg] { … }`, as before OPA 1.0.
    V0,
    /// `deny contains msg if { … }`, as since OPA 1.0.
    V1,
}

/// How to read and judge by policies.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct PolicyOptions {
    /// The version of all files.
    pub rego: RegoVersion,
    /// How long all rules together may take: longer is a refusal.
    pub time_limit: Duration,
    /// What policies find under `data`, such as settings: an object.
    pub data: serde_json::Value,
}

impl Default for PolicyOptions {
    fn default() -> Self {
        Self { rego: RegoVersion::Detect, time_limit: DEFAULT_POLICY_TIME, data: serde_json::json!({}) }
    }
}

/// What a rule says by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum RuleKind {
    /// `deny`, `violation`, and those that begin with `deny_` or `violation_`: each of its values refuses.
    Deny,
    /// `warn`, and those that begin with `warn_`: each of its values is a warning.
    Warn,
    /// `allow`: anything but true refuses.
    Allow,
    /// Begins with `test_`: a test of the policies, which must be true.
    Test,
}

/// A rule that says something by its name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub struct PolicyRule {
    /// What it says.
    pub kind: RuleKind,
    /// The package without `data`, such as `landfast.soc2`.
    pub package: String,
    /// Its name.
    pub name: String,
    /// Where it is first defined.
    pub place: PolicyPlace,
    /// Whether it makes a set or an object, which is empty where no body holds.
    pub(super) is_partial: bool,
    /// The query that gives its value.
    pub(super) query: String,
}

/// Policies that were read and found in order. Judging changes nothing in them.
#[derive(Clone)]
pub struct PolicySet {
    pub(super) engine: Engine,
    rules: Vec<PolicyRule>,
    files: Vec<String>,
    digest: BytesDigest,
    pub(super) time_limit: Duration,
}

impl std::fmt::Debug for PolicySet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PolicySet").field("files", &self.files).field("digest", &self.digest).finish_non_exhaustive()
    }
}

impl PolicySet {
    /// Reads policies.
    ///
    /// # Errors
    /// When a file is not Rego, calls what policies are not given (network, files, environment, clock, randomness), or
    /// calls what nobody defines; and when files have the same name or are too large.
    pub fn load(mut files: Vec<PolicyFile>, options: &PolicyOptions) -> Result<Self, PolicyError> {
        files.sort_by(|a, b| a.name.cmp(&b.name));
        let names: Vec<String> = files.iter().map(|file| file.name.clone()).collect();
        if names.is_empty() {
            return Err(PolicyError::Nothing);
        }
        if let Some([twice, _]) = names.array_windows::<2>().find(|[a, b]| a == b) {
            return Err(PolicyError::Twice { file: twice.clone() });
        }
        if let Some(file) = files.iter().find(|file| file.text.len() > MAX_BYTES) {
            return Err(PolicyError::TooLarge { file: file.name.clone(), bytes: file.text.len(), limit: MAX_BYTES });
        }
        if !options.data.is_object() {
            return Err(PolicyError::DataNoObject);
        }
        let digest = digest(&files, options);
        let options = options.clone();
        let time_limit = options.time_limit;
        let read = fenced(LOADING, move || read(files, &options));
        let (engine, rules) = read.map_err(|_| PolicyError::Panicked { files: names.join(", ") })??;
        Ok(Self { engine, rules, files: names, digest, time_limit })
    }

    /// Digest of the bytes of all files, the data and the options: of all that decides what the policies say.
    #[must_use]
    pub fn digest(&self) -> BytesDigest {
        self.digest
    }

    /// The names of the files, sorted.
    #[must_use]
    pub fn files(&self) -> &[String] {
        &self.files
    }

    /// The rules that say something by their name, sorted by kind, package and name.
    #[must_use]
    pub fn rules(&self) -> &[PolicyRule] {
        &self.rules
    }

    /// Whether there is a rule that can refuse. Policies without one would let everything through.
    ///
    /// # Errors
    /// When there is none.
    pub fn decides(&self) -> Result<(), PolicyError> {
        if self.rules.iter().any(|rule| matches!(rule.kind, RuleKind::Deny | RuleKind::Allow)) {
            Ok(())
        } else {
            Err(PolicyError::DecidesNothing { files: self.files.join(", ") })
        }
    }
}

fn digest(files: &[PolicyFile], options: &PolicyOptions) -> BytesDigest {
    let mut text = format!("{:?} {:?}\n{}\n", options.rego, options.time_limit, options.data);
    for file in files {
        // Lengths keep the end of one file from looking like the next file.
        text.push_str(&format!("{} {} {}\n{}\n", file.name.len(), file.name, file.text.len(), file.text));
    }
    BytesDigest::of(text.as_bytes())
}

fn read(files: Vec<PolicyFile>, options: &PolicyOptions) -> Result<(Engine, Vec<PolicyRule>), PolicyError> {
    let mut engine = Engine::new();
    if let Some(check_interval) = NonZeroU32::new(64) {
        engine.set_execution_timer_config(ExecutionTimerConfig { limit: options.time_limit, check_interval });
    }
    // What a policy prints goes nowhere, and least of all to the standard error of whoever embeds this.
    engine.set_gather_prints(true);
    extensions::install(&mut engine).map_err(|what| PolicyError::Uncompilable { what })?;
    let mut surveys = Vec::new();
    for file in files {
        surveys.push(add(&mut engine, file, options.rego)?);
    }
    let rules: usize = surveys.iter().map(|survey| survey.defined.len()).sum();
    if rules > MAX_RULES {
        return Err(PolicyError::TooManyRules { rules, limit: MAX_RULES });
    }
    let defined = || surveys.iter().flat_map(|survey| &survey.defined);
    let functions: BTreeSet<Vec<String>> =
        defined().filter(|rule| rule.is_function).map(|rule| rule.path.clone()).collect();
    surveys.iter().try_for_each(|survey| survey.check(&functions))?;
    let data = regorus::Value::from(options.data.clone());
    engine.add_data(data).map_err(|error| PolicyError::Uncompilable { what: error.to_string() })?;
    // The first query compiles everything.
    engine.eval_query("true".to_owned(), false).map_err(|error| uncompilable(&error.to_string()))?;
    let rules = rules_of(defined());
    Ok((engine, rules))
}

/// Adds one file, in the version in which it is written.
fn add(engine: &mut Engine, file: PolicyFile, version: RegoVersion) -> Result<Survey, PolicyError> {
    let PolicyFile { name, text } = file;
    let tree_of = |is_v0: bool| {
        let mut alone = Engine::new();
        alone.set_rego_v0(is_v0);
        alone.add_policy(name.clone(), text.clone()).map_err(|error| uncompilable(&error.to_string()))?;
        alone.get_ast_as_json().map_err(|error| uncompilable(&error.to_string()))
    };
    let (tree, is_v0) = match version {
        RegoVersion::V0 => (tree_of(true)?, true),
        RegoVersion::V1 => (tree_of(false)?, false),
        // `import rego.v1` switches the engine to v1 by itself; where both fail, v1 is what people write now.
        RegoVersion::Detect => match tree_of(false) {
            Ok(tree) => (tree, false),
            Err(error) => (tree_of(true).map_err(|_| error)?, true),
        },
    };
    let survey = Survey::of(&name, tree.as_bytes())
        .ok_or_else(|| PolicyError::Uncompilable { what: format!("{name}: its syntax tree cannot be read") })?;
    engine.set_rego_v0(is_v0);
    engine.add_policy(name, text).map_err(|error| uncompilable(&error.to_string()))?;
    Ok(survey)
}

fn uncompilable(text: &str) -> PolicyError {
    match place_and_message(text) {
        (Some(place), what) => PolicyError::Invalid { place, what },
        (None, what) => PolicyError::Uncompilable { what },
    }
}

fn rules_of<'a>(defined: impl Iterator<Item = &'a Defined>) -> Vec<PolicyRule> {
    let mut rules: BTreeMap<&[String], PolicyRule> = BTreeMap::new();
    for rule in defined.filter(|rule| !rule.is_function) {
        let Some((name, package)) = rule.path.split_last() else { continue };
        let Some(kind) = kind_of(name) else { continue };
        let found = rules.entry(&rule.path).or_insert_with(|| PolicyRule {
            kind,
            package: package.join("."),
            name: name.clone(),
            place: rule.place.clone(),
            is_partial: false,
            query: query_of(&rule.path),
        });
        found.is_partial |= rule.is_partial;
        found.place = found.place.clone().min(rule.place.clone());
    }
    let mut rules: Vec<PolicyRule> = rules.into_values().collect();
    rules.sort();
    rules
}

fn kind_of(name: &str) -> Option<RuleKind> {
    let is = |word: &str| name.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'));
    if is("deny") || is("violation") {
        Some(RuleKind::Deny)
    } else if is("warn") {
        Some(RuleKind::Warn)
    } else if name == "allow" {
        Some(RuleKind::Allow)
    } else {
        name.starts_with("test_").then_some(RuleKind::Test)
    }
}

/// The reference to a document: names in brackets where they are not plain.
fn query_of(path: &[String]) -> String {
    let plain = |name: &str| {
        name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
            && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
    };
    path.iter().fold("data".to_owned(), |mut query, name| {
        match plain(name) {
            true => query.push_str(&format!(".{name}")),
            false => query.push_str(&format!("[{}]", serde_json::Value::from(name.as_str()))),
        }
        query
    })
}
