//! What would be read.

use std::fmt::Write as _;
use std::time::Duration;

use landfast::observe::scan::{GateLimits, ReadPlan};

use crate::args::Global;
use crate::error::CliError;
use crate::output::{Secrecy, write};

/// How long a read is taken to be, as long as nobody has measured it.
pub(super) const LATENCY: Duration = Duration::from_millis(200);

pub(super) fn tell(plan: &ReadPlan, global: &Global) -> Result<(), CliError> {
    // Writing to a string cannot fail, here and below.
    let mut text = format!(
        "{} to read, in about {}, if a read takes {} ms and nothing is throttled\n",
        objects(plan.reads),
        seconds(plan.estimate),
        LATENCY.as_millis()
    );
    for (count, what) in [
        (plan.excluded, "left out by --only and --except"),
        (plan.not_sampled, "not in the sample"),
        (plan.passed_over, "of data sources, or deposed: not looked at"),
    ] {
        if count > 0 {
            let _ = writeln!(text, "{} {what}", objects(count));
        }
    }
    for provider in &plan.providers {
        let _ = writeln!(text, "\n{}", provider.provider);
        let _ = writeln!(
            text,
            "  {}{}, about {}",
            objects(provider.reads),
            limits(provider.limits),
            seconds(provider.estimate)
        );
        for of_type in &provider.types {
            let _ = writeln!(text, "    {:>6}  {}{}", of_type.reads, of_type.type_name, limits(of_type.limits));
        }
    }
    write(global, text.as_bytes(), Secrecy::Ordinary)
}

fn objects(count: u64) -> String {
    format!("{count} object{}", if count == 1 { "" } else { "s" })
}

fn seconds(time: Duration) -> String {
    match time.as_secs() {
        0 => format!("{:.1} s", time.as_secs_f64()),
        seconds @ ..120 => format!("{seconds} s"),
        seconds => format!("{} min", seconds / 60),
    }
}

fn limits(limits: GateLimits) -> String {
    let mut text = String::new();
    if let Some(concurrency) = limits.concurrency {
        let _ = write!(text, ", {concurrency} at once");
    }
    if let Some(rate) = limits.per_second {
        let _ = write!(text, ", {rate} a second");
    }
    text
}
