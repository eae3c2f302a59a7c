//! The answers to plain HTTP requests.

use std::any::Any;
use std::fmt::Display;

use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderValue};
use http::{Response, StatusCode};

use super::reject::Reject;

/// What `#[on(request)]` may return: the answer to a plain HTTP request.
///
/// Text is sent as `text/plain`, [`Html`] as `text/html`, [`Json`](crate::Json) as `application/json`, bytes as
/// `application/octet-stream`, and an [`http::Response`] as it is. A pair sets the status. `None` is 404. An `Err` that
/// converts into [`Reject`], such as a [`StatusCode`], is that answer; any other error is logged with the handler's name,
/// and the peer gets 500 without details.
/// `Content-Length` and `Connection: close` are added to every answer. Implement the trait to return types of your own.
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
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an answer to an HTTP request",
    label = "cannot be sent as an HTTP response",
    note = "a `request` handler can return: text (`String`, `&str`), `Html`, `Json`, bytes (`Vec<u8>`, `Bytes`), a `StatusCode`, a pair of `StatusCode` and one of these, an `http::Response`, `Reject`, an `Option` of these (`None` is 404), or a `Result` of these: an error that converts into `Reject` is the answer, and one that implements `Display` is logged"
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

/// The text is copied, because it may borrow from the request. To send a static page without a copy, use [`Html`] or
/// `Bytes`.
impl IntoResponse for &str {
    fn into_response(self) -> Response<Bytes> {
        content(TEXT, self.to_owned())
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
