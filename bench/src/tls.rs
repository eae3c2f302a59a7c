//! TLS: a certificate that is made for each run, which the server finds in its environment and clients trust.

use std::env;
use std::io;
use std::process::Command;
use std::sync::Arc;

use rustls::crypto::ring;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use ws_runtime::rustls;

/// The name that the certificate is for.
pub(crate) const NAME: &str = "localhost";

const CERTIFICATE: &str = "BENCH_TLS_CERTIFICATE";
const KEY: &str = "BENCH_TLS_KEY";

/// Who the server is: a certificate and its key, as PEM text.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Identity {
    /// A new one, which signs itself.
    pub(crate) fn make() -> io::Result<Self> {
        let made = rcgen::generate_simple_self_signed([NAME.to_owned()]).map_err(io::Error::other)?;
        Ok(Self { certificate: made.cert.pem(), key: made.signing_key.serialize_pem() })
    }

    /// The one that this process was started with, or a new one.
    pub(crate) fn given_or_new() -> io::Result<Self> {
        match (env::var(CERTIFICATE), env::var(KEY)) {
            (Ok(certificate), Ok(key)) => Ok(Self { certificate, key }),
            _ => Self::make(),
        }
    }

    /// Gives it to a process that is to be started.
    pub(crate) fn give(&self, process: &mut Command) {
        process.env(CERTIFICATE, &self.certificate).env(KEY, &self.key);
    }

    /// For clients that trust this server and no other.
    pub(crate) fn client(&self) -> io::Result<Arc<ClientConfig>> {
        Self::client_of_all(std::slice::from_ref(self))
    }

    /// For clients that trust each of these servers.
    pub(crate) fn client_of_all(all: &[Self]) -> io::Result<Arc<ClientConfig>> {
        let mut roots = RootCertStore::empty();
        for identity in all {
            roots.add(identity.chain()?).map_err(io::Error::other)?;
        }
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?;
        Ok(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
    }

    /// For a server that is this one.
    pub(crate) fn server(&self) -> io::Result<Arc<ServerConfig>> {
        let key = PrivateKeyDer::from_pem_slice(self.key.as_bytes()).map_err(io::Error::other)?;
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(io::Error::other)?
            .with_no_client_auth()
            .with_single_cert(vec![self.chain()?], key)
            .map_err(io::Error::other)?;
        Ok(Arc::new(config))
    }

    fn chain(&self) -> io::Result<CertificateDer<'static>> {
        CertificateDer::from_pem_slice(self.certificate.as_bytes()).map_err(io::Error::other)
    }
}
