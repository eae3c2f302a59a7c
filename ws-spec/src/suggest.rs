//! "did you mean".

/// The candidate that a word was most likely meant to be.
#[must_use]
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(word, candidate), candidate))
        .filter(|(likeness, _)| *likeness > LIKE_ENOUGH)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, candidate)| candidate)
}

/// Whether a word is this name, misspelt. Stricter than [`nearest`]: for a word that may well mean something else.
#[must_use]
pub fn is_misspelt(word: &str, name: &str) -> bool {
    strsim::jaro_winkler(word, name) > NEARLY_THE_SAME
}

/// Below this a suggestion confuses more than it helps.
const LIKE_ENOUGH: f64 = 0.8;

/// A letter too much, too little or in the wrong place.
const NEARLY_THE_SAME: f64 = 0.9;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_typo_finds_its_word_and_a_stranger_none() {
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
