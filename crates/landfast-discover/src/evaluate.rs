//! Computing values, as far as literals, templates, locals and variables go.

use landfast_state::{Members, Sensitive, Value};

use crate::error::{EvaluationError, ReadModuleError};
use crate::inputs::Given;
use crate::module::RootModule;
use crate::native;
use crate::place::{Place, SourceText};
use crate::tree::{Key, Node, Part, Reference, Step, Term};
use crate::type_constraint::{Constraint, text_of};
use crate::variable::{Nullable, Variable, Visibility};

/// Bounds of one value: how deep it may be, the values that it needs counted in, and how much may be computed for it, in bytes.
const MAX_DEPTH: usize = 200;
const MAX_WORK: usize = 64 << 20;

/// What a step costs that makes no text.
const STEP: usize = 32;

/// What names mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scope {
    Module,
    /// In values of variables nothing has a name.
    Nothing,
}

pub(crate) struct Evaluator<'m> {
    module: &'m RootModule,
    scope: Scope,
    /// The variables and locals that are being computed.
    open: Vec<String>,
    depth: usize,
    work: usize,
}

impl<'m> Evaluator<'m> {
    pub(crate) fn new(module: &'m RootModule) -> Self {
        Self { module, scope: Scope::Module, open: Vec::new(), depth: 0, work: 0 }
    }

    pub(crate) fn value(&mut self, node: &Node) -> Result<Value, EvaluationError> {
        self.depth += 1;
        self.charge(STEP, &node.place)?;
        if self.depth > MAX_DEPTH {
            return Err(EvaluationError::TooLarge { place: node.place.clone() });
        }
        let value = self.term(node)?;
        self.depth -= 1;
        Ok(value)
    }

    fn charge(&mut self, bytes: usize, place: &Place) -> Result<(), EvaluationError> {
        self.work = self.work.saturating_add(bytes);
        if self.work > MAX_WORK { Err(EvaluationError::TooLarge { place: place.clone() }) } else { Ok(()) }
    }

    fn term(&mut self, node: &Node) -> Result<Value, EvaluationError> {
        let place = &node.place;
        match &node.term {
            Term::Literal(value) => Ok(value.clone()),
            Term::Text(text) => {
                self.charge(text.len(), place)?;
                Ok(Value::String(text.clone()))
            }
            Term::Template(parts) => self.template(parts, place),
            Term::List(elements) => {
                Ok(Value::List(elements.iter().map(|element| self.value(element)).collect::<Result<_, _>>()?))
            }
            Term::Object(members) => {
                let mut made = Members::new();
                for (key, member) in members {
                    let key = match key {
                        Key::Name(name) => name.clone(),
                        Key::Node(node) => self.key(node)?,
                    };
                    self.charge(key.len(), place)?;
                    made.insert(key, self.value(member)?);
                }
                Ok(Value::Object(made))
            }
            Term::Reference(reference) => self.reference(reference, place),
            Term::Call { name, excerpt, .. } => Err(EvaluationError::NotComputed {
                place: place.clone(),
                expression: excerpt.clone(),
                reason: format!("no functions are called, and {name} is one"),
            }),
            Term::Other { what, excerpt } => Err(EvaluationError::NotComputed {
                place: place.clone(),
                expression: excerpt.clone(),
                reason: (*what).to_owned(),
            }),
        }
    }

    fn key(&mut self, node: &Node) -> Result<String, EvaluationError> {
        let value = self.value(node)?;
        text_of(&value).ok_or_else(|| EvaluationError::Mismatch {
            place: node.place.clone(),
            what: format!("the name of a member is a text, and this is {}", value.kind_name()),
        })
    }

    fn template(&mut self, parts: &[Part], place: &Place) -> Result<Value, EvaluationError> {
        // A template that is nothing else than an expression is its value.
        if let [Part::Node(node)] = parts {
            return self.value(node);
        }
        let (mut text, mut sensitive) = (String::new(), false);
        for part in parts {
            match part {
                Part::Text(literal) => text.push_str(literal),
                Part::Node(node) => {
                    let value = self.value(node)?;
                    let (inner, hidden) = match &value {
                        Value::Sensitive(held) => (held.expose(), true),
                        other => (Some(other), false),
                    };
                    sensitive |= hidden;
                    let part = inner.and_then(text_of).ok_or_else(|| EvaluationError::Mismatch {
                        place: node.place.clone(),
                        what: format!("{} cannot stand in a text", value.kind_name()),
                    })?;
                    text.push_str(&part);
                }
            }
            self.charge(text.len(), place)?;
        }
        let text = Value::String(text);
        Ok(if sensitive { Value::Sensitive(Sensitive::new(text)) } else { text })
    }

    fn reference(&mut self, reference: &Reference, place: &Place) -> Result<Value, EvaluationError> {
        let not_computed = |reason: &str| EvaluationError::NotComputed {
            place: place.clone(),
            expression: reference.excerpt.clone(),
            reason: reason.to_owned(),
        };
        if self.scope == Scope::Nothing {
            return Err(not_computed("values of variables refer to nothing"));
        }
        let mut steps = reference.steps.iter();
        let first = match steps.next() {
            Some(Step::Name(name)) => Some(name.as_str()),
            _ => None,
        };
        let start = match (reference.root.as_str(), first) {
            ("var", Some(name)) => self.variable(name, place)?,
            ("local", Some(name)) => self.local(name, place)?,
            ("path", Some("module" | "root")) => Value::String(".".to_owned()),
            ("terraform", Some("workspace")) => match &self.module.workspace {
                Some(workspace) => Value::String(workspace.clone()),
                None => return Err(not_computed("the workspace is not known")),
            },
            ("var" | "local", None) => return Err(not_computed("it names nothing")),
            ("path" | "terraform", _) => return Err(not_computed("it is known to terraform alone")),
            ("data", _) => return Err(not_computed("data sources are not read for it")),
            ("module", _) => return Err(not_computed("modules are not read")),
            ("each" | "count" | "self", _) => return Err(not_computed("it is known only where something is repeated")),
            _ => return Err(not_computed("it is no variable and no local")),
        };
        let mut value = start;
        for step in steps {
            value = self.step(value, step, reference, place)?;
        }
        Ok(value)
    }

