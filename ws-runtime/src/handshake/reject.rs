//! A refusal by a handler: of a handshake, a plain request, or a message.

use std::borrow::Cow;
use std::sync::OnceLock;

use bytes::Bytes;
use http::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue, TRANSFER_ENCODING, UPGRADE,
};
use http::{HeaderMap, Response, StatusCode};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use super::respond::{IntoResponse, JSON, TEXT, failed};
use super::subprotocol::NotOffered;

/// A refusal: an HTTP status, a code for programs, a message for people, and perhaps data.
///
/// Handlers and arguments return it as an error. What becomes of it depends on the event:
///
/// | event | what the peer gets |
/// |---|---|
/// | `handshake`, `create`, `#[get]`, `request` | the HTTP answer: status, headers, and the message as the body |
/// | a named message | an error reply with `code`, `message` and `data` |
/// | `ready` | a Close frame with 4000 plus the status, such as 4403; the message is the reason |
/// | `utf8`, `binary` | a Close frame with 1008; the message is the reason. Where named messages are spoken, a text gets an error reply |
///
/// A [`StatusCode`] and a pair of status and text convert into it, so `?` works on them. `#[derive(Reject)]` writes the
/// conversion for an error type of yours.
///
/// * The **status** is that of the constructor: [`bad_request`](Self::bad_request) 400,
///   [`unauthorized`](Self::unauthorized) 401, [`forbidden`](Self::forbidden) 403, [`not_found`](Self::not_found)
///   404, [`too_many_requests`](Self::too_many_requests) 429, [`internal_server_error`](Self::internal_server_error)
///   500, [`service_unavailable`](Self::service_unavailable) 503; [`new`](Self::new) takes any other.
/// * The **code** is by default the status' name in `snake_case`, such as `forbidden` for 403. [`with_code`] sets
///   another.
/// * The **message** is by default the status' name. [`text`](Self::text) sets another.
/// * The **data** is anything that serialises as JSON. [`with_data`] sets it.
/// * **As an HTTP answer** the body is the message as text; without a message, the status in words. With data, the
///   body is a JSON object with `code`, `message` and `data`, as in an error reply. [`body`](Self::body) sets any
///   other. The code alone is not part of the answer.
///
/// Statuses of 300 and above are refusals, including redirects. A lower status is a mistake of the program: the peer
/// gets 500, and the mistake is logged. Browsers hide the answer to a handshake from scripts, which only see that the
/// WebSocket is closed.
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
///
/// let full = Reject::new(StatusCode::CONFLICT).with_code("table_full").text("no seat is free").with_data(&[4, 8]);
/// assert_eq!((full.code(), full.message()), ("table_full", "no seat is free"));
/// assert_eq!(full.data().map(|data| data.get()), Some("[4,8]"));
/// assert_eq!(Reject::too_many_requests().code(), "too_many_requests");
/// ```
///
/// An error type of yours says by `#[derive(Reject)]` what the peer is told:
///
/// ```
/// use ws_runtime::prelude::*;
///
/// #[derive(Reject)]
/// enum SeatError {
///     #[reject(409, "the seat belongs to {owner}")]
///     Taken { owner: String },
///     #[reject(429)]
///     TooFast,
/// }
///
/// let reject = Reject::from(SeatError::Taken { owner: "ann".to_owned() });
/// assert_eq!((reject.code(), reject.message()), ("taken", "the seat belongs to ann"));
/// let reject = Reject::from(SeatError::TooFast);
/// assert_eq!((reject.code(), reject.message()), ("too_fast", "too fast"));
/// ```
///
/// [`with_code`]: Self::with_code
/// [`with_data`]: Self::with_data
// Boxed, or clippy would find every handler's `Result` too large.
#[derive(Debug, Clone)]
pub struct Reject(Box<Refused>);

