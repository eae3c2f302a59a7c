//! Reads DER (ITU-T X.690), as far as certificates use it: tags of one byte, lengths of up to four.

/// An element that was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Element<'a> {
    pub(super) tag: u8,
    pub(super) content: &'a [u8],
}

/// Reads elements that follow each other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(super) fn new(der: &'a [u8]) -> Self {
        Self(der)
    }

    /// The tag of the next element, which is not read.
    pub(super) fn peek(&self) -> Option<u8> {
        self.0.first().copied()
    }

    /// What is left, as it is encoded.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.0
    }

    /// Reads the next element. `None` at the end, or if it is not DER: then nothing is read.
    pub(super) fn read(&mut self) -> Option<Element<'a>> {
        let (&tag, rest) = self.0.split_first()?;
        if tag & 0x1F == 0x1F {
            return None; // a tag of several bytes, which no field of a certificate has
        }
        let (&first, rest) = rest.split_first()?;
        let (length, rest) = match first {
            0..=0x7F => (usize::from(first), rest),
            0x81..=0x84 => {
                let (bytes, rest) = rest.split_at_checked(usize::from(first & 0x7F))?;
                let length = bytes.iter().try_fold(0_usize, |length, &byte| {
                    length.checked_mul(0x100)?.checked_add(usize::from(byte))
                })?;
                // The shortest form is the only one.
                if length < 0x80 || bytes.first() == Some(&0) {
                    return None;
                }
                (length, rest)
            }
            _ => return None,
        };
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some(Element { tag, content })
    }

    /// Reads the next element, which must have this tag, and returns its content.
    pub(super) fn expect(&mut self, tag: u8) -> Option<&'a [u8]> {
        if self.peek()? != tag {
            return None;
        }
        Some(self.read()?.content)
    }

    /// Reads the next element, which must have this tag, for its own elements.
    pub(super) fn enter(&mut self, tag: u8) -> Option<Self> {
        self.expect(tag).map(Self)
    }
}

impl<'a> Iterator for Reader<'a> {
    type Item = Element<'a>;

    fn next(&mut self) -> Option<Element<'a>> {
        self.read()
    }
}

pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const UTF8_STRING: u8 = 0x0C;
pub(super) const PRINTABLE_STRING: u8 = 0x13;
pub(super) const IA5_STRING: u8 = 0x16;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// The tag `[number]` of a field with elements of its own.
pub(super) const fn context(number: u8) -> u8 {
    0xA0 | number
}

/// The tag `[number]` of a field that is a plain value.
pub(super) const fn context_value(number: u8) -> u8 {
    0x80 | number
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encode(tag: u8, content: &[u8]) -> Vec<u8> {
        let length = content.len().to_be_bytes();
        let length = &length[length.iter().take_while(|&&byte| byte == 0).count()..];
        let mut der = vec![tag];
        match (content.len(), length) {
            (0..0x80, _) => der.push(content.len() as u8),
            (_, length) => {
                der.push(0x80 | length.len() as u8);
                der.extend(length);
            }
        }
        der.extend(content);
        der
    }

    #[test]
    fn only_the_shortest_form_of_a_length_is_read() {
        for wrong in [
            &[][..],
            &[0x30],
            &[0x30, 1],
            &[0x30, 0x80, 0, 0],
            &[0x30, 0x81, 1, 0],
            &[0x30, 0x82, 0, 0x80],
            &[0x30, 0x85, 0, 0, 0, 0, 1, 7],
            &[0x30, 0x84, 0xFF, 0xFF, 0xFF, 0xFF],
            &[0x1F, 1, 0],
        ] {
            let mut reader = Reader::new(wrong);
            assert_eq!(reader.read(), None, "{wrong:?}");
            assert_eq!(reader.0, wrong, "nothing is read");
        }
    }

    proptest! {
        #[test]
        fn what_is_encoded_is_read(
            elements in proptest::collection::vec((0_u8..0x1F, proptest::collection::vec(any::<u8>(), 0..300)), 0..5)
        ) {
            let der: Vec<u8> = elements.iter().flat_map(|(tag, content)| encode(*tag, content)).collect();
            let read: Vec<_> = Reader::new(&der).map(|element| (element.tag, element.content.to_vec())).collect();
            prop_assert_eq!(read, elements);
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            let read: usize = Reader::new(&bytes).map(|element| element.content.len() + 2).sum();
            prop_assert!(read <= bytes.len());
        }
    }
}
