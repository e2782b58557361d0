//! Rules that say which objects there are: a data source that lists ids, and of which type these are.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, OnceLock};

use landfast_state::{Members, Value, WrittenValue};
use serde::Deserialize;

/// Rules by which the objects of providers are listed.
///
/// A pack is a TOML document:
///
/// | table | says | members |
/// |---|---|---|
/// | `[pack]` | what it is | `id`, `version`, `description`, `provider` (a source address) |
/// | `[[list]]` | which objects of a type there are | `id`, `resource_type`, `data_source`, `ids`, and, where they are needed, `config`, `per`, `form`, `none`, `also_owned_by`, `blind_to` |
/// | `[[fold]]` | which of these the provider's service makes by itself | as a list, with a `description` |
///
/// `ids` is the path of the ids in what the data source gives, with `*` for the elements of a list. `form` is what such a text looks
/// like, with `{id}` for the id and `*` for any text; without it the text is the id. `per` asks the data source once for each id of
/// another list or fold, which is given in this attribute. `none` are words, in lower case, by which the data source says that
/// there is nothing, where it takes that for an error. `blind_to` says what the list does not hold.
#[derive(Debug, Clone, Default)]
pub struct EnumerationRules {
    packs: Vec<Pack>,
}

/// A pack that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}: {problem}")]
pub struct EnumerationRuleError {
    /// The name of the file, as the caller gave it.
    pub file: String,
    /// What is wrong, and where.
    pub problem: String,
}

/// The rules about one provider.
#[derive(Debug, Clone)]
pub(super) struct Pack {
    pub(super) provider: String,
    /// In an order in which each comes after the one that it asks for ids.
    pub(super) lists: Vec<Arc<List>>,
}

/// A way to list ids.
#[derive(Debug, Clone)]
pub(super) struct List {
    pub(super) id: String,
    pub(super) resource_type: String,
    pub(super) also_owned_by: Vec<String>,
    pub(super) data_source: String,
    pub(super) config: Members,
    pub(super) per: Option<Per>,
    pub(super) ids: Vec<String>,
    pub(super) form: Option<String>,
    pub(super) none: Vec<String>,
    pub(super) blind_to: Option<String>,
    /// Why what it lists is folded, where it is a fold.
    pub(super) folds: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Per {
    pub(super) list: String,
    pub(super) attribute: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    pack: Head,
    #[serde(default)]
    list: Vec<Entry>,
    #[serde(default)]
    fold: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    #[serde(rename = "id")]
    _id: String,
    #[serde(rename = "version")]
    _version: u32,
    #[serde(rename = "description")]
    _description: String,
    provider: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    resource_type: String,
    description: Option<String>,
    #[serde(default)]
    also_owned_by: Vec<String>,
    data_source: String,
    #[serde(default)]
    config: BTreeMap<String, WrittenValue>,
    per: Option<Per>,
    ids: String,
    form: Option<String>,
    #[serde(default)]
    none: Vec<String>,
    blind_to: Option<String>,
}

impl EnumerationRules {
    /// The rules of these packs, each with the name of its file.
    ///
    /// # Errors
    /// On the first text that is no such pack.
    pub fn from_toml(packs: &[(&str, &str)]) -> Result<Self, EnumerationRuleError> {
        let mut ids = BTreeSet::new();
        let read = |(file, text): &(&str, &str)| {
            let wrong = |problem: String| EnumerationRuleError { file: (*file).to_owned(), problem };
            let parsed: File = toml::from_str(text).map_err(|error| wrong(placed(text, &error)))?;
            let mut lists = Vec::new();
            for (entry, folds) in
                parsed.list.into_iter().map(|it| (it, false)).chain(parsed.fold.into_iter().map(|it| (it, true)))
            {
                if !ids.insert(entry.id.clone()) {
                    return Err(wrong(format!("the id {} is taken", entry.id)));
                }
                lists.push(Arc::new(List::new(entry, folds).map_err(wrong)?));
            }
            Ok(Pack { provider: parsed.pack.provider, lists: in_order(lists).map_err(wrong)? })
        };
        Ok(Self { packs: packs.iter().map(read).collect::<Result<_, _>>()? })
    }

    /// The packs that come with the program.
    #[must_use]
    pub fn embedded() -> Arc<Self> {
        static RULES: OnceLock<Arc<EnumerationRules>> = OnceLock::new();
        let read = || {
            let packs = [("aws.toml", include_str!("../../../rules/enumerate/aws.toml"))];
            // The tests read them all.
            Arc::new(EnumerationRules::from_toml(&packs).unwrap_or_default())
        };
        Arc::clone(RULES.get_or_init(read))
    }

