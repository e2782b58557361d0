//! `landfast op resume`

use landfast::ExitCode;
use landfast::rollback::journal::View;
use landfast::rollback::{OperationState, Plan, Resume};
use landfast::safety::{Actor, Authority, ProposalKind, Right, Ruling};

use crate::args::Global;
use crate::error::CliError;
use crate::interrupt;
use crate::operation_args::OpResume;
use crate::operations::{Doing, Folder, Session, confirm, execute, show_plan};
use crate::settings::Settings;
use crate::stores::{chain, groups, of_change, user};
use crate::supervisor::Host;

pub(crate) fn run(args: &OpResume, global: &Global, host: Host) -> Result<ExitCode, CliError> {
    let folder = Folder::of(&args.execute.folder, &Settings::nearest()?)?;
    let id = folder.find(&args.operation)?;
    let view = folder.view(&id)?;
    let plan = view.plan.clone();
    refuse_ended(&view)?;
    if goes_back(&view, args) {
        authorised(&plan)?;
    }
    if !confirm(&args.execute, &show_plan(&plan))? {
        return Err(CliError::new("nothing was executed").with_code(ExitCode::Incomplete));
    }
    let how = if args.back { Resume::Back } else { Resume::Forward };
    interrupt::run(async |signals| {
        let command = format!("op resume {id}");
        let session =
            interrupt::or_signal(signals, Session::open(&args.execute, &plan, &command, global, host)).await??;
        let done = async {
            let (journal, view) = folder.take_up(&id)?;
            // Somebody else may have taken it up meanwhile.
            refuse_ended(&view)?;
            if goes_back(&view, args) {
                authorised(&plan)?;
            }
            let mut plans: Vec<&Plan> = vec![&plan];
            let undone = taken_back(&folder, &plan);
            plans.extend(&undone);
            let earlier = session.earlier(&plans).await;
            execute(
                &session,
                &plan,
                &args.execute,
                global,
                signals,
                Doing::Again(Box::new(view), Box::new(journal), how),
                earlier,
            )
            .await
        };
        let done = done.await;
        let released = session.held.release().await.map_err(|error| of_change(&error, &session.target));
        done.and_then(|code| released.map(|()| code))
    })?
}

/// Refuses an operation that has ended, which is not taken up again: taking it back is a plan of its own, with all checks.
fn refuse_ended(view: &View) -> Result<(), CliError> {
    if !view.is_ended() {
        return Ok(());
    }
    let (id, state) = (&view.operation, view.state);
    let hint = match state {
        OperationState::RolledBack => String::from("everything was taken back; a new plan does it again"),
        _ if !view.reached_applying => String::from("it changed nothing; a new plan is judged anew"),
        _ => format!("landfast rollback {id} takes back what is there of it, as a plan with checks of its own"),
    };
    Err(CliError::new(format!("operation {id} has ended: it is {state}")).hint(hint).with_code(ExitCode::Refused))
}

/// Whether taking it up takes it back, which no check judges any more.
fn goes_back(view: &View, args: &OpResume) -> bool {
    args.back || view.wants_rollback() || view.state == OperationState::RollingBack
}

/// Whether whoever runs this may execute plans there, where roles are configured.
fn authorised(plan: &Plan) -> Result<(), CliError> {
    let settings = Settings::nearest()?;
    let authority = Authority::of(&settings.safety.gate).map_err(|error| settings.of_safety(&error))?;
    if !authority.has_roles() {
        return Ok(());
    }
    let actor = Actor { name: user(), groups: groups() };
    let environment = &plan.target().environment;
    let ruling = authority.ruling(&actor, Right::Apply, environment).map_err(|error| CliError::new(chain(&error)))?;
    match ruling {
        Ruling::Granted { .. } => Ok(()),
        Ruling::Denied { .. } | Ruling::NotGranted => Err(CliError::new(format!(
            "{}: {}: {ruling}, and without it nothing is taken back",
            actor.name,
            Right::Apply
        ))
        .hint("have somebody do it who has the right to apply in this environment")
        .with_code(ExitCode::Refused)),
    }
}

/// The plan of the operation that a plan takes back: on its state, objects were as they are to be again.
pub(crate) fn taken_back(folder: &Folder, plan: &Plan) -> Option<Plan> {
    match plan.kind() {
        ProposalKind::Rollback { operation } => folder.view(operation).ok().map(|view| view.plan),
        ProposalKind::Forward => None,
    }
}
