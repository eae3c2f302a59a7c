//! axum: the echo of its documentation; the fan-out of its chat example, a broadcast channel that each connection
//! subscribes to.

use std::io;
use std::net::TcpListener;

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::response::Response;
use axum::routing::any;
use axum::serve::ListenerExt;
use futures_util::{SinkExt, StreamExt};
use tokio::sync::broadcast;

use super::{CHANNEL, MAX_MESSAGE, Role, runtime};

type Channel = broadcast::Sender<Message>;

pub(super) fn serve(listener: TcpListener, role: Role, threads: usize) -> io::Result<()> {
    runtime(threads)?.block_on(async {
        let listener = super::listener(listener)?.tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        });
        let channel = broadcast::Sender::new(CHANNEL);
        let routes = match role {
            Role::Echo | Role::Named | Role::Storm | Role::Hold => {
                Router::new().route("/", any(|upgrade| open(upgrade, echo)))
            }
            Role::Fanout => Router::new().route(
                "/",
                any(|upgrade, State(channel): State<Channel>| {
                    open(upgrade, |socket| fan_out(socket, channel))
                }),
            ),
        };
        axum::serve(listener, routes.with_state(channel)).await
    })
}

async fn open<F>(upgrade: WebSocketUpgrade, serve: impl FnOnce(WebSocket) -> F + Send + 'static) -> Response
where
    F: Future<Output = ()> + Send + 'static,
{
    upgrade.max_message_size(MAX_MESSAGE).max_frame_size(MAX_MESSAGE).on_upgrade(serve)
}

async fn echo(mut socket: WebSocket) {
    while let Some(Ok(message)) = socket.recv().await {
        if is_data(&message) && socket.send(message).await.is_err() {
            return;
        }
    }
}

async fn fan_out(socket: WebSocket, channel: Channel) {
    let (mut outgoing, mut incoming) = socket.split();
    let mut subscription = channel.subscribe();
    let mut deliver = tokio::spawn(async move {
        while let Ok(message) = subscription.recv().await {
            if outgoing.send(message).await.is_err() {
                break;
            }
        }
    });
    let mut publish = tokio::spawn(async move {
        while let Some(Ok(message)) = incoming.next().await {
            if is_data(&message) {
                let _ = channel.send(message);
            }
        }
    });
    tokio::select! {
        _ = &mut deliver => publish.abort(),
        _ = &mut publish => deliver.abort(),
    }
}

fn is_data(message: &Message) -> bool {
    matches!(message, Message::Text(_) | Message::Binary(_))
}
