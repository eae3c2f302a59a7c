//! The header `Forwarded` (RFC 7239).

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr};

use ws_spec::{is_token, is_token_byte};

use super::Client;

/// What one proxy says of the request that it received.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Element<'a> {
    /// Who made the request to it.
    pub(super) client: Option<Cow<'a, str>>,
    /// What `Host` named.
    pub(super) host: Option<Cow<'a, str>>,
    /// `http` or `https`.
    pub(super) proto: Option<Cow<'a, str>>,
}

/// Reads one line of the header: elements with commas between them (section 4). `None` if it is malformed.
pub(super) fn parse(line: &str) -> Option<Vec<Element<'_>>> {
    let mut elements = Vec::new();
    let mut rest = line;
    loop {
        let element;
        (element, rest) = parse_element(rest)?;
        // RFC 9110 section 5.6.1: empty elements are ignored.
        elements.extend(element);
        let Some(next) = rest.strip_prefix(',') else { break };
        rest = next;
    }
    rest.is_empty().then_some(elements)
}

/// Reads an element, which ends before a comma or at the end, and returns what follows it.
fn parse_element(text: &str) -> Option<(Option<Element<'_>>, &str)> {
    let mut element = Element::default();
    let mut names: Vec<&str> = Vec::new();
    let mut rest = without_space(text);
    loop {
        if !rest.starts_with([',', ';']) && !rest.is_empty() {
            let (name, value, after) = parse_pair(rest)?;
            // Section 4: each parameter occurs at most once in an element.
            if names.iter().any(|earlier| earlier.eq_ignore_ascii_case(name)) {
                return None;
            }
            names.push(name);
            match name.to_ascii_lowercase().as_str() {
                "for" => element.client = Some(value),
                "host" => element.host = Some(value),
                "proto" => element.proto = Some(value),
                _ => {}
            }
            rest = without_space(after);
        }
        let Some(next) = rest.strip_prefix(';') else { break };
        rest = without_space(next);
    }
    Some(((!names.is_empty()).then_some(element), rest))
}

/// Reads `name=value`, and returns what follows it.
fn parse_pair(text: &str) -> Option<(&str, Cow<'_, str>, &str)> {
    let (name, rest) = text.split_once('=')?;
    if !is_token(name) {
        return None;
    }
    if let Some(quoted) = rest.strip_prefix('"') {
        let (value, after) = parse_quoted(quoted)?;
        return Some((name, value, after));
    }
    let end = rest.bytes().position(|byte| !is_token_byte(byte)).unwrap_or(rest.len());
    let (value, after) = rest.split_at_checked(end)?;
    (!value.is_empty()).then_some((name, Cow::Borrowed(value), after))
}

/// Reads a quoted string behind its opening quote (RFC 9110 section 5.6.4), and returns what follows it.
fn parse_quoted(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let mut unescaped: Option<String> = None;
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => {
                let value = match unescaped {
                    Some(value) => Cow::Owned(value),
                    None => Cow::Borrowed(text.get(..at)?),
                };
                return Some((value, text.get(at + 1..)?));
            }
            '\\' => {
                let (_, escaped) = characters.next()?;
                let so_far = text.get(..at)?;
                unescaped.get_or_insert_with(|| so_far.to_owned()).push(escaped);
            }
            character => {
                if let Some(value) = &mut unescaped {
                    value.push(character);
                }
            }
        }
    }
    None
}

fn without_space(text: &str) -> &str {
    text.trim_start_matches([' ', '\t'])
}

/// Reads who made a request (section 6): an address, perhaps with a port, `unknown`, or a name that hides it. `None` if
/// it is malformed.
pub(super) fn parse_node(node: &str) -> Option<Client> {
    let (name, port) = match node.rsplit_once(':') {
        // The colon belongs to an IPv6 address.
        Some((_, port)) if port.ends_with(']') => (node, None),
        Some((name, port)) => (name, Some(port)),
        None => (node, None),
    };
    let port = match port {
        None => None,
        Some(port) if is_obfuscated(port) => None,
        Some(port) => Some(parse_port(port)?),
    };
    if name.eq_ignore_ascii_case("unknown") || is_obfuscated(name) {
        return Some(Client::UNKNOWN);
    }
    let ip = match name.strip_prefix('[') {
        Some(rest) => IpAddr::V6(rest.strip_suffix(']')?.parse().ok()?),
        None => IpAddr::V4(name.parse::<Ipv4Addr>().ok()?),
    };
    Some(Client::new(ip, port))
}

