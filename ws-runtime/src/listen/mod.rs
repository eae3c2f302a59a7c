//! Where connections come from: addresses, listeners, and the certificate for TLS.

mod address;
mod error;
mod listener;
#[cfg(feature = "test")]
mod memory;
#[cfg(unix)]
mod systemd;
mod tcp;
#[cfg(feature = "tls")]
mod tls;
#[cfg(not(feature = "tls"))]
#[path = "tls_off.rs"]
mod tls;
#[cfg(unix)]
mod unix;

use std::fmt;
use std::net::{IpAddr, SocketAddr};

pub use address::Address;
pub use error::ListenError;
#[cfg(all(feature = "tower", any(target_os = "linux", target_os = "android")))]
pub(crate) use listener::NOT_SENT;
use listener::Prepared;
pub(crate) use listener::{Listener, accept_pause, is_loopback_only};
#[cfg(feature = "test")]
pub(crate) use memory::Dialer;
pub(crate) use tls::ServerTls;
#[cfg_attr(not(feature = "tls"), expect(unreachable_pub, reason = "not exported: nobody can have one"))]
pub use tls::{Tls, TlsError};
use ws_spec::address::Target;

/// Where a server listens: one place or several.
///
/// What can be turned into it:
///
/// | value | meaning |
/// |---|---|
/// | `8080` | this port on all interfaces, IPv6 and IPv4; 0 picks a free one |
/// | `"8080"` | the same |
/// | `"127.0.0.1:8080"`, `"[::1]:8080"`, a [`SocketAddr`], `(ip, port)` | this address; `[::]` takes IPv4 too |
/// | `"localhost:8080"` | every address that the name resolves to when the server starts |
/// | `"unix:/run/chat.sock"` | a Unix domain socket at this path, removed when the server ends |
/// | `"systemd"` | all sockets that systemd hands over (`chat.socket`) |
/// | a TCP or Unix listener of std or tokio | a socket that was prepared elsewhere |
/// | a `Vec` or an array of these | all of them |
///
/// A text that is not an address is not refused at once: [`check`](Listen::check) and the start of the server report
/// it.
///
/// ```
/// use ws_runtime::Listen;
///
/// Listen::from("localhost:8080").check()?;
/// Listen::from(["127.0.0.1:8080", "unix:/run/chat.sock"]).check()?;
/// assert!(Listen::from("localhost").check().is_err());
/// # Ok::<(), ws_runtime::ListenError>(())
/// ```
#[derive(Debug)]
pub struct Listen(Place);

#[derive(Debug)]
enum Place {
    Target(Target),
    Malformed {
        text: String,
        reason: &'static str,
    },
    Prepared(Prepared),
    Several(Vec<Listen>),
    #[cfg(feature = "tower")]
    Nowhere,
}

impl Listen {
    /// No place: connections come from another server.
    #[cfg(feature = "tower")]
    pub(crate) fn nowhere() -> Self {
        Self(Place::Nowhere)
    }

    /// Checks that this can be an address, without binding or resolving anything.
    ///
    /// # Errors
    ///
    /// [`ListenError::Malformed`] for the first text that is not an address, [`ListenError::Nowhere`] for an empty
    /// list.
    pub fn check(&self) -> Result<(), ListenError> {
        self.mistakes().into_iter().next().map_or(Ok(()), Err)
    }

    /// An error for each text that is not an address, and for each list that is empty.
    pub(crate) fn mistakes(&self) -> Vec<ListenError> {
        match &self.0 {
            Place::Target(_) | Place::Prepared(_) => Vec::new(),
            #[cfg(feature = "tower")]
            Place::Nowhere => Vec::new(),
            Place::Malformed { text, reason } => vec![ListenError::malformed(text, reason)],
            Place::Several(places) if places.is_empty() => vec![ListenError::Nowhere],
            Place::Several(places) => places.iter().flat_map(Self::mistakes).collect(),
        }
    }

    /// Binds every place. If one fails, the listeners of the others are dropped.
    ///
    /// # Errors
    ///
    /// One for each place that fails.
    pub(crate) async fn bind(self, backlog: u32) -> Result<Vec<Listener>, Vec<ListenError>> {
        let mut places = Vec::new();
        let mut errors = Vec::new();
        self.flatten(&mut places, &mut errors);

        let mut listeners = Vec::with_capacity(places.len());
        for place in places {
            match place.bind(backlog).await {
                Ok(bound) => listeners.extend(bound),
                Err(error) => errors.push(error),
            }
        }
        if errors.is_empty() { Ok(listeners) } else { Err(errors) }
    }

