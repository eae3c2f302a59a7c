//! Networks of peers, as options list them.

use std::fmt;
use std::net::IpAddr;

/// Some of the peers that may connect: those of a network, or those of Unix sockets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Network {
    /// The addresses that begin with the first `prefix` bits of this one.
    Ip {
        /// The first address.
        address: IpAddr,
        /// How many bits all of them share.
        prefix: u8,
    },
    /// The peers of Unix domain sockets.
    Unix,
}

impl Network {
    /// Reads an address (`127.0.0.1`, `::1`), a network (`10.0.0.0/8`, `fd00::/8`), or `unix`.
    ///
    /// # Errors
    ///
    /// Why it is none of them.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text == "unix" {
            return Ok(Self::Unix);
        }
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| match address {
            "" => "it is empty",
            "any" => "every client could claim any address; list the networks of the proxies",
            address if address.starts_with('[') => "an IPv6 address stands without brackets",
            _ => "it begins with no IP address; names are not resolved",
        })?;
        if address.to_canonical() != address {
            return Err("write an IPv4 address as one: peers are compared without `::ffff:`");
        }
        let bits = bits(address);
        let prefix = match prefix {
            None => bits,
            // `u8::from_str` takes a plus sign.
            Some(digits) if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().ok().filter(|prefix| *prefix <= bits).ok_or("its prefix is too long")?
            }
            Some(_) => return Err("what follows the slash is not a number of bits"),
        };
        if masked(address, prefix) != address {
            return Err("bits are set beyond its prefix");
        }
        Ok(Self::Ip { address, prefix })
    }

    /// Whether an address is in the network.
    #[must_use]
    pub fn contains(self, ip: IpAddr) -> bool {
        match self {
            Self::Ip { address, prefix } => {
                ip.is_ipv4() == address.is_ipv4() && masked(ip, prefix) == address
            }
            Self::Unix => false,
        }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip { address, prefix } if *prefix == bits(*address) => address.fmt(f),
            Self::Ip { address, prefix } => write!(f, "{address}/{prefix}"),
            Self::Unix => f.write_str("unix"),
        }
    }
}

/// How many bits an address has.
fn bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// The address with all bits beyond the prefix cleared.
fn masked(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(ip) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix.min(32))).unwrap_or(0);
            IpAddr::V4((ip.to_bits() & mask).into())
        }
        IpAddr::V6(ip) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix.min(128))).unwrap_or(0);
            IpAddr::V6((ip.to_bits() & mask).into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_contains_the_addresses_that_begin_as_it_does() {
        for (network, inside, outside) in [
            ("127.0.0.1", "127.0.0.1", "127.0.0.2"),
            ("10.0.0.0/8", "10.255.0.1", "11.0.0.1"),
            ("192.0.2.128/25", "192.0.2.200", "192.0.2.127"),
            ("0.0.0.0/0", "203.0.113.9", "::1"),
            ("::/0", "2001:db8::1", "127.0.0.1"),
            ("::1", "::1", "::2"),
            ("2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::1"),
            ("fd00::/8", "fdff::1", "fe00::1"),
        ] {
            let parsed = Network::parse(network).unwrap();
            assert_eq!(parsed.to_string(), network);
            assert!(parsed.contains(inside.parse().unwrap()), "{network} contains {inside}");
            assert!(!parsed.contains(outside.parse().unwrap()), "{network} does not contain {outside}");
        }
        assert_eq!(Network::parse("10.1.2.3/32").unwrap().to_string(), "10.1.2.3");
        let unix = Network::parse("unix").unwrap();
        assert!(unix.to_string() == "unix" && !unix.contains("127.0.0.1".parse().unwrap()));
    }

    #[test]
    fn a_text_that_is_no_network_is_refused_with_the_reason() {
        for (text, part_of_reason) in [
            ("", "empty"),
            ("/8", "empty"),
            ("any", "every client"),
            ("localhost", "names are not resolved"),
            ("proxy.internal/24", "names are not resolved"),
            ("[::1]", "without brackets"),
            ("10.0.0.0/33", "too long"),
            ("::/129", "too long"),
            ("::/1000", "too long"),
            ("10.0.0.0/", "number of bits"),
            ("10.0.0.0/+8", "number of bits"),
            ("10.0.0.0/255.0.0.0", "number of bits"),
            ("10.1.0.0/8", "beyond its prefix"),
            ("fd00::1/64", "beyond its prefix"),
            ("::ffff:10.0.0.1", "as one"),
        ] {
            let reason = Network::parse(text).unwrap_err();
            assert!(reason.contains(part_of_reason), "{text:?}: {reason}");
        }
    }
}
