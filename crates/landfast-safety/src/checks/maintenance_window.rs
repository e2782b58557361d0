//! `maintenance-window`: things change when they are meant to.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::builtin::Judge;
use crate::check::{CheckError, Evidence, Verdict};
use crate::context::Context;
use crate::outcome::Level;
use crate::window::{Folds, Window};

/// No window that forbids is open, and where there are windows that allow, one of them is. A window opens at times that are
/// written as cron writes them (`opens = "0 22 * * sat"`), in a time zone of IANA's, for so long (`for = "4h"`); it is about
/// some environments, or all.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct MaintenanceWindow {
    /// Windows in which changes may happen. Where none is about the environment, they may at any time.
    allow: Vec<Window>,
    /// Windows in which no change may happen, whatever is allowed.
    deny: Vec<Window>,
}

impl Judge for MaintenanceWindow {
    const ID: &'static str = "maintenance-window";
    const QUESTION: &'static str = "Is this a time at which the environment may change?";
    const ADVICE: &'static str = "wait for a window that is open";
    const LEVEL: Level = Level::Allow;

    fn judge(&self, context: &Context) -> Result<Verdict, CheckError> {
        if self.allow.is_empty() && self.deny.is_empty() {
            return Err(CheckError::not_known("when changes may happen, since no window is configured"));
        }
        let now = Timestamp::try_from(context.now())
            .map_err(|_| CheckError::not_known("what time it is, since the clock is out of all bounds"))?;
        let environment = &context.proposal().target.environment;
        let (allow, deny) = (about(&self.allow, environment)?, about(&self.deny, environment)?);
        if let Some(window) = deny.iter().find(|window| window.is_open(now, Folds::Both)) {
            return Ok(Verdict::fail(vec![Evidence::of_all(format!("no change may happen now: {}", window.label()))]));
        }
        if allow.is_empty() {
            let found = format!("no window says when {environment:?} may change, and none that forbids it is open");
            return Ok(Verdict::Pass(vec![Evidence::of_all(found)]));
        }
        if let Some(window) = allow.iter().find(|window| window.is_open(now, Folds::First)) {
            return Ok(Verdict::Pass(vec![Evidence::of_all(window.label())]));
        }
        let closed = allow.iter().map(|window| Evidence::of_all(format!("closed: {}", window.label()))).collect();
        Ok(Verdict::fail(closed))
    }
}

/// The windows that are about this environment.
fn about<'a>(windows: &'a [Window], environment: &str) -> Result<Vec<&'a Window>, CheckError> {
    let mut found = Vec::new();
    for window in windows {
        if window.environments().hold(environment)? {
            found.push(window);
        }
    }
    Ok(found)
}
