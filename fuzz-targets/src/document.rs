//! Documents of any kind: what is read, can be written as a snapshot and read back, and no secret stands in it.

use landfast_state::{
    DependencyGraph, Document, FingerprintKey, Limits, Observation, read_observation, read_snapshot, write_observation,
    write_snapshot,
};

pub(crate) fn run(data: &[u8]) {
    let limits = Limits::default();
    let Ok(document) = Document::read(data.to_vec().into(), "fuzz", &limits) else { return };
    let key = FingerprintKey::from_bytes([7; 32]);
    let (recorded, observed) = (document.recorded(), document.observed());
    for snapshot in [&recorded, &observed.snapshot] {
        let text = write_snapshot(snapshot, &key);
        match read_snapshot(text.clone().into(), "snapshot", &limits) {
            Ok(back) => {
                assert_eq!(write_snapshot(&back, &key), text, "a snapshot file is written back as it was");
                assert_eq!(back.objects().len(), snapshot.objects().len(), "no object is lost");
            }
            Err(error) => panic!("a snapshot file that we wrote is read: {error}"),
        }
        let graph = DependencyGraph::of(snapshot);
        match graph.topological_order() {
            Ok(order) => assert_eq!(order.len(), graph.resources().count(), "an order has every resource once"),
            Err(error) => assert!(!error.cycles.is_empty(), "what has no order has a cycle"),
        }
    }
    let text = write_observation(&Observation { snapshot: observed.snapshot, gaps: observed.gaps }, &key);
    assert!(read_observation(text.into(), "observation", &limits).is_ok(), "an observation that we wrote is read");
}
