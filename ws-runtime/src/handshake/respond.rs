//! The answers to plain HTTP requests.

use std::any::Any;
use std::borrow::Cow;
use std::fmt::Display;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};
use ws_spec::is_token;

use super::reject::Reject;

/// What `#[get]` and `#[on(request)]` may return: the answer to a plain HTTP request.
///
/// | value | answer |
/// |---|---|
/// | `String`, `&str`, `Cow<str>` | the text as `text/plain; charset=utf-8` |
/// | [`Html`], [`JavaScript`], [`Json`](crate::Json) | the page, script or value with its content type |
/// | `Vec<u8>`, `Bytes`, `&[u8]`, `Cow<[u8]>`, `[u8; N]` | the bytes as `application/octet-stream` |
/// | `("image/png", bytes)`, `("text/css", text)` | a body with its content type |
/// | [`StatusCode`] | the status alone, in words |
/// | `(StatusCode, value)` | the value with that status |
/// | `Option` | `None` is 404 |
/// | `Result` | `Err` is the answer that its error converts into |
/// | [`http::Response`] | itself, for headers of your own |
///
/// Borrowed text and bytes are copied. To send a static file without a copy, return `Bytes::from_static(…)`.
///
/// An `Err` that converts into [`Reject`], such as a [`StatusCode`], is that answer; any other error is logged with
/// the handler's name, and the peer gets 500 without details. `Content-Length` and `Connection: close` are added to
/// every answer. Implement the trait to return types of your own.
///
/// ```
/// use ws_runtime::http::StatusCode;
/// use ws_runtime::{Html, IntoResponse, Request};
///
/// fn answer(request: &Request) -> Option<Html<String>> {
///     let name = request.path().strip_prefix("/hello/")?;
///     Some(Html(format!("<h1>{}</h1>", name.len())))
/// }
///
/// assert_eq!("well".into_response().status(), StatusCode::OK);
/// assert_eq!(None::<&str>.into_response().status(), StatusCode::NOT_FOUND);
/// assert_eq!((StatusCode::ACCEPTED, "later").into_response().status(), StatusCode::ACCEPTED);
/// assert_eq!(("image/svg+xml", "<svg/>").into_response().headers()["content-type"], "image/svg+xml");
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an answer to an HTTP request",
    label = "cannot be sent as an HTTP response",
    note = "a handler of a request can return: text (`String`, `&str`), `Html`, `Json`, bytes (`Vec<u8>`, `Bytes`), a pair of a content type and text or bytes (`(\"image/png\", bytes)`), a `StatusCode`, a pair of `StatusCode` and one of these, an `http::Response`, `Reject`, an `Option` of these (`None` is 404), or a `Result` of these: an error that converts into `Reject` is the answer, and one that implements `Display` is logged",
    note = "a value of your own is sent as `ws_runtime::Json(value)`, not axum's, if its type implements `serde::Serialize`"
)]
pub trait IntoResponse {
    /// Turns the value into the whole response.
    fn into_response(self) -> Response<Bytes>;
}

/// HTML, sent as `text/html; charset=utf-8`.
///
/// ```
/// use ws_runtime::{Html, IntoResponse};
///
/// let response = Html("<p>Hello</p>").into_response();
/// assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Html<T>(pub T);

/// A script, sent as `text/javascript; charset=utf-8`, which browsers insist on for a module.
///
/// ```
/// use ws_runtime::{CLIENT_JS, IntoResponse, JavaScript};
///
/// let response = JavaScript(CLIENT_JS).into_response();
/// assert_eq!(response.headers()["content-type"], "text/javascript; charset=utf-8");
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JavaScript<T>(pub T);

/// Why a handler failed, for the log only. It is passed on in the response's extensions.
#[derive(Debug, Clone)]
pub(crate) struct HandlerError(pub(crate) String);

/// The answer to a request whose handler failed: the reason is for the log, not for the peer.
pub(super) fn failed(reason: String) -> Response<Bytes> {
    let mut response = StatusCode::INTERNAL_SERVER_ERROR.into_response();
    response.extensions_mut().insert(HandlerError(reason));
    response
}

impl<B: Into<Bytes>> IntoResponse for Response<B> {
    fn into_response(self) -> Response<Bytes> {
        checked(self.map(Into::into))
    }
}

/// Implements `IntoResponse` for the types whose bytes are the body.
macro_rules! bodies {
    ($($type:ty => $content_type:expr),* $(,)?) => { $(
        impl IntoResponse for $type {
            fn into_response(self) -> Response<Bytes> {
                content($content_type, self)
            }
        }
    )* };
}

bodies! {
    String => TEXT,
    Bytes => OCTETS,
    Vec<u8> => OCTETS,
}

/// Copied, because it may borrow from the request.
impl IntoResponse for &str {
    fn into_response(self) -> Response<Bytes> {
        self.to_owned().into_response()
    }
}