#[derive(Debug, Clone)]
struct Refused {
    status: StatusCode,
    /// Empty until it is asked for, or set: most refusals are answers to requests, which have no code.
    code: OnceLock<Cow<'static, str>>,
    message: Option<String>,
    data: Option<Box<RawValue>>,
    headers: HeaderMap,
    /// The body of the HTTP answer, if it is neither the message nor the data.
    body: Option<Bytes>,
    /// Whether it says that something is missing: an `Option` is `None` then.
    is_absence: bool,
    /// Whether a handler was asked in a phase of the session that it is not for.
    is_of_phase: bool,
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
    /// A refusal with this status.
    #[must_use]
    pub fn new(status: StatusCode) -> Self {
        Self(Box::new(Refused {
            status,
            code: OnceLock::new(),
            message: None,
            data: None,
            headers: HeaderMap::new(),
            body: None,
            is_absence: false,
            is_of_phase: false,
            mistake: None,
        }))
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

    /// The data of a message does not fit the type that its handler takes: `bad_data`.
    pub(crate) fn bad_data(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY).with_code("bad_data").text(message)
    }

    /// A handler has run for longer than its `timeout`: `timeout`.
    pub(crate) fn timeout() -> Self {
        Self::new(StatusCode::GATEWAY_TIMEOUT).with_code("timeout").text("the handler took too long")
    }

    /// The peer has cancelled what it asked for: `cancelled`.
    pub(crate) fn cancelled() -> Self {
        // The peer never sees the status: this is no answer to a request.
        Self::new(StatusCode::GONE).with_code("cancelled").text("cancelled by the peer")
    }

