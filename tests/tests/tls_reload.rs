//! Certificates that are replaced while the server runs: new connections get the new ones, open ones are kept.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::HandshakeKind;
use tokio_rustls::rustls::client::Resumption;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};
use tracing::Level;
use ws_runtime::prelude::*;
use ws_runtime::{Running, Tls, TlsError};
use ws_tests::address;
use ws_tests::log::{Log, Logging};
use ws_tests::tls::{Authority, Files, Identity, encrypt};

// Where the clock is paused, it jumps to the next deadline whenever everybody waits for a socket.
#[ws_server(listen = "127.0.0.1:0", handshake_timeout = 31_536_000, silence_max = 0)]
mod echo {
    use super::*;

    #[on(utf8)]
    fn echo(text: &str) -> &str {
        text
    }
}

type Socket = WebSocketStream<TlsStream<TcpStream>>;

/// Who resumes a session is not shown the certificate again.
fn connector(authority: &Authority) -> TlsConnector {
    let mut config = authority.client(None);
    config.resumption = Resumption::disabled();
    TlsConnector::from(Arc::new(config))
}

async fn start(tls: Tls) -> Running {
    echo::server().tls(tls).bind().await.unwrap()
}

async fn connect(running: &Running, connector: &TlsConnector) -> Socket {
    let stream = TcpStream::connect(address(running)).await.unwrap();
    stream.set_nodelay(true).unwrap();
    let stream = encrypt(connector, stream).await;
    client_async("wss://localhost/", stream).await.unwrap().0
}

async fn echoes(socket: &mut Socket) {
    socket.send(Message::text("hello")).await.unwrap();
    assert_eq!(socket.next().await.unwrap().unwrap(), Message::text("hello"));
}

async fn shows(running: &Running, connector: &TlsConnector, identity: &Identity) -> bool {
    identity.was_shown(connect(running, connector).await.get_ref())
}

/// A server with the old certificate, and the one to replace it by.
struct Setup {
    old: Identity,
    new: Identity,
    files: Files,
    running: Running,
    connector: TlsConnector,
    log: Log,
    /// Ends the log.
    guard: Logging,
}

impl Setup {
    async fn new() -> Self {
        let authority = Authority::new("authority");
        let (old, new) = (authority.issue(&["localhost"]), authority.issue(&["localhost"]));
        let files = Files::new(&old);
        let (log, guard) = Log::keep(Level::INFO);
        let running = start(files.tls()).await;
        Self { old, new, files, running, connector: connector(&authority), log, guard }
    }
}

/// How often the log has a line with these words.
fn count(log: &Log, words: &str) -> usize {
    log.text().lines().filter(|line| line.contains(words)).count()
}

#[tokio::test(start_paused = true)]
async fn new_files_are_used_for_new_connections_within_seven_seconds() {
    let Setup { old, new, files, running, connector, log, guard: _guard } = Setup::new().await;
    let mut before = connect(&running, &connector).await;
    assert!(old.was_shown(before.get_ref()));
    files.renew(&new);
    let replaced = Instant::now();
    while !shows(&running, &connector, &new).await {
        sleep(Duration::from_millis(100)).await;
        assert!(replaced.elapsed() <= Duration::from_secs(7));
    }
    echoes(&mut before).await;
    assert_eq!(count(&log, "tls: new connections get the new certificate in the file"), 1);
    assert_eq!(count(&log, "WARN"), 0, "{}", log.text());
}

#[tokio::test(start_paused = true)]
async fn a_pair_that_is_half_replaced_is_not_an_error_for_a_while() {
    let Setup { old, new, files, running, connector, log, guard: _guard } = Setup::new().await;
    files.replace("cert.pem", &new.certificate);
    // The change is found and read, and the server waits for the rest.
    sleep(Duration::from_secs(8)).await;
    assert!(shows(&running, &connector, &old).await);
    files.replace("key.pem", &new.key);
    sleep(Duration::from_secs(3)).await;
    assert!(shows(&running, &connector, &new).await);
    assert_eq!(count(&log, "WARN"), 0, "{}", log.text());
}

