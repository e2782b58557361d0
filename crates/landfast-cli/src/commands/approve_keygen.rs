//! `landfast approve keygen`

use landfast::ExitCode;
use landfast::safety::approval::{KeyError, PrivateKey};

use crate::approve_args::Keygen;
use crate::args::Global;
use crate::error::CliError;
use crate::output::{Secrecy, write};
use crate::stores::{chain, user};

pub(crate) fn run(args: &Keygen, global: &Global) -> Result<ExitCode, CliError> {
    let name = args.name.clone().unwrap_or_else(user);
    if name.trim().is_empty() || name.chars().any(char::is_control) {
        return Err(CliError::usage("the name of an approver is empty or has control characters"));
    }
    let key = PrivateKey::generate().map_err(|error| CliError::new(chain(&error)))?;
    key.write_new(&args.key).map_err(|error| {
        let is_there = matches!(&error, KeyError::Write { source, .. }
            if source.kind() == std::io::ErrorKind::AlreadyExists);
        let complaint = CliError::new(chain(&error));
        if is_there { complaint.hint("a key is never replaced; name another file") } else { complaint }
    })?;
    let text = format!(
        "[[safety.checks.approvals.approvers]]\nname = {}\nkeys = [\"{}\"]\n",
        toml::Value::String(name),
        key.public()
    );
    write(global, text.as_bytes(), Secrecy::Ordinary)?;
    Ok(ExitCode::Clean)
}
