//! The command lines. They are fixed, and are handed over word by word: no shell reads them.

use std::ffi::{OsStr, OsString};
use std::path::Path;

use crate::observer::Scope;

/// The arguments of the plan. Terraform puts the words of `TF_CLI_ARGS` and `TF_CLI_ARGS_plan` before these, and of an option
/// that stands twice the last one counts: so everything that must hold is said, even what is the default.
///
/// `from_user` are the values of these variables.
pub(super) fn plan(out: &Path, scope: &Scope, from_user: &[OsString]) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = [
        "plan",
        "-refresh-only",
        "-refresh=true",
        "-destroy=false",
        "-detailed-exitcode=false",
        "-lock=false",
        "-input=false",
        "-no-color",
        "-json",
    ]
    .map(OsString::from)
    .to_vec();
    // Old versions do not know this option, so it is named only where somebody else has named it: it writes a file.
    if from_user.iter().any(|words| words.as_encoded_bytes().windows(GENERATE.len()).any(|at| at == GENERATE)) {
        arguments.push("-generate-config-out=".into());
    }
    if let Scope::Only(addresses) = scope {
        arguments.extend(addresses.iter().map(|address| format!("-target={address}").into()));
    }
    arguments.push(joined("-out=", out.as_os_str()));
    arguments
}

const GENERATE: &[u8] = b"generate-config-out";

/// The arguments that print a plan.
pub(super) fn show(plan: &Path) -> Vec<OsString> {
    vec!["show".into(), "-no-color".into(), "-json".into(), plan.into()]
}

/// The variables whose words terraform puts into a plan's command line.
pub(super) const VARIABLES: [&str; 2] = ["TF_CLI_ARGS", "TF_CLI_ARGS_plan"];

fn joined(option: &str, value: &OsStr) -> OsString {
    let mut text = OsString::from(option);
    text.push(value);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(scope: &Scope, from_user: &[&str]) -> String {
        let from_user: Vec<OsString> = from_user.iter().map(OsString::from).collect();
        let words = plan(Path::new("P"), scope, &from_user);
        words.iter().map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn nothing_that_writes_or_locks_is_left_to_the_environment() {
        let always = "plan -refresh-only -refresh=true -destroy=false -detailed-exitcode=false -lock=false -input=false \
                      -no-color -json";
        assert_eq!(words(&Scope::Everything, &["-lock=true -var a=b"]), format!("{always} -out=P"));
        assert_eq!(
            words(&Scope::Everything, &["-generate-config-out=x.tf"]),
            format!("{always} -generate-config-out= -out=P")
        );
    }

    #[test]
    fn a_scope_becomes_targets() {
        let scope = Scope::Only(["a_b.c[\"x y\"]", "a_b.a"].map(|address| address.parse().unwrap()).into());
        assert!(words(&scope, &[]).ends_with("-json -target=a_b.a -target=a_b.c[\"x y\"] -out=P"), "{scope:?}");
    }
}
