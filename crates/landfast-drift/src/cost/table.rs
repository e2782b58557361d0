//! A table of prices that users fill.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

use landfast_state::{AttributePath, ResourceObject, Value};
use serde::Deserialize;
use toml::Spanned;

use super::amount::Amount;
use super::{Cost, CostModel};
use crate::rules::Glob;

/// Hours of a month, as the price lists of most providers count them.
const HOURS: u32 = 730;

/// Prices by resource type and attributes, from TOML.
///
/// What an object costs is the sum of its components. The prices for its type name the components; of each component exactly
/// one price must fit the attributes, or the cost of the whole object is unknown. A type without prices is unknown, unless
/// it is listed as free.
///
/// ```
/// use landfast_drift::cost::PriceTable;
///
/// let table = PriceTable::from_toml("prices.toml", r#"
///     currency = "EUR"
///     hours-per-month = 730             # what it is where nothing is said
///
///     [[price]]
///     type = "aws_instance"             # a glob
///     component = "compute"             # optional: what objects of several parts are made of
///     when = { instance_type = "t3.micro", availability_zone = "eu-central-1*" }
///     hourly = "0.0120"                 # a string, so that it is exact; or monthly
///
///     [[price]]
///     type = "aws_instance"
///     component = "disk"
///     per = ["root_block_device[0].volume_size"]   # times each of these attributes
///     monthly = "0.0952"
///
///     [[free]]
///     type = "aws_iam_*"
/// "#)?;
/// # Ok::<(), landfast_drift::cost::PriceTableError>(())
/// ```
#[derive(Debug, Clone)]
pub struct PriceTable {
    currency: String,
    prices: Vec<Price>,
    free: Vec<Glob>,
}

#[derive(Debug, Clone)]
struct Price {
    type_name: Glob,
    component: String,
    when: Vec<(AttributePath, Wanted)>,
    per: Vec<AttributePath>,
    monthly: Amount,
}

/// What an attribute has to be.
#[derive(Debug, Clone)]
enum Wanted {
    Text(Glob),
    Exactly(String),
}

/// A price table that cannot be used, and where it is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceTableError {
    /// The name of the file, as the caller gave it.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// What is wrong.
    pub problem: PriceTableProblem,
}

/// What is wrong with a price table.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PriceTableProblem {
    /// Not TOML, or not the members that a table has.
    #[error("{0}")]
    Syntax(String),
    /// A text that must not be empty.
    #[error("`{member}` is empty")]
    Empty {
        /// The name of the member.
        member: &'static str,
    },
    /// A price by the hour and by the month, or neither.
    #[error("a price is either hourly or monthly")]
    Period,
    /// A price below zero, or one that is too large or too fine to be held.
    #[error("a price is not below zero, and a month of it has up to 20 digits before the point and 18 after it")]
    Price,
    /// A month without hours.
    #[error("a month has from 1 to 744 hours")]
    Hours,
    /// A path that is no path of an attribute.
    #[error("{path:?} is no path of an attribute")]
    Path {
        /// The text.
        path: String,
    },
}

impl fmt::Display for PriceTableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}: {}", self.file, self.line, self.column, self.problem)
    }
}