/// Whether this is a name that hides an address or a port: an underscore, then letters, digits and `._-`.
fn is_obfuscated(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    name.strip_prefix('_').is_some_and(|rest| !rest.is_empty() && rest.bytes().all(plain))
}

/// Up to five digits.
fn parse_port(port: &str) -> Option<u16> {
    let digits = (1..=5).contains(&port.len()) && port.bytes().all(|byte| byte.is_ascii_digit());
    port.parse().ok().filter(|_| digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clients(line: &str) -> Option<Vec<String>> {
        Some(
            parse(line)?.into_iter().map(|element| element.client.unwrap_or_default().into_owned()).collect(),
        )
    }

    #[test]
    fn a_line_is_read_as_rfc_7239_writes_it() {
        for (line, read) in [
            ("for=\"_gazonk\"", ["_gazonk"].as_slice()),
            ("For=\"[2001:db8:cafe::17]:4711\"", &["[2001:db8:cafe::17]:4711"]),
            ("for=192.0.2.60;proto=http;by=203.0.113.43", &["192.0.2.60"]),
            ("for=192.0.2.43, for=198.51.100.17", &["192.0.2.43", "198.51.100.17"]),
            (" for=a ; host=b\t,\tfor=c ", &["a", "c"]),
            (", ,for=a,,;,for=b,", &["a", "b"]),
            ("for=\"a\\\"b, for=c\", for=d", &["a\"b, for=c", "d"]),
            ("proto=https;secret=\"x,;=\"", &[""]),
            ("", &[]),
        ] {
            assert_eq!(
                clients(line).as_deref(),
                Some(read.iter().map(|&one| one.to_owned()).collect::<Vec<_>>()).as_deref(),
                "{line}"
            );
        }
        let element = parse("host=\"example.org:8443\";Proto=HTTPS;for=unknown").unwrap().pop().unwrap();
        assert_eq!(
            (element.host.as_deref(), element.proto.as_deref()),
            (Some("example.org:8443"), Some("HTTPS"))
        );
    }

    #[test]
    fn a_malformed_line_is_refused_as_a_whole() {
        for line in [
            "for",
            "for=",
            "=a",
            "for=a b",
            "for =a",
            "for= a",
            "for=a for=b",
            "for=a;for=b",
            "for=a;FOR=b",
            "for=192.0.2.1:80",
            "for=[2001:db8::1]",
            "for=\"a",
            "for=\"a\\",
            "for=\"a\"b",
            "f r=a",
            "for=a/b",
            "192.0.2.1",
        ] {
            assert_eq!(parse(line), None, "{line}");
        }
    }

    #[test]
    fn a_node_is_an_address_or_hides_one() {
        let known = |ip: &str, port| Some(Client::new(ip.parse().unwrap(), port));
        for (node, client) in [
            ("192.0.2.43", known("192.0.2.43", None)),
            ("192.0.2.43:47011", known("192.0.2.43", Some(47011))),
            ("192.0.2.43:_port", known("192.0.2.43", None)),
            ("[2001:db8::1]", known("2001:db8::1", None)),
            ("[2001:db8::1]:80", known("2001:db8::1", Some(80))),
            ("[::ffff:192.0.2.1]", known("192.0.2.1", None)),
            ("unknown", Some(Client::UNKNOWN)),
            ("Unknown:80", Some(Client::UNKNOWN)),
            ("_hidden", Some(Client::UNKNOWN)),
            ("_SEVKISEK.a-b:_80", Some(Client::UNKNOWN)),
            ("", None),
            ("_", None),
            ("_a b", None),
            ("2001:db8::1", None),
            ("[192.0.2.1]", None),
            ("[2001:db8::1", None),
            ("[fe80::1%eth0]", None),
            ("192.0.2", None),
            ("192.0.2.043", None),
            ("192.0.2.43:", None),
            ("192.0.2.43:+80", None),
            ("192.0.2.43:65536", None),
            ("192.0.2.43:000080", None),
            ("example.org", None),
        ] {
            assert_eq!(parse_node(node), client, "{node}");
        }
    }
}
