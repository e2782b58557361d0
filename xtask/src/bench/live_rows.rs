//! The rows of what is read live, through providers.

use super::Places;
use super::program::{Measures, Program, figure, landfast, python, terraform};
use super::rows::{Bound, Goal, MB, Quantity, Row, Scene, Sizes, less};
use super::scenes::{Live, TEMPLATE};
use super::tools::{Tool, aws_mirror, aws_provider};

/// What a read through the slow provider takes, in milliseconds.
const DELAY: u32 = 100;

/// All of these rows.
pub(crate) fn rows(sizes: &Sizes, places: &Places) -> Vec<Row> {
    let mut rows = vec![start(places)];
    rows.extend(sizes.deployed.iter().map(|count| deployed(*count, places)));
    rows.push(slow(sizes.slow, places));
    rows.push(many(sizes.many, places));
    rows
}

fn row(name: String, what: String, live: Live, columns: &'static [Quantity]) -> Row {
    Row {
        name: name.leak(),
        what,
        inputs: Vec::new(),
        programs: Vec::new(),
        goals: Vec::new(),
        scene: Scene::Live(live),
        columns,
        by_hand: false,
        repeat_factor: 1,
    }
}

fn goal(of: Quantity, mine: usize, bound: Bound) -> Goal {
    Goal { of, mine, bound }
}

const PLAN: [&str; 4] = ["plan", "-refresh-only", "-input=false", "-no-color"];

fn start(places: &Places) -> Row {
    let folder = Live::Start.folder(places);
    let contact = |label: &str, of: Program| {
        let program = figure(places, label, ["first-contact", "TF_VAR_endpoint", "--"]).with(of.words());
        program.in_folder(folder.clone()).measuring(Measures::Time)
    };
    let check = || landfast(places, "", ["check", "."]);
    let own = python(places, "the provider alone", "provider.py", [aws_provider(places)]);
    let read = "Time from the start of the program until the service of the first object that is read is first called, with AWS \
        3.39.0 and a lock file. The provider alone is what `provider.py` measures, which makes the same calls: its start with \
        TLS, and without it its schema, its configuration, the upgrade of what is stored and the read, up to that moment. The \
        hash of the provider's package is known from an earlier run, but where it says otherwise.";
    Row {
        programs: vec![
            contact("landfast check", check()),
            own.measuring(Measures::Time),
            contact("landfast check, no hash being kept", check()).with_variable("XDG_CACHE_HOME", "/dev/null"),
            contact("terraform plan -refresh-only", terraform(places, "", PLAN)),
        ],
        goals: vec![goal(Quantity::Time, 0, Bound::AtMostMore { other: 1, more: 0.05 })],
        ..row("live-start".to_owned(), read.to_owned(), Live::Start, &[Quantity::Time])
    }
}

fn deployed(count: u32, places: &Places) -> Row {
    let live = Live::Deployed(count);
    let faster = if count <= 20 { 2.0 } else { 1.0 };
    Row {
        programs: vec![
            landfast(places, "landfast check", ["check", "."]).needs(Tool::Moto).in_folder(live.folder(places)),
            terraform(places, "terraform plan -refresh-only", PLAN).in_folder(live.folder(places)),
        ],
        goals: vec![goal(Quantity::Time, 0, less(1, faster, None)), goal(Quantity::OwnCpu, 0, less(1, 10.0, None))],
        ..row(
            format!("live-{count}"),
            format!(
                "Check a folder of {count} resources of AWS, of six types, against moto on the same machine. CPU of its own is without \
                 that of the provider, in hundredths of a second."
            ),
            live,
            &[Quantity::Time, Quantity::OwnCpu, Quantity::Cpu, Quantity::OwnMemory],
        )
    }
}

fn slow(count: u32, places: &Places) -> Row {
    let live = Live::Slow(count);
    let folder = live.folder(places);
    let with_delay = |program: Program| {
        program
            .in_folder(folder.clone())
            .with_variable("PLAIN_DELAY", DELAY.to_string())
            .with_variable("PLAIN_TEMPLATE", folder.join(TEMPLATE))
    };
    // At once, and in a second.
    let settings = [(10, 100_000), (50, 100_000), (200, 100_000), (200, 50)];
    let check = |(concurrency, rate): (u32, u32)| {
        let label = match rate {
            100_000 => format!("landfast check, {concurrency} at once"),
            rate => format!("landfast check, {concurrency} at once, {rate} a second"),
        };
        let (concurrency, rate) = (concurrency.to_string(), rate.to_string());
        let check = landfast(places, "", ["check", ".", "--concurrency", &concurrency, "--rate", &rate]).words();
        let scan = figure(places, &format!("the scan of {label}"), ["scan-time", "--"]).with(check);
        with_delay(scan.measuring(Measures::Time)).needs(Tool::Provider)
    };
    let goals = settings.iter().enumerate().map(|(at, (concurrency, rate))| {
        let reading = f64::from(count) * f64::from(DELAY) / 1e3 / f64::from(*concurrency);
        let ideal = reading.max(f64::from(count) / f64::from(*rate));
        goal(Quantity::Time, at, Bound::AtMost(1.3 * ideal))
    });
    let goals = goals.collect();
    let mut programs: Vec<Program> = settings.into_iter().map(check).collect();
    programs.push(with_delay(landfast(places, "landfast check as a whole, with its defaults", ["check", "."])));
    programs.push(with_delay(terraform(
        places,
        "terraform plan -refresh-only, 10 at once, as it does by default",
        PLAN,
    )));
    Row {
        programs,
        goals,
        ..row(
            "live-slow".to_owned(),
            format!(
                "Check {count} objects of a provider that takes {DELAY} ms for each read. The goals are for the scan, from its first to its \
                 last object, and 1.3 times the ideal: the reads by what goes on at once, or by the rate, whichever is longer. The \
                 others are whole programs."
            ),
            live,
            &[Quantity::Time],
        )
    }
}

fn many(count: u32, places: &Places) -> Row {
    let live = Live::Many(count);
    let program = landfast(places, "landfast check", ["check", "--recorded", "terraform.tfstate", "--provider-dir"])
        .with([aws_mirror(places)])
        .with(["--rate", "1000000"])
        .needs(Tool::Moto)
        .in_folder(live.folder(places));
    Row {
        programs: vec![program],
        goals: vec![goal(Quantity::OwnMemory, 0, Bound::AtMost(300.0 * MB))],
        ..row(
            "live-many".to_owned(),
            format!(
                "Check {count} objects of 1 kB of the null provider. There is no peer for this: it is an absolute figure."
            ),
            live,
            &[Quantity::OwnMemory, Quantity::Time, Quantity::OwnCpu],
        )
    }
}