/// Copied, because they may borrow from the request.
#[diagnostic::do_not_recommend]
impl IntoResponse for &[u8] {
    fn into_response(self) -> Response<Bytes> {
        self.to_owned().into_response()
    }
}

#[diagnostic::do_not_recommend]
impl<const N: usize> IntoResponse for [u8; N] {
    fn into_response(self) -> Response<Bytes> {
        self.as_slice().into_response()
    }
}

#[diagnostic::do_not_recommend]
impl<const N: usize> IntoResponse for &[u8; N] {
    fn into_response(self) -> Response<Bytes> {
        self.as_slice().into_response()
    }
}

#[diagnostic::do_not_recommend]
impl IntoResponse for Cow<'_, str> {
    fn into_response(self) -> Response<Bytes> {
        self.into_owned().into_response()
    }
}

#[diagnostic::do_not_recommend]
impl IntoResponse for Cow<'_, [u8]> {
    fn into_response(self) -> Response<Bytes> {
        self.into_owned().into_response()
    }
}

/// A body with its content type. An answer with a status of 400 or above, such as that of `None`, keeps its own.
impl<T: IntoResponse> IntoResponse for (&str, T) {
    fn into_response(self) -> Response<Bytes> {
        let (content_type, value) = self;
        let mut response = value.into_response();
        if response.status().is_client_error() || response.status().is_server_error() {
            return response;
        }
        match parse_content_type(content_type) {
            Some(content_type) => {
                response.headers_mut().insert(CONTENT_TYPE, content_type);
                response
            }
            None => failed(format!(
                "{content_type:?} is no content type, but the first of a pair is one, such as \"image/png\""
            )),
        }
    }
}

#[diagnostic::do_not_recommend]
impl<T: IntoResponse> IntoResponse for (String, T) {
    fn into_response(self) -> Response<Bytes> {
        let (content_type, value) = self;
        (content_type.as_str(), value).into_response()
    }
}

impl<T: Into<Bytes>> IntoResponse for Html<T> {
    fn into_response(self) -> Response<Bytes> {
        content(HTML, self.0)
    }
}

impl<T: Into<Bytes>> IntoResponse for JavaScript<T> {
    fn into_response(self) -> Response<Bytes> {
        content(JAVASCRIPT, self.0)
    }
}

impl IntoResponse for StatusCode {
    fn into_response(self) -> Response<Bytes> {
        let mut response = content(TEXT, format!("{self}\n"));
        *response.status_mut() = self;
        checked(response)
    }
}

impl<T: IntoResponse> IntoResponse for (StatusCode, T) {
    fn into_response(self) -> Response<Bytes> {
        let (status, value) = self;
        let mut response = value.into_response();
        if response.extensions().get::<HandlerError>().is_none() {
            *response.status_mut() = status;
        }
        checked(response)
    }
}

impl<T: IntoResponse> IntoResponse for Option<T> {
    fn into_response(self) -> Response<Bytes> {
        self.map_or_else(|| StatusCode::NOT_FOUND.into_response(), T::into_response)
    }
}

impl<T: IntoResponse> IntoResponse for Result<T, Reject> {
    fn into_response(self) -> Response<Bytes> {
        self.map_or_else(Reject::into_response, T::into_response)
    }
}

impl<T: IntoResponse, E: Display + 'static> IntoResponse for Result<T, E> {
    fn into_response(self) -> Response<Bytes> {
        let error = match self {
            Ok(value) => return value.into_response(),
            Err(error) => error,
        };
        // A `StatusCode` implements `Display` as errors do, but it is an answer.
        match (&error as &dyn Any).downcast_ref::<StatusCode>() {
            Some(status) => status.into_response(),
            None => failed(error.to_string()),
        }
    }
}

/// A type and a subtype, perhaps with parameters (RFC 9110 section 8.3.1).
fn parse_content_type(text: &str) -> Option<HeaderValue> {
    let (kind, subtype) = text.split(';').next()?.trim_end().split_once('/')?;
    (is_token(kind) && is_token(subtype)).then(|| HeaderValue::from_str(text).ok()).flatten()
}

fn content(content_type: HeaderValue, body: impl Into<Bytes>) -> Response<Bytes> {
    let mut response = Response::new(body.into());
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

/// A status below 200 does not end a request, and after a 101 no WebSocket would follow.
fn checked(response: Response<Bytes>) -> Response<Bytes> {
    let status = response.status();
    if status.is_informational() {
        return failed(format!("status {status} is no answer to a plain request, but 200 and above are"));
    }
    response
}

pub(super) const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
pub(crate) const JSON: HeaderValue = HeaderValue::from_static("application/json");
const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const JAVASCRIPT: HeaderValue = HeaderValue::from_static("text/javascript; charset=utf-8");
const OCTETS: HeaderValue = HeaderValue::from_static("application/octet-stream");
