//! The short run: the whole corpus, then a counted number of mutations of it, the same every time.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on fails")]

use std::{
    fs,
    panic::{self, AssertUnwindSafe},
    path::{Path, PathBuf},
};

use mesh_fuzz::{TARGETS, Target, mutation};

fn folder(name: &str) -> PathBuf {
    PathBuf::from(name)
}

fn corpus(name: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<_> =
        fs::read_dir(folder("corpus").join(name)).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    assert!(files.len() >= 5, "the corpus of `{name}` is poor");
    files.into_iter().map(|file| (file.clone(), fs::read(file).unwrap())).collect()
}

/// Gives `input` to the target; an input that breaks a law is kept, and named.
fn hold(name: &str, target: Target, input: &[u8], what: &str) {
    let result = panic::catch_unwind(AssertUnwindSafe(|| target(input)));
    if let Err(reason) = result {
        let reason = reason.downcast_ref::<String>().cloned().unwrap_or_default();
        let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-broken"));
        fs::write(&file, input).unwrap();
        panic!("{what} of `{name}` breaks a law: {reason}\nthe input is in {}", file.display());
    }
}

fn run(name: &str, mutations: usize) {
    let target = mesh_fuzz::target(name).unwrap();
    let corpus = corpus(name);
    for (file, input) in &corpus {
        hold(name, target, input, &file.display().to_string());
    }
    let seeds: Vec<_> = corpus.into_iter().map(|(_, input)| input).collect();
    let words = mutation::words(&fs::read_to_string(folder("dictionaries").join(format!("{name}.dict"))).unwrap());
    assert!(words.len() >= 5, "the dictionary of `{name}` is poor");
    let mut mutator = mutation::Mutator::new(&seeds, &words, 1);
    for number in 0..mutations {
        hold(name, target, &mutator.input(), &format!("mutation {number}"));
    }
}

#[test]
fn manifests_are_read_back_or_refused() {
    run("manifest", 3000);
}

#[test]
fn values_are_read_back_or_refused() {
    run("msgpack", 30_000);
}

#[test]
fn what_is_no_whole_policy_question_is_denied() {
    run("policy", 600);
}

#[test]
fn documents_of_the_standards_are_returned_or_refused() {
    run("standards", 1000);
}

#[test]
fn nothing_passes_for_a_token_but_what_the_issuer_signed() {
    run("token", 1500);
}

#[test]
fn every_target_has_a_corpus_and_a_dictionary_and_nothing_else_has() {
    let mut names: Vec<_> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    names.sort();
    let listed = |part: &str, end: &str| {
        let entries = fs::read_dir(folder(part)).unwrap();
        let mut found: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().to_str().unwrap().trim_end_matches(end).to_owned())
            .collect();
        found.sort();
        found
    };
    assert_eq!(listed("corpus", ""), names);
    assert_eq!(listed("dictionaries", ".dict"), names);
}

/// Without these, the targets would look at nothing but refusals.
#[test]
fn the_corpora_hold_what_is_accepted() {
    let accepted =
        |name: &str, accepts: fn(&[u8]) -> bool| corpus(name).iter().filter(|(_, input)| accepts(input)).count();
    assert!(accepted("manifest", |input| mesh_manifest::parse(&String::from_utf8_lossy(input)).is_ok()) >= 3);
    assert!(accepted("policy", |input| serde_json::from_slice::<mesh_policy::PolicyInput>(input).is_ok()) >= 3);
    let imports = |input: &[u8]| {
        let text = String::from_utf8_lossy(input);
        let documents: Vec<&str> = text.split("---\n").collect();
        mesh_manifest::standards::import(documents[0], &documents[1..]).is_ok()
    };
    assert!(accepted("standards", imports) >= 3);
    assert!(mesh_fuzz::good_tokens().len() >= 2);
    // Signatures differ from one signing to the next; all that stands before them is the same.
    let unsigned = |token: &str| token.rsplit_once('.').unwrap().0.to_owned();
    for good in mesh_fuzz::good_tokens() {
        let presented = corpus("token").into_iter().filter_map(|(_, input)| String::from_utf8(input).ok());
        assert!(presented.filter(|token| token.contains(&unsigned(good))).count() >= 1, "{good}");
    }
}
