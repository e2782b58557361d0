//! Writing snapshots and observations.

use crate::address::InstanceAddress;
use crate::attribute_path::{AttributePath, PathStep};
use crate::fingerprint::FingerprintKey;
use crate::json::quote_go;
use crate::origin::Origin;
use crate::redact::Redactor;
use crate::snapshot::{GapKind, Observation, ResourceObject, Snapshot};
use crate::value::Value;

use super::FORMAT_VERSION;

/// The text of a snapshot file. Sensitive values, and texts that hold a copy of one, are written as fingerprints under
/// `key`.
#[must_use]
pub fn write_snapshot(snapshot: &Snapshot, key: &FingerprintKey) -> String {
    write("snapshot", snapshot, None, key)
}

/// The text of an observation file: a snapshot with its gaps.
#[must_use]
pub fn write_observation(observation: &Observation, key: &FingerprintKey) -> String {
    write("observation", &observation.snapshot, Some(observation), key)
}

fn write(kind: &str, snapshot: &Snapshot, observation: Option<&Observation>, key: &FingerprintKey) -> String {
    let redactor = Snapshot::redactor(&[snapshot]);
    let mut out =
        format!("{{\n  \"landfast\": {},\n  \"format_version\": {}", quote_go(kind), quote_go(FORMAT_VERSION));
    out.push_str(&format!(",\n  \"digest\": {}", quote_go(&snapshot.digest(key).to_string())));
    let origins = snapshot.origins().iter().map(origin_text);
    push_list(&mut out, "origins", origins);
    push_list(&mut out, "objects", snapshot.objects().iter().map(|object| write_object(object, key, &redactor)));
    if !snapshot.moves().is_empty() {
        let text = |address: &InstanceAddress| quote_go(&address.to_string());
        let moves = snapshot.moves().iter();
        push_list(
            &mut out,
            "moves",
            moves.map(|it| format!("{{\"from\": {}, \"to\": {}}}", text(&it.from), text(&it.to))),
        );
    }
    if let Some(observation) = observation {
        let gaps = observation.gaps.iter().map(|gap| {
            let kind = match gap.kind {
                GapKind::Unreadable => "unreadable",
                GapKind::Unsupported => "unsupported",
                GapKind::Interrupted => "interrupted",
                GapKind::NotSampled => "not-sampled",
                GapKind::LeftOut => "left-out",
            };
            let address = quote_go(&gap.address.to_string());
            let reason = quote_go(&redactor.redact(&gap.reason));
            format!("{{\"address\": {address}, \"kind\": \"{kind}\", \"reason\": {reason}}}")
        });
        push_list(&mut out, "gaps", gaps);
    }
    out.push_str("\n}\n");
    out
}

/// Appends `"name": […]` with one item a line.
fn push_list(out: &mut String, name: &str, items: impl Iterator<Item = String>) {
    out.push_str(&format!(",\n  \"{name}\": ["));
    let mut any = false;
    for item in items {
        out.push_str(if any { ",\n    " } else { "\n    " });
        out.push_str(&item);
        any = true;
    }
    out.push_str(if any { "\n  ]" } else { "]" });
}

fn origin_text(origin: &Origin) -> String {
    let mut out = format!("{{\"kind\": {}, \"source\": {}", quote_go(origin.kind.as_str()), quote_go(&origin.source));
    let texts = [
        ("lineage", &origin.lineage),
        ("terraform_version", &origin.terraform_version),
        ("timestamp", &origin.timestamp),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            out.push_str(&format!(", \"{name}\": {}", quote_go(text)));
        }
    }
    if let Some(serial) = origin.serial {
        out.push_str(&format!(", \"serial\": {serial}"));
    }
    out.push('}');
    out
}

/// The text of a single object as it stands in the `objects` of a snapshot file: sensitive values, and texts that hold a
/// secret that `redactor` knows, are written as fingerprints under `key`.
#[must_use]
pub fn write_object(object: &ResourceObject, key: &FingerprintKey, redactor: &Redactor) -> String {
    let mut marks = Marks::default();
    let value = marks.take(redactor.mark(object.value()), AttributePath::ROOT, key);
    let mut out = format!(
        "{{\"address\": {}, \"provider\": {}, \"schema_version\": {}, \"tainted\": {}, \"attributes\": ",
        quote_go(&object.address.to_string()),
        quote_go(&object.provider),
        object.schema_version,
        object.tainted
    );
    value.write_json(&mut out);
    out.push_str(&list_member("sensitive", &marks.sensitive));
    out.push_str(&list_member("unknown", &marks.unknown));
    let dependencies: Vec<String> = object.dependencies.iter().map(|it| quote_go(&it.to_string())).collect();
    out.push_str(&list_member("dependencies", &dependencies));
    out.push('}');
    out
}

fn list_member(name: &str, items: &[String]) -> String {
    if items.is_empty() { String::new() } else { format!(", \"{name}\": [{}]", items.join(", ")) }
}

/// What stands beside the attributes, because it cannot stand in them.
#[derive(Default)]
struct Marks {
    sensitive: Vec<String>,
    unknown: Vec<String>,
}

impl Marks {
    /// `value` with `null` in the place of every sensitive and unknown value; their paths are noted.
    fn take(&mut self, value: Value, path: AttributePath, key: &FingerprintKey) -> Value {
        match value {
            Value::Sensitive(sensitive) => {
                let fingerprint = quote_go(&sensitive.fingerprint(key).to_string());
                self.sensitive.push(format!("{{\"path\": {}, \"fingerprint\": {fingerprint}}}", path_text(&path)));
                Value::Null
            }
            Value::Unknown => {
                self.unknown.push(path_text(&path));
                Value::Null
            }
            Value::List(elements) => {
                let take = |(at, element)| self.take(element, path.index(at), key);
                Value::List(elements.into_iter().enumerate().map(take).collect())
            }
            Value::Object(members) => {
                let take = |(name, member): (String, Value)| {
                    let member = self.take(member, path.key(&name), key);
                    (name, member)
                };
                Value::Object(members.into_iter().map(take).collect())
            }
            plain => plain,
        }
    }
}

/// A path as an array of keys and indexes, which needs no escaping rules of its own.
fn path_text(path: &AttributePath) -> String {
    let steps = path.steps.iter().map(|step| match step {
        PathStep::Key(key) => quote_go(key),
        PathStep::Index(index) => index.to_string(),
    });
    format!("[{}]", steps.collect::<Vec<_>>().join(", "))
}
