//! States of formats 1 to 3. The upgrade is not public yet: its comparison with the corpus is a unit test of the crate.

use crate::corpus;

#[test]
fn the_corpus_has_old_states_and_answers() {
    let old = corpus::oracle().into_iter().filter(|row| {
        let text = std::fs::read(corpus::corpus().join(&row.file)).expect("a file of the corpus is readable");
        let version =
            serde_json::from_slice::<serde_json::Value>(&text).ok().and_then(|state| state["version"].as_u64());
        version.is_some_and(|version| version < 4) && row.answer.join("pull.tfstate").is_file() && row.pulled
    });
    assert!(old.count() > 0);
}
