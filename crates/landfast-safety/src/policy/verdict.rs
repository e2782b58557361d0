//! Judging an input by policies.

use std::sync::Arc;

use regorus::{Engine, Value};
use serde::Serialize;

use super::error::{EvaluationError, place_and_message};
use super::fence::{Fence, fenced};
use super::input::PolicyInput;
use super::set::{PolicyRule, PolicySet, RuleKind};

/// One thing that a rule says.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[non_exhaustive]
pub struct PolicyFinding {
    /// The resource that it is about, as the rule says; empty where it does not.
    pub address: String,
    /// The rule's id, as it says; else its package and name.
    pub id: String,
    /// What is wrong.
    pub message: String,
    /// The rule, such as `landfast.soc2.deny`.
    pub rule: String,
    /// What the rule asks for in a few words, as it says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// How bad it is, in the rule's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub severity: Option<String>,
    /// What to do about it, as the rule says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remediation: Option<String>,
}

/// What policies say about an input.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[non_exhaustive]
pub struct PolicyVerdict {
    /// What refuses, sorted by address.
    pub refusals: Vec<PolicyFinding>,
    /// What does not refuse, sorted by address.
    pub warnings: Vec<PolicyFinding>,
    /// How many rules were asked.
    pub rules: usize,
}

impl PolicyVerdict {
    /// Whether nothing refuses.
    #[must_use]
    pub fn is_clear(&self) -> bool {
        self.refusals.is_empty()
    }
}

/// How a test of policies ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TestOutcome {
    /// It is true.
    Passed,
    /// It is undefined, or something other than true.
    Failed,
    /// It could not be evaluated.
    Error(EvaluationError),
}

/// A test of policies.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TestResult {
    /// The rule.
    pub rule: PolicyRule,
    /// How it ended.
    pub outcome: TestOutcome,
}

impl PolicySet {
    /// Asks every rule about an input.
    ///
    /// # Errors
    /// When a rule cannot be evaluated, has no value though its value decides, or takes too long, and when the engine
    /// panics. No verdict is a refusal.
    pub fn judge(&self, input: &PolicyInput) -> Result<PolicyVerdict, EvaluationError> {
        let asked = self.rules().iter().filter(|rule| rule.kind != RuleKind::Test);
        let rules: Vec<PolicyRule> = asked.cloned().collect();
        if !rules.iter().any(|rule| matches!(rule.kind, RuleKind::Deny | RuleKind::Allow)) {
            return Err(EvaluationError::DecidesNothing);
        }
        let engine = self.engine.clone();
        let input = input.shared();
        self.fenced("the policies", move || {
            let mut engine = with_input(engine, &input);
            let mut verdict = PolicyVerdict { rules: rules.len(), ..PolicyVerdict::default() };
            for rule in &rules {
                let value = evaluate(&mut engine, rule)?;
                match rule.kind {
                    RuleKind::Deny => verdict.refusals.extend(findings(rule, &value)?),
                    RuleKind::Warn if value == Value::Undefined => {}
                    RuleKind::Warn => verdict.warnings.extend(findings(rule, &value)?),
                    RuleKind::Allow => verdict.refusals.extend(not_allowed(rule, &value)),
                    RuleKind::Test => {}
                }
            }
            verdict.refusals.sort();
            verdict.warnings.sort();
            Ok(verdict)
        })
    }

    /// Evaluates a query, such as `data.tags.deny`, and gives its value; of several expressions, and of several solutions,
    /// the list of them. `None` where it is undefined.
    ///
    /// # Errors
    /// When it cannot be evaluated or takes too long, and when the engine panics.
    pub fn query(&self, query: &str, input: &PolicyInput) -> Result<Option<serde_json::Value>, EvaluationError> {
        let engine = self.engine.clone();
        let (input, asked) = (input.shared(), query.to_owned());
        self.fenced(query, move || {
            let mut engine = with_input(engine, &input);
            let results =
                engine.eval_query(asked.clone(), false).map_err(|error| failed(&asked, &error.to_string()))?;
            let mut solutions: Vec<serde_json::Value> = Vec::new();
            for result in &results.result {
                let bindings =
                    json(&result.bindings).filter(|bindings| bindings.as_object().is_some_and(|b| !b.is_empty()));
                let values = result.expressions.iter().filter_map(|expression| json(&expression.value));
                let mut values: Vec<_> = values.collect();
                solutions.push(match (bindings, values.len()) {
                    (Some(bindings), _) => bindings,
                    (None, 1) => values.swap_remove(0),
                    (None, _) => values.into(),
                });
            }
            Ok(match solutions.len() {
                0 => None,
                1 => solutions.pop(),
                _ => Some(solutions.into()),
            })
        })
    }

