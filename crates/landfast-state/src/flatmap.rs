//! Flat attribute maps: how states kept attributes before format 4, and how format 4 keeps them (`attributes_flat`) until
//! a provider upgrades the object.
//!
//! All values are strings, and the keys say how they nest:
//!
//! | keys | value |
//! |---|---|
//! | `ami` | a string |
//! | `groups.#`, `groups.0`, `groups.1` | a list |
//! | `ingress.#`, `ingress.2541437006.port` | a set: a list whose elements have hashes, in the order of their numbers |
//! | `tags.%`, `tags.Name`, `tags.a.b` | a map: everything after `tags.` is the key, dots included |
//! | `ingress.0.port` | an object inside a list |
//!
//! [`unfold`] needs no schema and loses nothing: where keys contradict each other, so that no nested value has room for
//! all of them, the part in question stays flat, as an object with the keys that are left.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::collections::BTreeMap;

use crate::json::{Raw, RawKind};
use crate::{AttributePath, PathStep, Sensitive, Value};

/// Nesting of the unfolded value, at most. What is deeper stays flat; no schema of a provider nests that deep.
const MAX_DEPTH: usize = 64;

/// A list may have this many more elements than the map has entries for: an element without attributes has none. The
/// count of a list that claims more is not believed, and no memory set aside for it.
const MAX_GAPS: u64 = 16;

/// The nested value of a flat map. What `sensitive` leads to in the nested value is sensitive; where such a path does not
/// fit the value that it leads through, all of that value is.
pub(crate) fn unfold(raw: Raw<'_>, sensitive: &[AttributePath]) -> Value {
    let RawKind::Object(members) = raw.kind() else {
        return Value::from_raw(raw, sensitive);
    };
    let members: Vec<(Cow<'_, str>, Raw<'_>)> = members.collect();
    let mut entries: Vec<Entry<'_>> = members.iter().map(|(key, value)| Entry { key, value: *value }).collect();
    entries.sort_by(|a, b| by_steps(a.key, b.key));
    let mut paths: Vec<&[PathStep]> = sensitive.iter().map(|path| path.steps.as_slice()).collect();
    paths.sort_unstable();
    Unfolding { depth: 0, paths: &paths }.value(&entries, Unfolding::object)
}

/// An entry of the flat map; the key without what leads to the value at hand.
#[derive(Clone, Copy)]
struct Entry<'a> {
    key: &'a str,
    value: Raw<'a>,
}

impl<'a> Entry<'a> {
    /// The first step of the key, and the entry behind it; `None` where the key ends with the step.
    fn split(self) -> (&'a str, Option<Self>) {
        match self.key.split_once('.') {
            Some((step, key)) => (step, Some(Self { key, ..self })),
            None => (self.key, None),
        }
    }
}

/// Sorts keys so that all that begin with the same steps stand together, the shortest first.
fn by_steps(a: &str, b: &str) -> Ordering {
    let rank = |byte: u8| if byte == b'.' { 0 } else { u16::from(byte) + 1 };
    a.bytes().map(rank).cmp(b.bytes().map(rank))
}

/// The place of a value that is being unfolded.
#[derive(Clone, Copy)]
struct Unfolding<'p> {
    /// Steps from the root.
    depth: usize,
    /// The sensitive paths that lead to or through this value, whole and sorted.
    paths: &'p [&'p [PathStep]],
}

/// What stands behind one step.
struct Child<'a> {
    step: &'a str,
    /// The entry whose key ends here.
    leaf: Option<Entry<'a>>,
    /// The entries whose keys go on.
    inner: Vec<Entry<'a>>,
}

