//! The rows of the benchmark table. To add one, add a [`Row`] to [`rows`]: its programs, the first being ours, what they
//! read, and the goals. Everything else follows: inputs are generated, tools are asked for, the page is written.

use super::Places;
use super::input::{Graph, Input, Pair};
use super::program::{Program, check, deepdiff, figure, jq, landfast, own_example, own_figure, terraform};
use super::{live_rows, server};
use crate::r#gen::Layout;

/// One row.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// What it is about, in a sentence for the page.
    pub(crate) what: String,
    pub(crate) inputs: Vec<Input>,
    /// Run in turns. Goals name them by their place here.
    pub(crate) programs: Vec<Program>,
    pub(crate) goals: Vec<Goal>,
    /// What is there while it runs.
    pub(crate) scene: Scene,
    /// What the page shows of its programs.
    pub(crate) columns: &'static [Quantity],
    /// Runs only when it is named, or with `--large`.
    pub(crate) by_hand: bool,
    /// How many times more often than others it runs, where one run is too short to be measured well.
    pub(crate) repeat_factor: u32,
}

/// What is there as long as a row runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scene {
    None,
    /// SeaweedFS, and a folder for terraform whose backend it is.
    S3,
    /// What is read live: a folder of [`super::scenes`], and what it takes.
    Live(super::scenes::Live),
}

/// What is to be reached.
#[derive(Debug)]
pub(crate) struct Goal {
    pub(crate) of: Quantity,
    /// Whose figure, by its place in the row.
    pub(crate) mine: usize,
    pub(crate) bound: Bound,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Quantity {
    /// Of the program and all that it runs.
    Cpu,
    /// The most of one process: of the program, or of one that it runs.
    Memory,
    /// From beginning to end.
    Time,
    /// CPU of the program alone.
    OwnCpu,
    /// Memory of the program alone.
    OwnMemory,
}

/// A bound, with what would be better still.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Bound {
    /// At most so many times that of the other program.
    AtMostTimes { other: usize, times: f64, stretch: Option<f64> },
    /// The other program takes at least so many times as much.
    TimesLess { other: usize, times: f64, stretch: Option<f64> },
    /// At most so much more than the other program: seconds or bytes.
    AtMostMore { other: usize, more: f64 },
    /// At most this: seconds or bytes.
    AtMost(f64),
}

pub(crate) const MB: f64 = 1e6;

/// How large the inputs are, in instances of about 2.15 kB.
#[derive(Debug)]
pub(crate) struct Sizes {
    /// About 10 MB a side.
    small: u32,
    /// What is changed and moved around: about 20 MB.
    changed: u32,
    /// About 100 MB a side.
    medium: u32,
    /// About 215 MB a side.
    large: u32,
    /// About 2.15 GB a side.
    huge: u32,
    nodes: u32,
    edges: u32,
    /// How many of a hundred instances have drifted; some must have.
    drift: u32,
    /// How many resources there are in each folder that is checked live.
    pub(crate) deployed: Vec<u32>,
    /// How many objects are read through a provider that takes its time.
    pub(crate) slow: u32,
    /// How many objects are read to see what memory that takes.
    pub(crate) many: u32,
}

impl Sizes {
    pub(crate) fn new(quick: bool) -> Self {
        if quick {
            return Self {
                small: 60,
                changed: 70,
                medium: 80,
                large: 100,
                huge: 200,
                nodes: 1_000,
                edges: 3_000,
                drift: 20,
                deployed: vec![6],
                slow: 20,
                many: 50,
            };
        }
        Self {
            small: 4_650,
            changed: 10_000,
            medium: 46_500,
            large: 100_000,
            huge: 1_000_000,
            nodes: 100_000,
            edges: 300_000,
            drift: 1,
            deployed: vec![20, 200, 1_000],
            slow: 1_000,
            many: 100_000,
        }
    }
}

fn cpu(mine: usize, bound: Bound) -> Goal {
    Goal { of: Quantity::Cpu, mine, bound }
}

fn memory(mine: usize, bound: Bound) -> Goal {
    Goal { of: Quantity::Memory, mine, bound }
}

pub(crate) fn less(other: usize, times: f64, stretch: impl Into<Option<f64>>) -> Bound {
    Bound::TimesLess { other, times, stretch: stretch.into() }
}

fn at_most(other: usize, times: f64, stretch: impl Into<Option<f64>>) -> Bound {
    Bound::AtMostTimes { other, times, stretch: stretch.into() }
}

/// What the states are called that programs change.
const STATE: &str = "terraform.tfstate";

