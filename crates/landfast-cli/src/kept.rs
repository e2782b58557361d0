//! Writing what is kept for later: snapshots and observations.

use landfast::report::escape_json;
use landfast::state::Snapshot;

use crate::args::Global;
use crate::error::CliError;
use crate::output::{Secrecy, warn, write};

/// Writes `text`, the file of this snapshot, with everything escaped that a terminal would not show: it is the same document.
/// Warns about secrets that a file cannot hide without losing what an object or a value is.
pub(crate) fn write_kept(snapshot: &Snapshot, text: &str, secrecy: Secrecy, global: &Global) -> Result<(), CliError> {
    write(global, escape_json(text).as_bytes(), secrecy)?;
    let redactor = Snapshot::redactor(&[snapshot]);
    for object in snapshot.objects() {
        let address = object.address.to_string();
        let named = redactor.redact(&address);
        let places = [(*named != *address, "address"), (redactor.is_in_keys(&object.value()), "keys")];
        for (_, place) in places.iter().filter(|(found, _)| *found) {
            warn(&format!("{named}: what was written has a copy of a sensitive value in clear, in its {place}"));
        }
    }
    Ok(())
}
