//! The service that takes requests of another HTTP server.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::header::{CONNECTION, CONTENT_LENGTH, HeaderValue, UPGRADE};
use http::request::Parts;
use http::uri::Scheme;
use http::{HeaderMap, Method, Request, Response, StatusCode, Version};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::upgrade::OnUpgrade;
use tokio::sync::mpsc;
use tower_service::Service as TowerService;

use super::peer::Peers;
use super::stream;
use crate::Server;
use crate::conn::{Conn, Life, answer, is_trusted};
use crate::event::Service;
use crate::generated::BoxFuture;
use crate::handshake::{self, Head, IntoResponse, Refusal, Transport};
use crate::listen::Address;
#[cfg(feature = "test")]
use crate::message::Keys;
use crate::server::{Guest, Hosted, Places};
use crate::side;

/// A mounted server as a tower `Service`, made by [`Mounted::service`](super::Mounted::service). It takes requests with
/// any body, never fails, and is always ready.
#[derive(Clone)]
pub struct MountService {
    site: Arc<dyn Mount>,
    server: Server,
    peers: Arc<Peers>,
}

/// The body of an answer.
pub type MountBody = Full<Bytes>;

impl MountService {
    pub(super) fn new(site: Arc<dyn Mount>, server: Server, peers: Arc<Peers>) -> Self {
        Self { site, server, peers }
    }
}

impl<B> TowerService<Request<B>> for MountService {
    type Response = Response<MountBody>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // A handshake has no body, and a plain request with one is refused.
        let (parts, _) = request.into_parts();
        let peer = self.peers.of(&parts.extensions, &self.server);
        let answering = Arc::clone(&self.site).answer(parts, peer);
        Box::pin(async move { Ok(answering.await.map(Full::new)) })
    }
}

impl fmt::Debug for MountService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MountService")
    }
}

/// A server that answers requests which another has read, with its types erased.
pub(crate) trait Mount: Send + Sync {
    /// The keys of the envelope, for clients of tests.
    #[cfg(feature = "test")]
    fn keys(&self) -> Keys;

    /// Whether it is the server, and not the service beside it, that answers a request.
    fn takes(&self, method: &Method, path: &str, headers: &HeaderMap) -> bool;

    /// Refuses a request for the service beside the server, if the host that it names is not one of `hosts`, or it names
    /// none, or two. A trusted proxy may send any.
    fn refuses(&self, request: &Request<Incoming>) -> Option<Response<Bytes>>;

    /// Answers a request. If that becomes a WebSocket, the connection has a task of its own.
    fn answer(self: Arc<Self>, parts: Parts, peer: Address) -> BoxFuture<'static, Response<Bytes>>;
}

/// A server that answers requests which another has read.
pub(crate) struct Site<S: Service> {
    pub(crate) hosted: Arc<Hosted<S>>,
    pub(crate) accepted_by: AcceptedBy,
}

/// Who has accepted the connections on which the requests come.
pub(crate) enum AcceptedBy {
    /// Another server. While a request is answered, and as a WebSocket, each of them takes one of these places.
    AnotherServer(Places),
    /// This server. It is one connection, which has its place, and is kept from one request to the next.
    Us(Kept),
}

/// A connection of a listener of our own, whose requests hyper reads.
pub(crate) struct Kept {
    pub(crate) conn: Conn,
    /// Takes the task of the WebSocket that it becomes. Its own task goes on with that, so that it is one connection
    /// all the time.
    pub(crate) becomes: mpsc::Sender<Life>,
}

impl<S: Service> Mount for Site<S> {
    #[cfg(feature = "test")]
    fn keys(&self) -> Keys {
        *S::KEYS
    }

    fn takes(&self, method: &Method, path: &str, headers: &HeaderMap) -> bool {
        self.hosted.takes(method, path, headers)
    }

    fn refuses(&self, request: &Request<Incoming>) -> Option<Response<Bytes>> {
        let AcceptedBy::Us(Kept { conn, .. }) = &self.accepted_by else { return None };
        if matches!(conn.peer(), Address::Unix(_)) || is_trusted(conn) {
            return None;
        }
        let hosts = &self.hosted.server.options().hosts;
        handshake::check_host(request, hosts).err().map(Refusal::into_response)
    }

    fn answer(self: Arc<Self>, mut parts: Parts, peer: Address) -> BoxFuture<'static, Response<Bytes>> {
        let hosted = Arc::clone(&self.hosted);
        let server = hosted.server.clone();
        let on_upgrade = parts.extensions.remove::<OnUpgrade>();
        let is_upgradable = on_upgrade.is_some();
        let transport = Transport {
            encrypted: hosted.tls.is_some() || parts.uri.scheme() == Some(&Scheme::HTTPS),
            has_host: !matches!(peer, Address::Unix(_)),
        };
        let (places, kept) = match &self.accepted_by {
            AcceptedBy::AnotherServer(places) => (Some(places), None),
            AcceptedBy::Us(kept) => (None, Some(kept.conn.clone())),
        };
        let version = parts.version;
        let head = Head::of_parts(parts);
        let framing = Framing::of(version, &head);
        if let Some(response) = side::probe(&server, &head) {
            return Box::pin(std::future::ready(framing.apply(response)));
        }
        let Some(Guest { slot, token }) = server.take_in(places, &peer) else {
            let unavailable = framing.apply(handshake::unavailable().into_response());
            return Box::pin(std::future::ready(unavailable));
        };
        Box::pin(async move {
            let upgrading = stream::upgraded(server.clone(), on_upgrade, slot);
            let (response, life) = answer(hosted, head, peer, transport, kept, upgrading).await;
            let Some(life) = life else { return framing.apply(response) };
            match &self.accepted_by {
                AcceptedBy::AnotherServer(_) => server.spawn_connection(life, token),
                // A connection becomes a WebSocket once: there is room.
                AcceptedBy::Us(kept) => drop(kept.becomes.try_send(life)),
            }
            if is_upgradable {
                return response;
            }
            // That is logged, and the session dropped. A client that is told 101 would wait for frames.
            framing.apply(StatusCode::INTERNAL_SERVER_ERROR.into_response())
        })
    }
}

/// What the version of HTTP and the request ask of an answer other than 101.
#[derive(Debug, Clone, Copy)]
struct Framing {
    /// HTTP/2 and later know nothing of connections.
    has_connection: bool,
    is_head: bool,
    is_last: bool,
}

impl Framing {
    fn of(version: Version, head: &Head) -> Self {
        Self {
            has_connection: version < Version::HTTP_2,
            is_head: head.method() == Method::HEAD,
            // A client may send more in the belief that it has a WebSocket, and so may a proxy. And on a connection that
            // was kept a handshake takes its place, which no longer counts for its address.
            is_last: head.wants_websocket(),
        }
    }

    fn apply(self, mut response: Response<Bytes>) -> Response<Bytes> {
        if !self.has_connection {
            response.headers_mut().remove(CONNECTION);
            response.headers_mut().remove(UPGRADE);
        } else if self.is_last {
            end(response.headers_mut());
        }
        if self.is_head {
            // Over HTTP/2, hyper sends the body that it is given.
            let body = std::mem::take(response.body_mut());
            if !matches!(response.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED) {
                response.headers_mut().insert(CONTENT_LENGTH, HeaderValue::from(body.len()));
            }
        }
        response
    }
}

/// Ends the connection with this answer.
pub(super) fn end(headers: &mut HeaderMap) {
    headers.insert(CONNECTION, HeaderValue::from_static("close"));
}
