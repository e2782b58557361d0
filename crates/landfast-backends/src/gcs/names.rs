//! Which object holds which state, as terraform's backend names them.

use crate::key::StateKey;

const STATE: &str = ".tfstate";
const LOCK: &str = ".tflock";

/// The object with the state.
pub(super) fn state_object(key: &StateKey) -> String {
    join(&key.key, &format!("{}{STATE}", key.workspace))
}

/// The object that is the lock.
pub(super) fn lock_object(key: &StateKey) -> String {
    join(&key.key, &format!("{}{LOCK}", key.workspace))
}

/// The state that an object holds; `None` when it is no state.
pub(super) fn key_of(object: &str) -> Option<StateKey> {
    let (prefix, name) = object.rsplit_once('/').unwrap_or(("", object));
    let workspace = name.strip_suffix(STATE).filter(|workspace| !workspace.is_empty())?;
    Some(StateKey::new(prefix).in_workspace(workspace))
}

/// Joins a prefix and a name as Go's `path.Join` does behind terraform's trimming: no slash in front, none twice, no `.` and
/// no `..`.
fn join(prefix: &str, name: &str) -> String {
    let mut members: Vec<&str> = Vec::new();
    for member in prefix.trim_start_matches('/').split('/').chain(name.split('/')) {
        match (member, members.last()) {
            ("" | ".", _) => {}
            ("..", Some(&last)) if last != ".." => drop(members.pop()),
            _ => members.push(member),
        }
    }
    members.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_terraforms() {
        for (prefix, workspace, object) in [
            ("", "default", "default.tfstate"),
            ("prod/net", "default", "prod/net/default.tfstate"),
            ("/prod/", "blue", "prod/blue.tfstate"),
            ("a//b/./c/../d", "x.y", "a/b/d/x.y.tfstate"),
            ("../up", "default", "../up/default.tfstate"),
            ("a.b..c", "default", "a.b..c/default.tfstate"),
        ] {
            let key = StateKey::new(prefix).in_workspace(workspace);
            assert_eq!(state_object(&key), object);
            assert_eq!(lock_object(&key), object.replace(".tfstate", ".tflock"));
            assert_eq!(key_of(object).map(|key| state_object(&key)).as_deref(), Some(object));
        }
        assert_eq!(key_of("prod/default.tflock"), None);
        assert_eq!(key_of("prod/.tfstate"), None);
        assert_eq!(key_of("x.tfstate"), Some(StateKey::new("").in_workspace("x")));
    }
}
