//! Looking at what is there through a tool.

use std::collections::HashSet;
use std::path::Path;
use std::time::Duration;

use landfast::observe::{
    DiagnosticSeverity, FailureClass, ObserveError, ObserveRequest, Observed, Observer as _, TerraformCli,
    TerraformOptions,
};

use crate::args::{Global, ToolArgs, Via};
use crate::error::CliError;
use crate::interrupt;
use crate::output::warn;
use crate::progress::ProgressLine;
use crate::supervisor::Host;

/// What there is, and what was recorded, by the tool in this folder.
pub(crate) fn observe(
    folder: &Path,
    tool: Via,
    args: &ToolArgs,
    global: &Global,
    host: Host,
) -> Result<Observed, CliError> {
    let mut options = TerraformOptions::default();
    if let Some(path) = &args.tool_path {
        // A bare name is a file here, not one to look up.
        let path = std::path::absolute(path).map_err(|error| CliError::io(path, "cannot be found", &error))?;
        options.programs = vec![path.into()];
    } else if tool == Via::Tofu {
        options.programs = vec!["tofu".into()];
    }
    options.time_limit = args.time_limit.map(|seconds| Duration::from_secs(seconds.into()));
    options.supervisor = host.supervisor();
    let observer = TerraformCli::new(folder, options);
    let progress = ProgressLine::start();
    let request = ObserveRequest::default().with_progress(progress.sink());
    let result = interrupt::wait(observer.observe(request));
    drop(progress);
    let observed = result?.map_err(|error| explain(&error, folder))?;
    // What is about a resource that could not be read stands with that resource.
    let gaps: HashSet<String> = observed.observation.gaps.iter().map(|gap| gap.address.to_string()).collect();
    for diagnostic in &observed.diagnostics {
        let said = diagnostic.address.as_ref().is_some_and(|address| gaps.contains(address));
        if (diagnostic.severity == DiagnosticSeverity::Error && !said) || global.verbose > 0 {
            let about = diagnostic.address.as_ref().map(|address| format!("{address}: ")).unwrap_or_default();
            warn(&format!("{about}{}", diagnostic.line()));
        }
    }
    Ok(observed)
}

/// The error as a person needs it, with the hint that helps.
fn explain(error: &ObserveError, folder: &Path) -> CliError {
    if error.class() == FailureClass::Interrupted {
        return CliError::interrupted();
    }
    let message = match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    };
    match hint(error, folder) {
        Some(hint) => CliError::new(message).hint(hint),
        None => CliError::new(message),
    }
}

fn hint(error: &ObserveError, folder: &Path) -> Option<String> {
    let tool = match error {
        ObserveError::Failed { program, .. } | ObserveError::TimedOut { program, .. } => program.as_str(),
        _ => "terraform",
    };
    let folder = folder.display();
    Some(match error.class() {
        FailureClass::ProgramNotFound => {
            String::from("install terraform or tofu, put it on the PATH, or name it with --tool-path")
        }
        FailureClass::NotInitialised => format!("run `{tool} init` in {folder} first"),
        FailureClass::MissingCredentials => format!(
            "landfast uses the credentials that {tool} finds: set them as for `{tool} plan`, which must work in {folder}"
        ),
        FailureClass::Locked => String::from(
            "landfast takes no lock, so that something else in the run wants one; wait for whoever holds it",
        ),
        FailureClass::VersionConstraint => {
            format!("the configuration asks for another version: name a {tool} that fits with --tool-path")
        }
        FailureClass::UnsupportedVersion => String::from(
            "terraform 0.15.4 or any tofu is needed, and providers at least as new as those that wrote the state",
        ),
        FailureClass::Configuration => {
            format!("`{tool} validate` in {folder} tells more; variables come from TF_VAR_… or *.auto.tfvars")
        }
        FailureClass::State => format!("`{tool} state pull` in {folder} must work first"),
        FailureClass::NothingRecorded => String::from(
            "is this the folder, and the workspace (TF_WORKSPACE), that you mean? Nothing was applied there yet",
        ),
        FailureClass::Unreachable => {
            String::from("a service does not answer: look at the network, proxies, and endpoints of the provider")
        }
        FailureClass::TimedOut => String::from("raise --time-limit, or look at what it waits for with TF_LOG=debug"),
        _ => return None,
    })
}
