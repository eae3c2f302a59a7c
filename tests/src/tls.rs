//! TLS with certificates that are made for one test, and clients that trust them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair, SanType};
use tempfile::TempDir;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use tokio_rustls::rustls::{
    ALL_VERSIONS, ClientConfig, RootCertStore, ServerConfig, SupportedProtocolVersion,
};
use ws_runtime::Tls;

/// What the server is given, and a client that trusts that alone.
///
/// # Panics
///
/// If a certificate cannot be made.
#[must_use]
pub fn identity() -> (Tls, TlsConnector) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate is made");
    let tls = Tls::pem(made.cert.pem(), made.signing_key.serialize_pem());
    (tls, trusting(CertificateDer::from(made.cert)))
}

/// What a server of another crate is given, and a client that trusts that alone.
///
/// # Panics
///
/// If a certificate cannot be made.
#[must_use]
pub fn host() -> (Arc<ServerConfig>, TlsConnector) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).expect("a certificate is made");
    let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let chain = vec![CertificateDer::from(made.cert)];
    let connector = trusting(chain[0].clone());
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider knows them")
        .with_no_client_auth()
        .with_single_cert(chain, key.into())
        .expect("the key fits");
    (Arc::new(config), connector)
}

/// A client that trusts this certificate alone.
fn trusting(certificate: CertificateDer<'static>) -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(certificate).expect("the certificate is well-formed");
    TlsConnector::from(Arc::new(client(ALL_VERSIONS, roots, None)))
}

/// Shakes hands by TLS.
///
/// # Panics
///
/// If that fails.
pub async fn encrypt<S: AsyncRead + AsyncWrite + Unpin>(connector: &TlsConnector, stream: S) -> TlsStream<S> {
    let name = ServerName::try_from("localhost").expect("it is a name");
    connector.connect(name, stream).await.expect("the server speaks TLS")
}

/// A certificate and its key, as PEM.
#[derive(Debug, Clone)]
pub struct Identity {
    /// The certificate.
    pub certificate: String,
    /// Its key.
    pub key: String,
}

impl Identity {
    /// Whether the server has shown this certificate.
    ///
    /// # Panics
    ///
    /// If it has shown none.
    #[must_use]
    pub fn was_shown<S>(&self, stream: &TlsStream<S>) -> bool {
        let shown = stream.get_ref().1.peer_certificates().expect("a server shows its certificate");
        shown[0] == CertificateDer::from_pem_slice(self.certificate.as_bytes()).expect("it is PEM")
    }
}

/// An authority that issues certificates.
pub struct Authority(CertifiedIssuer<'static, KeyPair>);

impl Authority {
    /// A new one.
    ///
    /// # Panics
    ///
    /// If a certificate cannot be made.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key is made");
        Self(CertifiedIssuer::self_signed(params, key).expect("a certificate is made"))
    }

    /// Its certificate, as PEM.
    #[must_use]
    pub fn pem(&self) -> String {
        self.0.pem()
    }

    /// A certificate for these DNS names.
    #[must_use]
    pub fn issue(&self, names: &[&str]) -> Identity {
        self.issue_with(names, |_| {})
    }

    /// A certificate for these DNS names, with more.
    ///
    /// # Panics
    ///
    /// If a certificate cannot be made.
    #[must_use]
    pub fn issue_with(&self, names: &[&str], more: impl FnOnce(&mut CertificateParams)) -> Identity {
        let mut params = CertificateParams::default();
        let dns = |name: &&str| SanType::DnsName((*name).try_into().expect("it is a name"));
        params.subject_alt_names = names.iter().map(dns).collect();
        more(&mut params);
        let key = KeyPair::generate().expect("a key is made");
        let certificate = params.signed_by(&key, &self.0).expect("a certificate is made");
        Identity { certificate: certificate.pem(), key: key.serialize_pem() }
    }

    /// A client that trusts it, and shows a certificate if it has one.
    ///
    /// # Panics
    ///
    /// If a certificate cannot be used.
    #[must_use]
    pub fn client(&self, identity: Option<&Identity>) -> ClientConfig {
        self.client_by(ALL_VERSIONS, identity)
    }

    /// The same by these versions of TLS.
    ///
    /// # Panics
    ///
    /// If a certificate cannot be used.
    #[must_use]
    pub fn client_by(
        &self,
        versions: &[&'static SupportedProtocolVersion],
        identity: Option<&Identity>,
    ) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots.add(self.0.der().clone()).expect("the certificate is well-formed");
        client(versions, roots, identity)
    }
}

fn client(
    versions: &[&'static SupportedProtocolVersion],
    roots: RootCertStore,
    identity: Option<&Identity>,
) -> ClientConfig {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .expect("the provider knows them")
        .with_root_certificates(roots);
    let Some(identity) = identity else { return config.with_no_client_auth() };
    let chain = CertificateDer::pem_slice_iter(identity.certificate.as_bytes())
        .map(|found| found.expect("it is PEM"));
    let key = PrivateKeyDer::from_pem_slice(identity.key.as_bytes()).expect("it is PEM");
    config.with_client_auth_cert(chain.collect(), key).expect("the key is of the certificate")
}

/// Files in a directory of their own, replaced as programs that renew certificates do.
pub struct Files(TempDir);

impl Files {
    /// A directory with this certificate and key.
    ///
    /// # Panics
    ///
    /// If a file cannot be written.
    #[must_use]
    pub fn new(identity: &Identity) -> Self {
        let files = Self(TempDir::new().expect("there is room for a directory"));
        files.replace("cert.pem", &identity.certificate);
        files.replace("key.pem", &identity.key);
        files
    }

    /// Where a file is.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The directory.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.0.path()
    }

    /// `cert.pem` and `key.pem`.
    #[must_use]
    pub fn tls(&self) -> Tls {
        Tls::files(self.path("cert.pem"), self.path("key.pem"))
    }

    /// Puts a new file in the place of an old one.
    ///
    /// # Panics
    ///
    /// If that fails.
    pub fn replace(&self, name: &str, text: &str) {
        let new = self.path("new");
        fs::write(&new, text).expect("there is room for a file");
        fs::rename(new, self.path(name)).expect("both are in one directory");
    }

    /// Replaces certificate and key, one after the other.
    pub fn renew(&self, identity: &Identity) {
        self.replace("cert.pem", &identity.certificate);
        self.replace("key.pem", &identity.key);
    }
}
