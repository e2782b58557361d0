//! No module is a dumping ground. A name that says nothing about what belongs there collects what belongs elsewhere.

use crate::problem::Problem;
use crate::workspace::{SourceFile, Workspace};

const REFUSED: &[&str] =
    &["util", "utils", "common", "helper", "helpers", "manager", "managers", "misc", "stuff", "shared"];

pub(super) fn check(workspace: &Workspace) -> Vec<Problem> {
    workspace.files.iter().filter(|file| file.is_rust()).flat_map(check_file).collect()
}

fn check_file(file: &SourceFile) -> Vec<Problem> {
    let parts = file.path.split('/').map(|part| part.strip_suffix(".rs").unwrap_or(part));
    let by_path = parts.filter(|part| is_refused(part)).map(|part| complain(file, 1, part));
    // `mod name;` is the file's own complaint, so only modules with a body count here.
    let inline = file.lines().filter_map(|(number, line)| Some((number, inline_module(line)?)));
    let by_line = inline.filter(|(_, name)| is_refused(name)).map(|(number, name)| complain(file, number, name));
    by_path.chain(by_line).collect()
}

fn complain(file: &SourceFile, line: usize, name: &str) -> Problem {
    Problem::new(&file.path, line, format!("`{name}` says nothing about what belongs there: name it for what it holds"))
}

/// Whether the name, or the last word of it, is one of the empty ones: `string_utils` is no better than `utils`.
fn is_refused(name: &str) -> bool {
    name.rsplit(['_', '-']).next().is_some_and(|word| REFUSED.contains(&word))
}

/// The name of the module whose body starts on this line.
fn inline_module(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let line = match line.strip_prefix("pub") {
        Some(rest) => rest.trim_start_matches(|c: char| c != 'm').trim_start(),
        None => line,
    };
    let name = line.strip_prefix("mod ")?.strip_suffix('{')?;
    Some(name.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::sample::file;

    #[test]
    fn a_file_with_an_empty_name_is_refused() {
        for path in ["crates/a/src/utils.rs", "crates/a/src/common/mod.rs", "xtask/src/string_helpers.rs"] {
            assert_eq!(check_file(&file(path, "//! x\n")).len(), 1, "{path}");
        }
        assert_eq!(check_file(&file("crates/a/src/common_prefix.rs", "mod parse;\n")), []);
    }

    #[test]
    fn an_inline_module_with_an_empty_name_is_refused() {
        let problems = check_file(&file("a.rs", "\npub(crate) mod misc {\n}\nmod tests {\n}\n"));
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].line, 2);
    }
}
