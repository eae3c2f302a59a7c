//! Escapes text from outside for a line of the log.

use std::fmt::{self, Display, Write};

/// A text that a peer may have influenced, such as the error of a handler that quotes a message. It is shown on one
/// line, without control sequences, and with bounded length.
pub(crate) struct Escaped<T>(pub(crate) T);

/// How many bytes of it are shown.
const MAX_SHOWN: usize = 1024;

impl<T: Display> Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut escaping = Escaping { into: f, left: MAX_SHOWN };
        match write!(escaping, "{}", self.0) {
            Err(_) if escaping.left == 0 => f.write_str("…"),
            written => written,
        }
    }
}

struct Escaping<'a, 'f> {
    into: &'a mut fmt::Formatter<'f>,
    left: usize,
}

impl Write for Escaping<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for character in text.chars() {
            self.left = self.left.saturating_sub(character.len_utf8());
            if self.left == 0 {
                return Err(fmt::Error);
            }
            if character.is_control() || is_direction(character) {
                write!(self.into, "{}", character.escape_default())?;
            } else {
                self.into.write_char(character)?;
            }
        }
        Ok(())
    }
}

/// Whether a character changes the direction of text, which would disguise a line, or ends the line.
fn is_direction(character: char) -> bool {
    matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn control_characters_are_escaped_and_long_texts_cut() {
        for (text, shown) in [
            ("ünïcödé 'quoted' \\", "ünïcödé 'quoted' \\"),
            ("a\r\nINFO forged", "a\\r\\nINFO forged"),
            ("\u{1b}[31m\u{9b}\0", "\\u{1b}[31m\\u{9b}\\u{0}"),
            ("\u{202e}gpj.exe\u{2028}", "\\u{202e}gpj.exe\\u{2028}"),
        ] {
            assert_eq!(Escaped(text).to_string(), shown);
        }
        assert_eq!(Escaped("x".repeat(MAX_SHOWN - 1)).to_string().len(), MAX_SHOWN - 1);
        let cut = Escaped("ü".repeat(100_000)).to_string();
        assert!(cut.len() <= MAX_SHOWN + 3 && cut.ends_with("ü…"), "{}", cut.len());
    }
}
