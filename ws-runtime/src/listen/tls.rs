//! Certificates and keys, and what the server offers with them.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls;

use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::ServerConfig;

/// The certificate and key that make a server speak TLS.
///
/// From files or from PEM text it offers TLS 1.2 and 1.3 by rustls with ring, HTTP/1.1 by ALPN, session
/// tickets and no 0-RTT. Anything else, such as client certificates, is set in a [`ServerConfig`] of your
/// own, which is taken as it is.
///
/// ```no_run
/// use ws_runtime::Tls;
///
/// let tls = Tls::files("/etc/chat/chain.pem", "/etc/chat/key.pem");
/// tls.check()?;
/// # Ok::<(), ws_runtime::TlsError>(())
/// ```
#[derive(Clone)]
pub struct Tls(Source);

#[derive(Clone)]
enum Source {
    Files { certificate: PathBuf, key: PathBuf },
    Pem { certificate: Vec<u8>, key: Arc<[u8]> },
    Config(Arc<ServerConfig>),
}

impl Tls {
    /// Reads both from PEM files when the server starts: the chain with the server's own certificate first,
    /// and its private key, unencrypted, as PKCS#8, PKCS#1 or SEC1. Both may be the same file.
    pub fn files(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self(Source::Files { certificate: certificate.into(), key: key.into() })
    }

    /// Takes both as PEM text, in the forms that [`files`](Self::files) reads.
    pub fn pem(certificate: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Self {
        Self(Source::Pem { certificate: certificate.as_ref().to_vec(), key: key.as_ref().into() })
    }

    /// Loads certificate and key and tells whether they can be used; starting the server does the same.
    ///
    /// # Errors
    ///
    /// See [`TlsError`]. A certificate that has expired is not an error: only clients judge that.
    pub fn check(&self) -> Result<(), TlsError> {
        self.config().map(drop)
    }

    /// Loads certificate and key for [`Stream::accept_tls`](super::Stream::accept_tls).
    pub(crate) fn acceptor(&self) -> Result<TlsAcceptor, TlsError> {
        self.config().map(TlsAcceptor::from)
    }

    fn config(&self) -> Result<Arc<ServerConfig>, TlsError> {
        match &self.0 {
            Source::Files { certificate, key } => {
                let (certificate_pem, key_pem) = (read("certificate", certificate)?, read("key", key)?);
                configure((&certificate_pem, &in_file(certificate)), (&key_pem, &in_file(key)))
            }
            Source::Pem { certificate, key } => {
                configure((certificate, "the certificate's PEM text"), (key, "the key's PEM text"))
            }
            Source::Config(config) => Ok(Arc::clone(config)),
        }
    }
}

impl From<Arc<ServerConfig>> for Tls {
    fn from(config: Arc<ServerConfig>) -> Self {
        Self(Source::Config(config))
    }
}

impl From<ServerConfig> for Tls {
    fn from(config: ServerConfig) -> Self {
        Self::from(Arc::new(config))
    }
}

impl fmt::Debug for Tls {
    /// Says where certificate and key come from and nothing of what is in them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::Files { certificate, key } => {
                write!(f, "Tls({}, {})", certificate.display(), key.display())
            }
            Source::Pem { .. } => f.write_str("Tls(PEM)"),
            Source::Config(_) => f.write_str("Tls(ServerConfig)"),
        }
    }
}

