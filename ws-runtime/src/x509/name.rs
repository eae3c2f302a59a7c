//! Distinguished names: who a certificate is for (RFC 5280, section 4.1.2.4), shown as RFC 4514 says.

use std::fmt::{self, Write};

use super::der::{
    Element, IA5_STRING, OBJECT_IDENTIFIER, PRINTABLE_STRING, Reader, SEQUENCE, SET, UTF8_STRING,
};

/// A distinguished name, as the content of its SEQUENCE.
#[derive(Debug, Clone, Copy)]
pub(super) struct Name<'a>(pub(super) &'a [u8]);

/// One attribute of a name, such as `CN=alice`.
#[derive(Debug, Clone, Copy)]
struct Attribute<'a> {
    kind: &'a [u8],
    value: Element<'a>,
    /// The value as it is encoded.
    encoded: &'a [u8],
}

const COMMON_NAME: &[u8] = &[0x55, 4, 3];

/// The kinds of attributes with a short name in RFC 4514, and the one for an address in old certificates.
const KINDS: &[(&[u8], &str)] = &[
    (COMMON_NAME, "CN"),
    (&[0x55, 4, 6], "C"),
    (&[0x55, 4, 7], "L"),
    (&[0x55, 4, 8], "ST"),
    (&[0x55, 4, 9], "STREET"),
    (&[0x55, 4, 10], "O"),
    (&[0x55, 4, 11], "OU"),
    (&[0x09, 0x92, 0x26, 0x89, 0x93, 0xF2, 0x2C, 0x64, 1, 25], "DC"),
    (&[0x09, 0x92, 0x26, 0x89, 0x93, 0xF2, 0x2C, 0x64, 1, 1], "UID"),
    (&[0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 1, 9, 1], "emailAddress"),
];

impl<'a> Name<'a> {
    /// The common name. `None` if there are several: then it is not clear who is meant.
    pub(super) fn common_name(self) -> Option<&'a str> {
        let mut names = self.parts().flatten().filter(|attribute| attribute.kind == COMMON_NAME);
        let name = names.next()?;
        if names.next().is_some() { None } else { name.text() }
    }

    /// The attributes, in groups: most have one.
    fn parts(self) -> impl DoubleEndedIterator<Item = Vec<Attribute<'a>>> {
        let sets: Vec<_> = Reader::new(self.0).take_while(|set| set.tag == SET).collect();
        sets.into_iter().map(|set| {
            let attributes = Reader::new(set.content).map_while(|attribute| {
                let mut fields = Reader::new(attribute.content);
                let kind = fields.expect(OBJECT_IDENTIFIER)?;
                let encoded = fields.rest();
                let value = fields.read()?;
                (attribute.tag == SEQUENCE).then_some(Attribute { kind, value, encoded })
            });
            attributes.collect()
        })
    }
}

impl<'a> Attribute<'a> {
    /// The value, if it is of a kind that is Unicode or ASCII.
    fn text(self) -> Option<&'a str> {
        let text = std::str::from_utf8(self.value.content).ok()?;
        match self.value.tag {
            UTF8_STRING => Some(text),
            PRINTABLE_STRING | IA5_STRING => text.is_ascii().then_some(text),
            _ => None,
        }
    }
}

impl fmt::Display for Name<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The last part comes first.
        for (position, part) in self.parts().rev().enumerate() {
            f.write_str(if position == 0 { "" } else { "," })?;
            for (position, attribute) in part.into_iter().enumerate() {
                f.write_str(if position == 0 { "" } else { "+" })?;
                attribute.fmt(f)?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Attribute<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = KINDS.iter().find(|(kind, _)| *kind == self.kind).map(|(_, short)| *short);
        match short {
            Some(short) => f.write_str(short)?,
            None => write_identifier(self.kind, f)?,
        }
        f.write_char('=')?;
        // Where the type has no short name, the value is never text (RFC 4514, section 2.4).
        match short.and(self.text()) {
            Some(text) => write_escaped(text, f),
            None => {
                f.write_char('#')?;
                write_hex(self.encoded, f)
            }
        }
    }
}

/// Escapes what has a meaning in a name, and control characters.
fn write_escaped(text: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let last = text.len().saturating_sub(1);
    for (at, character) in text.char_indices() {
        match character {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => write!(f, "\\{character}")?,
            '#' if at == 0 => f.write_str("\\#")?,
            ' ' if at == 0 || at == last => f.write_str("\\ ")?,
            character if character.is_control() => {
                for byte in character.encode_utf8(&mut [0; 4]).bytes() {
                    write!(f, "\\{byte:02X}")?;
                }
            }
            character => f.write_char(character)?,
        }
    }
    Ok(())
}

/// An object identifier with dots: `2.5.4.3`.
fn write_identifier(identifier: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut number = 0_u64;
    let mut is_first = true;
    for byte in identifier {
        number = (number << 7) | u64::from(byte & 0x7F);
        if byte & 0x80 != 0 {
            continue;
        }
        if std::mem::take(&mut is_first) {
            let root = (number / 40).min(2);
            write!(f, "{root}.{}", number - root * 40)?;
        } else {
            write!(f, ".{number}")?;
        }
        number = 0;
    }
    Ok(())
}

pub(super) fn write_hex(bytes: &[u8], f: &mut impl Write) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The content of a name with these attributes, each in a part of its own.
    fn name(attributes: &[(&[u8], u8, &[u8])]) -> Vec<u8> {
        let element = |tag: u8, content: &[u8]| [&[tag, content.len() as u8], content].concat();
        let part = |(kind, tag, value): &(&[u8], u8, &[u8])| {
            let pair = [element(OBJECT_IDENTIFIER, kind), element(*tag, value)].concat();
            element(SET, &element(SEQUENCE, &pair))
        };
        attributes.iter().flat_map(part).collect()
    }

    #[test]
    fn a_name_is_shown_as_rfc_4514_says() {
        let country: &[u8] = &[0x55, 4, 6];
        let der = name(&[
            (country, PRINTABLE_STRING, b"DE"),
            (&[0x55, 4, 10], UTF8_STRING, "Müller, \"Söhne\"".as_bytes()),
            (&[0x55, 4, 11], UTF8_STRING, b" # "),
            (&[0x2A, 3, 0x84, 1], UTF8_STRING, b"2"),
            (COMMON_NAME, 0x1E, &[0, b'a']),
            (COMMON_NAME, UTF8_STRING, b"#a\nb\0"),
        ]);
        let shown = r##"CN=\#a\0Ab\00,CN=#1e020061,1.2.3.513=#0c0132,OU=\ #\ ,O=Müller\, \"Söhne\",C=DE"##;
        assert_eq!(Name(&der).to_string(), shown);
        assert_eq!(Name(&der).common_name(), None, "there are two");
    }

    #[test]
    fn a_common_name_is_a_text() {
        for (tag, value, common_name) in [
            (UTF8_STRING, "ä".as_bytes(), Some("ä")),
            (PRINTABLE_STRING, b"a", Some("a")),
            (IA5_STRING, b"a", Some("a")),
            (IA5_STRING, "ä".as_bytes(), None),
            (UTF8_STRING, &[0xFF], None),
            (0x14, b"a", None),
        ] {
            assert_eq!(Name(&name(&[(COMMON_NAME, tag, value)])).common_name(), common_name);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_shown_without_control_characters(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            prop_assert!(!Name(&bytes).to_string().contains(char::is_control));
            let inside = name(&[(&bytes[..bytes.len().min(9)], UTF8_STRING, &bytes)]);
            prop_assert!(!Name(&inside).to_string().contains(char::is_control));
        }
    }
}
