//! Who changes states.

use std::collections::BTreeSet;

/// Who runs the command, as `user@host`, for locks, histories and audit records.
pub(crate) fn who() -> String {
    format!("{}@{}", user(), rustix::system::uname().nodename().to_string_lossy())
}

/// The name of the user.
pub(crate) fn user() -> String {
    let set = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let user = set("USER").or_else(|| set("LOGNAME"));
    user.unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()))
}

/// The groups of the process that this machine has names for.
pub(crate) fn groups() -> BTreeSet<String> {
    let mut ids: BTreeSet<u32> =
        rustix::process::getgroups().unwrap_or_default().into_iter().map(rustix::process::Gid::as_raw).collect();
    ids.insert(rustix::process::getegid().as_raw());
    let listed = std::fs::read_to_string("/etc/group").unwrap_or_default();
    let named = listed.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let (name, _, id) = (fields.next()?, fields.next()?, fields.next()?);
        ids.contains(&id.parse().ok()?).then(|| name.to_owned())
    });
    named.collect()
}
