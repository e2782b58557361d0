//! What a policy defines and calls, read from its syntax tree before anything of it runs.

use std::collections::{BTreeMap, BTreeSet};

use landfast_state::json::{Limits, Raw, RawKind};

use super::builtins;
use super::error::{PolicyError, PolicyPlace};

/// A rule as it is defined at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Defined {
    /// Package and name, such as `["tags", "deny"]`.
    pub(super) path: Vec<String>,
    /// Whether it makes a set or an object, which is empty where no body holds, and never undefined.
    pub(super) is_partial: bool,
    pub(super) is_function: bool,
    pub(super) place: PolicyPlace,
}

#[derive(Debug)]
struct Call {
    name: Vec<String>,
    place: PolicyPlace,
}

/// One file's syntax tree, surveyed.
#[derive(Debug)]
pub(super) struct Survey {
    file: String,
    package: Vec<String>,
    /// Names that imports give to documents.
    imports: BTreeMap<String, Vec<String>>,
    pub(super) defined: Vec<Defined>,
    calls: Vec<Call>,
    /// Every reference, for functions that are passed on by `with`.
    mentions: Vec<Call>,
}

impl Survey {
    /// Surveys a file by the syntax tree that the engine gives of it, in JSON.
    pub(super) fn of(file: &str, tree: &[u8]) -> Option<Self> {
        let mut limits = Limits::default().of_any_size();
        limits.max_depth = Limits::DEPTH_CEILING;
        let tree = Raw::check(tree, &limits).ok()?;
        let file_tree = tree.elements()?.next()?;
        let text = file_tree.get("source")?.get("contents")?.as_string()?;
        let module = file_tree.get("ast")?;
        let mut survey = Self {
            file: file.to_owned(),
            package: path_of(module.get("package")?.get("refr")?)?,
            imports: BTreeMap::new(),
            defined: Vec::new(),
            calls: Vec::new(),
            mentions: Vec::new(),
        };
        for import in module.get("imports")?.elements()? {
            survey.import(import, &text);
        }
        for rule in module.get("rules")?.elements()? {
            survey.rule(rule)?;
        }
        survey.walk(module.get("rules")?);
        Some(survey)
    }

    fn import(&mut self, import: Raw<'_>, text: &str) {
        let Some(path) = import.get("refr").and_then(path_of) else { return };
        let Some(last) = path.last().cloned() else { return };
        if path.first().is_some_and(|first| first == "data") {
            let alias = import.get("as").map(|span| (number(span, "start"), number(span, "end")));
            let alias = alias.and_then(|(start, end)| text.get(start..end));
            self.imports.insert(alias.map_or(last, ToOwned::to_owned), path);
        }
    }

    fn rule(&mut self, rule: Raw<'_>) -> Option<()> {
        let (kind, rule) = rule.members()?.next()?;
        let place = self.place(rule.get("span")?);
        if kind == "Default" {
            return self.define(rule.get("refr")?, false, false, place);
        }
        let (kind, head) = rule.get("head")?.members()?.next()?;
        let refr = head.get("refr")?;
        // `deny[msg] := value` is an object, `deny[msg]` a set: both end in brackets that hold no constant.
        let brackets = refr.get("RefBrack").is_some();
        self.define(refr, kind == "Set" || brackets, kind == "Func", place)
    }

    fn define(&mut self, refr: Raw<'_>, is_partial: bool, is_function: bool, place: PolicyPlace) -> Option<()> {
        let mut path = self.package.clone();
        path.extend(static_path(refr));
        self.defined.push(Defined { path, is_partial, is_function, place });
        Some(())
    }

    fn place(&self, span: Raw<'_>) -> PolicyPlace {
        PolicyPlace { file: self.file.clone(), line: number(span, "line") as u64, column: number(span, "col") as u64 }
    }

