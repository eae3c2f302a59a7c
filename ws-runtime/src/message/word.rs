//! Looks at eight bytes at once.

/// A key as it is written: `"key":`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Written {
    word: u64,
    mask: u64,
    length: usize,
}

impl Written {
    /// How a key is written. One of more than five letters fits in no word, and is never found.
    pub(super) const fn of(key: &str) -> Self {
        let key = key.as_bytes();
        let length = key.len() + 3;
        if length > 8 {
            return Self { word: u64::MAX, mask: 0, length };
        }
        let (mut bytes, mut mask) = ([0; 8], [0; 8]);
        let mut at = 0;
        while at < length {
            bytes[at] = match at {
                0 => b'"',
                at if at <= key.len() => key[at - 1],
                at if at == key.len() + 1 => b'"',
                _ => b':',
            };
            mask[at] = 0xff;
            at += 1;
        }
        Self { word: u64::from_le_bytes(bytes), mask: u64::from_le_bytes(mask), length }
    }

    /// Where the value begins, if the key is written at this offset.
    #[inline]
    pub(super) fn skip(&self, bytes: &[u8], from: usize) -> Option<usize> {
        (at(bytes, from)? & self.mask == self.word).then_some(from + self.length)
    }
}

/// The word at this offset, if there are as many bytes.
#[inline]
pub(super) fn at(bytes: &[u8], from: usize) -> Option<u64> {
    bytes.get(from..)?.first_chunk().copied().map(u64::from_le_bytes)
}

/// How many bytes at the beginning of a word stand in a JSON string as they are: up to a quotation mark, a backslash
/// or a control character.
#[inline]
pub(super) fn plain(word: u64) -> usize {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = ONES << 7;
    // A byte below `n`, of those that have no high bit, borrows. Bytes above the first such byte may be wrong, which
    // does not matter.
    let below = |word: u64, n: u8| word.wrapping_sub(ONES * u64::from(n)) & !word & HIGH;
    let equal = |byte: u8| below(word ^ (ONES * u64::from(byte)), 1);
    let ends = below(word, b' ') | equal(b'"') | equal(b'\\');
    (ends.trailing_zeros() / 8) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_byte_that_ends_is_found_at_every_place() {
        for byte in 0..=u8::MAX {
            for at in 0..8 {
                for others in [b' ', b'a', b'!', b'#', 0x7f, 0x80, 0xff, byte] {
                    let mut bytes = [others; 8];
                    bytes[at] = byte;
                    let expected =
                        bytes.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20)).count();
                    assert_eq!(plain(u64::from_le_bytes(bytes)), expected, "{bytes:?}");
                }
            }
        }
    }

    #[test]
    fn a_key_is_skipped_with_its_colon() {
        let skipped = |key, text: &str| Written::of(key).skip(text.as_bytes(), 0);
        assert_eq!(skipped("type", r#""type":1}"#), Some(7));
        assert_eq!(skipped("id", r#""id":1,""#), Some(5));
        assert_eq!(skipped("event", r#""event":1"#), Some(8));
        assert_eq!(skipped("type", r#""type" :1"#), None);
        assert_eq!(skipped("type", r#""types":"#), None);
        assert_eq!(skipped("payload", r#""payload":"#), None, "too long for a word");
    }
}
