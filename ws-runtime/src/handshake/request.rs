//! A request as handlers see it: one that becomes a WebSocket, and one that does not.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};

use http::header::{COOKIE, HOST, HeaderName, HeaderValue, ORIGIN};
use http::{HeaderMap, Method, Uri};

use super::head::Head;
use super::reject::{InvalidHeader, parse_header};
use super::subprotocol::{NotOffered, Subprotocols};

/// The request of a client that wants a WebSocket, as `#[on(handshake)]` sees it.
///
/// It is a valid handshake of an allowed origin (RFC 6455 section 4.2.1), and not answered yet. The handler may inspect
/// it, choose a subprotocol, add headers to the answer, and refuse it by returning a [`Reject`](crate::Reject).
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
    /// The answer to its key.
    accept_key: HeaderValue,
    /// What handlers add to the answer. They get the handshake by `&`, so that it can be one of several arguments.
    answer: Mutex<Answer>,
}

#[derive(Default)]
struct Answer {
    /// Which of the offered subprotocols is chosen.
    subprotocol: Option<usize>,
    headers: HeaderMap,
}

/// A plain HTTP request, as `#[on(request)]` sees it.
///
/// It has no body: a request with one is refused with 413 before.
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
}

/// What both kinds of request offer of their head.
macro_rules! reads_head {
    ($type:ty) => {
        impl $type {
            /// What is asked for: a path, perhaps with a query (RFC 9112 section 3.2.1), never with a host.
            #[must_use]
            pub fn uri(&self) -> &Uri {
                &self.head.uri
            }

            /// The path, as it was sent: percent-encoded, without the query.
            #[must_use]
            pub fn path(&self) -> &str {
                self.head.uri.path()
            }

            /// What stands behind the `?`, as it was sent.
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

            /// All headers, of which one name may have several.
            #[must_use]
            pub fn headers(&self) -> &HeaderMap {
                &self.head.headers
            }

            /// The first header of that name, in any case; `None` also where it is not visible ASCII.
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
    pub(super) fn new(head: Head, offered: Subprotocols, accept_key: HeaderValue) -> Self {
        Self { head, offered, accept_key, answer: Mutex::default() }
    }

    /// `Sec-WebSocket-Accept` (RFC 6455 section 4.2.2).
    pub(super) fn accept_key(&self) -> &HeaderValue {
        &self.accept_key
    }

    /// The origin of the web page that connects, such as `https://example.org` (RFC 6454).
    ///
    /// Browsers send it always, other clients seldom. Which ones get here, the option `origins` decides.
    #[must_use]
    pub fn origin(&self) -> Option<&str> {
        self.head.headers.get(ORIGIN)?.to_str().ok()
    }

    /// The host that the client asked for, with the port where it is not the usual one.
    ///
    /// Over a Unix socket and in memory it is whatever the client has sent, or empty: some send the path of the socket.
    #[must_use]
    pub fn host(&self) -> &str {
        self.head.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default()
    }

    /// The subprotocols that the client offers, the one it likes best first, all different.
    ///
    /// Some clients pass a token here, because browsers let a page set no other header: keep them out of logs.
    pub fn subprotocols(&self) -> impl Iterator<Item = &str> {
        self.offered.iter()
    }

    /// The subprotocol that is chosen so far.
    ///
    /// Before the handler runs it is the first of the option `subprotocols` that the client offers.
    #[must_use]
    pub fn subprotocol(&self) -> Option<&str> {
        let chosen = self.answer().subprotocol;
        chosen.and_then(|position| self.offered.get(position))
    }

    /// Chooses the subprotocol that the answer names, in place of the one chosen before.
    ///
    /// # Errors
    ///
    /// [`NotOffered`] where the client does not offer it: by RFC 6455 section 4.1 it would have to give up.
    pub fn choose_subprotocol(&self, name: &str) -> Result<(), NotOffered> {
        let position = self.offered.position(name).ok_or_else(|| NotOffered(name.to_owned()))?;
        self.answer().subprotocol = Some(position);
        Ok(())
    }

    /// Sets a header of the answer (status 101), in place of one of the same name that was set before.
    ///
    /// # Errors
    ///
    /// [`InvalidHeader`] where it is no header, or one that the handshake itself sets: `Connection`, `Upgrade`,
    /// `Sec-WebSocket-…`, and those that speak of a body.
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

    /// Adds a header to the answer (status 101), beside those of the same name, as a second `Set-Cookie` needs.
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

    fn answer(&self) -> MutexGuard<'_, Answer> {
        self.answer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Request {
    pub(super) fn new(head: Head) -> Self {
        Self { head }
    }

    /// The method, mostly `GET`. Answer `HEAD` as `GET`: the server leaves out the body.
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

/// Neither query, headers nor the subprotocols that are offered: they carry tokens and cookies, and this ends up in logs.
impl fmt::Debug for Handshake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handshake")
            .field("path", &self.path())
            .field("origin", &self.origin())
            .field("subprotocol", &self.subprotocol())
            .finish_non_exhaustive()
    }
}

/// Neither query nor headers: they carry tokens and cookies, and this ends up in logs.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", self.method())
            .field("path", &self.path())
            .finish_non_exhaustive()
    }
}
