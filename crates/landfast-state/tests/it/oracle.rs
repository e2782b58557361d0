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
const STRICTER: [(&str, &str); 1] = [(
    "state/roundtrip/opentofu+opentofu/internal/states/statefile/testdata/roundtrip/v4-legacy-modules.out.tfstate",
    "an instance has `dependencies` twice",
)];

#[test]
fn states_are_accepted_and_refused_as_terraform_does() {
    let (mut accepted, mut refused) = (0, String::new());
    for case in cases() {
        let stricter = STRICTER.iter().any(|(file, _)| *file == case.file);
        match read(&case.file) {
            Ok(_) => {
                assert!(case.accepted, "{} is refused by terraform", case.file);
                accepted += 1;
            }
            Err(error) => {
                assert!(!case.accepted || stricter, "{error}");
                refused.push_str(&format!("{error}\n"));
            }
        }
    }
    assert_eq!(accepted, 195);
    insta::assert_snapshot!(refused);
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

#[test]
fn old_formats_upgrade_to_what_state_pull_prints() {
    let mut formats = [0; 5];
    for case in cases().into_iter().filter(|case| case.accepted) {
        let Ok(state) = read(&case.file) else { continue };
        formats[usize::try_from(state.written_format()).unwrap()] += 1;
        if state.written_format() == 4 {
            continue;
        }
        let pulled = std::fs::read_to_string(case.folder.join("pull.tfstate")).unwrap();
        // `terraform state pull` adds a line break to the one that ends the state.
        let ours = format!("{}\n", std::str::from_utf8(state.as_bytes()).unwrap());
        assert_eq!(ours, pulled, "{}", case.file);
    }
    assert_eq!(formats, [0, 1, 0, 15, 179]);
}
