//! Several certificates: the one that the client asks for by name.

use std::sync::Arc;

use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::pki_types::ServerName;
use ws_runtime::Running;
use ws_runtime::prelude::*;
use ws_tests::address;
use ws_tests::tls::{Authority, Files, Identity};

mod paths {
    use std::path::PathBuf;
    use std::sync::OnceLock;

    pub(super) static DIRECTORY: OnceLock<PathBuf> = OnceLock::new();

    pub(super) fn of(name: &str) -> PathBuf {
        DIRECTORY.get().unwrap().join(name)
    }
}

#[ws_server(
    listen = "127.0.0.1:0",
    tls(
        cert = paths::of("cert.pem"),
        key = paths::of("key.pem"),
        also = [(paths::of("b.pem"), paths::of("b.key")), (paths::of("c.pem"), paths::of("c.key"))],
    )
)]
mod hosts {
    use super::*;

    #[on(utf8)]
    fn echo(text: &str) -> &str {
        text
    }
}

/// Whether the server shows this certificate to who asks for the name.
async fn shows(running: &Running, authority: &Authority, name: &str, identity: &Identity) -> bool {
    let stream = TcpStream::connect(address(running)).await.unwrap();
    let connector = TlsConnector::from(Arc::new(authority.client(None)));
    let name = ServerName::try_from(name.to_owned()).unwrap();
    connector.connect(name, stream).await.is_ok_and(|stream| identity.was_shown(&stream))
}

#[tokio::test]
async fn the_certificate_is_chosen_by_the_name_that_the_client_asks_for() {
    let authority = Authority::new("authority");
    let first = authority.issue_with(&["a.test"], |params| {
        params.subject_alt_names.push(rcgen::SanType::IpAddress([127, 0, 0, 1].into()));
    });
    let (second, third) =
        (authority.issue(&["b.test", "*.b.test"]), authority.issue(&["c.test", "own.b.test"]));
    let files = Files::new(&first);
    for (name, identity) in [("b", &second), ("c", &third)] {
        files.replace(&format!("{name}.pem"), &identity.certificate);
        files.replace(&format!("{name}.key"), &identity.key);
    }
    paths::DIRECTORY.set(files.directory().to_owned()).unwrap();
    let running = hosts::server().bind().await.unwrap();
    for (name, identity) in [
        ("a.test", &first),
        ("b.test", &second),
        ("any.b.test", &second),
        ("own.b.test", &third),
        ("C.TEST", &third),
        // An address is not asked for by name.
        ("127.0.0.1", &first),
    ] {
        assert!(shows(&running, &authority, name, identity).await, "{name}");
    }
    assert!(!shows(&running, &authority, "other.test", &first).await, "the first has not this name either");
}
