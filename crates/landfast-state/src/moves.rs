//! Moves: objects that stand at a new address in one document and at the old one in another.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::address::{InstanceAddress, ObjectAddress};
use crate::snapshot::{ResourceObject, Snapshot};

/// A change of address, as `moved` blocks and `terraform state mv` make it: the object stays what it is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Move {
    /// The address before.
    pub from: InstanceAddress,
    /// The address after.
    pub to: InstanceAddress,
}

impl Snapshot {
    /// The snapshot with its objects at the addresses to which `moves` lead, and each new address with the old one.
    ///
    /// A move does nothing where no object stands at its old address, and where another object that does not move itself
    /// stands at the new one: then the snapshot is from after the move.
    #[must_use]
    pub fn after_moves(&self, moves: &[Move]) -> (Cow<'_, Self>, BTreeMap<InstanceAddress, InstanceAddress>) {
        let present: BTreeSet<&InstanceAddress> = self.instances().collect();
        let mut leads: BTreeMap<&InstanceAddress, &InstanceAddress> =
            moves.iter().filter(|step| present.contains(&step.from)).map(|step| (&step.from, &step.to)).collect();
        // What may not leave stands in the way of others.
        loop {
            let blocked: Vec<_> = leads
                .iter()
                .filter(|(_, to)| present.contains(**to) && !leads.contains_key(**to))
                .map(|(from, _)| *from)
                .collect();
            if blocked.is_empty() {
                break;
            }
            for from in blocked {
                leads.remove(from);
            }
        }
        // Two that lead to one address would be one object too few.
        let mut targets = BTreeMap::new();
        leads.values().for_each(|to| *targets.entry(*to).or_insert(0_usize) += 1);
        leads.retain(|_, to| targets.get(to) == Some(&1));
        if leads.is_empty() {
            return (Cow::Borrowed(self), BTreeMap::new());
        }
        let moved = |object: &ResourceObject| {
            let mut object = object.clone();
            if let Some(to) = leads.get(&object.address.instance) {
                object.address = ObjectAddress { instance: (*to).clone(), deposed: object.address.deposed };
            }
            object
        };
        let snapshot = self.with_objects(self.objects().iter().map(moved).collect());
        (Cow::Owned(snapshot), leads.into_iter().map(|(from, to)| (to.clone(), from.clone())).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::origin::{Origin, SourceKind};
    use crate::redact::SecretTexts;

    fn snapshot(addresses: &[&str]) -> Snapshot {
        let object = |address: &&str| ResourceObject::bare(address.parse().unwrap(), "");
        let origin = Origin::new(SourceKind::State, "test");
        Snapshot::new(origin, addresses.iter().map(object).collect(), SecretTexts::default()).unwrap()
    }

    fn after(addresses: &[&str], moves: &[(&str, &str)]) -> Vec<String> {
        let step = |(from, to): &(&str, &str)| Move { from: from.parse().unwrap(), to: to.parse().unwrap() };
        let moves: Vec<Move> = moves.iter().map(step).collect();
        let snapshot = snapshot(addresses);
        let (moved, previous) = snapshot.after_moves(&moves);
        let name = |object: &ResourceObject| match previous.get(&object.address.instance) {
            Some(from) => format!("{from}>{}", object.address),
            None => object.address.to_string(),
        };
        moved.objects().iter().map(name).collect()
    }

    #[test]
    fn objects_follow_moves() {
        assert_eq!(after(&["t.a", "t.z"], &[("t.a", "module.m.t.b")]), ["t.z", "t.a>module.m.t.b"]);
        assert_eq!(after(&["t.a", "t.b"], &[("t.a", "t.b"), ("t.b", "t.c")]), ["t.a>t.b", "t.b>t.c"]);
        assert_eq!(after(&["t.a", "t.b"], &[("t.a", "t.b"), ("t.b", "t.a")]), ["t.b>t.a", "t.a>t.b"]);
    }

    #[test]
    fn what_has_moved_already_stays() {
        assert_eq!(after(&["t.b"], &[("t.a", "t.b")]), ["t.b"]);
        assert_eq!(after(&["t.b", "t.c"], &[("t.a", "t.b"), ("t.b", "t.c")]), ["t.b", "t.c"]);
        assert_eq!(after(&["t.a", "t.b"], &[("t.a", "t.b")]), ["t.a", "t.b"]);
        assert_eq!(after(&["t.a", "t.b"], &[("t.a", "t.c"), ("t.b", "t.c")]), ["t.a", "t.b"]);
    }
}
