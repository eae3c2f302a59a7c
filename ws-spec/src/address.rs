//! The written forms of the addresses that a server can listen on.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// A parsed address, before it is resolved or bound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// A port on all interfaces.
    Port(u16),
    /// An address with a port.
    Socket(SocketAddr),
    /// A host name, not resolved yet.
    Name {
        /// The name of a host.
        host: String,
        /// The port.
        port: u16,
    },
    /// The path of a Unix domain socket.
    Path(PathBuf),
    /// The sockets that systemd passes.
    Systemd,
}

impl Target {
    /// Reads one of the [`FORMS`].
    ///
    /// # Errors
    ///
    /// Why it is none of them.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let text = text.trim();
        if text.is_empty() {
            return Err("it is empty");
        }
        if text == "systemd" {
            return Ok(Self::Systemd);
        }
        if let Some(path) = text.strip_prefix("unix:") {
            return Self::parse_path(path);
        }
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            return parse_port(text).map(Self::Port);
        }
        if let Ok(address) = text.parse() {
            return Ok(Self::Socket(address));
        }
        Self::parse_name(text)
    }

    fn parse_path(path: &str) -> Result<Self, &'static str> {
        if path.is_empty() {
            return Err("the path after `unix:` is empty");
        }
        if path.contains('\0') {
            return Err("the path contains a zero byte");
        }
        Ok(Self::Path(PathBuf::from(path)))
    }

    fn parse_name(text: &str) -> Result<Self, &'static str> {
        if text.contains("//") {
            return Err("it is a URL; leave out the scheme and the path");
        }
        if text.starts_with('/') || text.starts_with("./") {
            return Err("a path needs `unix:` before it");
        }
        if text.parse::<IpAddr>().is_ok() {
            return Err("the port is missing; an IPv6 address also needs brackets");
        }
        let Some((host, port)) = text.rsplit_once(':') else {
            return Err("the port is missing");
        };
        let port = parse_port(port)?;
        if host.is_empty() || host == "*" {
            return Err("the host is missing; for all interfaces give the port alone");
        }
        if host.starts_with('[') {
            return Err("what stands in brackets is not an IPv6 address");
        }
        if host.contains(':') {
            return Err("an IPv6 address needs brackets");
        }
        if host.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
            return Err("the host is not an IPv4 address: four numbers from 0 to 255");
        }
        if !host.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '.' | '_')) {
            return Err("the host contains a character that no host name has");
        }
        Ok(Self::Name { host: host.to_owned(), port })
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Port(port) => port.fmt(f),
            Self::Socket(address) => address.fmt(f),
            Self::Name { host, port } => write!(f, "{host}:{port}"),
            Self::Path(path) => write!(f, "unix:{}", path.display()),
            Self::Systemd => f.write_str("systemd"),
        }
    }
}

fn parse_port(text: &str) -> Result<u16, &'static str> {
    // `u16::from_str` takes a plus sign.
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("the port is not a number");
    }
    text.parse().map_err(|_| "a port is at most 65535")
}

/// The forms that [`Target::parse`] reads.
pub const FORMS: [&str; 6] =
    ["8080", "127.0.0.1:8080", "[::1]:8080", "localhost:8080", "unix:/path/to/socket", "systemd"];

/// The [`FORMS`] in words, each passed through `quote`.
#[must_use]
pub fn forms(quote: impl Fn(&str) -> String) -> String {
    let [forms @ .., last] = FORMS.map(|form| format!("`{}`", quote(form)));
    format!("{} or {last}", forms.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_an_address_is_read() {
        let name = |host: &str, port| Target::Name { host: host.to_owned(), port };
        let socket = |text: &str| Target::Socket(text.parse().unwrap());
        for (text, target) in [
            ("8080", Target::Port(8080)),
            ("0", Target::Port(0)),
            (" 8080\n", Target::Port(8080)),
            ("65535", Target::Port(65535)),
            ("127.0.0.1:80", socket("127.0.0.1:80")),
            ("0.0.0.0:0", socket("0.0.0.0:0")),
            ("[::1]:8080", socket("[::1]:8080")),
            ("[::]:8080", socket("[::]:8080")),
            ("[fe80::1%2]:8080", socket("[fe80::1%2]:8080")),
            ("localhost:8080", name("localhost", 8080)),
            ("chat.example.org:443", name("chat.example.org", 443)),
            ("my_host-1:0", name("my_host-1", 0)),
            ("unix:/run/chat.sock", Target::Path("/run/chat.sock".into())),
            ("unix:chat.sock", Target::Path("chat.sock".into())),
            ("unix:/a b:c", Target::Path("/a b:c".into())),
            ("systemd", Target::Systemd),
        ] {
            assert_eq!(Target::parse(text), Ok(target), "{text:?}");
        }
    }

    #[test]
    fn a_text_that_is_no_address_is_refused_with_the_reason() {
        for (text, part_of_reason) in [
            ("", "empty"),
            ("  ", "empty"),
            ("localhost", "port is missing"),
            ("127.0.0.1", "port is missing"),
            ("::1", "brackets"),
            ("fe80::1:2:zz:8080", "brackets"),
            ("[::1]", "port is not a number"),
            ("[::zz]:80", "not an IPv6 address"),
            (":8080", "host is missing"),
            ("*:8080", "host is missing"),
            ("65536", "at most 65535"),
            ("localhost:70000", "at most 65535"),
            ("localhost:+80", "not a number"),
            ("localhost:", "not a number"),
            ("localhost:http", "not a number"),
            ("-1", "port is missing"),
            ("256.0.0.1:80", "not an IPv4 address"),
            ("1.2.3:80", "not an IPv4 address"),
            ("ws://localhost:80", "URL"),
            ("a b:80", "character"),
            ("/run/chat.sock", "unix:"),
            ("unix:", "path"),
            ("unix:/a\0b", "zero byte"),
        ] {
            let reason = Target::parse(text).unwrap_err();
            assert!(reason.contains(part_of_reason), "{text:?}: {reason}");
        }
    }

    #[test]
    fn a_target_is_displayed_as_it_is_written() {
        for text in ["8080", "127.0.0.1:80", "[::1]:80", "localhost:80", "unix:/run/chat.sock", "systemd"] {
            assert_eq!(Target::parse(text).unwrap().to_string(), text);
        }
    }

    #[test]
    fn the_forms_are_read() {
        for form in FORMS {
            assert!(Target::parse(form).is_ok(), "{form}");
        }
        assert!(forms(str::to_owned).ends_with("`unix:/path/to/socket` or `systemd`"));
    }
}
