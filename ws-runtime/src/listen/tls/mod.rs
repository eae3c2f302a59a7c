//! Certificates and keys, and the TLS configuration that is made from them.

mod chooser;
mod error;
mod expiry;
mod part;
mod pem;
mod serving;
mod source;
mod stamp;
#[cfg(test)]
mod tests;

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use tokio_rustls::rustls;

use rustls::server::ServerConfig;

pub use self::error::TlsError;
pub(crate) use self::serving::ServerTls;
use self::source::{Clients, Need, Pair, Source, Text, Used};

/// A certificate and its key, for a server with TLS.
///
/// From files or PEM text, the server offers TLS 1.2 and 1.3 (rustls with ring), HTTP/1.1 in ALPN, session tickets, and
/// no 0-RTT. For anything else, pass a [`ServerConfig`] of your own, which is used as it is.
///
/// Files are looked at every 5 seconds. What has changed is used for new connections, once it has not changed for a
/// second; connections that are open are kept. If it cannot be used, that is logged after 10 seconds, once for each
/// change, and what was loaded before stays in use. [`Server::reload_tls`](crate::Server::reload_tls) does not wait;
/// nor does SIGHUP, of a server that [`start`](crate::Builder::start) runs.
///
/// A certificate that expires within 14 days, has expired, or is not valid yet is logged as a warning once a day.
///
/// ```no_run
/// use ws_runtime::Tls;
///
/// let tls = Tls::files("/etc/chat/chain.pem", "/etc/chat/key.pem")
///     .and_files("/etc/chat/other-chain.pem", "/etc/chat/other-key.pem")
///     .client_ca("/etc/chat/clients.pem");
/// tls.check()?;
/// # Ok::<(), ws_runtime::TlsError>(())
/// ```
#[derive(Clone)]
pub struct Tls(Form);

#[derive(Clone)]
enum Form {
    Pem {
        /// The first is the default.
        pairs: Vec<Pair>,
        clients: Option<Clients>,
    },
    Config(Arc<ServerConfig>),
    /// Something was added to a configuration.
    Fixed {
        what: &'static str,
    },
}

impl Tls {
    /// Reads both from PEM files when the server starts, and again when they have changed: the certificate chain, with
    /// the server's own certificate first, and the unencrypted private key, as PKCS#8, PKCS#1 or SEC1. Both may be the
    /// same file.
    pub fn files(certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        Self::of_pair(Text::File(certificate.into()), Text::File(key.into()))
    }

