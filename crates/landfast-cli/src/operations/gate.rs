//! The gate as `landfast.toml` has it.

use landfast::safety::Gate;

use crate::error::CliError;
use crate::settings::Settings;

/// The checks, policies among them.
pub(super) fn gate(settings: &Settings) -> Result<Gate, CliError> {
    let gate = Gate::builtin(&settings.safety.gate).map_err(|error| settings.of_safety(&error))?;
    if settings.safety.files.policies.is_empty() { Ok(gate) } else { with_policies(gate, settings) }
}

#[cfg(feature = "policy")]
fn with_policies(mut gate: Gate, settings: &Settings) -> Result<Gate, CliError> {
    use std::sync::Arc;

    use landfast::safety::policy::{PolicyCheck, PolicyOptions};
    use landfast::safety::{Check as _, Level};

    use crate::commands::policy_set;

    let files = &settings.safety.files;
    let paths: Vec<_> = files.policies.iter().map(|path| policy_set::below_folder(&settings.folder, path)).collect();
    let data = files.policy_data.as_ref().map(|path| settings.folder.join(path));
    let policies = policy_set::load_with(&paths, data.as_deref(), PolicyOptions::default())?;
    let check = PolicyCheck::new(policies).map_err(|error| policy_set::refused(&error))?;
    let id = check.id();
    if settings.safety.gate.checks.contains_key(id.as_str()) {
        return Err(CliError::new(format!(
            "{}: safety.policies takes the place of safety.checks.{id}: only one can be there",
            settings.folder.join("landfast.toml").display()
        )));
    }
    let level = settings.safety.gate.levels.get(id.as_str()).copied().unwrap_or(Level::Deny);
    gate.replace(Arc::new(check), level).map_err(|error| settings.of_safety(&error))?;
    Ok(gate)
}

/// What was built without the engine does not pass over policies.
#[cfg(not(feature = "policy"))]
fn with_policies(_: Gate, _: &Settings) -> Result<Gate, CliError> {
    Err(CliError::new("safety.policies are configured, and this landfast was built without policies"))
}