#[tokio::test(start_paused = true)]
async fn files_that_cannot_be_used_are_logged_once_and_the_old_ones_kept() {
    let Setup { old, new, files, running, connector, log, guard: _guard } = Setup::new().await;
    for (number, (certificate, reason)) in [
        (new.certificate.as_str(), "does not belong to the certificate"),
        (new.certificate.get(..100).unwrap(), "is broken PEM"),
        ("", "no certificate in the file"),
    ]
    .into_iter()
    .enumerate()
    {
        files.replace("cert.pem", certificate);
        sleep(Duration::from_secs(100)).await;
        assert_eq!(count(&log, reason), 1, "{}", log.text());
        assert_eq!(count(&log, "; what was loaded before stays in use"), number + 1);
        assert!(shows(&running, &connector, &old).await);
    }
    fs::remove_file(files.path("cert.pem")).unwrap();
    sleep(Duration::from_secs(100)).await;
    assert_eq!(count(&log, "cannot read the certificate for TLS from"), 1, "{}", log.text());
    files.renew(&new);
    sleep(Duration::from_secs(7)).await;
    assert!(shows(&running, &connector, &new).await);
}

#[cfg(unix)]
#[tokio::test(start_paused = true)]
async fn a_secret_of_kubernetes_is_swapped_by_one_link() {
    use std::os::unix::fs::symlink;

    let authority = Authority::new("authority");
    let (old, new) = (authority.issue(&["localhost"]), authority.issue(&["localhost"]));
    let files = Files::new(&old);
    let at = |name: &str| files.path(name);
    for (directory, identity) in [("..1", &old), ("..2", &new)] {
        fs::create_dir(at(directory)).unwrap();
        fs::write(at(directory).join("tls.crt"), &identity.certificate).unwrap();
        fs::write(at(directory).join("tls.key"), &identity.key).unwrap();
    }
    symlink("..1", at("..data")).unwrap();
    symlink("..data/tls.crt", at("tls.crt")).unwrap();
    symlink("..data/tls.key", at("tls.key")).unwrap();
    let running = start(Tls::files(at("tls.crt"), at("tls.key"))).await;
    let connector = connector(&authority);
    assert!(shows(&running, &connector, &old).await);
    symlink("..2", at("..data_tmp")).unwrap();
    fs::rename(at("..data_tmp"), at("..data")).unwrap();
    fs::remove_dir_all(at("..1")).unwrap();
    sleep(Duration::from_secs(7)).await;
    assert!(shows(&running, &connector, &new).await);
}

#[tokio::test]
async fn a_program_may_have_the_files_read_at_once() {
    let Setup { old, new, files, running, connector, .. } = Setup::new().await;
    let server = running.server();
    assert!(matches!(server.reload_tls().await, Ok(false)), "nothing has changed");
    files.replace("cert.pem", &new.certificate);
    assert!(matches!(server.reload_tls().await, Err(TlsError::Mismatch { .. })));
    assert!(shows(&running, &connector, &old).await);
    files.replace("key.pem", &new.key);
    assert!(matches!(server.reload_tls().await, Ok(true)));
    assert!(shows(&running, &connector, &new).await);

    let plain = echo::server().bind().await.unwrap();
    assert!(matches!(plain.server().reload_tls().await, Ok(false)));
    let pem = start(Tls::pem(&old.certificate, &old.key)).await;
    assert!(matches!(pem.server().reload_tls().await, Ok(false)));
}

/// One of several certificates that cannot be used keeps no other from being replaced.
#[tokio::test]
async fn each_certificate_is_replaced_by_itself() {
    let authority = Authority::new("authority");
    let (old, new) = (authority.issue(&["localhost"]), authority.issue(&["localhost"]));
    let (files, other) = (Files::new(&old), Files::new(&authority.issue(&["other.test"])));
    let tls = Tls::files(other.path("cert.pem"), other.path("key.pem"))
        .and_files(files.path("cert.pem"), files.path("key.pem"));
    let running = start(tls).await;
    let connector = connector(&authority);
    assert!(shows(&running, &connector, &old).await);
    other.replace("key.pem", "nothing");
    files.renew(&new);
    assert!(matches!(running.server().reload_tls().await, Err(TlsError::NoKey { .. })));
    assert!(shows(&running, &connector, &new).await);
}

