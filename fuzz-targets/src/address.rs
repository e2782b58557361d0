//! Addresses, a line each: what is printed is parsed to the same address, and order agrees with equality.

use std::cmp::Ordering;
use std::fmt::{Debug, Display};
use std::str::FromStr;

use landfast_state::address::{InstanceAddress, ModuleAddress, ObjectAddress, ResourceAddress};

use crate::seed::{Fixture, lines};

pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    check_all::<ModuleAddress>(text);
    check_all::<ResourceAddress>(text);
    check_all::<InstanceAddress>(text);
    check_all::<ObjectAddress>(text);
}

/// Reads the text as a whole, then line by line: an address may hold a line break only in its escapes.
fn check_all<T: FromStr + Display + Debug + Ord>(text: &str) {
    let mut before: Option<T> = None;
    for line in std::iter::once(text).chain(text.lines()) {
        let Ok(address) = line.parse::<T>() else { continue };
        let printed = address.to_string();
        match printed.parse::<T>() {
            Ok(again) => {
                assert_eq!(again, address, "printed as {printed}");
                assert_eq!(again.cmp(&address), Ordering::Equal, "equal addresses have one place in the order");
            }
            Err(_) => panic!("{address:?} is printed as {printed}, which does not parse"),
        }
        assert!(!printed.contains(|c: char| c.is_control()), "a printed address holds no control characters");
        if let Some(before) = &before {
            assert_eq!(before.cmp(&address), address.cmp(before).reverse(), "the order has two sides");
            assert_eq!(before.cmp(&address) == Ordering::Equal, *before == address, "order agrees with equality");
        }
        before = Some(address);
    }
}

/// Every string of a document that is an address, and every line of a list of addresses.
pub(crate) fn seeds(fixture: &Fixture) -> Vec<Vec<u8>> {
    let listed = std::str::from_utf8(&fixture.bytes).unwrap_or_default().lines().map(str::to_owned);
    let strings = fixture.values().into_iter().filter_map(|value| value.as_string()).map(|text| text.into_owned());
    lines(listed.chain(strings).filter(|text| text.parse::<ObjectAddress>().is_ok()).collect())
}
