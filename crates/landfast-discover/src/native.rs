//! Configurations in terraform's own language, `*.tf`.

use std::ops::Range;

use hcl_edit::Span as _;
use hcl_edit::expr::{Expression, ObjectKey, TraversalOperator, UnaryOperator};
use hcl_edit::structure::{self, Structure};
use hcl_edit::template::{Element, Template};
use landfast_state::Value;

use crate::error::ReadModuleError;
use crate::place::{Place, SourceText, excerpt};
use crate::tree::{Block, Body, Key, Node, Part, Reference, Step, Syntax, Term};

/// Reads a file.
pub(crate) fn body(source: &SourceText<'_>) -> Result<Body, ReadModuleError> {
    let parsed = hcl_edit::parser::parse_body(source.text).map_err(|error| syntax(source, &error))?;
    Ok(convert_body(source, &parsed))
}

/// Reads an expression that stands by itself.
pub(crate) fn expression(source: &SourceText<'_>) -> Result<Node, ReadModuleError> {
    let parsed = hcl_edit::parser::parse_expr(source.text).map_err(|error| syntax(source, &error))?;
    Ok(node(source, &parsed))
}

/// Reads a text with templates in it.
pub(crate) fn template(source: &SourceText<'_>) -> Result<Node, ReadModuleError> {
    let parsed = hcl_edit::parser::parse_template(source.text).map_err(|error| syntax(source, &error))?;
    Ok(Node { term: template_term(source, &parsed), place: source.place(0) })
}

fn syntax(source: &SourceText<'_>, error: &hcl_edit::parser::Error) -> ReadModuleError {
    ReadModuleError::Syntax { place: source.place(error.location().offset()), what: error.message().to_owned() }
}

/// The parser has seen to it that no attribute stands twice.
fn convert_body(source: &SourceText<'_>, parsed: &structure::Body) -> Body {
    let mut body = Body { attributes: Vec::new(), blocks: Vec::new(), syntax: Syntax::Native };
    for structure in parsed {
        match structure {
            Structure::Attribute(attribute) => {
                let name = attribute.key.as_str();
                body.attributes.push((name.to_owned(), node(source, &attribute.value)));
            }
            Structure::Block(block) => body.blocks.push(Block {
                kind: block.ident.as_str().to_owned(),
                labels: block.labels.iter().map(|label| label.as_str().to_owned()).collect(),
                body: convert_body(source, &block.body),
                place: place(source, block.span()),
            }),
        }
    }
    body
}

fn place(source: &SourceText<'_>, span: Option<Range<usize>>) -> Place {
    source.place(span.map_or(0, |span| span.start))
}

fn written<'t>(source: &SourceText<'t>, span: Option<Range<usize>>) -> &'t str {
    span.and_then(|span| source.text.get(span)).unwrap_or_default()
}

/// The parser bounds the depth.
fn node(source: &SourceText<'_>, expression: &Expression) -> Node {
    if let Expression::Parenthesis(inner) = expression {
        return node(source, inner.inner());
    }
    let span = expression.span();
    let place = place(source, span.clone());
    let written = written(source, span);
    let other = |what| Term::Other { what, excerpt: excerpt(written) };
    let term = match expression {
        Expression::Null(_) => Term::Literal(Value::Null),
        Expression::Bool(value) => Term::Literal(Value::Bool(*value.value())),
        Expression::Number(_) => number(written).map_or_else(|| other("the number is too large"), Term::Literal),
        Expression::UnaryOp(operation) => match (operation.operator.value(), &operation.expr) {
            (UnaryOperator::Neg, Expression::Number(_)) => {
                number(&format!("-{}", written.trim_start_matches('-').trim()))
                    .map_or_else(|| other("the number is too large"), Term::Literal)
            }
            _ => other("operators are not computed"),
        },
        Expression::String(text) => Term::Text(text.value().clone()),
        Expression::StringTemplate(template) => template_term(source, template),
        Expression::HeredocTemplate(heredoc) => template_term(source, &heredoc.template),
        Expression::Array(elements) => Term::List(elements.iter().map(|element| node(source, element)).collect()),
        Expression::Object(members) => {
            Term::Object(members.iter().map(|(name, value)| (key(source, name), node(source, value.expr()))).collect())
        }
        Expression::Variable(name) => {
            Term::Reference(Reference { root: name.as_str().to_owned(), steps: Vec::new(), excerpt: excerpt(written) })
        }
        Expression::Traversal(traversal) => {
            let steps: Option<Vec<Step>> =
                traversal.operators.iter().map(|operator| step(source, operator.value())).collect();
            match (&traversal.expr, steps) {
                (Expression::Variable(name), Some(steps)) => {
                    Term::Reference(Reference { root: name.as_str().to_owned(), steps, excerpt: excerpt(written) })
                }
                (_, None) => other("splats are not computed"),
                _ => other("only what variables and locals hold is taken apart"),
            }
        }
        Expression::FuncCall(call) => {
            let names: Vec<_> = call.name.namespace.iter().chain([&call.name.name]).map(|name| name.as_str()).collect();
            let arguments = call.args.iter().map(|argument| node(source, argument)).collect();
            Term::Call { name: names.join("::"), arguments, excerpt: excerpt(written) }
        }
        Expression::Conditional(_) => other("conditions are not computed"),
        Expression::BinaryOp(_) => other("operators are not computed"),
        Expression::ForExpr(_) => other("loops are not computed"),
        Expression::Parenthesis(_) => other("it is not computed"),
    };
    Node { term, place }
}

