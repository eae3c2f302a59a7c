//! Names of hosts that a server answers for.

use std::fmt;
use std::net::IpAddr;

use crate::origin::is_host;

/// A host that a server answers for, with any port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HostName {
    /// An address.
    Ip(IpAddr),
    /// A name, in lower case.
    Name(String),
    /// All names that end with a dot and this one, in lower case.
    Below(String),
}

impl HostName {
    /// Reads a name, an address (an IPv6 address in brackets), or `*.` and a name for all names below it.
    ///
    /// # Errors
    ///
    /// The reason why it is none of them.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        if text.is_empty() {
            return Err("it is empty");
        }
        if text.contains('/') {
            return Err("it is a URL; leave out the scheme and the path");
        }
        if !text.is_ascii() {
            return Err("browsers send the host in ASCII (`xn--…`)");
        }
        if text.parse::<IpAddr>().is_ok_and(|ip| ip.is_ipv6()) {
            return Err("an IPv6 address needs brackets");
        }
        if let Some(ip) = parse_ip(text) {
            return Ok(Self::Ip(ip));
        }
        if text.contains(':') {
            return Err("it is answered with any port; leave out the port");
        }
        let name = without_dot(text);
        let parent = name.strip_prefix("*.");
        let name = parent.unwrap_or(name).to_ascii_lowercase();
        if name.contains('*') {
            return Err("`*.` can only stand before a name, for all names below it");
        }
        if name.is_empty() || name.starts_with('.') || !is_host(&name) {
            return Err("no host has this name");
        }
        Ok(if parent.is_some() { Self::Below(name) } else { Self::Name(name) })
    }

    /// Whether it is the host of a request, which is given without its port: IPv6 addresses in brackets.
    ///
    /// Case is ignored, and a dot at the end of a name, which says that it is complete (RFC 3986, section 3.2.2).
    #[must_use]
    pub fn matches(&self, host: &str) -> bool {
        let host = without_dot(host);
        match self {
            Self::Ip(ip) => parse_ip(host) == Some(*ip),
            Self::Name(name) => host.eq_ignore_ascii_case(name),
            Self::Below(parent) => is_below(host, parent),
        }
    }

    /// Whether a host is this machine alone: `localhost`, a name below it (RFC 6761, section 6.3), or a loopback
    /// address.
    #[must_use]
    pub fn is_loopback(host: &str) -> bool {
        let host = without_dot(host);
        host.eq_ignore_ascii_case("localhost")
            || is_below(host, "localhost")
            || parse_ip(host).is_some_and(|ip| ip.is_loopback())
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(ip @ IpAddr::V4(_)) => ip.fmt(f),
            Self::Ip(ip @ IpAddr::V6(_)) => write!(f, "[{ip}]"),
            Self::Name(name) => f.write_str(name),
            Self::Below(parent) => write!(f, "*.{parent}"),
        }
    }
}

fn without_dot(host: &str) -> &str {
    host.strip_suffix('.').unwrap_or(host)
}

fn is_below(host: &str, parent: &str) -> bool {
    let name = host.len().checked_sub(parent.len()).and_then(|at| host.split_at_checked(at));
    name.is_some_and(|(before, rest)| {
        before.len() > 1 && before.ends_with('.') && rest.eq_ignore_ascii_case(parent)
    })
}

/// An IPv4 address, or an IPv6 address in brackets. One that holds an IPv4 address is that.
fn parse_ip(host: &str) -> Option<IpAddr> {
    let ip = match host.strip_prefix('[') {
        Some(rest) => IpAddr::V6(rest.strip_suffix(']')?.parse().ok()?),
        None => IpAddr::V4(host.parse().ok()?),
    };
    Some(ip.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_matches_in_any_case_and_with_a_dot_at_its_end() {
        for (name, same, others) in [
            (
                "example.org",
                ["example.org", "EXAMPLE.org", "example.org."].as_slice(),
                ["www.example.org", "example.org.evil.test", "example.org..", "", "."].as_slice(),
            ),
            (
                "*.example.org",
                &["www.example.org", "a.b.Example.Org."],
                &["example.org", ".example.org", "wwwexample.org", "ü.xample.org"],
            ),
            ("127.0.0.1", &["127.0.0.1", "[::ffff:127.0.0.1]"], &["127.0.0.2", "localhost", "[::1]"]),
            ("[::1]", &["[::1]", "[0:0:0:0:0:0:0:1]"], &["::1", "[::2]", "[::1"]),
        ] {
            let parsed = HostName::parse(name).unwrap();
            assert_eq!(parsed.to_string(), name);
            same.iter().for_each(|host| assert!(parsed.matches(host), "{name} is {host}"));
            others.iter().for_each(|host| assert!(!parsed.matches(host), "{name} is not {host}"));
        }
        assert_eq!(HostName::parse("Example.ORG.").unwrap().to_string(), "example.org");
    }

    #[test]
    fn this_machine_has_few_names() {
        for host in [
            "localhost",
            "LOCALHOST.",
            "app.localhost",
            "127.0.0.1",
            "127.1.2.3",
            "[::1]",
            "[::ffff:127.0.0.1]",
        ] {
            assert!(HostName::is_loopback(host), "{host}");
        }
        for host in [
            "localhost.example.org",
            "notlocalhost",
            ".localhost",
            "128.0.0.1",
            "[::2]",
            "0.0.0.0",
            "example.org",
        ] {
            assert!(!HostName::is_loopback(host), "{host}");
        }
    }

    #[test]
    fn a_text_that_is_no_host_is_refused_with_the_reason() {
        for (text, part_of_reason) in [
            ("", "empty"),
            (".", "no host"),
            ("*", "only stand before"),
            ("*.", "only stand before"),
            ("www.*.org", "only stand before"),
            ("*.*.org", "only stand before"),
            ("https://example.org", "URL"),
            ("example.org/chat", "URL"),
            ("example.org:8080", "leave out the port"),
            ("[::1]:8080", "leave out the port"),
            ("::1", "brackets"),
            ("bücher.example", "ASCII"),
            ("a b", "no host"),
            (".example.org", "no host"),
            ("user@example.org", "no host"),
        ] {
            let reason = HostName::parse(text).unwrap_err();
            assert!(reason.contains(part_of_reason), "{text:?}: {reason}");
        }
    }
}
