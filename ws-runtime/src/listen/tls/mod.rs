//! Certificates and keys, and the TLS configuration that is made from them.

mod error;
mod pem;
#[cfg(test)]
mod tests;
mod x509;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio_rustls::rustls;

use rustls::crypto::ring;
use rustls::server::ServerConfig;

pub use self::error::TlsError;
use self::error::place;
use crate::transport::TlsAcceptor;

/// A certificate and its key, for a server with TLS.
///
/// From files or PEM text, the server offers TLS 1.2 and 1.3 (rustls with ring), HTTP/1.1 in ALPN, session tickets, and
/// no 0-RTT. For anything else, such as client certificates, pass a [`ServerConfig`] of your own, which is used as it
/// is.
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
    /// Reads both from PEM files when the server starts: the certificate chain, with the server's own certificate
    /// first, and the unencrypted private key, as PKCS#8, PKCS#1 or SEC1. Both may be the same file.
    pub fn files(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self(Source::Files { certificate: certificate.into(), key: key.into() })
    }

    /// Takes both as PEM text, in the forms that [`files`](Self::files) reads.
    pub fn pem(certificate: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Self {
        Self(Source::Pem { certificate: certificate.as_ref().to_vec(), key: key.as_ref().into() })
    }

    /// Loads the certificate and the key, and checks that they can be used. Starting the server does the same.
    ///
    /// # Errors
    ///
    /// See [`TlsError`]. A certificate that has expired is not an error: only clients check that.
    pub fn check(&self) -> Result<(), TlsError> {
        self.config().map(drop)
    }

    /// Loads certificate and key for [`Stream::accept_tls`](crate::transport::Stream::accept_tls).
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
    /// Shows where certificate and key come from, and nothing of their content.
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

/// Builds the configuration from PEM. Each PEM comes with a description of its place, for errors.
fn configure(
    (certificate_pem, certificate_place): (&[u8], &str),
    (key_pem, key_place): (&[u8], &str),
) -> Result<Arc<ServerConfig>, TlsError> {
    let chain = pem::read_chain(certificate_pem, certificate_place)?;
    let key = pem::read_key(key_pem, key_place)?;
    let version = chain.first().and_then(|certificate| x509::version(certificate));

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
    config.max_early_data_size = 0; // early data can be replayed by an attacker
    config.ticketer = ring::Ticketer::new().map_err(TlsError::Setup)?;
    Ok(Arc::new(config))
}

fn refused(certificate: &str, key: &str, source: rustls::Error) -> TlsError {
    let (certificate, key) = (certificate.to_owned(), key.to_owned());
    match source {
        rustls::Error::InconsistentKeys(_) => TlsError::Mismatch { certificate, key },
        source => TlsError::Unusable { certificate, key, source },
    }
}

fn read(what: &'static str, path: &Path) -> Result<Vec<u8>, TlsError> {
    std::fs::read(path).map_err(|source| TlsError::Unreadable { what, path: path.to_owned(), source })
}

fn in_file(path: &Path) -> String {
    format!("the file {}", place(path))
}
