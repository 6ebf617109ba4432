//! The manifest parser: whatever the text, an answer; a manifest has one canonical form, which reads back as the same manifest.

use mesh_manifest::{Code, Diagnostic, Severity, parse};

/// Any bytes as a `dataproduct.yaml`.
pub fn manifest(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    match parse(&text) {
        Ok(parsed) => {
            let canonical = parsed.manifest.canonical();
            let again = parse(&canonical).expect("the canonical form of a manifest is a manifest");
            assert_eq!(again.manifest, parsed.manifest, "the canonical form is read as another manifest");
            assert_eq!(again.manifest.canonical(), canonical, "the canonical form has another canonical form");
            assert_eq!(again.manifest.digest(), parsed.manifest.digest());
            assert_eq!(codes(&again.warnings), codes(&parsed.warnings), "the canonical form is warned of otherwise");
            assert!(parsed.warnings.iter().all(|warning| warning.severity == Severity::Warning));
            placed(&text, &parsed.warnings);
        }
        Err(problems) => {
            assert!(problems.iter().any(|problem| problem.severity == Severity::Error), "refused without an error");
            assert!(problems.len() <= 101, "{} problems are told", problems.len());
            placed(&text, &problems);
        }
    }
}

fn codes(warnings: &[Diagnostic]) -> Vec<&str> {
    let mut codes: Vec<_> = warnings.iter().map(|warning| warning.code.as_ref()).collect();
    codes.sort_unstable();
    codes
}

/// Each lies inside the text, says something of bearable length, and is no defect of the parser's own.
pub(crate) fn placed(text: &str, problems: &[Diagnostic]) {
    let lines = text.matches(['\n', '\r']).count() + 2;
    for problem in problems {
        assert!((1..=lines).contains(&problem.line) && problem.column >= 1, "{problem:?}");
        assert_ne!(problem.code, Code::Unreadable.as_str(), "{problem:?}");
        assert!(problem.message.chars().count() < 800, "{problem:?}");
    }
}
