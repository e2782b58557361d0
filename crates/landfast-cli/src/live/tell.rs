//! What there is to say beside the report.

use landfast::observe::scan::{ProviderKey, ScanEnd, ScanSummary, TypeSummary, UnreadableClass, UnreadableGroup};
use landfast::report::escape_line;
use landfast::tfplugin::Diagnostic;
use landfast::tfplugin::live::NotStarted;

use super::Telling;
use crate::error::CliError;
use crate::output::{note, warn};

/// How many groups of unreadable objects are told.
const SHOWN: usize = 20;

/// Providers through which nothing can be read: their objects say so in short.
pub(super) fn not_started(providers: &[NotStarted]) {
    for it in providers {
        warn(&format!("{}: {}", it.provider, it.full));
    }
}

/// That nothing at all can be read.
pub(super) fn nothing(providers: &[NotStarted]) -> Option<CliError> {
    let first = providers.first()?;
    let error = CliError::new(format!("nothing can be read: {}: {}", first.provider, first.full));
    let hint = "run `terraform init` in the folder of the configuration, or name a folder with the providers by --provider-dir";
    Some(if first.why.class == UnreadableClass::Unsupported { error.hint(hint) } else { error })
}

/// What providers find odd in their configuration.
pub(super) fn warnings(warnings: &[(ProviderKey, Diagnostic)]) {
    for (provider, warning) in warnings {
        warn(&format!("{provider}: {warning}"));
    }
}

/// How the scan went, where not everything went as it should, and the report does not say so in the same place.
pub(super) fn summary(summary: &ScanSummary, not_started: &[NotStarted], telling: Telling) {
    if summary.end == ScanEnd::Interrupted {
        warn(&format!("interrupted: {} objects were not read", summary.interrupted));
    }
    if summary.excluded > 0 && summary.excluded + summary.passed_over == summary.total() {
        warn("--only and --except leave nothing to read");
    }
    if telling == Telling::InReport {
        return;
    }
    for provider in &summary.providers {
        if provider.throttled > 0 {
            let slowed = provider
                .slowed_to
                .map(|rate| format!("; read at {rate:.1} a second at the slowest"))
                .unwrap_or_default();
            let slowed_type = |it: &TypeSummary| Some(format!("{} at {:.1}", it.type_name, it.slowed_to?));
            let types: Vec<String> = provider.types.iter().filter_map(slowed_type).collect();
            let types = if types.is_empty() { String::new() } else { format!("; slowest types: {}", types.join(", ")) };
            let about = &provider.provider;
            warn(&format!("{about}: {} reads were throttled and tried again{slowed}{types}", provider.throttled));
        }
        if provider.restarts > 0 {
            let about = &provider.provider;
            warn(&format!("{about}: ended and was started again, {} times", provider.restarts));
        }
    }
    let mut lines = Vec::new();
    // Of a provider that does not run all is said.
    let is_told = |group: &&UnreadableGroup| not_started.iter().any(|it| it.provider == group.provider);
    let groups: Vec<_> = summary.groups.iter().filter(|group| !is_told(group)).collect();
    for group in groups.iter().take(SHOWN) {
        let call = if group.call.is_empty() { String::new() } else { format!("{}: ", group.call) };
        let said = format!("{} {}: {} ({}{})", group.count, group.type_name, group.class, call, group.reason);
        lines.push(format!("  {}", escape_line(&said)));
    }
    if let Some(more) = groups.len().checked_sub(SHOWN).filter(|more| *more > 0) {
        lines.push(format!("  and {more} other reasons"));
    }
    if !lines.is_empty() {
        note(&format!("could not be read:\n{}", lines.join("\n")));
    }
}
