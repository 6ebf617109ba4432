//! What a module may define, and what it may refer to.

use std::collections::{BTreeMap, BTreeSet};

use regorus::unstable::{Expr, Module, Rule, RuleHead, Span};

use super::walk::{self, Node, Path};
use super::{Parsed, at, builtins, error};
use crate::entries::Head;
use crate::error::PolicyError;
use crate::source::Level;

/// Rules that may lean on one another in a row; evaluation nests that deep.
const MAX_DEPTH: usize = 32;

/// Names of the rules and functions that a module defines.
pub(super) fn defined(module: &Module) -> BTreeSet<String> {
    module.policy.iter().filter_map(|rule| walk::rule_name(rule).1).map(str::to_owned).collect()
}

/// Import aliases of a module, with what each stands for.
pub(super) fn aliases(module: &Module) -> BTreeMap<String, Vec<String>> {
    module
        .imports
        .iter()
        .filter_map(|import| {
            let (path, _) = Path::of(&import.refr);
            let (names, _) = path.names();
            let target: Vec<String> = names.into_iter().map(str::to_owned).collect();
            let alias = match &import.r#as {
                Some(span) => span.text().to_owned(),
                None => target.last()?.clone(),
            };
            Some((alias, target))
        })
        .collect()
}

/// Collects everything that is wrong with one module's names.
pub(super) fn check(parsed: &Parsed, modules: &BTreeMap<String, Parsed>, errors: &mut Vec<PolicyError>) {
    let checker = Checker::of(parsed, modules);
    checker.imports(parsed, errors);
    checker.heads(parsed, errors);
    checker.bodies(parsed, errors);
    if errors.is_empty() {
        checker.uses(parsed, errors);
    }
}

struct Checker<'a> {
    package: String,
    defined: BTreeSet<String>,
    aliases: BTreeMap<String, Vec<String>>,
    modules: &'a BTreeMap<String, Parsed>,
}

/// What a reference turns out to be.
enum Target {
    /// A rule of a module of the program.
    Rule { package: String, name: String },
    /// The question.
    Input,
    /// A variable, or something that needs no check.
    Local,
    /// Out of bounds.
    Forbidden(&'static str),
}

impl<'a> Checker<'a> {
    fn of(parsed: &Parsed, modules: &'a BTreeMap<String, Parsed>) -> Self {
        Self {
            package: parsed.place.package(),
            defined: defined(&parsed.module),
            aliases: aliases(&parsed.module),
            modules,
        }
    }

    fn imports(&self, parsed: &Parsed, errors: &mut Vec<PolicyError>) {
        for import in &parsed.module.imports {
            let (path, _) = Path::of(&import.refr);
            let (names, _) = path.names();
            match names.as_slice() {
                ["rego", "v1"] | ["future", ..] | ["input", ..] => {}
                ["data", "mesh", "lib", name] => {
                    if !self.modules.contains_key(&format!("mesh.lib.{name}")) {
                        errors.push(at(
                            &import.span,
                            format!("there is no `mesh.lib.{name}`"),
                            "import a package of the library",
                        ));
                    }
                }
                _ => errors.push(at(
                    &import.span,
                    format!("`{}` may not be imported", path.display()),
                    "read only `input`, the own package and `data.mesh.lib.<name>`",
                )),
            }
        }
    }

    fn heads(&self, parsed: &Parsed, errors: &mut Vec<PolicyError>) {
        let speaks = parsed.place.rule_name().is_some();
        let mut any = false;
        for rule in &parsed.module.policy {
            let (refr, name) = walk::rule_name(rule);
            let Some(head) = name.and_then(Head::by_name) else {
                continue;
            };
            any = true;
            let span = refr.span();
            if !speaks {
                errors.push(at(
                    span,
                    format!("the library may not define `{}`", head.name()),
                    "define it in a rule of its own",
                ));
            } else if head == Head::Offer && parsed.level != Level::Product {
                errors.push(at(
                    span,
                    format!("a policy of level `{}` may not define `offer`", parsed.level.as_str()),
                    "only the product level offers; other levels tighten by `deny` and `require_approval`",
                ));
            } else {
                self.head(head, rule, span, errors);
            }
        }
        if speaks && !any {
            errors.push(error(
                parsed.module.package.span.source.file(),
                parsed.module.package.span.line,
                parsed.module.package.span.col,
                format!("package `{}` says nothing", self.package),
                "define `deny contains …`, `warn`, `require_approval` or `obligation`",
            ));
        }
    }

