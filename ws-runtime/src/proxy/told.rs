//! Who a client is and what it asked for, as far as trusted proxies tell it in headers.
//!
//! Each proxy adds whom it got the request from to the right of a list. The rightmost entry is the one of the proxy that
//! has connected to us, which is trusted. If that entry is a trusted proxy too, the entry before it counts as well, and
//! so on. The first entry that is no trusted proxy is the client. What stands to the left of it, the client has written
//! itself: it is not even read.

use http::header::{FORWARDED, HeaderName, HeaderValue};
use http::uri::Authority;
use http::{HeaderMap, header};

use super::networks::Networks;
use super::{Client, forwarded, x_forwarded};
use crate::handshake::parse_authority;
use crate::options::ForwardedHeader;

/// What trusted proxies tell.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Told {
    /// The client; `None` if no proxy tells of one.
    pub(crate) client: Option<Client>,
    /// The host that the client has asked for.
    pub(crate) host: Option<Authority>,
    /// Whether the client has asked by TLS.
    pub(crate) encrypted: Option<bool>,
}

/// A trusted proxy has sent a malformed header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0} is malformed, although it comes from a trusted proxy")]
pub(crate) struct InvalidForwarding(&'static str);

/// Reads the headers of a request that a trusted proxy has made.
pub(crate) fn told(
    headers: &HeaderMap,
    header: ForwardedHeader,
    trusted: &Networks,
) -> Result<Told, InvalidForwarding> {
    match header {
        ForwardedHeader::Forwarded => read_forwarded(headers, trusted),
        ForwardedHeader::XForwardedFor => read_x_forwarded(headers, trusted),
    }
}

fn read_forwarded(headers: &HeaderMap, trusted: &Networks) -> Result<Told, InvalidForwarding> {
    const INVALID: InvalidForwarding = InvalidForwarding("Forwarded");
    let mut told = Told::default();
    // A quoted string does not go on on the next line, so a client cannot hide the line that a proxy has added.
    for line in lines_from_the_last(headers, &FORWARDED) {
        let line = line.to_str().map_err(|_| INVALID)?;
        for element in forwarded::parse(line).ok_or(INVALID)?.into_iter().rev() {
            // Those nearer to the client replace those of the proxies behind.
            if let Some(host) = element.host {
                told.host = Some(parse_authority(host.as_bytes()).ok_or(INVALID)?);
            }
            if let Some(proto) = element.proto {
                told.encrypted = Some(x_forwarded::is_encrypted(&proto).ok_or(INVALID)?);
            }
            let client = match element.client {
                Some(node) => forwarded::parse_node(&node).ok_or(INVALID)?,
                None => Client::UNKNOWN,
            };
            told.client = Some(client);
            if !is_trusted(client, trusted) {
                return Ok(told);
            }
        }
    }
    Ok(told)
}

fn read_x_forwarded(headers: &HeaderMap, trusted: &Networks) -> Result<Told, InvalidForwarding> {
    let mut told = Told::default();
    let mut hops = 0;
    for part in parts_from_the_right(headers, &X_FORWARDED_FOR) {
        let client = part.and_then(x_forwarded::parse_client).ok_or(InvalidForwarding("X-Forwarded-For"))?;
        hops += 1;
        told.client = Some(client);
        if !is_trusted(client, trusted) {
            break;
        }
    }
    // What the same proxy has added as the client's address. Most proxies replace these headers, and then there is but
    // one part, which those behind pass on.
    let part = |name: &HeaderName| parts_from_the_right(headers, name).take(hops.max(1)).last();
    if let Some(host) = part(&X_FORWARDED_HOST) {
        let host = host.and_then(|host| parse_authority(host.as_bytes()));
        told.host = Some(host.ok_or(InvalidForwarding("X-Forwarded-Host"))?);
    }
    if let Some(proto) = part(&X_FORWARDED_PROTO) {
        let encrypted = proto.and_then(x_forwarded::is_encrypted);
        told.encrypted = Some(encrypted.ok_or(InvalidForwarding("X-Forwarded-Proto"))?);
    }
    Ok(told)
}

/// The parts of a list over all its lines, from the right. `None` for a line that is not ASCII.
fn parts_from_the_right<'h>(
    headers: &'h HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = Option<&'h str>> {
    lines_from_the_last(headers, name).flat_map(|line| {
        let line = line.to_str().ok();
        let unreadable = line.is_none().then_some(None);
        unreadable.into_iter().chain(x_forwarded::from_the_right(line.unwrap_or_default()).map(Some))
    })
}

fn lines_from_the_last<'h>(
    headers: &'h HeaderMap,
    name: &HeaderName,
) -> std::iter::Rev<header::ValueIter<'h, HeaderValue>> {
    headers.get_all(name).into_iter().rev()
}

