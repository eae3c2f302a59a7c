use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};
use tokio_rustls::{TlsConnector, client};

use super::*;
use crate::Tls;

/// An acceptor with a certificate, and a connector that trusts it.
fn identity() -> (TlsAcceptor, TlsConnector) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(made.cert.pem().as_bytes()).unwrap()).unwrap();
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let acceptor = Tls::pem(made.cert.pem(), made.signing_key.serialize_pem()).load().unwrap().acceptor();
    (acceptor, TlsConnector::from(Arc::new(config)))
}

/// Both ends of TLS over a pipe with a buffer of this size.
async fn encrypted(pipe: usize) -> (Stream, client::TlsStream<DuplexStream>) {
    let (acceptor, connector) = identity();
    let (ours, theirs) = duplex(pipe);
    let name = ServerName::try_from("localhost").unwrap();
    let (server, client) =
        tokio::join!(Stream::over(ours).accept_tls(&acceptor), connector.connect(name, theirs));
    (server.unwrap(), client.unwrap())
}

#[tokio::test]
async fn bytes_pass_through_tls_over_a_pipe_in_memory() {
    let (mut ours, mut theirs) = encrypted(4096).await;
    assert!(ours.is_write_vectored() && !ours.ends_with_fin_only());
    assert!(ours.socket().is_none());
    converse(&mut ours, &mut theirs).await;
    ours.shutdown().await.unwrap();
    assert_eq!(theirs.read(&mut [0]).await.unwrap(), 0, "the stream has ended");
}

#[tokio::test]
async fn a_tls_handshake_can_begin_with_unread_bytes() {
    let (acceptor, connector) = identity();
    let (mut ours, theirs) = duplex(4096);
    let name = ServerName::try_from("localhost").unwrap();
    let serve = async {
        let mut unread = vec![0; 20];
        ours.read_exact(&mut unread).await.unwrap();
        Stream::over(ours).with_unread(unread.into()).accept_tls(&acceptor).await
    };
    let (server, client) = tokio::join!(serve, connector.connect(name, theirs));
    converse(&mut server.unwrap(), &mut client.unwrap()).await;
}

#[tokio::test]
async fn a_split_tls_stream_can_be_united_again() {
    let (ours, mut theirs) = encrypted(4096).await;
    let halves = ours.split();
    assert!(halves.read.is_none() && halves.unread.is_empty());
    let mut ours = Stream::unite(halves.read, halves.write).unwrap();
    converse(&mut ours, &mut theirs).await;
}

#[tokio::test]
async fn tls_counts_the_bytes_that_it_holds_back_and_reports_progress() {
    const SIZE: usize = 10_000;
    let (ours, mut theirs) = encrypted(1024).await;
    let Halves { mut write, .. } = ours.split();
    assert!(write.holds_back());
    let data = vec![7; SIZE];
    assert_eq!(write.write(&mut By::Anyone, &[IoSlice::new(&data)]).unwrap(), SIZE);
    assert!(write.take_progress());
    assert!((SIZE - 1024..SIZE).contains(&write.held_back()), "{}", write.held_back());

    let blocked = |write: &mut WriteHalf| write.flush(&mut By::Anyone).unwrap_err().kind();
    assert_eq!(blocked(&mut write), io::ErrorKind::WouldBlock);
    assert!(!write.take_progress(), "the peer has read nothing");

    // The client reads what is in the pipe, although it is not a complete record yet.
    let mut read = [0; SIZE];
    let mut reading = Box::pin(theirs.read_exact(&mut read));
    let mut rounds = 0;
    loop {
        if is_done(reading.as_mut()).await {
            break;
        }
        let held_back = write.held_back();
        if write.flush(&mut By::Anyone).is_ok() {
            assert_eq!(write.held_back(), 0);
        } else {
            assert!(write.held_back() < held_back);
        }
        assert!(write.take_progress());
        rounds += 1;
    }
    drop(reading);
    assert!(rounds >= SIZE / 1024, "{rounds}");
    assert!(read.iter().all(|&byte| byte == 7));
}

/// Polls once. Returns whether it is ready.
async fn is_done<F: Future + Unpin>(mut future: F) -> bool {
    std::future::poll_fn(|cx| Poll::Ready(Pin::new(&mut future).poll(cx).is_ready())).await
}
