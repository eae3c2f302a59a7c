use std::future::Future;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring};
use tokio_rustls::{TlsAcceptor, TlsConnector, client};

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
    let acceptor = Tls::pem(made.cert.pem(), made.signing_key.serialize_pem()).acceptor().unwrap();
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

async fn sockets() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let theirs = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (listener.accept().await.unwrap().0, theirs)
}

/// Sends some bytes in both directions.
async fn converse(
    ours: &mut (impl AsyncRead + AsyncWrite + Unpin),
    theirs: &mut (impl AsyncRead + AsyncWrite + Unpin),
) {
    let mut read = [0; 4];
    theirs.write_all(b"ping").await.unwrap();
    theirs.flush().await.unwrap();
    ours.read_exact(&mut read).await.unwrap();
    ours.write_all(&read).await.unwrap();
    ours.flush().await.unwrap();
    theirs.read_exact(&mut read).await.unwrap();
    assert_eq!(&read, b"ping");
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
async fn unread_bytes_are_read_first_and_once() {
    let (ours, mut theirs) = duplex(64);
    let mut stream = Stream::over(ours).with_unread(Bytes::from_static(b"read before"));
    theirs.write_all(b", and after").await.unwrap();
    drop(theirs);
    let mut first = [0; 4];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"read");
    let mut rest = String::new();
    stream.read_to_string(&mut rest).await.unwrap();
    assert_eq!(rest, " before, and after");
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
async fn a_split_stream_can_be_united_again() {
    let (ours, mut theirs) = sockets().await;
    let halves = Stream::from(ours).with_unread(Bytes::from_static(b"before")).split();
    assert_eq!(halves.unread, "before");
    let mut ours = Stream::unite(halves.read, halves.write).unwrap();
    converse(&mut ours, &mut theirs).await;

    let (ours, mut theirs) = encrypted(4096).await;
    let halves = ours.split();
    assert!(halves.read.is_none() && halves.unread.is_empty());
    let mut ours = Stream::unite(halves.read, halves.write).unwrap();
    converse(&mut ours, &mut theirs).await;
}

#[tokio::test]
async fn halves_of_two_streams_cannot_be_united() {
    let ((first, _a), (second, _b)) = (sockets().await, sockets().await);
    let (first, second) = (Stream::from(first).split(), Stream::from(second).split());
    assert!(Stream::unite(first.read, second.write).is_none());
    let (whole, _theirs) = duplex(1);
    assert!(Stream::unite(second.read, Stream::over(whole).split().write).is_none());
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
