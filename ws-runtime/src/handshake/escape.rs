//! What a peer sent, made fit for a line of a log.

use std::fmt::{self, Write};

/// Shows a peer's text so that it cannot forge a line, colour a terminal, turn the direction of writing, or flood a log.
///
/// Control, format and direction characters are escaped, and it ends after 256 bytes with an ellipsis.
#[allow(dead_code)]
pub(crate) struct Escaped<'a>(pub(crate) &'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut room = MAX_SHOWN - ELLIPSIS.len_utf8();
        for character in self.0.chars() {
            let escaped = if character == '\'' || character == '"' { None } else { Some(character.escape_debug()) };
            let hidden = is_invisible(character);
            let length = match (&escaped, hidden) {
                (_, true) => character.escape_unicode().len(),
                (Some(escaped), false) => escaped.clone().map(char::len_utf8).sum(),
                (None, false) => 1,
            };
            let Some(left) = room.checked_sub(length) else { return f.write_char(ELLIPSIS) };
            room = left;
            match (escaped, hidden) {
                (_, true) => write!(f, "{}", character.escape_unicode())?,
                (Some(escaped), false) => write!(f, "{escaped}")?,
                (None, false) => f.write_char(character)?,
            }
        }
        Ok(())
    }
}

/// Characters that change how their neighbours are shown, or that are not shown at all.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
    )
}

const MAX_SHOWN: usize = 256;
const ELLIPSIS: char = '…';
