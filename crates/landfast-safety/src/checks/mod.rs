//! The built-in checks, a file each.

mod approvals;
mod authorised;
mod blast_radius;
mod irreversible_steps;
mod lock_held;
mod maintenance_window;

use crate::builtin::CatalogueEntry;

/// Every built-in check, sorted by id.
#[must_use]
pub fn catalogue() -> Vec<CatalogueEntry> {
    let mut entries = vec![
        CatalogueEntry::of::<approvals::Approvals>(),
        CatalogueEntry::of::<crate::authority::Authority>(),
        CatalogueEntry::of::<blast_radius::BlastRadius>(),
        CatalogueEntry::of::<irreversible_steps::IrreversibleSteps>(),
        CatalogueEntry::of::<lock_held::LockHeld>(),
        CatalogueEntry::of::<maintenance_window::MaintenanceWindow>(),
    ];
    entries.sort_by(|a, b| a.id.cmp(&b.id));
    entries
}
