//! Reading rule packs.

use std::collections::BTreeMap;
use std::ops::Range;

use landfast_state::json::plain_name;
use toml::Spanned;

use super::catalogue::{BUILT_IN, RuleInfo, RuleKind};
use super::error::{RuleError, RuleProblem};
use super::file::{self, File};
use super::pattern::{Glob, PathPattern};
use super::{AttributeRule, Hint, MirrorRule, NamedRule, NormaliseRule, PresenceRule, RuleSet, SecretRule, Verdict};
use crate::report::RuleId;

/// The rules of packs that are parsed already, and right.
pub(super) fn load_parsed(packs: Vec<(&str, File)>) -> Result<RuleSet, RuleError> {
    let mut loader = Loader::new();
    for (file, parsed) in packs {
        loader.pack(&Source { file, text: "" }, parsed)?;
    }
    Ok(loader.rules)
}

pub(super) fn load(packs: &[(&str, &str)]) -> Result<RuleSet, RuleError> {
    let mut loader = Loader::new();
    for (file, text) in packs {
        let parsed: File = toml::from_str(text).map_err(|error| {
            let problem = RuleProblem::Syntax(error.message().to_owned());
            fail(file, text, error.span().unwrap_or_default(), problem)
        })?;
        loader.pack(&Source { file, text }, parsed)?;
    }
    Ok(loader.rules)
}

/// An error at `span` of a pack.
fn fail(file: &str, text: &str, span: Range<usize>, problem: RuleProblem) -> RuleError {
    let before = text.get(..span.start.min(text.len())).unwrap_or_default();
    let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
    let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
    RuleError { file: file.to_owned(), line, column, rule: rule_at(text, line), problem }
}

/// The id of the rule that has this line, found by its text: what cannot be parsed can still be named.
fn rule_at(text: &str, line: usize) -> Option<String> {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let header = lines.iter().take(line).rposition(|text| text.starts_with('['))?;
    let inside = lines.get(header..)?;
    inside.first().filter(|text| text.starts_with("[["))?;
    let members = inside.iter().skip(1).take_while(|text| !text.starts_with("[["));
    let id = members.filter_map(|text| text.strip_prefix("id")?.trim_start().strip_prefix('=')).next()?;
    Some(id.trim().split('"').nth(1)?.to_owned())
}

/// The text of a pack, for naming places in it.
struct Source<'a> {
    file: &'a str,
    text: &'a str,
}

impl Source<'_> {
    fn fail<T>(&self, at: &Spanned<T>, problem: RuleProblem) -> RuleError {
        fail(self.file, self.text, at.span(), problem)
    }

    fn types(&self, globs: &Spanned<Vec<String>>) -> Result<Vec<Glob>, RuleError> {
        if globs.get_ref().is_empty() {
            return Err(self.fail(globs, RuleProblem::EmptyList { member: "resource_types" }));
        }
        Ok(globs.get_ref().iter().map(|glob| Glob::new(glob)).collect())
    }

    fn patterns(&self, patterns: &Spanned<Vec<Spanned<String>>>) -> Result<Vec<PathPattern>, RuleError> {
        if patterns.get_ref().is_empty() {
            return Err(self.fail(patterns, RuleProblem::EmptyList { member: "attributes" }));
        }
        let compile = |text: &Spanned<String>| {
            PathPattern::new(text.get_ref()).ok_or_else(|| self.fail(text, RuleProblem::InvalidPattern))
        };
        patterns.get_ref().iter().map(compile).collect()
    }

    fn names(&self, names: &Spanned<Vec<String>>) -> Result<Vec<Box<str>>, RuleError> {
        if names.get_ref().is_empty() {
            return Err(self.fail(names, RuleProblem::EmptyList { member: "named_by" }));
        }
        Ok(names.get_ref().iter().map(|name| name.as_str().into()).collect())
    }

    fn text(&self, text: &Spanned<String>, member: &'static str) -> Result<String, RuleError> {
        if text.get_ref().trim().is_empty() {
            return Err(self.fail(text, RuleProblem::EmptyText { member }));
        }
        Ok(text.get_ref().clone())
    }
}

#[derive(Default)]
struct Loader {
    rules: RuleSet,
    /// Every id with what has it.
    taken: BTreeMap<String, String>,
}

impl Loader {
    fn new() -> Self {
        let mut loader = Self::default();
        for (id, _) in BUILT_IN {
            loader.taken.insert((*id).to_owned(), "a built-in rule".to_owned());
        }
        loader
    }