    /// The depth is bounded by what was checked.
    fn walk(&mut self, raw: Raw<'_>) {
        match raw.kind() {
            RawKind::Array(elements) => elements.for_each(|element| self.walk(element)),
            RawKind::Object(members) => {
                for (key, value) in members {
                    match &*key {
                        "Call" => {
                            if let Some(call) = self.call(value) {
                                self.calls.push(call);
                            }
                        }
                        "RefDot" => {
                            if let Some(name) = dotted(value)
                                && let Some(span) = start(value)
                            {
                                let place = self.place(span);
                                self.mentions.push(Call { name, place });
                            }
                        }
                        _ => {}
                    }
                    self.walk(value);
                }
            }
            _ => {}
        }
    }

    fn call(&self, call: Raw<'_>) -> Option<Call> {
        let function = call.get("fcn")?;
        let (_, inner) = function.members()?.next()?;
        Some(Call { name: path_of(function)?, place: self.place(start(inner).or_else(|| call.get("span"))?) })
    }

    /// Refuses calls of functions that are not given, and of those that nobody defines.
    pub(super) fn check(&self, functions: &BTreeSet<Vec<String>>) -> Result<(), PolicyError> {
        for call in self.calls.iter().chain(&self.mentions) {
            let name = call.name.join(".");
            if self.resolves(&call.name, functions) {
                continue;
            }
            if let Some(why) = builtins::why_forbidden(&name) {
                return Err(PolicyError::Forbidden { place: call.place.clone(), name, why });
            }
        }
        for call in &self.calls {
            let name = call.name.join(".");
            if !builtins::is_given(&name) && !self.resolves(&call.name, functions) {
                return Err(PolicyError::NoSuchFunction { place: call.place.clone(), name });
            }
        }
        Ok(())
    }

    fn resolves(&self, name: &[String], functions: &BTreeSet<Vec<String>>) -> bool {
        let Some((first, rest)) = name.split_first() else { return false };
        if first == "data" {
            return functions.contains(rest);
        }
        let below = |path: &[String]| [path, rest].concat();
        let local: Vec<String> = self.package.iter().chain(name).cloned().collect();
        let imported = self.imports.get(first);
        functions.contains(&local)
            || imported.is_some_and(|path| functions.contains(below(path).get(1..).unwrap_or_default()))
    }
}

fn number(span: Raw<'_>, key: &str) -> usize {
    match span.get(key).map(Raw::kind) {
        Some(RawKind::Number(text)) => text.parse().unwrap_or_default(),
        _ => 0,
    }
}

/// The constant path of a reference: `a.b["c"]`. `None` where a part of it is not constant.
fn path_of(expression: Raw<'_>) -> Option<Vec<String>> {
    let (kind, inner) = expression.members()?.next()?;
    match &*kind {
        "Var" => Some(vec![inner.get("value")?.as_string()?.into_owned()]),
        "RefDot" => dotted(inner),
        "RefBrack" => {
            let mut path = path_of(inner.get("refr")?)?;
            path.push(inner.get("index")?.get("String")?.get("value")?.as_string()?.into_owned());
            Some(path)
        }
        _ => None,
    }
}

fn dotted(inner: Raw<'_>) -> Option<Vec<String>> {
    let mut path = path_of(inner.get("refr")?)?;
    path.push(inner.get("field")?.elements()?.nth(1)?.as_string()?.into_owned());
    Some(path)
}

/// Where a reference begins.
fn start(inner: Raw<'_>) -> Option<Raw<'_>> {
    match inner.get("refr") {
        Some(refr) => start(refr.members()?.next()?.1),
        None => inner.get("span"),
    }
}

/// The constant beginning of a rule's name: `deny` of `deny[msg]`.
fn static_path(refr: Raw<'_>) -> Vec<String> {
    path_of(refr).unwrap_or_else(|| {
        let before = refr.members().and_then(|mut members| members.next()).and_then(|(_, inner)| inner.get("refr"));
        before.map(static_path).unwrap_or_default()
    })
}
