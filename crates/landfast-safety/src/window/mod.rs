//! Spans of time that recur.

mod cron;

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone, TimeZoneDatabase};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize, Serializer};

pub(crate) use cron::Cron;

use crate::environments::Environments;

/// A window: it opens at certain times by the clocks of a place, and stays open for so long.
///
/// It opens at the first moment at which those clocks show its time or a later one: where they are put forward past it, that
/// is when they are. Where they are put back and show the time twice, a window that forbids opens both times, and one that
/// allows only the first time. From then on it is open for its length as a stop-watch measures it.
#[derive(Debug, Deserialize)]
#[serde(try_from = "Form")]
pub(crate) struct Window {
    form: Form,
    opens: Cron,
    zone: TimeZone,
    length: SignedDuration,
}

/// A window as configuration has it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Form {
    /// Name, for whoever is refused.
    #[serde(default)]
    name: String,
    /// Globs of environments; all of them where nothing is said.
    #[serde(default)]
    environments: Environments,
    /// The time zone, as IANA names it.
    zone: String,
    /// When it opens: minute, hour, day, month and day of the week, as cron writes them.
    opens: String,
    /// How long it is open, such as `4h` or `90m`.
    #[serde(rename = "for")]
    length: String,
}

/// What becomes of a time that the clocks show twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Folds {
    /// The window opens the first time.
    First,
    /// It opens both times.
    Both,
}

impl TryFrom<Form> for Window {
    type Error = String;

    fn try_from(form: Form) -> Result<Self, String> {
        const LONGEST: SignedDuration = SignedDuration::from_hours(31 * 24);
        let length: SignedDuration =
            form.length.parse().map_err(|_| format!("{:?} is no length such as 90m or 4h", form.length))?;
        if !(SignedDuration::from_mins(1)..=LONGEST).contains(&length) {
            return Err(format!("a window is open for a minute to 744 hours, and not for {:?}", form.length));
        }
        if form.environments.is_empty() {
            return Err("a window is about no environment".to_owned());
        }
        Ok(Self { opens: Cron::parse(&form.opens)?, zone: zone(&form.zone)?, length, form })
    }
}

impl Serialize for Window {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.form.serialize(serializer)
    }
}

/// The time zone with this name. The zones come with the program: those of the machine may be others tomorrow.
pub(crate) fn zone(name: &str) -> Result<TimeZone, String> {
    TimeZoneDatabase::bundled().get(name).map_err(|_| format!("there is no time zone {name:?}"))
}

impl Window {
    /// The environments that it is about.
    pub(crate) fn environments(&self) -> &Environments {
        &self.form.environments
    }

    /// Its name, or when it opens.
    pub(crate) fn label(&self) -> String {
        let Form { name, opens, zone, length, .. } = &self.form;
        let when = format!("opens at {opens:?} in {zone} for {length}");
        if name.is_empty() { when } else { format!("{name}, {when}") }
    }

    /// Whether it is open now.
    pub(crate) fn is_open(&self, now: Timestamp, folds: Folds) -> bool {
        let earliest = now.checked_sub(self.length).unwrap_or(Timestamp::MIN);
        let local = |time: Timestamp| self.zone.to_datetime(time).date();
        // Clocks have been put forward past a whole day, and never past more.
        let mut day = local(earliest).saturating_sub(jiff::Span::new().days(2));
        let last = local(now).saturating_add(jiff::Span::new().days(1));
        loop {
            if self.opens.has_day(day) {
                let mut times = self.opens.times();
                if times.any(|(hour, minute)| self.is_open_from(day.at(hour, minute, 0, 0), now, folds)) {
                    return true;
                }
            }
            match day.tomorrow() {
                Ok(next) if next <= last => day = next,
                _ => return false,
            }
        }
    }

