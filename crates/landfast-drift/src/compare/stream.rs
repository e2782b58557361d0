//! The comparison of two states that are not in memory.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::io::{Read, Seek};
use std::sync::Arc;

use landfast_state::address::InstanceAddress;
use landfast_state::json::NameFilter;
use landfast_state::{AttributePath, Located, ResourceObject, StateStream, StreamError, StreamedObject};

use super::comparison::Comparison;
use super::resource::blank;
use super::sameness::{Hashed, Normalisations};
use super::{CompareOptions, InSync, reason_to_leave_out};
use crate::classification::DriftStatus;
use crate::report::{DriftReport, ResourceDrift};
use crate::rules::{NamesOfSecrets, RuleSet};

/// What a comparison of streams held, at the most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Buffered {
    /// Objects whose counterpart had not come yet: their addresses, hashes and places, at a time. States that are written in
    /// the same order need next to none.
    pub waiting: usize,
    /// Bytes of text of both states, at a time.
    pub text: usize,
}

/// Compares what was recorded with what was observed, both states of format 4, without holding either: objects are read side
/// by side and compared as they come, in whatever order. The report is the same as that of [`compare`](super::compare); with
/// [`InSync::Count`], nothing grows with the states but what the report says, the texts of secrets, and objects that wait for
/// their counterpart.
///
/// # Errors
/// When a state cannot be read, is wrong, or must be read as a whole ([`StreamError::Whole`]).
pub fn compare_streams<A: Read + Seek, B: Read + Seek>(
    recorded: &mut StateStream<A>,
    observed: &mut StateStream<B>,
    options: &CompareOptions,
) -> Result<(DriftReport, Buffered), StreamError> {
    let names = Arc::new(watch(&options.rules));
    let same = Arc::clone(&names);
    recorded.watch(move |type_name| names(type_name));
    observed.watch(move |type_name| same(type_name));
    let mut run = Run::new(options);
    let (mut before, mut after) = (Side::new(recorded), Side::new(observed));
    before.stream.advance()?;
    let mut advanced = false;
    loop {
        if !advanced {
            if let Some(a) = before.stream.current()
                && after.stream.pass_same(&a)?
            {
                run.same(&a);
                before.stream.advance()?;
                continue;
            }
            after.stream.advance()?;
            advanced = true;
        }
        match order(before.stream.current(), after.stream.current()) {
            Some(Ordering::Equal) => {
                if let (Some(a), Some(b)) = (before.stream.current(), after.stream.current()) {
                    run.pair(&a, &b);
                }
                before.stream.advance()?;
                advanced = false;
            }
            Some(Ordering::Less) => {
                run.alone(&mut before, &mut after, Which::Recorded)?;
                before.stream.advance()?;
            }
            Some(Ordering::Greater) => {
                run.alone(&mut after, &mut before, Which::Observed)?;
                advanced = false;
            }
            None => break,
        }
        run.buffered.waiting = run.buffered.waiting.max(before.waiting.len() + after.waiting.len());
    }
    recorded_is_right(before.stream, after.stream)?;
    run.leftover(std::mem::take(&mut before.waiting), Which::Recorded);
    run.leftover(std::mem::take(&mut after.waiting), Which::Observed);
    run.buffered.text = before.stream.longest_window() + after.stream.longest_window();
    Ok(run.finish(before.stream, after.stream))
}

/// How the present objects of both sides are ordered: what one side is at its end of comes last.
fn order(a: Option<StreamedObject<'_>>, b: Option<StreamedObject<'_>>) -> Option<Ordering> {
    match (a, b) {
        (Some(a), Some(b)) => {
            let within = || a.key().cmp(b.key()).then_with(|| a.deposed().cmp(&b.deposed()));
            Some(a.resource().cmp(b.resource()).then_with(within))
        }
        (Some(_), None) => Some(Ordering::Less),
        (None, Some(_)) => Some(Ordering::Greater),
        (None, None) => None,
    }
}

/// A copy of an object with more marks.
fn marked(object: &StreamedObject<'_>, secrets: Vec<AttributePath>) -> ResourceObject {
    with_marks(object.to_object(), secrets)
}

fn with_marks(mut object: ResourceObject, secrets: Vec<AttributePath>) -> ResourceObject {
    object.sensitive.extend(secrets);
    object
}

/// What is known of both states at their ends.
fn recorded_is_right<A: Read + Seek, B: Read + Seek>(
    recorded: &mut StateStream<A>,
    observed: &mut StateStream<B>,
) -> Result<(), StreamError> {
    // Resources that terraform passes over are gaps at addresses that were compared already: rare enough to start again.
    for (file, ignored) in
        [(recorded.file().to_owned(), recorded.ignored()?), (observed.file().to_owned(), observed.ignored()?)]
    {
        if !ignored.is_empty() {
            return Err(StreamError::Whole { file, reason: "terraform passes over a resource in it" });
        }
    }
    recorded.check_unique()?;
    observed.check_unique()
}

