//! A reader that plays a script, with delays, throttling, failures and crashes.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::future::{Either, select};
use landfast_state::ResourceObject;
use landfast_state::address::ObjectAddress;
use tokio::sync::watch;
use tokio::time::{Instant, sleep};

use super::reader::{ObjectRead, ObjectReader, ReadAnswer, ReadFuture, RestartFuture, Unreadable, UnreadableClass};
use super::recorded::{ProviderKey, RecordedObject};

/// What a scripted read does.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Step {
    /// The object is there, as it was recorded.
    Same,
    /// The object is there, like this.
    Changed(Box<ResourceObject>),
    /// The object is gone.
    Gone,
    /// It fails.
    Fail(Unreadable),
    /// The provider crashes: everything that it reads fails, until it is restarted.
    Crash,
    /// There is never an answer.
    Hang,
}

type Script = dyn Fn(&RecordedObject, u32) -> (Duration, Step) + Send + Sync;

/// Reads by a script: for each read of an object, with its number from 1, how long it takes and what it does.
pub struct ScriptedReader {
    script: Box<Script>,
    capacity: Option<(f64, f64)>,
    restart: Box<dyn Fn(u32) -> Result<(), Unreadable> + Send + Sync>,
    played: Mutex<Played>,
}

/// What was asked of a reader.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Played {
    /// Each read, in the order in which they began.
    pub reads: Vec<(Instant, ObjectAddress)>,
    /// The most reads that were under way at once, of each provider.
    pub most_at_once: BTreeMap<String, usize>,
    /// The same of each type.
    pub most_of_type: BTreeMap<String, usize>,
    /// Reads that were throttled by [`ScriptedReader::with_capacity`].
    pub throttled: u64,
    /// How often a provider was restarted.
    pub restarts: u32,
    under_way: HashMap<String, usize>,
    under_way_of_type: HashMap<String, usize>,
    attempts: HashMap<ObjectAddress, u32>,
    tokens: Option<(f64, Instant)>,
    processes: HashMap<String, watch::Sender<bool>>,
}

impl ScriptedReader {
    /// A reader that does what the script says.
    #[must_use]
    pub fn new(script: impl Fn(&RecordedObject, u32) -> (Duration, Step) + Send + Sync + 'static) -> Self {
        Self { script: Box::new(script), capacity: None, restart: Box::new(|_| Ok(())), played: Mutex::default() }
    }

    /// The reader, throttling whatever comes faster than this: reads in a second, and at once after a pause.
    #[must_use]
    pub fn with_capacity(mut self, per_second: f64, burst: f64) -> Self {
        self.capacity = Some((per_second, burst));
        self
    }

    /// The reader with what the restart does that has this number, from 1.
    #[must_use]
    pub fn with_restart(mut self, restart: impl Fn(u32) -> Result<(), Unreadable> + Send + Sync + 'static) -> Self {
        self.restart = Box::new(restart);
        self
    }

    /// What was asked so far.
    #[must_use]
    pub fn played(&self) -> Played {
        self.lock().clone()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Played> {
        self.played.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn play(&self, object: Arc<RecordedObject>) -> ObjectRead {
        let provider = object.provider_key().configuration.to_string();
        let type_name = object.type_name().to_owned();
        let call = format!("ReadResource of {type_name}");
        let (attempt, mut crashed, throttled) = {
            let mut played = self.lock();
            let throttled = self.capacity.is_some_and(|capacity| played.throttles(capacity));
            played
                .begin(&object, &provider, &type_name)
                .map_or((0, None, throttled), |(attempt, crashed)| (attempt, Some(crashed), throttled))
        };
        let _under_way = UnderWay { reader: self, provider: provider.clone(), type_name };
        let dead = || Unreadable::new(UnreadableClass::Crashed, call.clone(), "the provider ended");
        if throttled {
            return Unreadable::new(UnreadableClass::Throttled, call, "rate exceeded").into();
        }
        let Some(crashed) = &mut crashed else { return dead().into() };
        let (delay, step) = (self.script)(&object, attempt);
        {
            let slept = std::pin::pin!(sleep(delay));
            let ended = std::pin::pin!(crashed.wait_for(|crashed| *crashed));
            if let Either::Right(_) = select(slept, ended).await {
                return dead().into();
            }
        }
        match step {
            Step::Same => found(&object.object, object.object.clone()),
            Step::Changed(now) => found(&object.object, *now),
            Step::Gone => ReadAnswer::Gone { recorded: None }.into(),
            Step::Fail(failure) => failure.into(),
            Step::Crash => {
                if let Some(process) = self.lock().processes.get(&provider) {
                    process.send_replace(true);
                }
                dead().into()
            }
            Step::Hang => std::future::pending().await,
        }
    }
}

fn found(recorded: &ResourceObject, observed: ResourceObject) -> ObjectRead {
    ReadAnswer::Found { recorded: Box::new(recorded.clone()), observed: Box::new(observed) }.into()
}

impl Played {
    /// Which read of the object it is, and what tells that the provider crashed; `None` where it has.
    fn begin(
        &mut self,
        object: &RecordedObject,
        provider: &str,
        type_name: &str,
    ) -> Option<(u32, watch::Receiver<bool>)> {
        self.reads.push((Instant::now(), object.object.address.clone()));
        for (under_way, most, name) in [
            (&mut self.under_way, &mut self.most_at_once, provider),
            (&mut self.under_way_of_type, &mut self.most_of_type, type_name),
        ] {
            let count = under_way.entry(name.to_owned()).or_default();
            *count += 1;
            let most = most.entry(name.to_owned()).or_default();
            *most = (*most).max(*count);
        }
        let attempt = self.attempts.entry(object.object.address.clone()).or_default();
        *attempt += 1;
        let process = self.processes.entry(provider.to_owned()).or_insert_with(|| watch::Sender::new(false));
        (!*process.borrow()).then(|| (*attempt, process.subscribe()))
    }

    fn throttles(&mut self, (per_second, burst): (f64, f64)) -> bool {
        let now = Instant::now();
        let (tokens, at) = self.tokens.unwrap_or((burst, now));
        let tokens = (tokens + (now - at).as_secs_f64() * per_second).min(burst);
        let throttles = tokens < 1.0;
        self.tokens = Some((if throttles { tokens } else { tokens - 1.0 }, now));
        self.throttled += u64::from(throttles);
        throttles
    }
}

/// Counts a read as over when it is dropped, done or not.
struct UnderWay<'r> {
    reader: &'r ScriptedReader,
    provider: String,
    type_name: String,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        let mut played = self.reader.lock();
        if let Some(count) = played.under_way.get_mut(&self.provider) {
            *count -= 1;
        }
        if let Some(count) = played.under_way_of_type.get_mut(&self.type_name) {
            *count -= 1;
        }
    }
}

impl ObjectReader for ScriptedReader {
    fn read(&self, object: Arc<RecordedObject>) -> ReadFuture<'_> {
        Box::pin(self.play(object))
    }

    fn restart<'a>(&'a self, provider: &'a ProviderKey) -> RestartFuture<'a> {
        Box::pin(async move {
            let number = {
                let mut played = self.lock();
                played.restarts += 1;
                played.restarts
            };
            (self.restart)(number)?;
            let name = provider.configuration.to_string();
            self.lock().processes.insert(name, watch::Sender::new(false));
            Ok(())
        })
    }
}

impl fmt::Debug for ScriptedReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScriptedReader").finish_non_exhaustive()
    }
}