    fn head(&self, head: Head, rule: &Rule, span: &Span, errors: &mut Vec<PolicyError>) {
        let name = head.name();
        let keys = head.keys().join(", ");
        let Rule::Spec { head: RuleHead::Set { refr, key: Some(key), .. }, .. } = rule else {
            errors.push(at(
                span,
                format!("`{name}` must be a set"),
                &format!("write `{name} contains {{…}} if {{…}}` with keys {keys}"),
            ));
            return;
        };
        if !matches!(refr.as_ref(), Expr::Var { .. }) {
            errors.push(at(
                span,
                format!("`{name}` must be a set, without further names"),
                &format!("write `{name} contains {{…}}`"),
            ));
        }
        let Expr::Object { fields, .. } = key.as_ref() else {
            if !matches!(key.as_ref(), Expr::Var { .. }) {
                errors.push(at(
                    key.span(),
                    format!("an entry of `{name}` must be an object"),
                    &format!("give it the keys {keys}"),
                ));
            }
            return;
        };
        let written: Vec<String> = fields
            .iter()
            .filter_map(|(_, key, _)| match key.as_ref() {
                Expr::String { value, .. } | Expr::RawString { value, .. } => walk::text(value),
                _ => None,
            })
            .collect();
        let wanted: BTreeSet<&str> = head.keys().iter().copied().collect();
        let given: BTreeSet<&str> = written.iter().map(String::as_str).collect();
        if wanted != given || fields.len() != given.len() {
            errors.push(at(
                key.span(),
                format!("an entry of `{name}` has other keys than {keys}"),
                "give it exactly those, as text",
            ));
        }
    }

    fn bodies(&self, parsed: &Parsed, errors: &mut Vec<PolicyError>) {
        for rule in &parsed.module.policy {
            for span in walk::bound_names(rule) {
                if ["input", "data"].contains(&span.text()) {
                    errors.push(at(span, format!("`{}` may not be defined anew", span.text()), "choose another name"));
                }
            }
            walk::rule(rule, &mut |node| match node {
                Node::Reference(path) => {
                    if let Target::Forbidden(reason) = self.target(&path) {
                        errors.push(at(
                            path.span,
                            format!("`{}` {reason}", path.display()),
                            "read only `input`, the own package and `data.mesh.lib.<name>`",
                        ));
                    }
                }
                Node::Call { path, args } => self.call(&path, args.first().map(|a| &**a), errors),
                Node::Product { span, lhs, rhs } => {
                    let number = |expr: &Expr| matches!(expr, Expr::Number { .. });
                    if !number(lhs) && !number(rhs) {
                        errors.push(at(
                            span,
                            "one factor must be a number: products of products grow without bound".to_owned(),
                            "multiply by a constant",
                        ));
                    }
                }
                Node::Query(_) => {}
                Node::With(span) => {
                    errors.push(at(span, "`with` is for tests only".to_owned(), "decide by `input` as it is"))
                }
            });
        }
    }

    fn call(&self, path: &Path<'_>, first: Option<&Expr>, errors: &mut Vec<PolicyError>) {
        match self.target(path) {
            Target::Rule { .. } => return,
            Target::Forbidden(reason) => {
                errors.push(at(
                    path.span,
                    format!("`{}` {reason}", path.display()),
                    "call only builtins, functions of the own package and of `data.mesh.lib`",
                ));
                return;
            }
            Target::Input | Target::Local => {}
        }
        let name = path.display();
        if !builtins::allowed(&name) {
            let message = if builtins::exists(&name) {
                format!("builtin `{name}` is not allowed in policies")
            } else {
                format!("there is no function `{name}`")
            };
            errors.push(at(
                path.span,
                message,
                "decide by `input` alone, with the builtins listed in the policy reference",
            ));
        }
        let literal = matches!(first, Some(Expr::String { .. } | Expr::RawString { .. }) | None);
        if matches!(name.as_str(), "regex.match" | "glob.match") && !literal {
            errors.push(at(
                path.span,
                format!("the pattern of `{name}` must be written out"),
                "use a text, not a variable",
            ));
        }
    }

