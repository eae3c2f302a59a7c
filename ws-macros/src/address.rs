//! Checks whether a server can listen on an address: the runtime's rules, applied at compile time.

use std::net::{IpAddr, SocketAddr};

/// Says why no server can listen on this address; `None` if one can.
pub(crate) fn problem(text: &str) -> Option<&'static str> {
    check_address(text.trim()).err()
}

/// The forms of an address, for error messages.
pub(crate) const FORMS: &str = "`8080`, `\"127.0.0.1:8080\"`, `\"[::1]:8080\"`, `\"localhost:8080\"`, `\"unix:/path/to/socket\"` or `\"systemd\"`";

fn check_address(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err("it is empty");
    }
    if text == "systemd" || text.parse::<SocketAddr>().is_ok() {
        return Ok(());
    }
    if let Some(path) = text.strip_prefix("unix:") {
        return check_path(path);
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return check_port(text);
    }
    check_name(text)
}

fn check_path(path: &str) -> Result<(), &'static str> {
    if path.is_empty() {
        return Err("the path after `unix:` is empty");
    }
    if path.contains('\0') {
        return Err("the path contains a zero byte");
    }
    Ok(())
}

fn check_name(text: &str) -> Result<(), &'static str> {
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
    check_port(port)?;
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
    Ok(())
}

fn check_port(text: &str) -> Result<(), &'static str> {
    // `u16::from_str` accepts a plus sign.
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err("the port is not a number");
    }
    text.parse::<u16>().map(drop).map_err(|_| "a port is at most 65535")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_runtime_listens_on_is_taken() {
        for text in [
            "8080",
            "0",
            "127.0.0.1:80",
            "[::1]:8080",
            "[fe80::1%2]:8080",
            "localhost:8080",
            "my_host-1:0",
            "unix:/a b:c",
            "systemd",
        ] {
            assert_eq!(problem(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_text_that_is_no_address_is_refused_with_the_reason() {
        for (text, part_of_reason) in [
            ("", "empty"),
            ("localhost", "port is missing"),
            ("127.0.0.1", "port is missing"),
            ("::1", "brackets"),
            ("[::zz]:80", "not an IPv6 address"),
            (":8080", "host is missing"),
            ("65536", "at most 65535"),
            ("1.2.3.4:99999", "at most 65535"),
            ("localhost:http", "not a number"),
            ("256.0.0.1:80", "not an IPv4 address"),
            ("ws://localhost:80", "URL"),
            ("a b:80", "character"),
            ("/run/chat.sock", "unix:"),
            ("unix:", "path"),
        ] {
            let reason = problem(text).unwrap_or("nothing is wrong");
            assert!(reason.contains(part_of_reason), "{text:?}: {reason}");
        }
    }
}
