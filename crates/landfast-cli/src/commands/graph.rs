//! `landfast graph`

use landfast::ExitCode;
use landfast::report::render_graph;
use landfast::state::DependencyGraph;

use crate::args::{self, Global, Graph};
use crate::error::CliError;
use crate::input;
use crate::output::{Secrecy, write};

pub(crate) fn run(args: &Graph, global: &Global) -> Result<ExitCode, CliError> {
    let graph = DependencyGraph::of(&input::document(&args.source)?.recorded());
    let format = match args.format {
        args::GraphFormat::Text => landfast::report::GraphFormat::Text,
        args::GraphFormat::Dot => landfast::report::GraphFormat::Dot,
        args::GraphFormat::Mermaid => landfast::report::GraphFormat::Mermaid,
    };
    write(global, render_graph(&graph, format).as_bytes(), Secrecy::Ordinary)?;
    Ok(ExitCode::Clean)
}
