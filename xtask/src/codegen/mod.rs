//! `cargo xtask codegen`: files that are written by programs, committed, and never edited.
//!
//! To add one, write a function that returns its text and give it a line in [`GENERATORS`]. With `--check` nothing is
//! written: the command fails where the committed text is not what the function returns.

mod checks;
mod cli;
mod exit_codes;
mod packs;
mod plugin_protocol;
mod rules;
mod schema;

use std::path::Path;

use crate::workspace::root;

/// Write the generated files (command line, exit codes, rules, schemas), or check that they are up to date.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Write nothing; fail when a file is not up to date.
    #[arg(long)]
    check: bool,
}

/// One generated file.
struct Generator {
    /// Where it stands, relative to the root of the repository.
    output: &'static str,
    /// Makes its text; gets the root of the repository.
    text: fn(&Path) -> Result<String, String>,
}

const GENERATORS: &[Generator] = &[
    Generator { output: "crates/landfast-drift/src/rules/packs.tsv", text: packs::text },
    Generator { output: "crates/landfast-tfplugin/src/wire/go_plugin.rs", text: plugin_protocol::go_plugin },
    Generator { output: "crates/landfast-tfplugin/src/wire/tfplugin5.rs", text: plugin_protocol::tfplugin5 },
    Generator { output: "crates/landfast-tfplugin/src/wire/tfplugin6.rs", text: plugin_protocol::tfplugin6 },
    Generator { output: "docs/checks.md", text: checks::text },
    Generator { output: "docs/cli.md", text: cli::text },
    Generator { output: "docs/exit-codes.md", text: exit_codes::text },
    Generator { output: "docs/rules.md", text: rules::text },
    Generator { output: "docs/schema/report.schema.json", text: schema::report },
    Generator { output: "docs/schema/state-change.schema.json", text: schema::state_change },
];

pub(crate) fn run(options: &Options) -> Result<(), String> {
    let root = root()?;
    let mut stale = Vec::new();
    for generator in GENERATORS {
        let output = generator.output;
        let text = (generator.text)(&root).map_err(|error| format!("{output}: {error}"))?;
        let path = root.join(output);
        let committed = std::fs::read_to_string(&path).unwrap_or_default();
        if committed == text {
            println!("{output}: up to date");
        } else if options.check {
            println!("{output}: stale");
            print!("{}", difference(output, &committed, &text));
            stale.push(output);
        } else {
            write(&path, &text).map_err(|error| format!("cannot write {output}: {error}"))?;
            println!("{output}: written");
        }
    }
    if stale.is_empty() {
        return Ok(());
    }
    Err(format!("run `cargo xtask codegen` and commit the result: {} not up to date", stale.join(", ")))
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::write(path, text)
}

/// How many lines of each side a difference shows.
const SHOWN: usize = 8;

/// The region between the common start and the common end of two texts, in the manner of a diff.
pub(crate) fn difference(name: &str, old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let same = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (old, new) = (old.get(same..).unwrap_or_default(), new.get(same..).unwrap_or_default());
    let same_end = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    let mut text = format!("--- {name} (committed)\n+++ {name} (generated)\n@@ from line {} @@\n", same + 1);
    for (sign, lines) in [('-', old), ('+', new)] {
        let changed = lines.get(..lines.len() - same_end).unwrap_or_default();
        for line in changed.iter().take(SHOWN) {
            text.push_str(&format!("{sign}{line}\n"));
        }
        if changed.len() > SHOWN {
            text.push_str(&format!("{sign}… {} more lines\n", changed.len() - SHOWN));
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_output_has_one_generator() {
        let mut outputs: Vec<_> = GENERATORS.iter().map(|generator| generator.output).collect();
        outputs.sort_unstable();
        outputs.dedup();
        assert_eq!(outputs.len(), GENERATORS.len());
    }

    #[test]
    fn a_stale_file_is_shown_where_it_differs() {
        let text = difference("docs/x.md", "a\nb\nc\n", "a\nB\nB2\nc\n");
        assert_eq!(text, "--- docs/x.md (committed)\n+++ docs/x.md (generated)\n@@ from line 2 @@\n-b\n+B\n+B2\n");
    }

    #[test]
    fn a_missing_file_is_all_new_and_a_long_difference_is_cut() {
        let text = difference("x", "", &"line\n".repeat(20));
        assert_eq!(text.matches("+line").count(), SHOWN);
        assert!(text.ends_with("+… 12 more lines\n"));
    }
}
