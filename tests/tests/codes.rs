//! Every code that the sources and policies can produce is explained, and nothing is explained that they cannot produce.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on fails")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use mesh_api::codes::{self, At};

/// Literals that look like codes and are none: actions in the audit log, and a setting of Iceberg clients.
const NO_CODES: [&str; 21] = [
    "access.observe",
    "access.read",
    "access.write",
    "client.region",
    "contract.acknowledged",
    "contract.approved",
    "contract.moved",
    "contract.pinned",
    "contract.rejected",
    "contract.requested",
    "contract.revoked",
    "contract.unpinned",
    "domain.created",
    "domain.deleted",
    "domain.envelope_bound",
    "domain.envelope_released",
    "domain.updated",
    "policy.checked",
    "policy.published",
    "product.registered",
    "product.retired",
];

/// What a code follows directly where it is given out, and the status that this makes of it.
const GIVEN_OUT: [(&str, Option<u16>); 8] = [
    ("Violation::new(", None),
    ("Failure::invalid(", None),
    ("UseCaseError::invalid(", None),
    ("UseCaseError::forbidden(", Some(403)),
    ("UseCaseError::conflict(", Some(409)),
    ("self.denied(", None),
    ("refused(", None),
    ("code:", None),
];

fn root() -> PathBuf {
    PathBuf::from("..")
}

/// Files with this extension below `folder`, without fakes, contract suites and tests.
fn files(folder: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let (path, name) = (entry.path(), entry.file_name());
        let name = name.to_str().unwrap();
        if path.is_dir() && !["fakes", "store_suite", "tests", "target", "codes"].contains(&name) {
            files(&path, extension, found);
        } else if path.extension().is_some_and(|found| found == extension) && name != "tests.rs" {
            found.push(path);
        }
    }
}

/// The text of a source file without comments and without its unit tests, which stand at its end.
fn code(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap();
    let lines = text.lines().take_while(|line| line.trim() != "#[cfg(test)]");
    lines.filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join(" ")
}

fn sources() -> BTreeMap<PathBuf, String> {
    let mut found = Vec::new();
    for folder in ["crates", "functions", "provider/src"] {
        files(&root().join(folder), "rs", &mut found);
    }
    assert!(found.len() > 150, "{}", found.len());
    found.into_iter().map(|path| (path.clone(), code(&path))).collect()
}

/// A plain literal: what stands before it with single blanks only, and its text.
fn literals(code: &str) -> Vec<(String, &str)> {
    let parts: Vec<_> = code.split('"').collect();
    let pairs = parts.windows(2).enumerate().filter(|(_, pair)| is_code(pair[1]));
    pairs
        .map(|(_, pair)| {
            let before = pair[0].split_whitespace().collect::<Vec<_>>().join(" ");
            (before, pair[1])
        })
        .collect()
}

fn is_code(text: &str) -> bool {
    let part = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_lowercase())
            && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
    };
    text.split_once('.').is_some_and(|(stem, what)| part(stem) && part(what))
}

/// `Failure::new(503, ` and `Problem::new(status, `: the status before a code.
fn status_before(before: &str) -> Option<Option<u16>> {
    let call = before.strip_suffix(',')?;
    let (call, status) = call.rsplit_once('(')?;
    let makes = ["Failure::new", "Problem::new", "Self::new"].iter().any(|name| call.ends_with(name));
    makes.then(|| status.trim().parse().ok())
}

/// Code → the statuses that its place in the source makes of it.
fn produced(sources: &BTreeMap<PathBuf, String>) -> BTreeMap<String, BTreeSet<u16>> {
    let stems: BTreeSet<_> = codes::STEMS.iter().map(|(stem, _)| *stem).collect();
    let mut produced: BTreeMap<String, BTreeSet<u16>> = BTreeMap::new();
    for (path, code) in sources {
        // Tables whose every entry is used are looked at by their variants below.
        if path.ends_with("src/code.rs") {
            continue;
        }
        for (before, literal) in literals(code) {
            let given = GIVEN_OUT.iter().find(|(call, _)| before.ends_with(call)).map(|(_, status)| *status);
            let given = given.or_else(|| status_before(&before));
            let known = stems.contains(literal.split('.').next().unwrap()) && !NO_CODES.contains(&literal);
            if given.is_some() || known {
                produced.entry(literal.to_owned()).or_default().extend(given.flatten());
            }
        }
        for rest in code.split("not_found(").skip(1) {
            if let Some(what) = rest.trim_start().strip_prefix('"').and_then(|rest| rest.split('"').next()) {
                produced.entry(format!("{what}.not_found")).or_default().insert(404);
            }
        }
    }
    produced
}

