//! The networks that an option lists.

use std::net::IpAddr;

use ws_spec::Network;

use crate::listen::Address;

/// The peers of these networks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Networks {
    /// All peers.
    Any,
    Listed(Vec<Network>),
}

impl Networks {
    /// Whether no peer is meant. It is asked for each connection, so it is short.
    #[inline]
    pub(crate) fn is_empty(&self) -> bool {
        match self {
            Self::Any => false,
            Self::Listed(networks) => networks.is_empty(),
        }
    }

    /// Whether a peer is meant.
    pub(crate) fn contain(&self, peer: &Address) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(networks) => match peer {
                Address::Tcp(address) => self.contain_ip(address.ip()),
                Address::Unix(_) => networks.contains(&Network::Unix),
                Address::Memory | Address::Unknown => false,
            },
        }
    }

    /// Whether peers with this address are meant.
    pub(crate) fn contain_ip(&self, ip: IpAddr) -> bool {
        match self {
            Self::Any => true,
            Self::Listed(networks) => networks.iter().any(|network| network.contains(ip)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unix_stands_for_the_peers_of_unix_sockets_alone() {
        let listed = Networks::Listed(vec![Network::Unix, Network::parse("10.0.0.0/8").unwrap()]);
        let tcp = |ip: &str| Address::Tcp((ip.parse::<IpAddr>().unwrap(), 1).into());
        assert!(listed.contain(&Address::Unix(None)) && listed.contain(&tcp("10.1.1.1")));
        assert!(!listed.contain(&tcp("127.0.0.1")) && !listed.contain(&Address::Memory));
        let everything = Networks::Listed(vec![Network::parse("0.0.0.0/0").unwrap()]);
        assert!(!everything.contain(&Address::Unix(None)) && !everything.contain(&tcp("::1")));
        assert!(Networks::Any.contain(&Address::Unix(None)) && Networks::Any.contain(&tcp("::1")));
        assert!(Networks::Listed(Vec::new()).is_empty() && !Networks::Any.is_empty());
    }
}
