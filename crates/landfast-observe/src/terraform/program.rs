//! Finding the program.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use crate::error::ObserveError;

/// The first of these programs that is there: a name is looked up in `search`, which is a `PATH`; a path is taken as it is.
/// The result is absolute, since it is started in another folder.
pub(super) fn find(programs: &[OsString], search: Option<&OsStr>) -> Result<PathBuf, ObserveError> {
    let found = programs.iter().find_map(|program| {
        let path = Path::new(program);
        if path.components().count() > 1 || path.is_absolute() {
            return Some(path.to_owned()).filter(|path| is_executable(path));
        }
        std::env::split_paths(search?).map(|folder| folder.join(path)).find(|path| is_executable(path))
    });
    let absolute = found.and_then(|path| std::path::absolute(path).ok());
    absolute.ok_or_else(|| ObserveError::ProgramNotFound {
        programs: programs.iter().map(|program| program.display().to_string()).collect(),
    })
}

fn is_executable(path: &Path) -> bool {
    let Ok(metadata) = path.metadata() else { return false };
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        metadata.is_file() && metadata.permissions().mode() & 0o111 != 0
    }
    #[cfg(not(unix))]
    metadata.is_file()
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn the_first_program_that_is_there_is_taken() {
        let scratch = tempfile::tempdir().unwrap();
        let (a, b) = (scratch.path().join("a"), scratch.path().join("b"));
        std::fs::create_dir(&a).unwrap();
        std::fs::create_dir(&b).unwrap();
        let program = |path: &Path, mode| {
            std::fs::write(path, "").unwrap();
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        // Not executable, so not a program.
        program(&a.join("terraform"), 0o644);
        program(&a.join("tofu"), 0o755);
        let search = std::env::join_paths([&a, &b]).unwrap();
        let find_both = || find(&["terraform".into(), "tofu".into()], Some(&search));
        assert_eq!(find_both().unwrap(), a.join("tofu"));
        program(&b.join("terraform"), 0o755);
        assert_eq!(find_both().unwrap(), b.join("terraform"));
        assert_eq!(find(&[a.join("tofu").into()], None).unwrap(), a.join("tofu"));
        let error = find(&["terraform".into(), "tofu".into()], None).unwrap_err();
        assert_eq!(error.to_string(), "terraform, tofu: no such program");
    }
}
