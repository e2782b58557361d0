//! The built-in checks, a file each.

mod blast_radius;
mod irreversible_steps;
mod lock_held;

use crate::builtin::CatalogueEntry;

/// Every built-in check, sorted by id.
#[must_use]
pub fn catalogue() -> Vec<CatalogueEntry> {
    let mut entries = vec![
        CatalogueEntry::of::<blast_radius::BlastRadius>(),
        CatalogueEntry::of::<irreversible_steps::IrreversibleSteps>(),
        CatalogueEntry::of::<lock_held::LockHeld>(),
    ];
    entries.sort_by(|a, b| a.id.cmp(&b.id));
    entries
}
