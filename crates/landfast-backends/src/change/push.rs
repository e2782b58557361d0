//! Whether a state may be put in the place of another one.

use landfast_state::json::{Limits, Raw, write_canonical};
use landfast_state::{EditError, StateFile};

/// Why a state is not put in the place of another one. The messages name both serials or lineages, and no value.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PushError {
    /// It belongs to other infrastructure.
    #[error("the state there has the lineage {there}, and the new one {new}")]
    OtherLineage {
        /// The lineage that is there.
        there: String,
        /// That of the new state.
        new: String,
    },
    /// It is older.
    #[error("the state there has the serial {there}, and the new one {new}, which is lower")]
    LowerSerial {
        /// The serial that is there.
        there: u64,
        /// That of the new state.
        new: u64,
    },
    /// Two states of the same serial say different things.
    #[error("both have the serial {serial} and hold different things")]
    SameSerial {
        /// The serial of both.
        serial: u64,
    },
    /// The serial cannot be raised.
    #[error("the serial of the new state cannot be raised")]
    NotRaised(#[source] EditError),
}

/// What is looked at before a state is put in the place of another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum PushRules {
    /// The rules of `terraform state push`: the same lineage, and a higher serial.
    #[default]
    Checked,
    /// Neither lineage nor serial is looked at: where the serial is not higher, the state gets the next one, so that every
    /// program sees it as the newer one.
    Forced,
}

/// What a push is to do.
#[derive(Debug)]
pub enum Push {
    /// Nothing: what is there says the same.
    Nothing,
    /// This is to be written.
    Write(Box<StateFile>),
}

/// Decides whether `new` may follow what is there, by these rules. Terraform lets any state follow one without resources; here
/// that takes [`PushRules::Forced`] too.
///
/// # Errors
/// When it may not.
pub fn push(there: Option<&StateFile>, new: StateFile, rules: PushRules, limits: &Limits) -> Result<Push, PushError> {
    let Some(there) = there else { return Ok(Push::Write(Box::new(new))) };
    let is_other = there.lineage() != new.lineage() && !there.lineage().is_empty();
    if !is_other && there.serial() == new.serial() && says_the_same(there, &new, limits) {
        return Ok(Push::Nothing);
    }
    if rules == PushRules::Forced {
        if new.serial() > there.serial() {
            return Ok(Push::Write(Box::new(new)));
        }
        let raised = with_serial(&new, there.serial().saturating_add(1), limits).map_err(PushError::NotRaised)?;
        return Ok(Push::Write(Box::new(raised)));
    }
    if is_other {
        return Err(PushError::OtherLineage { there: there.lineage().to_owned(), new: new.lineage().to_owned() });
    }
    match new.serial().cmp(&there.serial()) {
        std::cmp::Ordering::Less => Err(PushError::LowerSerial { there: there.serial(), new: new.serial() }),
        std::cmp::Ordering::Equal => Err(PushError::SameSerial { serial: new.serial() }),
        std::cmp::Ordering::Greater => Ok(Push::Write(Box::new(new))),
    }
}

/// The state with another serial, and nothing else changed.
///
/// # Errors
/// When it would be no state any more.
pub fn with_serial(state: &StateFile, serial: u64, limits: &Limits) -> Result<StateFile, EditError> {
    let mut edit = state.edit();
    edit.set_serial(serial)?;
    edit.finish(limits)
}

/// Whether two states are the same document, however it is written.
fn says_the_same(a: &StateFile, b: &StateFile, limits: &Limits) -> bool {
    let canonical = |state: &StateFile| {
        let mut text = String::new();
        let raw = Raw::check(state.as_bytes(), limits).ok()?;
        write_canonical(raw, &mut text);
        Some(text)
    };
    a.as_bytes() == b.as_bytes() || canonical(a).is_some_and(|a| Some(a) == canonical(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn state(lineage: &str, serial: u64, output: u32) -> StateFile {
        let text = format!(
            r#"{{"version": 4, "serial": {serial}, "lineage": "{lineage}", "outputs": {{"a": {{"value": {output}, "type": "number"}}}}, "resources": []}}"#
        );
        StateFile::read(text.into(), "test", &Limits::default()).unwrap()
    }

    fn decide(there: Option<StateFile>, new: StateFile, rules: PushRules) -> Result<Option<(String, u64)>, String> {
        match push(there.as_ref(), new, rules, &Limits::default()) {
            Ok(Push::Nothing) => Ok(None),
            Ok(Push::Write(state)) => Ok(Some((state.lineage().to_owned(), state.serial()))),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn the_rules_are_those_of_terraform() {
        let checked = |there: Option<StateFile>, new| decide(there, new, PushRules::Checked);
        let written = |lineage: &str, serial| Ok(Some((lineage.to_owned(), serial)));
        assert_eq!(checked(None, state("l", 3, 1)), written("l", 3));
        assert_eq!(checked(Some(state("l", 3, 1)), state("l", 4, 2)), written("l", 4));
        assert_eq!(checked(Some(state("", 3, 1)), state("l", 4, 2)), written("l", 4));
        assert_eq!(checked(Some(state("l", 3, 1)), state("l", 3, 1)), Ok(None));
        let compact = state("l", 3, 1).as_bytes().iter().copied().filter(|byte| *byte != b' ').collect::<Vec<_>>();
        let compact = StateFile::read(compact.into(), "test", &Limits::default()).unwrap();
        assert_eq!(checked(Some(state("l", 3, 1)), compact), Ok(None));
        for (new, message) in [
            (state("m", 9, 1), "the state there has the lineage l, and the new one m"),
            (state("l", 2, 1), "the state there has the serial 3, and the new one 2, which is lower"),
            (state("l", 3, 2), "both have the serial 3 and hold different things"),
        ] {
            assert_eq!(checked(Some(state("l", 3, 1)), new), Err(message.to_owned()));
        }
    }

    #[test]
    fn force_raises_the_serial_where_it_must() {
        let forced = |new| decide(Some(state("l", 3, 1)), new, PushRules::Forced).unwrap();
        assert_eq!(forced(state("m", 2, 1)), Some((String::from("m"), 4)));
        assert_eq!(forced(state("l", 3, 2)), Some((String::from("l"), 4)));
        assert_eq!(forced(state("l", 9, 2)), Some((String::from("l"), 9)));
        assert_eq!(forced(state("l", 3, 1)), None);
    }
}
