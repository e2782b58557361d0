//! What can be wrong with policies, and with judging by them.

use std::fmt;
use std::time::Duration;

/// A place in a policy: the file as it was named, with line and column from 1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PolicyPlace {
    /// The file, as it was named when it was given.
    pub file: String,
    /// The line.
    pub line: u64,
    /// The column, where a tab counts as four.
    pub column: u64,
}

impl fmt::Display for PolicyPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// Why there is no policy set of these files.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// There are no files.
    #[error("there are no policies")]
    Nothing,
    /// A file is too large.
    #[error("{file}: it has {bytes} bytes, and a policy has at most {limit}")]
    TooLarge {
        /// The file.
        file: String,
        /// Its size.
        bytes: usize,
        /// The limit.
        limit: usize,
    },
    /// There are more rules than fit.
    #[error("there are {rules} rules, and at most {limit} are judged together")]
    TooManyRules {
        /// How many there are.
        rules: usize,
        /// The limit.
        limit: usize,
    },
    /// Two files have the same name.
    #[error("{file}: two policies have this name")]
    Twice {
        /// The name.
        file: String,
    },
    /// There is no pack with this name.
    #[error("there is no pack {name:?}: there are {known}")]
    NoSuchPack {
        /// The name.
        name: String,
        /// Those that there are.
        known: String,
    },
    /// It is not Rego, or Rego that cannot be compiled.
    #[error("{place}: {what}")]
    Invalid {
        /// Where.
        place: PolicyPlace,
        /// What is wrong with it.
        what: String,
    },
    /// It cannot be compiled, and nothing says where.
    #[error("the policies cannot be compiled: {what}")]
    Uncompilable {
        /// What is wrong.
        what: String,
    },
    /// It calls a function that policies are not given.
    #[error("{place}: {name} is not given to policies: {why}")]
    Forbidden {
        /// Where.
        place: PolicyPlace,
        /// The function.
        name: String,
        /// Why not.
        why: &'static str,
    },
    /// It calls a function that nobody defines.
    #[error("{place}: there is no function {name}")]
    NoSuchFunction {
        /// Where.
        place: PolicyPlace,
        /// The function.
        name: String,
    },
    /// No rule decides anything.
    #[error("no rule of {files} is called deny or allow, so they would let everything through")]
    DecidesNothing {
        /// The files.
        files: String,
    },
    /// The data for policies is no object.
    #[error("the data for policies is not an object")]
    DataNoObject,
    /// The engine panicked.
    #[error("the policy engine failed while it read {files}")]
    Panicked {
        /// The files.
        files: String,
    },
}

/// Why there is no verdict. Whoever gets this refuses.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluationError {
    /// The engine panicked.
    #[error("the policy engine failed at {asked}")]
    Panicked {
        /// What was being evaluated.
        asked: String,
    },
    /// It took too long.
    #[error("{asked} took longer than {} s", .limit.as_secs_f64())]
    OutOfTime {
        /// What was being evaluated.
        asked: String,
        /// The limit.
        limit: Duration,
    },
    /// It cannot be evaluated.
    #[error("{asked} cannot be evaluated: {}{what}", .place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default())]
    Failed {
        /// What was being evaluated.
        asked: String,
        /// Where, as far as that is known.
        place: Option<PolicyPlace>,
        /// Why.
        what: String,
    },
    /// A rule has no value, and it is one whose value decides.
    #[error("{rule} is undefined: a rule that decides has a value in every case, so give it a default")]
    Undefined {
        /// The rule.
        rule: String,
    },
    /// There is no rule that could refuse.
    #[error("no rule is called deny or allow, so the policies would let everything through")]
    DecidesNothing,
    /// There is no thread to evaluate in.
    #[error("no thread could be started to evaluate policies in")]
    NoThread,
}

/// Takes the engine's message apart: `\n--> FILE:LINE:COLUMN\n…\nerror: WHAT`.
pub(super) fn place_and_message(text: &str) -> (Option<PolicyPlace>, String) {
    let what = match text.find("error: ") {
        Some(at) => text.get(at + "error: ".len()..).unwrap_or_default(),
        None => text,
    };
    let what = what.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("no reason given").to_owned();
    let named = text.lines().find_map(|line| line.trim().strip_prefix("--> "));
    let place = named.and_then(|named| {
        let mut parts = named.rsplitn(3, ':');
        let column = parts.next()?.trim().parse().ok()?;
        let line = parts.next()?.parse().ok()?;
        Some(PolicyPlace { file: parts.next()?.to_owned(), line, column })
    });
    (place, what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_the_engine_come_apart() {
        let text = "\n--> a/p.rego:2:15\n  |\n2 | x := f(1)\n  |      ^\nerror: could not find function f";
        let (place, what) = place_and_message(text);
        assert_eq!(place.unwrap().to_string(), "a/p.rego:2:15");
        assert_eq!(what, "could not find function f");
        assert_eq!(place_and_message("not a valid rule path"), (None, "not a valid rule path".to_owned()));
    }
}
