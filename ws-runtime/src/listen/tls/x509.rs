//! Reads the version of a certificate, for a clear error.

/// The version of a certificate (RFC 5280, section 4.1). It is the first field, and is left out if it is 1.
pub(super) fn version(certificate: &[u8]) -> Option<u8> {
    match content_of_sequence(content_of_sequence(certificate)?)? {
        [0xA0, 3, 2, 1, version, ..] => version.checked_add(1),
        // The serial number.
        [2, ..] => Some(1),
        _ => None,
    }
}

/// The content of a SEQUENCE in DER, and the bytes after it.
fn content_of_sequence(der: &[u8]) -> Option<&[u8]> {
    let [0x30, length, rest @ ..] = der else { return None };
    // In the long form, the first byte says how many bytes the length has.
    if length & 0x80 == 0 { Some(rest) } else { rest.get(usize::from(length & 0x7F)..) }
}
