//! What an embedder pays for the default features of the facade: dependency crates, and seconds of a cold build.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::process::{cargo, output_of, run};
use crate::workspace::Workspace;

const FACADE: &str = "landfast";
const MAX_CRATES: usize = 60;
const MAX_COLD: Duration = Duration::from_secs(60);
const JOBS: &str = "2";

/// Counts what `cargo tree` lists for the facade; over the limit is an error.
pub(super) fn dependency_crates(workspace: &Workspace) -> Result<String, String> {
    let arguments = ["tree", "--locked", "-p", FACADE, "-e", "normal,build", "--prefix", "none"];
    let tree = output_of(cargo().current_dir(&workspace.root).args(arguments))?;
    judge_crates(count(&tree))
}

/// Builds the facade in an empty target folder; over the limit is an error. Downloads do not count.
pub(super) fn cold_build(workspace: &Workspace) -> Result<String, String> {
    run(cargo().current_dir(&workspace.root).args(["fetch", "--locked", "--quiet"]))?;
    let target = workspace.root.join("target/cold");
    remove(&target)?;
    let start = Instant::now();
    let arguments = ["build", "--locked", "--quiet", "-p", FACADE, "--jobs", JOBS, "--target-dir"];
    let built = run(cargo().current_dir(&workspace.root).args(arguments).arg(&target));
    let elapsed = start.elapsed();
    remove(&target)?;
    built?;
    judge_cold(elapsed)
}

fn remove(folder: &Path) -> Result<(), String> {
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(format!("cannot remove {}: {error}", folder.display()))
        }
        _ => Ok(()),
    }
}

/// The crates in the output of `cargo tree --prefix none`, each once, those of the workspace left out.
fn count(tree: &str) -> usize {
    let name_and_version = |line: &str| -> Option<String> {
        let mut words = line.split_whitespace();
        let (name, version) = (words.next()?, words.next()?);
        // A crate of the workspace is followed by its path in parentheses; `(*)` and `(proc-macro)` mark others.
        let own = words.any(|word| word.starts_with("(/") || word.contains(":\\"));
        (!own).then(|| format!("{name} {version}"))
    };
    tree.lines().filter_map(name_and_version).collect::<BTreeSet<_>>().len()
}

fn judge_crates(crates: usize) -> Result<String, String> {
    let line = format!("dependency crates of the facade's default build: {crates} (limit {MAX_CRATES})");
    if crates <= MAX_CRATES { Ok(line) } else { Err(format!("{line}: too many")) }
}

fn judge_cold(elapsed: Duration) -> Result<String, String> {
    let (seconds, limit) = (elapsed.as_secs_f64(), MAX_COLD.as_secs());
    let line = format!("cold build of the facade with {JOBS} jobs: {seconds:.1} s (limit {limit} s)");
    if elapsed <= MAX_COLD { Ok(line) } else { Err(format!("{line}: too slow")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_outside_crate_counts_once() {
        let tree = "landfast v0.1.0 (/repo/crates/landfast)\nlandfast-state v0.1.0 (/repo/crates/landfast-state)\n\
                    serde v1.0.1\nserde_derive v1.0.1 (proc-macro)\nserde v1.0.1 (*)\nbytes v1.12.0\n\n\
                    serde_derive v1.0.1 (proc-macro) (*)\nbytes v2.0.0\n";
        assert_eq!(count(tree), 4);
    }

    #[test]
    fn too_many_crates_are_refused() {
        assert!(judge_crates(60).is_ok());
        assert!(judge_crates(61).unwrap_err().ends_with("61 (limit 60): too many"));
    }

    #[test]
    fn a_slow_cold_build_is_refused() {
        assert!(judge_cold(Duration::from_secs(60)).is_ok());
        assert!(judge_cold(Duration::from_millis(60_100)).unwrap_err().ends_with("60.1 s (limit 60 s): too slow"));
    }
}
