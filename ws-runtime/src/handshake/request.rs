//! Requests as handlers see them: a handshake, and a plain HTTP request.

use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use http::header::{COOKIE, HOST, HeaderName, HeaderValue, ORIGIN};
use http::{HeaderMap, Method, Uri};

use super::bearer::Bearer;
use crate::conn::IntoExpiry;
use crate::route::Parameters;
#[cfg(feature = "tls")]
use crate::x509::ClientCertificate;

use super::head::Head;
use super::reject::{InvalidHeader, Reject, parse_header};
use super::subprotocol::{BEARER, NotOffered, Subprotocols};

/// The request of a client that wants a WebSocket, as `#[on(handshake)]` sees it.
///
/// It is a valid handshake (RFC 6455 section 4.2.1) of an allowed origin, and not answered yet. The handler may inspect
/// it, choose a subprotocol, add headers to the answer, and refuse it by returning a [`Reject`](struct@crate::Reject).
///
/// ```
/// use ws_runtime::{Handshake, Reject};
///
/// fn admit(handshake: &Handshake) -> Result<(), Reject> {
///     if handshake.path() != "/chat" {
///         return Err(Reject::not_found());
///     }
///     match handshake.query_param("token").as_deref() {
///         Some("swordfish") => Ok(()),
///         Some(_) | None => Err(Reject::unauthorized().text("the token is missing or wrong")),
///     }
/// }
/// ```
pub struct Handshake {
    head: Head,
    offered: Subprotocols,
    /// The value of `Sec-WebSocket-Accept`; `None` over HTTP/2.
    accept_key: Option<HeaderValue>,
    /// What handlers add to the answer. A mutex, because handlers get the handshake by `&`.
    answer: Mutex<Answer>,
    /// Those of the path of its route.
    parameters: Parameters,
    /// How many of them a handler sees: a guard of an outer route sees those of its own path.
    seen: AtomicUsize,
}

#[derive(Default)]
struct Answer {
    /// Which of the offered subprotocols is chosen.
    subprotocol: Option<usize>,
    headers: HeaderMap,
    /// When the connection is to be closed.
    expires: Option<Instant>,
}

/// A plain HTTP request, as `#[get]` and `#[on(request)]` see it.
///
/// It has no body: a request with one is refused with 413 before any handler runs.
///
/// ```
/// use ws_runtime::{Html, Reject, Request};
///
/// fn page(request: &Request) -> Result<Html<&'static str>, Reject> {
///     match request.path() {
///         "/" => Ok(Html("<!doctype html><title>Chat</title>")),
///         _ => Err(Reject::not_found()),
///     }
/// }
/// ```
pub struct Request {
    head: Head,
    /// Those of the path of a `#[get]`.
    parameters: Parameters,
}

/// Implements access to the head for both kinds of request.
macro_rules! reads_head {
    ($type:ty) => {
        impl $type {
            /// The request target: a path, perhaps with a query (RFC 9112 section 3.2.1), but without a host.
            #[must_use]
            pub fn uri(&self) -> &Uri {
                &self.head.uri
            }

            /// The path, as it was sent: percent-encoded, without the query.
            #[must_use]
            pub fn path(&self) -> &str {
                self.head.uri.path()
            }

            /// The query, as it was sent: what follows the `?`.
            #[must_use]
            pub fn query(&self) -> Option<&str> {
                self.head.uri.query()
            }

            /// The first value of a name in the query, decoded: `a+b` and `a%20b` are both `a b`.
            #[must_use]
            pub fn query_param(&self, name: &str) -> Option<String> {
                let mut pairs = form_urlencoded::parse(self.head.uri.query()?.as_bytes());
                pairs.find(|(found, _)| found == name).map(|(_, value)| value.into_owned())
            }

            /// The certificate that the client has shown, if the option `tls` asks for one (`client_ca`).
            #[cfg(feature = "tls")]
            #[must_use]
            pub fn client_certificate(&self) -> Option<&ClientCertificate> {
                self.head.client_certificate.as_deref()
            }

            /// All headers. Several may have the same name.
            #[must_use]
            pub fn headers(&self) -> &HeaderMap {
                &self.head.headers
            }

            /// What the layers of the server around this one have added to the request: see `Mounted`.
            #[cfg(feature = "tower")]
            #[must_use]
            pub fn extensions(&self) -> &http::Extensions {
                &self.head.extensions
            }

            /// The first header with this name, ignoring case; `None` also if its value is not visible ASCII.
            #[must_use]
            pub fn header(&self, name: &str) -> Option<&str> {
                self.head.headers.get(name)?.to_str().ok()
            }

            /// The value of a cookie (RFC 6265 section 4.2), as it was sent.
            #[must_use]
            pub fn cookie(&self, name: &str) -> Option<&str> {
                let lines = self.head.headers.get_all(COOKIE).iter().filter_map(|line| line.to_str().ok());
                let mut cookies =
                    lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.split_once('='));
                cookies.find(|(found, _)| found.trim() == name).map(|(_, value)| value.trim())
            }
        }
    };
}

