//! `landfast rollback`

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use landfast::ExitCode;
use landfast::rollback::{ChangedSince, Plan, write_plan};
use landfast::state::address::ObjectAddress;
use landfast::state::{AuditEvent, AuditSink as _, Snapshot};

use crate::args::Global;
use crate::error::CliError;
use crate::interrupt;
use crate::operation_args::Rollback;
use crate::operations::{Doing, Folder, Session, confirm, course, execute, seen, show_plan};
use crate::output::{Secrecy, warn, write};
use crate::settings::Settings;
use crate::stores::{chain, of_change, who};
use crate::supervisor::Host;

pub(crate) fn run(args: &Rollback, global: &Global, host: Host) -> Result<ExitCode, CliError> {
    let folder = Folder::of(&args.execute.folder, &Settings::nearest()?)?;
    let id = folder.find(&args.operation)?;
    let view = folder.view(&id)?;
    let address =
        |text: &String| text.parse::<ObjectAddress>().map_err(|error| CliError::usage(format!("{text}: {error}")));
    let only: BTreeSet<ObjectAddress> = args.address.iter().map(address).collect::<Result<_, _>>()?;
    let reason = args.execute.reason.as_deref().unwrap_or_default();
    if !args.skip.is_empty() && reason.trim().is_empty() {
        return Err(CliError::usage("--skip needs a reason that says something"));
    }
    let skip: BTreeMap<ObjectAddress, String> = args
        .skip
        .iter()
        .map(|text| address(text).map(|address| (address, reason.to_owned())))
        .collect::<Result<_, _>>()?;
    interrupt::run(async |signals| {
        let command = format!("rollback {id}");
        let session =
            interrupt::or_signal(signals, Session::open(&args.execute, &view.plan, &command, global, host)).await??;
        let done = async {
            let mut plans: Vec<&Plan> = vec![&view.plan];
            let before = super::op_resume::taken_back(&folder, &view.plan);
            plans.extend(&before);
            let earlier = session.earlier(&plans).await;
            let actuator = session.actuator(&view.plan, earlier.clone(), Snapshot::redactor(&[]))?;
            let seen = seen(&*actuator, &view.plan).await;
            let values = session.values(&args.execute, &earlier, seen, global).await?;
            let mut planner = session.settings.planner()?;
            planner.compared = session.compared();
            let request = |request: &mut landfast::rollback::TakeBack<'_>| {
                request.author = who();
                request.only = only;
                request.skip = skip.clone();
                if args.overwrite {
                    request.changed_since = ChangedSince::Overwrite;
                }
            };
            let planned = landfast::plan_rollback(&planner, &view, &session.held, &*actuator, &values, request);
            let planned = planned.await.map_err(|error| CliError::new(chain(&error)))?;
            let planned = planned.map_err(|error| CliError::new(chain(&error)))?;
            for lacking in &planned.not_restored {
                warn(&format!("{} will not be as it was: {}", lacking.address, lacking.why));
            }
            for (address, reason) in &skip {
                let event =
                    AuditEvent::new(SystemTime::now(), &who(), "leave-as-is", &view.plan.target().store, reason)
                        .with("operation", &id)
                        .with("address", address);
                session.audit.record(&event).map_err(|error| CliError::new(chain(&error)))?;
            }
            let code = if planned.not_restored.is_empty() { ExitCode::Clean } else { ExitCode::Incomplete };
            let Some(plan) = planned.plan else {
                warn(&match code {
                    ExitCode::Clean => format!("there is nothing to take back of operation {id}"),
                    _ => format!("nothing is taken back of operation {id}: what is left of it stays as it is"),
                });
                return Ok(code);
            };
            if args.plan_only {
                write(global, write_plan(&plan).as_bytes(), Secrecy::Ordinary)?;
                return Ok(ExitCode::Clean);
            }
            if !confirm(&args.execute, &show_plan(&plan))? {
                return Err(CliError::new("nothing was executed").with_code(ExitCode::Incomplete));
            }
            execute(
                &session,
                &plan,
                &args.execute,
                global,
                signals,
                Doing::Anew(Box::new(course(&args.course)), code),
                earlier,
            )
            .await
        };
        let done = done.await;
        let released = session.held.release().await.map_err(|error| of_change(&error, &session.target));
        done.and_then(|code| released.map(|()| code))
    })?
}
