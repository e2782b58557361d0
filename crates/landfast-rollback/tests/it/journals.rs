//! Journals: what their records come to, and what is left of them in files.

use landfast_rollback::journal::{
    Doubt, Ended, FileJournal, Journal, JournalFileError, Record, StepEnd, StepState, View, ViewError, read_journal,
};
use landfast_rollback::plan::StepId;
use landfast_rollback::{Direction, OnFailure, OperationOptions, OperationState, write_plan};
use landfast_safety::ActionKind;

use crate::scene::{key, object, text};
use crate::theatre::{parts, step};

const AT: &str = "2026-11-21T10:00:00.000Z";

fn opened(options: OperationOptions) -> Record {
    let thing = |name: &str| object("mem_plain.a", &[("name", text(name))], &[]);
    let plan = parts(vec![thing("old")], vec![thing("new")], vec![step(1, ActionKind::Update, "mem_plain.a")]);
    let plan = write_plan(&plan.into_plan(&key()).unwrap());
    Record::Opened { operation: "op".into(), plan, options, who: "me".into(), at: AT.into() }
}

fn intent(number: u32, direction: Direction) -> Record {
    Record::Intent { step: StepId::new(number), direction, at: AT.into() }
}

fn ended(number: u32, direction: Direction, end: StepEnd) -> Record {
    let end = Ended { end, object: None, left: None, failure: None, why: String::new() };
    Record::Ended { step: StepId::new(number), direction, end, at: AT.into() }
}

fn went(from: OperationState, to: OperationState) -> Record {
    Record::Went { from, to, level: "info".into(), why: String::new(), at: AT.into() }
}

fn view(records: &[Record]) -> Result<View, ViewError> {
    View::of([opened(OperationOptions::default())].iter().chain(records))
}

#[test]
fn records_that_cannot_be_are_named_by_their_number() {
    assert!(matches!(View::of(&[]), Err(ViewError::NotOpened)));
    assert!(matches!(View::of(&[intent(1, Direction::Forward)]), Err(ViewError::NotOpened)));
    let twice = view(&[intent(1, Direction::Forward), opened(OperationOptions::default())]).unwrap_err();
    assert_eq!(twice.to_string(), "the journal opens a second operation in record 3");
    for record in [intent(7, Direction::Forward), ended(7, Direction::Back, StepEnd::Done)] {
        let unknown = view(&[record]).unwrap_err();
        assert_eq!(unknown.to_string(), "record 2 of the journal is about step 7, which the plan does not have");
    }
    for wrong in [
        went(OperationState::Pending, OperationState::Applied),
        went(OperationState::Applying, OperationState::Applied),
    ] {
        assert_eq!(view(&[wrong]).unwrap_err().to_string(), "record 2 of the journal cannot be");
    }
}

#[test]
fn each_end_of_a_step_says_where_it_stands() {
    use Direction::{Back, Forward};
    let one = StepId::new(1);
    let stands = |records: &[Record]| view(records).unwrap().step(one);
    assert_eq!(stands(&[]), StepState::NotStarted);
    assert_eq!(stands(&[intent(1, Forward)]), StepState::Unknown);
    for (end, state) in [
        (StepEnd::Done, StepState::Applied),
        (StepEnd::NoEffect, StepState::NotStarted),
        (StepEnd::Partial, StepState::Failed),
        (StepEnd::Unknown, StepState::Unknown),
        (StepEnd::ThirdParty, StepState::NotStarted),
        (StepEnd::NotTried, StepState::NotStarted),
    ] {
        assert_eq!(stands(&[intent(1, Forward), ended(1, Forward, end)]), state, "{end:?}");
    }
    for (first, end, state) in [
        (StepEnd::Done, StepEnd::Done, StepState::Reverted),
        (StepEnd::Done, StepEnd::NoEffect, StepState::Applied),
        (StepEnd::Partial, StepEnd::NoEffect, StepState::Failed),
        (StepEnd::Done, StepEnd::Partial, StepState::Failed),
        (StepEnd::Done, StepEnd::Unknown, StepState::Unknown),
        (StepEnd::Done, StepEnd::NotTried, StepState::Applied),
        (StepEnd::Partial, StepEnd::ThirdParty, StepState::Failed),
    ] {
        let records = [intent(1, Forward), ended(1, Forward, first), intent(1, Back), ended(1, Back, end)];
        assert_eq!(stands(&records), state, "{first:?}, {end:?}");
    }
    // Not known before, and nothing was done about it.
    let put_off =
        [ended(1, Forward, StepEnd::Partial), ended(1, Back, StepEnd::NotTried), ended(1, Back, StepEnd::NoEffect)];
    assert_eq!(stands(&put_off), StepState::Failed);
}

