//! `landfast apply`

use std::time::SystemTime;

use landfast::ExitCode;

use crate::args::Global;
use crate::commands::op_resume::taken_back;
use crate::commands::plan_show;
use crate::error::CliError;
use crate::interrupt;
use crate::operation_args::Apply;
use crate::operations::{Doing, Session, confirm, course, execute, moment, show_plan};
use crate::stores::of_change;
use crate::supervisor::Host;

pub(crate) fn run(args: &Apply, global: &Global, host: Host) -> Result<ExitCode, CliError> {
    let plan = plan_show::read(&args.plan)?;
    if plan.expires() <= SystemTime::now() {
        return Err(CliError::new(format!("the plan expired at {}: plan again", moment(plan.expires())))
            .with_code(ExitCode::Refused));
    }
    if !confirm(&args.execute, &show_plan(&plan))? {
        return Err(CliError::new("nothing was executed").with_code(ExitCode::Incomplete));
    }
    interrupt::run(async |signals| {
        let command = format!("apply {}", plan.digest());
        let session =
            interrupt::or_signal(signals, Session::open(&args.execute, &plan, &command, global, host)).await??;
        let mut plans = vec![&plan];
        let undone = taken_back(&session.folder, &plan);
        plans.extend(&undone);
        let earlier = session.earlier(&plans).await;
        let done = execute(
            &session,
            &plan,
            &args.execute,
            global,
            signals,
            Doing::Anew(Box::new(course(&args.course)), ExitCode::Clean),
            earlier,
        )
        .await;
        let released = session.held.release().await.map_err(|error| of_change(&error, &session.target));
        done.and_then(|code| released.map(|()| code))
    })?
}