reads_head!(Handshake);
reads_head!(Request);

impl Handshake {
    pub(super) fn new(head: Head, offered: Subprotocols, accept_key: Option<HeaderValue>) -> Self {
        Self {
            head,
            offered,
            accept_key,
            answer: Mutex::default(),
            parameters: Parameters::default(),
            seen: AtomicUsize::new(usize::MAX),
        }
    }

    /// Sets the parameters of its path, before handlers see it.
    pub(crate) fn set_parameters(&mut self, parameters: Parameters) {
        self.parameters = parameters;
    }

    /// All parameters of its path, percent-decoded.
    pub(crate) fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Lets handlers see so many of the parameters, from now on.
    pub(crate) fn show_parameters(&self, count: usize) {
        self.seen.store(count, Ordering::Relaxed);
    }

    /// The names and values of the parameters that the handler may see.
    pub(crate) fn seen_parameters(&self) -> impl ExactSizeIterator<Item = (&str, &str)> {
        self.parameters.first(self.seen.load(Ordering::Relaxed))
    }

    /// `Sec-WebSocket-Accept` (RFC 6455 section 4.2.2). `None` over HTTP/2, whose answer has none (RFC 8441, section 5).
    pub(super) fn accept_key(&self) -> Option<&HeaderValue> {
        self.accept_key.as_ref()
    }

    /// The origin of the web page that connects, such as `https://example.org` (RFC 6454).
    ///
    /// Browsers always send it, other clients seldom. The option `origins` decides which ones are allowed.
    #[must_use]
    pub fn origin(&self) -> Option<&str> {
        self.head.headers.get(ORIGIN)?.to_str().ok()
    }

    /// The host that the client asked for, with the port unless that is the default one.
    ///
    /// Over a Unix socket it is not checked: it may be anything, such as the path of the socket, or empty.
    #[must_use]
    pub fn host(&self) -> &str {
        self.head.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default()
    }

    /// The subprotocols that the client offers, the preferred one first, all different.
    ///
    /// The item after `bearer` is left out: it is a token, because browsers let a page set no other header. Take it as
    /// [`Bearer`]. Some clients pass tokens in other ways, so do not log these names.
    pub fn subprotocols(&self) -> impl Iterator<Item = &str> {
        self.offered.iter()
    }

    /// The token that the client passes, in `Authorization` or as a subprotocol. The answer to the latter is `bearer`,
    /// unless another subprotocol is chosen.
    pub(crate) fn take_bearer(&self) -> Option<Result<Bearer, Reject>> {
        let token = self.offered.token();
        if let (Some(_), None) = (token, self.subprotocol()) {
            // Cannot fail: the token follows it.
            let _ = self.choose_subprotocol(BEARER);
        }
        Bearer::of_headers(self.headers()).or_else(|| token.map(Bearer::of_base64url))
    }

