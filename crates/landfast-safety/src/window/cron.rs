//! Recurring moments, written as cron does.

use jiff::civil::Date;

/// Five fields with blanks between them: minute, hour, day of the month, month, day of the week. Each is `*`, a number, a range
/// `a-b`, either with a step `/n` (`*/15`, `8-18/2`), or several of these with commas between them. Months and days of the week
/// may be their English names of three letters; Sunday is 0 and 7. Where neither the day of the month nor the day of the week
/// begins with `*`, either is enough; otherwise both must fit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cron {
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    /// Bit 0 is Sunday.
    weekdays: u64,
    /// Whether one kind of day is enough.
    either_day: bool,
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS: [&str; 7] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/// One field: its name, its bounds, and names of its numbers, from the lowest on.
struct Field {
    name: &'static str,
    low: u32,
    high: u32,
    names: &'static [&'static str],
}

impl Cron {
    /// Reads the five fields; where they are none, says why.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let fields: Vec<&str> = text.split_ascii_whitespace().collect();
        let [minute, hour, day, month, weekday] = fields.as_slice() else {
            return Err(format!("{text:?} has {} fields, and five are needed", fields.len()));
        };
        let read = |name, low, high, names, text: &str| Field { name, low, high, names }.parse(text);
        let weekdays = read("day of the week", 0, 7, &WEEKDAYS, weekday)?;
        let cron = Self {
            minutes: read("minute", 0, 59, &[], minute)?,
            hours: read("hour", 0, 23, &[], hour)?,
            days: read("day of the month", 1, 31, &[], day)?,
            months: read("month", 1, 12, &MONTHS, month)?,
            weekdays: (weekdays | weekdays >> 7) & 0x7f,
            either_day: !day.starts_with('*') && !weekday.starts_with('*'),
        };
        if cron.comes() { Ok(cron) } else { Err(format!("{text:?} never comes")) }
    }

    /// Whether there is any such day, which there is not for the 31st of April.
    fn comes(&self) -> bool {
        const LONGEST: [u32; 12] = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let first = (1..=31).find(|day| has(self.days, *day)).unwrap_or(31);
        self.either_day || LONGEST.iter().zip(1..).any(|(longest, month)| has(self.months, month) && first <= *longest)
    }

    /// Whether there are moments on this day.
    pub(crate) fn has_day(&self, date: Date) -> bool {
        let day = has(self.days, u32::from(date.day().unsigned_abs()));
        let weekday = has(self.weekdays, u32::from(date.weekday().to_sunday_zero_offset().unsigned_abs()));
        let fits = if self.either_day { day || weekday } else { day && weekday };
        fits && has(self.months, u32::from(date.month().unsigned_abs()))
    }

    /// The moments of a day that has any, as hour and minute.
    pub(crate) fn times(&self) -> impl Iterator<Item = (i8, i8)> {
        let minutes = |hour| (0..60).filter(|minute| has(self.minutes, *minute)).map(move |minute| (hour, minute));
        let times = (0..24).filter(|hour| has(self.hours, *hour)).flat_map(minutes);
        times.filter_map(|(hour, minute)| Some((i8::try_from(hour).ok()?, i8::try_from(minute).ok()?)))
    }
}

fn has(set: u64, number: u32) -> bool {
    set >> number & 1 == 1
}

impl Field {
    fn parse(&self, text: &str) -> Result<u64, String> {
        text.split(',').try_fold(0, |set, part| Ok(set | self.part(part)?))
    }

    fn part(&self, text: &str) -> Result<u64, String> {
        let wrong = |why: &str| format!("the {} {text:?} {why}", self.name);
        let (range, step) = match text.split_once('/') {
            None => (text, None),
            Some((range, step)) => {
                let step = step.parse::<u32>().ok().filter(|step| (1..=self.high).contains(step));
                (range, Some(step.ok_or_else(|| wrong(&format!("has no step from 1 to {}", self.high)))?))
            }
        };
        let (low, high) = match range.split_once('-') {
            _ if range == "*" => (self.low, self.high),
            Some((low, high)) => (self.number(low)?, self.number(high)?),
            None if step.is_some() => return Err(wrong("has a step and no range")),
            None => (self.number(range)?, self.number(range)?),
        };
        if low > high {
            return Err(wrong("runs backwards"));
        }
        let numbers = (low..=high).step_by(usize::try_from(step.unwrap_or(1)).unwrap_or(1));
        Ok(numbers.fold(0, |set, number| set | 1 << number))
    }

    fn number(&self, text: &str) -> Result<u32, String> {
        let lower = text.to_ascii_lowercase();
        if let Some(at) = self.names.iter().position(|name| **name == lower) {
            return Ok(self.low + u32::try_from(at).unwrap_or(u32::MAX));
        }
        let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = text.parse().ok().filter(|number| plain && (self.low..=self.high).contains(number));
        number.ok_or_else(|| format!("the {} {text:?} is not from {} to {}", self.name, self.low, self.high))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn times(text: &str) -> Vec<(i8, i8)> {
        Cron::parse(text).unwrap().times().collect()
    }

    #[test]
    fn times_of_a_day() {
        assert_eq!(times("30 22 * * *"), [(22, 30)]);
        assert_eq!(times("*/20 8-10/2 * * *"), [(8, 0), (8, 20), (8, 40), (10, 0), (10, 20), (10, 40)]);
        assert_eq!(times("5,1 3 * * *"), [(3, 1), (3, 5)]);
        assert_eq!(times("* * * * *").len(), 1440);
    }

    #[test]
    fn days() {
        let has = |text: &str, day: Date| Cron::parse(text).unwrap().has_day(day);
        let (sunday, monday, first) = (date(2026, 11, 22), date(2026, 11, 23), date(2026, 11, 1));
        for (text, day, expected) in [
            ("0 0 * * sun", sunday, true),
            ("0 0 * * 7", sunday, true),
            ("0 0 * * 0", sunday, true),
            ("0 0 * * 0", monday, false),
            ("0 0 * * mon-FRI", monday, true),
            ("0 0 * * 5-7", sunday, true),
            ("0 0 22 * *", sunday, true),
            ("0 0 22 nov *", sunday, true),
            ("0 0 22 dec *", sunday, false),
            // Both are given: either is enough.
            ("0 0 23 * sun", sunday, true),
            ("0 0 23 * sun", monday, true),
            ("0 0 23 * sun", date(2026, 11, 24), false),
            ("0 0 */7 * sun", first, true),
            ("0 0 */7 * sun", sunday, true),
            ("0 0 */7 * sun", monday, false),
        ] {
            assert_eq!(has(text, day), expected, "{text} {day}");
        }
    }

    #[test]
    fn what_is_no_cron_says_why() {
        for (text, why) in [
            ("0 0 * *", "has 4 fields"),
            ("60 0 * * *", "the minute \"60\" is not from 0 to 59"),
            ("0 0 0 * *", "the day of the month \"0\" is not from 1 to 31"),
            ("0 0 * foo *", "the month \"foo\" is not"),
            ("0 9-8 * * *", "runs backwards"),
            ("0 */0 * * *", "has no step"),
            ("0 5/2 * * *", "a step and no range"),
            ("+1 0 * * *", "is not from"),
            ("0 , * * *", "is not from"),
            ("0 0 31 4,6 *", "never comes"),
        ] {
            let error = Cron::parse(text).unwrap_err();
            assert!(error.contains(why), "{text}: {error}");
        }
    }
}