#[tokio::test]
async fn sessions_are_resumed_after_a_certificate_was_replaced() {
    let authority = Authority::new("authority");
    let files = Files::new(&authority.issue(&["localhost"]));
    let running = start(files.tls()).await;
    let connector = TlsConnector::from(Arc::new(authority.client(None)));
    let kind = async || {
        let mut socket = connect(&running, &connector).await;
        echoes(&mut socket).await; // the tickets are read with it
        socket.get_ref().get_ref().1.handshake_kind().unwrap()
    };
    assert_eq!(kind().await, HandshakeKind::Full);
    files.renew(&authority.issue(&["localhost"]));
    assert!(matches!(running.server().reload_tls().await, Ok(true)));
    assert_eq!(kind().await, HandshakeKind::Resumed);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_handshake_fails_and_no_connection_is_lost_while_certificates_are_replaced() {
    const CLIENTS: usize = 8;
    const SWAPS: usize = 20;
    let authority = Authority::new("authority");
    let files = Files::new(&authority.issue(&["localhost"]));
    let running = Arc::new(start(files.tls()).await);
    let connector = connector(&authority);
    let mut kept = Vec::new();
    for _ in 0..CLIENTS {
        kept.push(connect(&running, &connector).await);
    }
    let (is_over, handshakes) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|_| {
            let (running, connector) = (Arc::clone(&running), connector.clone());
            let (is_over, handshakes) = (Arc::clone(&is_over), Arc::clone(&handshakes));
            tokio::spawn(async move {
                while !is_over.load(Ordering::Relaxed) {
                    let mut socket = connect(&running, &connector).await;
                    echoes(&mut socket).await;
                    handshakes.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    let mut newest = None;
    for _ in 0..SWAPS {
        let new = newest.insert(authority.issue(&["localhost"]));
        files.replace("cert.pem", &new.certificate);
        let before = handshakes.load(Ordering::Relaxed);
        assert!(running.server().reload_tls().await.is_err(), "the key is still the old one");
        files.replace("key.pem", &new.key);
        assert!(matches!(running.server().reload_tls().await, Ok(true)));
        while handshakes.load(Ordering::Relaxed) < before + CLIENTS {
            tokio::task::yield_now().await;
        }
    }
    is_over.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.expect("no handshake fails");
    }
    for socket in &mut kept {
        echoes(socket).await;
    }
    assert!(shows(&running, &connector, &newest.unwrap()).await);
    assert!(handshakes.load(Ordering::Relaxed) >= CLIENTS * SWAPS);
}

#[tokio::test(start_paused = true)]
async fn a_certificate_that_expires_is_warned_of_at_the_start_and_once_a_day() {
    const DAY: Duration = Duration::from_secs(24 * 60 * 60);
    let authority = Authority::new("authority");
    let expiring = |days: u32| {
        authority.issue_with(&["localhost"], |params| {
            params.not_before = (SystemTime::now() - 100 * DAY).into();
            params.not_after = (SystemTime::now() + days * DAY + DAY / 2).into();
        })
    };
    let files = Files::new(&expiring(5));
    let (log, _logged) = Log::keep(Level::INFO);
    let running = start(files.tls()).await;
    let expires = running.server().tls_expires().unwrap();
    let left = expires.duration_since(SystemTime::now()).unwrap();
    assert!(left > 5 * DAY && left < 6 * DAY, "{left:?}");
    sleep(Duration::from_secs(1)).await;
    assert_eq!(count(&log, "WARN ws_runtime::listen::tls::serving: tls: the certificate in the file"), 1);
    assert_eq!(count(&log, "cert.pem expires in 5 days, on 2"), 1, "{}", log.text());
    sleep(DAY - Duration::from_secs(10)).await;
    assert_eq!(count(&log, "expires in 5 days"), 1);
    sleep(Duration::from_secs(20)).await;
    assert_eq!(count(&log, "expires in 5 days"), 2);

    files.renew(&expiring(3));
    sleep(Duration::from_secs(10)).await;
    assert_eq!(count(&log, "expires in 3 days"), 1);
    files.renew(&expiring(20));
    sleep(DAY + Duration::from_secs(60)).await;
    assert_eq!(count(&log, "WARN"), 3, "{}", log.text());
    assert!(running.server().tls_expires().unwrap() > expires);
}
