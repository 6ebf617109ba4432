//! Contracts as others check them: `datacontract-cli lint` accepts what is written. Needs `MESH_TEST_LINT_PYTHON`, which `cargo xtask test`
//! sets.

use std::{
    io::Write,
    process::{Command, Stdio},
};

use proptest::{
    strategy::{Strategy, ValueTree},
    test_runner::TestRunner,
};
use serde_json::Value;

use crate::{
    arbitrary,
    fixtures::{CONTRACTS, PRODUCT, must, originals},
    laws::documents,
};

/// What the linter has against each document; nothing where it accepts it.
fn lint(documents: &[Value]) -> Vec<Vec<String>> {
    let python = std::env::var("MESH_TEST_LINT_PYTHON")
        .expect("set MESH_TEST_LINT_PYTHON to a Python that has datacontract-cli, or run `cargo xtask test`");
    let mut child = Command::new(python)
        .arg("tests/standards/lint.py")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("Python starts");
    let texts: Vec<String> = documents.iter().map(Value::to_string).collect();
    child.stdin.take().unwrap().write_all(serde_json::to_string(&texts).unwrap().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the linter ended with {}", output.status);
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn what_is_written_passes_the_linter_of_contracts() {
    let mut runner = TestRunner::deterministic();
    let mut written = Vec::new();
    while written.len() < 100 {
        let manifest = arbitrary::manifest().new_tree(&mut runner).unwrap().current();
        written.extend(documents(&manifest).1.into_values());
    }
    for (contract, mut problems) in written.iter().zip(lint(&written)) {
        // The linter warns of rules that the standard has, and this tool cannot run.
        problems
            .retain(|problem| !problem.contains("warning: Quality rule on") || !problem.contains("cannot be tested"));
        assert_eq!(problems, [""; 0], "{contract:#}");
    }
    // Of documents that were read, it says what it said of them before.
    let imported = must(PRODUCT, &CONTRACTS);
    let (_, originals) = originals(&imported);
    let returned: Vec<Value> = documents(&imported.manifest).1.into_values().collect();
    assert_eq!(lint(&returned), lint(&originals));
    // The linter is one that refuses.
    let broken = |change: fn(&mut Value)| {
        let mut contract = written[0].clone();
        change(&mut contract);
        contract
    };
    let refused = lint(&[
        broken(|contract| contract["status"] = Value::from(1)),
        broken(|contract| contract["schema"][0]["properties"] = Value::from("a")),
        broken(|contract| contract["surprise"] = Value::from("a")),
    ]);
    assert!(refused.iter().all(|problems| !problems.is_empty()), "{refused:?}");
}