fn watch(rules: &Arc<RuleSet>) -> impl Fn(&str) -> Option<Arc<NameFilter>> + Send + Sync + 'static {
    let names = std::sync::Mutex::new(NamesOfSecrets::new(Arc::clone(rules)));
    move |type_name| Some(names.lock().ok()?.of_type(type_name))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Recorded,
    Observed,
}

/// An object whose counterpart has not come yet.
struct Waiting {
    located: Located,
    provider: Arc<str>,
    /// The hash of its attributes, and whether they are flat.
    hash: Option<(Hashed, bool)>,
    /// Its marks, where it was searched for secrets.
    marks: Option<Box<Marks>>,
}

/// The marks of an object that was searched for secrets.
struct Marks {
    own: Vec<AttributePath>,
    /// Those that the search has found.
    found: Vec<AttributePath>,
}

struct Side<'s, R> {
    stream: &'s mut StateStream<R>,
    waiting: HashMap<InstanceAddress, Waiting>,
}

impl<'s, R: Read + Seek> Side<'s, R> {
    fn new(stream: &'s mut StateStream<R>) -> Self {
        Self { stream, waiting: HashMap::new() }
    }
}

/// A comparison of streams that is under way.
struct Run<'o> {
    comparison: Comparison<'o>,
    buffered: Buffered,
    /// The provider that came last: most objects have the same.
    provider: Arc<str>,
}

impl<'o> Run<'o> {
    fn new(options: &'o CompareOptions) -> Self {
        Self { comparison: Comparison::new(options), buffered: Buffered::default(), provider: Arc::from("") }
    }

    /// Takes an object that both sides have, written alike.
    fn same(&mut self, object: &StreamedObject<'_>) {
        self.note_secrets(object);
        self.in_sync(object);
    }

    /// Compares two objects that stand at one address, side by side.
    fn pair(&mut self, a: &StreamedObject<'_>, b: &StreamedObject<'_>) {
        if a.text() == b.text() {
            return self.same(a);
        }
        let (hash, same) = self.compare_attributes(a, b);
        let found = self.note_secrets(a);
        let stands_alike = same && !a.is_flat() && hash.is_none_or(|(hash, _)| hash.in_order);
        let like = stands_alike.then_some((a.sensitive(), found.as_slice()));
        let other = self.note_secrets_like(b, like);
        if self.leave_out(a) {
            return;
        }
        if same {
            return self.in_sync(a);
        }
        let (before, after) = (marked(a, found), marked(b, other));
        self.comparison.compare(&before.address.instance, Some(&before), Some(&after), None);
    }

    fn in_sync(&mut self, object: &StreamedObject<'_>) {
        if self.leave_out(object) {
            return;
        }
        match self.comparison.options.in_sync {
            InSync::Count => self.comparison.in_sync_counted += 1,
            InSync::List => {
                let provider = object.provider().into();
                let in_sync = ResourceDrift { provider, ..blank(&object.instance(), DriftStatus::InSync) };
                self.comparison.push(in_sync);
            }
        }
    }

    /// Whether the object is not compared by its nature; if so, it is listed.
    fn leave_out(&mut self, object: &StreamedObject<'_>) -> bool {
        let reason = reason_to_leave_out(object.resource().mode, object.deposed().is_some());
        self.comparison.left_out.extend(reason.map(|reason| (object.address(), reason)));
        reason.is_some()
    }

    /// Whether attributes are the same, and the hash by which they are, where it took one.
    fn compare_attributes(&mut self, a: &StreamedObject<'_>, b: &StreamedObject<'_>) -> (Option<(Hashed, bool)>, bool) {
        match (a.attributes(), b.attributes()) {
            (None, None) => (None, true),
            (Some(x), Some(y)) if a.is_flat() == b.is_flat() => {
                if x == y {
                    return (None, true);
                }
                let hash = self.hash(a);
                (hash, hash == self.hash(b))
            }
            _ => (None, false),
        }
    }

    /// The hash of the attributes of an object, and whether they are flat.
    fn hash(&mut self, object: &StreamedObject<'_>) -> Option<(Hashed, bool)> {
        let attributes = object.attributes()?;
        let type_name = &*object.resource().type_name;
        let (rules, sameness) = self.comparison.of_type(type_name)?;
        let normalisations = if object.is_flat() { Normalisations::Listed } else { Normalisations::Untold };
        let hash = sameness.hash(attributes, object.sensitive(), type_name, rules, normalisations);
        Some((hash, object.is_flat()))
    }

