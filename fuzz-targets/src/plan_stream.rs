//! The `-json` log stream of terraform: read or refused, and never with a panic.

use landfast_state::Limits;
use landfast_state::plan::PlanStream;

use crate::seed::Fixture;

pub(crate) fn run(data: &[u8]) {
    if let Ok(stream) = PlanStream::read(data, "fuzz", &Limits::default()) {
        assert!(!format!("{stream:?}").is_empty(), "a stream can be shown");
    }
}

pub(crate) fn seeds(fixture: &Fixture) -> Vec<Vec<u8>> {
    const LARGEST: usize = 64 * 1024;
    let stream = fixture.path.extension().is_some_and(|extension| extension == "jsonl");
    if stream && fixture.bytes.len() <= LARGEST { vec![fixture.bytes.clone()] } else { Vec::new() }
}
