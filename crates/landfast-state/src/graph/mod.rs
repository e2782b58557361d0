//! The dependency graph of the resources in a snapshot.

mod reach;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use petgraph::Direction;
use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::unionfind::UnionFind;
use petgraph::visit::EdgeRef as _;

use crate::address::ResourceAddress;
use crate::snapshot::Snapshot;

/// Which resource depends on which, as the `dependencies` of their instances say.
///
/// A node is a resource without keys, as `dependencies` name it: `module.a["x"].aws_vpc.main` and
/// `module.a["y"].aws_vpc.main` are one node. Nothing here recurses, so a chain may be as long as memory allows.
#[derive(Debug, Clone)]
pub struct DependencyGraph {
    /// An edge leads from a resource to what it depends on. Nodes are added in the order of their addresses.
    graph: DiGraph<ResourceAddress, ()>,
    nodes: BTreeMap<ResourceAddress, NodeIndex>,
    missing: Vec<MissingDependency>,
}

/// A resource depends on one that the snapshot does not have.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct MissingDependency {
    /// The resource that depends.
    pub resource: ResourceAddress,
    /// What it depends on.
    pub dependency: ResourceAddress,
}

/// Resources depend on each other in a circle, so that they have no order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("dependency cycle: {}", Self::list(.cycles))]
pub struct CycleError {
    /// The members of each cycle, sorted; the cycles sorted by their first members.
    pub cycles: Vec<Vec<ResourceAddress>>,
}

impl CycleError {
    fn list(cycles: &[Vec<ResourceAddress>]) -> String {
        let names = |cycle: &Vec<ResourceAddress>| cycle.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        cycles.iter().map(names).collect::<Vec<_>>().join("; ")
    }
}

impl DependencyGraph {
    /// The graph of a snapshot's resources, data resources included.
    #[must_use]
    pub fn of(snapshot: &Snapshot) -> Self {
        let mut edges: BTreeMap<ResourceAddress, BTreeSet<&ResourceAddress>> = BTreeMap::new();
        for object in snapshot.objects() {
            let resource = object.address.instance.resource.without_keys();
            edges.entry(resource).or_default().extend(object.dependencies.iter());
        }
        let mut graph = DiGraph::new();
        let nodes: BTreeMap<_, _> =
            edges.keys().map(|address| (address.clone(), graph.add_node(address.clone()))).collect();
        let mut missing = Vec::new();
        for (resource, dependencies) in edges {
            for dependency in dependencies {
                match (nodes.get(&resource), nodes.get(&dependency.without_keys())) {
                    (Some(from), Some(to)) => drop(graph.update_edge(*from, *to, ())),
                    _ => missing.push(MissingDependency { resource: resource.clone(), dependency: dependency.clone() }),
                }
            }
        }
        Self { graph, nodes, missing }
    }

    /// All resources, sorted by address.
    pub fn resources(&self) -> impl Iterator<Item = &ResourceAddress> {
        self.nodes.keys()
    }

    /// All edges as (resource, what it depends on), sorted.
    pub fn edges(&self) -> impl Iterator<Item = (&ResourceAddress, &ResourceAddress)> {
        self.nodes.iter().flat_map(|(resource, node)| {
            let mut targets = self.neighbours(*node, Direction::Outgoing);
            targets.sort_unstable();
            targets.into_iter().map(move |target| (resource, target))
        })
    }

    /// What a resource depends on directly, sorted; nothing for a resource that is not in the graph.
    #[must_use]
    pub fn dependencies(&self, resource: &ResourceAddress) -> Vec<&ResourceAddress> {
        self.direct(resource, Direction::Outgoing)
    }

    /// What depends on a resource directly, sorted.
    #[must_use]
    pub fn dependants(&self, resource: &ResourceAddress) -> Vec<&ResourceAddress> {
        self.direct(resource, Direction::Incoming)
    }

    /// Everything that depends on a resource, directly or through others, without itself, sorted: what a change to it can
    /// touch.
    #[must_use]
    pub fn blast_radius(&self, resource: &ResourceAddress) -> Vec<&ResourceAddress> {
        let Some(start) = self.nodes.get(&resource.without_keys()) else { return Vec::new() };
        let mut seen = BTreeSet::from([*start]);
        let mut open = vec![*start];
        while let Some(node) = open.pop() {
            for next in self.graph.neighbors_directed(node, Direction::Incoming) {
                if seen.insert(next) {
                    open.push(next);
                }
            }
        }
        seen.remove(start);
        let mut reached: Vec<_> = seen.into_iter().filter_map(|node| self.graph.node_weight(node)).collect();
        reached.sort_unstable();
        reached
    }

    /// Whether the snapshot has this resource; keys are passed over.
    #[must_use]
    pub fn contains(&self, resource: &ResourceAddress) -> bool {
        self.nodes.contains_key(&resource.without_keys())
    }

