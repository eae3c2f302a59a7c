//! tokio-tungstenite: both servers after its examples, `echo-server` (a stream forwarded to its sink) and `server` (an
//! unbounded channel for each connection, forwarded to its sink).

use std::collections::HashMap;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, PoisonError};

use futures_channel::mpsc::{UnboundedSender, unbounded};
use futures_util::{StreamExt, TryStreamExt, future};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;
use tokio_tungstenite::{WebSocketStream, accept_async_with_config};

use super::{MAX_MESSAGE, Role, runtime};

type Peers = Arc<Mutex<HashMap<SocketAddr, UnboundedSender<Message>>>>;

pub(super) fn serve(listener: TcpListener, role: Role, threads: usize) -> io::Result<()> {
    runtime(threads)?.block_on(async {
        let listener = super::listener(listener)?;
        let peers = Peers::default();
        loop {
            let (stream, address) = listener.accept().await?;
            stream.set_nodelay(true)?;
            let peers = Arc::clone(&peers);
            tokio::spawn(async move {
                let config = WebSocketConfig::default()
                    .max_message_size(Some(MAX_MESSAGE))
                    .max_frame_size(Some(MAX_MESSAGE));
                let Ok(socket) = accept_async_with_config(stream, Some(config)).await else { return };
                match role {
                    Role::Echo | Role::Named | Role::Storm | Role::Hold => echo(socket).await,
                    Role::Fanout => fan_out(socket, address, &peers).await,
                }
            });
        }
    })
}

async fn echo(socket: WebSocketStream<TcpStream>) {
    let (write, read) = socket.split();
    let messages = read.try_filter(|message| future::ready(message.is_text() || message.is_binary()));
    let _ = messages.forward(write).await;
}

async fn fan_out(socket: WebSocketStream<TcpStream>, address: SocketAddr, peers: &Peers) {
    let (sender, receiver) = unbounded();
    peers.lock().unwrap_or_else(PoisonError::into_inner).insert(address, sender);
    let (outgoing, incoming) = socket.split();
    let publish = incoming.try_for_each(|message| {
        if message.is_text() || message.is_binary() {
            for peer in peers.lock().unwrap_or_else(PoisonError::into_inner).values() {
                let _ = peer.unbounded_send(message.clone());
            }
        }
        future::ok(())
    });
    let receive = receiver.map(Ok).forward(outgoing);
    future::select(publish, receive).await;
    peers.lock().unwrap_or_else(PoisonError::into_inner).remove(&address);
}