    fn pack(&mut self, source: &Source<'_>, file: File) -> Result<(), RuleError> {
        let pack = file.pack.id.get_ref().clone();
        if !is_kebab_case(&pack) {
            return Err(source.fail(&file.pack.id, RuleProblem::InvalidId));
        }
        if self.rules.packs.contains(&pack) {
            let by = "another pack".to_owned();
            return Err(source.fail(&file.pack.id, RuleProblem::DuplicateId { by }));
        }
        for rule in file.rule {
            let id = self.register(source, &pack, RuleKind::Attribute, &rule.id, rule.description.get_ref())?;
            self.rules.attributes.push(AttributeRule {
                types: source.types(&rule.resource_types)?,
                attributes: source.patterns(&rule.attributes)?,
                verdict: Verdict {
                    id,
                    description: source.text(&rule.description, "description")?,
                    impacts: rule.impacts.into_iter().collect(),
                    class: rule.class,
                    min_severity: rule.min_severity,
                },
            });
        }
        for rule in file.presence {
            let id = self.register(source, &pack, RuleKind::Presence, &rule.id, rule.description.get_ref())?;
            self.rules.presences.push(PresenceRule {
                types: source.types(&rule.resource_types)?,
                status: rule.status.into(),
                verdict: Verdict {
                    id,
                    description: source.text(&rule.description, "description")?,
                    impacts: rule.impacts.into_iter().collect(),
                    class: rule.class,
                    min_severity: rule.min_severity,
                },
            });
        }
        for hint in file.hint {
            let id = self.register(source, &pack, RuleKind::Hint, &hint.id, &hint.description)?;
            let types = source.types(&hint.resource_types)?;
            let attributes = source.patterns(&hint.attributes)?;
            self.rules.hints.push(Hint { id, types, attributes, compare: hint.compare });
        }
        for mirror in file.mirror {
            self.mirror(source, &pack, &mirror)?;
        }
        for rule in file.normalise {
            let id = self.register(source, &pack, RuleKind::Normalise, &rule.id, &rule.description)?;
            let attributes = rule.attributes.as_ref().map(|patterns| source.patterns(patterns)).transpose()?;
            let types = source.types(&rule.resource_types)?;
            self.rules.normalisers.push(NormaliseRule { id, types, normaliser: rule.normaliser.into(), attributes });
        }
        for rule in &file.volatile {
            let rule = self.named(source, &pack, RuleKind::Volatile, rule)?;
            self.rules.volatile.push(rule);
        }
        for rule in file.sensitive {
            let named_by = rule.named_by.as_ref().map(|names| source.names(names)).transpose()?.unwrap_or_default();
            let (id, description) = (rule.id, rule.description);
            let named =
                file::Named { id, description, resource_types: rule.resource_types, attributes: rule.attributes };
            let named = self.named(source, &pack, RuleKind::Sensitive, &named)?;
            let plain = |pattern: &PathPattern| pattern.last_name().map(|name| plain_name(name).into());
            let last_names = named.attributes.iter().map(plain).collect();
            self.rules.sensitive.push(SecretRule { named, last_names, named_by });
        }
        self.rules.packs.push(pack);
        Ok(())
    }

    fn named(
        &mut self,
        source: &Source<'_>,
        pack: &str,
        kind: RuleKind,
        rule: &file::Named,
    ) -> Result<NamedRule, RuleError> {
        let description = source.text(&rule.description, "description")?;
        Ok(NamedRule {
            id: self.register(source, pack, kind, &rule.id, &description)?,
            types: source.types(&rule.resource_types)?,
            attributes: source.patterns(&rule.attributes)?,
        })
    }

    fn mirror(&mut self, source: &Source<'_>, pack: &str, mirror: &file::Mirror) -> Result<(), RuleError> {
        let id = self.register(source, pack, RuleKind::Mirror, &mirror.id, &mirror.description)?;
        if self.leads_to(mirror.of.get_ref(), mirror.attribute.get_ref()) {
            return Err(source.fail(&mirror.of, RuleProblem::MirrorCycle));
        }
        self.rules.mirrors.push(MirrorRule {
            id,
            types: source.types(&mirror.resource_types)?,
            attribute: source.text(&mirror.attribute, "attribute")?.into(),
            of: source.text(&mirror.of, "of")?.into(),
        });
        Ok(())
    }

    /// Whether the attribute `from` is `to`, or a mirror of it, or a mirror of a mirror of it. Mirrors in a circle would
    /// swallow each other's changes. There are no circles among those that are known already.
    fn leads_to(&self, from: &str, to: &str) -> bool {
        let mut originals = self.rules.mirrors.iter().filter(|mirror| *mirror.attribute == *from);
        from == to || originals.any(|mirror| self.leads_to(&mirror.of, to))
    }