/// The codes of the rules in `policies/`.
fn of_policies() -> BTreeSet<String> {
    let mut found = Vec::new();
    files(&root().join("policies"), "rego", &mut found);
    let rules = found.into_iter().filter(|path| !path.to_str().unwrap().ends_with("_test.rego"));
    let texts: Vec<_> = rules.map(|path| fs::read_to_string(path).unwrap()).collect();
    let codes = texts.iter().flat_map(|text| text.split("\"code\":").skip(1));
    codes.map(|rest| rest.split('"').nth(1).unwrap().to_owned()).collect()
}

#[test]
fn every_code_that_can_be_produced_is_explained_with_its_status() {
    let sources = sources();
    let mut missing = Vec::new();
    for (code, statuses) in produced(&sources) {
        match codes::find(&code) {
            None => missing.push(code),
            Some(entry) => {
                for status in statuses {
                    let client = entry.at.contains(&At::Client);
                    assert!(client || entry.is_problem(status), "`{code}` is answered with {status}: {:?}", entry.at);
                }
            }
        }
    }
    missing.extend(of_policies().into_iter().filter(|code| codes::find(code).is_none()));
    assert!(missing.is_empty(), "without an entry in crates/api/src/codes: {missing:?}");
}

#[test]
fn nothing_is_explained_that_nothing_produces() {
    let sources = sources();
    let (produced, policies) = (produced(&sources), of_policies());
    let uses = |variant: String| {
        let name = format!("Code::{variant}");
        let used = |code: &String| {
            code.match_indices(&name).any(|(at, _)| !code[at + name.len()..].starts_with(|c: char| c.is_alphanumeric()))
        };
        sources.iter().any(|(path, code)| !path.ends_with("src/code.rs") && used(code))
    };
    let mut enumerated: BTreeMap<&str, String> =
        mesh_manifest::Code::ALL.iter().map(|code| (code.as_str(), format!("{code:?}"))).collect();
    enumerated.extend(mesh_evolution::Code::ALL.iter().map(|code| (code.as_str(), format!("{code:?}"))));
    let stale: Vec<_> = codes::all()
        .iter()
        .map(|entry| entry.code)
        .filter(|code| !produced.contains_key(*code) && !policies.contains(*code))
        .filter(|code| enumerated.get(code).is_none_or(|variant| !uses(variant.clone())))
        .collect();
    assert!(stale.is_empty(), "explained and never produced: {stale:?}");
    for no_code in NO_CODES {
        assert!(codes::find(no_code).is_none(), "`{no_code}` is a code");
        let quoted = format!("\"{no_code}\"");
        assert!(sources.values().any(|code| code.contains(&quoted)), "`{no_code}` stands nowhere any more");
    }
}

#[test]
fn the_scan_finds_codes_where_they_are_given_out() {
    let code = r#"
        return Err(UseCaseError::forbidden( "new.one", "x", "y")); Failure::new(418, "new.two", "T", "d");
        Violation::new( "new.three", pointer, detail); let x = Problem { code: "new.four".to_owned() };
        require(may, "contract.new", "only"); UseCaseError::not_found("thing", id); let other = "un.known";
    "#;
    let found = produced(&BTreeMap::from([(PathBuf::from("x.rs"), code.to_owned())]));
    let codes: Vec<_> = found.keys().map(String::as_str).collect();
    assert_eq!(codes, ["contract.new", "new.four", "new.one", "new.three", "new.two", "thing.not_found"]);
    assert_eq!((&found["new.one"], &found["new.two"]), (&[403].into(), &[418].into()));
}