    fn flatten(self, into: &mut Vec<Place>, errors: &mut Vec<ListenError>) {
        match self.0 {
            Place::Several(places) if places.is_empty() => errors.push(ListenError::Nowhere),
            Place::Several(places) => places.into_iter().for_each(|place| place.flatten(into, errors)),
            #[cfg(feature = "tower")]
            Place::Nowhere => {}
            place @ (Place::Target(_) | Place::Malformed { .. } | Place::Prepared(_)) => into.push(place),
        }
    }
}

impl Place {
    /// Binds one place; a name or systemd may stand for several listeners.
    async fn bind(self, backlog: u32) -> Result<Vec<Listener>, ListenError> {
        let listener = match self {
            Self::Target(Target::Port(port)) => tcp::bind_port(port, backlog)?,
            Self::Target(Target::Socket(address)) => tcp::bind(address, backlog)?,
            Self::Target(Target::Name { host, port }) => return tcp::bind_name(&host, port, backlog).await,
            #[cfg(unix)]
            Self::Target(Target::Path(path)) => unix::bind(&path, backlog)?,
            #[cfg(unix)]
            Self::Target(Target::Systemd) => return systemd::take(),
            #[cfg(not(unix))]
            Self::Target(Target::Path(_) | Target::Systemd) => return Err(ListenError::Unsupported),
            Self::Malformed { text, reason } => return Err(ListenError::malformed(&text, reason)),
            Self::Prepared(prepared) => prepared.adopt()?,
            #[cfg(feature = "tower")]
            Self::Nowhere => return Ok(Vec::new()),
            Self::Several(_) => return Ok(Vec::new()), // taken apart by `flatten`
        };
        Ok(vec![listener])
    }
}

impl Default for Listen {
    /// Port 80 on all interfaces.
    fn default() -> Self {
        Self::from(80)
    }
}

impl fmt::Display for Listen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Place::Target(target) => target.fmt(f),
            Place::Malformed { text, .. } => f.write_str(text),
            Place::Prepared(prepared) => prepared.fmt(f),
            #[cfg(feature = "tower")]
            Place::Nowhere => f.write_str("nowhere"),
            Place::Several(places) => {
                for (position, place) in places.iter().enumerate() {
                    f.write_str(if position == 0 { "" } else { ", " })?;
                    place.fmt(f)?;
                }
                Ok(())
            }
        }
    }
}

impl From<u16> for Listen {
    fn from(port: u16) -> Self {
        Self(Place::Target(Target::Port(port)))
    }
}

impl From<&str> for Listen {
    fn from(text: &str) -> Self {
        match Target::parse(text) {
            Ok(target) => Self(Place::Target(target)),
            Err(reason) => Self(Place::Malformed { text: text.to_owned(), reason }),
        }
    }
}

impl From<String> for Listen {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

impl From<SocketAddr> for Listen {
    fn from(address: SocketAddr) -> Self {
        Self(Place::Target(Target::Socket(address)))
    }
}

impl From<(IpAddr, u16)> for Listen {
    fn from(address: (IpAddr, u16)) -> Self {
        Self::from(SocketAddr::from(address))
    }
}

impl From<std::net::TcpListener> for Listen {
    fn from(listener: std::net::TcpListener) -> Self {
        Self(Place::Prepared(Prepared::Tcp(listener)))
    }
}

impl From<tokio::net::TcpListener> for Listen {
    fn from(listener: tokio::net::TcpListener) -> Self {
        Self(Place::Prepared(Prepared::TokioTcp(listener)))
    }
}

#[cfg(unix)]
impl From<std::os::unix::net::UnixListener> for Listen {
    fn from(listener: std::os::unix::net::UnixListener) -> Self {
        Self(Place::Prepared(Prepared::Unix(listener)))
    }
}

#[cfg(unix)]
impl From<tokio::net::UnixListener> for Listen {
    fn from(listener: tokio::net::UnixListener) -> Self {
        Self(Place::Prepared(Prepared::TokioUnix(listener)))
    }
}

impl<L: Into<Listen>> From<Vec<L>> for Listen {
    fn from(places: Vec<L>) -> Self {
        Self(Place::Several(places.into_iter().map(Into::into).collect()))
    }
}

impl<L: Into<Listen>, const N: usize> From<[L; N]> for Listen {
    fn from(places: [L; N]) -> Self {
        Self(Place::Several(places.into_iter().map(Into::into).collect()))
    }
}

#[cfg(test)]
mod tests;