/// Why a certificate and key cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TlsError {
    /// A file is missing or may not be read.
    #[error(
        "cannot read the {what} for TLS from {}: the file must be there, and this process must be allowed to read it",
        place(path)
    )]
    Unreadable {
        /// Whether it was to be the certificate or the key.
        what: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// There is no certificate where one was expected.
    #[error("no certificate in {place}: expected PEM with `-----BEGIN CERTIFICATE-----`{hint}")]
    NoCertificate {
        /// The file, or that it was given as text.
        place: String,
        /// What may have happened.
        hint: &'static str,
    },
    /// There is no private key where one was expected.
    #[error(
        "no private key in {place}: expected PEM with an unencrypted PKCS#8, PKCS#1 or SEC1 key, such as \
         `-----BEGIN PRIVATE KEY-----`{hint}"
    )]
    NoKey {
        /// The file, or that it was given as text.
        place: String,
        /// What may have happened.
        hint: &'static str,
    },
    /// The private key is protected by a passphrase, which nobody could type when the server starts.
    #[error(
        "the private key in {place} is encrypted: decrypt it with `openssl pkey -in key.pem -out plain.pem`"
    )]
    EncryptedKey {
        /// The file, or that it was given as text.
        place: String,
    },
    /// The certificate has the form of before 1996, which has no room for the names that it is for.
    #[error(
        "the certificate in {place} is of X.509 version {version}, and TLS needs version 3: issue it with extensions, such \
         as `-addext subjectAltName=DNS:example.com` with `openssl req -x509`, or `-extfile` with `openssl x509 -req`"
    )]
    OldCertificate {
        /// The file, or that it was given as text.
        place: String,
        /// The version: 1 or 2.
        version: u8,
    },
    /// The PEM is broken.
    #[error("{place} is broken PEM: {detail}; copy the whole of it again")]
    BrokenPem {
        /// The file, or that it was given as text.
        place: String,
        /// What is wrong with it.
        detail: String,
    },
    /// The key belongs to another certificate.
    #[error(
        "the key in {key} does not belong to the certificate in {certificate}: give the key that the certificate was \
         made for, and put that certificate before those of its issuers"
    )]
    Mismatch {
        /// Where the certificate came from.
        certificate: String,
        /// Where the key came from.
        key: String,
    },
    /// rustls does not take the pair: a kind of key that it does not know, or a broken certificate.
    #[error(
        "the certificate in {certificate} with the key in {key} cannot be used: it must be one of RSA, ECDSA (P-256 or \
         P-384) or Ed25519, and undamaged"
    )]
    Unusable {
        /// Where the certificate came from.
        certificate: String,
        /// Where the key came from.
        key: String,
        /// What rustls said.
        source: rustls::Error,
    },
    /// rustls could not be set up, as the system gave no random bytes.
    #[error("cannot set up TLS")]
    Setup(#[source] rustls::Error),
}

/// Builds the configuration from PEM; each comes with the words for where it was found.
fn configure(
    (certificate_pem, certificate_place): (&[u8], &str),
    (key_pem, key_place): (&[u8], &str),
) -> Result<Arc<ServerConfig>, TlsError> {
    let chain = read_chain(&without_marks(certificate_pem), certificate_place)?;
    let key = read_key(&without_marks(key_pem), key_place)?;
    let version = chain.first().and_then(|certificate| x509_version(certificate));

    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Setup)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|source| match version {
            Some(version @ (1 | 2)) => {
                TlsError::OldCertificate { place: certificate_place.to_owned(), version }
            }
            _ => refused(certificate_place, key_place, source),
        })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.max_early_data_size = 0; // what is sent as early data can be replayed by anyone
    config.ticketer = ring::Ticketer::new().map_err(TlsError::Setup)?;
    Ok(Arc::new(config))
}

