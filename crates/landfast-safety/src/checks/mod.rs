//! The built-in checks, a file each.

pub(crate) mod approvals;
mod authorised;
mod backup_taken;
mod blast_radius;
mod concurrent_operation;
mod config_compatibility;
mod config_hash_match;
mod cost_impact;
mod data_loss;
mod delete_threshold;
mod dependencies_healthy;
mod freeze;
mod irreversible_steps;
mod lock_held;
mod maintenance_window;
mod no_drift;
mod no_policy_violation;
mod no_slo_violation;
mod protected_resources;
mod rate_of_change;
mod resource_exists;
mod schema_compatibility;
mod target_exists;
mod target_status_successful;
mod values_available;

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
        CatalogueEntry::of::<concurrent_operation::ConcurrentOperation>(),
        CatalogueEntry::of::<config_compatibility::ConfigCompatibility>(),
        CatalogueEntry::of::<config_hash_match::ConfigHashMatch>(),
        CatalogueEntry::of::<cost_impact::CostImpactCheck>(),
        CatalogueEntry::of::<dependencies_healthy::DependenciesHealthy>(),
        CatalogueEntry::of::<no_drift::NoDrift>(),
        CatalogueEntry::of::<no_policy_violation::NoPolicyViolation>(),
        CatalogueEntry::of::<no_slo_violation::NoSloViolation>(),
        CatalogueEntry::of::<resource_exists::ResourceExists>(),
        CatalogueEntry::of::<schema_compatibility::SchemaCompatibility>(),
        CatalogueEntry::of::<target_exists::TargetExists>(),
        CatalogueEntry::of::<target_status_successful::TargetStatusSuccessful>(),
        CatalogueEntry::of::<values_available::ValuesAvailable>(),
    ];
    entries.sort_by(|a, b| a.id.cmp(&b.id));
    entries
}