    /// Gathers the secrets of an object. The paths to those that it does not mark come back.
    fn note_secrets(&mut self, object: &StreamedObject<'_>) -> Vec<AttributePath> {
        if object.noticed().is_empty() && object.sensitive().is_empty() && !object.is_flat() {
            return Vec::new();
        }
        let Some(found) = self.comparison.finder.find_streamed(object) else {
            let copy = object.to_object();
            let found = self.comparison.finder.find(&copy);
            self.comparison.secrets.add_object(&with_marks(copy, found.clone()));
            return found;
        };
        if let Some(attributes) = object.attributes() {
            self.comparison.secrets.add_marked(attributes, object.sensitive().iter().chain(&found));
        }
        found
    }

    /// As [`Run::note_secrets`], of an object that has the same attributes at the same paths as one that was searched already:
    /// then its secrets stand there too. `like` holds the marks of that one, and what the search found beside them.
    fn note_secrets_like(
        &mut self,
        object: &StreamedObject<'_>,
        like: Option<(&[AttributePath], &[AttributePath])>,
    ) -> Vec<AttributePath> {
        let Some(((own, found), attributes)) =
            like.filter(|(own, _)| *own == object.sensitive()).zip(object.attributes())
        else {
            return self.note_secrets(object);
        };
        // How numbers are written may differ, so they are looked at all the same.
        if !own.is_empty() || !found.is_empty() {
            self.comparison.secrets.add_marked(attributes, own.iter().chain(found));
        }
        found.to_vec()
    }

    /// Takes the present object of one side, whose counterpart does not stand beside it.
    fn alone<R: Read + Seek, S: Read + Seek>(
        &mut self,
        here: &mut Side<'_, R>,
        there: &mut Side<'_, S>,
        which: Which,
    ) -> Result<(), StreamError> {
        let Some(object) = here.stream.current() else { return Ok(()) };
        if self.leave_out(&object) {
            self.note_secrets(&object);
            return Ok(());
        }
        let address = object.instance();
        let hash = self.hash(&object);
        let other = there.waiting.remove(&address);
        let same = other.as_ref().filter(|other| other.hash == hash && hash.is_some_and(|(hash, _)| hash.in_order));
        let like = same.and_then(|other| other.marks.as_deref()).map(|marks| (&*marks.own, &*marks.found));
        let found = self.note_secrets_like(&object, like);
        let Some(other) = other else {
            if *self.provider != *object.provider() {
                self.provider = object.provider().into();
            }
            let provider = Arc::clone(&self.provider);
            let is_worth_keeping = !found.is_empty() && !object.is_flat();
            let marks = is_worth_keeping.then(|| Box::new(Marks { own: object.sensitive().to_vec(), found }));
            let waiting = Waiting { located: object.located(), provider, hash, marks };
            here.waiting.insert(address, waiting);
            return Ok(());
        };
        if other.hash == hash {
            let provider =
                if which == Which::Recorded || other.provider.is_empty() { object.provider() } else { &other.provider };
            let in_sync = ResourceDrift { provider: provider.into(), ..blank(&address, DriftStatus::InSync) };
            self.comparison.push(in_sync);
            return Ok(());
        }
        let this = marked(&object, found);
        let mut other = there.stream.reread(&other.located)?;
        let found = self.comparison.finder.find(&other);
        other.sensitive.extend(found);
        match which {
            Which::Recorded => self.comparison.compare(&address, Some(&this), Some(&other), None),
            Which::Observed => self.comparison.compare(&address, Some(&other), Some(&this), None),
        }
        Ok(())
    }

    /// What has waited to the end has no counterpart.
    fn leftover(&mut self, waiting: HashMap<InstanceAddress, Waiting>, which: Which) {
        for (address, waiting) in waiting {
            let object = ResourceObject::bare(address.clone().into(), &waiting.provider);
            let (before, after) = match which {
                Which::Recorded => (Some(&object), None),
                Which::Observed => (None, Some(&object)),
            };
            self.comparison.compare(&address, before, after, None);
        }
    }

    fn finish<A: Read + Seek, B: Read + Seek>(
        mut self,
        recorded: &StateStream<A>,
        observed: &StateStream<B>,
    ) -> (DriftReport, Buffered) {
        for more in [recorded.secrets(), observed.secrets()] {
            self.comparison.secrets.extend(more);
        }
        (self.comparison.finish(&[recorded.origin()], &[observed.origin()]), self.buffered)
    }
}