fn read_chain(text: &[u8], place: &str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
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

fn read_key(text: &[u8], place: &str) -> Result<PrivateKeyDer<'static>, TlsError> {
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

/// Whether a key is encrypted: as PKCS#8, or by a header inside of its PEM (RFC 1421, section 4.6.1.1).
fn has_encrypted_key(text: &[u8]) -> bool {
    [&b"-----BEGIN ENCRYPTED PRIVATE KEY-----"[..], b"Proc-Type: 4,ENCRYPTED"]
        .iter()
        .any(|mark| text.windows(mark.len()).any(|window| window == *mark))
}

/// What the bytes are where they are no text of a form that we read.
fn not_text_hint(text: &[u8]) -> &'static str {
    match text {
        [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => "; it is UTF-16: save it as UTF-8",
        // A SEQUENCE, as all of them begin with.
        [0x30, ..] => {
            "; it is binary (DER or PKCS #12): convert it with `openssl x509`, `openssl pkey` or `openssl pkcs12 -nodes`"
        }
        _ => "",
    }
}

/// PEM without the byte order marks that some editors put before it: a line that begins with one is not seen as PEM.
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

/// The version of a certificate (RFC 5280, section 4.1): it stands first, and is left out where it is 1.
fn x509_version(certificate: &[u8]) -> Option<u8> {
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

fn refused(certificate: &str, key: &str, source: rustls::Error) -> TlsError {
    let (certificate, key) = (certificate.to_owned(), key.to_owned());
    match source {
        rustls::Error::InconsistentKeys(_) => TlsError::Mismatch { certificate, key },
        source => TlsError::Unusable { certificate, key, source },
    }
}

/// Says in words what the parser says in bytes.
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

fn read(what: &'static str, path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|source| TlsError::Unreadable { what, path: path.to_owned(), source })
}

fn in_file(path: &Path) -> String {
    format!("the file {}", place(path))
}

/// Where a file is looked for: a relative path depends on where the program was started.
fn place(path: &Path) -> String {
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    if path.as_os_str().is_empty() { "\"\"".to_owned() } else { absolute.display().to_string() }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    fn pair() -> (String, String) {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        (made.cert.pem(), made.signing_key.serialize_pem())
    }

    #[test]
    fn a_certificate_and_its_key_give_http_1_1_without_early_data() {
        let (certificate, key) = pair();
        let config = Tls::pem(&certificate, &key).config().unwrap();
        assert_eq!(config.alpn_protocols, [b"http/1.1".to_vec()]);
        assert_eq!(config.max_early_data_size, 0);
        assert!(config.ticketer.enabled());
    }

    #[test]
    fn both_may_stand_in_one_text() {
        let (certificate, key) = pair();
        let both = certificate + &key;
        Tls::pem(&both, &both).check().unwrap();
    }

    #[test]
    fn a_key_of_another_certificate_is_refused() {
        let ((certificate, _), (_, key)) = (pair(), pair());
        let error = Tls::pem(certificate, key).check().unwrap_err();
        assert!(matches!(error, TlsError::Mismatch { .. }), "{error}");
    }

    /// Windows editors begin a text with a byte order mark; files that are joined have one in the middle.
    #[test]
    fn byte_order_marks_are_passed_over() {
        let (certificate, key) = pair();
        let (certificate, key) = (format!("\u{feff}{certificate}"), format!("\u{feff}{key}"));
        Tls::pem(&certificate, &key).check().unwrap();
        let both = format!("{certificate}{key}");
        Tls::pem(&both, &both).check().unwrap();
    }

    #[test]
    fn what_is_missing_in_a_text_is_named() {
        let (certificate, key) = pair();
        let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
        let both = format!("{certificate}{ENCRYPTED_BY_HEADER}");
        let broken = "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n";
        let cut = "-----BEGIN CERTIFICATE-----\nAAAA\n";
        for (certificate, key, part_of_message) in [
            ("", key.as_str(), "no certificate in the certificate's PEM text"),
            (&certificate, "", "no private key in the key's PEM text"),
            (&key, &certificate, "swapped"),
            (&certificate, &certificate, "swapped"),
            (&certificate, encrypted, "encrypted: decrypt it"),
            (
                &certificate,
                ENCRYPTED_BY_HEADER,
                "the private key in the key's PEM text is encrypted: decrypt it",
            ),
            (&both, &both, "the private key in the certificate's PEM text is encrypted: decrypt it"),
            (VERSION_1, KEY_OF_VERSION_1, "the certificate's PEM text is of X.509 version 1"),
            (broken, &key, "the certificate's PEM text is broken PEM"),
            (cut, &key, "`-----END CERTIFICATE-----` is missing; copy the whole"),
        ] {
            let message = Tls::pem(certificate, key).check().unwrap_err().to_string();
            assert!(message.contains(part_of_message), "{message}");
        }
    }

    #[test]
    fn what_is_no_text_is_told_so() {
        let (certificate, key) = pair();
        let utf_16: Vec<u8> = format!("\u{feff}{key}").encode_utf16().flat_map(u16::to_le_bytes).collect();
        let der = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
        for (key, part_of_message) in [
            (utf_16.as_slice(), "it is UTF-16: save it as UTF-8"),
            (der.secret_der(), "it is binary (DER or PKCS #12): convert it"),
        ] {
            let message = Tls::pem(&certificate, key).check().unwrap_err().to_string();
            assert!(message.contains(part_of_message), "{message}");
            let message = Tls::pem(key, &certificate).check().unwrap_err().to_string();
            assert!(message.contains(part_of_message), "{message}");
        }
    }

    #[test]
    fn a_missing_file_is_named_with_the_cause() {
        let error = Tls::files("/nowhere/chain.pem", "/nowhere/key.pem").check().unwrap_err();
        assert!(error.to_string().contains("certificate for TLS from /nowhere/chain.pem"), "{error}");
        assert!(error.source().is_some());
        let message = Tls::files("chain.pem", "key.pem").check().unwrap_err().to_string();
        let here = std::env::current_dir().unwrap().join("chain.pem");
        assert!(message.contains(here.to_str().unwrap()), "{message}");
    }

    #[test]
    fn nothing_of_a_key_is_shown_by_debug() {
        assert_eq!(format!("{:?}", Tls::pem("c", "secret")), "Tls(PEM)");
    }

    /// By `openssl ec -aes128`: RFC 1421, section 4.6.1.
    const ENCRYPTED_BY_HEADER: &str = "\
-----BEGIN EC PRIVATE KEY-----
Proc-Type: 4,ENCRYPTED
DEK-Info: AES-128-CBC,E26D3AE2D43BDE42D6C666F5FDE1D550

XapDBtnduIumMyhVCWwLT1FkuBTv1BI1dFFMXLNfmteJxCRNQeXBMm92n4a7UuT4
2N9/9KQzpzW7R6OLOtnjLF/frv/awsIXX6WzmLyyEDSSa3k1j0GUDtzApnwmSPy1
kSNIPNwDbguHSJ13wQlJjHZMB4PUk7frzY57+YnFTGw=
-----END EC PRIVATE KEY-----
";

    /// By `openssl x509 -req` without extensions, as OpenSSL up to 3.0 makes it.
    const VERSION_1: &str = "\
-----BEGIN CERTIFICATE-----
MIIBJDCBywIUYW3Jsl2hX9EmsJZUSvLhBCqDI68wCgYIKoZIzj0EAwIwFDESMBAG
A1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyNjA0MjcwNVoYDzIxMjYxMTAyMDQyNzA1
WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AATdHFrjN+VIhPlkE2/nKLRW1HYJFRKLBdbNYVFn7kyEr0s1ayYBYeJKuwHizSc0
58hLKKiJmJW2KPTVCCu3NrfXMAoGCCqGSM49BAMCA0gAMEUCIQDCj33OJDZOMsjL
ePSEf9QTS+/Ayx1jkRdEXSgoYbsIGQIgUb9rn5mkjoyRUX780EGuBrbNshUfPT/4
nbEG5fsO0sw=
-----END CERTIFICATE-----
";

    const KEY_OF_VERSION_1: &str = "\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgnnoyp3tNEd0rt5uk
FQE9VFUGXPLzNTynskLp/EZxNZihRANCAATdHFrjN+VIhPlkE2/nKLRW1HYJFRKL
BdbNYVFn7kyEr0s1ayYBYeJKuwHizSc058hLKKiJmJW2KPTVCCu3NrfX
-----END PRIVATE KEY-----
";
}
