//! The built-in checks, a file each.

mod approvals;
mod authorised;
mod backup_taken;
mod blast_radius;
mod data_loss;
mod delete_threshold;
mod freeze;
mod irreversible_steps;
mod lock_held;
mod maintenance_window;
mod protected_resources;
mod rate_of_change;

use crate::builtin::CatalogueEntry;

/// Every built-in check, sorted by id.
#[must_use]
pub fn catalogue() -> Vec<CatalogueEntry> {
    let mut entries = vec![
        CatalogueEntry::of::<approvals::Approvals>(),
        CatalogueEntry::of::<crate::authority::Authority>(),
        CatalogueEntry::of::<backup_taken::BackupTaken>(),
        CatalogueEntry::of::<blast_radius::BlastRadius>(),
        CatalogueEntry::of::<data_loss::DataLoss>(),
        CatalogueEntry::of::<delete_threshold::DeleteThreshold>(),
        CatalogueEntry::of::<freeze::Freeze>(),
        CatalogueEntry::of::<irreversible_steps::IrreversibleSteps>(),
        CatalogueEntry::of::<lock_held::LockHeld>(),
        CatalogueEntry::of::<maintenance_window::MaintenanceWindow>(),
        CatalogueEntry::of::<protected_resources::ProtectedResources>(),
        CatalogueEntry::of::<rate_of_change::RateOfChange>(),
    ];
    entries.sort_by(|a, b| a.id.cmp(&b.id));
    entries
}