impl std::error::Error for PriceTableError {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    currency: Spanned<String>,
    hours_per_month: Option<Spanned<u32>>,
    #[serde(default)]
    price: Vec<PriceEntry>,
    #[serde(default)]
    free: Vec<FreeEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PriceEntry {
    #[serde(rename = "type")]
    type_name: Spanned<String>,
    #[serde(default)]
    component: String,
    #[serde(default)]
    when: BTreeMap<Spanned<String>, WantedEntry>,
    #[serde(default)]
    per: Vec<Spanned<String>>,
    hourly: Option<Spanned<Amount>>,
    monthly: Option<Spanned<Amount>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FreeEntry {
    #[serde(rename = "type")]
    type_name: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a string, an integer or a boolean")]
enum WantedEntry {
    Bool(bool),
    Int(i64),
    Text(String),
}

impl PriceTable {
    /// Reads a table; `file` is its name for messages.
    ///
    /// # Errors
    /// When it is not TOML, has members that no table has, or says something that makes no sense, with the place.
    pub fn from_toml(file: &str, text: &str) -> Result<Self, PriceTableError> {
        let fail = |span: Range<usize>, problem| {
            let before = text.get(..span.start.min(text.len())).unwrap_or_default();
            let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
            let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
            PriceTableError { file: file.to_owned(), line, column, problem }
        };
        let parsed: File = toml::from_str(text).map_err(|error| {
            let problem = PriceTableProblem::Syntax(error.message().to_owned());
            fail(error.span().unwrap_or_default(), problem)
        })?;
        let filled = |text: &Spanned<String>, member| match text.get_ref().trim() {
            "" => Err(fail(text.span(), PriceTableProblem::Empty { member })),
            filled => Ok(filled.to_owned()),
        };
        let path = |text: &Spanned<String>| {
            let problem = || PriceTableProblem::Path { path: text.get_ref().clone() };
            text.get_ref().parse::<AttributePath>().map_err(|_| fail(text.span(), problem()))
        };
        let hours = match &parsed.hours_per_month {
            Some(hours) if !(1..=744).contains(hours.get_ref()) => {
                return Err(fail(hours.span(), PriceTableProblem::Hours));
            }
            Some(hours) => *hours.get_ref(),
            None => HOURS,
        };
        let price = |entry: &PriceEntry| {
            let (given, times) = match (&entry.hourly, &entry.monthly) {
                (Some(hourly), None) => (hourly, hours),
                (None, Some(monthly)) => (monthly, 1),
                _ => return Err(fail(entry.type_name.span(), PriceTableProblem::Period)),
            };
            let monthly = given.get_ref().checked_mul(Amount::from(times)).filter(|price| !price.is_negative());
            let wanted = |(name, wanted): (&Spanned<String>, &WantedEntry)| {
                let wanted = match wanted {
                    WantedEntry::Bool(value) => Wanted::Exactly(value.to_string()),
                    WantedEntry::Int(value) => Wanted::Exactly(value.to_string()),
                    WantedEntry::Text(glob) => Wanted::Text(Glob::new(glob)),
                };
                Ok((path(name)?, wanted))
            };
            Ok(Price {
                type_name: Glob::new(&filled(&entry.type_name, "type")?),
                component: entry.component.clone(),
                when: entry.when.iter().map(wanted).collect::<Result<_, _>>()?,
                per: entry.per.iter().map(path).collect::<Result<_, _>>()?,
                monthly: monthly.ok_or_else(|| fail(given.span(), PriceTableProblem::Price))?,
            })
        };
        let free = |entry: &FreeEntry| filled(&entry.type_name, "type").map(|glob| Glob::new(&glob));
        Ok(Self {
            currency: filled(&parsed.currency, "currency")?,
            prices: parsed.price.iter().map(price).collect::<Result<_, _>>()?,
            free: parsed.free.iter().map(free).collect::<Result<_, _>>()?,
        })
    }

    fn price(&self, object: &ResourceObject) -> Result<Amount, String> {
        let type_name = &*object.address.instance.resource.type_name;
        let mut components: BTreeMap<&str, Vec<&Price>> = BTreeMap::new();
        for price in self.prices.iter().filter(|price| price.type_name.matches(type_name)) {
            components.entry(&price.component).or_default().push(price);
        }
        if components.is_empty() {
            let free = self.free.iter().any(|glob| glob.matches(type_name));
            return if free { Ok(Amount::ZERO) } else { Err(format!("there are no prices for {type_name}")) };
        }
        let attributes = object.value();
        let mut sum = Amount::ZERO;
        for (component, prices) in components {
            let of = if component.is_empty() { type_name.to_owned() } else { format!("{component} of {type_name}") };
            let mut fitting = Vec::new();
            for price in prices {
                if price.fits(&attributes)? {
                    fitting.push(price);
                }
            }
            let cost = match fitting.as_slice() {
                [] => return Err(format!("no price for {of} fits")),
                [price] => price.times(&attributes)?,
                [..] => return Err(format!("more than one price for {of} fits")),
            };
            sum = sum.checked_add(cost).ok_or_else(|| format!("the price for {of} is too large to be held"))?;
        }
        Ok(sum)
    }
}

impl Price {
    fn fits(&self, attributes: &Value) -> Result<bool, String> {
        for (path, wanted) in &self.when {
            let fits = match text(attributes, path)? {
                None => false,
                Some(found) => match wanted {
                    Wanted::Text(glob) => glob.matches(&found),
                    Wanted::Exactly(text) => {
                        amount(text).map_or(*text == found, |number| Some(number) == amount(&found))
                    }
                },
            };
            if !fits {
                return Ok(false);
            }
        }
        Ok(true)
    }

    fn times(&self, attributes: &Value) -> Result<Amount, String> {
        self.per.iter().try_fold(self.monthly, |cost, path| {
            let found =
                text(attributes, path)?.ok_or_else(|| format!("{path}, by which it is priced, has no value"))?;
            let times = amount(&found).filter(|times| !times.is_negative());
            let times = times.ok_or_else(|| format!("{path}, by which it is priced, is no amount"))?;
            cost.checked_mul(times).ok_or_else(|| format!("the price by {path} cannot be held exactly"))
        })
    }
}

fn amount(text: &str) -> Option<Amount> {
    text.parse().ok()
}

/// The text of a simple value; `None` where there is none.
fn text(attributes: &Value, path: &AttributePath) -> Result<Option<String>, String> {
    // A value on the way may hide what stands below it.
    for length in 0..=path.steps.len() {
        let way = AttributePath { steps: path.steps.iter().take(length).cloned().collect() };
        match attributes.get(&way) {
            Some(Value::Unknown) => return Err(format!("{path}, by which it is priced, is known after apply only")),
            Some(Value::Sensitive(_)) => return Err(format!("{path}, by which it is priced, is sensitive")),
            Some(_) => {}
            None => return Ok(None),
        }
    }
    Ok(match attributes.get(path) {
        Some(Value::String(text)) => Some(text.clone()),
        Some(Value::Number(number)) => Some(number.as_str().to_owned()),
        Some(Value::Bool(value)) => Some(value.to_string()),
        _ => None,
    })
}

impl CostModel for PriceTable {
    fn currency(&self) -> &str {
        &self.currency
    }

    fn monthly(&self, object: &ResourceObject) -> Cost {
        match self.price(object) {
            Ok(cost) => Cost::Known(cost),
            Err(why) => Cost::Unknown { why },
        }
    }
}
