//! The examples as a page: what each kind of change means for readers of each format.

use std::fmt::Write;

use super::{Class, Example, FORMATS, Place, all};
use crate::change::Change;

/// Written where a format cannot hold an example.
const NOT_HELD: &str = "–";

/// The reference of changes, as Markdown.
pub fn change_table() -> String {
    let formats: Vec<&str> = FORMATS.iter().map(|format| format.as_str()).collect();
    let mut page = HEAD.to_owned();
    let mut row = |cells: &[String]| {
        // Writing to a text does not fail.
        let _ = writeln!(page, "| {} |", cells.join(" | "));
    };
    let names =
        ["kind of change", "code"].into_iter().chain(formats).chain(["example: before → after", "reason", "remedy"]);
    let names: Vec<String> = names.map(str::to_owned).collect();
    row(&names);
    row(&vec!["---".to_owned(); names.len()]);
    for example in all() {
        row(&cells(example));
    }
    page
}

const HEAD: &str = "\
<!-- Made by `cargo xtask codegen` from crates/evolution/src/examples. -->
# Changes

Every difference between two manifests of a product is classified: for those who read new data as they read the old, and for those who
come new and read what was written before. Each row is one example, and a test. A class stands below the format of the port:

- **patch**: nobody who reads the data notices.
- **minor**: readers gain something, and lose nothing.
- **major for contracts that agreed on more**: less is promised. The version moves by a minor, and it is refused while a live contract
  agreed on more than is promised now.
- **major**: readers may break. What breaks a port is refused within its major: it is published as a new major beside the old one. What
  breaks the product moves the product's major.
- **–**: a port of the format cannot hold the example.

The class of several changes is the greatest of theirs, and two steps never come to less than the one step that leads to the same
manifest, but for one exception: an end of a port that was announced may be withdrawn, which is minor, and an earlier one be announced
later, which is minor again, where bringing it forward at once is major.

";

fn cells(example: &Example) -> Vec<String> {
    let by_format = FORMATS.map(|format| example.changes(format));
    let classes = by_format.iter().map(|changes| {
        let class = changes.iter().flatten().map(Class::of).max();
        class.map_or_else(|| NOT_HELD.to_owned(), |class| class.to_string())
    });
    let changes = || by_format.iter().flatten().flatten();
    let codes = example.codes.iter().map(|code| format!("`{}`", code.as_str()));
    let mut cells = vec![example.title.to_owned(), distinct(codes)];
    cells.extend(classes);
    cells.push(edit(example));
    cells.push(distinct(changes().map(|change| escaped(&change.reason))));
    cells.push(distinct(changes().map(|change| escaped(&remedy(change, example.place)))));
    cells
}

/// What is said, each once, in the order in which it is said first.
fn distinct(texts: impl Iterator<Item = String>) -> String {
    let mut said: Vec<String> = Vec::new();
    for text in texts {
        if !said.contains(&text) {
            said.push(text);
        }
    }
    said.join("<br>")
}

fn edit(example: &Example) -> String {
    let (product, port) = example.besides;
    let besides = match (product, port) {
        ("", "") => String::new(),
        ("", other) | (other, _) => format!(", where there is {}", lines(other)),
    };
    format!("{} → {}{besides}", lines(example.before), lines(example.after))
}

fn lines(text: &str) -> String {
    if text.is_empty() {
        return "nothing".to_owned();
    }
    let shown = text.replace("{scheme}", "https").replace("{format}", "csv").replace("{other}", "iceberg");
    let lines: Vec<String> = shown.lines().map(|line| format!("`{}`", escaped(line))).collect();
    lines.join("<br>")
}

fn remedy(change: &Change, place: Place) -> String {
    let of_port = !matches!(place, Place::Product | Place::Ports);
    match (&change.remedy, Class::of(change)) {
        (Some(remedy), _) => remedy.clone(),
        (None, Class::Patch) => "move the patch version".to_owned(),
        (None, Class::Minor | Class::Contracts) => "move the minor version".to_owned(),
        (None, Class::Major) if of_port => "publish a new major of the port beside the old one".to_owned(),
        (None, Class::Major) => "move the product's major version, and tell its consumers".to_owned(),
    }
}

/// A text within a cell.
fn escaped(text: &str) -> String {
    text.replace('|', "\\|")
}