    /// A handler has failed with an error that only the log is told: `internal`.
    pub(crate) fn internal() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR).with_code("internal").text("the server has failed")
    }

    /// A mistake of the program, which only the log is told: `internal`.
    pub(crate) fn mistaken(mistake: String) -> Self {
        let mut reject = Self::internal();
        reject.0.mistake = Some(mistake);
        reject
    }

    /// The status.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.0.status
    }

    /// The code, for programs: that of [`with_code`](Self::with_code), or the status' name in `snake_case`.
    ///
    /// A status without a name is `status_499`.
    #[must_use]
    pub fn code(&self) -> &str {
        self.0.code.get_or_init(|| Cow::Owned(code_of(self.0.status)))
    }

    /// The message, for people: that of [`text`](Self::text), or the status' name.
    #[must_use]
    pub fn message(&self) -> &str {
        self.written().unwrap_or_else(|| self.0.status.canonical_reason().unwrap_or_else(|| self.code()))
    }

    /// The data, as JSON.
    #[must_use]
    pub fn data(&self) -> Option<&RawValue> {
        self.0.data.as_deref()
    }

    /// Sets the code.
    ///
    /// Programs compare it, so it should never change. Codes are `snake_case` words by convention.
    #[must_use]
    pub fn with_code(mut self, code: impl Into<Cow<'static, str>>) -> Self {
        self.0.code = OnceLock::from(code.into());
        self
    }

    /// Sets the data: what a program needs to know beyond the code. It is serialised here.
    ///
    /// Data that cannot be serialised is a mistake of the program: the peer is told that the server has failed, and the
    /// mistake is logged.
    #[must_use]
    pub fn with_data(mut self, data: impl Serialize) -> Self {
        match to_raw_value(&data) {
            Ok(data) => self.0.data = Some(data),
            Err(error) => {
                self.0.mistake = Some(format!("the data of a `Reject` does not serialise as JSON: {error}"));
            }
        }
        self
    }

    /// Sets the message, which is also the body of an HTTP answer.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.0.message = Some(text.into());
        self.0.body = None;
        self.0.headers.remove(CONTENT_TYPE);
        self
    }

    /// Sets the body of an HTTP answer to bytes. Set their `Content-Type` by [`header`](Self::header).
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.0.body = Some(body.into());
        self
    }

    /// Says that what is refused is missing, not wrong: an argument of type `Option<X>` is `None` then.
    ///
    /// For arguments of your own, see [`FromContext`](crate::event::FromContext).
    ///
    /// ```
    /// use ws_runtime::event::{FromContext, WithEvent};
    /// use ws_runtime::{Handshake, Reject};
    ///
    /// /// The language that the client prefers.
    /// struct Language(String);
    ///
    /// impl<'a, C: WithEvent<'a, Handshake>> FromContext<'a, C> for Language {
    ///     fn from_context(context: &mut C) -> Result<Self, Reject> {
    ///         let wanted = context.event().header("accept-language");
    ///         let wanted = wanted.ok_or_else(|| Reject::bad_request().text("say your language").absent())?;
    ///         Ok(Self(wanted.to_owned()))
    ///     }
    /// }
    ///
    /// // A handler of `handshake` can take `Language`, which refuses clients without one, or `Option<Language>`.
    /// ```
    #[must_use]
    pub fn absent(mut self) -> Self {
        self.0.is_absence = true;
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
                self.0.headers.insert(name, value);
            }
            Ok((name, value)) => {
                self.0.headers.append(name, value);
            }
            Err(error) => {
                self.0.mistake = Some(format!("a `Reject` has a header that cannot be sent: {error}"));
            }
        }
        self
    }

    /// The message, or the status in words: for a log line and a close reason.
    pub(crate) fn reason(&self) -> String {
        self.written().map_or_else(|| self.0.status.to_string(), str::to_owned)
    }

    /// A handler was asked in a phase of the session that it is not for.
    pub(crate) fn of_phase(mut self) -> Self {
        self.0.is_of_phase = true;
        self.absent()
    }

    pub(crate) fn is_of_phase(&self) -> bool {
        self.0.is_of_phase
    }

    /// Whether it says that something is missing.
    pub(crate) fn is_absence(&self) -> bool {
        self.0.is_absence
    }

    /// The message that was set.
    fn written(&self) -> Option<&str> {
        self.0.message.as_deref().map(str::trim).filter(|message| !message.is_empty())
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
        let object = self.0.data.is_some().then(|| serde_json::to_vec(&ErrorObject(&self)));
        let Refused { status, message, mut headers, body, .. } = *self.0;
        let body = match (body.filter(|body| !body.is_empty()), object, message) {
            (Some(body), _, _) => body,
            (None, Some(Ok(object)), _) => {
                headers.entry(CONTENT_TYPE).or_insert(JSON);
                Bytes::from(object)
            }
            (None, None | Some(Err(_)), Some(message)) if !message.is_empty() => {
                headers.entry(CONTENT_TYPE).or_insert(TEXT);
                Bytes::from(message)
            }
            (None, None | Some(Err(_)), Some(_) | None) => {
                headers.insert(CONTENT_TYPE, TEXT);
                Bytes::from(format!("{status}\n"))
            }
        };
        let mut response = Response::new(body);
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        response
    }
}

/// The `error` of an error reply: an object with `code`, `message`, and `data` if there is any.
pub(crate) struct ErrorObject<'r>(pub(crate) &'r Reject);

impl Serialize for ErrorObject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut object = serializer.serialize_map(None)?;
        object.serialize_entry("code", self.0.code())?;
        object.serialize_entry("message", self.0.message())?;
        if let Some(data) = self.0.data() {
            object.serialize_entry("data", data)?;
        }
        object.end()
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
            .text(format!("this server speaks the subprotocol {name:?}, which was not offered"))
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

/// The name of a status in `snake_case`.
fn code_of(status: StatusCode) -> String {
    let Some(name) = status.canonical_reason() else { return format!("status_{}", status.as_str()) };
    let letters = name.chars().filter(|letter| *letter != '\'');
    letters.map(|letter| if letter.is_alphanumeric() { letter.to_ascii_lowercase() } else { '_' }).collect()
}
