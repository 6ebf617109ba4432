//! Which of the known names a misspelt one was meant to be.

/// The longest text worth comparing: a longer one is no misspelling of a known name.
const MAX_CHARACTERS: usize = 60;

/// The candidate nearest to `text`, if it is near enough to be what was meant.
pub fn nearest<'a>(text: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if text.len() > MAX_CHARACTERS {
        return None;
    }
    let plain = |text: &str| text.to_lowercase().replace(['_', '-', ' '], "");
    let wanted = plain(text);
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&wanted, &plain(candidate)), candidate))
        .filter(|(distance, candidate)| *distance <= (candidate.chars().count() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_misspellings_only() {
        let known = ["name", "outputPorts", "retention"];
        assert_eq!(nearest("output_ports", known), Some("outputPorts"));
        assert_eq!(nearest("retenton", known), Some("retention"));
        assert_eq!(nearest("nmae", known), Some("name"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest(&"name".repeat(100), known), None);
    }
}