    /// Runs the rules whose names begin with `test_`, as OPA does: errors of built-in functions make a value undefined.
    /// One after the other, sorted by package and name.
    #[must_use]
    pub fn test(&self) -> Vec<TestResult> {
        let tests = self.rules().iter().filter(|rule| rule.kind == RuleKind::Test);
        let run = |rule: &PolicyRule| {
            let (engine, asked) = (self.engine.clone(), rule.clone());
            let value = self.fenced(&rule.query, move || {
                let mut engine = engine;
                engine.set_strict_builtin_errors(false);
                evaluate(&mut engine, &asked).map(|value| value == Value::Bool(true))
            });
            match value {
                Ok(true) => TestOutcome::Passed,
                Ok(false) => TestOutcome::Failed,
                Err(error) => TestOutcome::Error(error),
            }
        };
        tests.map(|rule| TestResult { rule: rule.clone(), outcome: run(rule) }).collect()
    }

    fn fenced<T: Send + 'static>(
        &self,
        asked: &str,
        work: impl FnOnce() -> Result<T, EvaluationError> + Send + 'static,
    ) -> Result<T, EvaluationError> {
        let asked = asked.to_owned();
        let answer = match fenced(self.time_limit, work) {
            Ok(answer) => answer,
            Err(Fence::Panicked) => return Err(EvaluationError::Panicked { asked }),
            Err(Fence::OutOfTime) => return Err(EvaluationError::OutOfTime { asked, limit: self.time_limit }),
            Err(Fence::NoThread) => return Err(EvaluationError::NoThread),
        };
        // The engine says so in words.
        answer.map_err(|error| match error {
            EvaluationError::Failed { asked, what, .. } if what.contains("exceeded time limit") => {
                EvaluationError::OutOfTime { asked, limit: self.time_limit }
            }
            other => other,
        })
    }
}

fn with_input(mut engine: Engine, input: &Arc<serde_json::Value>) -> Engine {
    engine.set_input(Value::from((**input).clone()));
    engine
}

fn evaluate(engine: &mut Engine, rule: &PolicyRule) -> Result<Value, EvaluationError> {
    let value = engine.eval_rule(rule.query.clone());
    value.map_err(|error| failed(&rule.query, &error.to_string()))
}

fn failed(asked: &str, text: &str) -> EvaluationError {
    let (place, what) = place_and_message(text);
    EvaluationError::Failed { asked: asked.to_owned(), place, what }
}

fn json(value: &Value) -> Option<serde_json::Value> {
    if *value == Value::Undefined {
        return None;
    }
    serde_json::from_str(&value.to_json_str().ok()?).ok()
}

/// What a `deny` or `warn` rule says: each value of a set, array or object, or true, or a text.
fn findings(rule: &PolicyRule, value: &Value) -> Result<Vec<PolicyFinding>, EvaluationError> {
    Ok(match value {
        // A set without values is not undefined, wherever the engine makes it so.
        Value::Undefined if rule.is_partial => Vec::new(),
        Value::Undefined => return Err(EvaluationError::Undefined { rule: rule.query.clone() }),
        Value::Bool(false) => Vec::new(),
        Value::Set(values) => values.iter().map(|value| finding(rule, value)).collect(),
        Value::Array(values) => values.iter().map(|value| finding(rule, value)).collect(),
        // `deny[msg] := details` has the message as its key.
        Value::Object(members) => members.iter().map(|(key, value)| keyed(rule, key, value)).collect(),
        other => vec![finding(rule, other)],
    })
}

fn keyed(rule: &PolicyRule, key: &Value, value: &Value) -> PolicyFinding {
    if matches!(value, Value::Object(_)) { finding(rule, value) } else { finding(rule, key) }
}

fn finding(rule: &PolicyRule, value: &Value) -> PolicyFinding {
    let name = format!("{}.{}", rule.package, rule.name);
    let value = json(value).unwrap_or_default();
    let text = |key: &str| value.get(key).and_then(serde_json::Value::as_str).map(ToOwned::to_owned);
    let message = match &value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Bool(true) => format!("{name} is true"),
        // A result without words refuses all the same.
        other => text("msg").or_else(|| text("message")).unwrap_or_else(|| other.to_string()),
    };
    PolicyFinding {
        address: text("address").unwrap_or_default(),
        id: text("id").unwrap_or_else(|| name.clone()),
        message,
        title: text("title"),
        severity: text("severity"),
        remediation: text("remediation"),
        rule: name,
    }
}

/// Anything but true is a refusal, undefined above all.
fn not_allowed(rule: &PolicyRule, value: &Value) -> Option<PolicyFinding> {
    let said = match value {
        Value::Bool(true) => return None,
        Value::Bool(false) => "false",
        Value::Undefined => "undefined",
        _ => "neither true nor false",
    };
    let name = format!("{}.{}", rule.package, rule.name);
    Some(PolicyFinding {
        address: String::new(),
        id: name.clone(),
        message: format!("{name} is {said}"),
        title: None,
        severity: None,
        remediation: None,
        rule: name,
    })
}
