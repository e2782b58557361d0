//! `landfast policy eval`

use landfast::ExitCode;
use landfast::safety::policy::PolicyInput;
use landfast::state::Limits;

use super::policy_set::{load, unclear};
use crate::args::Global;
use crate::error::CliError;
use crate::input;
use crate::output::{Secrecy, write};
use crate::policy_args::PolicyEval;

pub(crate) fn run(args: &PolicyEval, global: &Global) -> Result<ExitCode, CliError> {
    let policies = load(&args.policy.policies, &args.policy.how)?;
    let held = input::held(&args.input, global)?;
    let given = PolicyInput::from_json(held.bytes(), &Limits::default())
        .map_err(|error| CliError::new(format!("{}:{error}", args.input.display())))?;
    let Some(value) = policies.query(&args.query, &given).map_err(|error| unclear(&error))? else {
        return Err(CliError::new(format!("{} is undefined", args.query)));
    };
    // The value may hold what the input held.
    write(global, format!("{value:#}\n").as_bytes(), Secrecy::Private)?;
    Ok(ExitCode::Clean)
}
