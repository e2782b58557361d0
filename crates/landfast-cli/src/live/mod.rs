//! Reading what is there through providers, without terraform.

mod events;
mod plan;
mod recorded;
mod setup;
mod tell;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use landfast::LiveComparison;
use landfast::drift::{CompareOptions, DriftReport, RuleSet};
use landfast::observe::Observed;
use landfast::observe::scan::{
    CancelToken, Collect, EventSink, JournalBinding, JournalOptions, ObjectReader, Sample, Scan, ScanEnd, ScanError,
    ScanJournal, ScanOptions, ScanSummary, SecretMarker, plan_reads,
};
use landfast::state::{BytesDigest, Document, Origin, SourceKind};
use landfast::tfplugin::live::{EnumerationRules, Imports, LiveReader, ProviderSetup, WantedTypes};

use crate::args::Global;
use crate::error::CliError;
use crate::interrupt::{self, Signals};
use crate::live_args::LiveArgs;
use crate::progress::ProgressLine;
use crate::settings::Settings;
use crate::stores::{self, Named, chain};
use crate::{input, key, output};
use events::Events;
use recorded::{Recorded, Source, Survey};
use setup::{Configuration, Providers};

/// What stands in reports for where the observed side is from.
const LIVE: &str = "live";

/// What is to be looked at.
pub(crate) enum What<'a> {
    /// The state that the configuration of a folder names.
    Folder(&'a Path),
    /// These states.
    Recorded(&'a [PathBuf]),
}

/// Where it is said how a scan went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Telling {
    /// On standard error.
    OnStandardError,
    /// In a report that goes to the same terminal.
    InReport,
}

/// How a run ended that reads live.
pub(crate) enum Outcome<T> {
    /// With a result, which is partial where the scan was interrupted.
    Read(T, ScanEnd),
    /// Nothing was to be read: what would be was told.
    Planned,
}

/// Compares what is recorded with what is there.
pub(crate) fn check(
    what: &What<'_>,
    args: &LiveArgs,
    options: &CompareOptions,
    telling: Telling,
    global: &Global,
) -> Result<Outcome<DriftReport>, CliError> {
    let Some(run) = Run::prepare(what, args, global)? else { return Ok(Outcome::Planned) };
    let mut options = options.clone();
    options.written = run.providers.written.clone();
    run.read(telling, async |live: &Live, cancel: &CancelToken| {
        for (resource_type, schema) in live.reader.shapes().await {
            options.shapes.add(&resource_type, schema);
        }
        let mut comparison = LiveComparison::new(&options);
        let scan = live.scan(&run, Arc::clone(&live.reader) as _, run.journal(&options)?, cancel);
        let objects = run.recorded.objects();
        let summary = comparison.recorded(scan, objects).await.map_err(|error| of_scan(&error))?;
        let goes_on = args.unmanaged && summary.end == ScanEnd::Complete;
        let mut summaries = vec![summary];
        if goes_on {
            let found = live.reader.enumerate(&EnumerationRules::embedded(), &run.recorded.owned()?).await;
            let imports: Arc<dyn ObjectReader> = Arc::new(Imports(Arc::clone(&live.reader)));
            let scan = live.scan(&run, imports, None, cancel);
            summaries.push(comparison.unmanaged(scan, found).await.map_err(|error| of_scan(&error))?);
        }
        Ok((comparison.finish(&run.survey.origins, &[live.origin()]), summaries))
    })
}

/// Captures what is there.
pub(crate) fn observe(what: &What<'_>, args: &LiveArgs, global: &Global) -> Result<Outcome<Observed>, CliError> {
    let Some(run) = Run::prepare(what, args, global)? else { return Ok(Outcome::Planned) };
    let compared = CompareOptions::default();
    run.read(Telling::OnStandardError, async |live: &Live, cancel: &CancelToken| {
        let mut found = Collect::default();
        let scan = live.scan(&run, Arc::clone(&live.reader) as _, run.journal(&compared)?, cancel);
        let summary = scan.run(run.recorded.objects(), &mut found).await.map_err(|error| of_scan(&error))?;
        let recorded = run.survey.origins.first().cloned().unwrap_or_else(|| live.origin());
        let observed = found.into_observed(recorded, LIVE, run.survey.secrets.clone());
        let observed = observed.map_err(|error| CliError::new(chain(&error)))?;
        Ok((observed, vec![summary]))
    })
}

