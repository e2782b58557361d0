//! Comparing where at least one side is sensitive. What is found inside is told as one change of the whole.

use landfast_state::{Sensitive, SensitiveComparison, Value};

use super::walk::{Place, Walk};
use crate::normalise::{Normaliser, sdk_null_zero};

impl Walk<'_> {
    /// Compares what stands at the present path, one side of it sensitive. Marks alone are no difference: sources differ in
    /// what they mark.
    pub(super) fn sensitive(&mut self, before: Option<&Value>, after: Option<&Value>, place: Place) {
        let (Some(open_before), Some(open_after)) = (Open::new(before), Open::new(after)) else {
            return self.fingerprints(before, after, place);
        };
        let mut found = self.aside(|walk| walk.pair(open_before.0, open_after.0, place));
        self.found.unreadable.append(&mut found.unreadable);
        if found.changes.is_empty() {
            for mut normalised in found.normalised {
                normalised.before = normalised.before.as_ref().map(mark);
                normalised.after = normalised.after.as_ref().map(mark);
                self.found.normalised.push(normalised);
            }
        } else {
            self.change(before.map(mark).as_ref(), after.map(mark).as_ref(), place);
        }
    }

    /// Compares where one side is known by its fingerprint only.
    fn fingerprints(&mut self, before: Option<&Value>, after: Option<&Value>, place: Place) {
        let null = Value::Null;
        let absent = before.is_none() || after.is_none();
        let marked = (mark(before.unwrap_or(&null)), mark(after.unwrap_or(&null)));
        if absent && !matches!(place, Place::Attribute | Place::Member) {
            return self.change(before.map(|_| &marked.0), after.map(|_| &marked.1), place);
        }
        match self.compare_held(before.unwrap_or(&null), after.unwrap_or(&null)) {
            SensitiveComparison::Same if absent && self.enabled(Normaliser::NullAbsent) => {
                let sides = (before.map(|_| &marked.0), after.map(|_| &marked.1));
                self.normalise(Normaliser::NullAbsent, None, sides.0, sides.1);
            }
            SensitiveComparison::Same if !absent => {}
            SensitiveComparison::Unreadable => self.found.unreadable.push(self.here()),
            SensitiveComparison::Same | SensitiveComparison::Different => {
                let sides = (before.map(|_| &marked.0), after.map(|_| &marked.1));
                match self.null_zero_rule(place) {
                    Some(rule) if self.null_against_zero(before, after) => {
                        self.normalise(Normaliser::SdkNullZero, Some(rule), sides.0, sides.1);
                    }
                    _ => self.change(sides.0, sides.1, place),
                }
            }
        }
    }

    /// Whether one side is null, or absent, and the other one a zero of the legacy SDK, as far as fingerprints tell.
    fn null_against_zero(&self, before: Option<&Value>, after: Option<&Value>) -> bool {
        let is = |side: Option<&Value>, value: &Value| {
            side.is_some_and(|side| self.compare_held(side, value) == SensitiveComparison::Same)
        };
        let is_null = |side: Option<&Value>| side.is_none() || is(side, &Value::Null);
        let is_zero = |side: Option<&Value>| sdk_null_zero::zeros().iter().any(|zero| is(side, zero));
        (is_null(before) && is_zero(after)) || (is_zero(before) && is_null(after))
    }

    pub(super) fn compare_held(&self, before: &Value, after: &Value) -> SensitiveComparison {
        match (held(before), held(after)) {
            (Some(before), Some(after)) => before.compare(&after, self.options.fingerprint_key.as_ref()),
            _ => SensitiveComparison::Unreadable,
        }
    }
}

/// A side without its mark, unless only its fingerprint is known.
struct Open<'v>(Option<&'v Value>);

impl<'v> Open<'v> {
    fn new(side: Option<&'v Value>) -> Option<Self> {
        match side {
            Some(Value::Sensitive(held)) => Some(Self(Some(held.expose()?))),
            side => Some(Self(side)),
        }
    }
}

/// The value marked as sensitive.
fn mark(value: &Value) -> Value {
    match value {
        Value::Sensitive(_) => value.clone(),
        value => Value::Sensitive(Sensitive::new(value.clone())),
    }
}

/// The value as a fingerprint can be compared with it: marked as a whole and nowhere inside. `None` when a fingerprint
/// stands inside of it.
fn held(value: &Value) -> Option<Sensitive> {
    match value {
        Value::Sensitive(sensitive) if sensitive.expose().is_none() => Some(sensitive.clone()),
        value => strip(value).map(Sensitive::new),
    }
}

fn strip(value: &Value) -> Option<Value> {
    Some(match value {
        Value::Sensitive(sensitive) => strip(sensitive.expose()?)?,
        Value::List(elements) => Value::List(elements.iter().map(strip).collect::<Option<_>>()?),
        Value::Object(members) => {
            let strip = |(name, member): (&String, &Value)| Some((name.clone(), strip(member)?));
            Value::Object(members.iter().map(strip).collect::<Option<_>>()?)
        }
        value => value.clone(),
    })
}
