//! Nothing committed names a machine: no absolute path into somebody's folders, no package registry by its host.
//!
//! The patterns are kept in pieces, so that this file passes its own check.

use crate::problem::Problem;
use crate::workspace::{SourceFile, Workspace};

/// First parts of absolute paths that exist on one machine and mean nothing on another.
const MACHINE_FOLDERS: &[&str] = &["home", "root", "tmp", "Users", "work", "workspace", "builds", "mnt", "private/var"];

/// Hosts of package registries, as name and domain. The default registry needs no name; any other is nobody else's.
/// Addresses of Terraform providers name their registry and are data, so that one is not listed.
const REGISTRY_HOSTS: &[(&str, &str)] = &[
    ("index.crates", "io"),
    ("static.crates", "io"),
    ("registry.npmjs", "org"),
    ("pypi", "org"),
    ("files.pythonhosted", "org"),
    ("proxy.golang", "org"),
    ("rsproxy", "cn"),
];

/// Files that may contain such text, each with its reason.
const EXEMPT: &[(&str, &str)] = &[
    ("fixtures/make/make_aws.py", "looks for such paths in the fixtures that it makes"),
    ("fixtures/make/make_data.sh", "looks for such paths in the fixtures that it makes"),
    ("fixtures/make/make_old.sh", "looks for such paths in the fixtures that it makes"),
];

pub(super) fn check(workspace: &Workspace) -> Vec<Problem> {
    let files = workspace.files.iter().filter(|file| !EXEMPT.iter().any(|(path, _)| *path == file.path));
    files.flat_map(check_file).collect()
}

fn check_file(file: &SourceFile) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (number, line) in file.lines() {
        for folder in MACHINE_FOLDERS {
            if names_absolute_path(line, &format!("/{folder}/")) {
                let message =
                    format!("an absolute path into `{folder}` of one machine: use a relative or temporary path");
                problems.push(Problem::new(&file.path, number, message));
            }
        }
        for (name, domain) in REGISTRY_HOSTS {
            if line.contains(&format!("{name}.{domain}")) {
                let message = "a package registry by its host: leave the choice to the user's configuration";
                problems.push(Problem::new(&file.path, number, message));
            }
        }
        if file.path.ends_with("Cargo.lock") && other_source(line) {
            problems.push(Problem::new(&file.path, number, "a package from another source than the default registry"));
        }
    }
    problems
}

/// Whether `line` holds `path` at the start of a path: `target/x/` and `$dir/x/` are relative to something.
fn names_absolute_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        !before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '~' | '}' | ')' | '*' | '>' | ']'))
    })
}

/// Whether a line of a lock file names a source that is not the default registry.
fn other_source(line: &str) -> bool {
    let default = "\"registry+https://github.com/rust-lang/crates.io-index\"";
    line.strip_prefix("source = ").is_some_and(|source| source != default)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::sample::file;

    fn lines(path: &str, text: &str) -> Vec<usize> {
        check_file(&file(path, text)).iter().map(|problem| problem.line).collect()
    }

    #[test]
    fn an_absolute_path_is_refused() {
        for folder in MACHINE_FOLDERS {
            let text = format!("fine\nlet path = \"/{folder}/someone/x\";\n");
            assert_eq!(lines("a.rs", &text), [2], "{folder}");
            assert_eq!(lines("a.md", &format!("file:///{folder}/x")), [1], "{folder}");
        }
    }

    #[test]
    fn a_relative_path_is_no_machine_path() {
        for folder in MACHINE_FOLDERS {
            for before in ["target", "$dir", "${dir}", "$(pwd)", "~", "..", "https://example.org"] {
                assert_eq!(lines("a.sh", &format!("{before}/{folder}/x")), [0_usize; 0], "{before}/{folder}");
            }
        }
    }

    #[test]
    fn a_registry_host_is_refused() {
        for (name, domain) in REGISTRY_HOSTS {
            assert_eq!(lines("deny.toml", &format!("url = \"https://{name}.{domain}/x\"")), [1], "{name}");
        }
    }

    #[test]
    fn a_lock_file_with_another_source_is_refused() {
        let default = "source = \"registry+https://github.com/rust-lang/crates.io-index\"\n";
        assert_eq!(lines("Cargo.lock", default), [0_usize; 0]);
        assert_eq!(lines("fuzz/Cargo.lock", "source = \"sparse+https://crates.example.org/\"\n"), [1]);
        assert_eq!(lines("Cargo.lock", "source = \"git+https://example.org/x\"\n"), [1]);
    }
}
