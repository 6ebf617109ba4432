//! Follows what is known of `input` through a policy, to find names that lead nowhere: in Rego a
//! misspelt field is undefined, and a deny on it never fires.

use std::collections::BTreeMap;

use regorus::unstable::{AssignOp, Expr, Literal, Query, Rule, RuleHead};

use super::shape::Shape;
use super::walk::{self, Node, Path, Segment};
use super::{Parsed, at, names};
use crate::error::PolicyError;

/// Rounds of inference; each carries knowledge one rule further.
const ROUNDS: usize = 4;

/// Shapes of rules' values, by package and name.
type RuleShapes = BTreeMap<(String, String), Shape>;
/// Shapes of a rule's variables.
type Variables = BTreeMap<String, Shape>;

/// Finds the references into `input`, direct or through variables and rules, that lead nowhere.
pub(super) fn check(modules: &BTreeMap<String, Parsed>, errors: &mut Vec<PolicyError>) {
    let mut shapes = RuleShapes::new();
    for _ in 0..ROUNDS {
        for (package, parsed) in modules {
            let aliases = names::aliases(&parsed.module);
            for rule in &parsed.module.policy {
                let Some(name) = walk::rule_name(rule).1 else {
                    continue;
                };
                let scope = Scope { package, aliases: &aliases, rules: &shapes, variables: BTreeMap::new() };
                let shape = scope.infer(rule).value(rule);
                let key = (package.clone(), name.to_owned());
                let merged = match shapes.remove(&key) {
                    Some(known) => merge(known, shape),
                    None => shape,
                };
                shapes.insert(key, merged);
            }
        }
    }
    for (package, parsed) in modules {
        let aliases = names::aliases(&parsed.module);
        for rule in &parsed.module.policy {
            let scope = Scope { package, aliases: &aliases, rules: &shapes, variables: BTreeMap::new() }.infer(rule);
            walk::rule(rule, &mut |node| {
                if let Node::Reference(path) = node {
                    scope.complain(&path, errors);
                }
            });
        }
    }
}

/// Two definitions of one name: what both agree on.
fn merge(a: Shape, b: Shape) -> Shape {
    if a == b { a } else { Shape::Any }
}

struct Scope<'a> {
    package: &'a str,
    aliases: &'a BTreeMap<String, Vec<String>>,
    rules: &'a RuleShapes,
    variables: Variables,
}