    /// Whether it is open now because the clocks showed this time.
    fn is_open_from(&self, shown: DateTime, now: Timestamp, folds: Folds) -> bool {
        let is_open = |opened: Timestamp| opened <= now && now.duration_since(opened) < self.length;
        match self.zone.to_ambiguous_timestamp(shown).offset() {
            AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(shown).is_ok_and(is_open),
            AmbiguousOffset::Fold { before, after } => {
                before.to_timestamp(shown).is_ok_and(is_open)
                    || (folds == Folds::Both && after.to_timestamp(shown).is_ok_and(is_open))
            }
            AmbiguousOffset::Gap { after, .. } => {
                // Read by the clocks as they are afterwards, a time that was left out is before they were changed.
                let Ok(before_change) = after.to_timestamp(shown) else { return false };
                let changed = self.zone.following(before_change).find(|change| change.offset() == after);
                changed.is_some_and(|change| is_open(change.timestamp()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    fn window(zone: &str, opens: &str, length: &str) -> Window {
        let form = Form {
            name: String::new(),
            environments: Environments::default(),
            zone: zone.to_owned(),
            opens: opens.to_owned(),
            length: length.to_owned(),
        };
        form.try_into().unwrap()
    }

    fn is_open(window: &Window, at: &str, folds: Folds) -> bool {
        window.is_open(at.parse().unwrap(), folds)
    }

    #[test]
    fn opens_and_closes() {
        let night = window("Europe/Berlin", "0 22 * * sat", "4h");
        for (at, expected) in [
            ("2026-11-21T20:59:59Z", false),
            ("2026-11-21T21:00:00Z", true),
            ("2026-11-22T00:59:59Z", true),
            ("2026-11-22T01:00:00Z", false),
            // It is summer, and so an hour earlier.
            ("2026-07-04T19:59:59Z", false),
            ("2026-07-04T20:00:00Z", true),
        ] {
            assert_eq!(is_open(&night, at, Folds::First), expected, "{at}");
        }
    }

    #[test]
    fn a_time_that_is_left_out_opens_when_the_clocks_are_changed() {
        let window = window("Europe/Berlin", "30 2 * * *", "1h");
        for (at, expected) in
            [("2026-03-29T00:59:59Z", false), ("2026-03-29T01:00:00Z", true), ("2026-03-29T02:00:00Z", false)]
        {
            assert_eq!(is_open(&window, at, Folds::First), expected, "{at}");
        }
        // The whole day was left out.
        let apia = super::tests::window("Pacific/Apia", "0 12 30 dec *", "1h");
        assert!(is_open(&apia, "2011-12-30T10:00:00Z", Folds::First));
        assert!(!is_open(&apia, "2011-12-30T09:59:59Z", Folds::First));
    }

    #[test]
    fn a_time_that_is_shown_twice_allows_once_and_forbids_twice() {
        let window = window("Europe/Berlin", "30 2 * * *", "20m");
        for (at, first, both) in [
            ("2026-10-25T00:30:00Z", true, true),
            ("2026-10-25T00:50:00Z", false, false),
            ("2026-10-25T01:30:00Z", false, true),
            ("2026-10-25T01:50:00Z", false, false),
        ] {
            assert_eq!((is_open(&window, at, Folds::First), is_open(&window, at, Folds::Both)), (first, both), "{at}");
        }
    }

    /// Walks through all minutes, looks at the clock in each, and knows nothing of gaps and folds but what it sees there.
    fn is_open_by_looking(window: &Window, now: Timestamp, folds: Folds) -> bool {
        let minute = SignedDuration::from_mins(1);
        let mut time = now - window.length - SignedDuration::from_hours(50);
        time = Timestamp::from_second(time.as_second().div_euclid(60) * 60).unwrap();
        let mut seen = HashSet::new();
        let mut latest = None;
        let times: HashSet<(i8, i8)> = window.opens.times().collect();
        let fits =
            |shown: DateTime| window.opens.has_day(shown.date()) && times.contains(&(shown.hour(), shown.minute()));
        let mut open = false;
        while time <= now {
            let shown = window.zone.to_datetime(time);
            let again = !seen.insert(shown);
            let mut opens = fits(shown) && (!again || folds == Folds::Both);
            // What the clock has passed over since the latest time that it ever showed.
            let mut passed = latest.unwrap_or(shown);
            while passed < shown {
                opens |= passed != latest.unwrap() && fits(passed);
                passed += minute;
            }
            latest = latest.max(Some(shown));
            open |= opens && now.duration_since(time) < window.length;
            time += minute;
        }
        open
    }

    const ZONES: [&str; 8] = [
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "America/St_Johns",
        "Africa/Casablanca",
        "Pacific/Apia",
        "America/Sao_Paulo",
        "Asia/Kolkata",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(256))]

        #[test]
        fn windows_are_open_when_looking_at_the_clock_says_so(
            zone in prop::sample::select(&ZONES[..]),
            from in 631_152_000i64..2_114_380_800,
            away in -180i64..3000,
            minute in prop::sample::select(&["0", "30", "15,45", "*/20", "59"][..]),
            hour in prop::sample::select(&["*", "0", "1", "2", "1-3", "23", "12"][..]),
            day in prop::sample::select(&["* * *", "* * sun", "25-31 * *", "1 * sun", "30 dec *"][..]),
            length in prop::sample::select(&["1m", "20m", "1h", "3h", "26h"][..]),
            folds in prop::sample::select(&[Folds::First, Folds::Both][..]),
        ) {
            let window = window(zone, &format!("{minute} {hour} {day}"), length);
            // Most of the time is dull: look around changes of the clocks.
            let from = Timestamp::from_second(from).unwrap();
            let change = window.zone.following(from).next().map_or(from, |change| change.timestamp());
            let now = change + SignedDuration::from_mins(away);
            prop_assert_eq!(
                window.is_open(now, folds),
                is_open_by_looking(&window, now, folds),
                "{} at {}", window.label(), now
            );
        }
    }
}