impl<'p> Unfolding<'p> {
    /// Makes a value by `make`, and marks it if a sensitive path ends here.
    fn value(self, entries: &[Entry<'_>], make: impl Fn(Self, &[Entry<'_>]) -> Value) -> Value {
        if self.paths.first().is_some_and(|path| path.len() == self.depth) {
            let bare = Self { paths: &[], ..self };
            return Value::Sensitive(Sensitive::new(make(bare, entries)));
        }
        make(self, entries)
    }

    /// The value behind `step`, whose paths are those that go on with it.
    fn below(self, step: &PathStepRef<'_>) -> Self {
        let at = |path: &&[PathStep]| path.get(self.depth).map_or(Ordering::Less, |have| step.order(have));
        let from = self.paths.partition_point(|path| at(path).is_lt());
        let rest = self.paths.get(from..).unwrap_or_default();
        let len = rest.partition_point(|path| at(path).is_eq());
        Self { depth: self.depth + 1, paths: rest.get(..len).unwrap_or_default() }
    }

    /// Whether a path goes on with a step of the other kind, which cannot be followed here.
    fn is_led_astray(self, is_other: impl Fn(&PathStep) -> bool) -> bool {
        // Names sort before positions, so the first and the last path tell.
        let ends = [self.paths.first(), self.paths.last()];
        ends.into_iter().flatten().filter_map(|path| path.get(self.depth)).any(is_other)
    }

    /// The attributes of an object: those of the resource itself, of a block, or of an element.
    fn object(self, entries: &[Entry<'_>]) -> Value {
        if self.is_led_astray(|step| matches!(step, PathStep::Index(_))) {
            return Self::hidden(entries);
        }
        let mut members = BTreeMap::new();
        for child in children(entries) {
            let below = self.below(&PathStepRef::Key(child.step));
            let value = match child.leaf {
                Some(leaf) => below.leaf(leaf),
                None => below.value(&child.inner, Unfolding::nested),
            };
            members.insert(child.step.to_owned(), value);
            if child.leaf.is_some() {
                // A string and more than that: the inner entries keep what is left of their keys.
                for entry in child.inner {
                    members.insert(format!("{}.{}", child.step, entry.key), below.leaf(entry));
                }
            }
        }
        Value::Object(members)
    }

    /// What stands behind a step: a map, a list or an object.
    fn nested(self, entries: &[Entry<'_>]) -> Value {
        if self.depth >= MAX_DEPTH {
            return if self.paths.is_empty() { flat(entries) } else { Self::hidden(entries) };
        }
        if entries.iter().any(|entry| entry.key == "%") {
            return self.map(entries);
        }
        let Some(count) = entries.iter().find(|entry| entry.key == "#") else {
            return self.object(entries);
        };
        let (counts, mut elements): (Vec<_>, Vec<_>) =
            children(entries).into_iter().partition(|child| child.step == "#");
        let is_one_value = |child: &Child<'_>| child.leaf.is_some() == child.inner.is_empty();
        if counts.iter().all(is_one_value) && elements.iter().all(|child| is_number(child.step) && is_one_value(child))
        {
            elements.sort_by(|a, b| a.step.len().cmp(&b.step.len()).then_with(|| a.step.cmp(b.step)));
            return self.list(*count, &elements);
        }
        if self.paths.is_empty() { self.object(entries) } else { Self::hidden(entries) }
    }

    /// A list of elements in order. Where their keys are positions below the count, missing elements become null.
    fn list(self, count: Entry<'_>, elements: &[Child<'_>]) -> Value {
        let mut list = Vec::new();
        let count: u64 = count.value.as_string().and_then(|count| count.parse().ok()).unwrap_or(0);
        let known = u64::try_from(elements.len()).unwrap_or(u64::MAX);
        let last: Option<u64> = elements.last().map_or(Some(0), |child| child.step.parse().ok());
        let are_positions = elements.is_empty() || last.is_some_and(|last| last < count);
        let len = if are_positions && count.saturating_sub(known) <= MAX_GAPS { count } else { 0 };
        if self.is_led_astray(|step| matches!(step, PathStep::Key(_))) {
            Self { paths: &[], ..self }.fill(&mut list, elements, len);
            return Value::Sensitive(Sensitive::new(Value::List(list)));
        }
        self.fill(&mut list, elements, len);
        Value::List(list)
    }

    /// Appends the elements; with `len` over 0, each at its position in a list of that length.
    fn fill(self, list: &mut Vec<Value>, elements: &[Child<'_>], len: u64) {
        let gap = |list: &mut Vec<Value>, this: Self| {
            let below = this.below(&PathStepRef::Index(list.len()));
            list.push(below.value(&[], |_, _| Value::Null));
        };
        for child in elements {
            while len > 0 && child.step.parse().is_ok_and(|position: u64| usize_to_u64(list.len()) < position) {
                gap(list, self);
            }
            let below = self.below(&PathStepRef::Index(list.len()));
            list.push(match child.leaf {
                Some(leaf) => below.leaf(leaf),
                None => below.value(&child.inner, Unfolding::nested),
            });
        }
        while usize_to_u64(list.len()) < len {
            gap(list, self);
        }
    }

    /// A map: its entries are strings, whatever their keys look like.
    fn map(self, entries: &[Entry<'_>]) -> Value {
        if self.is_led_astray(|step| matches!(step, PathStep::Index(_))) {
            return Self::hidden(entries);
        }
        let mut members = BTreeMap::new();
        for entry in entries.iter().filter(|entry| entry.key != "%") {
            let below = self.below(&PathStepRef::Key(entry.key));
            members.insert(entry.key.to_owned(), below.leaf(*entry));
        }
        Value::Object(members)
    }

    /// A string. A path that goes on into it hides it, too.
    fn leaf(self, entry: Entry<'_>) -> Value {
        let value = Value::from_raw(entry.value, &[]);
        if self.paths.is_empty() { value } else { Value::Sensitive(Sensitive::new(value)) }
    }

    /// Entries that the sensitive paths do not fit: none of them is shown.
    fn hidden(entries: &[Entry<'_>]) -> Value {
        Value::Sensitive(Sensitive::new(flat(entries)))
    }
}

/// Entries as they are, with what is left of their keys.
fn flat(entries: &[Entry<'_>]) -> Value {
    let member = |entry: &Entry<'_>| (entry.key.to_owned(), Value::from_raw(entry.value, &[]));
    Value::Object(entries.iter().map(member).collect())
}

/// A step that borrows its name.
enum PathStepRef<'a> {
    Key(&'a str),
    Index(usize),
}

impl PathStepRef<'_> {
    /// How `have` is ordered relative to this step, names before positions.
    fn order(&self, have: &PathStep) -> Ordering {
        match (have, self) {
            (PathStep::Key(have), Self::Key(step)) => (**have).cmp(*step),
            (PathStep::Index(have), Self::Index(step)) => have.cmp(step),
            (PathStep::Key(_), Self::Index(_)) => Ordering::Less,
            (PathStep::Index(_), Self::Key(_)) => Ordering::Greater,
        }
    }
}

/// What stands behind each first step of the keys; sorted entries have the keys of one step together.
fn children<'a>(entries: &[Entry<'a>]) -> Vec<Child<'a>> {
    let mut children: Vec<Child<'a>> = Vec::new();
    for entry in entries {
        let (step, inner) = entry.split();
        if children.last().is_none_or(|child| child.step != step) {
            children.push(Child { step, leaf: None, inner: Vec::new() });
        }
        let Some(child) = children.last_mut() else { continue };
        match inner {
            Some(inner) => child.inner.push(inner),
            None => child.leaf = Some(*entry),
        }
    }
    children
}

