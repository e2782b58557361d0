//! Which objects a scan looks at.

use std::fmt;
use std::str::FromStr;

use landfast_state::address::{AddressPattern, InstanceAddress, ModuleAddress};
use landfast_state::fits_glob;

use super::recorded::RecordedObject;

/// Which objects to look at. What does not pass is not read; it is counted, by what left it out
/// ([`ScanSummary::left_out`](super::ScanSummary::left_out)), and told to the sink ([`ScanSink::left_out`](super::ScanSink::left_out)).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ObjectFilter {
    /// Where there are any, an object must fit one of them.
    pub only: Vec<Selector>,
    /// An object must fit none of them.
    pub except: Vec<Selector>,
}

impl ObjectFilter {
    /// The filter with one more of which one must fit.
    #[must_use]
    pub fn only(mut self, selector: Selector) -> Self {
        self.only.push(selector);
        self
    }

    /// The filter with one more that must not fit.
    #[must_use]
    pub fn except(mut self, selector: Selector) -> Self {
        self.except.push(selector);
        self
    }

    /// Whether an object passes.
    #[must_use]
    pub fn passes(&self, object: &RecordedObject) -> bool {
        self.refuses(object).is_none()
    }

    /// Why an object does not pass, if it does not.
    pub(super) fn refuses(&self, object: &RecordedObject) -> Option<Refusal> {
        let fits = |selector: &Selector| selector.fits(object);
        if !self.only.is_empty() && !self.only.iter().any(fits) {
            return Some(Refusal::NotOnly);
        }
        self.except.iter().any(fits).then_some(Refusal::Except)
    }
}

/// Why an object does not pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It fits none of those of which one must fit.
    NotOnly,
    /// It fits one that must not.
    Except,
}

/// Objects by what they are. Texts may have stars, which stand for any text.
///
/// It is written as an address or pattern, or with what it is about before a colon:
///
/// ```
/// use landfast_observe::scan::Selector;
///
/// for text in ["aws_instance.web[0]", "*.db", "type:aws_iam_*", "module:module.network", "provider:*/hashicorp/aws"] {
///     assert_eq!(text.parse::<Selector>()?.to_string(), text);
/// }
/// # Ok::<(), landfast_observe::scan::SelectorError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selector {
    /// The instances at this address, or at addresses that fit the pattern: those of the instance, of its resource, or of a module
    /// that holds it, with keys or without.
    Address(String),
    /// The type of the resource.
    Type(String),
    /// The module that holds it, or one that this stands in, with keys or without.
    Module(String),
    /// The source address of its provider, or the address of the provider's configuration.
    Provider(String),
}

/// The text selects nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{problem}: write an address, `type:`, `module:` or `provider:` with a text behind, in which * stands for any text"
)]
pub struct SelectorError {
    problem: &'static str,
}

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, SelectorError> {
        let (kind, rest) = match text.split_once(':') {
            // A colon may also stand in the key of an address.
            Some((kind, rest)) if kind.bytes().all(|byte| byte.is_ascii_lowercase()) => (Some(kind), rest),
            _ => (None, text),
        };
        if rest.is_empty() {
            return Err(SelectorError { problem: "nothing is selected" });
        }
        let rest = rest.to_owned();
        match kind {
            None => Ok(Self::Address(rest)),
            Some("type") => Ok(Self::Type(rest)),
            Some("module") => Ok(Self::Module(rest)),
            Some("provider") => Ok(Self::Provider(rest)),
            Some(_) => Err(SelectorError { problem: "an unknown word before the colon" }),
        }
    }
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Address(text) => f.write_str(text),
            Self::Type(text) => write!(f, "type:{text}"),
            Self::Module(text) => write!(f, "module:{text}"),
            Self::Provider(text) => write!(f, "provider:{text}"),
        }
    }
}

impl Selector {
    /// Whether an object is one of these.
    #[must_use]
    pub fn fits(&self, object: &RecordedObject) -> bool {
        let address = &object.object.address.instance;
        match self {
            Self::Address(text) => match AddressPattern::parse(text) {
                Some(pattern) => pattern.holds(address),
                None => names(text, address),
            },
            Self::Type(text) => fits_glob(text, object.type_name()),
            Self::Module(text) => in_module(text, &address.resource.module),
            Self::Provider(text) => {
                let provider = object.provider_key();
                fits_glob(text, &provider.source) || fits_glob(text, &provider.configuration)
            }
        }
    }
}

/// Whether a text without stars is the address of the instance, of its resource, or of a module that holds it.
fn names(text: &str, address: &InstanceAddress) -> bool {
    text == address.to_string() || text == address.resource.to_string() || in_module(text, &address.resource.module)
}

fn in_module(pattern: &str, module: &ModuleAddress) -> bool {
    (1..=module.steps.len()).any(|length| {
        let outer = ModuleAddress { steps: module.steps.iter().take(length).cloned().collect() };
        let mut bare = outer.clone();
        bare.steps.iter_mut().for_each(|step| step.key = Default::default());
        fits_glob(pattern, &outer.to_string()) || fits_glob(pattern, &bare.to_string())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use landfast_state::ResourceObject;

    fn object(address: &str) -> RecordedObject {
        RecordedObject::new(ResourceObject::bare(address.parse().unwrap(), "registry.terraform.io/hashicorp/aws"))
    }

    #[test]
    fn selectors_fit_what_they_say() {
        for (selector, address, expected) in [
            ("aws_instance.web", "aws_instance.web[0]", true),
            ("aws_instance.web[1]", "aws_instance.web[0]", false),
            ("aws_instance.we", "aws_instance.web", false),
            ("aws_*.web", "aws_instance.web[\"a:b\"]", true),
            ("aws_instance.web[\"a:b\"]", "aws_instance.web[\"a:b\"]", true),
            ("module.a", "module.a[0].module.b.x_y.z", true),
            ("type:aws_*", "module.a.aws_instance.web", true),
            ("type:aws", "aws_instance.web", false),
            ("module:module.a", "module.a[0].module.b.x_y.z", true),
            ("module:module.a.module.b", "module.a[0].module.b.x_y.z", true),
            ("module:module.a[1]", "module.a[0].x_y.z", false),
            ("module:*", "aws_instance.web", false),
            ("provider:*/hashicorp/aws", "aws_instance.web", true),
            ("provider:aws", "aws_instance.web", false),
        ] {
            assert_eq!(selector.parse::<Selector>().unwrap().fits(&object(address)), expected, "{selector} {address}");
        }
        assert!("".parse::<Selector>().is_err() && "type:".parse::<Selector>().is_err());
        assert!("colour:red".parse::<Selector>().is_err());
    }

    #[test]
    fn except_goes_before_only() {
        let filter = ObjectFilter::default()
            .only(Selector::Type("aws_*".to_owned()))
            .except(Selector::Address("aws_instance.a".to_owned()));
        let passed = ["aws_instance.a", "aws_instance.b", "x_y.z"].map(|address| filter.passes(&object(address)));
        assert_eq!(passed, [false, true, false]);
    }
}
