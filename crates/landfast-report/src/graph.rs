//! The dependency graph as text, Graphviz or Mermaid.

use std::fmt::Write as _;

use landfast_state::DependencyGraph;
use landfast_state::json::quote_safe;

use crate::escape::escape_line;

/// How to write a graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum GraphFormat {
    /// A resource a line, what it depends on below it; then what is missing and what is in a cycle.
    Text,
    /// Graphviz.
    Dot,
    /// Mermaid, as Markdown pages show it.
    Mermaid,
}

/// The graph as text, with a line break at its end. Sorted by address, in every format.
#[must_use]
pub fn render_graph(graph: &DependencyGraph, format: GraphFormat) -> String {
    match format {
        GraphFormat::Text => text(graph),
        GraphFormat::Dot => dot(graph),
        GraphFormat::Mermaid => mermaid(graph),
    }
}

fn text(graph: &DependencyGraph) -> String {
    let mut out = String::new();
    // Writing to a string cannot fail, here and below.
    for resource in graph.resources() {
        let _ = writeln!(out, "{}", escape_line(&resource.to_string()));
        for dependency in graph.dependencies(resource) {
            let _ = writeln!(out, "  -> {}", escape_line(&dependency.to_string()));
        }
    }
    for missing in graph.missing_dependencies() {
        let (resource, dependency) = (missing.resource.to_string(), missing.dependency.to_string());
        let _ = writeln!(out, "missing: {} needs {}", escape_line(&resource), escape_line(&dependency));
    }
    for cycle in graph.cycles() {
        let members: Vec<_> = cycle.iter().map(|member| escape_line(&member.to_string()).into_owned()).collect();
        let _ = writeln!(out, "cycle: {}", members.join(", "));
    }
    out
}

fn dot(graph: &DependencyGraph) -> String {
    let mut out = String::from("digraph {\n  rankdir = \"RL\";\n  node [shape = \"box\"];\n");
    let quoted = |name: &dyn std::fmt::Display| quote_safe(&escape_line(&name.to_string()));
    for resource in graph.resources() {
        let _ = writeln!(out, "  {};", quoted(resource));
    }
    for (from, to) in graph.edges() {
        let _ = writeln!(out, "  {} -> {};", quoted(from), quoted(to));
    }
    out.push_str("}\n");
    out
}

fn mermaid(graph: &DependencyGraph) -> String {
    let mut out = String::from("graph RL\n");
    let resources: Vec<_> = graph.resources().collect();
    for (at, resource) in resources.iter().enumerate() {
        let _ = writeln!(out, "  n{at}[\"{}\"]", mermaid_label(&resource.to_string()));
    }
    let node = |name| resources.binary_search(&name).unwrap_or_default();
    for (from, to) in graph.edges() {
        let _ = writeln!(out, "  n{} --> n{}", node(from), node(to));
    }
    out
}

/// Mermaid takes HTML entities by number inside a quoted label, written with `#` in place of `&#`.
fn mermaid_label(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in escape_line(text).chars() {
        if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | ' ') || !c.is_ascii() {
            out.push(c);
        } else {
            let _ = write!(out, "#{};", u32::from(c));
        }
    }
    out
}