/// A run that reads, and all that it needs.
struct Run<'a> {
    args: &'a LiveArgs,
    recorded: Recorded,
    survey: Survey,
    providers: Providers,
    options: ScanOptions,
    settings: Settings,
}

/// Providers that run.
struct Live {
    reader: Arc<LiveReader>,
    events: EventSink,
}

impl<'a> Run<'a> {
    /// Everything before the first provider is started; `None` where that is all that was asked for.
    fn prepare(what: &What<'_>, args: &'a LiveArgs, global: &Global) -> Result<Option<Self>, CliError> {
        let settings = Settings::nearest()?;
        let (folder, configuration, sources) = match what {
            What::Folder(folder) => {
                let source = match stores::of_folder(folder, global)? {
                    Named::Source(path) if !path.exists() => {
                        return Err(CliError::new(format!("{}: there is no state", path.display()))
                            .hint("nothing was applied here yet, or it is not here: name a state with --recorded"));
                    }
                    Named::Source(path) => Source::open(&path, global)?,
                    Named::Store(target) => {
                        let state = target.read()?;
                        let digest = BytesDigest::of(target.place().as_bytes());
                        Source::of_document(Document::State(state), digest)?
                    }
                };
                (*folder, Configuration::OfFolder, vec![source])
            }
            What::Recorded(paths) => {
                input::once(paths.iter().map(PathBuf::as_path))?;
                let sources = paths.iter().map(|path| Source::open(path, global)).collect::<Result<_, _>>()?;
                (Path::new("."), Configuration::None, sources)
            }
        };
        let recorded = Recorded::new(sources);
        let options = scan_options(args, &settings)?;
        let survey = recorded.survey(&options)?;
        if args.plan_reads {
            let plan = plan_reads(recorded.objects(), &options, plan::LATENCY)?;
            plan::tell(&plan, global)?;
            return Ok(None);
        }
        let providers = Providers::new(folder, configuration, args, &settings, survey.secrets.clone())?;
        Ok(Some(Self { args, recorded, survey, providers, options, settings }))
    }

    /// Starts the providers, does the work, and ends them. The first Ctrl-C ends the scan early, a second one everything.
    fn read<T>(
        &self,
        telling: Telling,
        work: impl AsyncFnOnce(&Live, &CancelToken) -> Result<(T, Vec<ScanSummary>), CliError>,
    ) -> Result<Outcome<T>, CliError> {
        let cancel = CancelToken::default();
        let progress = ProgressLine::start();
        let events = Events::open(self.args.events.as_deref())?;
        let sink = EventSink::from(progress.sink()).and(events.sink());
        let result = interrupt::run(async |signals: &mut Signals| {
            let work = async {
                let reader =
                    LiveReader::start(Arc::clone(&self.providers.setup) as Arc<dyn ProviderSetup>, self.wanted());
                let live = Live { reader: Arc::new(reader.await), events: sink.clone() };
                let not_started = live.reader.not_started().await;
                if not_started.len() == self.survey.wanted.len()
                    && let Some(nothing) = tell::nothing(&not_started)
                {
                    return Err(nothing);
                }
                tell::not_started(&not_started);
                tell::warnings(&live.reader.warnings().await);
                // A provider may repeat of one object what only the schema of another calls a secret.
                live.reader.learn_secrets(self.recorded.objects()).await?;
                let done = work(&live, &cancel).await.map(|(done, summaries)| {
                    let mut end = ScanEnd::Complete;
                    for summary in &summaries {
                        tell::summary(summary, &not_started, telling);
                        if summary.end == ScanEnd::Interrupted {
                            end = summary.end;
                        }
                    }
                    (done, end)
                });
                if let Some(reader) = Arc::into_inner(live.reader) {
                    reader.close().await;
                }
                done
            };
            let mut work = std::pin::pin!(work);
            if let Ok(done) = interrupt::or_signal(signals, &mut work).await {
                return done;
            }
            cancel.cancel();
            output::warn("stopping: what is not read yet is left out; a second Ctrl-C ends at once");
            interrupt::or_signal(signals, work).await?
        })?;
        drop(progress);
        events.finish()?;
        let (done, end) = result?;
        Ok(Outcome::Read(done, end))
    }

