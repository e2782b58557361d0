//! What objects cost, and what a change does to that.
//!
//! Where prices come from is a [`CostModel`]; the one here is a [`PriceTable`] that users fill. What a model cannot price is
//! said with its reason and never counts as free.

mod amount;
mod table;

use std::collections::BTreeMap;
use std::fmt;

use landfast_state::ResourceObject;
use landfast_state::address::ObjectAddress;

pub use amount::{Amount, AmountError};
pub use table::{PriceTable, PriceTableError, PriceTableProblem};

/// Knows what objects cost.
pub trait CostModel: fmt::Debug + Send + Sync + 'static {
    /// The currency of all its amounts, such as `EUR`.
    fn currency(&self) -> &str;

    /// What the object costs a month.
    fn monthly(&self, object: &ResourceObject) -> Cost;
}

/// What an object costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cost {
    /// This much a month; zero for what is free.
    Known(Amount),
    /// Nobody knows, for this reason.
    Unknown {
        /// Why, in words for people. It holds no value of an attribute.
        why: String,
    },
}

/// What a change does to the monthly cost of the objects that it touches.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CostImpact {
    /// The currency.
    pub currency: String,
    /// What those objects cost a month before that are priced.
    pub before: Amount,
    /// What they cost a month afterwards.
    pub after: Amount,
    /// How many objects were priced, those of before and those of afterwards.
    pub priced: usize,
    /// Objects without a price that may cost more or less than before, each once, with the reason. While there is one, the
    /// amounts are not the whole truth.
    pub unpriced: BTreeMap<ObjectAddress, String>,
}

impl CostImpact {
    /// What the objects of `before` cost, against those of `after`. Objects that are the same on both sides and have no price
    /// cost what they did, and are left out.
    pub fn of<'a>(
        model: &dyn CostModel,
        before: impl IntoIterator<Item = &'a ResourceObject>,
        after: impl IntoIterator<Item = &'a ResourceObject>,
    ) -> Self {
        let mut impact = Self {
            currency: model.currency().to_owned(),
            before: Amount::ZERO,
            after: Amount::ZERO,
            priced: 0,
            unpriced: BTreeMap::new(),
        };
        let before: BTreeMap<_, _> = before.into_iter().map(|object| (&object.address, object)).collect();
        let after: BTreeMap<_, _> = after.into_iter().map(|object| (&object.address, object)).collect();
        for (address, object) in &before {
            let same = || after.get(address).is_some_and(|later| is_same(object, later));
            impact.before = impact.add(model, object, impact.before, same);
        }
        for (address, object) in &after {
            let same = || before.get(address).is_some_and(|earlier| is_same(object, earlier));
            impact.after = impact.add(model, object, impact.after, same);
        }
        impact
    }

    /// How much more it costs a month afterwards; negative where it costs less. `None` where that is no number that can be
    /// held.
    #[must_use]
    pub fn increase(&self) -> Option<Amount> {
        self.after.checked_sub(self.before)
    }

    /// Whether everything was priced.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.unpriced.is_empty()
    }

    fn add(
        &mut self,
        model: &dyn CostModel,
        object: &ResourceObject,
        sum: Amount,
        same: impl FnOnce() -> bool,
    ) -> Amount {
        let why = match model.monthly(object) {
            Cost::Known(cost) => match sum.checked_add(cost) {
                Some(sum) => {
                    self.priced += 1;
                    return sum;
                }
                None => "the sum is too large to be held".to_owned(),
            },
            Cost::Unknown { .. } if same() => return sum,
            Cost::Unknown { why } => why,
        };
        self.unpriced.entry(object.address.clone()).or_insert(why);
        sum
    }
}

/// Whether two objects are known to be the same to whoever asks for money: what is not known yet is the same as nothing.
fn is_same(a: &ResourceObject, b: &ResourceObject) -> bool {
    a.unknown.is_empty() && b.unknown.is_empty() && a.provider == b.provider && a.value() == b.value()
}
