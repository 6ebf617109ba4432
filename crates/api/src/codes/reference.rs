//! The page of the codes, `docs/reference/problems.md`.

use std::fmt::Write;

use super::{At, Entry, STEMS, TYPE_PREFIX, all};

const INTRODUCTION: &str = "\
Every refusal is an RFC 9457 problem with a `code`, and says where (`errors[].pointer`, with line and column in a text) and what to do
(`remedy`). Codes are stable: programs may rely on them, whereas titles and details may be worded anew. A policy that a domain publishes
brings codes of its own, `<rule>.<what>`, which its `METADATA` explains.
";

/// The page, as Markdown.
pub fn page() -> String {
    let mut page =
        String::from("<!-- Made by `cargo xtask codegen` from crates/api/src/codes. -->\n# Problem codes\n\n");
    page.push_str(INTRODUCTION);
    let _ = write!(
        page,
        "\nA problem's `type` is `{TYPE_PREFIX}` and its code. The code is also the anchor of its section here:\n\
         `{TYPE_PREFIX}domain.exists` is explained at [`problems.md#domain.exists`](#domain.exists).\n\n"
    );
    let all = all();
    for (stem, _) in STEMS {
        let codes = all.iter().filter(|entry| entry.stem() == *stem).map(link).collect::<Vec<_>>().join(", ");
        let _ = writeln!(page, "- **{stem}**: {codes}");
    }
    for (stem, about) in STEMS {
        let _ = write!(page, "\n## {stem}\n{about}\n");
        for entry in all.iter().filter(|entry| entry.stem() == *stem) {
            section(&mut page, entry);
        }
    }
    page
}

fn link(entry: &Entry) -> String {
    format!("[{}](#{})", entry.code.split_once('.').map_or(entry.code, |(_, what)| what), entry.code)
}

fn section(page: &mut String, Entry { code, at, meaning, remedy }: &Entry) {
    let places = at.iter().map(|at| place(*at)).collect::<Vec<_>>().join("; ");
    let _ = write!(page, "\n### <a id=\"{code}\"></a>`{code}`\n*{places}.* {meaning}\n\n**What to do:** {remedy}\n");
}

fn place(at: At) -> String {
    match at {
        At::Problem(status) => format!("HTTP {status}"),
        At::Invalid(status) => format!("HTTP {status}, or in `errors` of [`request.invalid`](#request.invalid)"),
        At::Violation => "stands against a plan or retirement".to_owned(),
        At::Warning => "a warning of a plan or registration".to_owned(),
        At::Change => "a change in a plan".to_owned(),
        At::Finding => "a finding of a policy decision".to_owned(),
        At::Client => "made by clients".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_has_one_section_with_its_anchor_and_every_link_leads_to_one() {
        let page = page();
        for entry in all() {
            assert_eq!(page.matches(&format!("<a id=\"{}\"></a>", entry.code)).count(), 1, "{}", entry.code);
        }
        for link in page.split("](#").skip(1).map(|rest| rest.split(')').next().unwrap()) {
            assert!(page.contains(&format!("<a id=\"{link}\"></a>")), "{link}");
        }
    }
}
