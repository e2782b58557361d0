//! Objects, snapshots and requests to plan with.

use std::time::{Duration, SystemTime};

use landfast_rollback::Values;
use landfast_rollback::planner::Wanted;
use landfast_safety::Target;
use landfast_state::address::{ObjectAddress, ResourceAddress};
use landfast_state::{
    BytesDigest, FingerprintKey, Members, Number, Origin, ResourceObject, Sensitive, Snapshot, SourceKind, Value,
};

pub(crate) fn key() -> FingerprintKey {
    FingerprintKey::from_bytes([5; 32])
}

pub(crate) fn values(sources: &[&Snapshot]) -> Values {
    Values::new(key(), sources.iter().map(|source| (*source).clone()).collect())
}

pub(crate) fn address(text: &str) -> ObjectAddress {
    text.parse().unwrap()
}

pub(crate) fn number(text: &str) -> Value {
    Value::Number(text.parse::<Number>().unwrap())
}

pub(crate) fn text(text: &str) -> Value {
    Value::String(text.to_owned())
}

pub(crate) fn secret(text: &str) -> Value {
    Value::Sensitive(Sensitive::new(Value::String(text.to_owned())))
}

pub(crate) fn object(at: &str, members: &[(&str, Value)], dependencies: &[&str]) -> ResourceObject {
    let members: Members = members.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    let mut object =
        ResourceObject::bare(address(at), "registry.terraform.io/hashicorp/aws").with_value(&members).unwrap();
    let dependencies: Vec<ResourceAddress> = dependencies.iter().map(|text| text.parse().unwrap()).collect();
    object.dependencies = dependencies.into();
    object
}

pub(crate) fn snapshot(objects: Vec<ResourceObject>) -> Snapshot {
    Snapshot::new(Origin::new(SourceKind::Observation, "scene"), objects, Default::default()).unwrap()
}

pub(crate) fn target() -> Target {
    Target {
        environment: "prod".into(),
        store: "prod.tfstate".into(),
        workspace: "default".into(),
        lineage: "l".into(),
        serial: 3,
    }
}

pub(crate) fn now() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000)
}

pub(crate) fn wanted(before: Vec<ResourceObject>, after: Vec<ResourceObject>) -> Wanted {
    let mut wanted = Wanted::new(target(), BytesDigest::of(b"state"), snapshot(before), snapshot(after));
    wanted.author = "alice".into();
    wanted.now = now();
    wanted
}
