//! Walks the syntax tree of a rule and hands out what the checks look at.

use regorus::unstable::{ArithOp, AssignOp, Expr, Literal, Query, Ref, Rule, RuleAssign, RuleHead, Span};

/// What the checks look at.
pub(super) enum Node<'a> {
    /// A whole reference: `input.ports[i].name`, or a lone variable.
    Reference(Path<'a>),
    /// A call of a function or builtin.
    Call { path: Path<'a>, args: &'a [Ref<Expr>] },
    /// A product of two terms.
    Product { span: &'a Span, lhs: &'a Expr, rhs: &'a Expr },
    /// A `with` modifier.
    With(&'a Span),
    /// The statements of a body, a comprehension or an `every`.
    Query(&'a Query),
}

/// A reference, flattened.
pub(super) struct Path<'a> {
    /// The variable it starts from; none if it starts from another expression.
    pub(super) root: Option<&'a str>,
    pub(super) segments: Vec<Segment<'a>>,
    pub(super) span: &'a Span,
}

/// One step of a reference.
pub(super) enum Segment<'a> {
    Key(String),
    Index(&'a Expr),
}

impl<'a> Path<'a> {
    pub(super) fn of(expr: &'a Expr) -> (Self, Option<&'a Expr>) {
        let mut segments = Vec::new();
        let mut current = expr;
        let (root, other) = loop {
            match current {
                Expr::RefDot { refr, field, .. } => {
                    segments.push(Segment::Key(text(&field.1).unwrap_or_default()));
                    current = refr;
                }
                Expr::RefBrack { refr, index, .. } => {
                    segments.push(match index.as_ref() {
                        Expr::String { value, .. } | Expr::RawString { value, .. } => {
                            Segment::Key(text(value).unwrap_or_default())
                        }
                        index => Segment::Index(index),
                    });
                    current = refr;
                }
                Expr::Var { span, .. } => break (Some(span.text()), None),
                other => break (None, Some(other)),
            }
        };
        segments.reverse();
        let path = Self { root, segments, span: current.span() };
        (path, other)
    }

    /// The leading names up to the first computed step, and whether that is all of it.
    pub(super) fn names(&self) -> (Vec<&str>, bool) {
        let mut names: Vec<&str> = self.root.into_iter().collect();
        for segment in &self.segments {
            match segment {
                Segment::Key(name) => names.push(name),
                Segment::Index(_) => return (names, false),
            }
        }
        (names, true)
    }

    /// As written, computed steps as `[_]`.
    pub(super) fn display(&self) -> String {
        let mut written = self.root.unwrap_or("").to_owned();
        for segment in &self.segments {
            match segment {
                Segment::Key(name) => {
                    written.push('.');
                    written.push_str(name);
                }
                Segment::Index(_) => written.push_str("[_]"),
            }
        }
        written
    }
}

/// The text of a string value.
pub(super) fn text(value: &regorus::Value) -> Option<String> {
    value.as_string().ok().map(|text| text.to_string())
}

/// Walks everything in a rule but the name in its head.
pub(super) fn rule<'a>(rule: &'a Rule, visit: &mut dyn FnMut(Node<'a>)) {
    match rule {
        Rule::Spec { head, bodies, .. } => {
            match head {
                RuleHead::Compr { refr, assign, .. } => {
                    indices(refr, visit);
                    assigned(assign.as_ref(), visit);
                }
                RuleHead::Set { refr, key, .. } => {
                    indices(refr, visit);
                    if let Some(key) = key {
                        expr(key, visit);
                    }
                }
                RuleHead::Func { refr, args, assign, .. } => {
                    indices(refr, visit);
                    args.iter().for_each(|arg| expr(arg, visit));
                    assigned(assign.as_ref(), visit);
                }
            }
            for body in bodies {
                assigned(body.assign.as_ref(), visit);
                query(&body.query, visit);
            }
        }
        Rule::Default { refr, args, value, .. } => {
            indices(refr, visit);
            args.iter().for_each(|arg| expr(arg, visit));
            expr(value, visit);
        }
    }
}

/// The name that a rule defines.
pub(super) fn rule_name(rule: &Rule) -> (&Expr, Option<&str>) {
    let refr = match rule {
        Rule::Spec { head, .. } => match head {
            RuleHead::Compr { refr, .. } | RuleHead::Set { refr, .. } | RuleHead::Func { refr, .. } => refr,
        },
        Rule::Default { refr, .. } => refr,
    };
    let (path, _) = Path::of(refr);
    (refr, path.root)
}

/// Names that a rule gives to itself, its arguments and its variables.
pub(super) fn bound_names(node: &Rule) -> Vec<&Span> {
    let mut names = Vec::new();
    let (refr, _) = rule_name(node);
    names.extend(lone(refr));
    if let Rule::Spec { head: RuleHead::Func { args, .. }, .. } = node {
        names.extend(args.iter().filter_map(|arg| lone(arg)));
    }
    rule(node, &mut |inner| {
        let Node::Query(query) = inner else { return };
        for statement in &query.stmts {
            match &statement.literal {
                Literal::SomeVars { vars, .. } => names.extend(vars),
                Literal::SomeIn { key, value, .. } => {
                    names.extend(key.as_ref().and_then(|key| lone(key)));
                    names.extend(lone(value));
                }
                Literal::Every { key, value, .. } => {
                    names.extend(key);
                    names.push(value);
                }
                Literal::Expr { expr, .. } | Literal::NotExpr { expr, .. } => {
                    if let Expr::AssignExpr { op: AssignOp::ColEq, lhs, .. } = expr.as_ref() {
                        names.extend(lone(lhs));
                    }
                }
            }
        }
    });
    names
}

fn lone(expr: &Expr) -> Option<&Span> {
    match expr {
        Expr::Var { span, .. } => Some(span),
        _ => None,
    }
}

fn assigned<'a>(assign: Option<&'a RuleAssign>, visit: &mut dyn FnMut(Node<'a>)) {
    if let Some(assign) = assign {
        expr(&assign.value, visit);
    }
}

fn indices<'a>(refr: &'a Expr, visit: &mut dyn FnMut(Node<'a>)) {
    for segment in Path::of(refr).0.segments {
        if let Segment::Index(index) = segment {
            expr(index, visit);
        }
    }
}

fn query<'a>(node: &'a Query, visit: &mut dyn FnMut(Node<'a>)) {
    visit(Node::Query(node));
    for statement in &node.stmts {
        for modifier in &statement.with_mods {
            visit(Node::With(&modifier.span));
            expr(&modifier.refr, visit);
            expr(&modifier.r#as, visit);
        }
        match &statement.literal {
            Literal::SomeVars { .. } => {}
            Literal::SomeIn { key, value, collection, .. } => {
                if let Some(key) = key {
                    expr(key, visit);
                }
                expr(value, visit);
                expr(collection, visit);
            }
            Literal::Expr { expr: inner, .. } | Literal::NotExpr { expr: inner, .. } => {
                expr(inner, visit);
            }
            Literal::Every { domain, query: inner, .. } => {
                expr(domain, visit);
                query(inner, visit);
            }
        }
    }
}

fn expr<'a>(node: &'a Expr, visit: &mut dyn FnMut(Node<'a>)) {
    match node {
        Expr::String { .. } | Expr::RawString { .. } | Expr::Number { .. } | Expr::Bool { .. } | Expr::Null { .. } => {}
        Expr::Var { .. } | Expr::RefDot { .. } | Expr::RefBrack { .. } => {
            let (path, other) = Path::of(node);
            if let Some(other) = other {
                expr(other, visit);
            }
            indices(node, visit);
            visit(Node::Reference(path));
        }
        Expr::Array { items, .. } | Expr::Set { items, .. } => {
            items.iter().for_each(|item| expr(item, visit));
        }
        Expr::Object { fields, .. } => {
            for (_, key, value) in fields {
                expr(key, visit);
                expr(value, visit);
            }
        }
        Expr::ArrayCompr { term, query: inner, .. } | Expr::SetCompr { term, query: inner, .. } => {
            expr(term, visit);
            query(inner, visit);
        }
        Expr::ObjectCompr { key, value, query: inner, .. } => {
            expr(key, visit);
            expr(value, visit);
            query(inner, visit);
        }
        Expr::Call { fcn, params, .. } => {
            visit(Node::Call { path: Path::of(fcn).0, args: params });
            params.iter().for_each(|param| expr(param, visit));
        }
        Expr::UnaryExpr { expr: inner, .. } => expr(inner, visit),
        Expr::ArithExpr { op, lhs, rhs, span, .. } => {
            if *op == ArithOp::Mul {
                visit(Node::Product { span, lhs, rhs });
            }
            expr(lhs, visit);
            expr(rhs, visit);
        }
        Expr::BinExpr { lhs, rhs, .. } | Expr::BoolExpr { lhs, rhs, .. } | Expr::AssignExpr { lhs, rhs, .. } => {
            expr(lhs, visit);
            expr(rhs, visit);
        }
        Expr::Membership { key, value, collection, .. } => {
            if let Some(key) = key {
                expr(key, visit);
            }
            expr(value, visit);
            expr(collection, visit);
        }
    }
}
