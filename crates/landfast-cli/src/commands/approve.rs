//! `landfast approve`

use std::path::Path;
use std::time::SystemTime;

use landfast::ExitCode;
use landfast::safety::approval::{Approval, Approvers, PrivateKey};

use crate::approve_args::{Approve, ApproveCommand};
use crate::args::Global;
use crate::commands::{approve_keygen, plan_show};
use crate::error::CliError;
use crate::operations::{agrees, moment, show_plan};
use crate::output::{Secrecy, note, write};
use crate::settings::Settings;
use crate::stores::chain;

pub(crate) fn run(args: &Approve, global: &Global) -> Result<ExitCode, CliError> {
    if let Some(ApproveCommand::Keygen(keygen)) = &args.command {
        return approve_keygen::run(keygen, global);
    }
    let missing = || CliError::usage("a plan and --key are needed");
    let (path, key) = (args.plan.as_deref().ok_or_else(missing)?, args.key.as_deref().ok_or_else(missing)?);
    let plan = plan_show::read(path)?;
    let key = PrivateKey::read(key).map_err(|error| CliError::new(chain(&error)))?;
    let settings = Settings::nearest()?;
    let approvers = Approvers::of(&settings.safety.gate).map_err(|error| settings.of_safety(&error))?;
    let name = approvers.name_of(&key.public()).ok_or_else(|| {
        CliError::new("the key is listed for no approver").hint(format!(
            "its line in landfast.toml, below [[safety.checks.approvals.approvers]], is keys = [\"{}\"]",
            key.public()
        ))
    })?;
    let refuse = |why: String| Err(CliError::new(why).with_code(ExitCode::Refused));
    if approvers.may_be(name, plan.author()) {
        return refuse(format!("{} made this plan, and nobody approves a plan of his own", plan.author()));
    }
    let now = SystemTime::now();
    if plan.expires() <= now {
        return refuse(format!("the plan expired at {}", moment(plan.expires())));
    }
    if args.life > approvers.max_age() {
        let hours = approvers.max_age().as_secs() / 3600;
        return Err(CliError::usage(format!("an approval holds for {hours} hours at most, as landfast.toml says")));
    }
    if !agrees(args.yes, &show_plan(&plan), "Approve it?")? {
        return Err(CliError::new("nothing was approved").with_code(ExitCode::Incomplete));
    }
    let approval = Approval::new(name, plan.digest(), &plan.target().environment, now, args.life);
    let approval = approval.map_err(|error| CliError::new(chain(&error)))?;
    let until = moment(approval.expires());
    write(global, approval.sign(&key).to_json().as_bytes(), Secrecy::Ordinary)?;
    if let Some(path) = &global.output {
        note(&format!("{name} approves until {until}: landfast apply … --approval {}", Path::new(path).display()));
    }
    Ok(ExitCode::Clean)
}
