//! From which web pages a browser may connect.

use std::fmt;
use std::str::FromStr;

use http::uri::Authority;

/// From which web pages a browser may connect: the server's own ([`same`](Self::same), the default), some
/// ([`only`](Self::only)), or [`any`](Self::any).
///
/// A browser names the origin of the page in each handshake, and lets any page connect anywhere, with the user's
/// cookies. A server that does not look at it can be used by every page that its users visit (CWE-1385). An origin
/// that is not allowed is refused with 403. A handshake without `Origin` does not come from a browser, and is let in;
/// `Origin: null`, as pages without an address send, is let in by `any` alone. This is not authentication: other
/// clients send what they like.
///
/// Origins are compared as a whole: scheme, host (in any case) and port, where 80 and 443 need not be written. There
/// are no wildcards.
///
/// As text it is `same`, `any`, or a list with commas.
///
/// ```
/// use ws_runtime::Origins;
///
/// let ours = Origins::only(["https://example.org", "http://localhost:3000"])?;
/// assert_eq!(ours, "https://example.org, http://localhost:3000".parse()?);
/// assert_eq!(Origins::default(), Origins::same());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Origins(Allowed);

#[derive(Debug, Clone, PartialEq, Eq, Default)]
enum Allowed {
    Any,
    #[default]
    Same,
    /// And the server's own.
    Only(Vec<Origin>),
}

/// A text that is not the origin of a web page.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not the origin of a web page: {reason}; write it as `https://example.com`, with a port only where the address bar shows one"
)]
pub struct InvalidOrigin {
    text: String,
    reason: &'static str,
}

impl Origins {
    /// Only pages that this server's own host and port served: `Origin` must name the host that `Host` names.
    ///
    /// Over TLS the page must be one of `https`. Without TLS the scheme is not compared, because a proxy may have taken
    /// the TLS off; it must then pass on the `Host` that it was asked for, or the origin has to be listed. The same holds
    /// over a Unix socket: no browser connects to one, but a proxy does, on behalf of browsers.
    #[must_use]
    pub fn same() -> Self {
        Self(Allowed::Same)
    }

    /// Any page at all: for servers that give everybody the same, and do not look at cookies.
    #[must_use]
    pub fn any() -> Self {
        Self(Allowed::Any)
    }

    /// These origins, beside the server's own.
    ///
    /// # Errors
    ///
    /// [`InvalidOrigin`] for a text that no browser would send as an origin, which says why.
    pub fn only<I>(origins: I) -> Result<Self, InvalidOrigin>
    where
        I: IntoIterator<Item: AsRef<str>>,
    {
        let origins = origins.into_iter().map(|origin| Origin::parse(origin.as_ref()));
        Ok(Self(Allowed::Only(origins.collect::<Result<_, _>>()?)))
    }

    /// Whether a page of that origin may connect to this host; where the request names none, no origin is the server's own.
    pub(super) fn allow(&self, origin: &[u8], host: Option<&Authority>, encrypted: bool) -> bool {
        let listed = match &self.0 {
            Allowed::Any => return true,
            Allowed::Same => &[],
            Allowed::Only(listed) => listed.as_slice(),
        };
        let Some(origin) = std::str::from_utf8(origin).ok().and_then(|text| Origin::parse(text).ok()) else {
            return false;
        };
        host.is_some_and(|host| origin.is_of(host, encrypted)) || listed.contains(&origin)
    }
}

impl FromStr for Origins {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        match text.trim() {
            "any" => Ok(Self::any()),
            "same" => Ok(Self::same()),
            list => Self::only(list.split(',').map(str::trim)),
        }
    }
}

/// As it is read: `same`, `any`, or a list with commas.
impl fmt::Display for Origins {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Allowed::Any => f.write_str("any"),
            Allowed::Same => f.write_str("same"),
            Allowed::Only(origins) => {
                for (position, origin) in origins.iter().enumerate() {
                    let comma = if position == 0 { "" } else { ", " };
                    write!(f, "{comma}{origin}")?;
                }
                Ok(())
            }
        }
    }
}

/// One origin (RFC 6454), in lower case and without a port that its scheme implies.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

impl Origin {
    fn parse(text: &str) -> Result<Self, InvalidOrigin> {
        let invalid = |reason| InvalidOrigin { text: text.to_owned(), reason };
        if text.contains('*') {
            return Err(invalid("there are no wildcards (`any` alone allows all)"));
        }
        if text == "null" {
            return Err(invalid("`null` stands for every page without an address"));
        }
        let Some((scheme, rest)) = text.split_once("://") else { return Err(invalid("it has no scheme")) };
        let scheme = scheme.to_ascii_lowercase();
        if matches!(scheme.as_str(), "ws" | "wss") {
            return Err(invalid("pages come by `http` or `https`, not by `ws` or `wss`"));
        }
        let letters = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        if !scheme.starts_with(|first: char| first.is_ascii_alphabetic()) || !scheme.bytes().all(letters) {
            return Err(invalid("its scheme is malformed"));
        }
        if rest.contains(['/', '?', '#']) {
            return Err(invalid("an origin ends after host and port, without a slash"));
        }
        if !rest.is_ascii() {
            return Err(invalid("browsers send the host in ASCII (`xn--…`)"));
        }
        if rest.contains('@') {
            return Err(invalid("an origin has no user name"));
        }
        let authority = Authority::try_from(rest).map_err(|_| invalid("its host is malformed"))?;
        let host = authority.host().to_ascii_lowercase();
        if host.is_empty() {
            return Err(invalid("it has no host"));
        }
        let port = authority.port_u16();
        if port.is_none() && rest.len() != host.len() {
            return Err(invalid("its port is not a number up to 65535"));
        }
        let port = port.filter(|port| Some(*port) != default_port(&scheme));
        Ok(Self { scheme, host, port })
    }

    /// Whether this is the server's own, going by what the client takes for its address.
    fn is_of(&self, host: &Authority, encrypted: bool) -> bool {
        let scheme_fits = match self.scheme.as_str() {
            "https" => true,
            "http" => !encrypted,
            _ => false,
        };
        let port = host.port_u16().filter(|port| Some(*port) != default_port(&self.scheme));
        scheme_fits && self.port == port && self.host.eq_ignore_ascii_case(host.host())
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

fn default_port(scheme: &str) -> Option<u16> {
    match scheme {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    }
}