impl Scope<'_> {
    /// Learns the rule's variables.
    fn infer(mut self, rule: &Rule) -> Self {
        for _ in 0..ROUNDS {
            let mut learnt = Variables::new();
            let mut learn = |name: &str, shape: Shape| {
                let merged = match learnt.remove(name) {
                    Some(known) => merge(known, shape),
                    None => shape,
                };
                learnt.insert(name.to_owned(), merged);
            };
            if let Rule::Spec { head: RuleHead::Func { args, .. }, .. } = rule {
                args.iter().filter_map(|arg| variable(arg)).for_each(|name| learn(name, Shape::Any));
            }
            walk::rule(rule, &mut |node| {
                if let Node::Query(query) = node {
                    self.query(query, &mut learn);
                }
            });
            if learnt == self.variables {
                break;
            }
            self.variables = learnt;
        }
        self
    }

    fn query(&self, query: &Query, learn: &mut dyn FnMut(&str, Shape)) {
        for statement in &query.stmts {
            match &statement.literal {
                Literal::SomeIn { key, value, collection, .. } => {
                    if let Some(name) = key.as_ref().and_then(|key| variable(key)) {
                        learn(name, Shape::Scalar);
                    }
                    if let Some(name) = variable(value) {
                        learn(name, self.shape(collection).item());
                    }
                }
                Literal::Every { key, value, domain, .. } => {
                    if let Some(key) = key {
                        learn(key.text(), Shape::Scalar);
                    }
                    learn(value.text(), self.shape(domain).item());
                }
                Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => {
                    if let Expr::AssignExpr { op, lhs, rhs, .. } = expr.as_ref() {
                        if let Some(name) = variable(lhs) {
                            learn(name, self.shape(rhs));
                        } else if *op == AssignOp::Eq
                            && let Some(name) = variable(rhs)
                        {
                            learn(name, self.shape(lhs));
                        }
                    }
                }
                Literal::SomeVars { .. } => {}
            }
        }
    }

    /// What a rule contributes to the value under its name.
    fn value(&self, rule: &Rule) -> Shape {
        match rule {
            Rule::Spec { head: RuleHead::Set { key: Some(key), .. }, .. } => Shape::List(Box::new(self.shape(key))),
            Rule::Spec { head: RuleHead::Compr { refr, assign, .. }, bodies, .. }
                if matches!(refr.as_ref(), Expr::Var { .. }) =>
            {
                if bodies.iter().any(|body| body.assign.is_some()) {
                    return Shape::Any;
                }
                assign.as_ref().map_or(Shape::Scalar, |assign| self.shape(&assign.value))
            }
            _ => Shape::Any,
        }
    }

    fn shape(&self, expr: &Expr) -> Shape {
        match expr {
            Expr::Var { .. } | Expr::RefDot { .. } | Expr::RefBrack { .. } => {
                let (path, other) = Path::of(expr);
                if other.is_some() {
                    return Shape::Any;
                }
                self.resolve(&path).unwrap_or(Shape::Any)
            }
            Expr::ArrayCompr { term, .. } | Expr::SetCompr { term, .. } => Shape::List(Box::new(self.shape(term))),
            Expr::String { .. } | Expr::RawString { .. } | Expr::Number { .. } | Expr::Bool { .. } => Shape::Scalar,
            _ => Shape::Any,
        }
    }

    fn complain(&self, path: &Path<'_>, errors: &mut Vec<PolicyError>) {
        if let Err((key, known)) = self.resolve(path) {
            let remedy = if known.is_empty() {
                "there is nothing inside it".to_owned()
            } else {
                format!("use one of {}", known.join(", "))
            };
            errors.push(at(path.span, format!("`{}` leads nowhere: there is no `{key}`", path.display()), &remedy));
        }
    }

    /// The shape at the end of a reference, or the step that is not there and what is.
    fn resolve(&self, path: &Path<'_>) -> Result<Shape, (String, Vec<String>)> {
        let Some(root) = path.root else {
            return Ok(Shape::Any);
        };
        let (start, skip) = self.start(root, path);
        let mut shape = start;
        for segment in path.segments.iter().skip(skip) {
            shape = match segment {
                Segment::Key(key) => match shape.key(key) {
                    Ok(next) => next.clone(),
                    // A text in brackets may be a member of a set.
                    Err(_) if matches!(shape, Shape::List(_)) => shape.item(),
                    Err(error) => {
                        return Err((error.key.to_owned(), error.known.into_iter().map(str::to_owned).collect()));
                    }
                },
                Segment::Index(_) => shape.item(),
            };
        }
        Ok(shape)
    }

    /// What a reference starts from, and how many of its steps that takes up.
    fn start(&self, root: &str, path: &Path<'_>) -> (Shape, usize) {
        if let Some(shape) = self.variables.get(root) {
            return (shape.clone(), 0);
        }
        let expanded: Vec<String> = match self.aliases.get(root) {
            Some(target) => target.clone(),
            None => vec![root.to_owned()],
        };
        let parts: Vec<&str> = expanded.iter().map(String::as_str).collect();
        match parts.as_slice() {
            ["input", keys @ ..] => {
                let shape = keys.iter().try_fold(Shape::input().clone(), |shape, key| shape.key(key).cloned().ok());
                (shape.unwrap_or(Shape::Any), 0)
            }
            ["data", ..] => {
                let (names, _) = path.names();
                let package: Vec<&str> = parts.iter().copied().chain(names.into_iter().skip(1)).collect();
                let (package, name) = match package.as_slice() {
                    ["data", "mesh", "lib", lib, name, ..] => (format!("mesh.lib.{lib}"), *name),
                    _ => return (Shape::Any, usize::MAX),
                };
                let skip = 5usize.saturating_sub(parts.len());
                let shape = self.rules.get(&(package, name.to_owned()));
                (shape.cloned().unwrap_or(Shape::Any), skip)
            }
            [name] => {
                let key = (self.package.to_owned(), (*name).to_owned());
                (self.rules.get(&key).cloned().unwrap_or(Shape::Any), 0)
            }
            _ => (Shape::Any, usize::MAX),
        }
    }
}

fn variable(expr: &Expr) -> Option<&str> {
    match expr {
        Expr::Var { span, .. } => Some(span.text()),
        _ => None,
    }
}
