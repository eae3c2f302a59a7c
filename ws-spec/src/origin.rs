//! Origins of web pages, as browsers send them (RFC 6454).

use std::fmt;
use std::net::Ipv6Addr;

/// The origin of a web page, in lower case and without a port that its scheme implies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The scheme, such as `https`.
    pub scheme: String,
    /// A name or an address; an IPv6 address is in brackets.
    pub host: String,
    /// The port, unless it is [the scheme's own](Self::default_port).
    pub port: Option<u16>,
}

impl Origin {
    /// Reads a scheme and a host, perhaps with a port: `https://example.org`, `http://localhost:3000`.
    ///
    /// # Errors
    ///
    /// The reason why no browser would send this as an origin.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.contains('*') {
            return Err("there are no wildcards (`any` alone allows all)");
        }
        if text == "null" {
            return Err("`null` stands for every page without an address");
        }
        let (scheme, rest) = text.split_once("://").ok_or("it has no scheme")?;
        let scheme = scheme.to_ascii_lowercase();
        if matches!(scheme.as_str(), "ws" | "wss") {
            return Err("pages come by `http` or `https`, not by `ws` or `wss`");
        }
        let letters = |byte: u8| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte);
        if !scheme.starts_with(|first: char| first.is_ascii_alphabetic()) || !scheme.bytes().all(letters) {
            return Err("its scheme is malformed");
        }
        if rest.contains(['/', '?', '#']) {
            return Err("an origin ends after host and port, without a slash");
        }
        if !rest.is_ascii() {
            return Err("browsers send the host in ASCII (`xn--…`)");
        }
        if rest.contains('@') {
            return Err("an origin has no user name");
        }
        let (host, port) = split_port(rest);
        if host.is_empty() {
            return Err("it has no host");
        }
        if !is_host(host) {
            return Err("its host is malformed");
        }
        let port = port.map(parse_port).transpose()?;
        let port = port.filter(|port| Some(*port) != Self::default_port(&scheme));
        Ok(Self { scheme, host: host.to_ascii_lowercase(), port })
    }

    /// The default port of this scheme.
    #[must_use]
    pub fn default_port(scheme: &str) -> Option<u16> {
        match scheme {
            "http" => Some(80),
            "https" => Some(443),
            _ => None,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", self.scheme, self.host)?;
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

/// The parts before and after the last colon, unless that colon is part of an IPv6 address.
fn split_port(text: &str) -> (&str, Option<&str>) {
    match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        Some(_) | None => (text, None),
    }
}

pub(crate) fn is_host(host: &str) -> bool {
    match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().is_ok(),
        // The characters of a host name after a browser has parsed it (WHATWG URL, section 3.2).
        None => host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~!$&'()+,;=".contains(&byte)),
    }
}

fn parse_port(text: &str) -> Result<u16, &'static str> {
    // `u16::from_str` takes a plus sign.
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits).ok_or("its port is not a number up to 65535")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_shown_in_its_shortest_form() {
        for (text, shown) in [
            ("https://example.org", "https://example.org"),
            ("HTTPS://Example.ORG:443", "https://example.org"),
            ("http://localhost:3000", "http://localhost:3000"),
            ("http://[::1]:80", "http://[::1]"),
            ("http://[2001:DB8::1]:8080", "http://[2001:db8::1]:8080"),
            ("http://my_host.example:0", "http://my_host.example:0"),
            ("chrome-extension://abcdef", "chrome-extension://abcdef"),
        ] {
            assert_eq!(Origin::parse(text).unwrap().to_string(), shown, "{text}");
        }
    }

    #[test]
    fn a_text_that_is_no_origin_is_refused_with_the_reason() {
        for (text, part_of_reason) in [
            ("*", "wildcards"),
            ("https://*.example.org", "wildcards"),
            ("null", "without an address"),
            ("example.org", "no scheme"),
            ("wss://example.org", "not by `ws`"),
            ("1http://example.org", "scheme is malformed"),
            ("://example.org", "scheme is malformed"),
            ("https://example.org/", "without a slash"),
            ("https://example.org?a", "without a slash"),
            ("https://bücher.example", "ASCII"),
            ("https://user@example.org", "no user name"),
            ("https://", "no host"),
            ("https://:80", "no host"),
            ("https://a b", "host is malformed"),
            ("https://[::zz]", "host is malformed"),
            ("https://::1", "host is malformed"),
            ("https://example.org:", "port is not a number"),
            ("https://example.org:+80", "port is not a number"),
            ("https://example.org:65536", "port is not a number"),
        ] {
            let reason = Origin::parse(text).unwrap_err();
            assert!(reason.contains(part_of_reason), "{text:?}: {reason}");
        }
    }
}
