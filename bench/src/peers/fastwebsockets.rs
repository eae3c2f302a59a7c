//! fastwebsockets: both servers after its examples, `echo_server` (a collector of fragments, frames written as they
//! were read, tasks without tokio's budget) and `echo_server_split`, with a broadcast channel between the halves.

use std::io;
use std::net::TcpListener;

use bytes::Bytes;
use fastwebsockets::upgrade::{UpgradeFut, upgrade};
use fastwebsockets::{FragmentCollector, FragmentCollectorRead, Frame, OpCode, Payload, WebSocketError};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::sync::broadcast;
use tokio::task::unconstrained;

use super::{CHANNEL, Role, runtime};

/// It refuses what is as large as its limit.
const MAX_MESSAGE: usize = super::MAX_MESSAGE + 1;

type Channel = broadcast::Sender<(OpCode, Bytes)>;

pub(super) fn serve(listener: TcpListener, role: Role, threads: usize) -> io::Result<()> {
    runtime(threads)?.block_on(async {
        let listener = super::listener(listener)?;
        let channel = Channel::new(CHANNEL);
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let channel = channel.clone();
            tokio::spawn(async move {
                let service = service_fn(|request| open(request, role, channel.clone()));
                let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                let _ = connection.with_upgrades().await;
            });
        }
    })
}

async fn open(
    mut request: Request<Incoming>,
    role: Role,
    channel: Channel,
) -> Result<Response<Empty<Bytes>>, WebSocketError> {
    let (response, opening) = upgrade(&mut request)?;
    tokio::spawn(async move {
        match role {
            Role::Echo | Role::Named | Role::Storm | Role::Hold => unconstrained(echo(opening)).await,
            Role::Fanout => unconstrained(fan_out(opening, channel)).await,
        }
    });
    Ok(response)
}

async fn echo(opening: UpgradeFut) -> Result<(), WebSocketError> {
    let mut socket = opening.await?;
    socket.set_max_message_size(MAX_MESSAGE);
    let mut socket = FragmentCollector::new(socket);
    loop {
        let frame = socket.read_frame().await?;
        match frame.opcode {
            OpCode::Close => return Ok(()),
            OpCode::Text | OpCode::Binary => socket.write_frame(frame).await?,
            _ => {}
        }
    }
}

async fn fan_out(opening: UpgradeFut, channel: Channel) -> Result<(), WebSocketError> {
    let mut socket = opening.await?;
    socket.set_max_message_size(MAX_MESSAGE);
    let (read, mut write) = socket.split(tokio::io::split);
    let mut read = FragmentCollectorRead::new(read);
    let mut subscription = channel.subscribe();
    let deliver = tokio::spawn(async move {
        while let Ok((opcode, payload)) = subscription.recv().await {
            write.write_frame(Frame::new(true, opcode, None, Payload::Borrowed(&payload))).await?;
        }
        Ok::<_, WebSocketError>(())
    });
    // Answers to pings and closes would have to go through the other half; nobody asks for them here.
    let mut unanswered = |_| async { Ok::<_, WebSocketError>(()) };
    while let Ok(frame) = read.read_frame(&mut unanswered).await {
        match frame.opcode {
            OpCode::Close => break,
            OpCode::Text | OpCode::Binary => {
                let _ = channel.send((frame.opcode, Bytes::copy_from_slice(&frame.payload)));
            }
            _ => {}
        }
    }
    deliver.abort();
    Ok(())
}
