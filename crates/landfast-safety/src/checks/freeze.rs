//! `freeze`: nothing changes while changes are frozen.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize, Serializer};

use crate::builtin::Judge;
use crate::check::{CheckError, Evidence, Verdict};
use crate::context::Context;
use crate::environments::Environments;
use crate::window::zone;

/// No freeze is in force. A freeze begins and ends at dates (`2026-12-20`, the last one included, in a time zone of IANA's) or
/// at times of RFC 3339 (`2026-12-20T18:00:00Z`, the last one excluded), is about some environments, or all, and has a reason.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Freeze {
    /// The freezes. Without any, nothing is frozen.
    freezes: Vec<Span>,
}

#[derive(Debug, Deserialize)]
#[serde(try_from = "Form")]
struct Span {
    form: Form,
    from: Timestamp,
    until: Timestamp,
}

/// A freeze as configuration has it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Form {
    /// When it begins: a date or a time.
    from: String,
    /// When it ends: a date or a time.
    to: String,
    /// The time zone of dates, as IANA names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    zone: Option<String>,
    /// Globs of environments; all of them where nothing is said.
    #[serde(default)]
    environments: Environments,
    /// Why, for whoever is refused.
    reason: String,
}

impl TryFrom<Form> for Span {
    type Error = String;

    fn try_from(form: Form) -> Result<Self, String> {
        if form.reason.trim().is_empty() {
            return Err(format!("the freeze from {} has no reason", form.from));
        }
        if form.environments.is_empty() {
            return Err(format!("the freeze from {} is about no environment", form.from));
        }
        let zone = form.zone.as_deref().map(zone).transpose()?;
        let from = begin(&form.from, zone.as_ref(), Some)?;
        let until = begin(&form.to, zone.as_ref(), |date| date.tomorrow().ok())?;
        if from >= until {
            return Err(format!("the freeze from {} ends before it begins, at {}", form.from, form.to));
        }
        Ok(Self { form, from, until })
    }
}

/// When the day begins that `day` makes of a date, or the moment that is written.
fn begin(text: &str, zone: Option<&TimeZone>, day: impl Fn(Date) -> Option<Date>) -> Result<Timestamp, String> {
    let wrong = || format!("{text:?} is neither a date such as 2026-12-20 nor a time of RFC 3339");
    if text.len() != "2026-12-20".len() {
        return text.parse().map_err(|_| wrong());
    }
    let date: Date = text.parse().map_err(|_| wrong())?;
    let zone = zone.ok_or_else(|| format!("{text} is a date, and a zone has to say where"))?;
    let begins = day(date).and_then(|date| date.to_zoned(zone.clone()).ok());
    begins.map(|begins| begins.timestamp()).ok_or_else(wrong)
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.form.serialize(serializer)
    }
}

impl Judge for Freeze {
    const ID: &'static str = "freeze";
    const QUESTION: &'static str = "Are changes of the environment frozen?";
    const ADVICE: &'static str =
        "wait until the freeze ends, or override this check with the reason why this cannot wait";

    fn judge(&self, context: &Context) -> Result<Verdict, CheckError> {
        let now = Timestamp::try_from(context.now())
            .map_err(|_| CheckError::not_known("what time it is, since the clock is out of all bounds"))?;
        let mut evidence = Vec::new();
        for freeze in self.freezes.iter().filter(|freeze| freeze.from <= now && now < freeze.until) {
            if freeze.form.environments.hold(&context.proposal().target.environment)? {
                let Form { from, to, reason, .. } = &freeze.form;
                evidence.push(Evidence::of_all(format!("frozen from {from} to {to}: {reason}")));
            }
        }
        if evidence.is_empty() {
            let found = format!("none of {} freezes is in force", self.freezes.len());
            return Ok(Verdict::Pass(vec![Evidence::of_all(found)]));
        }
        Ok(Verdict::fail(evidence))
    }
}
