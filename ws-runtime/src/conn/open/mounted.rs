//! A request that another HTTP server has read, and will answer.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;

use bytes::Bytes;
use http::{Response, StatusCode};

use super::admitted::Admitted;
use super::deadline::{interruption, unless_interrupted};
use super::handlers::run_connect;
use super::reason::{NotAdmitted, Reason};
use super::request::admit_head;
use crate::conn::life::{ConnGuard, Life};
use crate::event::Service;
use crate::handshake::{Head, IntoResponse, Reject, Transport};
use crate::listen::Address;
use crate::server::Hosted;
use crate::transport::Stream;

/// The answer to a request, and the task of the connection if that becomes a WebSocket.
pub(crate) struct Answered {
    pub(crate) response: Response<Bytes>,
    pub(crate) life: Option<Life>,
}

/// Runs the handlers of a request. `upgrading` gives the stream, once the answer is sent.
pub(crate) async fn answer<S: Service>(
    hosted: Arc<Hosted<S>>,
    head: Head,
    peer: Address,
    transport: Transport,
    upgrading: impl Future<Output = Option<Stream>> + Send + 'static,
) -> Answered {
    let conn = hosted.server.new_conn(peer, None);
    let guard = ConnGuard(conn.clone());
    let admitted = {
        let mut interruption = pin!(interruption(&hosted.server));
        match unless_interrupted(interruption.as_mut(), pin!(run_connect(&hosted, &conn))).await {
            Ok(Ok(())) => admit_head(&hosted, &conn, head, transport, interruption).await,
            Ok(Err(reason)) => Err(reason.into()),
            Err(interrupted) => Err(Reason::from(interrupted).into()),
        }
    };
    match admitted {
        Ok(admitted) => {
            let response = admitted.response().map(|()| Bytes::new());
            let life = Life::upgrade(hosted, guard, admitted, upgrading);
            Answered { response, life: Some(life) }
        }
        Err(not_admitted) => Answered { response: refusal(&not_admitted, conn.id()), life: None },
    }
}

/// The answer of a request that is not admitted. Where there would be none on a connection of our own, the request is
/// forbidden or comes too late: the connection is the other server's.
fn refusal(not_admitted: &NotAdmitted, conn: u64) -> Response<Bytes> {
    match not_admitted {
        NotAdmitted::With(answer) => answer.response(),
        NotAdmitted::Silently(reason) => {
            tracing::debug!(conn, "not connected: {reason}");
            let status = match reason {
                Reason::Interrupted(_) => StatusCode::SERVICE_UNAVAILABLE,
                _ => StatusCode::FORBIDDEN,
            };
            Reject::new(status).into_response()
        }
    }
}

impl<S: Service> Admitted<S> {
    /// The answer that opens it, for the server that sends it.
    fn response(&self) -> Response<()> {
        let mut response = Response::new(());
        *response.status_mut() = self.response.status();
        *response.headers_mut() = self.response.headers().clone();
        response
    }
}
