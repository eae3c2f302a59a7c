//! Checks UTF-8 that arrives in pieces. An error is found at the first byte that cannot be right.

use super::ProtocolError;

/// The text of a message so far, and the first bytes of an incomplete character.
#[derive(Debug, Default)]
pub(super) struct PartialText {
    text: String,
    begun: [u8; 4],
    begun_len: u8,
}

impl PartialText {
    pub(super) fn len(&self) -> usize {
        self.text.len() + usize::from(self.begun_len)
    }

    pub(super) fn push(&mut self, mut piece: &[u8]) -> Result<(), ProtocolError> {
        while self.begun_len > 0 {
            let Some((byte, rest)) = piece.split_first() else { return Ok(()) };
            piece = rest;
            self.push_to_begun(*byte)?;
        }
        match str::from_utf8(piece) {
            Ok(text) => self.text.push_str(text),
            Err(error) => {
                let (valid, begun) = piece.split_at(error.valid_up_to());
                if error.error_len().is_some() {
                    return Err(ProtocolError::Utf8);
                }
                self.text.push_str(str::from_utf8(valid).map_err(|_| ProtocolError::Utf8)?);
                for byte in begun {
                    self.push_to_begun(*byte)?;
                }
            }
        }
        Ok(())
    }

    /// The whole text, unless its last character is incomplete.
    pub(super) fn finish(self) -> Result<String, ProtocolError> {
        if self.begun_len == 0 { Ok(self.text) } else { Err(ProtocolError::Utf8) }
    }

    fn push_to_begun(&mut self, byte: u8) -> Result<(), ProtocolError> {
        let len = usize::from(self.begun_len);
        let Some(place) = self.begun.get_mut(len) else { return Err(ProtocolError::Utf8) };
        *place = byte;
        self.begun_len += 1;
        let begun = self.begun.get(..=len).unwrap_or_default();
        match str::from_utf8(begun) {
            Ok(character) => {
                self.text.push_str(character);
                self.begun_len = 0;
                Ok(())
            }
            Err(error) if error.error_len().is_none() => Ok(()),
            Err(_) => Err(ProtocolError::Utf8),
        }
    }
}
