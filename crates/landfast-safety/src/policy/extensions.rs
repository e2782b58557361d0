//! Functions that replace those of the engine where its own know no limit.

use std::fmt;

use regorus::{Engine, Value};

/// The longest list that `numbers.range` makes.
const MAX_RANGE: u64 = 1_000_000;

#[derive(Debug)]
struct Refused(String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

/// Installs them. What is refused when policies are read is refused here too, since queries are not surveyed.
pub(super) fn install(engine: &mut Engine) -> Result<(), String> {
    let not_given = |_: Vec<Value>| Err(Refused("this function is not given to policies".to_owned()).into());
    for (name, arguments) in [("rand.intn", 2), ("net.cidr_expand", 1), ("numbers.range_step", 3)] {
        engine.add_extension(name.to_owned(), arguments, Box::new(not_given)).map_err(|error| error.to_string())?;
    }
    let range = |arguments: Vec<Value>| Ok(range(&arguments)?);
    engine.add_extension("numbers.range".to_owned(), 2, Box::new(range)).map_err(|error| error.to_string())
}

/// All whole numbers from the first to the second, both included, downwards where the first is larger.
fn range(arguments: &[Value]) -> Result<Value, Refused> {
    let bounds: Option<Vec<i64>> = arguments.iter().map(|argument| argument.as_i64().ok()).collect();
    let Some(&[first, last]) = bounds.as_deref() else {
        return Err(Refused("numbers.range takes two whole numbers".to_owned()));
    };
    if first.abs_diff(last) >= MAX_RANGE {
        return Err(Refused(format!("numbers.range makes lists of at most {MAX_RANGE} numbers")));
    }
    let mut numbers: Vec<Value> = (first.min(last)..=first.max(last)).map(Value::from).collect();
    if first > last {
        numbers.reverse();
    }
    Ok(Value::from(numbers))
}
