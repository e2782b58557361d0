//! `landfast op resume`

use landfast::ExitCode;
use landfast::rollback::{OperationState, Plan, Resume};
use landfast::safety::ProposalKind;

use crate::args::Global;
use crate::error::CliError;
use crate::interrupt;
use crate::operation_args::OpResume;
use crate::operations::{Doing, Folder, Session, confirm, execute, show_plan};
use crate::output::warn;
use crate::settings::Settings;
use crate::stores::of_change;
use crate::supervisor::Host;

pub(crate) fn run(args: &OpResume, global: &Global, host: Host) -> Result<ExitCode, CliError> {
    let folder = Folder::of(&args.execute.folder, &Settings::nearest()?);
    let id = folder.find(&args.operation)?;
    let view = folder.view(&id)?;
    let plan = view.plan.clone();
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
            if view.state == OperationState::Failed && view.is_ended() && !args.back {
                warn(
                    "it has failed, and does not go on: --back takes back what was done, and a new plan does the rest",
                );
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

/// The plan of the operation that a plan takes back: on its state, objects were as they are to be again.
pub(crate) fn taken_back(folder: &Folder, plan: &Plan) -> Option<Plan> {
    match plan.kind() {
        ProposalKind::Rollback { operation } => folder.view(operation).ok().map(|view| view.plan),
        ProposalKind::Forward => None,
    }
}
