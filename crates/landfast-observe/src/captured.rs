//! Files that were written earlier, in the place of what is there.

use landfast_state::{Document, Observation, Snapshot};

use crate::observer::{ObserveFuture, ObserveRequest, Observed, Observer};

/// A state, plan, show JSON, snapshot or observation file that stands for what is observed.
#[derive(Debug, Clone)]
pub struct Captured {
    name: String,
    recorded: Option<Snapshot>,
    observation: Observation,
}

impl Captured {
    /// An observer that finds what the document holds. A plan also tells what was recorded before it refreshed.
    #[must_use]
    pub fn new(document: &Document) -> Self {
        let observation = document.observed();
        let name = observation.snapshot.origins().first().map(|origin| origin.source.clone()).unwrap_or_default();
        let recorded = match document {
            Document::Plan(plan) => Some(plan.recorded().clone()),
            _ => None,
        };
        Self { name, recorded, observation }
    }
}

impl Observer for Captured {
    fn name(&self) -> &str {
        &self.name
    }

    fn observe(&self, request: ObserveRequest) -> ObserveFuture<'_> {
        let observed = Observed::new(self.recorded.clone(), self.observation.clone());
        Box::pin(std::future::ready(Ok(request.scope.restrict(observed))))
    }
}
