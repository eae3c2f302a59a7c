//! tokio-websockets: the echo of its documentation; the fan-out by a broadcast channel and a `select!`.

use std::io;
use std::net::TcpListener;

use futures_util::{SinkExt, StreamExt};
use tokio::net::TcpStream;
use tokio::sync::broadcast;
use tokio_websockets::{Error, Limits, Message, ServerBuilder, WebSocketStream};

use super::{CHANNEL, MAX_MESSAGE, Role, runtime};

pub(super) fn serve(listener: TcpListener, role: Role, threads: usize) -> io::Result<()> {
    runtime(threads)?.block_on(async {
        let listener = super::listener(listener)?;
        let channel = broadcast::Sender::new(CHANNEL);
        loop {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let channel = channel.clone();
            tokio::spawn(async move {
                let limits = Limits::default().max_payload_len(Some(MAX_MESSAGE));
                let (_, socket) = ServerBuilder::new().limits(limits).accept(stream).await?;
                match role {
                    Role::Echo | Role::Named | Role::Storm | Role::Hold => echo(socket).await,
                    Role::Fanout => fan_out(socket, channel).await,
                }
            });
        }
    })
}

async fn echo(mut socket: WebSocketStream<TcpStream>) -> Result<(), Error> {
    while let Some(Ok(message)) = socket.next().await {
        if is_data(&message) {
            socket.send(message).await?;
        }
    }
    Ok(())
}

async fn fan_out(
    mut socket: WebSocketStream<TcpStream>,
    channel: broadcast::Sender<Message>,
) -> Result<(), Error> {
    let mut subscription = channel.subscribe();
    loop {
        tokio::select! {
            incoming = socket.next() => match incoming {
                Some(message) => {
                    let message = message?;
                    if is_data(&message) {
                        let _ = channel.send(message);
                    }
                }
                None => return Ok(()),
            },
            Ok(message) = subscription.recv() => socket.send(message).await?,
        }
    }
}

fn is_data(message: &Message) -> bool {
    message.is_text() || message.is_binary()
}
