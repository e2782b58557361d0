//! Every source file of a crate opens with what it is for; every `lib.rs` also with a runnable example and with what the
//! crate deliberately does not do.

use crate::problem::Problem;
use crate::workspace::{SourceFile, Workspace};

/// Phrases, one of which says what is absent.
const ABSENCE: &[&str] = &["does not ", "does no ", "holds no ", "knows no ", "decides nothing", "never "];

pub(super) fn check(workspace: &Workspace) -> Vec<Problem> {
    workspace.files.iter().filter(|file| file.is_crate_source()).flat_map(check_file).collect()
}

fn check_file(file: &SourceFile) -> Vec<Problem> {
    let header = header(&file.text);
    if header.split_whitespace().next().is_none() {
        return vec![Problem::new(&file.path, 1, "the file must open with `//!` and say what it is for")];
    }
    if !file.path.ends_with("/src/lib.rs") {
        return Vec::new();
    }
    let mut problems = Vec::new();
    if !has_example(&header) {
        problems.push(Problem::new(
            &file.path,
            1,
            "the crate's docs need a runnable example: a ``` fence that is Rust",
        ));
    }
    if !says_what_is_absent(&header) {
        let message = format!("the crate's docs must say what the crate deliberately does not do: one of {ABSENCE:?}");
        problems.push(Problem::new(&file.path, 1, message));
    }
    problems
}

/// The text of the inner doc comment at the top, line by line.
fn header(text: &str) -> String {
    let lines = text.lines().map_while(|line| line.strip_prefix("//!"));
    lines.map(|line| line.strip_prefix(' ').unwrap_or(line)).collect::<Vec<_>>().join("\n")
}

/// Whether there is a fence that rustdoc compiles: no language, or only words that leave it Rust.
fn has_example(header: &str) -> bool {
    let fences = header.lines().filter_map(|line| line.trim_start().strip_prefix("```"));
    // Fences come in pairs: the first of each opens a block.
    fences.step_by(2).any(|language| matches!(language.trim(), "" | "rust" | "no_run" | "should_panic"))
}

fn says_what_is_absent(header: &str) -> bool {
    let words = header.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase();
    ABSENCE.iter().any(|phrase| words.contains(phrase))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::sample::file;

    fn messages(path: &str, text: &str) -> Vec<String> {
        check_file(&file(path, text)).into_iter().map(|problem| problem.message).collect()
    }

    const GOOD: &str = "//! Reads things. It does\n//! not write.\n//!\n//! ```\n//! let a = 1;\n//! ```\npub mod a;\n";

    #[test]
    fn a_file_without_a_header_is_refused() {
        assert_eq!(messages("crates/a/src/b.rs", "//! What b is for.\nfn f() {}\n"), Vec::<String>::new());
        assert!(messages("crates/a/src/b.rs", "use x;\n//! late\n")[0].contains("must open with"));
        assert!(messages("crates/a/src/b.rs", "//!\nfn f() {}\n")[0].contains("must open with"));
        assert!(messages("crates/a/src/b.rs", "")[0].contains("must open with"));
    }

    #[test]
    fn a_library_without_an_example_is_refused() {
        assert_eq!(messages("crates/a/src/lib.rs", GOOD), Vec::<String>::new());
        let text = GOOD.replace("//! ```\n//! let", "//! ```text\n//! let");
        assert!(messages("crates/a/src/lib.rs", &text)[0].contains("runnable example"));
    }

    #[test]
    fn a_library_that_names_nothing_absent_is_refused() {
        let text = GOOD.replace("not write", "all");
        assert!(messages("crates/a/src/lib.rs", &text)[0].contains("deliberately does not do"));
    }
}
