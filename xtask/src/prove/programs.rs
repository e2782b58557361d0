//! The programs that are killed: in them, a call on a file can be told to fail or to end the process.

use std::path::{Path, PathBuf};

use crate::process::{cargo, run};

/// Builds programs with these arguments, which name their feature, and gives their paths in the order of their names below the folder of
/// the build.
///
/// They share a folder with all other builds, so that what they depend on is compiled once, and are moved out of it: nobody who looks
/// there later finds a program that can be told to fail.
pub(super) fn build<const N: usize>(root: &Path, arguments: &[&str], names: [&str; N]) -> Result<[PathBuf; N], String> {
    let mut build = cargo();
    build.current_dir(root).args(["build", "--quiet", "--target-dir", "target"]).args(arguments);
    run(&mut build)?;
    let folder = root.join("target/prove/programs");
    std::fs::create_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut built = names.map(PathBuf::from);
    for name in &mut built {
        let from = root.join("target/debug").join(&*name);
        let to = folder.join(name.file_name().unwrap_or_default());
        std::fs::rename(&from, &to).map_err(|error| format!("{}: {error}", from.display()))?;
        *name = to;
    }
    Ok(built)
}
