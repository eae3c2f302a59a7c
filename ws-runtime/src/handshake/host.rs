//! Which hosts a server answers for.

use std::fmt;
use std::str::FromStr;

use http::uri::Authority;
use ws_spec::HostName;

/// Which hosts a server answers for: [`auto`](Self::auto), the default, listed ones ([`only`](Self::only)), or
/// [`any`](Self::any).
///
/// A request names the host that it is for, and a browser takes that from the address of the page or of the socket. An
/// attacker can point a name of his own at an address in the user's network, after the browser has loaded his page (DNS
/// rebinding). That page is of the server's own origin then, so [`Origins`](crate::Origins) does not keep it out. The
/// name that it asks for is the attacker's all the same. A request for a host that is not answered for is refused with
/// 421 (misdirected request, RFC 9110 section 15.5.20).
///
/// Ports do not matter, nor does case, nor a dot at the end of a name. An IPv6 address stands in brackets. A request of
/// HTTP/1.0 that names no host is answered: it does not come from a browser. So is any request over a Unix socket,
/// unless a trusted proxy names another host in it.
///
/// As text it is `auto`, `any`, or a list with commas.
///
/// ```
/// use ws_runtime::Hosts;
///
/// let ours = Hosts::only(["example.org", "*.example.org", "127.0.0.1", "[::1]"])?;
/// assert_eq!(ours, "example.org, *.example.org, 127.0.0.1, [::1]".parse()?);
/// assert_eq!(Hosts::default(), Hosts::auto());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hosts(Names);

#[derive(Debug, Clone, PartialEq, Eq, Default)]
enum Names {
    /// Not known before the server listens.
    #[default]
    Auto,
    Any,
    /// The names of this machine's loopback interface.
    Loopback,
    Only(Vec<HostName>),
}

/// A text that is not the name of a host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{text:?} is not a host: {reason}; write it as `example.org`, `*.example.org`, `127.0.0.1` or `[::1]`"
)]
pub struct InvalidHost {
    text: String,
    reason: &'static str,
}

impl Hosts {
    /// Any host, except where the server listens on loopback addresses alone: there `localhost`, names that end with
    /// `.localhost`, and loopback addresses.
    #[must_use]
    pub const fn auto() -> Self {
        Self(Names::Auto)
    }

    /// Any host.
    #[must_use]
    pub const fn any() -> Self {
        Self(Names::Any)
    }

    /// These hosts alone. `*.example.org` stands for all names below that.
    ///
    /// # Errors
    ///
    /// [`InvalidHost`] for a text that is no host. It says why.
    pub fn only<I>(hosts: I) -> Result<Self, InvalidHost>
    where
        I: IntoIterator<Item: AsRef<str>>,
    {
        let hosts = hosts.into_iter().map(|host| parse(host.as_ref()));
        Ok(Self(Names::Only(hosts.collect::<Result<_, _>>()?)))
    }

    /// What `auto` comes to once it is known where the server listens.
    pub(crate) fn resolve(&mut self, is_loopback_only: bool) {
        if self.0 == Names::Auto {
            self.0 = if is_loopback_only { Names::Loopback } else { Names::Any };
        }
    }

    /// Whether a request for this host is answered.
    pub(super) fn answer(&self, host: &Authority) -> bool {
        match &self.0 {
            Names::Auto | Names::Any => true,
            Names::Loopback => HostName::is_loopback(host.host()),
            Names::Only(listed) => listed.iter().any(|name| name.matches(host.host())),
        }
    }
}

impl FromStr for Hosts {
    type Err = InvalidHost;

    fn from_str(text: &str) -> Result<Self, InvalidHost> {
        match text.trim() {
            "auto" => Ok(Self::auto()),
            "any" => Ok(Self::any()),
            list => Self::only(list.split(',').map(str::trim)),
        }
    }
}

/// In the form that `from_str` reads: `auto`, `any`, or a list with commas.
impl fmt::Display for Hosts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Names::Auto | Names::Loopback => f.write_str("auto"),
            Names::Any => f.write_str("any"),
            Names::Only(hosts) => {
                for (position, host) in hosts.iter().enumerate() {
                    let comma = if position == 0 { "" } else { ", " };
                    write!(f, "{comma}{host}")?;
                }
                Ok(())
            }
        }
    }
}

fn parse(text: &str) -> Result<HostName, InvalidHost> {
    HostName::parse(text).map_err(|reason| InvalidHost { text: text.to_owned(), reason })
}
