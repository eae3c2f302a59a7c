//! The floor of TLS: tokio-rustls, with what the floor does to the bytes between its reads and its writes.

use std::io;
use std::net::TcpListener;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::floor::{Frames, answer};
use super::runtime;
use crate::tls::Identity;

/// What one read can hold: four records.
const READ_BUFFER: usize = 64 * 1024;

pub(super) fn serve(listener: TcpListener, identity: &Identity, threads: usize) -> io::Result<()> {
    let acceptor = TlsAcceptor::from(identity.server()?);
    runtime(threads)?.block_on(async {
        let listener = super::listener(listener)?;
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let acceptor = acceptor.clone();
            tokio::spawn(async move { echo(stream, &acceptor).await });
        }
    })
}

async fn echo(stream: TcpStream, acceptor: &TlsAcceptor) -> io::Result<()> {
    let mut stream = acceptor.accept(stream).await?;
    let mut buffer = vec![0; READ_BUFFER];
    let mut request = Vec::new();
    let answer = loop {
        match stream.read(&mut buffer).await? {
            0 => return Ok(()),
            count => request.extend_from_slice(&buffer[..count]),
        }
        if let Some(answer) = answer(&request) {
            break answer;
        }
    };
    stream.write_all(answer.as_bytes()).await?;
    stream.flush().await?;

    let (mut frames, mut kept) = (Frames::default(), 0);
    loop {
        let count = stream.read(&mut buffer[kept..]).await?;
        if count == 0 {
            return Ok(());
        }
        let count = kept + count;
        let turned = frames.turn(&mut buffer[..count]);
        stream.write_all(&buffer[..turned.ready]).await?;
        stream.flush().await?;
        if turned.closed {
            return stream.shutdown().await;
        }
        // The beginning of a header waits for the rest of it.
        buffer.copy_within(turned.rest..count, 0);
        kept = count - turned.rest;
    }
}
