//! What is where, before and after a step.

use landfast_state::ResourceObject;
use landfast_state::address::ObjectAddress;

use crate::plan::Step;

/// What is to be at an address; `None` where nothing is to be.
pub(super) type Place<'a> = (&'a ObjectAddress, Option<&'a ResourceObject>);

/// Every address that a step touches, with what is there before it and after it. The first one of each is the object itself.
pub(super) struct Places<'a> {
    pub(super) found: Vec<Place<'a>>,
    pub(super) left: Vec<Place<'a>>,
}

impl<'a> Places<'a> {
    /// The places of a step that finds one object and leaves another. `aside` is [`Step::aside`].
    pub(super) fn of(
        step: &'a Step,
        aside: Option<&'a ObjectAddress>,
        found: Option<&'a ResourceObject>,
        left: Option<&'a ResourceObject>,
    ) -> Self {
        let mut places = Self { found: vec![(&step.address, found)], left: vec![(step.result_address(), left)] };
        if let Some(to) = &step.moves_to {
            places.found.push((to, None));
            places.left.push((&step.address, None));
        }
        if let Some(aside) = aside {
            places.found.push((aside, None));
            places.left.push((aside, found));
        }
        places
    }
}
