//! How many nodes reach each node of a graph, exactly, for all nodes at once.
//!
//! Sets of nodes are bit rows, but never all of them at a time: a block of nodes is followed through the whole graph, then the
//! next one. So memory grows with the nodes and not with their square. Nodes of one circle reach the same, so that they
//! share a row.

use std::ops::Range;

/// Nodes that are followed at a time: a row fills one cache line.
const WORDS: usize = 8;
const BLOCK: usize = WORDS * 64;

type Row = [u64; WORDS];

/// For each node, how many other nodes reach it over `edges` (from, to).
///
/// `groups` has every node once: nodes of one circle stand in one group, and every edge leads to its own group or to a later
/// one. Parts of the graph that nothing joins should stand in `groups` one after the other: that saves time.
pub(super) fn reaching(nodes: usize, groups: &[Vec<usize>], edges: &[(usize, usize)]) -> Vec<usize> {
    let mut group_of = vec![0_usize; nodes];
    let mut bits = Vec::with_capacity(groups.len());
    let mut first = 0;
    for (number, group) in groups.iter().enumerate() {
        for node in group {
            if let Some(slot) = group_of.get_mut(*node) {
                *slot = number;
            }
        }
        bits.push(first..first + group.len());
        first += group.len();
    }
    let sources = Sources::new(groups.len(), edges, &group_of);
    let ends = ends(&sources, groups.len());
    let counts = count(&bits, &sources, &ends);

    let mut found = vec![0; nodes];
    for (group, count) in groups.iter().zip(counts) {
        for node in group {
            if let Some(slot) = found.get_mut(*node) {
                // A node always reaches itself, which does not count.
                *slot = count.saturating_sub(1);
            }
        }
    }
    found
}

/// The groups from which edges lead to each group, in one list.
struct Sources {
    starts: Vec<usize>,
    groups: Vec<usize>,
}

impl Sources {
    fn new(groups: usize, edges: &[(usize, usize)], group_of: &[usize]) -> Self {
        let group = |node: usize| group_of.get(node).copied().unwrap_or_default();
        let mut pairs: Vec<(usize, usize)> = edges.iter().map(|(from, to)| (group(*to), group(*from))).collect();
        pairs.retain(|(to, from)| to != from);
        pairs.sort_unstable();
        pairs.dedup();
        let mut starts = vec![0; groups + 1];
        for (to, _) in &pairs {
            if let Some(start) = starts.get_mut(to + 1) {
                *start += 1;
            }
        }
        let mut sum = 0;
        for start in &mut starts {
            sum += *start;
            *start = sum;
        }
        Self { starts, groups: pairs.into_iter().map(|(_, from)| from).collect() }
    }

    fn of(&self, group: usize) -> &[usize] {
        let at = |at: usize| self.starts.get(at).copied().unwrap_or_default();
        self.groups.get(at(group)..at(group + 1)).unwrap_or_default()
    }
}

/// For each group the next place that no edge leads across: nothing from there on is reached from it.
fn ends(sources: &Sources, groups: usize) -> Vec<usize> {
    let mut ends = vec![groups; groups];
    let (mut end, mut least) = (groups, usize::MAX);
    for (group, slot) in ends.iter_mut().enumerate().rev() {
        *slot = end;
        least = sources.of(group).iter().copied().fold(least, usize::min);
        if least >= group {
            end = group;
        }
    }
    ends
}

/// For each group, how many nodes reach it, its own ones included. `bits` numbers the nodes by their groups.
fn count(bits: &[Range<usize>], sources: &Sources, ends: &[usize]) -> Vec<usize> {
    let mut counts = vec![0_usize; bits.len()];
    let mut rows: Vec<Row> = vec![[0; WORDS]; bits.len()];
    // Whether the row of a group has any bit. A row that has none is never read.
    let mut reached = vec![false; bits.len()];
    let nodes = bits.last().map_or(0, |last| last.end);
    let (mut first_group, mut last_group) = (0, 0);
    for start in (0..nodes).step_by(BLOCK) {
        let block = start..(start + BLOCK).min(nodes);
        while bits.get(first_group).is_some_and(|own| own.end <= block.start) {
            first_group += 1;
        }
        while bits.get(last_group + 1).is_some_and(|own| own.start < block.end) {
            last_group += 1;
        }
        let end = ends.get(last_group).copied().unwrap_or(bits.len());
        for group in first_group..end {
            let mut row = [0; WORDS];
            let mut any = group <= last_group;
            if any && let Some(own) = bits.get(group) {
                set(&mut row, own.start.max(block.start) - block.start..own.end.min(block.end) - block.start);
            }
            for source in sources.of(group) {
                if *source >= first_group
                    && reached.get(*source) == Some(&true)
                    && let Some(other) = rows.get(*source)
                {
                    row.iter_mut().zip(other).for_each(|(word, other)| *word |= other);
                    any = true;
                }
            }
            if let Some(slot) = reached.get_mut(group) {
                *slot = any;
            }
            if any && let (Some(slot), Some(count)) = (rows.get_mut(group), counts.get_mut(group)) {
                *slot = row;
                *count += row.iter().map(|word| word.count_ones() as usize).sum::<usize>();
            }
        }
    }
    counts
}

/// Sets a range of bits.
fn set(row: &mut Row, bits: Range<usize>) {
    for bit in bits {
        if let Some(word) = row.get_mut(bit / 64) {
            *word |= 1 << (bit % 64);
        }
    }
}
