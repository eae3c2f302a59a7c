#[cfg(feature = "tls")]
mod tls;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, duplex};
use tokio::net::{TcpListener, TcpStream};

use super::*;

async fn sockets() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let theirs = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
    (listener.accept().await.unwrap().0, theirs)
}

/// Says something there and back.
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
async fn what_was_read_before_is_read_first_and_once() {
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
async fn a_buffer_from_which_all_was_read_is_not_kept() {
    let (ours, _theirs) = sockets().await;
    let mut buffer = BytesMut::with_capacity(8192);
    buffer.extend_from_slice(b"GET / HTTP/1.1\r\n\r\n");
    drop(buffer.split());
    let halves = Stream::from(ours).with_unread(buffer.freeze()).split();
    assert_eq!(Vec::from(halves.unread).capacity(), 0);
}

#[tokio::test]
async fn what_was_taken_apart_is_put_together_again() {
    let (ours, mut theirs) = sockets().await;
    let halves = Stream::from(ours).with_unread(Bytes::from_static(b"before")).split();
    assert_eq!(halves.unread, "before");
    let mut ours = Stream::unite(halves.read, halves.write).unwrap();
    converse(&mut ours, &mut theirs).await;
}

#[tokio::test]
async fn halves_of_two_streams_are_not_put_together() {
    let ((first, _a), (second, _b)) = (sockets().await, sockets().await);
    let (first, second) = (Stream::from(first).split(), Stream::from(second).split());
    assert!(Stream::unite(first.read, second.write).is_none());
    let (whole, _theirs) = duplex(1);
    assert!(Stream::unite(second.read, Stream::over(whole).split().write).is_none());
}

#[tokio::test]
async fn a_pipe_has_no_halves_and_is_put_together_again() {
    let (ours, mut theirs) = duplex(64);
    let halves = Stream::over(ours).split();
    assert!(halves.read.is_none() && halves.unread.is_empty());
    let mut ours = Stream::unite(halves.read, halves.write).unwrap();
    converse(&mut ours, &mut theirs).await;
}
