//! The policies of the repository: their own tests and samples, and that they are what is built in.

use std::path::PathBuf;

use mesh_policy::{defaults, folder, testing};

fn policies() -> PathBuf {
    PathBuf::from("../../policies")
}

#[test]
fn the_policies_pass_their_own_tests() {
    let report = testing::run_tests(&policies()).unwrap();
    assert_eq!(report.failures().count(), 0, "{report}");
    let tests = |prefix: &str| report.checks.iter().filter(|check| check.name.starts_with(prefix)).count();
    assert!(tests("test_") >= 30 && tests("sample") >= 25, "{report}");
}

#[test]
fn the_built_in_policies_are_those_of_the_folder() {
    assert_eq!(defaults::global(), folder::global(&policies()).unwrap());
    assert_eq!(defaults::product(), folder::product(&policies()).unwrap());
}
