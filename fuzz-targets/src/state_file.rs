//! State files of all formats: what is read is written back byte for byte, and an edit changes what it says.

use landfast_state::{AttributePath, FingerprintKey, Limits, StateFile, Value};

pub(crate) fn run(data: &[u8]) {
    let limits = Limits::default();
    let Ok(state) = StateFile::read(data.to_vec().into(), "fuzz", &limits) else { return };
    if state.written_format() == 4 {
        assert_eq!(state.as_bytes(), data, "format 4 is kept byte for byte");
    }
    match StateFile::read(state.as_bytes().to_vec().into(), "again", &limits) {
        Ok(again) => assert_eq!(again.written_format(), 4, "what is written has format 4"),
        Err(error) => panic!("what was read is written as a state: {error}"),
    }
    let mut edit = state.edit();
    match edit.set_serial(41).cloned().map(|edit| edit.finish(&limits)) {
        Ok(Ok(edited)) => {
            assert_eq!(edited.serial(), 41, "an edit does what it says");
            let digest = |state: &StateFile| state.snapshot().digest(&FingerprintKey::from_bytes([7; 32]));
            assert_eq!(digest(&edited), digest(&state), "an edit of the serial changes no object");
        }
        broken => panic!("a serial can be set: {broken:?}"),
    }
    let snapshot = state.snapshot();
    let Some(object) = snapshot.objects().first() else { return };
    let id = AttributePath::ROOT.key("landfast");
    let mut edit = state.edit();
    if edit.set_attribute(&object.address, &id, &Value::Bool(true)).is_ok() {
        match edit.finish(&limits) {
            Ok(edited) => {
                let edited = edited.snapshot();
                let value = edited.get(&object.address).map(landfast_state::ResourceObject::value);
                assert_eq!(value.and_then(|value| value.get(&id).cloned()), Some(Value::Bool(true)), "a new attribute");
            }
            Err(error) => panic!("an attribute can be set: {error}"),
        }
    }
    let mut edit = state.edit();
    match edit.remove(&object.address).cloned().map(|edit| edit.finish(&limits)) {
        Ok(Ok(edited)) => assert!(edited.snapshot().get(&object.address).is_none(), "what is removed is gone"),
        broken => panic!("an object can be removed: {broken:?}"),
    }
}
