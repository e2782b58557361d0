//! `cargo xtask tidy`: the conventions of the project that a program can check, one file per check.
//!
//! A check is a function from the [`Workspace`] to its [`Problem`]s. It touches nothing outside of what it is given, so
//! each file tests its check on bad input.

mod arrows;
mod docs_headers;
mod facade_size;
mod file_length;
mod licences;
mod manifests;
mod module_names;
mod paths;
mod test_features;

use crate::problem::Problem;
use crate::workspace::Workspace;

/// Check the conventions of the project: crate arrows, file length, docs headers, names, paths, manifests, size.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Also build the facade in an empty target folder and hold the time to its limit.
    #[arg(long)]
    cold: bool,
}

type Check = fn(&Workspace) -> Vec<Problem>;

const CHECKS: &[(&str, Check)] = &[
    ("crate arrows", arrows::check),
    ("file length", file_length::check),
    ("docs headers", docs_headers::check),
    ("module names", module_names::check),
    ("paths and hosts", paths::check),
    ("licence files", licences::check),
    ("manifests", manifests::check),
    ("features for tests", test_features::check),
];

pub(crate) fn run(options: &Options) -> Result<(), String> {
    let workspace = Workspace::load()?;
    let mut found = 0;
    for (name, check) in CHECKS {
        let problems = check(&workspace);
        println!("{name}: {}", if problems.is_empty() { "ok".to_owned() } else { counted(problems.len()) });
        for problem in &problems {
            println!("  {problem}");
        }
        found += problems.len();
    }
    let mut measured = vec![facade_size::dependency_crates(&workspace)];
    if options.cold {
        measured.push(facade_size::cold_build(&workspace));
    }
    for measure in measured {
        match measure {
            Ok(line) => println!("{line}"),
            Err(line) => {
                println!("{line}");
                found += 1;
            }
        }
    }
    if found == 0 { Ok(()) } else { Err(format!("tidy found {}", counted(found))) }
}

fn counted(problems: usize) -> String {
    if problems == 1 { "1 problem".to_owned() } else { format!("{problems} problems") }
}
