//! Which web pages may connect.

use std::fmt;
use std::str::FromStr;

use http::uri::Authority;
use ws_spec::Origin;

/// Which web pages may connect: the server's own ([`same`](Self::same), the default), listed ones
/// ([`only`](Self::only)), or [`any`](Self::any).
///
/// A browser lets any page connect anywhere, with the user's cookies, and names the page's origin in each handshake. If
/// a server does not check the origin, every page that its users visit can use it in their name (CWE-1385). An origin
/// that is not allowed is refused with 403. A handshake without `Origin` does not come from a browser, and is accepted.
/// `Origin: null`, which pages without an address send, is accepted only by `any`. This is not authentication: clients
/// other than browsers can send any origin.
///
/// Origins are compared by scheme, host (ignoring case) and port; the default ports 80 and 443 may be left out. There
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
    /// These, and the server's own.
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
    /// Over TLS, the page's scheme must be `https`. Without TLS the scheme is not compared, because a proxy may
    /// terminate TLS. The proxy must pass on the client's `Host`; otherwise list the origin. The same holds over a Unix
    /// socket, to which a proxy may connect on behalf of browsers.
    #[must_use]
    pub fn same() -> Self {
        Self(Allowed::Same)
    }

    /// Any page: for servers that treat all clients alike and do not use cookies.
    #[must_use]
    pub fn any() -> Self {
        Self(Allowed::Any)
    }

    /// These origins, and the server's own.
    ///
    /// # Errors
    ///
    /// [`InvalidOrigin`] for a text that no browser would send as an origin. It says why.
    pub fn only<I>(origins: I) -> Result<Self, InvalidOrigin>
    where
        I: IntoIterator<Item: AsRef<str>>,
    {
        let origins = origins.into_iter().map(|origin| parse(origin.as_ref()));
        Ok(Self(Allowed::Only(origins.collect::<Result<_, _>>()?)))
    }

    /// Whether a page of this origin may connect to this host. If the request names no host, no origin is the server's
    /// own.
    pub(super) fn allow(&self, origin: &[u8], host: Option<&Authority>, encrypted: bool) -> bool {
        let listed = match &self.0 {
            Allowed::Any => return true,
            Allowed::Same => &[],
            Allowed::Only(listed) => listed.as_slice(),
        };
        let Some(origin) = std::str::from_utf8(origin).ok().and_then(|text| Origin::parse(text).ok()) else {
            return false;
        };
        host.is_some_and(|host| is_own(&origin, host, encrypted)) || listed.contains(&origin)
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

/// In the form that `from_str` reads: `same`, `any`, or a list with commas.
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

fn parse(text: &str) -> Result<Origin, InvalidOrigin> {
    Origin::parse(text).map_err(|reason| InvalidOrigin { text: text.to_owned(), reason })
}

/// Whether an origin is the server's own, compared with the host that the client asked for.
fn is_own(origin: &Origin, host: &Authority, encrypted: bool) -> bool {
    let scheme_fits = match origin.scheme.as_str() {
        "https" => true,
        "http" => !encrypted,
        _ => false,
    };
    let port = host.port_u16().filter(|port| Some(*port) != Origin::default_port(&origin.scheme));
    scheme_fits && origin.port == port && origin.host.eq_ignore_ascii_case(host.host())
}
