//! Suggestions for misspelt words: "did you mean …?".

/// The candidate that is most similar to a word, if any is similar enough.
#[must_use]
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(word, candidate), candidate))
        .filter(|(likeness, _)| *likeness > LIKE_ENOUGH)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, candidate)| candidate)
}

/// Whether a word is a misspelling of this name. Stricter than [`nearest`], for words that may have a meaning of their
/// own.
#[must_use]
pub fn is_misspelt(word: &str, name: &str) -> bool {
    strsim::jaro_winkler(word, name) > NEARLY_THE_SAME
}

/// A suggestion below this similarity confuses more than it helps.
const LIKE_ENOUGH: f64 = 0.8;

/// The similarity of words that differ by one letter: added, missing or moved.
const NEARLY_THE_SAME: f64 = 0.9;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_finds_its_word_and_an_unrelated_word_finds_none() {
        let words = ["utf8", "binary", "disconnect", "connect"];
        for (word, meant) in [
            ("utf", Some("utf8")),
            ("binery", Some("binary")),
            ("disconect", Some("disconnect")),
            ("zebra", None),
        ] {
            assert_eq!(nearest(word, words), meant, "{word}");
        }
        assert!(
            is_misspelt("Sever", "Server")
                && is_misspelt("Requst", "Request")
                && !is_misspelt("Service", "Conn")
        );
    }
}
