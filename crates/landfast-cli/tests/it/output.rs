//! Where results go: `--output`, and the width of text.

use crate::run::{Scratch, finish, landfast, run};

const STATE: &str = "fixtures/aws-moto/recorded.tfstate";
const OBSERVED: &str = "fixtures/aws-moto/observed.tfstate";

#[test]
fn text_keeps_to_the_width() {
    let addresses = run(["state", "list", "--state", STATE]).out + &run(["state", "list", "--state", OBSERVED]).out;
    for width in ["40", "80"] {
        let run = finish(landfast().args(["check", "--recorded", STATE, "--observed", OBSERVED]).env("COLUMNS", width));
        assert_eq!((run.code, run.err.as_str()), (2, ""));
        let most: usize = width.parse().unwrap();
        for line in run.out.lines().filter(|line| line.chars().count() > most) {
            // What may not be broken: an address, a path of an attribute, a value, the name of a file or rule.
            let whole = line.trim_start();
            let address = whole.get(2..).is_some_and(|address| addresses.lines().any(|known| known == address));
            let source = [STATE, OBSERVED].iter().any(|file| whole.ends_with(file));
            let words = whole.split_whitespace().filter(|word| word.len() > 1).count();
            assert!(address || source || words == 1 || whole.starts_with(['-', '+']), "{width}: {line}");
        }
        insta::assert_snapshot!(format!("quick_start_at_{width}"), run.out);
    }
}

#[cfg(unix)]
mod unix {
    use std::os::unix::fs::PermissionsExt as _;
    use std::path::Path;

    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
    }

    fn set_mode(path: &Path, mode: u32) {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn a_file_that_is_replaced_keeps_its_mode() {
        let scratch = Scratch::new();
        for kept in [0o600, 0o640, 0o644, 0o400, 0o666, 0o755] {
            let path = scratch.file(&format!("{kept:o}"), "old");
            set_mode(&path, kept);
            let run = run(["state", "list", "--state", STATE, "--output", path.to_str().unwrap()]);
            assert_eq!((run.code, run.err.as_str()), (0, ""));
            assert_eq!(mode(&path), kept);
            assert!(std::fs::read_to_string(&path).unwrap().contains("aws_vpc.main\n"));
        }
        // A link stays one, and what it names keeps its mode.
        let (target, link) = (scratch.file("target", "old"), scratch.path("link"));
        set_mode(&target, 0o600);
        std::os::unix::fs::symlink(&target, &link).unwrap();
        assert_eq!(run(["state", "list", "--state", STATE, "--output", link.to_str().unwrap()]).code, 0);
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(mode(&target), 0o600);
    }

    #[test]
    fn a_private_result_is_never_readable_by_others() {
        let scratch = Scratch::new();
        let new = scratch.path("new");
        for (path, expected) in
            [(scratch.file("wide", "old"), 0o600), (scratch.file("narrow", "old"), 0o400), (new, 0o600)]
        {
            if path.exists() {
                set_mode(&path, if expected == 0o600 { 0o644 } else { expected });
            }
            let run = run(["state", "convert", "--state", STATE, "--output", path.to_str().unwrap()]);
            assert_eq!((run.code, run.err.as_str()), (0, ""));
            assert_eq!(mode(&path), expected);
        }
    }

    #[test]
    fn a_new_file_is_as_the_mask_of_the_process_has_it() {
        let scratch = Scratch::new();
        let (made, plain) = (scratch.path("made"), scratch.file("plain", ""));
        assert_eq!(run(["state", "list", "--state", STATE, "--output", made.to_str().unwrap()]).code, 0);
        assert_eq!(mode(&made), mode(&plain));
        let names: Vec<_> = std::fs::read_dir(scratch.path("")).unwrap().map(|it| it.unwrap().file_name()).collect();
        assert_eq!(names.len(), 2, "{names:?}");
    }

    #[test]
    fn a_failure_names_the_file_that_was_asked_for_and_no_other() {
        let scratch = Scratch::new();
        let file = scratch.file("file", "old");
        let mut paths = vec![scratch.path("no/such/folder/list.txt"), file.join("list.txt")];
        let closed = scratch.path("closed");
        std::fs::create_dir(&closed).unwrap();
        set_mode(&closed, 0o555);
        // The superuser may write anywhere.
        if std::fs::write(closed.join("probe"), "").is_err() {
            paths.push(closed.join("list.txt"));
        }
        for path in paths {
            let run = run(["state", "list", "--state", STATE, "--output", path.to_str().unwrap()]);
            assert_eq!((run.code, run.out.as_str()), (1, ""));
            let start = format!("error: {}: cannot be written: ", path.display());
            let rest = run.err.strip_prefix(&start).unwrap_or_else(|| panic!("{}", run.err));
            assert!(!rest.contains('/') && !rest.contains(".tmp"), "{}", run.err);
        }
        set_mode(&closed, 0o755);
        let key = scratch.path("file/key");
        let mut command = landfast();
        let run = finish(command.args(["snapshot", "create", STATE]).env("LANDFAST_FINGERPRINT_KEY_FILE", &key));
        assert_eq!(run.code, 1);
        let start = format!("error: {}: the fingerprint key cannot be made: ", key.display());
        assert!(run.err.strip_prefix(&start).is_some_and(|rest| !rest.contains('/')), "{}", run.err);
    }
}