    /// The part of the graph that these resources make, with the edges between them and what they miss. Resources that the
    /// graph does not have are passed over.
    #[must_use]
    pub fn restricted_to<'a>(&self, resources: impl IntoIterator<Item = &'a ResourceAddress>) -> Self {
        let kept: BTreeSet<ResourceAddress> = resources.into_iter().map(ResourceAddress::without_keys).collect();
        let kept = kept.into_iter().filter(|address| self.nodes.contains_key(address));
        let mut graph = DiGraph::new();
        let nodes: BTreeMap<_, _> = kept.map(|address| (address.clone(), graph.add_node(address))).collect();
        for (from, to) in self.edges() {
            if let (Some(from), Some(to)) = (nodes.get(from), nodes.get(to)) {
                graph.update_edge(*from, *to, ());
            }
        }
        let missing = self.missing.iter().filter(|missing| nodes.contains_key(&missing.resource)).cloned().collect();
        Self { graph, nodes, missing }
    }

    /// How many resources [`DependencyGraph::blast_radius`] has for each resource, sorted by address: exact, and for all
    /// resources of a large graph in much less time than one by one.
    #[must_use]
    pub fn blast_radius_sizes(&self) -> Vec<(&ResourceAddress, usize)> {
        let mut parts = UnionFind::<usize>::new(self.graph.node_count());
        let ends = |edge: petgraph::graph::EdgeReference<'_, ()>| (edge.source().index(), edge.target().index());
        let edges: Vec<(usize, usize)> = self.graph.edge_references().map(ends).collect();
        for (from, to) in &edges {
            parts.union(*from, *to);
        }
        // The algorithm gives dependencies before what depends on them.
        let circles = kosaraju_scc(&self.graph).into_iter().rev();
        let mut groups: Vec<Vec<usize>> =
            circles.map(|circle| circle.into_iter().map(NodeIndex::index).collect()).collect();
        groups.sort_by_key(|group: &Vec<usize>| group.first().map(|node| parts.find(*node)));
        let sizes = reach::reaching(self.graph.node_count(), &groups, &edges);
        // Nodes were added in the order of their addresses.
        self.graph.node_weights().zip(sizes).collect()
    }

    /// Resources that depend on nothing and on which nothing depends, sorted.
    #[must_use]
    pub fn orphans(&self) -> Vec<&ResourceAddress> {
        let alone = |node: NodeIndex| self.graph.neighbors_undirected(node).next().is_none();
        let lacking = |resource: &ResourceAddress| self.missing.iter().any(|missing| missing.resource == *resource);
        self.nodes.iter().filter(|(resource, node)| alone(**node) && !lacking(resource)).map(|(name, _)| name).collect()
    }

    /// Dependencies on resources that the snapshot does not have, sorted.
    #[must_use]
    pub fn missing_dependencies(&self) -> &[MissingDependency] {
        &self.missing
    }

    /// All resources, each after everything that it depends on; where that leaves a choice, in the order of addresses.
    ///
    /// # Errors
    /// When some depend on each other in a circle.
    pub fn topological_order(&self) -> Result<Vec<&ResourceAddress>, CycleError> {
        // Nodes were added in the order of their addresses, so that their indexes sort as the addresses do.
        let mut waiting: Vec<usize> = self
            .graph
            .node_indices()
            .map(|node| self.graph.edges_directed(node, Direction::Outgoing).count())
            .collect();
        let nodes = self.graph.node_indices().zip(&waiting);
        let mut ready: BinaryHeap<_> = nodes.filter(|(_, count)| **count == 0).map(|(node, _)| Reverse(node)).collect();
        let mut order = Vec::with_capacity(self.nodes.len());
        while let Some(Reverse(node)) = ready.pop() {
            order.extend(self.graph.node_weight(node));
            for dependant in self.graph.neighbors_directed(node, Direction::Incoming) {
                let Some(count) = waiting.get_mut(dependant.index()) else { continue };
                *count -= 1;
                if *count == 0 {
                    ready.push(Reverse(dependant));
                }
            }
        }
        if order.len() == self.nodes.len() { Ok(order) } else { Err(CycleError { cycles: self.cycles() }) }
    }

    /// The members of each cycle, sorted; a resource that depends on itself is one.
    #[must_use]
    pub fn cycles(&self) -> Vec<Vec<ResourceAddress>> {
        // Kosaraju's algorithm as petgraph has it walks with explicit stacks; its Tarjan recurses.
        let in_circle = |component: &Vec<NodeIndex>| match component.as_slice() {
            [node] => self.graph.contains_edge(*node, *node),
            _ => true,
        };
        let mut cycles: Vec<Vec<ResourceAddress>> = kosaraju_scc(&self.graph)
            .into_iter()
            .filter(in_circle)
            .map(|component| {
                let weights = component.into_iter().filter_map(|node| self.graph.node_weight(node));
                let mut members: Vec<_> = weights.cloned().collect();
                members.sort_unstable();
                members
            })
            .collect();
        cycles.sort_unstable();
        cycles
    }

    fn direct(&self, resource: &ResourceAddress, direction: Direction) -> Vec<&ResourceAddress> {
        let Some(node) = self.nodes.get(&resource.without_keys()) else { return Vec::new() };
        let mut found = self.neighbours(*node, direction);
        found.sort_unstable();
        found
    }

    fn neighbours(&self, node: NodeIndex, direction: Direction) -> Vec<&ResourceAddress> {
        self.graph.neighbors_directed(node, direction).filter_map(|next| self.graph.node_weight(next)).collect()
    }
}
