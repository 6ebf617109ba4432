//! Who may do what: every route for every kind of caller, held to `docs/reference/access.md`, where a change of rights is seen in review.

use std::{collections::BTreeMap, fmt::Write, path::Path};

use mesh_api::routes::{Function, ROUTES};
use serde_json::Value;

use crate::{
    cases::{self, Case},
    world::{Answer, ROLES, World},
};

const FILE: &str = "../docs/reference/access.md";

const INTRODUCTION: &str = "\
<!-- Made and verified by `cargo test --workspace --test api`; a test that fails says how to take the new table over. -->
# Who may do what

Every route of the API, for every kind of caller, as the functions answer. The rows are about things of the domain `operations`:

- **own** acts for `operations`, **other** for `insights`, each in the one role that heads the column; *approver* has a role that policies
  ask for (`data-protection`). *Platform* acts for the platform's own domain, of which owners and stewards oversee the others.
- *No token* is a request without one, *no domain* a good token whose principal is a member of no domain.
- `insights` holds a live contract on `operations.flights` for `analytics`, and a pending one for `operations`, to which the rows
  *own × other* refer; those of *own × a third* are about a contract of `weather`.
- A number in parentheses counts what is listed; *whole* shows members and external id, or the manifest's text, which others do not see;
  *read* and *write* are the rights of the credentials; *yes* and *no* are policy's answer.
- What is hidden from a domain answers it 404, in the same words as what does not exist.

Roles decide within a domain only: nobody has a right by a role in another domain, but for what a contract or an offer gives to a domain
as a whole. Nobody approves a contract that is for a domain of theirs, whichever domain they act for.
";

/// The columns: heading and principal.
fn callers() -> Vec<(String, String)> {
    let mut callers = vec![("no token".to_owned(), String::new()), ("no domain".to_owned(), "nobody".to_owned())];
    for (heading, domain) in [("platform", "platform"), ("own", "operations"), ("other", "insights")] {
        callers.extend(ROLES.iter().map(|role| (format!("{heading} {role}"), format!("{domain}-{role}"))));
    }
    callers
}

/// The body, with the items of the pages that follow it.
async fn all_pages(world: &World, case: &Case, who: &str, first: &Answer) -> Value {
    let mut all = first.json();
    let mut cursor = all["cursor"].as_str().map(str::to_owned);
    while let Some(next) = cursor {
        let mut call = case.call(who);
        call.path = format!("{}{}cursor={next}", call.path, if call.path.contains('?') { '&' } else { '?' });
        let page = world.send(&call).await.json();
        all["items"].as_array_mut().unwrap().extend(page["items"].as_array().unwrap().iter().cloned());
        cursor = page["cursor"].as_str().map(str::to_owned);
    }
    all
}

/// What one caller is answered: the status, and how much is shown.
async fn cell(world: &World, case: &Case, who: &str) -> (Answer, String) {
    let before = world.content();
    let answer = world.send(&case.call(who)).await;
    let shown = if answer.status.is_success() {
        (case.shown)(&all_pages(world, case, who, &answer).await)
    } else {
        String::new()
    };
    if !answer.status.is_success() {
        assert_eq!(world.content(), before, "{} of {who} was refused and wrote", case.route.operation);
        if case.route.method != "HEAD" {
            answer.problem();
        }
    }
    let cell = format!("{}{shown}", answer.status.as_u16());
    (answer, cell)
}

/// What is asked, and of whom it may be told.
fn check(case: &Case, heading: &str, who: &str, status: u16) {
    let operation = case.route.operation;
    if case.route.token {
        assert!(!who.is_empty() || status == 401, "{operation} needs no token");
        assert!(who != "nobody" || status == 403, "{operation} needs no membership");
    }
    if case.hidden && heading.starts_with("other") {
        assert!([403, 404].contains(&status), "{operation} tells {heading} of what is hidden");
    }
}

/// The cells of every row. What is refused leaves the mesh as it is; after what could change it comes a new one.
async fn rows() -> (Vec<Case>, Vec<Vec<String>>) {
    let mut world = World::new().await;
    let mut cases = cases::all(&world).await;
    let mut rows = Vec::new();
    for index in 0..cases.len() {
        let mut cells = Vec::new();
        for (heading, who) in callers() {
            let (answer, cell) = self::cell(&world, &cases[index], &who).await;
            check(&cases[index], &heading, &who, answer.status.as_u16());
            cells.push(cell);
            if cases[index].writes() && answer.status.is_success() {
                world = World::new().await;
                cases = cases::all(&world).await;
            }
        }
        rows.push(cells);
    }
    (cases, rows)
}

async fn table() -> String {
    let (cases, rows) = rows().await;
    let mut table = INTRODUCTION.to_owned();
    let headings: Vec<_> = callers().into_iter().map(|(heading, _)| heading).collect();
    for function in
        [Function::Registry, Function::Broker, Function::Governance, Function::Marketplace, Function::Iceberg]
    {
        let _ = write!(table, "\n## {}\n| operation | about | {} |\n", function.as_str(), headings.join(" | "));
        let _ = writeln!(table, "|{}", "---|".repeat(headings.len() + 2));
        for (case, cells) in cases.iter().zip(&rows).filter(|(case, _)| case.route.function == function) {
            let _ = writeln!(table, "| {} | {} | {} |", case.route.operation, case.about, cells.join(" | "));
        }
    }
    table
}

#[tokio::test]
async fn every_route_has_a_row() {
    let world = World::new().await;
    let cases = cases::all(&world).await;
    let mut rows: BTreeMap<&str, usize> = BTreeMap::new();
    for case in &cases {
        *rows.entry(case.route.operation).or_default() += 1;
    }
    for route in ROUTES {
        assert!(rows.contains_key(route.operation), "`{}` has no row in tests/tests/api/cases.rs", route.operation);
    }
    assert_eq!(rows.len(), ROUTES.len());
}

#[tokio::test]
async fn everybody_may_do_what_the_table_says_and_nothing_else() {
    let table = table().await;
    let known = std::fs::read_to_string(FILE).unwrap_or_default();
    if table == known {
        return;
    }
    let new = Path::new(env!("CARGO_TARGET_TMPDIR")).join("access.md");
    std::fs::write(&new, &table).unwrap();
    let changed: Vec<_> = table.lines().filter(|line| !known.lines().any(|old| old == *line)).collect();
    panic!(
        "rights are not those of docs/reference/access.md:\n{}\nif they are meant to be so: cp {} docs/reference/access.md",
        changed.join("\n"),
        new.display()
    );
}
