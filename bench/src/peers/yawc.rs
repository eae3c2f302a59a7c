//! yawc: as its own benchmark has it, up to 32 messages that are there already go out with one flush; the fan-out by a
//! broadcast channel and a `select!`.

use std::io;
use std::net::TcpListener;

use bytes::Bytes;
use futures_util::{FutureExt, SinkExt, StreamExt};
use http_body_util::Empty;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::sync::broadcast;
use yawc::{Frame, HttpWebSocket, OpCode, Options, WebSocket};

use super::{CHANNEL, MAX_MESSAGE, Role, runtime};

/// How many messages go out with one flush.
const BATCH: usize = 32;

type Channel = broadcast::Sender<Frame>;

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
) -> yawc::Result<Response<Empty<Bytes>>> {
    // Its limits take in more than the payload.
    let options = Options::default().with_limits(2 * MAX_MESSAGE, 2 * MAX_MESSAGE);
    let (response, opening) = WebSocket::upgrade_with_options(&mut request, options)?;
    tokio::spawn(async move {
        let socket = opening.await?;
        match role {
            Role::Echo | Role::Named | Role::Storm | Role::Hold => echo(socket).await,
            Role::Fanout => fan_out(socket, channel).await,
        }
    });
    Ok(response)
}

async fn echo(mut socket: HttpWebSocket) -> yawc::Result<()> {
    while let Some(frame) = socket.next().await {
        let mut next = Some(frame);
        for _ in 0..BATCH {
            let Some(frame) = next else { break };
            if is_data(&frame) {
                socket.feed(frame).await?;
            }
            next = socket.next().now_or_never().flatten();
        }
        if let Some(frame) = next.filter(is_data) {
            socket.feed(frame).await?;
        }
        socket.flush().await?;
    }
    Ok(())
}

async fn fan_out(mut socket: HttpWebSocket, channel: Channel) -> yawc::Result<()> {
    let mut subscription = channel.subscribe();
    loop {
        tokio::select! {
            incoming = socket.next() => match incoming {
                Some(frame) if is_data(&frame) => drop(channel.send(frame)),
                Some(_) => {}
                None => return Ok(()),
            },
            Ok(frame) = subscription.recv() => {
                socket.feed(frame).await?;
                for _ in 1..BATCH {
                    let Ok(frame) = subscription.try_recv() else { break };
                    socket.feed(frame).await?;
                }
                socket.flush().await?;
            }
        }
    }
}

fn is_data(frame: &Frame) -> bool {
    matches!(frame.opcode(), OpCode::Text | OpCode::Binary)
}
