//! The metrics of a server as OpenMetrics text, which Prometheus reads.

mod page;

use std::fmt;
use std::ops::Deref;

use bytes::Bytes;
use http::Response;

use self::page::write;
use crate::handshake::IntoResponse;
use crate::server::Server;

/// The metrics of a server as OpenMetrics text: [`Server::metrics_text`].
///
/// As the answer of a `#[get]` handler it has the content type that Prometheus expects. It dereferences to the text.
#[cfg_attr(docsrs, doc(cfg(feature = "metrics")))]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MetricsText(String);

impl MetricsText {
    /// The content type of the text.
    pub const CONTENT_TYPE: &'static str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

impl Deref for MetricsText {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for MetricsText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl IntoResponse for MetricsText {
    fn into_response(self) -> Response<Bytes> {
        (Self::CONTENT_TYPE, self.0).into_response()
    }
}

impl Server {
    /// All metrics as OpenMetrics text, for a page of your own.
    ///
    /// The option `metrics_listen` serves it on an address of its own, which needs no code. On the public port it tells
    /// the world your load: guard it. The names are those of [`Metric::ALL`](crate::stats::Metric::ALL), as Prometheus
    /// spells them: `ws.server.messages` is `ws_server_messages_total`.
    ///
    /// It is made anew with each call, from [`stats`](Self::stats); connections have no part in it.
    ///
    /// ```
    /// use ws_runtime::prelude::*;
    /// use ws_runtime::MetricsText;
    ///
    /// #[ws_server(listen = 8080)]
    /// mod echo {
    ///     use super::*;
    ///
    ///     #[on(utf8)]
    ///     fn echo(text: &str) -> &str {
    ///         text
    ///     }
    ///
    ///     #[get("/metrics")]
    ///     fn metrics(Bearer(token): Bearer, server: &Server) -> Result<MetricsText, Reject> {
    ///         if token == "the token of Prometheus" { Ok(server.metrics_text()) } else { Err(Reject::forbidden()) }
    ///     }
    /// }
    /// # fn main() {}
    /// ```
    #[cfg_attr(docsrs, doc(cfg(feature = "metrics")))]
    #[must_use]
    pub fn metrics_text(&self) -> MetricsText {
        MetricsText(write(self.name(), self.stats()))
    }
}
