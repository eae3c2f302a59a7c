//! The token of a request as an argument.

use std::fmt;

use data_encoding::BASE64URL_NOPAD;
use http::HeaderMap;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};

use super::reject::Reject;

/// The token by which a client proves who it is (RFC 6750): an argument of `handshake`, `create`,
/// guards of routes, `#[get]` and `request`.
///
/// It is read from the header `Authorization: Bearer …`. Without that header it is read from the subprotocols of a
/// handshake, because **browsers cannot set headers of a WebSocket**: the item after `bearer` is the token in
/// base64url, without padding.
///
/// ```js
/// const base64url = btoa(token).replace(/\+/g, "-").replace(/\//g, "_").replace(/=/g, "");
/// const socket = new WebSocket("wss://example.org/", ["bearer", base64url]);
/// ```
///
/// * The token is not listed in [`Handshake::subprotocols`](crate::Handshake::subprotocols), and never part of the
///   answer: that is `bearer`, unless another subprotocol is chosen. Browsers fail a connection without an answer.
/// * A token consists of visible ASCII characters without spaces. One that does not, or is not base64url, is refused
///   with 400.
/// * Without a token the request is refused with 401. `Option<Bearer>` is `None` then.
/// * `Debug` does not show it. Compare tokens by their digests, or let a library check their signature.
///
/// ```
/// use ws_runtime::prelude::*;
///
/// #[ws_server(listen = 8080)]
/// mod chat {
///     use super::*;
///
///     #[on(handshake)]
///     fn who(Bearer(token): Bearer) -> Result<(), Reject> {
///         if token.starts_with("session-") { Ok(()) } else { Err(Reject::forbidden()) }
///     }
/// }
/// # fn main() {}
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Bearer(pub String);

impl Bearer {
    /// The token of the `Authorization` header, if there is one.
    pub(crate) fn of_headers(headers: &HeaderMap) -> Option<Result<Self, Reject>> {
        let mut values = headers.get_all(AUTHORIZATION).iter();
        let value = values.next()?;
        if values.next().is_some() {
            return Some(Err(malformed("there is more than one Authorization header")));
        }
        let (scheme, token) = value.as_bytes().split_at_checked(SCHEME.len())?;
        if !scheme.eq_ignore_ascii_case(SCHEME.as_bytes()) || token.first().is_some_and(|byte| *byte != b' ')
        {
            return None;
        }
        Some(Self::of_bytes(token.trim_ascii()).ok_or_else(|| malformed(NO_TOKEN)))
    }

    /// The token that a client passes as a subprotocol.
    pub(crate) fn of_base64url(encoded: &str) -> Result<Self, Reject> {
        let decoded = BASE64URL_NOPAD.decode(encoded.as_bytes());
        let decoded = decoded.map_err(|_| malformed("the subprotocol after `bearer` is not base64url"))?;
        Self::of_bytes(&decoded).ok_or_else(|| malformed(NO_TOKEN))
    }

    /// The refusal of a request without a token.
    pub(crate) fn absent() -> Reject {
        let text =
            "a bearer token is missing: in the header Authorization, or as a subprotocol after `bearer`";
        Reject::unauthorized().text(text).header(WWW_AUTHENTICATE, "Bearer").absent()
    }

    fn of_bytes(token: &[u8]) -> Option<Self> {
        let is_sound = !token.is_empty() && token.iter().all(u8::is_ascii_graphic);
        let token = std::str::from_utf8(token).ok().filter(|_| is_sound)?;
        Some(Self(token.to_owned()))
    }
}

/// RFC 6750 section 3.1: a malformed request is 400.
fn malformed(why: &str) -> Reject {
    Reject::bad_request().text(why).header(WWW_AUTHENTICATE, "Bearer error=\"invalid_request\"")
}

/// Hides the token: this ends up in logs.
impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer(…)")
    }
}

const SCHEME: &str = "Bearer";
const NO_TOKEN: &str = "a bearer token consists of visible ASCII characters without spaces";
