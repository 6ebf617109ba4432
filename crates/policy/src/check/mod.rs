//! What a policy must satisfy to be published, and the engine that results.
//!
//! Everything is refused here that would make a rule fall silent later (an unknown builtin, a
//! misspelt field, a rule nobody reads) or let one level speak for another.

mod builtins;
mod names;
mod place;
mod shape;
mod types;
mod walk;

use std::collections::BTreeMap;

use regorus::unstable::{Lexer, Module, Ref, Span, Token, TokenKind};
use regorus::{Engine, PolicyLengthConfig, Source};

use crate::entries::Head;
use crate::error::PolicyError;
use crate::sandbox;
use crate::source::{Level, PolicySource};

pub(crate) use place::TEST_SUFFIX;

/// Modules of one level.
const MAX_MODULES: usize = 64;
/// Brackets within brackets: the parser tries each in several ways, all of them inside the next.
const MAX_NESTING: usize = 12;
/// Bytes of one module.
const MAX_MODULE_BYTES: usize = 64 * 1024;

/// Sources that passed.
pub(crate) struct Checked {
    /// Holds every module, ready to evaluate.
    pub(crate) engine: Engine,
    /// The rules to ask, in order of level and name.
    pub(crate) rules: Vec<CheckedRule>,
}

/// A rule package and the names through which it speaks.
#[derive(Debug, Clone)]
pub(crate) struct CheckedRule {
    pub(crate) level: Level,
    /// Last part of the package; `offer` for `mesh.product`.
    pub(crate) name: String,
    /// Dotted, without `data`.
    pub(crate) package: String,
    pub(crate) heads: Vec<Head>,
}

/// A module that parsed and stands in its place.
struct Parsed {
    level: Level,
    place: place::Place,
    module: Ref<Module>,
}

/// Checks and compiles. On a thread of its own: what is checked is not trusted yet.
pub(crate) fn check(
    global: &PolicySource,
    domain: Option<&PolicySource>,
    product: Option<&PolicySource>,
) -> Result<Checked, Vec<PolicyError>> {
    let sources: Vec<PolicySource> = std::iter::once(global).chain(domain).chain(product).cloned().collect();
    let misplaced = misplaced(global, domain, product);
    if !misplaced.is_empty() {
        return Err(misplaced);
    }
    sandbox::compile(move || check_sources(&sources)).unwrap_or_else(|reason| {
        Err(vec![error("", 1, 1, format!("the policies do not compile: {reason}"), "simplify them")])
    })
}

fn misplaced(global: &PolicySource, domain: Option<&PolicySource>, product: Option<&PolicySource>) -> Vec<PolicyError> {
    let mut errors = Vec::new();
    let mut expect = |source: &PolicySource, level: Level| {
        if source.level != level || source.domain.is_some() != (level == Level::Domain) {
            errors.push(error(
                source.modules.keys().next().map_or("", String::as_str),
                1,
                1,
                format!(
                    "policies of level `{}` were given as those of level `{}`",
                    source.level.as_str(),
                    level.as_str()
                ),
                "give each level its own modules, and a domain to the domain's only",
            ));
        }
    };
    expect(global, Level::Global);
    domain.iter().for_each(|source| expect(source, Level::Domain));
    product.iter().for_each(|source| expect(source, Level::Product));
    errors
}

fn check_sources(sources: &[PolicySource]) -> Result<Checked, Vec<PolicyError>> {
    let mut errors = Vec::new();
    let mut modules: BTreeMap<String, Parsed> = BTreeMap::new();
    for source in sources {
        if source.modules.len() > MAX_MODULES {
            errors.push(error(
                "",
                1,
                1,
                format!("level `{}` has more than {MAX_MODULES} modules", source.level.as_str()),
                "merge rules",
            ));
            continue;
        }
        for (path, text) in &source.modules {
            match parse(source, path, text) {
                Ok(parsed) => {
                    let package = parsed.place.package();
                    if modules.insert(package.clone(), parsed).is_some() {
                        errors.push(error(
                            path,
                            1,
                            1,
                            format!("package `{package}` is defined by another module already"),
                            "give each rule a package and a file of its own",
                        ));
                    }
                }
                Err(error) => errors.push(error),
            }
        }
    }
    if errors.is_empty() {
        for parsed in modules.values() {
            names::check(parsed, &modules, &mut errors);
        }
    }
    if errors.is_empty() {
        types::check(&modules, &mut errors);
    }
    if errors.is_empty() {
        match compile(sources) {
            Ok(engine) => {
                return Ok(Checked { engine, rules: rules(&modules) });
            }
            Err(error) => errors.push(error),
        }
    }
    errors.sort();
    errors.dedup();
    Err(errors)
}

fn parse(source: &PolicySource, path: &str, text: &str) -> Result<Parsed, PolicyError> {
    if text.len() > MAX_MODULE_BYTES {
        return Err(error(path, 1, 1, format!("the module is larger than {MAX_MODULE_BYTES} bytes"), "split it"));
    }
    nesting(path, text)?;
    let mut engine = new_engine();
    engine
        .add_policy(path.to_owned(), text.to_owned())
        .map_err(|problem| located(path, &problem.to_string(), "write it in Rego v1"))?;
    let module = engine
        .get_modules()
        .first()
        .cloned()
        .ok_or_else(|| error(path, 1, 1, "the module is empty".to_owned(), "write a rule"))?;
    let place = place::of(source, path, &module)?;
    Ok(Parsed { level: source.level, place, module })
}