fn is_trusted(client: Client, trusted: &Networks) -> bool {
    client.ip.is_some_and(|ip| trusted.contain_ip(ip))
}

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
const X_FORWARDED_HOST: HeaderName = HeaderName::from_static("x-forwarded-host");
const X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use ws_spec::Network;

    use super::*;

    fn trusted() -> Networks {
        Networks::Listed(["10.0.0.0/8", "fd00::/8"].map(|text| Network::parse(text).unwrap()).to_vec())
    }

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
        }
        headers
    }

    /// The client, the host and whether it is encrypted, or the name of the malformed header.
    fn read(
        header: ForwardedHeader,
        lines: &[(&'static str, &str)],
    ) -> Result<(String, String, Option<bool>), &'static str> {
        let told = told(&headers(lines), header, &trusted()).map_err(|error| error.0)?;
        let client = match told.client {
            None => "the proxy".to_owned(),
            Some(Client { ip: None, .. }) => "unknown".to_owned(),
            Some(Client { ip: Some(ip), port }) => port.map_or(ip.to_string(), |port| format!("{ip} {port}")),
        };
        Ok((client, told.host.map(|host| host.to_string()).unwrap_or_default(), told.encrypted))
    }

    #[test]
    fn the_client_is_the_first_from_the_right_that_is_no_trusted_proxy() {
        let x = |lines: &[&str]| {
            let lines: Vec<_> = lines.iter().map(|line| ("x-forwarded-for", *line)).collect();
            read(ForwardedHeader::XForwardedFor, &lines).map(|(client, ..)| client)
        };
        for (lines, client) in [
            ([].as_slice(), Ok("the proxy")),
            (&[""], Ok("the proxy")),
            (&["192.0.2.1"], Ok("192.0.2.1")),
            (&["203.0.113.9, 192.0.2.1"], Ok("192.0.2.1")),
            (&["203.0.113.9, 192.0.2.1, 10.0.0.2"], Ok("192.0.2.1")),
            (&["203.0.113.9", "192.0.2.1, 10.0.0.2", "10.0.0.3,"], Ok("192.0.2.1")),
            (&["10.0.0.9, 10.0.0.2"], Ok("10.0.0.9")),
            (&["10.0.0.9, 192.0.2.1, fd00::2"], Ok("192.0.2.1")),
            (&["192.0.2.1, unknown, 10.0.0.2"], Ok("unknown")),
            (&["evil, 192.0.2.1"], Ok("192.0.2.1")),
            (&["\u{fc}", "192.0.2.1"], Ok("192.0.2.1")),
            (&["192.0.2.1, evil"], Err("X-Forwarded-For")),
            (&["192.0.2.1, evil, 10.0.0.2"], Err("X-Forwarded-For")),
            (&["192.0.2.1", "\u{fc}"], Err("X-Forwarded-For")),
        ] {
            assert_eq!(x(lines), client.map(str::to_owned), "{lines:?}");
        }
    }

    #[test]
    fn host_and_scheme_are_those_that_the_clients_own_proxy_tells() {
        let both = |for_, host, proto| {
            [("x-forwarded-for", for_), ("x-forwarded-host", host), ("x-forwarded-proto", proto)]
        };
        let x = |lines: &[(&'static str, &str)]| read(ForwardedHeader::XForwardedFor, lines);
        let expected = |host: &str, encrypted| Ok(("192.0.2.1".to_owned(), host.to_owned(), encrypted));
        assert_eq!(x(&both("192.0.2.1", "example.org", "https")), expected("example.org", Some(true)));
        assert_eq!(
            x(&both("192.0.2.1", "a.test, b.test:8443", "https, HTTP")),
            expected("b.test:8443", Some(false))
        );
        assert_eq!(
            x(&both("192.0.2.1, 10.0.0.2", "a.test, b.test", "WSS, http")),
            expected("a.test", Some(true))
        );
        assert_eq!(x(&both("192.0.2.1, 10.0.0.2", "a.test", "https")), expected("a.test", Some(true)));
        assert_eq!(x(&both("192.0.2.1", "", "")), expected("", None));
        assert_eq!(x(&both("192.0.2.1", "a b", "https")), Err("X-Forwarded-Host"));
        assert_eq!(x(&both("192.0.2.1", "user@a.test", "https")), Err("X-Forwarded-Host"));
        assert_eq!(x(&both("192.0.2.1", "a.test", "gopher")), Err("X-Forwarded-Proto"));
        assert_eq!(
            x(&[("x-forwarded-host", "a.test"), ("x-forwarded-proto", "https")]),
            Ok(("the proxy".to_owned(), "a.test".to_owned(), Some(true)))
        );

        let f = |lines: &[&str]| {
            let lines: Vec<_> = lines.iter().map(|line| ("forwarded", *line)).collect();
            read(ForwardedHeader::Forwarded, &lines)
        };
        assert_eq!(f(&["for=192.0.2.1;host=a.test;proto=https"]), expected("a.test", Some(true)));
        assert_eq!(
            f(&[
                "for=203.0.113.9;host=evil.test, for=192.0.2.1;host=a.test;proto=https",
                "for=10.0.0.2;proto=http"
            ]),
            expected("a.test", Some(true))
        );
        assert_eq!(f(&["for=192.0.2.1, for=10.0.0.2;host=\"b.test:81\""]), expected("b.test:81", None));
        assert_eq!(f(&["for=192.0.2.1;host=\"a b\""]), Err("Forwarded"));
        assert_eq!(f(&["for=192.0.2.1;proto=gopher"]), Err("Forwarded"));
    }

    #[test]
    fn a_client_cannot_hide_what_a_proxy_adds() {
        let f = |lines: &[&str]| {
            let lines: Vec<_> = lines.iter().map(|line| ("forwarded", *line)).collect();
            read(ForwardedHeader::Forwarded, &lines).map(|(client, ..)| client)
        };
        assert_eq!(f(&["for=\"x", "for=192.0.2.1"]), Ok("192.0.2.1".to_owned()), "a line of its own");
        assert_eq!(f(&["for=\"x, for=192.0.2.1"]), Err("Forwarded"), "the same line");
        assert_eq!(f(&["for=\"10.0.0.7, for=192.0.2.1;by=\"10.0.0.1\""]), Err("Forwarded"));
        assert_eq!(f(&["for=10.0.0.7, proto=https"]), Ok("unknown".to_owned()));
        // The header that the option does not name.
        let other = [("x-forwarded-for", "203.0.113.9"), ("forwarded", "for=192.0.2.1")];
        assert_eq!(read(ForwardedHeader::Forwarded, &other).unwrap().0, "192.0.2.1");
        assert_eq!(read(ForwardedHeader::XForwardedFor, &other).unwrap().0, "203.0.113.9");
    }

    proptest! {
        /// Whatever a client sends, the entry that the trusted proxy adds behind it counts.
        #[test]
        fn what_a_client_sends_changes_nothing(text in "[ -~]{0,60}", for_header in any::<bool>()) {
            let header = if for_header { ForwardedHeader::XForwardedFor } else { ForwardedHeader::Forwarded };
            let (name, own) = match header {
                ForwardedHeader::XForwardedFor => ("x-forwarded-for", "192.0.2.1"),
                ForwardedHeader::Forwarded => ("forwarded", "for=192.0.2.1"),
            };
            let expected = Some(Client::new([192, 0, 2, 1].into(), None));
            let of = |lines: &[(&'static str, &str)]| told(&headers(lines), header, &trusted());
            prop_assert_eq!(of(&[(name, &text), (name, own)]).unwrap().client, expected);
            let joined = format!("{text}, {own}");
            if let Ok(told) = of(&[(name, &joined)]) {
                prop_assert_eq!(told.client, expected);
            }
        }

        #[test]
        fn any_bytes_are_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let Ok(value) = HeaderValue::from_bytes(&bytes) else { return Ok(()) };
            for (header, name) in [(ForwardedHeader::Forwarded, "forwarded"), (ForwardedHeader::XForwardedFor, "x-forwarded-for")] {
                let mut headers = HeaderMap::new();
                headers.append(name, value.clone());
                let _ = told(&headers, header, &trusted());
            }
        }
    }
}