    /// The rules about a provider.
    pub(super) fn of_provider(&self, source: &str) -> impl Iterator<Item = &Arc<List>> {
        self.packs.iter().filter(move |pack| pack.provider == source).flat_map(|pack| &pack.lists)
    }

    /// The types of resources and data sources whose schemas are needed to list the objects of a provider.
    #[must_use]
    pub fn types(&self, source: &str) -> BTreeSet<String> {
        self.of_provider(source).flat_map(|list| [list.resource_type.clone(), list.data_source.clone()]).collect()
    }
}

/// The message on one line, with the line of the text that it is about.
fn placed(text: &str, error: &toml::de::Error) -> String {
    let line = error.span().map(|span| text.get(..span.start).unwrap_or_default().matches('\n').count() + 1);
    let at = line.map(|line| format!("line {line}: ")).unwrap_or_default();
    format!("{at}{}", error.message())
}

/// The lists, each after the one that it asks for ids.
fn in_order(mut left: Vec<Arc<List>>) -> Result<Vec<Arc<List>>, String> {
    let mut ordered: Vec<Arc<List>> = Vec::with_capacity(left.len());
    while !left.is_empty() {
        let is_ready =
            |list: &Arc<List>| list.per.as_ref().is_none_or(|per| ordered.iter().any(|done| done.id == per.list));
        let (ready, waiting): (Vec<_>, Vec<_>) = left.into_iter().partition(is_ready);
        if let (true, Some(first)) = (ready.is_empty(), waiting.first()) {
            return Err(format!("{} asks for the ids of a list that there is not, or that waits for it", first.id));
        }
        ordered.extend(ready);
        left = waiting;
    }
    Ok(ordered)
}

impl List {
    fn new(entry: Entry, folds: bool) -> Result<Self, String> {
        let id = entry.id;
        if entry.ids.split('.').any(str::is_empty) {
            return Err(format!("{id}: `ids` has an empty segment"));
        }
        if entry.form.as_ref().is_some_and(|form| form.matches("{id}").count() != 1) {
            return Err(format!("{id}: `form` must have {{id}} once"));
        }
        let folds = match (folds, entry.description) {
            (true, None) => return Err(format!("{id}: a fold needs a description")),
            (folds, description) => description.filter(|_| folds),
        };
        Ok(Self {
            config: WrittenValue::members(entry.config),
            resource_type: entry.resource_type,
            also_owned_by: entry.also_owned_by,
            data_source: entry.data_source,
            per: entry.per,
            ids: entry.ids.split('.').map(str::to_owned).collect(),
            form: entry.form,
            none: entry.none,
            blind_to: entry.blind_to,
            folds,
            id,
        })
    }

    /// The types whose objects own what this lists.
    pub(super) fn owners(&self) -> impl Iterator<Item = &String> {
        std::iter::once(&self.resource_type).chain(&self.also_owned_by)
    }

    /// The ids in what the data source gave, sorted, each once.
    pub(super) fn ids_in(&self, found: &Members) -> BTreeSet<String> {
        let mut texts = Vec::new();
        if let Some((first, rest)) = self.ids.split_first()
            && let Some(value) = found.get(first)
        {
            texts_at(value, rest, &mut texts);
        }
        texts.into_iter().filter_map(|text| self.id_of(text)).collect()
    }

    /// The id in a text of the form that the rule says, where it is of that form.
    fn id_of(&self, text: &str) -> Option<String> {
        let Some(form) = &self.form else { return Some(text.to_owned()) };
        let (before, after) = form.split_once("{id}")?;
        // The id is what is left between the shortest beginning and the shortest end that fit.
        let id = after_glob(text, before)?;
        let id = if after.is_empty() { id } else { id.strip_suffix(after)? };
        (!id.is_empty() && !id.contains('/')).then(|| id.to_owned())
    }

    /// Whether this is how the data source says that there is nothing.
    pub(super) fn says_none(&self, words: &str) -> bool {
        let said = words.to_lowercase();
        self.none.iter().any(|none| said.contains(none))
    }
}

/// What follows the shortest beginning of the text that the pattern matches; `*` stands for any text.
fn after_glob<'t>(text: &'t str, pattern: &str) -> Option<&'t str> {
    let mut parts = pattern.split('*');
    let mut rest = text.strip_prefix(parts.next().unwrap_or_default())?;
    for part in parts {
        let at = rest.find(part)?;
        rest = rest.get(at + part.len()..)?;
    }
    Some(rest)
}

