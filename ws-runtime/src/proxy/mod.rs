//! What proxies in front of the server say of its clients: the PROXY protocol, and headers that forward an address.
//! No I/O, no clock.
//!
//! Only peers that an option lists are believed. What they say is read strictly: a proxy that is misunderstood lets
//! clients choose who they are.

mod forwarded;
mod networks;
mod preamble;
mod told;
mod x_forwarded;

use std::net::{IpAddr, SocketAddr};

pub(crate) use networks::Networks;
pub(crate) use preamble::{InvalidPreamble, MAX_PREAMBLE, Preamble, Source};
pub(crate) use told::{Told, told};

/// The client on whose behalf a proxy has connected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Client {
    /// `None` if the proxy does not know or does not tell it.
    pub(crate) ip: Option<IpAddr>,
    pub(crate) port: Option<u16>,
}

impl Client {
    /// A client of which nothing is known.
    pub(crate) const UNKNOWN: Self = Self { ip: None, port: None };

    /// A client with this address. An IPv4 address that is mapped into IPv6 is mapped back.
    pub(crate) fn new(ip: IpAddr, port: Option<u16>) -> Self {
        Self { ip: Some(ip.to_canonical()), port }
    }
}

impl From<SocketAddr> for Client {
    fn from(address: SocketAddr) -> Self {
        Self::new(address.ip(), Some(address.port()))
    }
}