    fn step(
        &mut self,
        value: Value,
        step: &Step,
        reference: &Reference,
        place: &Place,
    ) -> Result<Value, EvaluationError> {
        if let Value::Sensitive(held) = value {
            let inner = held.expose().cloned().unwrap_or(Value::Null);
            return Ok(match self.step(inner, step, reference, place)? {
                marked @ Value::Sensitive(_) => marked,
                plain => Value::Sensitive(Sensitive::new(plain)),
            });
        }
        let key = match step {
            Step::Name(name) => Value::String(name.clone()),
            Step::Index(node) => self.value(node)?,
        };
        let found = match (value, &key) {
            (Value::Object(mut members), key) => text_of(key).and_then(|key| members.remove(&key)),
            (Value::List(elements), key) => {
                let at = text_of(key).and_then(|key| key.parse::<usize>().ok());
                at.and_then(|at| elements.into_iter().nth(at))
            }
            (other, _) => {
                let what = format!("{} has no members: `{}`", other.kind_name(), reference.excerpt);
                return Err(EvaluationError::Mismatch { place: place.clone(), what });
            }
        };
        found.ok_or_else(|| EvaluationError::Undeclared {
            place: place.clone(),
            what: format!("member that `{}` names", reference.excerpt),
        })
    }

    pub(crate) fn local(&mut self, name: &str, place: &Place) -> Result<Value, EvaluationError> {
        let module = self.module;
        let node = module
            .locals
            .get(name)
            .ok_or_else(|| EvaluationError::Undeclared { place: place.clone(), what: format!("local.{name}") })?;
        let name = format!("local.{name}");
        if let Some(at) = self.open.iter().position(|open| *open == name) {
            let names = self.open.iter().skip(at).cloned().chain([name]).collect();
            return Err(EvaluationError::Cycle { place: place.clone(), names });
        }
        self.open.push(name);
        let value = self.value(node);
        self.open.pop();
        value
    }

    pub(crate) fn variable(&mut self, name: &str, place: &Place) -> Result<Value, EvaluationError> {
        let module = self.module;
        let variable = module
            .variables
            .get(name)
            .ok_or_else(|| EvaluationError::Undeclared { place: place.clone(), what: format!("var.{name}") })?;
        let scope = std::mem::replace(&mut self.scope, Scope::Nothing);
        let value = self.value_of(name, variable);
        self.scope = scope;
        let value = value?;
        Ok(match (variable.visibility, value) {
            (Visibility::Sensitive, value @ Value::Sensitive(_)) => value,
            (Visibility::Sensitive, value) => Value::Sensitive(Sensitive::new(value)),
            (Visibility::Plain, value) => value,
        })
    }

    fn value_of(&mut self, name: &str, variable: &Variable) -> Result<Value, EvaluationError> {
        let no_value = || EvaluationError::NoValue { place: variable.place.clone(), name: name.to_owned() };
        let (value, place) = match self.module.given.values.get(name) {
            Some(given) => self.given(given, variable)?,
            None => (Value::Null, variable.place.clone()),
        };
        let is_given = self.module.given.values.contains_key(name);
        let (value, place) = match (&variable.default, value) {
            (Some(default), Value::Null) if !is_given || variable.nullable == Nullable::No => {
                (self.value(default)?, default.place.clone())
            }
            (None, Value::Null) if !is_given => return Err(no_value()),
            (_, value) => (value, place),
        };
        if value == Value::Null && variable.nullable == Nullable::No {
            return Err(no_value());
        }
        // Defaults of members are computed like other values of variables.
        let mut defaults = |node: &Node| self.value(node).ok();
        variable.constraint.convert(value, &mut defaults).map_err(|misfit| {
            let at = if misfit.path.steps.is_empty() { String::new() } else { format!(" at {}", misfit.path) };
            EvaluationError::Mismatch { place, what: format!("the value of var.{name}{at}: {}", misfit.what) }
        })
    }

    fn given(&mut self, given: &Given, variable: &Variable) -> Result<(Value, Place), EvaluationError> {
        let (text, from) = match given {
            Given::Node(node) => return Ok((self.value(node)?, node.place.clone())),
            Given::Text { text, from } => (text, from),
        };
        let place = Place { file: from.as_str().into(), line: 1, column: 1 };
        self.charge(text.len(), &place)?;
        let is_plain = variable.constraint.is_plain()
            || matches!((&variable.constraint, variable.typed), (Constraint::Any, false));
        if is_plain {
            return Ok((Value::String(text.clone()), place));
        }
        // What was meant as an expression may be a secret: nothing of it is shown.
        let mismatch = |place: Place| EvaluationError::Mismatch {
            place,
            what: "the variable is of a type of which values are expressions, and this is none that can be computed"
                .to_owned(),
        };
        let node = native::expression(&SourceText::new(from, text)).map_err(|error| {
            mismatch(match error {
                ReadModuleError::Syntax { place, .. } => place,
                _ => place.clone(),
            })
        })?;
        match self.value(&node) {
            Ok(value) => Ok((value, place)),
            Err(_) => Err(mismatch(node.place)),
        }
    }
}