fn nesting(path: &str, text: &str) -> Result<(), PolicyError> {
    let failed = |problem: String| located(path, &problem, "write it in Rego v1");
    let source =
        Source::from_contents(path.to_owned(), text.to_owned()).map_err(|problem| failed(problem.to_string()))?;
    let mut lexer = Lexer::new(&source);
    let mut depth = 0usize;
    loop {
        let Token(kind, span) = lexer.next_token().map_err(|problem| failed(problem.to_string()))?;
        match (kind, span.text()) {
            (TokenKind::Eof, _) => return Ok(()),
            (TokenKind::Symbol, "[" | "{" | "(") => depth += 1,
            (TokenKind::Symbol, "]" | "}" | ")") => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_NESTING {
            return Err(at(
                &span,
                format!("brackets are nested more than {MAX_NESTING} deep"),
                "give the inner parts names",
            ));
        }
    }
}

fn compile(sources: &[PolicySource]) -> Result<Engine, PolicyError> {
    let mut engine = new_engine();
    let failed = |problem: String| located("", &problem, "define what it uses");
    for source in sources {
        for (path, text) in &source.modules {
            engine.add_policy(path.clone(), text.clone()).map_err(|problem| failed(problem.to_string()))?;
        }
    }
    builtins::bound(&mut engine).map_err(failed)?;
    engine.set_execution_timer_config(sandbox::rule_timer());
    // A query prepares the engine: rules are ordered, and unsafe variables found.
    engine.eval_query("true".to_owned(), false).map_err(|problem| failed(problem.to_string()))?;
    Ok(engine)
}

fn new_engine() -> Engine {
    let mut engine = Engine::new();
    engine.set_rego_v0(false);
    engine.set_strict_builtin_errors(true);
    engine.set_policy_length_config(PolicyLengthConfig::default());
    engine
}

fn rules(modules: &BTreeMap<String, Parsed>) -> Vec<CheckedRule> {
    let mut rules: Vec<CheckedRule> = modules
        .values()
        .filter_map(|parsed| {
            let name = parsed.place.rule_name()?;
            let defined = names::defined(&parsed.module);
            Some(CheckedRule {
                level: parsed.level,
                name: name.to_owned(),
                package: parsed.place.package(),
                heads: Head::ALL.into_iter().filter(|head| defined.contains(head.name())).collect(),
            })
        })
        .collect();
    rules.sort_by(|a, b| (a.level, &a.package).cmp(&(b.level, &b.package)));
    rules
}

/// An error at a place in a module.
fn at(span: &Span, message: String, remedy: &str) -> PolicyError {
    error(span.source.file(), span.line, span.col, message, remedy)
}

fn error(file: &str, line: u32, column: u32, message: String, remedy: &str) -> PolicyError {
    PolicyError { file: file.to_owned(), line, column, message, remedy: remedy.to_owned() }
}

/// Reads the place out of an error of the engine, which either draws it (`--> file:line:column`,
/// the line, `error: message`) or writes `file:line:column error: message`.
fn located(file: &str, drawn: &str, remedy: &str) -> PolicyError {
    for line in drawn.lines() {
        let (place, message) = match line.trim().strip_prefix("--> ") {
            Some(place) => (place, drawn.lines().find_map(|line| line.trim().strip_prefix("error: "))),
            None => match line.split_once(" error: ") {
                Some((place, message)) => (place, Some(message)),
                None => continue,
            },
        };
        let mut parts = place.rsplitn(3, ':');
        let column = parts.next().and_then(|column| column.parse().ok());
        let line = parts.next().and_then(|line| line.parse().ok());
        if let (Some(line), Some(column), Some(file)) = (line, column, parts.next()) {
            let message = message.unwrap_or(drawn).trim().to_owned();
            return error(file, line, column, message, remedy);
        }
    }
    error(file, 1, 1, drawn.trim().to_owned(), remedy)
}

/// An error of the engine in one line, its place first.
pub(crate) fn first_line(drawn: &str) -> String {
    let error = located("", drawn, "");
    if error.file.is_empty() {
        error.message
    } else {
        format!("{}:{}:{}: {}", error.file, error.line, error.column, error.message)
    }
}

/// An engine for tests, which may replace `input` and read any package, and the paths and names of
/// the tests in module `file`.
pub(crate) fn test_engine(
    modules: &BTreeMap<String, String>,
    file: &str,
) -> Result<(Engine, Vec<(String, String)>), PolicyError> {
    let failed = |problem: String| located(file, &problem, "write it in Rego v1");
    let mut engine = new_engine();
    let mut tests = Vec::new();
    for (path, text) in modules {
        let package = engine.add_policy(path.clone(), text.clone()).map_err(|problem| failed(problem.to_string()))?;
        if path == file {
            let module = engine.get_modules().last().cloned();
            tests = module
                .iter()
                .flat_map(|module| names::defined(module))
                .filter(|name| name.starts_with("test_"))
                .map(|name| (format!("{package}.{name}"), name))
                .collect();
        }
    }
    builtins::bound(&mut engine).map_err(failed)?;
    engine.eval_query("true".to_owned(), false).map_err(|problem| failed(problem.to_string()))?;
    Ok((engine, tests))
}