    fn register(
        &mut self,
        source: &Source<'_>,
        pack: &str,
        kind: RuleKind,
        id: &Spanned<String>,
        description: &str,
    ) -> Result<RuleId, RuleError> {
        let text = id.get_ref();
        if !is_kebab_case(text) {
            return Err(source.fail(id, RuleProblem::InvalidId));
        }
        if let Some(by) = self.taken.get(text) {
            return Err(source.fail(id, RuleProblem::DuplicateId { by: by.clone() }));
        }
        self.taken.insert(text.clone(), format!("a rule of {}", source.file));
        let id = RuleId::new(text);
        let info = RuleInfo { id: id.clone(), pack: Some(pack.to_owned()), kind, description: description.to_owned() };
        self.rules.infos.push(info);
        Ok(id)
    }
}

fn is_kebab_case(id: &str) -> bool {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    id.split('-').all(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACK: &str = "[pack]\nid = \"ours\"\nversion = 1\ndescription = \"x\"\n";

    fn error(rules: &str) -> String {
        load(&[("ours.toml", &format!("{PACK}{rules}"))]).unwrap_err().to_string()
    }

    #[test]
    fn errors_name_file_line_column_and_rule() {
        let rule = "[[rule]]\nid = \"r\"\ndescription = \"d\"\nresource_types = [\"*\"]\nattributes = [\"a\"]\n";
        let whole = format!("{rule}impacts = []\nclass = \"informational\"\n");
        for (rules, start) in [
            (format!("{whole}{whole}"), "ours.toml:13:6: rule r: the id is taken: a rule of ours.toml"),
            (
                whole.replace("\"a\"", "\"a\",\n\"a..b\""),
                "ours.toml:10:1: rule r: an attribute pattern has an empty segment",
            ),
            (whole.replace("[\"*\"]", "[]"), "ours.toml:8:18: rule r: `resource_types` is empty"),
            (whole.replace("\"r\"", "\"R\""), "ours.toml:6:6: rule R: an id has lower-case letters"),
            (
                whole.replace("\"r\"", "\"severity-by-count\""),
                "ours.toml:6:6: rule severity-by-count: the id is taken: a built-in rule",
            ),
            (whole.replace("\"d\"", "\"\""), "ours.toml:7:15: rule r: `description` is empty"),
            (whole.replace("informational", "low"), "ours.toml:11:9: rule r: unknown variant `low`"),
            (format!("{whole}colour = 1\n"), "ours.toml:12:1: rule r: unknown field `colour`"),
            (format!("{rule}impacts = [\n"), "ours.toml:10:12: rule r: "),
            ("[[rules]]\n".to_owned(), "ours.toml:5:3: unknown field `rules`"),
            (
                whole
                    .replace("[[rule]]", "[[sensitive]]")
                    .replace("impacts = []\nclass = \"informational\"\n", "of = 1\n"),
                "ours.toml:10:1: rule r: unknown field `of`",
            ),
            (
                "[[sensitive]]\nid = \"s\"\ndescription = \"d\"\nresource_types = [\"*\"]\nattributes = [\"a\"]\nnamed_by = []\n"
                    .to_owned(),
                "ours.toml:10:12: rule s: `named_by` is empty",
            ),
            (
                "[[volatile]]\nid = \"v\"\ndescription = \"\"\nresource_types = [\"*\"]\nattributes = [\"a\"]\n"
                    .to_owned(),
                "ours.toml:7:15: rule v: `description` is empty",
            ),
            (
                "[[normalise]]\nid = \"n\"\nnormaliser = \"null-absent\"\nresource_types = [\"*\"]\n".to_owned(),
                "ours.toml:7:14: rule n: unknown variant `null-absent`",
            ),
        ] {
            let error = error(&rules);
            assert!(error.starts_with(start), "{error} should start with {start}");
        }
        let mirror = |id: &str, attribute: &str, of: &str| {
            format!("[[mirror]]\nid = \"{id}\"\nresource_types = [\"*\"]\nattribute = \"{attribute}\"\nof = \"{of}\"\n")
        };
        let circle = format!("{}{}{}", mirror("a", "a", "b"), mirror("b", "b", "c"), mirror("c", "c", "a"));
        assert_eq!(error(&circle), "ours.toml:19:6: rule c: mirrors in a circle would swallow each other's changes");
        assert_eq!(load(&[("a", PACK), ("b", PACK)]).unwrap_err().to_string(), "b:2:6: the id is taken: another pack");
        assert!(load(&[("a", "")]).unwrap_err().to_string().starts_with("a:1:1: missing field `pack`"));
    }
}
