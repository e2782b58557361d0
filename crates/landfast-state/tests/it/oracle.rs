//! Every state of the corpus against what the real terraform 1.11.4 made of it.

use landfast_state::{Limits, ReadError, StateFile};

use crate::corpus::{corpus, files_below};

struct Case {
    file: String,
    accepted: bool,
    folder: std::path::PathBuf,
}

fn cases() -> Vec<Case> {
    let table = std::fs::read_to_string(corpus().join("oracle.tsv")).unwrap();
    table
        .lines()
        .skip(1)
        .map(|line| {
            let cells: Vec<&str> = line.split('\t').collect();
            Case {
                file: cells[0].to_owned(),
                accepted: cells[2] == "0",
                folder: corpus().join("oracle").join(cells[1]),
            }
        })
        .collect()
}

fn read(file: &str) -> Result<StateFile, ReadError> {
    StateFile::read(std::fs::read(corpus().join(file)).unwrap().into(), file, &Limits::default())
}

/// Files that terraform accepts and we refuse, each by design.
const STRICTER: [(&str, &str); 0] = [];

#[test]
fn states_are_accepted_and_refused_as_terraform_does() {
    let mut accepted = 0;
    for case in cases() {
        let stricter = STRICTER.iter().any(|(file, _)| *file == case.file);
        match read(&case.file) {
            Ok(_) => {
                assert!(case.accepted, "{} is refused by terraform", case.file);
                accepted += 1;
            }
            Err(error) => assert!(!case.accepted || stricter, "{error}"),
        }
    }
    assert_eq!(accepted, 196);
}

#[test]
fn addresses_are_what_state_list_prints() {
    for case in cases().into_iter().filter(|case| case.accepted) {
        let Ok(state) = read(&case.file) else { continue };
        let listed: String = state.snapshot().instances().map(|address| format!("{address}\n")).collect();
        let expected = std::fs::read_to_string(case.folder.join("list.txt")).unwrap();
        assert_eq!(listed, expected, "{}", case.file);
    }
}

#[test]
fn format_4_is_written_back_byte_for_byte() {
    let mut seen = 0;
    for path in files_below("") {
        let bytes = crate::corpus::read(&path);
        if let Ok(state) = StateFile::read(bytes.clone().into(), "x", &Limits::default())
            && state.written_format() == 4
        {
            assert_eq!(state.as_bytes(), bytes, "{path}");
            let unchanged = state.edit().finish(&Limits::default()).unwrap();
            assert_eq!(unchanged.as_bytes(), bytes, "{path}");
            seen += 1;
        }
    }
    assert!(seen > 150, "only {seen} states of format 4");
}