#[test]
fn a_doubt_lasts_until_it_is_read() {
    use Direction::{Back, Forward};
    let doubts = |records: &[Record]| view(records).unwrap().doubts().collect::<Vec<_>>();
    let doubt = |direction| vec![Doubt { step: StepId::new(1), direction }];
    assert_eq!(doubts(&[]), []);
    assert_eq!(doubts(&[intent(1, Forward)]), doubt(Forward));
    assert_eq!(doubts(&[intent(1, Forward), ended(1, Forward, StepEnd::Unknown)]), doubt(Forward));
    assert_eq!(
        doubts(&[intent(1, Forward), ended(1, Forward, StepEnd::Unknown), ended(1, Back, StepEnd::NotTried)]),
        doubt(Forward)
    );
    assert_eq!(doubts(&[intent(1, Forward), ended(1, Forward, StepEnd::Done), intent(1, Back)]), doubt(Back));
    assert_eq!(doubts(&[intent(1, Forward), ended(1, Forward, StepEnd::Done)]), []);
    assert_eq!(doubts(&[intent(1, Forward), ended(1, Forward, StepEnd::NotTried)]), []);
}

#[test]
fn what_failed_wants_to_be_taken_back_once_it_came_to_applying() {
    use OperationState::{Applying, Failed, Pending, ValidatingSafety};
    let to_applying = [went(Pending, ValidatingSafety), went(ValidatingSafety, Applying)];
    let refused = view(&[went(Pending, ValidatingSafety), went(ValidatingSafety, Failed)]).unwrap();
    assert!(!refused.wants_rollback() && refused.is_ended());
    let mut records = vec![opened(OperationOptions::default())];
    records.extend(to_applying);
    let applying = View::of(&records).unwrap();
    assert!(!applying.wants_rollback() && !applying.is_ended());
    records.push(went(Applying, Failed));
    let failed = View::of(&records).unwrap();
    assert!(failed.wants_rollback() && !failed.is_ended());
    let mut handed = records.clone();
    let mut options = OperationOptions::default();
    options.on_failure = OnFailure::HandOver;
    handed[0] = opened(options);
    let handed = View::of(&handed).unwrap();
    assert!(!handed.wants_rollback() && handed.is_ended());
    records.insert(3, Record::Cancelled { at: AT.into() });
    let cancelled = View::of(&records).unwrap();
    assert!(!cancelled.wants_rollback() && cancelled.is_ended());
}

fn write(journal: &FileJournal, record: &Record) {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(journal.append(record)).unwrap();
}

#[test]
fn a_journal_in_a_file_is_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("op.journal");
    assert!(read_journal(&path).is_err() && FileJournal::take_up(&path).is_err());
    assert!(!path.exists(), "what is not there is not made by reading it");
    let records = vec![opened(OperationOptions::default()), intent(1, Direction::Forward)];
    {
        let journal = FileJournal::create(&path).unwrap();
        write(&journal, &records[0]);
        assert_eq!(read_journal(&path).unwrap().records, records[..1], "it can be read while it is written");
        assert!(matches!(FileJournal::take_up(&path), Err(JournalFileError::Open(_))), "and by nobody else written");
    }
    let again = FileJournal::create(&path).unwrap_err();
    assert!(again.to_string().starts_with("record 1 of "), "{again}");
    let (journal, log) = FileJournal::take_up(&path).unwrap();
    assert_eq!((log.records, log.torn), (records[..1].to_vec(), None));
    write(&journal, &records[1]);
    drop(journal);
    assert_eq!(read_journal(&path).unwrap().records, records);

    // An end that was not finished is seen, and cut off by whoever takes it up.
    let bytes = std::fs::read(&path).unwrap();
    std::fs::write(&path, &bytes[..bytes.len() - 3]).unwrap();
    let read = read_journal(&path).unwrap();
    assert!(read.records == records[..1] && read.torn.is_some());
    let (journal, log) = FileJournal::take_up(&path).unwrap();
    assert!(log.records == records[..1] && log.torn.is_some());
    write(&journal, &records[1]);
    drop(journal);
    assert_eq!(read_journal(&path).unwrap().records, records);

    // A byte that changed in what is whole is damage.
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 3;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    assert!(read_journal(&path).is_err() && FileJournal::take_up(&path).is_err());
}

#[test]
fn a_plan_as_large_as_a_state_fits_into_a_record() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("op.journal");
    let large = Record::Before { snapshot: "x".repeat(17 << 20), inverse: Vec::new(), at: AT.into() };
    let journal = FileJournal::create(&path).unwrap();
    write(&journal, &large);
    drop(journal);
    assert!(read_journal(&path).unwrap().records == [large]);
}