    fn target(&self, path: &Path<'_>) -> Target {
        let Some(root) = path.root else {
            return Target::Local;
        };
        let (names, _) = path.names();
        let names: Vec<&str> = match self.aliases.get(root) {
            Some(target) => target.iter().map(String::as_str).chain(names.into_iter().skip(1)).collect(),
            None => names,
        };
        match names.as_slice() {
            ["input", ..] => Target::Input,
            ["data", rest @ ..] => self.data(rest),
            [name] | [name, ..] if self.defined.contains(*name) => {
                Target::Rule { package: self.package.clone(), name: (*name).to_owned() }
            }
            _ => Target::Local,
        }
    }

    fn data(&self, names: &[&str]) -> Target {
        let own: Vec<&str> = self.package.split('.').collect();
        let split = match names {
            ["mesh", "lib", _, ..] => 3,
            _ if names.starts_with(&own) => own.len(),
            _ => return Target::Forbidden("is outside of what this policy may read"),
        };
        let (package, rest) = names.split_at(split);
        let package = package.join(".");
        let Some(name) = rest.first() else {
            return Target::Forbidden("names a whole package");
        };
        let known = self.modules.get(&package).is_some_and(|parsed| defined(&parsed.module).contains(*name));
        if known { Target::Rule { package, name: (*name).to_owned() } } else { Target::Forbidden("is defined nowhere") }
    }

    /// Helper rules that nothing leads to are misspelt heads more often than not; chains and
    /// circles of rules would only show at evaluation.
    fn uses(&self, parsed: &Parsed, errors: &mut Vec<PolicyError>) {
        let speaks = parsed.place.rule_name().is_some();
        let mut graph = Graph { modules: self.modules, depths: BTreeMap::new() };
        for name in &self.defined {
            if speaks && Head::by_name(name).is_none() {
                continue;
            }
            let problem = match graph.depth(&(self.package.clone(), name.clone())) {
                Some(depth) if depth <= MAX_DEPTH => continue,
                Some(_) => format!("more than {MAX_DEPTH} rules lean on one another from `{name}`"),
                None => format!("`{name}` leads to a rule that leads back to itself"),
            };
            errors.push(at(&parsed.module.package.span, problem, "write it with fewer rules"));
        }
        for rule in &parsed.module.policy {
            let (refr, name) = walk::rule_name(rule);
            let Some(name) = name else { continue };
            if !graph.depths.contains_key(&(self.package.clone(), name.to_owned())) {
                errors.push(at(
                    refr.span(),
                    format!("rule `{name}` is used by nothing"),
                    "use it, remove it, or correct its name (deny, warn, require_approval, obligation, offer)",
                ));
            }
        }
    }

    /// Rules that the rule `name` of this module refers to.
    fn uses_of(&self, name: &str) -> BTreeSet<RuleKey> {
        let mut uses = BTreeSet::new();
        let module = self.modules.get(&self.package).map(|parsed| &parsed.module);
        for rule in module.iter().flat_map(|module| &module.policy) {
            if walk::rule_name(rule).1 != Some(name) {
                continue;
            }
            walk::rule(rule, &mut |node| {
                let path = match node {
                    Node::Reference(path) | Node::Call { path, .. } => path,
                    Node::Product { .. } | Node::With(_) | Node::Query(_) => return,
                };
                if let Target::Rule { package, name } = self.target(&path) {
                    uses.insert((package, name));
                }
            });
        }
        uses
    }
}

/// Package and name.
type RuleKey = (String, String);

/// Which rules lean on which, and how deep below each.
struct Graph<'a> {
    modules: &'a BTreeMap<String, Parsed>,
    /// Rules seen so far; none while a rule is being followed, and for one in a circle.
    depths: BTreeMap<RuleKey, Option<usize>>,
}

impl Graph<'_> {
    /// The longest chain from a rule, itself included; none if it runs in a circle.
    fn depth(&mut self, key: &RuleKey) -> Option<usize> {
        if let Some(known) = self.depths.get(key) {
            return *known;
        }
        self.depths.insert(key.clone(), None);
        let (package, name) = key;
        let uses =
            self.modules.get(package).map(|parsed| Checker::of(parsed, self.modules).uses_of(name)).unwrap_or_default();
        let mut depth = Some(1);
        for next in uses {
            let below = self.depth(&next);
            depth = depth.zip(below).map(|(depth, below)| depth.max(below.saturating_add(1)));
        }
        self.depths.insert(key.clone(), depth);
        depth
    }
}