fn step(source: &SourceText<'_>, operator: &TraversalOperator) -> Option<Step> {
    match operator {
        TraversalOperator::GetAttr(name) => Some(Step::Name(name.as_str().to_owned())),
        TraversalOperator::Index(index) => Some(Step::Index(Box::new(node(source, index)))),
        TraversalOperator::LegacyIndex(index) => {
            let place = source.place(0);
            number(&index.value().to_string())
                .map(|index| Step::Index(Box::new(Node { term: Term::Literal(index), place })))
        }
        TraversalOperator::AttrSplat(_) | TraversalOperator::FullSplat(_) => None,
    }
}

fn key(source: &SourceText<'_>, key: &ObjectKey) -> Key {
    match key {
        ObjectKey::Ident(name) => Key::Name(name.as_str().to_owned()),
        // In parentheses it is an expression, and else a name.
        ObjectKey::Expression(Expression::Variable(name)) => Key::Name(name.as_str().to_owned()),
        ObjectKey::Expression(Expression::String(text)) => Key::Name(text.value().clone()),
        ObjectKey::Expression(expression) => Key::Node(node(source, expression)),
    }
}

/// A number as it is written, exactly.
fn number(written: &str) -> Option<Value> {
    let (sign, digits) = match written.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", written),
    };
    // The language allows zeros in front, and JSON does not.
    let digits = digits.trim();
    let trimmed = digits.trim_start_matches('0');
    let zero = if trimmed.starts_with(|c: char| c.is_ascii_digit()) { "" } else { "0" };
    format!("{sign}{zero}{trimmed}").parse().ok().map(Value::Number)
}

fn template_term(source: &SourceText<'_>, template: &Template) -> Term {
    let mut parts: Vec<Part> = Vec::new();
    // Whether white space at the start of the next text goes.
    let mut strip_next = false;
    for element in template {
        match element {
            Element::Literal(text) => {
                let text = text.value().as_str();
                let text = if strip_next { text.trim_start() } else { text };
                strip_next = false;
                parts.push(Part::Text(text.to_owned()));
            }
            Element::Interpolation(interpolation) => {
                if interpolation.strip.strip_start()
                    && let Some(Part::Text(text)) = parts.last_mut()
                {
                    text.truncate(text.trim_end().len());
                }
                strip_next = interpolation.strip.strip_end();
                parts.push(Part::Node(node(source, &interpolation.expr)));
            }
            Element::Directive(directive) => {
                let span = directive.span();
                let place = place(source, span.clone());
                let excerpt = excerpt(written(source, span));
                let term = Term::Other { what: "conditions and loops in texts are not computed", excerpt };
                parts.push(Part::Node(Node { term, place }));
            }
        }
    }
    match parts.as_mut_slice() {
        [] => Term::Text(String::new()),
        [Part::Text(text)] => Term::Text(std::mem::take(text)),
        _ => Term::Template(parts),
    }
}
