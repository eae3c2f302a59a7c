//! Reads certificates and keys from PEM. If there are none, the error says what was found instead.

use std::borrow::Cow;

use tokio_rustls::rustls::pki_types::pem::{self, PemObject};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::TlsError;

/// Reads all certificates of a text.
pub(super) fn read_chain(text: &[u8], place: &str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let text = &*without_marks(text);
    let chain = CertificateDer::pem_slice_iter(text)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| broken(text, place, &error))?;
    if !chain.is_empty() {
        return Ok(chain);
    }
    let hint = match PrivateKeyDer::from_pem_slice(text) {
        Ok(_) => "; there is a private key instead: are the two swapped?",
        Err(_) => not_text_hint(text),
    };
    Err(TlsError::NoCertificate { place: place.to_owned(), hint })
}

/// Reads the first key of a text.
pub(super) fn read_key(text: &[u8], place: &str) -> Result<PrivateKeyDer<'static>, TlsError> {
    let text = &*without_marks(text);
    let error = match PrivateKeyDer::from_pem_slice(text) {
        Ok(key) => return Ok(key),
        Err(error) => error,
    };
    match error {
        pem::Error::NoItemsFound if !has_encrypted_key(text) => {
            let hint = match CertificateDer::from_pem_slice(text) {
                Ok(_) => "; there is a certificate instead: are the two swapped?",
                Err(_) => not_text_hint(text),
            };
            Err(TlsError::NoKey { place: place.to_owned(), hint })
        }
        error => Err(broken(text, place, &error)),
    }
}

/// Whether a key is encrypted: as PKCS#8, or by a header inside its PEM (RFC 1421, section 4.6.1.1).
fn has_encrypted_key(text: &[u8]) -> bool {
    [&b"-----BEGIN ENCRYPTED PRIVATE KEY-----"[..], b"Proc-Type: 4,ENCRYPTED"]
        .iter()
        .any(|mark| text.windows(mark.len()).any(|window| window == *mark))
}

/// A hint on what the bytes are if they are not PEM.
fn not_text_hint(text: &[u8]) -> &'static str {
    match text {
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => "; it is UTF-16: save it as UTF-8",
        // A SEQUENCE: DER and PKCS #12 begin with it.
        [0x30, ..] => {
            "; it is binary (DER or PKCS #12): convert it with `openssl x509`, `openssl pkey` or `openssl pkcs12 -nodes`"
        }
        _ => "",
    }
}

/// Removes byte order marks, which some editors write: the parser does not recognise a PEM line that begins with one.
fn without_marks(text: &[u8]) -> Cow<'_, [u8]> {
    const MARK: &[u8] = "\u{feff}".as_bytes();
    let mut rest = text;
    let mut kept = Vec::new();
    while let Some(at) = rest.windows(MARK.len()).position(|window| window == MARK) {
        kept.extend_from_slice(rest.get(..at).unwrap_or_default());
        rest = rest.get(at + MARK.len()..).unwrap_or_default();
    }
    if rest.len() == text.len() {
        return Cow::Borrowed(text);
    }
    kept.extend_from_slice(rest);
    Cow::Owned(kept)
}

/// Turns an error of the parser into a readable one.
fn broken(text: &[u8], place: &str, error: &pem::Error) -> TlsError {
    if has_encrypted_key(text) {
        return TlsError::EncryptedKey { place: place.to_owned() };
    }
    let detail = match error {
        pem::Error::MissingSectionEnd { end_marker } => {
            format!("`-----END {}-----` is missing", String::from_utf8_lossy(end_marker))
        }
        pem::Error::IllegalSectionStart { .. } => {
            "a line begins with `-----BEGIN` and goes on wrong".to_owned()
        }
        other => other.to_string(),
    };
    TlsError::BrokenPem { place: place.to_owned(), detail }
}
