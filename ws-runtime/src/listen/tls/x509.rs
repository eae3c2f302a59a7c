//! The little that we read of a certificate ourselves, for the sake of a clear error.

/// The version of a certificate (RFC 5280, section 4.1): it stands first, and is left out where it is 1.
pub(super) fn version(certificate: &[u8]) -> Option<u8> {
    match content_of_sequence(content_of_sequence(certificate)?)? {
        [0xA0, 3, 2, 1, version, ..] => version.checked_add(1),
        // The serial number.
        [2, ..] => Some(1),
        _ => None,
    }
}

/// What stands in a SEQUENCE of DER, and whatever follows it.
fn content_of_sequence(der: &[u8]) -> Option<&[u8]> {
    let [0x30, length, rest @ ..] = der else { return None };
    // A long length says how many bytes it has.
    if length & 0x80 == 0 { Some(rest) } else { rest.get(usize::from(length & 0x7F)..) }
}
