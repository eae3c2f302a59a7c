//! Reads what the server needs of certificates (RFC 5280): until when they are valid, and who they are for.
//!
//! rustls verifies certificates and keeps all of this to itself. A certificate that is read here was accepted by it,
//! or belongs to the server, so whatever is malformed is only left out.

mod client;
mod der;
mod name;
#[cfg(test)]
mod tests;
mod time;

use std::time::SystemTime;

pub use self::client::ClientCertificate;
use self::der::{INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, Reader, SEQUENCE, context, context_value};
use self::name::Name;
pub(crate) use self::time::Utc;

/// The fields of a certificate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Certificate<'a> {
    /// 1 to 3.
    pub(crate) version: u8,
    pub(crate) validity: Validity,
    serial: &'a [u8],
    subject: Name<'a>,
    extensions: Option<Reader<'a>>,
}

/// When a certificate is valid: from the first time to the second, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Validity {
    pub(crate) begins: SystemTime,
    pub(crate) ends: SystemTime,
}

/// A name in the extension `subjectAltName`, of the kinds that are text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum AlternativeName<'a> {
    Email(&'a str),
    Dns(&'a str),
    Uri(&'a str),
}

/// The object identifier of `subjectAltName`, 2.5.29.17.
const SUBJECT_ALT_NAME: &[u8] = &[0x55, 29, 17];

impl<'a> Certificate<'a> {
    /// Reads the fields. `None` if this is no certificate.
    pub(crate) fn read(der: &'a [u8]) -> Option<Self> {
        let mut fields = Reader::new(der).enter(SEQUENCE)?.enter(SEQUENCE)?;
        let version = match fields.peek() {
            Some(tag) if tag == context(0) => match fields.enter(tag)?.expect(INTEGER)? {
                [version] => version.checked_add(1)?,
                _ => return None,
            },
            _ => 1, // left out if it is this
        };
        let serial = fields.expect(INTEGER)?;
        let _signature = fields.expect(SEQUENCE)?;
        let _issuer = fields.expect(SEQUENCE)?;
        let mut times = fields.enter(SEQUENCE)?;
        let validity = Validity { begins: time::read(times.read()?)?, ends: time::read(times.read()?)? };
        let subject = Name(fields.expect(SEQUENCE)?);
        let _key = fields.expect(SEQUENCE)?;
        let extensions = fields.find(|field| field.tag == context(3)).map(|field| field.content);
        let extensions = extensions.and_then(|list| Reader::new(list).enter(SEQUENCE));
        Some(Self { version, validity, serial, subject, extensions })
    }

    /// The DNS names that it is for: `example.org`, `*.example.org`.
    pub(crate) fn dns_names(self) -> impl Iterator<Item = &'a str> {
        self.alternative_names().filter_map(|name| match name {
            AlternativeName::Dns(name) => Some(name),
            AlternativeName::Email(_) | AlternativeName::Uri(_) => None,
        })
    }

    fn alternative_names(self) -> impl Iterator<Item = AlternativeName<'a>> {
        let extension = self.extensions.and_then(|mut extensions| {
            extensions.find_map(|extension| {
                let mut fields = Reader::new(extension.content);
                let is_it =
                    extension.tag == SEQUENCE && fields.expect(OBJECT_IDENTIFIER)? == SUBJECT_ALT_NAME;
                // A flag may stand before the value.
                is_it.then(|| fields.find(|field| field.tag == OCTET_STRING)).flatten()
            })
        });
        let names = extension.and_then(|value| Reader::new(value.content).enter(SEQUENCE));
        names.into_iter().flatten().filter_map(|name| {
            const EMAIL: u8 = context_value(1);
            const DNS: u8 = context_value(2);
            const URI: u8 = context_value(6);
            // All of them are visible ASCII. One that is not could be taken for another, as by a NUL.
            let text = std::str::from_utf8(name.content).ok()?;
            if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
                return None;
            }
            match name.tag {
                EMAIL => Some(AlternativeName::Email(text)),
                DNS => Some(AlternativeName::Dns(text)),
                URI => Some(AlternativeName::Uri(text)),
                _ => None,
            }
        })
    }
}