    /// Takes both as PEM text, in the forms that [`files`](Self::files) reads.
    pub fn pem(certificate: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Self {
        Self::of_pair(Text::Pem(certificate.as_ref().into()), Text::Pem(key.as_ref().into()))
    }

    /// Adds another certificate, from files. It is used where the client asks for a DNS name that the certificate has,
    /// by SNI (RFC 6066, section 3). The first one is used where the client asks for no name, or for one that none has.
    ///
    /// If several have a name, the first is used whose key the client can verify. So a name may have an RSA and an ECDSA
    /// certificate.
    #[must_use]
    pub fn and_files(self, certificate: impl Into<PathBuf>, key: impl Into<PathBuf>) -> Self {
        self.and("and_files", Text::File(certificate.into()), Text::File(key.into()))
    }

    /// Adds another certificate, as PEM text. It is used as one that [`and_files`](Self::and_files) adds.
    #[must_use]
    pub fn and_pem(self, certificate: impl AsRef<[u8]>, key: impl AsRef<[u8]>) -> Self {
        self.and("and_pem", Text::Pem(certificate.as_ref().into()), Text::Pem(key.as_ref().into()))
    }

    /// Requires a certificate of each client, issued by one of the authorities in this PEM file. It is in
    /// [`Handshake::client_certificate`](crate::Handshake::client_certificate).
    ///
    /// A client without a valid one gets an alert of TLS, which is logged at debug. Sessions are not resumed, so each
    /// connection shows its certificate. Lists of revoked certificates are not read: refuse them in the `handshake`
    /// handler, by [`ClientCertificate::serial`](crate::ClientCertificate::serial).
    ///
    /// It replaces what was set before.
    #[must_use]
    pub fn client_ca(self, authorities: impl Into<PathBuf>) -> Self {
        self.with_clients("client_ca", Text::File(authorities.into()), Need::Required)
    }

    /// As [`client_ca`](Self::client_ca), with the certificates of the authorities as PEM text.
    #[must_use]
    pub fn client_ca_pem(self, authorities: impl AsRef<[u8]>) -> Self {
        self.with_clients("client_ca_pem", Text::Pem(authorities.as_ref().into()), Need::Required)
    }

    /// Asks each client for a certificate, and lets in those that have none. One that shows a certificate which is not
    /// valid is refused. Otherwise it is as [`client_ca`](Self::client_ca), which it replaces.
    #[must_use]
    pub fn optional_client_ca(self, authorities: impl Into<PathBuf>) -> Self {
        self.with_clients("optional_client_ca", Text::File(authorities.into()), Need::Optional)
    }

    /// As [`optional_client_ca`](Self::optional_client_ca), with the certificates of the authorities as PEM text.
    #[must_use]
    pub fn optional_client_ca_pem(self, authorities: impl AsRef<[u8]>) -> Self {
        self.with_clients("optional_client_ca_pem", Text::Pem(authorities.as_ref().into()), Need::Optional)
    }

    /// Loads all certificates and keys, and checks that they can be used. Starting the server does the same.
    ///
    /// # Errors
    ///
    /// See [`TlsError`]. A certificate that has expired is not an error: only clients check that.
    pub fn check(&self) -> Result<(), TlsError> {
        match self.load() {
            Ok(_) => Ok(()),
            Err(errors) => errors.into_iter().next().map_or(Ok(()), Err),
        }
    }

    /// Loads all certificates and keys, for a server that starts.
    ///
    /// # Errors
    ///
    /// One for each that cannot be used.
    pub(crate) fn load(&self) -> Result<ServerTls, Vec<TlsError>> {
        match &self.0 {
            Form::Pem { pairs, clients } => {
                ServerTls::load(pairs.clone(), clients.clone(), self.is_in_files())
            }
            Form::Config(config) => Ok(ServerTls::fixed(Arc::clone(config))),
            Form::Fixed { what } => Err(vec![TlsError::Fixed { what }]),
        }
    }

    /// Whether something of it is in files, which may change.
    pub(crate) fn is_in_files(&self) -> bool {
        match &self.0 {
            Form::Pem { pairs, clients } => {
                pairs.iter().any(|pair| !pair.files().is_empty())
                    || clients.as_ref().is_some_and(|clients| !clients.files().is_empty())
            }
            Form::Config(_) | Form::Fixed { .. } => false,
        }
    }

    fn of_pair(certificate: Text, key: Text) -> Self {
        let pairs = vec![Pair { certificate, key, used: Used::ByDefault }];
        Self(Form::Pem { pairs, clients: None })
    }

    fn and(self, what: &'static str, certificate: Text, key: Text) -> Self {
        Self(match self.0 {
            Form::Pem { mut pairs, clients } => {
                pairs.push(Pair { certificate, key, used: Used::ByName });
                Form::Pem { pairs, clients }
            }
            Form::Config(_) => Form::Fixed { what },
            fixed @ Form::Fixed { .. } => fixed,
        })
    }

    fn with_clients(self, what: &'static str, authorities: Text, need: Need) -> Self {
        Self(match self.0 {
            Form::Pem { pairs, .. } => Form::Pem { pairs, clients: Some(Clients { authorities, need }) },
            Form::Config(_) => Form::Fixed { what },
            fixed @ Form::Fixed { .. } => fixed,
        })
    }
}

impl From<Arc<ServerConfig>> for Tls {
    fn from(config: Arc<ServerConfig>) -> Self {
        Self(Form::Config(config))
    }
}

impl From<ServerConfig> for Tls {
    fn from(config: ServerConfig) -> Self {
        Self::from(Arc::new(config))
    }
}

impl fmt::Debug for Tls {
    /// Shows where certificates and keys come from, and nothing of their content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Pem { pairs, clients } => {
                f.write_str("Tls(")?;
                for (position, pair) in pairs.iter().enumerate() {
                    write!(f, "{}{pair}", if position == 0 { "" } else { "; " })?;
                }
                if let Some(clients) = clients {
                    write!(f, "; {clients}")?;
                }
                f.write_str(")")
            }
            Form::Config(_) => f.write_str("Tls(ServerConfig)"),
            Form::Fixed { what } => write!(f, "Tls(ServerConfig with `{what}`)"),
        }
    }
}
