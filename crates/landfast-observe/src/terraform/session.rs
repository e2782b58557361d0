//! One observation: the plan, then what it holds.

use std::ffi::OsString;
use std::io::{self, BufReader, PipeReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;

use landfast_state::plan::{self, Plan};
use landfast_state::{Redactor, SecretTexts};

use super::TerraformOptions;
use super::arguments::{self, VARIABLES};
use super::classify::{Stage, classify, could_not_write};
use super::coverage::{self, is_current};
use super::plan_file::{PlanFile, Storage, private_folder};
use super::program;
use super::secrets;
use super::stream::PlanOutput;
use crate::error::{FailureClass, ObserveError};
use crate::keeper::{Finished, Leave, RunError, Stopper, Task, remove_folder, run};
use crate::observer::{Diagnostic, DiagnosticSeverity, ObserveRequest, Observed, Progress};

/// How much of a tool's text an error repeats.
const MAX_OUTPUT_CHARS: usize = 1000;

/// Everything that an observation needs.
#[derive(Debug)]
pub(super) struct Session {
    folder: PathBuf,
    options: TerraformOptions,
    request: ObserveRequest,
}

/// What the run of a plan left.
struct Planned {
    status: ExitStatus,
    output: PlanOutput,
    err: String,
    file: PlanFile,
    private: Private,
}

impl Session {
    pub(super) fn new(folder: &Path, options: &TerraformOptions, request: ObserveRequest) -> Self {
        Self { folder: folder.to_owned(), options: options.clone(), request }
    }

    /// Runs to the end, or until it is stopped.
    pub(super) fn run(self, stopper: &Stopper) -> Result<Observed, ObserveError> {
        let folder_unusable = |source| ObserveError::FolderUnusable { path: self.folder.clone(), source };
        if !self.folder.metadata().map_err(folder_unusable)?.is_dir() {
            return Err(folder_unusable(io::ErrorKind::NotADirectory.into()));
        }
        let program = program::find(&self.options.programs, std::env::var_os("PATH").as_deref())?;
        let name = program.file_name().unwrap_or(program.as_os_str()).display().to_string();
        let environment = secrets::of_environment(std::env::vars_os());

        self.request.progress.tell(Progress::Started { tool: name.clone() });
        let mut planned = self.plan(&program, &name, Storage::Memory, stopper)?;
        let only_not_written = !planned.file.is_written()
            && planned.file.storage() == Storage::Memory
            && could_not_write(&diagnostics(&planned.output.diagnostics, &Redactor::default()));
        if only_not_written {
            tracing::debug!("the tool cannot write a plan to memory");
            planned = self.plan(&program, &name, Storage::Folder, stopper)?;
        }
        if !planned.file.is_written() || (!planned.status.success() && planned.output.refreshed.is_empty()) {
            return Err(planned.failure(&name, &environment));
        }
        self.request.progress.tell(Progress::Gathering);
        match self.show(&program, &name, &planned, stopper)? {
            Shown::Plan(plan) => self.gather(&plan, &planned, &environment),
            Shown::Failed(_) if !planned.status.success() => Err(planned.failure(&name, &environment)),
            Shown::Failed(text) => {
                let output = shorten(&redactor_of([&environment]).redact(&text));
                let class = classify(&[], &text, Stage::Walking);
                Err(ObserveError::Failed { program: name, class, diagnostics: Vec::new(), output })
            }
        }
    }

    fn plan(&self, program: &Path, name: &str, storage: Storage, stopper: &Stopper) -> Result<Planned, ObserveError> {
        let private = Private(private_folder());
        let file = PlanFile::new(storage, &private.0);
        let from_user: Vec<OsString> = VARIABLES.iter().filter_map(std::env::var_os).collect();
        let arguments = arguments::plan(file.path(), &self.request.scope, &from_user);
        let task = self.task(program, arguments, &private, file.leave());
        tracing::debug!(program = %task.program.display(), arguments = ?task.arguments, folder = %task.folder.display(), "run");
        let read =
            |out: PipeReader| PlanOutput::read(BufReader::new(out), &self.options.limits, &self.request.progress);
        let Finished { status, out, err } =
            run(&task, self.options.supervisor.as_ref(), stopper, read).map_err(|error| self.run_error(name, error))?;
        let err = String::from_utf8_lossy(&err).into_owned();
        tracing::debug!(%status, refreshed = out.refreshed.len(), "ended");
        Ok(Planned { status, output: out, err, file, private })
    }

    fn show(&self, program: &Path, name: &str, planned: &Planned, stopper: &Stopper) -> Result<Shown, ObserveError> {
        let task = self.task(program, arguments::show(planned.file.path()), &planned.private, Leave::Nothing);
        let limits = &self.options.limits;
        let most = u64::try_from(limits.max_bytes).unwrap_or(u64::MAX).saturating_add(1);
        let read = |out: PipeReader| {
            let mut bytes = Vec::new();
            out.take(most).read_to_end(&mut bytes)?;
            if bytes.len() > limits.max_bytes {
                return Err(io::Error::new(io::ErrorKind::InvalidData, "the plan is longer than the limit"));
            }
            Ok(bytes)
        };
        let Finished { status, out, err } =
            run(&task, self.options.supervisor.as_ref(), stopper, read).map_err(|error| self.run_error(name, error))?;
        if !status.success() {
            return Ok(Shown::Failed(String::from_utf8_lossy(&err).into_owned()));
        }
        let source = format!("{} via {name}", self.folder.display());
        Ok(Shown::Plan(Box::new(Plan::read(out.into(), &source, limits)?)))
    }

    fn task(&self, program: &Path, arguments: Vec<OsString>, private: &Private, leave: Leave) -> Task {
        Task {
            program: program.to_owned(),
            arguments,
            folder: self.folder.clone(),
            // What providers leave in the temporary folder when they are killed goes with the private one.
            environment: vec![("TMPDIR".into(), private.0.clone().into()), ("TF_IN_AUTOMATION".into(), "1".into())],
            private: private.0.clone(),
            leave,
            grace: self.options.grace,
            limit: self.options.time_limit,
        }
    }

    fn gather(self, plan: &Plan, planned: &Planned, environment: &SecretTexts) -> Result<Observed, ObserveError> {
        let recorded = plan.recorded().clone();
        if !recorded.objects().iter().any(is_current) {
            return Err(ObserveError::NothingRecorded { place: self.folder.display().to_string() });
        }
        let diagnostics = diagnostics(&planned.output.diagnostics, &redactor_of([environment, plan.secrets()]));
        let observation = coverage::observation(plan, &planned.output.refreshed, &diagnostics);
        let mut observed = Observed::new(Some(recorded), observation);
        observed.diagnostics = diagnostics;
        Ok(self.request.scope.restrict(observed))
    }

    fn run_error(&self, name: &str, error: RunError) -> ObserveError {
        let program = name.to_owned();
        match error {
            RunError::Stopped => ObserveError::Interrupted,
            RunError::TimedOut => {
                ObserveError::TimedOut { program, limit: self.options.time_limit.unwrap_or_default() }
            }
            RunError::Io(source) => ObserveError::CannotRun { program, source },
        }
    }
}

/// What the run that prints a plan left.
enum Shown {
    Plan(Box<Plan>),
    Failed(String),
}

impl Planned {
    fn failure(&self, name: &str, environment: &SecretTexts) -> ObserveError {
        let redactor = redactor_of([environment]);
        let diagnostics = diagnostics(&self.output.diagnostics, &redactor);
        let stage = if self.output.walked { Stage::Walking } else { Stage::Before };
        let text = format!("{}\n{}", self.output.text, self.err);
        let class = classify(&diagnostics, &text, stage);
        let output = if diagnostics.iter().any(|it| it.severity == DiagnosticSeverity::Error) {
            String::new()
        } else if class == FailureClass::UnsupportedVersion {
            // It prints its usage, at length.
            String::from("it does not know `plan -refresh-only -json`")
        } else {
            shorten(&redactor.redact(&self.err))
        };
        ObserveError::Failed { program: name.to_owned(), class, diagnostics, output }
    }
}

/// The private folder of two runs. The keeper removes it; this is for what happens between them.
#[derive(Debug)]
struct Private(PathBuf);

impl Drop for Private {
    fn drop(&mut self) {
        remove_folder(&self.0);
    }
}

/// The diagnostics of a stream, with known secrets masked; errors first.
fn diagnostics(from: &[plan::Diagnostic], redactor: &Redactor) -> Vec<Diagnostic> {
    let mut all: Vec<Diagnostic> = from
        .iter()
        .map(|it| Diagnostic {
            severity: match it.severity {
                plan::DiagnosticSeverity::Error => DiagnosticSeverity::Error,
                plan::DiagnosticSeverity::Warning => DiagnosticSeverity::Warning,
            },
            summary: redactor.redact(&it.summary).into_owned(),
            detail: redactor.redact(&it.detail).into_owned(),
            address: it.address.as_ref().map(|address| redactor.redact(address).into_owned()),
        })
        .collect();
    all.sort_by_key(|it| it.severity == DiagnosticSeverity::Warning);
    all
}

/// A redactor for all of these.
fn redactor_of<'s>(all: impl IntoIterator<Item = &'s SecretTexts>) -> Redactor {
    let mut secrets = SecretTexts::default();
    all.into_iter().for_each(|more| secrets.extend(more));
    secrets.redactor()
}

/// The end of a text on one line, not longer than a message may be, and without what a log adds that somebody turned on.
fn shorten(text: &str) -> String {
    let is_log = |line: &str| ["[TRACE]", "[DEBUG]", "[INFO]"].iter().any(|level| line.contains(level));
    let words = text.lines().filter(|line| !is_log(line)).flat_map(str::split_whitespace);
    let line = words.collect::<Vec<_>>().join(" ");
    let over = line.chars().count().saturating_sub(MAX_OUTPUT_CHARS);
    if over == 0 { line } else { format!("…{}", line.chars().skip(over).collect::<String>()) }
}
