//! `cargo xtask bench`: what Landfast takes in CPU time and memory, beside what others take in the same run.
//!
//! Each row of the table is described in [`rows`]: to add one, add it there. Inputs come from `cargo xtask gen` and are kept
//! under `target/bench`. The programs of a row run in turns, several times; the least CPU time and the largest peak memory
//! of each count. `docs/benchmarks.md` is written from the results of this and of earlier runs, as long as machine and
//! versions are the same.

mod contact;
mod figures;
mod input;
mod live_rows;
mod machine;
mod measure;
mod page;
mod program;
mod rows;
mod scenes;
mod server;
mod tools;

use std::path::PathBuf;

use crate::process::{cargo, run as run_program};
use crate::workspace::root;

pub(crate) use figures::{FigureOptions, run as figure};

/// Measure Landfast against its peers and write docs/benchmarks.md.
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The rows to measure; all but those by hand when none is named.
    rows: Vec<String>,
    /// Tiny inputs, unoptimised programs, one run each, and no page: shows that everything works, and nothing else.
    #[arg(long)]
    quick: bool,
    /// Also the rows by hand, with inputs of gigabytes.
    #[arg(long)]
    large: bool,
    /// Only list the rows.
    #[arg(long)]
    list: bool,
    /// How often each program runs.
    #[arg(long, default_value_t = 5)]
    repeat: u32,
}

/// Where things are.
#[derive(Debug)]
pub(crate) struct Places {
    pub(crate) root: PathBuf,
    /// Inputs, results and tools: `target/bench`.
    pub(crate) bench: PathBuf,
    /// The programs that were built for this run.
    pub(crate) programs: PathBuf,
}

pub(crate) fn run(options: &Options) -> Result<(), String> {
    let root = root()?;
    let profile = if options.quick { "debug" } else { "release" };
    let places = Places { bench: root.join("target/bench"), programs: root.join("target").join(profile), root };
    let all = rows::rows(&rows::Sizes::new(options.quick), &places);
    if options.list {
        for row in &all {
            println!("{}{}: {}", row.name, if row.by_hand { " (by hand)" } else { "" }, row.what);
        }
        return Ok(());
    }
    if let Some(unknown) = options.rows.iter().find(|name| !all.iter().any(|row| row.name == **name)) {
        let names: Vec<&str> = all.iter().map(|row| row.name).collect();
        return Err(format!("no row is called {unknown}: there are {}", names.join(", ")));
    }
    let wanted = |row: &rows::Row| match options.rows.is_empty() {
        true => !row.by_hand || options.large,
        false => options.rows.iter().any(|name| name == row.name),
    };
    let mut build = cargo();
    build.current_dir(&places.root).args(["build", "--quiet", "--target-dir", "target"]);
    build.args(["--package", "landfast-cli", "--package", "xtask"]);
    if !options.quick {
        build.arg("--release");
    }
    run_program(&mut build)?;
    if all.iter().filter(|row| wanted(row)).any(|row| row.programs.iter().any(|program| program.is_example)) {
        // On its own: no other program is built with what examples may ask for.
        let mut build = cargo();
        build.current_dir(&places.root).args(["build", "--quiet", "--target-dir", "target"]);
        build.args(["--package", "landfast-rollback", "--features", "testing", "--example", "operations"]);
        run_program(build.args((!options.quick).then_some("--release")))?;
    }
    std::fs::create_dir_all(&places.bench).map_err(|error| format!("target/bench: {error}"))?;
    let repeat = if options.quick { 1 } else { options.repeat.max(1) };
    let mut results = Vec::new();
    let mut setup = machine::Setup::default();
    for row in all.iter().filter(|row| wanted(row)) {
        for program in &row.programs {
            tools::require(program.tool, &places)?;
            setup.add(program.tool, &places)?;
        }
        for input in &row.inputs {
            input.make(&places)?;
        }
        println!("{}", row.name);
        // It ends with the row.
        let (_store, _service);
        match row.scene {
            rows::Scene::None => {}
            rows::Scene::S3 => {
                tools::require(tools::Tool::SeaweedFs, &places)?;
                setup.add(tools::Tool::SeaweedFs, &places)?;
                _store = server::SeaweedFs::start(&places)?;
            }
            rows::Scene::Live(live) => _service = live.start(&places)?,
        }
        let measured = measure::row(row, repeat)?;
        page::print_row(row, &measured, !options.quick);
        results.push((row.name, measured));
    }
    if options.quick {
        let failed = results.iter().flat_map(|(row, measured)| measured.programs.iter().map(move |it| (row, it)));
        let failed: Vec<String> =
            failed.filter_map(|(row, it)| Some(format!("{row}: {}", it.failure.as_ref()?))).collect();
        return if failed.is_empty() { Ok(()) } else { Err(failed.join("\n")) };
    }
    page::keep(&places, &setup, &results)?;
    page::write(&places, &all)
}
