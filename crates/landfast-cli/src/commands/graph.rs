//! `landfast graph`

use landfast::ExitCode;
use landfast::report::{escape_line, render_graph};
use landfast::state::DependencyGraph;
use landfast::state::address::{InstanceAddress, ResourceAddress};

use crate::args::{self, Global, Graph};
use crate::error::CliError;
use crate::input;
use crate::output::{Secrecy, write};

pub(crate) fn run(args: &Graph, global: &Global) -> Result<ExitCode, CliError> {
    // An address that is none is seen before a file is read.
    let centre = args.blast_radius.as_deref().map(resource).transpose()?;
    let graph = DependencyGraph::of(&input::document(&args.source, global)?.into_recorded());
    let text = match centre {
        Some(centre) => {
            if !graph.contains(&centre) {
                let message = format!("{}: no {} in it", args.source.display(), centre.without_keys());
                return Err(
                    CliError::new(message).hint("the addresses in it are those of `landfast graph SRC`, without keys")
                );
            }
            let reached = graph.blast_radius(&centre);
            match format(args.format) {
                landfast::report::GraphFormat::Text => list(&reached),
                other => render_graph(&graph.restricted_to(reached.into_iter().chain([&centre])), other),
            }
        }
        None if args.orphans => {
            let orphans = graph.orphans();
            match format(args.format) {
                landfast::report::GraphFormat::Text => list(&orphans),
                other => render_graph(&graph.restricted_to(orphans), other),
            }
        }
        None => render_graph(&graph, format(args.format)),
    };
    write(global, text.as_bytes(), Secrecy::Ordinary)?;
    Ok(ExitCode::Clean)
}

fn format(format: args::GraphFormat) -> landfast::report::GraphFormat {
    match format {
        args::GraphFormat::Text => landfast::report::GraphFormat::Text,
        args::GraphFormat::Dot => landfast::report::GraphFormat::Dot,
        args::GraphFormat::Mermaid => landfast::report::GraphFormat::Mermaid,
    }
}

/// The resource that an address names, or that its instance belongs to.
fn resource(address: &str) -> Result<ResourceAddress, CliError> {
    let parsed: Result<InstanceAddress, _> = address.parse();
    parsed
        .map(|instance| (*instance.resource).clone())
        .map_err(|error| CliError::usage(format!("--blast-radius {address}: {error}")))
}

fn list(resources: &[&ResourceAddress]) -> String {
    resources.iter().map(|resource| escape_line(&resource.to_string()).into_owned() + "\n").collect()
}
