//! `landfast plan create`

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use landfast::ExitCode;
use landfast::backends::change::read_state;
use landfast::drift::CompareOptions;
use landfast::fix::{Draft, WantedFile};
use landfast::rollback::plan::ThenWait;
use landfast::rollback::planner::{ChangeScope, Wanted};
use landfast::rollback::{Plan, Values, write_plan};
use landfast::safety;
use landfast::state::{BytesDigest, Limits, Origin, Snapshot, SourceKind, StateFile};

use crate::args::Global;
use crate::error::CliError;
use crate::operation_args::PlanCreate;
use crate::operations::{command_actuator, configuration, place_of, show_plan};
use crate::output::{Secrecy, note, write};
use crate::settings::Settings;
use crate::stores::{Target, chain, of_change, who};
use crate::supervisor::Host;
use crate::{input, interrupt, key};

pub(crate) fn run(args: &PlanCreate, global: &Global, host: Host) -> Result<ExitCode, CliError> {
    let name = args.wanted.display().to_string();
    let text =
        std::fs::read_to_string(&args.wanted).map_err(|error| CliError::io(&args.wanted, "cannot be read", &error))?;
    let wanted = WantedFile::parse(&text, &name).map_err(|error| CliError::new(chain(&error)))?;
    let plan = plan(args, &wanted, global, host)?;
    write(global, write_plan(&plan).as_bytes(), Secrecy::Ordinary)?;
    if global.output.is_some() {
        note(show_plan(&plan).trim_end());
    }
    Ok(ExitCode::Clean)
}

fn plan(args: &PlanCreate, wanted: &WantedFile, global: &Global, host: Host) -> Result<Plan, CliError> {
    let settings = Settings::nearest()?;
    let rules = input::rules(&args.rules)?;
    let key = key::load_or_create()?;
    let target = Target::current(&args.at, global)?;
    let limits = Limits::default();
    let address = &target.address.key;
    let read = interrupt::wait(async { read_state(&*target.store, address, &limits).await })?;
    let (stored, state) =
        read.map_err(|error| of_change(&error, &target))?.map(|read| (read.stored, read.state)).unzip();
    let place = place_of(&target);
    let plan_target = safety::Target {
        environment: settings.environment(&place, &address.key, &address.workspace).to_owned(),
        store: place,
        workspace: address.workspace.clone(),
        lineage: state.as_ref().map(StateFile::lineage).unwrap_or_default().to_owned(),
        serial: state.as_ref().map_or(0, StateFile::serial),
    };
    let digest = stored.map_or_else(|| BytesDigest::of(&[]), |stored| stored.digest);
    let recorded = state.map_or_else(|| Snapshot::empty(Origin::new(SourceKind::State, "")), StateFile::into_snapshot);
    let recorded = rules.mark_secrets(recorded);

    // The state is kept before it is changed, and so is what the user has in files. An object has its values only while it is there.
    let mut kept = vec![recorded.clone()];
    let draft = if wanted.is_bookkeeping() {
        if plan_target.lineage.is_empty() {
            return Err(target.absent());
        }
        let sources = observed(wanted, &args.wanted, global)?;
        kept.extend(sources.values().cloned());
        wanted.draft_bookkeeping(&recorded, |path| sources.get(path)).map_err(|error| CliError::new(chain(&error)))?
    } else {
        let redactor = Snapshot::redactor(&[&recorded]);
        let actuator = command_actuator(&settings, redactor, host)?;
        let drafted = interrupt::wait(async { wanted.draft_objects(&actuator).await })?;
        kept.push(rules.mark_secrets(wanted.said().map_err(|error| CliError::new(chain(&error)))?));
        drafted.map_err(|error| CliError::new(chain(&error)))?
    };
    let mark = |snapshot: Snapshot| rules.mark_secrets(snapshot);
    let Draft { before, after, moves, .. } = draft;
    let values = Values::new(key, kept).with_passing(vec![mark(before.clone()), mark(after.clone())]);

    let mut planner = settings.planner()?;
    planner.compared = CompareOptions::default();
    planner.compared.rules = Arc::clone(&rules);
    planner.life = args.life;
    planner.step_timeout = args.step_timeout;
    planner.batch_size = args.batch_size.get();
    planner.canary = args.canary;
    planner.then = match args.pause {
        _ if args.confirm => ThenWait::Confirmation,
        Some(pause) => ThenWait::Seconds(pause.as_secs()),
        None => ThenWait::Nothing,
    };
    let mut request = Wanted::new(plan_target, digest, mark(before), mark(after));
    request.configuration = configuration(&settings)?;
    request.author = who();
    request.now = SystemTime::now();
    request.moves = moves;
    request.scope = if wanted.is_bookkeeping() { ChangeScope::Bookkeeping } else { ChangeScope::Objects };
    planner.plan(&request, &values).map_err(|error| CliError::new(chain(&error)))
}

/// The documents with what is to be adopted, which are named from the folder of the file.
fn observed(wanted: &WantedFile, file: &Path, global: &Global) -> Result<BTreeMap<PathBuf, Snapshot>, CliError> {
    let folder = file.parent().unwrap_or(Path::new(""));
    let sources = wanted.sources().into_iter().map(|source| {
        let document = input::document(&folder.join(source), global)?;
        Ok((source.to_owned(), document.into_observed().snapshot))
    });
    sources.collect()
}
