//! Certificates of clients.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use rcgen::{DnType, ExtendedKeyUsagePurpose, SanType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use tokio_rustls::rustls::{ClientConfig, HandshakeKind, version};
use tokio_tungstenite::client_async;
use ws_runtime::prelude::*;
use ws_runtime::{Running, Tls};
use ws_tests::address;
use ws_tests::tls::{Authority, Files, Identity};

#[ws_server(listen = "127.0.0.1:0")]
mod service {
    use super::*;

    #[session]
    pub struct Name(String);

    #[on(handshake)]
    fn admit(handshake: &Handshake) -> Name {
        let Some(certificate) = handshake.client_certificate() else { return Name("nobody".to_owned()) };
        let uris: Vec<_> = certificate.uris().collect();
        Name(format!("{} {} {}", certificate.subject(), uris.join(" "), certificate.chain().count()))
    }

    #[on(ready)]
    fn greet(name: &Name) -> String {
        name.0.clone()
    }

    #[get("/who")]
    fn who(request: &Request) -> String {
        let name = request.client_certificate().and_then(|certificate| certificate.common_name());
        name.unwrap_or("nobody").to_owned()
    }
}

fn alice(authority: &Authority) -> Identity {
    authority.issue_with(&[], |params| {
        params.distinguished_name = rcgen::DistinguishedName::new();
        params.distinguished_name.push(DnType::CommonName, "alice");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        params.subject_alt_names = vec![SanType::URI("spiffe://example.org/alice".try_into().unwrap())];
    })
}

/// Connects, and returns what the server says first, with the kind of the TLS handshake.
async fn greeting(running: &Running, config: &Arc<ClientConfig>) -> Result<(String, HandshakeKind), String> {
    let stream = TcpStream::connect(address(running)).await.unwrap();
    let connector = TlsConnector::from(Arc::clone(config));
    let name = ServerName::try_from("localhost").unwrap();
    let connecting = async {
        let stream = connector.connect(name, stream).await.map_err(|error| error.to_string())?;
        let kind = stream.get_ref().1.handshake_kind().unwrap();
        let (mut socket, _) =
            client_async("wss://localhost/", stream).await.map_err(|error| error.to_string())?;
        let greeting = socket.next().await.unwrap().map_err(|error| error.to_string())?;
        Ok((greeting.into_text().unwrap().to_string(), kind))
    };
    tokio::time::timeout(Duration::from_secs(20), connecting).await.expect("the server answers")
}

struct Setup {
    servers: Authority,
    clients: Authority,
    files: Files,
}

impl Setup {
    fn new() -> Self {
        let (servers, clients) = (Authority::new("for servers"), Authority::new("for clients"));
        let files = Files::new(&servers.issue(&["localhost"]));
        files.replace("clients.pem", &clients.pem());
        Self { servers, clients, files }
    }

    fn client(&self, identity: Option<&Identity>) -> Arc<ClientConfig> {
        Arc::new(self.servers.client(identity))
    }
}

#[tokio::test]
async fn a_client_needs_a_certificate_of_the_authority() {
    let setup = Setup::new();
    let tls = setup.files.tls().client_ca(setup.files.path("clients.pem"));
    let running = service::server().tls(tls).bind().await.unwrap();
    let config = setup.client(Some(&alice(&setup.clients)));
    for _ in 0..2 {
        let (said, kind) = greeting(&running, &config).await.unwrap();
        assert_eq!(said, "CN=alice spiffe://example.org/alice 1");
        assert_eq!(kind, HandshakeKind::Full, "the certificate is shown each time");
    }

    let (of_other, expired, for_servers) = (
        alice(&Authority::new("for clients")),
        setup.clients.issue_with(&[], |params| params.not_after = rcgen::date_time_ymd(2020, 1, 1)),
        setup.clients.issue_with(&[], |params| {
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        }),
    );
    for (identity, alert) in [
        (None, "CertificateRequired"),
        (Some(&of_other), "DecryptError|UnknownCA|BadCertificate"),
        (Some(&expired), "CertificateExpired"),
        (Some(&for_servers), "alert"),
    ] {
        let error = greeting(&running, &setup.client(identity)).await.unwrap_err();
        assert!(error.contains("alert") && alert.split('|').any(|alert| error.contains(alert)), "{error}");
    }
}

#[tokio::test]
async fn by_tls_1_2_a_client_needs_a_certificate_too() {
    let setup = Setup::new();
    let tls = setup.files.tls().client_ca(setup.files.path("clients.pem"));
    let running = service::server().tls(tls).bind().await.unwrap();
    let config =
        |identity: Option<&Identity>| Arc::new(setup.servers.client_by(&[&version::TLS12], identity));
    let error = greeting(&running, &config(None)).await.unwrap_err();
    assert!(error.contains("alert"), "{error}");
    let config = config(Some(&alice(&setup.clients)));
    for _ in 0..2 {
        let (said, kind) = greeting(&running, &config).await.unwrap();
        assert!(said.contains("alice") && kind == HandshakeKind::Full, "{said}, {kind:?}");
    }
}

#[tokio::test]
async fn a_client_may_have_a_certificate_where_it_is_optional() {
    let setup = Setup::new();
    let tls = setup.files.tls().optional_client_ca(setup.files.path("clients.pem"));
    let running = service::server().tls(tls).bind().await.unwrap();
    let said = greeting(&running, &setup.client(None)).await.unwrap().0;
    assert_eq!(said, "nobody");
    let said = greeting(&running, &setup.client(Some(&alice(&setup.clients)))).await.unwrap().0;
    assert!(said.contains("CN=alice"), "{said}");
    let foreign = alice(&Authority::new("another"));
    assert!(greeting(&running, &setup.client(Some(&foreign))).await.is_err());
}

#[tokio::test]
async fn a_plain_request_has_the_certificate_too() {
    let setup = Setup::new();
    let tls = setup.files.tls().client_ca_pem(setup.clients.pem());
    let running = service::server().tls(tls).bind().await.unwrap();
    let stream = TcpStream::connect(address(&running)).await.unwrap();
    let connector = TlsConnector::from(setup.client(Some(&alice(&setup.clients))));
    let mut stream = connector.connect(ServerName::try_from("localhost").unwrap(), stream).await.unwrap();
    stream.write_all(b"GET /who HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\nalice"), "{answer}");
}

#[tokio::test]
async fn without_the_option_a_client_is_asked_for_nothing() {
    let setup = Setup::new();
    let running = service::server().tls(setup.files.tls()).bind().await.unwrap();
    let config = setup.client(Some(&alice(&setup.clients)));
    assert_eq!(greeting(&running, &config).await.unwrap().0, "nobody");
}

#[tokio::test]
async fn an_authority_that_is_removed_lets_nobody_in_any_more() {
    let setup = Setup::new();
    let tls: Tls = setup.files.tls().client_ca(setup.files.path("clients.pem"));
    let running = service::server().tls(tls).bind().await.unwrap();
    let (old, other) = (setup.client(Some(&alice(&setup.clients))), Authority::new("other"));
    assert!(greeting(&running, &old).await.is_ok());
    setup.files.replace("clients.pem", &other.pem());
    assert!(matches!(running.server().reload_tls().await, Ok(true)));
    assert!(greeting(&running, &old).await.is_err(), "by no resumed session either");
    assert!(greeting(&running, &setup.client(Some(&alice(&other)))).await.is_ok());
}