/// Whether a step is a position or a hash: digits, without zeros before them.
fn is_number(step: &str) -> bool {
    step == "0" || (!step.starts_with('0') && !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit()))
}

fn usize_to_u64(len: usize) -> u64 {
    u64::try_from(len).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::json::{Limits, quote_go};

    fn flat_text(entries: &[(String, String)]) -> String {
        let members: Vec<_> =
            entries.iter().map(|(key, text)| format!("{}:{}", quote_go(key), quote_go(text))).collect();
        format!("{{{}}}", members.join(","))
    }

    fn unfold_text(text: &str, sensitive: &[&str]) -> Value {
        let paths: Vec<AttributePath> = sensitive.iter().map(|path| path.parse().expect("a path")).collect();
        unfold(Raw::check(text.as_bytes(), &Limits::default()).expect("JSON"), &paths)
    }

    #[track_caller]
    fn check(flat: &str, sensitive: &[&str], nested: &str) {
        assert_eq!(unfold_text(flat, sensitive).to_string(), nested, "{flat}");
    }

    #[test]
    fn values_nest_as_their_keys_say() {
        check(r#"{"id":"i","n":""}"#, &[], r#"{"id": "i", "n": ""}"#);
        check(r#"{"a.#":"2","a.0":"x","a.1":"y"}"#, &[], r#"{"a": ["x", "y"]}"#);
        check(r#"{"a.#":"0","b.%":"0"}"#, &[], r#"{"a": [], "b": {}}"#);
        check(r#"{"a.#":"3","a.9":"p","a.10":"q","a.2541437006":"r"}"#, &[], r#"{"a": ["p", "q", "r"]}"#);
        check(r#"{"t.%":"2","t.a.b":"x","t.a-b":"y"}"#, &[], r#"{"t": {"a-b": "y", "a.b": "x"}}"#);
        check(
            r#"{"a.#":"1","a.7.p.#":"1","a.7.p.0":"x","a.7.q.%":"1","a.7.q.k.l":"y"}"#,
            &[],
            r#"{"a": [{"p": ["x"], "q": {"k.l": "y"}}]}"#,
        );
        check(r#"{"a-b":"1","a.x":"2","a.y":"3"}"#, &[], r#"{"a": {"x": "2", "y": "3"}, "a-b": "1"}"#);
        check(r#"{"a.#":"2","a.1.x":"v"}"#, &[], r#"{"a": [null, {"x": "v"}]}"#);
    }

    #[test]
    fn contradictions_lose_nothing() {
        check(r#"{"a":"x","a.b":"y","a.b.c":"z"}"#, &[], r#"{"a": "x", "a.b": "y", "a.b.c": "z"}"#);
        check(r#"{"a.#":"1","a.0":"x","a.0.b":"y"}"#, &[], r##"{"a": {"#": "1", "0": "x", "0.b": "y"}}"##);
        check(r#"{"a.#":"1","a.k":"x"}"#, &[], r##"{"a": {"#": "1", "k": "x"}}"##);
        check(r#"{"a.#":"1","a.#.b":"x"}"#, &[], r##"{"a": {"#": "1", "#.b": "x"}}"##);
        check(r#"{"a.#":"1","a.%":"1","a.0":"x"}"#, &[], r##"{"a": {"#": "1", "0": "x"}}"##);
        check(r#"{"a.#":"1","a.00":"x"}"#, &[], r##"{"a": {"#": "1", "00": "x"}}"##);
        check(
            r##"{"#":"1","":"x",".":"y","a.":"z","a..":"w"}"##,
            &[],
            r##"{"": "x", "#": "1", ".": "y", "a": {"": "z", ".": "w"}}"##,
        );
        check(
            r#"{"a.#":"99999999999","a.0":"x","b.#":"-1","c.#":"many","d.#":"99999999999999999999999"}"#,
            &[],
            r#"{"a": ["x"], "b": [], "c": [], "d": []}"#,
        );
        check("[1]", &[], "[1]");
    }

    #[test]
    fn sensitive_paths_apply_to_the_nested_value() {
        let hidden = "(sensitive value)";
        check(r#"{"p":"s","q":"t"}"#, &["p"], &format!(r#"{{"p": {hidden}, "q": "t"}}"#));
        check(
            r#"{"a.#":"2","a.5.p":"s","a.12.p":"s"}"#,
            &["a[1].p"],
            &format!(r#"{{"a": [{{"p": "s"}}, {{"p": {hidden}}}]}}"#),
        );
        check(
            r#"{"t.%":"2","t.a.b":"s","t.c":"t"}"#,
            &[r#"t["a.b"]"#, "t.d"],
            &format!(r#"{{"t": {{"a.b": {hidden}, "c": "t"}}}}"#),
        );
        check(r#"{"a.#":"1","a.0":"s"}"#, &["a"], &format!(r#"{{"a": {hidden}}}"#));
        // Paths that do not fit hide what they meet.
        check(r#"{"a.#":"1","a.0":"s"}"#, &["a.k"], &format!(r#"{{"a": {hidden}}}"#));
        check(r#"{"a":"s","a.b":"s"}"#, &["a.b"], &format!(r#"{{"a": {hidden}, "a.b": {hidden}}}"#));
        check(r#"{"a.%":"1","a.k":"s"}"#, &["a[0]"], &format!(r#"{{"a": {hidden}}}"#));
        check(r#"{"a.#":"1","a.0":"s","a.0.b":"s"}"#, &["a[0]"], &format!(r#"{{"a": {hidden}}}"#));
        check(r#"{"a":"s"}"#, &["a.b.c"], &format!(r#"{{"a": {hidden}}}"#));
    }

    #[test]
    fn deep_keys_stay_flat_and_hidden() {
        let deep = "a.".repeat(100_000);
        let text = flat_text(&[(format!("{deep}x"), "s".into()), (format!("{deep}y"), "s".into())]);
        assert!(unfold_text(&text, &[]).to_string().contains("a.a.a.a"));
        let path = vec!["a"; 100_000].join(".");
        assert!(!unfold_text(&text, &[&path]).to_string().contains("\"s\""));
    }

    #[test]
    fn many_entries_and_paths_take_little_time() {
        let entries: Vec<_> = (0..20_000).map(|entry| (format!("a.{entry}.p"), "s".to_owned())).collect();
        let entries: Vec<_> = entries.into_iter().chain([("a.#".to_owned(), "20000".to_owned())]).collect();
        let paths: Vec<_> = (0..20_000).map(|entry| AttributePath::ROOT.key("a").index(entry).key("p")).collect();
        let text = flat_text(&entries);
        let value = unfold(Raw::check(text.as_bytes(), &Limits::default()).expect("JSON"), &paths);
        assert!(!value.to_string().contains("\"s\""));
    }

    /// The flat form of the attributes of an object, as the old states had it.
    fn fold(prefix: &str, value: &Value, out: &mut Vec<(String, String)>) {
        let is_map =
            |members: &BTreeMap<String, Value>| members.values().all(|value| matches!(value, Value::String(_)));
        match value {
            Value::String(text) => out.push((prefix.to_owned(), text.clone())),
            Value::List(elements) => {
                out.push((format!("{prefix}.#"), elements.len().to_string()));
                for (at, element) in elements.iter().enumerate() {
                    match element {
                        Value::Object(members) => fold_members(&format!("{prefix}.{at}."), members, out),
                        element => fold(&format!("{prefix}.{at}"), element, out),
                    }
                }
            }
            Value::Object(members) if is_map(members) => {
                out.push((format!("{prefix}.%"), members.len().to_string()));
                fold_members(&format!("{prefix}."), members, out);
            }
            Value::Object(members) => fold_members(&format!("{prefix}."), members, out),
            other => panic!("{other:?}"),
        }
    }

    fn fold_members(prefix: &str, members: &BTreeMap<String, Value>, out: &mut Vec<(String, String)>) {
        for (name, value) in members {
            fold(&format!("{prefix}{name}"), value, out);
        }
    }

    fn attributes() -> impl Strategy<Value = BTreeMap<String, Value>> {
        let text = any::<String>().prop_map(Value::String);
        let map = proptest::collection::btree_map("[a-z.#-]{0,4}", text.clone(), 0..4).prop_map(Value::Object);
        let value = prop_oneof![text, map].prop_recursive(4, 32, 4, |inner| {
            let block = proptest::collection::btree_map("[a-z_]{1,3}", inner.clone(), 1..4).prop_map(Value::Object);
            let element = prop_oneof![any::<String>().prop_map(Value::String), block.clone()];
            prop_oneof![proptest::collection::vec(element, 0..4).prop_map(Value::List), block]
        });
        proptest::collection::btree_map("[a-z_]{1,3}", value, 0..6)
    }

    proptest! {
        #[test]
        fn folding_is_undone(value in attributes()) {
            let mut entries = Vec::new();
            fold_members("", &value, &mut entries);
            prop_assert_eq!(unfold_text(&flat_text(&entries), &[]), Value::Object(value));
        }

        #[test]
        fn no_map_panics_and_no_entry_is_lost(keys in proptest::collection::btree_set("[ab01#%.]{0,8}", 0..12)) {
            let entries = numbered(&keys);
            let shown = unfold_text(&flat_text(&entries), &[]).to_string();
            for (key, text) in &entries {
                prop_assert!(key.ends_with(['#', '%']) || shown.contains(text), "{} of {}", key, shown);
            }
        }

        #[test]
        fn no_contradiction_shows_a_secret(
            keys in proptest::collection::btree_set("[ab01#%.]{0,8}", 1..12),
            chosen in any::<proptest::sample::Index>(),
            deeper in proptest::collection::vec(0..4_usize, 0..3),
        ) {
            let entries = numbered(&keys);
            let (first, _) = steps(&entries[chosen.index(entries.len())].0);
            let path = AttributePath::ROOT.key(first);
            let text = flat_text(&entries);
            let raw = Raw::check(text.as_bytes(), &Limits::default()).expect("JSON");
            let shown = unfold(raw, std::slice::from_ref(&path)).to_string();
            for (key, text) in entries.iter().filter(|(key, _)| steps(key).0 == first) {
                prop_assert!(!shown.contains(text), "{} in {}", key, shown);
            }
            let deeper = deeper.into_iter().fold(path, |path, step| match step {
                0 | 1 => path.index(step),
                2 => path.key("a"),
                _ => path.key("b"),
            });
            unfold(raw, &[deeper]);
        }
    }

    fn steps(key: &str) -> (&str, &str) {
        key.split_once('.').unwrap_or((key, ""))
    }

    /// Entries with values that are easy to find again.
    fn numbered(keys: &std::collections::BTreeSet<String>) -> Vec<(String, String)> {
        keys.iter().enumerate().map(|(at, key)| (key.clone(), format!("<{at}>"))).collect()
    }
}
