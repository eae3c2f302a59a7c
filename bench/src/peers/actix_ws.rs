//! actix-ws: the echo of its documentation; the fan-out of its chat example, all sessions behind one lock.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;

use actix_web::web::{Data, Payload, get};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use actix_ws::{AggregatedMessage, AggregatedMessageStream, Session};
use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::sync::Mutex;

use super::{MAX_MESSAGE, Role};

type Sessions = Arc<Mutex<Vec<Session>>>;

/// It has an acceptor's thread beside its workers.
pub(super) fn serve(listener: TcpListener, role: Role, threads: usize) -> io::Result<()> {
    let sessions = Sessions::default();
    actix_web::rt::System::new().block_on(async move {
        let application = move || {
            let routes = App::new().app_data(Data::new(Arc::clone(&sessions)));
            match role {
                Role::Echo | Role::Named | Role::Storm | Role::Hold => routes.route("/", get().to(open_echo)),
                Role::Fanout => routes.route("/", get().to(open_fan_out)),
            }
        };
        HttpServer::new(application).workers(threads).tcp_nodelay(true).listen(listener)?.run().await
    })
}

fn open(
    request: &HttpRequest,
    body: Payload,
) -> actix_web::Result<(HttpResponse, Session, AggregatedMessageStream)> {
    let (response, session, stream) = actix_ws::handle(request, body)?;
    let stream = stream.max_frame_size(MAX_MESSAGE).aggregate_continuations();
    Ok((response, session, stream.max_continuation_size(MAX_MESSAGE)))
}

async fn open_echo(request: HttpRequest, body: Payload) -> actix_web::Result<HttpResponse> {
    let (response, mut session, mut stream) = open(&request, body)?;
    actix_web::rt::spawn(async move {
        while let Some(Ok(message)) = stream.recv().await {
            let sent = match message {
                AggregatedMessage::Text(text) => session.text(text).await,
                AggregatedMessage::Binary(data) => session.binary(data).await,
                AggregatedMessage::Ping(data) => session.pong(&data).await,
                AggregatedMessage::Pong(_) => Ok(()),
                AggregatedMessage::Close(reason) => return session.close(reason).await,
            };
            sent?;
        }
        Ok(())
    });
    Ok(response)
}

async fn open_fan_out(
    request: HttpRequest,
    body: Payload,
    sessions: Data<Sessions>,
) -> actix_web::Result<HttpResponse> {
    let (response, mut session, mut stream) = open(&request, body)?;
    sessions.lock().await.push(session.clone());
    actix_web::rt::spawn(async move {
        while let Some(Ok(message)) = stream.recv().await {
            match message {
                AggregatedMessage::Ping(data) => session.pong(&data).await?,
                AggregatedMessage::Pong(_) => {}
                AggregatedMessage::Close(reason) => return session.close(reason).await,
                message => publish(&sessions, &message).await,
            }
        }
        Ok(())
    });
    Ok(response)
}

async fn publish(sessions: &Sessions, message: &AggregatedMessage) {
    let mut sessions = sessions.lock().await;
    let mut sending: FuturesUnordered<_> = sessions
        .drain(..)
        .map(|mut session| async move {
            let sent = match message {
                AggregatedMessage::Text(text) => session.text(text.clone()).await,
                AggregatedMessage::Binary(data) => session.binary(data.clone()).await,
                _ => Ok(()),
            };
            sent.map(|()| session)
        })
        .collect();
    let mut left = Vec::with_capacity(sending.len());
    while let Some(sent) = sending.next().await {
        left.extend(sent);
    }
    *sessions = left;
}
