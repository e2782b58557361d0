//! Files that stand for what is observed.

use landfast_observe::{Captured, ObserveRequest, Observed, Observer as _, Scope};
use landfast_state::{Document, Limits};

use crate::{fixture, observe};

fn captured(name: &str) -> Captured {
    let bytes = std::fs::read(fixture(name)).unwrap();
    Captured::new(&Document::read(bytes.into(), name, &Limits::default()).unwrap())
}

fn addresses(observed: &Observed) -> Vec<String> {
    observed.observation.snapshot.instances().map(ToString::to_string).collect()
}

#[test]
fn a_state_stands_for_what_is_there_and_says_nothing_of_a_record() {
    let observer = captured("aws-moto/observed.tfstate");
    assert_eq!(observer.name(), "aws-moto/observed.tfstate");
    let observed = observe(&observer, ObserveRequest::default()).unwrap();
    assert!(observed.recorded.is_none() && addresses(&observed).contains(&String::from("aws_vpc.main")));
}

#[test]
fn a_plan_also_says_what_was_recorded() {
    let observed = observe(&captured("aws-moto/refresh.plan.json"), ObserveRequest::default()).unwrap();
    let gone: landfast_state::address::ObjectAddress = "aws_ebs_volume.data[1]".parse().unwrap();
    assert!(observed.recorded.unwrap().get(&gone).is_some());
    assert!(observed.observation.snapshot.get(&gone).is_none());
}

#[test]
fn a_scope_leaves_out_everything_else() {
    let scope = Scope::Only(["aws_vpc.main", "aws_vpc.nowhere"].map(|address| address.parse().unwrap()).into());
    let request = ObserveRequest::default().with_scope(scope);
    let observed = observe(&captured("aws-moto/refresh.plan.json"), request).unwrap();
    assert_eq!(addresses(&observed), ["aws_vpc.main"]);
    let recorded: Vec<_> = observed.recorded.as_ref().unwrap().instances().map(ToString::to_string).collect();
    assert_eq!(recorded, ["aws_vpc.main"]);
}
