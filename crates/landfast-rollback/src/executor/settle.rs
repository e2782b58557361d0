//! Looking whether what was done holds.

use std::time::Duration;

use landfast_state::ResourceObject;
use landfast_state::address::ObjectAddress;
use std::collections::BTreeMap;

use super::error::ExecuteError;
use super::forward::Stop;
use super::run::Run;
use crate::operation::Mode;
use crate::ports::Health;

impl Run<'_> {
    /// Everything is read again and compared with what it is to be, and probed; and once more when it has had time to settle.
    pub(super) async fn settle(&self) -> Result<Option<Stop>, ExecuteError> {
        if let Some(stop) = self.holds().await {
            return Ok(Some(stop));
        }
        if self.options.settle_seconds > 0 {
            self.wait(Duration::from_secs(self.options.settle_seconds)).await;
            if let Some(stop) = self.stop().await?
                && !crate::mutant::is(crate::mutant::Mutant::CancelIgnoredAtTheEnd)
            {
                return Ok(Some(stop));
            }
            return Ok(self.holds().await);
        }
        Ok(None)
    }

    /// Why what was done does not hold, if it does not.
    async fn holds(&self) -> Option<Stop> {
        for (address, expected) in self.end_of_plan() {
            if let Err(how) = self.is_as(&[(address, expected)]).await {
                return Some(format!("after all steps were done, {how}"));
            }
        }
        self.probe().await
    }

    /// What is to be at each address that the plan touches, once all of it is done.
    fn end_of_plan(&self) -> BTreeMap<&ObjectAddress, Option<&ResourceObject>> {
        let mut end = BTreeMap::new();
        for step in self.plan.steps() {
            if step.moves_to.is_some() {
                end.insert(&step.address, None);
            }
            end.insert(step.result_address(), self.plan.left_by(step));
        }
        end
    }

    /// What a probe says against it, if one does.
    pub(super) async fn probe(&self) -> Option<Stop> {
        if crate::mutant::is(crate::mutant::Mutant::ProbeIgnored) {
            return None;
        }
        for probe in &self.executor.ports.probes {
            match probe.ask().await {
                Ok(Health::Healthy) => {}
                Ok(Health::Unhealthy(why)) => return Some(format!("the probe {} says: {why}", probe.name())),
                Err(error) if self.options.mode == Mode::Strict => {
                    return Some(format!("the probe {} could not be asked: {error}", probe.name()));
                }
                Err(error) => {
                    tracing::warn!(probe = probe.name(), %error, "a probe could not be asked");
                }
            }
        }
        None
    }
}