    /// The chosen subprotocol.
    ///
    /// Before the handler runs, it is the first of the option `subprotocols` that the client offers.
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        let chosen = self.answer().subprotocol;
        chosen.and_then(|position| self.offered.get(position))
    }

    /// Chooses the subprotocol for the answer, instead of the one chosen before.
    ///
    /// # Errors
    ///
    /// [`NotOffered`] if the client does not offer it. By RFC 6455 section 4.1 it would have to fail the connection.
    pub fn choose_subprotocol(&self, name: &str) -> Result<(), NotOffered> {
        let position = self.offered.position(name).ok_or_else(|| NotOffered(name.to_owned()))?;
        self.answer().subprotocol = Some(position);
        Ok(())
    }

    /// Sets a header of the answer (status 101). It replaces earlier ones of the same name.
    ///
    /// # Errors
    ///
    /// [`InvalidHeader`] if it is malformed, or if the server sets it itself: `Connection`, `Upgrade`,
    /// `Sec-WebSocket-…`, `Content-Length` and `Transfer-Encoding`.
    ///
    /// ```
    /// use ws_runtime::{Handshake, Reject};
    ///
    /// fn admit(handshake: &Handshake) -> Result<(), Reject> {
    ///     handshake.set_header("Set-Cookie", "visited=yes; HttpOnly")?;
    ///     Ok(())
    /// }
    /// ```
    pub fn set_header<N, V>(&self, name: N, value: V) -> Result<(), InvalidHeader>
    where
        N: TryInto<HeaderName, Error: Into<http::Error>>,
        V: TryInto<HeaderValue, Error: Into<http::Error>>,
    {
        let (name, value) = extra_header(name, value)?;
        self.answer().headers.insert(name, value);
        Ok(())
    }

    /// Adds a header to the answer (status 101), and keeps earlier ones of the same name: for a second `Set-Cookie`.
    ///
    /// # Errors
    ///
    /// As for [`set_header`](Self::set_header).
    pub fn add_header<N, V>(&self, name: N, value: V) -> Result<(), InvalidHeader>
    where
        N: TryInto<HeaderName, Error: Into<http::Error>>,
        V: TryInto<HeaderValue, Error: Into<http::Error>>,
    {
        let (name, value) = extra_header(name, value)?;
        self.answer().headers.append(name, value);
        Ok(())
    }

    /// What handlers have added to the 101: headers, and the chosen subprotocol.
    pub(super) fn added_headers(&self) -> (HeaderMap, Option<HeaderValue>) {
        let answer = self.answer();
        (answer.headers.clone(), answer.subprotocol.and_then(|position| self.offered.header(position)))
    }

    /// Closes the connection at that time, with code 4401 and the reason `expired`: when the token that admits it
    /// expires, for example.
    ///
    /// It takes a `SystemTime`, or a `Duration` from now. The last call counts. A connection whose time has passed
    /// before it is ready is closed at once. The time does not move if the system's clock is set.
    ///
    /// ```
    /// use std::time::{Duration, UNIX_EPOCH};
    /// use ws_runtime::Handshake;
    ///
    /// /// What a token says.
    /// struct Claims { exp: u64 }
    ///
    /// fn admit(handshake: &Handshake, claims: &Claims) {
    ///     handshake.expires(UNIX_EPOCH + Duration::from_secs(claims.exp));
    /// }
    /// ```
    pub fn expires(&self, at: impl IntoExpiry) {
        self.answer().expires = at.into_expiry();
    }

    pub(crate) fn expiry(&self) -> Option<Instant> {
        self.answer().expires
    }

    fn answer(&self) -> MutexGuard<'_, Answer> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Request {
    pub(super) fn new(head: Head) -> Self {
        Self { head, parameters: Parameters::default() }
    }

    /// Sets the parameters of its path, before a handler sees it.
    pub(crate) fn set_parameters(&mut self, parameters: Parameters) {
        self.parameters = parameters;
    }

    /// All parameters of its path, percent-decoded.
    pub(crate) fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// The method, mostly `GET`. Answer `HEAD` like `GET`: the server leaves out the body.
    #[must_use]
    pub fn method(&self) -> &Method {
        &self.head.method
    }
}

fn extra_header<N, V>(name: N, value: V) -> Result<(HeaderName, HeaderValue), InvalidHeader>
where
    N: TryInto<HeaderName, Error: Into<http::Error>>,
    V: TryInto<HeaderValue, Error: Into<http::Error>>,
{
    let (name, value) = parse_header(name, value)?;
    if name.as_str().starts_with("sec-websocket-") {
        return Err(InvalidHeader::Reserved { name });
    }
    Ok((name, value))
}

/// Shows neither the query, the headers nor the offered subprotocols: they may hold secrets, and this ends up in logs.
impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshake")
            .field("path", &self.path())
            .field("origin", &self.origin())
            .field("subprotocol", &self.subprotocol())
            .finish_non_exhaustive()
    }
}

/// Shows neither the query nor the headers: they may hold secrets, and this ends up in logs.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", self.method())
            .field("path", &self.path())
            .finish_non_exhaustive()
    }
}