    /// The types whose schemas are needed.
    fn wanted(&self) -> WantedTypes {
        let mut wanted = self.survey.wanted.clone();
        if self.args.unmanaged {
            for (provider, types) in &mut wanted {
                types.extend(EnumerationRules::embedded().types(&provider.source));
            }
        }
        wanted
    }

    /// The journal, where one is asked for. The providers run by then, so that it is known which they are.
    fn journal(&self, options: &CompareOptions) -> Result<Option<ScanJournal>, CliError> {
        let Some(path) = &self.args.journal else { return Ok(None) };
        let key = key::load_or_create()?;
        let mut binding = JournalBinding::new(self.recorded.digest()?, &self.options);
        let found = self.providers.setup.found();
        for provider in recorded::providers(&self.survey) {
            let version = found.values().find(|it| *it.source().to_string() == *provider.source);
            let version = version.and_then(|it| it.version()).map(ToString::to_string).unwrap_or_default();
            let configured = self.settings.providers.keys().map(|name| name.0.as_str()).collect::<Vec<_>>().join(" ");
            binding = binding.with_provider(provider.to_string(), format!("{version} {configured}"));
        }
        let rules: Arc<RuleSet> = Arc::clone(&options.rules);
        let mut journal = JournalOptions::new(SystemTime::now());
        journal.max_age = self.args.max_age;
        journal.marker = Some(SecretMarker::new(move |object| rules.mark_object(object)));
        journal.secrets = self.survey.secrets.clone();
        let opened = if self.args.resume {
            ScanJournal::resume(path, &binding, key, journal)
        } else {
            ScanJournal::create(path, &binding, key, journal)
        };
        opened.map(Some).map_err(|error| {
            let said = CliError::new(chain(&error));
            match error {
                landfast::observe::scan::JournalError::Exists { .. } => said.hint("--resume takes it up"),
                _ => said,
            }
        })
    }
}

impl Live {
    fn scan(
        &self,
        run: &Run<'_>,
        reader: Arc<dyn ObjectReader>,
        journal: Option<ScanJournal>,
        cancel: &CancelToken,
    ) -> Scan {
        let scan = Scan::new(reader, run.options.clone())
            .with_events(self.events.clone())
            .with_cancel(cancel.clone())
            .with_total(run.survey.reads);
        match journal {
            Some(journal) => scan.with_journal(journal),
            None => scan,
        }
    }

    fn origin(&self) -> Origin {
        Origin::new(SourceKind::Observation, LIVE)
    }
}

fn scan_options(args: &LiveArgs, settings: &Settings) -> Result<ScanOptions, CliError> {
    let mut options = settings.scan.options();
    for selector in &args.only {
        options.filter = options.filter.only(selector.clone());
    }
    for selector in &args.except {
        options.filter = options.filter.except(selector.clone());
    }
    if let Some(percent) = args.sample {
        let sample = Sample::new(percent, sample_seed(args)?).map_err(|error| CliError::usage(error.to_string()))?;
        options.sample = Some(sample);
    }
    if let Some(concurrency) = args.concurrency {
        options.provider.concurrency = usize::try_from(concurrency).ok();
    }
    if let Some(rate) = args.rate {
        options.provider.per_second = Some(f64::from(rate));
        options.provider.burst = Some(rate.div_ceil(10));
    }
    options.seed = random()?;
    options.check().map_err(|error| CliError::usage(chain(&error)))?;
    Ok(options)
}

/// What a sample is drawn by: the same as in the run that is taken up.
fn sample_seed(args: &LiveArgs) -> Result<u64, CliError> {
    let kept = match &args.journal {
        Some(path) if args.resume => ScanJournal::sample_seed(path).map_err(|error| CliError::new(chain(&error)))?,
        _ => None,
    };
    kept.map_or_else(random, Ok)
}

fn random() -> Result<u64, CliError> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)
        .map_err(|error| CliError::new(format!("the system gives no random numbers: {error}")))?;
    Ok(u64::from_le_bytes(bytes))
}

fn of_scan(error: &ScanError) -> CliError {
    CliError::new(chain(error))
}
