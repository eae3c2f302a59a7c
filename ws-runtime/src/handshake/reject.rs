//! A refusal by a handler.

use bytes::Bytes;
use http::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, TRANSFER_ENCODING, UPGRADE,
};
use http::{Response, StatusCode};

use super::respond::{IntoResponse, TEXT, failed};
use super::subprotocol::NotOffered;

/// An HTTP refusal: a status, perhaps with headers and a body.
///
/// `#[on(handshake)]` returns it as an error to refuse a client, and `#[on(request)]` to answer one. A [`StatusCode`]
/// and a pair of status and text convert into it, so `?` works on them. Without a body, the body is the status in
/// words. Statuses of 300 and above are refusals, including redirects. A lower status is a mistake of the program: the
/// peer gets 500, and the mistake is logged. Browsers hide the answer from scripts, which only see that the WebSocket
/// is closed.
///
/// ```
/// use ws_runtime::http::StatusCode;
/// use ws_runtime::{Handshake, Reject};
///
/// fn admit(handshake: &Handshake) -> Result<(), Reject> {
///     match handshake.header("authorization") {
///         Some("Bearer swordfish") => Ok(()),
///         Some(_) => Err((StatusCode::FORBIDDEN, "this token opens nothing").into()),
///         None => Err(Reject::unauthorized().header("WWW-Authenticate", "Bearer")),
///     }
/// }
/// ```
// Boxed, or clippy would find every handler's `Result` too large.
#[derive(Debug, Clone)]
pub struct Reject(Box<Refused>);

#[derive(Debug, Clone)]
struct Refused {
    response: Response<Bytes>,
    /// Why this refusal itself is invalid.
    mistake: Option<String>,
}

/// A header that cannot be set.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidHeader {
    /// The name or the value has bytes that a header cannot have.
    #[error("not a header: names are ASCII letters, digits and dashes, values have no control characters")]
    Malformed {
        /// Which of the two, and why.
        source: http::Error,
    },
    /// The server itself sets it.
    #[error("the header `{name}` is the server's own: leave it out")]
    Reserved {
        /// The name in lower case.
        name: HeaderName,
    },
}

/// The constructors for common statuses.
macro_rules! statuses {
    ($($(#[$doc:meta])+ $name:ident => $status:ident;)+) => { $(
        $(#[$doc])+
        #[must_use]
        pub fn $name() -> Self {
            Self::new(StatusCode::$status)
        }
    )+ };
}

impl Reject {
    /// A refusal with this status, without headers or body.
    #[must_use]
    pub fn new(status: StatusCode) -> Self {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = status;
        Self(Box::new(Refused { response, mistake: None }))
    }

    statuses! {
        /// 400: the request makes no sense to this server.
        bad_request => BAD_REQUEST;
        /// 401: the client has not authenticated. RFC 9110 section 15.5.2 requires a `WWW-Authenticate` header.
        unauthorized => UNAUTHORIZED;
        /// 403: the client is not allowed to do this.
        forbidden => FORBIDDEN;
        /// 404: there is nothing under this path.
        not_found => NOT_FOUND;
        /// 429: too many attempts. A `Retry-After` header says when to come back.
        too_many_requests => TOO_MANY_REQUESTS;
        /// 500: the server has failed.
        internal_server_error => INTERNAL_SERVER_ERROR;
        /// 503: not now. A `Retry-After` header says when to come back.
        service_unavailable => SERVICE_UNAVAILABLE;
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.response.status()
    }

    /// Sets the body to a text.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        *self.0.response.body_mut() = Bytes::from(text.into());
        self.0.response.headers_mut().insert(CONTENT_TYPE, TEXT);
        self
    }

    /// Sets the body to bytes. Set their `Content-Type` by [`header`](Self::header).
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        *self.0.response.body_mut() = body.into();
        self
    }

    /// Adds a header.
    ///
    /// `Content-Type` replaces an earlier one. A header that cannot be set is a mistake of the program: a malformed
    /// one, or one that the server sets itself, such as `Connection` and `Content-Length`. The peer then gets 500, and
    /// the mistake is logged.
    #[must_use]
    pub fn header<N, V>(mut self, name: N, value: V) -> Self
    where
        N: TryInto<HeaderName, Error: Into<http::Error>>,
        V: TryInto<HeaderValue, Error: Into<http::Error>>,
    {
        match parse_header(name, value) {
            Ok((name, value)) if name == CONTENT_TYPE => {
                self.0.response.headers_mut().insert(name, value);
            }
            Ok((name, value)) => {
                self.0.response.headers_mut().append(name, value);
            }
            Err(error) => {
                self.0.mistake = Some(format!("a `Reject` has a header that cannot be sent: {error}"));
            }
        }
        self
    }

    /// Its text, or the status in words: for a log line and a close reason.
    pub(crate) fn reason(&self) -> String {
        let response = &self.0.response;
        let is_text = response.headers().get(CONTENT_TYPE) == Some(&TEXT);
        match std::str::from_utf8(response.body()).map(str::trim) {
            Ok(text) if is_text && !text.is_empty() => text.to_owned(),
            Ok(_) | Err(_) => response.status().to_string(),
        }
    }

    /// Why the refusal itself is invalid, for the log. The peer gets 500 instead of it.
    pub(crate) fn mistake(&self) -> Option<String> {
        let status = self.status();
        let accepts = status.is_informational() || status.is_success();
        let of_status = || format!("a `Reject` has status {status}, but a refusal has 300 or above");
        self.0.mistake.clone().or_else(|| accepts.then(of_status))
    }
}

impl IntoResponse for Reject {
    fn into_response(self) -> Response<Bytes> {
        if let Some(mistake) = self.mistake() {
            return failed(mistake);
        }
        let Refused { mut response, .. } = *self.0;
        let status = response.status();
        if response.body().is_empty() {
            *response.body_mut() = Bytes::from(format!("{status}\n"));
            response.headers_mut().insert(CONTENT_TYPE, TEXT);
        }
        response
    }
}

impl From<StatusCode> for Reject {
    fn from(status: StatusCode) -> Self {
        Self::new(status)
    }
}

impl From<(StatusCode, &str)> for Reject {
    fn from((status, text): (StatusCode, &str)) -> Self {
        Self::new(status).text(text)
    }
}

impl From<(StatusCode, String)> for Reject {
    fn from((status, text): (StatusCode, String)) -> Self {
        Self::new(status).text(text)
    }
}

/// The client's fault: it did not offer the required subprotocol.
impl From<NotOffered> for Reject {
    fn from(NotOffered(name): NotOffered) -> Self {
        Self::bad_request()
            .text(format!("this server speaks the subprotocol {name:?}, which was not offered\n"))
    }
}

/// The program's fault: the peer gets 500, and the error is logged.
impl From<InvalidHeader> for Reject {
    fn from(error: InvalidHeader) -> Self {
        let mut reject = Self::internal_server_error();
        reject.0.mistake = Some(error.to_string());
        reject
    }
}

/// A pair of header name and value that a program may set in an answer.
pub(super) fn parse_header<N, V>(name: N, value: V) -> Result<(HeaderName, HeaderValue), InvalidHeader>
where
    N: TryInto<HeaderName, Error: Into<http::Error>>,
    V: TryInto<HeaderValue, Error: Into<http::Error>>,
{
    let name = name.try_into().map_err(|error| InvalidHeader::Malformed { source: error.into() })?;
    let value = value.try_into().map_err(|error| InvalidHeader::Malformed { source: error.into() })?;
    if [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING, UPGRADE].contains(&name) {
        return Err(InvalidHeader::Reserved { name });
    }
    Ok((name, value))
}
