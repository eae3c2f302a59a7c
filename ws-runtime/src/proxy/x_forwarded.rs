//! The headers `X-Forwarded-For`, `-Host` and `-Proto`, which no standard describes.

use std::net::IpAddr;

use super::Client;
use super::forwarded::parse_node;

/// The parts of a list in the order of reading: from the right. Empty ones are ignored.
pub(super) fn from_the_right(line: &str) -> impl Iterator<Item = &str> {
    line.rsplit(',').map(|part| part.trim_matches([' ', '\t'])).filter(|part| !part.is_empty())
}

/// Reads who made a request: an address, perhaps with a port. IPv6 addresses mostly stand without brackets. `unknown`
/// comes from Squid. `None` if it is malformed.
pub(super) fn parse_client(part: &str) -> Option<Client> {
    match part.parse::<IpAddr>() {
        Ok(ip) => Some(Client::new(ip, None)),
        Err(_) => parse_node(part),
    }
}

/// Whether the scheme is that of TLS. `None` if it is no scheme of the web.
pub(super) fn is_encrypted(proto: &str) -> Option<bool> {
    match proto.to_ascii_lowercase().as_str() {
        "https" | "wss" => Some(true),
        "http" | "ws" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ipv6_address_may_stand_without_brackets() {
        let known = |ip: &str, port| Some(Client::new(ip.parse().unwrap(), port));
        for (part, client) in [
            ("192.0.2.1", known("192.0.2.1", None)),
            ("192.0.2.1:443", known("192.0.2.1", Some(443))),
            ("2001:db8::1", known("2001:db8::1", None)),
            ("[2001:db8::1]:443", known("2001:db8::1", Some(443))),
            ("::ffff:192.0.2.1", known("192.0.2.1", None)),
            ("unknown", Some(Client::UNKNOWN)),
            ("localhost", None),
            ("192.0.2.1 192.0.2.2", None),
            ("\"192.0.2.1\"", None),
        ] {
            assert_eq!(parse_client(part), client, "{part}");
        }
        assert_eq!(from_the_right(" a, b ,,\tc,").collect::<Vec<_>>(), ["c", "b", "a"]);
    }
}
