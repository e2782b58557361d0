//! What names and texts are made of.

use fastrand::Rng;

pub(crate) const WORDS: &[&str] = &[
    "account",
    "archive",
    "audit",
    "basket",
    "billing",
    "build",
    "cache",
    "catalogue",
    "checkout",
    "crawler",
    "customer",
    "delivery",
    "digest",
    "discount",
    "edge",
    "export",
    "fraud",
    "gateway",
    "import",
    "index",
    "inventory",
    "invoice",
    "ledger",
    "login",
    "mail",
    "media",
    "metrics",
    "notify",
    "orders",
    "partner",
    "payment",
    "picker",
    "pricing",
    "profile",
    "queue",
    "refund",
    "report",
    "returns",
    "search",
    "session",
    "shipping",
    "shop",
    "stock",
    "storage",
    "tax",
    "ticket",
    "tracking",
    "upload",
    "voucher",
    "warehouse",
    "webhook",
    "zürich",
];

pub(crate) const REGIONS: &[&str] = &["ap-southeast-2", "eu-central-1", "eu-west-1", "us-east-1", "us-west-2"];

pub(crate) const ENVIRONMENTS: &[&str] = &["production", "staging", "test"];

pub(crate) const TAG_KEYS: &[&str] =
    &["CostCenter", "Compliance", "Project", "Retention", "aws:created by", "team/owner"];

/// Keys of `for_each`, sorted as terraform sorts them.
pub(crate) const KEYS: &[&str] = &[
    "analytics",
    "billing.eu",
    "blue",
    "eu-central-1",
    "green",
    "mail/digests",
    "orders",
    "search <beta>",
    "us-east-1",
];

/// Names of resources, sorted.
pub(crate) const NAMES: &[&str] = &[
    "api", "app", "backend", "data", "default", "events", "jobs", "main", "primary", "private", "public", "this", "web",
];

/// One of them. `choices` must not be empty.
pub(crate) fn pick<T: Copy>(rng: &mut Rng, choices: &[T]) -> T {
    // The draw is over u64, so that it is the same on machines with other word sizes.
    let at = rng.u64(0..choices.len() as u64);
    #[allow(clippy::indexing_slicing, reason = "drawn below the length")]
    choices[usize::try_from(at).unwrap_or(0)]
}
