//! A server with what runs in it.

use std::sync::Arc;

#[cfg(feature = "tower")]
use http::{HeaderMap, Method};

use super::{Around, Server};
use crate::event::Service;
#[cfg(feature = "tower")]
use crate::handshake::wants_websocket;
use crate::listen::ServerTls;
use crate::route::{Gets, Routes};
#[cfg(feature = "tower")]
use crate::side;

/// A server together with the user's handlers and states.
pub(crate) struct Hosted<S: Service> {
    pub(crate) server: Server,
    pub(crate) store: S::Store,
    pub(crate) tls: Option<Arc<ServerTls>>,
    pub(crate) routes: Routes<S>,
    pub(crate) gets: Gets<S>,
    pub(crate) around: Around,
}

impl<S: Service> Hosted<S> {
    /// Whether a browser may get a page of it: from a handler, or from the service beside the server.
    pub(super) fn has_pages(&self) -> bool {
        #[cfg(feature = "tower")]
        if self.around.http.is_some() {
            return true;
        }
        S::REQUEST.is_some() || !self.gets.is_empty()
    }
}

#[cfg(feature = "tower")]
impl<S: Service> Hosted<S> {
    /// Whether it is the server, and not the service beside it, that answers a request: a probe, a handshake for a route,
    /// or what a `#[get]` reads.
    pub(crate) fn takes(&self, method: &Method, path: &str, headers: &HeaderMap) -> bool {
        if side::is_probe(self.server.options(), path) {
            return true;
        }
        if wants_websocket(headers) {
            return self.routes.find(path).is_some();
        }
        matches!(*method, Method::GET | Method::HEAD) && self.gets.find(path).is_some()
    }
}
