//! Snapshots, their digests, and the files that hold them.

use landfast_state::{
    FingerprintKey, Limits, Observation, Snapshot, StateFile, read_observation, read_snapshot, write_observation,
    write_snapshot,
};

use crate::corpus::{corpus, files_below};

fn key(byte: u8) -> FingerprintKey {
    FingerprintKey::from_bytes([byte; 32])
}

fn snapshot(name: &str) -> Snapshot {
    let bytes = std::fs::read(corpus().join("terraform-1.11.4").join(name)).unwrap();
    StateFile::read(bytes.into(), name, &Limits::default()).unwrap().snapshot()
}

#[test]
fn a_snapshot_file_keeps_everything_but_secrets() {
    for path in files_below("terraform-1.11.4") {
        let name = path.rsplit('/').next().unwrap();
        if !name.ends_with(".tfstate") {
            continue;
        }
        let original = snapshot(name);
        let text = write_snapshot(&original, &key(1));
        assert!(!text.contains("CANARY"), "{name}");
        let back = read_snapshot(text.clone().into(), "s", &Limits::default()).unwrap();
        assert_eq!(write_snapshot(&back, &key(1)), text, "{name}");
        let addresses = |it: &Snapshot| it.objects().iter().map(|object| object.address.clone()).collect::<Vec<_>>();
        assert_eq!(addresses(&back), addresses(&original));
        let secrets = original.objects().iter().any(|object| object.value().has_sensitive());
        if name.starts_with("taint") {
            assert!(!secrets);
            // Without secrets the digest does not depend on the key.
            assert_eq!(original.digest(&key(1)), back.digest(&key(2)));
        }
    }
}

#[test]
fn digests_depend_on_content_alone() {
    let text = std::fs::read_to_string(corpus().join("terraform-1.11.4/taint.1.tfstate")).unwrap();
    let digest = |text: String| {
        let state = StateFile::read(text.into(), "x", &Limits::default()).unwrap();
        state.snapshot().digest(&key(1))
    };
    let reformatted = serde_json::to_string(&serde_json::from_str::<serde_json::Value>(&text).unwrap()).unwrap();
    assert_eq!(digest(text.clone()), digest(reformatted));
    let other = text.replacen("\"schema_version\": 0", "\"schema_version\": 1", 1);
    assert_ne!(digest(text), digest(other));
}

#[test]
fn digests_of_secrets_depend_on_the_key() {
    let snapshot = snapshot("sens.1.tfstate");
    assert_ne!(snapshot.digest(&key(1)), snapshot.digest(&key(2)));
    let marked = snapshot.get(&"terraform_data.s".parse().unwrap()).unwrap().value();
    let input = marked.get(&"input".parse().unwrap()).unwrap();
    let shown = format!("{snapshot:?} {input:?} {input} {}", serde_json::to_string(input).unwrap());
    assert!(!shown.contains("CANARY"), "{shown}");
    assert_eq!(shown.matches("(sensitive value)").count(), 6, "{shown}");
}

#[test]
fn a_single_object_is_written_as_a_snapshot_has_it() {
    let snapshot = snapshot("sens.1.tfstate");
    let whole = write_snapshot(&snapshot, &key(1));
    let redactor = Snapshot::redactor(&[&snapshot]);
    for object in snapshot.objects() {
        let text = landfast_state::write_object(object, &key(1), &redactor);
        assert!(whole.contains(&text) && !text.contains("CANARY"), "{text}");
        let read = landfast_state::read_object(text.clone().into(), "o", &Limits::default()).unwrap();
        assert_eq!(landfast_state::write_object(&read, &key(2), &redactor), text);
        let cut = text.len() - 1;
        assert!(landfast_state::read_object(text[..cut].to_owned().into(), "o", &Limits::default()).is_err());
    }
}

#[test]
fn gaps_survive() {
    use landfast_state::GapKind;
    let kinds =
        [GapKind::Interrupted, GapKind::LeftOut, GapKind::NotSampled, GapKind::Unreadable, GapKind::Unsupported];
    let gap = |(at, kind)| landfast_state::Gap {
        address: format!("aws_vpc.main[{at}]").parse().unwrap(),
        kind,
        reason: String::from("access denied"),
    };
    let gaps: Vec<_> = kinds.into_iter().enumerate().map(gap).collect();
    let observation = Observation { gaps: gaps.clone(), ..Observation::complete(snapshot("taint.1.tfstate")) };
    let text = write_observation(&observation, &key(3));
    assert_eq!(read_observation(text.clone().into(), "o", &Limits::default()).unwrap().gaps, gaps);
    assert!(read_snapshot(text.into(), "o", &Limits::default()).is_err());
}

#[test]
fn joining_refuses_an_address_that_two_hold() {
    let a = snapshot("taint.1.tfstate");
    let b = snapshot("taint.2.tfstate");
    insta::assert_snapshot!(Snapshot::join([a.clone(), b]).unwrap_err());
    let joined = Snapshot::join([a.clone(), snapshot("updates.1.tfstate")]).unwrap();
    assert_eq!(joined.origins().len(), 2);
    assert!(joined.objects().len() > a.objects().len());
}
