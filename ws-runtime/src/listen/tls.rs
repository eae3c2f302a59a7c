//! Certificates and keys, and what the server offers with them.

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
    let chain = read_chain(certificate_pem, certificate_place)?;
    let key = read_key(key_pem, key_place)?;

    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Setup)?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .map_err(|source| refused(certificate_place, key_place, source))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    config.max_early_data_size = 0; // what is sent as early data can be replayed by anyone
    config.ticketer = ring::Ticketer::new().map_err(TlsError::Setup)?;
    Ok(Arc::new(config))
}

fn read_chain(text: &[u8], place: &str) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let chain = CertificateDer::pem_slice_iter(text)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| broken(place, &error))?;
    if !chain.is_empty() {
        return Ok(chain);
    }
    let hint = match PrivateKeyDer::from_pem_slice(text) {
        Ok(_) => "; there is a private key instead: are the two swapped?",
        Err(_) => "",
    };
    Err(TlsError::NoCertificate { place: place.to_owned(), hint })
}

fn read_key(text: &[u8], place: &str) -> Result<PrivateKeyDer<'static>, TlsError> {
    match PrivateKeyDer::from_pem_slice(text) {
        Ok(key) => Ok(key),
        Err(pem::Error::NoItemsFound) => {
            Err(TlsError::NoKey { place: place.to_owned(), hint: missing_key_hint(text) })
        }
        Err(error) => Err(broken(place, &error)),
    }
}

fn missing_key_hint(text: &[u8]) -> &'static str {
    if text.windows(ENCRYPTED.len()).any(|window| window == ENCRYPTED) {
        return "; this one is encrypted: decrypt it with `openssl pkey -in key.pem -out plain.pem`";
    }
    match CertificateDer::from_pem_slice(text) {
        Ok(_) => "; there is a certificate instead: are the two swapped?",
        Err(_) => "",
    }
}

fn refused(certificate: &str, key: &str, source: rustls::Error) -> TlsError {
    let (certificate, key) = (certificate.to_owned(), key.to_owned());
    match source {
        rustls::Error::InconsistentKeys(_) => TlsError::Mismatch { certificate, key },
        source => TlsError::Unusable { certificate, key, source },
    }
}

/// Says in words what the parser says in bytes.
fn broken(place: &str, error: &pem::Error) -> TlsError {
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

const ENCRYPTED: &[u8] = b"-----BEGIN ENCRYPTED PRIVATE KEY-----";

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

    #[test]
    fn what_is_missing_in_a_text_is_named() {
        let (certificate, key) = pair();
        let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n";
        let broken = "-----BEGIN CERTIFICATE-----\n!!!\n-----END CERTIFICATE-----\n";
        let cut = "-----BEGIN CERTIFICATE-----\nAAAA\n";
        for (certificate, key, part_of_message) in [
            ("", key.as_str(), "no certificate in the certificate's PEM text"),
            (&certificate, "", "no private key in the key's PEM text"),
            (&key, &certificate, "swapped"),
            (&certificate, &certificate, "swapped"),
            (&certificate, encrypted, "encrypted: decrypt it"),
            (broken, &key, "the certificate's PEM text is broken PEM"),
            (cut, &key, "`-----END CERTIFICATE-----` is missing; copy the whole"),
        ] {
            let message = Tls::pem(certificate, key).check().unwrap_err().to_string();
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
}
