//! What there is to say beside the report.

use landfast::observe::scan::{ProviderKey, ScanEnd, ScanSummary};
use landfast::report::escape_line;
use landfast::tfplugin::Diagnostic;
use landfast::tfplugin::live::NotStarted;

use crate::output::{note, warn};

/// How many groups of unreadable objects are told.
const SHOWN: usize = 20;

/// Providers through which nothing can be read.
pub(super) fn not_started(providers: &[NotStarted]) {
    for it in providers {
        warn(&format!("{}: {}", escape_line(&it.provider.to_string()), escape_line(&it.why.to_string())));
    }
}

/// What providers find odd in their configuration.
pub(super) fn warnings(warnings: &[(ProviderKey, Diagnostic)]) {
    for (provider, warning) in warnings {
        warn(&format!("{}: {}", escape_line(&provider.to_string()), escape_line(&warning.to_string())));
    }
}

/// How the scan went, where not everything went as it should.
pub(super) fn summary(summary: &ScanSummary) {
    if summary.end == ScanEnd::Interrupted {
        warn(&format!("interrupted: {} objects were not read", summary.interrupted));
    }
    for provider in &summary.providers {
        if provider.throttled > 0 {
            let slowed = provider
                .slowed_to
                .map(|rate| format!("; read at {rate:.1} a second at the slowest"))
                .unwrap_or_default();
            let types: Vec<String> =
                provider.slowed_types.iter().map(|(name, rate)| format!("{name} at {rate:.1}")).collect();
            let types = if types.is_empty() { String::new() } else { format!("; slowest types: {}", types.join(", ")) };
            let about = escape_line(&provider.provider.to_string()).into_owned();
            warn(&format!("{about}: {} reads were throttled and tried again{slowed}{types}", provider.throttled));
        }
        if provider.restarts > 0 {
            let about = escape_line(&provider.provider.to_string()).into_owned();
            warn(&format!("{about}: ended and was started again, {} times", provider.restarts));
        }
    }
    let mut lines = Vec::new();
    for group in summary.groups.iter().take(SHOWN) {
        let call = if group.call.is_empty() { String::new() } else { format!("{}: ", group.call) };
        let said = format!("{} {}: {} ({}{})", group.count, group.type_name, group.class, call, group.reason);
        lines.push(format!("  {}", escape_line(&said)));
    }
    if let Some(more) = summary.groups.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        lines.push(format!("  and {more} other reasons"));
    }
    if !lines.is_empty() {
        note(&format!("could not be read:\n{}", lines.join("\n")));
    }
}
