//! TLS with a certificate that is made for one test, and clients that trust it.

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivatePkcs8KeyDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, ServerConfig};
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
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("the provider knows them")
        .with_root_certificates(roots)
        .with_no_client_auth();
    TlsConnector::from(Arc::new(config))
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
