//! Lists the fuzz targets and writes their seeds; `cargo xtask fuzz` is the way to call it.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool for developers")]

use std::io;
use std::path::Path;
use std::process::ExitCode;

use fuzz_targets::{TARGETS, fixtures};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let result = match words.as_slice() {
        ["list"] => {
            TARGETS.iter().for_each(|target| println!("{}", target.name));
            Ok(())
        }
        ["seed", folder] => seed(Path::new(folder)),
        _ => Err(io::Error::other("expected `list` or `seed FOLDER`")),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Writes the seeds that the fixtures are good for to `folder/TARGET/`, under names that stay the same.
fn seed(folder: &Path) -> io::Result<()> {
    let fixtures = fixtures(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures"))?;
    for target in TARGETS {
        let folder = folder.join(target.name);
        std::fs::create_dir_all(&folder)?;
        let seeds = fixtures.iter().flat_map(target.seeds);
        for (number, seed) in seeds.enumerate() {
            std::fs::write(folder.join(format!("fixture-{number}")), seed)?;
        }
    }
    Ok(())
}