fn texts_at<'v>(value: &'v Value, path: &[String], out: &mut Vec<&'v str>) {
    match (value, path.split_first()) {
        (Value::Sensitive(sensitive), _) => {
            if let Some(inner) = sensitive.expose() {
                texts_at(inner, path, out);
            }
        }
        (Value::List(elements), None) => elements.iter().for_each(|element| texts_at(element, &[], out)),
        (Value::List(elements), Some((step, rest))) if step == "*" => {
            elements.iter().for_each(|element| texts_at(element, rest, out));
        }
        (Value::Object(members), Some((step, rest))) => {
            if let Some(member) = members.get(step) {
                texts_at(member, rest, out);
            }
        }
        (Value::String(text), None) => out.push(text),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use landfast_state::json::{Limits, Raw};

    use super::*;

    const PACK: &str = "[pack]\nid = \"t\"\nversion = 1\ndescription = \"x\"\nprovider = \"p\"\n";

    fn refused(rest: &str) -> String {
        EnumerationRules::from_toml(&[("t.toml", &format!("{PACK}{rest}"))]).unwrap_err().to_string()
    }

    fn list(rest: &str) -> Arc<List> {
        let text = format!("{PACK}[[list]]\nid = \"a\"\nresource_type = \"t_a\"\ndata_source = \"t_as\"\n{rest}");
        let rules = EnumerationRules::from_toml(&[("t.toml", &text)]).unwrap();
        Arc::clone(rules.of_provider("p").next().unwrap())
    }

    fn members(text: &str) -> Members {
        match Value::from_raw(Raw::check(text.as_bytes(), &Limits::default()).unwrap(), &[]) {
            Value::Object(members) => members,
            other => panic!("{other}"),
        }
    }

    #[test]
    fn the_packs_of_the_program_are_read() {
        let packs = [("aws.toml", include_str!("../../../rules/enumerate/aws.toml"))];
        EnumerationRules::from_toml(&packs).unwrap();
        let rules = EnumerationRules::embedded();
        let aws = "registry.terraform.io/hashicorp/aws";
        assert!(rules.types(aws).contains("aws_subnet_ids") && rules.types(aws).contains("aws_s3_bucket"));
        // What is asked once for each id of another one comes after it.
        let order: Vec<_> = rules.of_provider(aws).map(|list| list.id.as_str()).collect();
        let at = |id: &str| order.iter().position(|it| *it == id).unwrap();
        assert!(at("aws-subnets") > at("aws-vpcs") && at("aws-default-subnets") > at("aws-default-vpc"));
        assert_eq!(rules.of_provider("registry.terraform.io/hashicorp/google").count(), 0);
    }

    #[test]
    fn ids_are_found_in_what_a_data_source_gives() {
        let found =
            members(r#"{"ids": ["b", "a", "b"], "list": [{"arn": "arn:aws:s3:::x"}, {"arn": "arn:aws:sqs:e:1:q"}]}"#);
        assert_eq!(list("ids = \"ids\"\n").ids_in(&found), ["a", "b"].map(str::to_owned).into());
        let arns = "ids = \"list.*.arn\"\nform = \"arn:*:s3:::{id}\"\n";
        assert_eq!(list(arns).ids_in(&found), ["x".to_owned()].into());
        assert!(list("ids = \"nothing.at.all\"\n").ids_in(&found).is_empty());
        let table = list("ids = \"list.*.arn\"\nform = \"arn:*:dynamodb:*:table/{id}\"\n");
        assert_eq!(table.id_of("arn:aws:dynamodb:eu-central-1:1:table/t").as_deref(), Some("t"));
        assert_eq!(table.id_of("arn:aws:dynamodb:eu-central-1:1:table/t/index/i"), None);
    }

    #[test]
    fn what_is_wrong_with_a_pack_is_said_with_its_place() {
        let entry = "[[list]]\nid = \"a\"\nresource_type = \"t\"\ndata_source = \"d\"\nids = \"ids\"\n";
        let cases = [
            (format!("{entry}{entry}"), "t.toml: the id a is taken"),
            (format!("{entry}colour = 1\n"), "t.toml: line 11: unknown field `colour`"),
            (format!("{entry}form = \"x\"\n"), "t.toml: a: `form` must have {id} once"),
            (entry.replace("\"ids\"", "\"a..b\""), "t.toml: a: `ids` has an empty segment"),
            (entry.replace("list]]", "fold]]"), "t.toml: a: a fold needs a description"),
            (format!("{entry}per = {{ list = \"b\", attribute = \"c\" }}\n"), "t.toml: a asks for the ids of a list"),
            (format!("{entry}per = {{ list = \"a\", attribute = \"c\" }}\n"), "t.toml: a asks for the ids of a list"),
            (format!("{entry}config = {{ a = 1979-05-27 }}\n"), "t.toml: line 11: a date is written as a text here"),
        ];
        for (text, said) in cases {
            let problem = refused(&text);
            assert!(problem.starts_with(said), "{problem}");
        }
    }
}
