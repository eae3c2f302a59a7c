//! Words that may repeat what a peer has sent, cut to a bounded length.

/// The longest excerpt, in bytes.
const MAX_EXCERPT: usize = 256;

/// The beginning of a text, at most 256 bytes.
pub(crate) fn cut(words: &str) -> &str {
    words.get(..words.floor_char_boundary(MAX_EXCERPT)).unwrap_or_default()
}

/// What serde says, without the place, which would be cut off behind a long value.
pub(crate) fn without_place(error: &serde_json::Error) -> String {
    let mut words = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    if words.ends_with(&place) {
        words.truncate(words.len() - place.len());
    }
    words
}

/// What serde says, cut, and the place.
pub(crate) fn of_json_error(error: &serde_json::Error) -> String {
    let words = without_place(error);
    format!("{} at line {} column {}", cut(&words), error.line(), error.column())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(cut("short"), "short");
        assert_eq!(cut(&format!("x{}", "é".repeat(200))), format!("x{}", "é".repeat(127)));
    }

    #[test]
    fn the_place_of_an_error_stays() {
        let error = serde_json::from_str::<u8>(&format!("\n\"{}\"", "x".repeat(300))).unwrap_err();
        let told = of_json_error(&error);
        assert!(
            told.starts_with("invalid type: string \"xxx") && told.ends_with(" at line 2 column 302"),
            "{told}"
        );
        assert!(told.len() < 300);
    }
}
