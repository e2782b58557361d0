//! The dependency graph.

use landfast_state::address::ResourceAddress;
use landfast_state::{DependencyGraph, Limits, StateFile};
use proptest::prelude::*;

/// The graph of resources `t.r0`, `t.r1`, … with these edges.
fn graph(count: usize, edges: &[(usize, usize)]) -> DependencyGraph {
    let resources: Vec<String> = (0..count)
        .map(|from| {
            let targets = edges.iter().filter(|(a, _)| *a == from).map(|(_, to)| format!("\"t.r{to}\""));
            let dependencies = targets.collect::<Vec<_>>().join(",");
            format!(
                "{{\"mode\":\"managed\",\"type\":\"t\",\"name\":\"r{from}\",\"provider\":\"provider.t\",\"instances\":[{{\
                 \"dependencies\":[{dependencies}]}}]}}"
            )
        })
        .collect();
    let text = format!("{{\"version\":4,\"resources\":[{}]}}", resources.join(","));
    let state = StateFile::read(text.into(), "g", &Limits::default()).unwrap();
    DependencyGraph::of(&state.snapshot())
}

fn names(resources: &[&ResourceAddress]) -> String {
    resources.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

fn address(at: usize) -> ResourceAddress {
    format!("t.r{at}").parse().unwrap()
}

#[test]
fn order_blast_radius_and_orphans() {
    let graph = graph(6, &[(0, 3), (1, 3), (3, 4), (2, 9)]);
    assert_eq!(names(&graph.topological_order().unwrap()), "t.r2 t.r4 t.r3 t.r0 t.r1 t.r5");
    assert_eq!(names(&graph.blast_radius(&address(4))), "t.r0 t.r1 t.r3");
    assert_eq!(names(&graph.dependencies(&address(3))), "t.r4");
    assert_eq!(names(&graph.dependants(&address(3))), "t.r0 t.r1");
    assert_eq!(names(&graph.orphans()), "t.r5");
    let missing = graph.missing_dependencies();
    assert_eq!((missing.len(), missing[0].dependency.to_string()), (1, String::from("t.r9")));
}

#[test]
fn cycles_are_named_by_their_members() {
    let graph = graph(6, &[(0, 1), (1, 2), (2, 0), (4, 4), (5, 0)]);
    insta::assert_snapshot!(graph.topological_order().unwrap_err());
}

#[test]
fn a_long_chain_does_not_overflow_the_stack() {
    let count = 20_000;
    let edges: Vec<_> = (1..count).map(|at| (at, at - 1)).collect();
    let resources: Vec<String> = edges
        .iter()
        .map(|(from, to)| {
            format!(
                "{{\"mode\":\"managed\",\"type\":\"t\",\"name\":\"r{from}\",\"provider\":\"provider.t\",\"instances\":[{{\
                 \"dependencies\":[\"t.r{to}\"]}}]}}"
            )
        })
        .collect();
    let text = format!("{{\"version\":4,\"resources\":[{}]}}", resources.join(","));
    let state = StateFile::read(text.into(), "g", &Limits::default()).unwrap();
    let graph = DependencyGraph::of(&state.snapshot());
    assert_eq!(graph.topological_order().unwrap().len(), count - 1);
    assert!(graph.cycles().is_empty());
    assert_eq!(graph.blast_radius(&address(1)).len(), count - 2);
}

/// Counted one by one.
fn sizes_one_by_one(graph: &DependencyGraph) -> Vec<(ResourceAddress, usize)> {
    graph.resources().map(|resource| (resource.clone(), graph.blast_radius(resource).len())).collect()
}

fn sizes(graph: &DependencyGraph) -> Vec<(ResourceAddress, usize)> {
    graph.blast_radius_sizes().into_iter().map(|(resource, size)| (resource.clone(), size)).collect()
}

#[test]
fn sizes_of_blast_radii_over_many_blocks_and_circles() {
    // A circle that is longer than the blocks in which nodes are counted, between two chains, and parts that stand alone.
    let chain = (1..700).map(|at| (at, at - 1));
    let circle = (700..1500).map(|at| (at, if at == 1499 { 700 } else { at + 1 }));
    let after = (1500..1900).map(|at| (at, 700 + at % 90));
    let edges: Vec<_> = chain.chain(circle).chain(after).chain([(1000, 350), (1950, 1951), (1960, 1960)]).collect();
    let graph = graph(2000, &edges);
    assert_eq!(sizes(&graph), sizes_one_by_one(&graph));
}

#[test]
fn an_empty_graph_has_no_sizes() {
    assert_eq!(graph(0, &[]).blast_radius_sizes(), []);
}

proptest! {
    #[test]
    fn sizes_of_blast_radii_are_exact(edges in prop::collection::vec((0_usize..60, 0_usize..60), 0..120)) {
        let graph = graph(60, &edges);
        prop_assert_eq!(sizes(&graph), sizes_one_by_one(&graph));
    }

    #[test]
    fn every_resource_follows_what_it_depends_on(edges in prop::collection::vec((0_usize..30, 0_usize..30), 0..80)) {
        let graph = graph(30, &edges);
        match graph.topological_order() {
            Ok(order) => {
                let place = |at: usize| order.iter().position(|name| **name == address(at)).unwrap();
                for (from, to) in edges {
                    prop_assert!(place(to) < place(from));
                }
            }
            Err(error) => {
                prop_assert_eq!(&error.cycles, &graph.cycles());
                for cycle in error.cycles {
                    // Every member of a cycle reaches itself.
                    for member in &cycle {
                        let radius = graph.dependencies(member);
                        prop_assert!(radius.iter().any(|next| cycle.contains(next)));
                    }
                }
            }
        }
    }
}

#[test]
fn a_part_of_a_graph_keeps_its_edges_and_what_it_misses() {
    let whole = graph(5, &[(1, 0), (2, 1), (3, 1), (4, 9)]);
    let resources: Vec<_> = whole.resources().cloned().collect();
    let of = |kept: &[usize]| whole.restricted_to(kept.iter().map(|at| &resources[*at]));
    assert_eq!(of(&[0, 1, 2]).edges().count(), 2);
    assert_eq!(of(&[0, 2]).edges().count(), 0);
    assert!(of(&[0, 2]).contains(&resources[2]) && !of(&[0, 2]).contains(&resources[1]));
    assert_eq!(of(&[0, 1, 2, 3, 4]).missing_dependencies(), whole.missing_dependencies());
    assert_eq!(of(&[0, 1]).missing_dependencies().len(), 0);
}