/// All rows, in the order of the page.
pub(crate) fn rows(sizes: &Sizes, places: &Places) -> Vec<Row> {
    let pair = |instances: u32, layout: Layout| Pair { instances, drift: sizes.drift, layout };
    let small = pair(sizes.small, Layout::Same);
    let medium = pair(sizes.medium, Layout::Same);
    let large = pair(sizes.large, Layout::Same);
    let huge = pair(sizes.huge, Layout::Same);
    let row = |name: &'static str, what: String, inputs: &[&Pair]| Row {
        name,
        what,
        inputs: inputs.iter().map(|pair| Input::Pair((*pair).clone())).collect(),
        programs: Vec::new(),
        goals: Vec::new(),
        scene: Scene::None,
        columns: &[Quantity::Cpu, Quantity::Memory],
        by_hand: false,
        repeat_factor: 1,
    };
    let list = |label: &str, pair: &Pair| {
        landfast(places, label, ["state".into(), "list".into(), "--state".into(), pair.recorded(places)])
    };
    let terraform_list = |pair: &Pair| {
        terraform(
            places,
            "terraform state list",
            ["state".into(), "list".into(), "-state".into(), pair.recorded(places)],
        )
    };
    let values = |pair: &Pair| {
        let label = "serde_json `Value` trees, keyed by address";
        figure(places, label, ["values".into(), pair.recorded(places), pair.observed(places)])
    };

    let mut rows = Vec::new();

    // Everything that is checked of a state is checked by `state list`, which then prints the index of addresses.
    rows.push(Row {
        programs: vec![
            list("landfast state list", &medium),
            figure(places, "memchr pass over the file", ["newlines".into(), medium.recorded(places)]),
        ],
        goals: vec![cpu(0, at_most(1, 20.0, 10.0))],
        repeat_factor: 4,
        ..row("read", format!("Check, validate and index a state of {} instances (100 MB).", sizes.medium), &[&medium])
    });

    rows.push(Row {
        programs: vec![list("landfast state list", &medium), terraform_list(&medium)],
        goals: vec![cpu(0, less(1, 15.0, 30.0)), memory(0, less(1, 4.0, None))],
        ..row("list", format!("List the addresses of a state of {} instances (100 MB).", sizes.medium), &[&medium])
    });

    rows.push(Row {
        programs: vec![
            check(places, "landfast check, as streams", &large, &["--streaming", "always"]),
            check(places, "landfast check, in memory", &large, &["--streaming", "never"]),
            values(&large),
        ],
        goals: vec![
            cpu(0, less(2, 6.0, 10.0)),
            memory(0, Bound::AtMost(50.0 * MB)),
            cpu(1, less(2, 6.0, 10.0)),
            memory(1, less(2, 3.0, None)),
        ],
        ..row("compare", format!("Compare {} instances a side, 1 % of them drifted.", sizes.large), &[&large])
    });

    rows.push(Row {
        programs: vec![check(places, "landfast check", &small, &[]), jq(places, &small), deepdiff(places, &small)],
        goals: vec![cpu(0, less(1, 15.0, None)), cpu(0, less(2, 150.0, None))],
        ..row("peers", format!("Compare {} instances a side (10 MB), 1 % of them drifted.", sizes.small), &[&small])
    });

    let layouts = [Layout::Compact, Layout::Reordered, Layout::Shuffled].map(|layout| pair(sizes.medium, layout));
    let mut programs = vec![check(places, "landfast check, both sides as terraform writes them", &medium, &[])];
    programs.extend(
        layouts
            .iter()
            .map(|pair| check(places, &format!("landfast check, observed side {}", pair.layout.name()), pair, &[])),
    );
    let goals = (1..programs.len()).map(|at| cpu(at, at_most(0, 2.5, None))).collect();
    rows.push(Row {
        programs,
        goals,
        ..row(
            "layouts",
            format!("Compare {} instances a side, the observed side written differently.", sizes.medium),
            &[&medium, &layouts[0], &layouts[1], &layouts[2]],
        )
    });

    rows.push(Row {
        programs: vec![
            list("landfast state list", &small),
            check(places, "landfast check", &small, &[]),
        ],
        goals: vec![
            cpu(0, Bound::AtMost(1.0)),
            memory(0, Bound::AtMost(500.0 * MB)),
            memory(1, Bound::AtMost(500.0 * MB)),
        ],
        ..row(
            "absolute",
            "A state of 10 MB parsed in under a second, and everything in under 500 MB: what was asked of another tool of \
             this kind."
                .to_owned(),
            &[&small],
        )
    });

    rows.push(Row {
        programs: vec![
            landfast(places, "landfast --version", ["--version"]),
            terraform(places, "terraform version", ["version"]),
        ],
        goals: vec![cpu(0, less(1, 20.0, None))],
        repeat_factor: 4,
        ..row("start", "Start-up.".to_owned(), &[])
    });

    let changed = pair(sizes.changed, Layout::Same);
    let mv = |program: Program, folder: &str| {
        program.in_fresh_folder(places.bench.join("mv").join(folder), changed.recorded(places), STATE)
    };
    let (from, to) = ("aws_autoscaling_group.backend", "aws_autoscaling_group.renamed");
    rows.push(Row {
        programs: vec![
            mv(landfast(places, "landfast state mv", ["state", "mv", "--state", STATE, from, to]), "landfast"),
            mv(terraform(places, "terraform state mv", ["state", "mv", "-state", STATE, from, to]), "terraform"),
        ],
        goals: vec![cpu(0, less(1, 20.0, None))],
        repeat_factor: 2,
        ..row(
            "mv",
            format!(
                "Give a resource another address, in a local state of {} instances (21 MB) that nothing of ours has changed before. \
                 Everything that is kept is counted: the backup, and with us what was there and what is there in the history.",
                sizes.changed
            ),
            &[&changed],
        )
    });

    let in_store = |program: Program| program.in_folder(server::folder(places));
    rows.push(Row {
        programs: vec![
            in_store(landfast(places, "landfast state push", ["state", "push", STATE]))
                .with_next_serial(changed.recorded(places), STATE),
            in_store(terraform(places, "terraform state push", ["state", "push", STATE]))
                .with_next_serial(changed.recorded(places), STATE),
            in_store(landfast(places, "landfast state pull", ["state", "pull"])),
            in_store(terraform(places, "terraform state pull", ["state", "pull"])),
        ],
        goals: vec![cpu(0, less(1, 5.0, None)), cpu(2, less(3, 5.0, None))],
        scene: Scene::S3,
        ..row(
            "s3",
            format!(
                "Push and pull a state of {} instances (21 MB) over S3, the store being the backend of the folder, with a lock file.",
                sizes.changed
            ),
            &[&changed],
        )
    });

    let graphs = [false, true].map(|random| Graph { nodes: sizes.nodes, edges: sizes.edges, random });
    let labels = ["resources depend on neighbours in their module", "resources depend on any earlier one"];
    rows.push(Row {
        inputs: graphs.iter().cloned().map(Input::Graph).collect(),
        programs: graphs
            .iter()
            .zip(labels)
            .map(|(graph, label)| own_figure(places, label, ["graph".into(), graph.state(places)]))
            .collect(),
        goals: vec![cpu(0, Bound::AtMost(1.0)), cpu(1, Bound::AtMost(1.0))],
        ..row(
            "graph",
            format!(
                "Order, cycles and the size of the blast radius of every resource: {} resources, {} dependencies.",
                sizes.nodes, sizes.edges
            ),
            &[],
        )
    });

    let operation = |label: &str, argument: &str| own_example(places, label, "operations", argument);
    rows.push(Row {
        programs: vec![
            operation("a step of a hundred, its journal in memory", "step"),
            operation("an operation of five steps, its journal in memory", "many"),
            operation("an operation of five steps, its journal in a file", "file"),
        ],
        goals: vec![cpu(0, Bound::AtMost(1e-3))],
        ..row(
            "operations",
            "What the executor takes besides what the steps do: judging, rereading, comparing, and journalling, on objects of 2 kB \
             in memory. There is no peer: others have no journal to be compared, so these are absolute figures. The CPU of one \
             step or operation is measured within the program."
                .to_owned(),
            &[],
        )
    });

    rows.push(Row {
        programs: vec![
            check(places, "landfast check, ten times as much", &huge, &[]),
            check(places, "landfast check", &large, &[]),
        ],
        goals: vec![memory(0, at_most(1, 2.0, None)), memory(0, Bound::AtMost(500.0 * MB))],
        by_hand: true,
        ..row("growth", format!("Compare {} instances a side, and {}.", sizes.large, sizes.huge), &[&large, &huge])
    });

    rows.extend(live_rows::rows(sizes, places));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn goals_name_programs_that_are_there() {
        let places = Places { root: "/repo".into(), bench: "/repo/bench".into(), programs: "/repo/release".into() };
        let rows = rows(&Sizes::new(false), &places);
        let mut names: Vec<&str> = rows.iter().map(|row| row.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), rows.len());
        for row in &rows {
            for goal in &row.goals {
                let other = match goal.bound {
                    Bound::AtMostTimes { other, .. }
                    | Bound::TimesLess { other, .. }
                    | Bound::AtMostMore { other, .. } => other,
                    Bound::AtMost(_) => usize::from(goal.mine == 0),
                };
                assert!(goal.mine < row.programs.len(), "{}", row.name);
                assert!(other < row.programs.len() || matches!(goal.bound, Bound::AtMost(_)), "{}", row.name);
                assert!(other != goal.mine, "{}", row.name);
            }
        }
    }
}
