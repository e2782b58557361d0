//! `landfast state import-block`

use landfast::ExitCode;
use landfast::report::import_block;
use landfast::state::address::ResourceMode;
use landfast::state::{ResourceObject, Value};

use crate::args::Global;
use crate::error::CliError;
use crate::input::{self, StateSource};
use crate::output::{Secrecy, warn, write};
use crate::state_args::StateImportBlock;

pub(crate) fn run(args: &StateImportBlock, global: &Global) -> Result<ExitCode, CliError> {
    let rules = input::rules(&args.rules)?;
    let (snapshot, selection) = super::select::open(&args.select, StateSource::of(&args.select.at, global)?, global)?;
    let snapshot = rules.mark_secrets(snapshot);
    let mut blocks = Vec::new();
    for object in snapshot.objects() {
        let instance = &object.address.instance;
        // What is only read is not imported.
        if instance.resource.mode != ResourceMode::Managed || !selection.holds(instance) {
            continue;
        }
        match id_of(object) {
            Ok(id) => blocks.push(import_block(instance, &id)),
            Err(reason) => warn(&format!("{} is left out: {reason}", object.address)),
        }
    }
    write(global, blocks.join("\n").as_bytes(), Secrecy::Ordinary)?;
    Ok(ExitCode::Clean)
}

/// The id of an object, or why there is none to import it by.
fn id_of(object: &ResourceObject) -> Result<String, &'static str> {
    if object.address.deposed.is_some() {
        return Err("it is deposed, and only current objects are imported");
    }
    let Value::Object(members) = object.value() else { return Err("it has no attributes") };
    match members.get("id") {
        Some(Value::String(id)) if !id.is_empty() => Ok(id.to_string()),
        Some(Value::Number(id)) => Ok(id.to_string()),
        Some(Value::Sensitive(_)) => Err("its id is sensitive, and would stand in the configuration in clear"),
        _ => Err("it has no attribute id"),
    }
}
