//! The header of the PROXY protocol, versions 1 and 2, which a proxy sends before the bytes of its client.
//!
//! Written here and not taken from a crate: those for it accept what the specification forbids (`PROXYxTCP4`, `+80`),
//! wait for more bytes where the first is already wrong, and bound no length. The tests compare with one of them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use super::Client;

/// The longest header that is read. The specification asks for 536 bytes, so that it fits into one segment.
pub(crate) const MAX_PREAMBLE: usize = 536;

/// What the first bytes of a connection are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Preamble {
    /// A header of this length.
    Complete(Source, usize),
    /// The beginning of one.
    Incomplete,
}

/// Whom a proxy has connected for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    /// This client.
    Client(Client),
    /// Itself, to check the server's health for example (`LOCAL`).
    Proxy,
}

/// The bytes are no header of the PROXY protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidPreamble {
    #[error("it begins with something else")]
    Absent,
    #[error("its header is malformed")]
    Malformed,
    #[error("its header is longer than {MAX_PREAMBLE} bytes")]
    TooLong,
}

impl Preamble {
    /// Reads it from the bytes that have arrived so far. An error comes with the first byte that makes it one.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, InvalidPreamble> {
        if begins(bytes, SIGNATURE_2) {
            parse_2(bytes)
        } else if begins(bytes, SIGNATURE_1) {
            parse_1(bytes)
        } else {
            Err(InvalidPreamble::Absent)
        }
    }
}

/// Whether the bytes begin with the signature, as far as they go.
fn begins(bytes: &[u8], signature: &[u8]) -> bool {
    bytes.iter().zip(signature).all(|(byte, expected)| byte == expected)
}

/// Version 1: a line of text, such as `PROXY TCP4 192.0.2.1 192.0.2.2 47011 443`.
fn parse_1(bytes: &[u8]) -> Result<Preamble, InvalidPreamble> {
    let line = bytes.get(..MAX_LINE).unwrap_or(bytes);
    let Some(end) = line.windows(2).position(|pair| pair == b"\r\n") else {
        return if line.len() == MAX_LINE {
            Err(InvalidPreamble::Malformed)
        } else {
            Ok(Preamble::Incomplete)
        };
    };
    let fields = line.get(SIGNATURE_1.len()..end).and_then(|fields| std::str::from_utf8(fields).ok());
    let fields = fields.filter(|fields| !fields.contains(['\r', '\n'])).ok_or(InvalidPreamble::Malformed)?;
    let client = if fields == "UNKNOWN" || fields.starts_with("UNKNOWN ") {
        // The rest of the line is to be ignored.
        Client::UNKNOWN
    } else {
        parse_fields(fields).ok_or(InvalidPreamble::Malformed)?.into()
    };
    Ok(Preamble::Complete(Source::Client(client), end + 2))
}

/// The protocol, the addresses of source and destination, and their ports.
fn parse_fields(fields: &str) -> Option<SocketAddr> {
    let mut fields = fields.split(' ');
    let protocol = fields.next()?;
    let address = |text: &str| -> Option<IpAddr> {
        match protocol {
            "TCP4" => text.parse().ok().map(IpAddr::V4),
            "TCP6" => text.parse().ok().map(IpAddr::V6),
            _ => None,
        }
    };
    let (source, _destination) = (address(fields.next()?)?, address(fields.next()?)?);
    let (port, _port) = (parse_port(fields.next()?)?, parse_port(fields.next()?)?);
    fields.next().is_none().then_some(SocketAddr::new(source, port))
}

/// A number without a sign and without leading zeros.
fn parse_port(text: &str) -> Option<u16> {
    let port: u16 = text.parse().ok()?;
    (port.to_string() == text).then_some(port)
}

/// Version 2: a signature, command and version, family and protocol, the length of the rest; then addresses and what
/// else the proxy tells (TLVs), which is ignored.
fn parse_2(bytes: &[u8]) -> Result<Preamble, InvalidPreamble> {
    let Some((header, rest)) = bytes.split_first_chunk::<FIXED>() else {
        // The first byte after the signature is wrong as soon as it is there.
        return match bytes.get(SIGNATURE_2.len()) {
            Some(&command) if !matches!(command, LOCAL | PROXY) => Err(InvalidPreamble::Malformed),
            Some(_) | None => Ok(Preamble::Incomplete),
        };
    };
    let [.., command, family, high, low] = *header;
    if !matches!(command, LOCAL | PROXY) {
        return Err(InvalidPreamble::Malformed);
    }
    let length = usize::from(u16::from_be_bytes([high, low]));
    if FIXED + length > MAX_PREAMBLE {
        return Err(InvalidPreamble::TooLong);
    }
    let Some(body) = rest.get(..length) else { return Ok(Preamble::Incomplete) };
    let source = if command == LOCAL {
        // Whatever stands in it is to be ignored.
        Source::Proxy
    } else {
        Source::Client(parse_addresses(family, body).ok_or(InvalidPreamble::Malformed)?)
    };
    Ok(Preamble::Complete(source, FIXED + length))
}

/// Reads the address and the port of the source: they stand before and behind the destination's.
fn parse_addresses(family: u8, body: &[u8]) -> Option<Client> {
    match family {
        TCP4 => {
            let ip: [u8; 4] = *body.first_chunk()?;
            Some(SocketAddr::new(Ipv4Addr::from(ip).into(), port_at(body, 8)?).into())
        }
        TCP6 => {
            let ip: [u8; 16] = *body.first_chunk()?;
            Some(SocketAddr::new(Ipv6Addr::from(ip).into(), port_at(body, 32)?).into())
        }
        UNIX_STREAM if body.len() >= UNIX_ADDRESSES => Some(Client::UNKNOWN),
        // Nothing is told of the client, or something that is not TCP.
        UNSPECIFIED | UNSPECIFIED_STREAM => Some(Client::UNKNOWN),
        _ => None,
    }
}

/// The port of the source, behind both addresses. The destination's follows.
fn port_at(body: &[u8], at: usize) -> Option<u16> {
    let [high, low, _, _] = *body.get(at..)?.first_chunk()?;
    Some(u16::from_be_bytes([high, low]))
}

const SIGNATURE_1: &[u8] = b"PROXY ";
const SIGNATURE_2: &[u8] = b"\r\n\r\n\0\r\nQUIT\n";
/// The longest line of version 1, its end included.
const MAX_LINE: usize = 107;
/// The fixed part of version 2.
const FIXED: usize = 16;
const LOCAL: u8 = 0x20;
const PROXY: u8 = 0x21;
const UNSPECIFIED: u8 = 0x00;
const UNSPECIFIED_STREAM: u8 = 0x01;
const TCP4: u8 = 0x11;
const TCP6: u8 = 0x21;
const UNIX_STREAM: u8 = 0x31;
/// Two paths of 108 bytes.
const UNIX_ADDRESSES: usize = 216;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of_client(address: &str) -> Source {
        Source::Client(address.parse::<SocketAddr>().unwrap().into())
    }

    fn version_2(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).unwrap().to_be_bytes();
        [SIGNATURE_2, &[command, family], &length, body].concat()
    }

    const IPV4: &[u8] = &[192, 0, 2, 1, 192, 0, 2, 2, 0xb7, 0xa3, 1, 0xbb];

    #[test]
    fn a_header_tells_the_client_and_where_it_ends() {
        let ipv6: Vec<u8> =
            [&[0x20, 1, 0xd, 0xb8], [0; 11].as_slice(), &[1], &[0; 16], &[0xb7, 0xa3, 1, 0xbb]].concat();
        let mapped: Vec<u8> =
            [[0; 10].as_slice(), &[0xff, 0xff, 192, 0, 2, 1], &[0; 16], &[0xb7, 0xa3, 1, 0xbb]].concat();
        let unknown = Source::Client(Client::UNKNOWN);
        let longest_line = format!("PROXY UNKNOWN {}\r\n", "x".repeat(MAX_LINE - 16));
        for (header, source) in [
            (b"PROXY TCP4 192.0.2.1 192.0.2.2 47011 443\r\n".to_vec(), of_client("192.0.2.1:47011")),
            (b"PROXY TCP6 2001:db8::1 2001:db8::2 47011 0\r\n".to_vec(), of_client("[2001:db8::1]:47011")),
            (b"PROXY TCP6 ::ffff:192.0.2.1 ::1 47011 443\r\n".to_vec(), of_client("192.0.2.1:47011")),
            (b"PROXY UNKNOWN\r\n".to_vec(), unknown),
            (b"PROXY UNKNOWN ff::1 what ever\r\n".to_vec(), unknown),
            (longest_line.into_bytes(), unknown),
            (version_2(PROXY, TCP4, IPV4), of_client("192.0.2.1:47011")),
            (version_2(PROXY, TCP4, &[IPV4, &[3, 0, 4, 1, 2, 3, 4]].concat()), of_client("192.0.2.1:47011")),
            (version_2(PROXY, TCP6, &ipv6), of_client("[2001:db8::1]:47011")),
            (version_2(PROXY, TCP6, &mapped), of_client("192.0.2.1:47011")),
            (version_2(PROXY, UNIX_STREAM, &[0; UNIX_ADDRESSES]), unknown),
            (version_2(PROXY, UNSPECIFIED, &[]), unknown),
            (version_2(PROXY, UNSPECIFIED_STREAM, IPV4), unknown),
            (version_2(LOCAL, UNSPECIFIED, &[]), Source::Proxy),
            (version_2(LOCAL, TCP4, IPV4), Source::Proxy),
            (version_2(LOCAL, 0xff, &[]), Source::Proxy),
            (version_2(LOCAL, 0, &[0; MAX_PREAMBLE - FIXED]), Source::Proxy),
        ] {
            let followed = [header.as_slice(), b"GET / HTTP/1.1\r\n"].concat();
            assert_eq!(Preamble::parse(&followed), Ok(Preamble::Complete(source, header.len())));
            for length in 0..header.len() {
                assert_eq!(
                    Preamble::parse(&header[..length]),
                    Ok(Preamble::Incomplete),
                    "{header:?} {length}"
                );
            }
        }
    }

    #[test]
    fn what_is_no_header_is_refused() {
        let too_long_a_line = format!("PROXY UNKNOWN {}\r\n", "x".repeat(MAX_LINE - 15));
        for (bytes, error) in [
            (b"GET / HTTP/1.1\r\n".to_vec(), InvalidPreamble::Absent),
            (b"\x16\x03\x01".to_vec(), InvalidPreamble::Absent),
            (b"\r\n\r\nGET".to_vec(), InvalidPreamble::Absent),
            (b"PROXYxTCP4".to_vec(), InvalidPreamble::Absent),
            (b"proxy TCP4".to_vec(), InvalidPreamble::Absent),
            (b"PROXY \r\n".to_vec(), InvalidPreamble::Malformed),
            (b"PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n".to_vec(), InvalidPreamble::Malformed),
            (b"PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n".to_vec(), InvalidPreamble::Malformed),
            (b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n".to_vec(), InvalidPreamble::Malformed),
            (b"PROXY TCP4  192.0.2.1 192.0.2.2 1 2\r\n".to_vec(), InvalidPreamble::Malformed),
            (b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2 \r\n".to_vec(), InvalidPreamble::Malformed),
            (b"PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n".to_vec(), InvalidPreamble::Malformed),
            (b"PROXY TCP4 192.0.2.1 192.0.2.2 +1 2\r\n".to_vec(), InvalidPreamble::Malformed),
            (b"PROXY TCP4 192.0.2.1 192.0.2.2 1 65536\r\n".to_vec(), InvalidPreamble::Malformed),
            (b"PROXY TCP4 ::1 ::1 1 2\r\n".to_vec(), InvalidPreamble::Malformed),
            (b"PROXY TCP6 192.0.2.1 ::1 1 2\r\n".to_vec(), InvalidPreamble::Malformed),
            (b"PROXY TCP6 [::1] ::1 1 2\r\n".to_vec(), InvalidPreamble::Malformed),
            (b"PROXY UNKNOWNX\r\n".to_vec(), InvalidPreamble::Malformed),
            (b"PROXY UNKNOWN \n\r\n".to_vec(), InvalidPreamble::Malformed),
            (too_long_a_line.into_bytes(), InvalidPreamble::Malformed),
            (version_2(0x22, TCP4, IPV4), InvalidPreamble::Malformed),
            (version_2(0x11, TCP4, IPV4), InvalidPreamble::Malformed),
            ([SIGNATURE_2, &[0x11]].concat(), InvalidPreamble::Malformed),
            (version_2(PROXY, TCP4, &IPV4[..11]), InvalidPreamble::Malformed),
            (version_2(PROXY, TCP6, IPV4), InvalidPreamble::Malformed),
            (version_2(PROXY, 0x12, IPV4), InvalidPreamble::Malformed),
            (version_2(PROXY, 0x41, IPV4), InvalidPreamble::Malformed),
            (version_2(PROXY, UNIX_STREAM, IPV4), InvalidPreamble::Malformed),
            ([SIGNATURE_2, &[PROXY, TCP4, 0xff, 0xff]].concat(), InvalidPreamble::TooLong),
            ([SIGNATURE_2, &[LOCAL, 0, 2, 9]].concat(), InvalidPreamble::TooLong),
        ] {
            assert_eq!(Preamble::parse(&bytes), Err(error), "{:?}", String::from_utf8_lossy(&bytes));
        }
    }

    /// Bytes that are nearly a header.
    fn nearly() -> impl Strategy<Value = Vec<u8>> {
        let word = prop::sample::select(vec![
            "PROXY",
            "TCP4",
            "TCP6",
            "UNKNOWN",
            "192.0.2.1",
            "::1",
            "1",
            "65535",
            " ",
            " ",
            " ",
            " ",
            "\r\n",
            "\r",
            "+",
            "0",
        ]);
        let text = prop::collection::vec(word, 0..14)
            .prop_map(|words| [b"PROXY ", words.concat().as_bytes()].concat());
        let body = prop::collection::vec(any::<u8>(), 0..300);
        let binary = (
            0x1f_u8..0x23,
            prop::sample::select(vec![0_u8, 1, 0x11, 0x12, 0x21, 0x31, 0x32]),
            body,
            0_usize..20,
        )
            .prop_map(|(command, family, body, cut)| {
                let mut bytes = version_2(command, family, &body);
                bytes.truncate(bytes.len().saturating_sub(cut));
                bytes
            });
        prop_oneof![text, binary, prop::collection::vec(any::<u8>(), 0..40)]
    }

    proptest! {
        /// Each longer beginning is an answer to the same question: what is refused stays refused, and what is complete
        /// stays as it is.
        #[test]
        fn the_result_does_not_depend_on_how_the_bytes_are_split(bytes in nearly()) {
            let mut last = Ok(Preamble::Incomplete);
            for length in 0..=bytes.len() {
                let now = Preamble::parse(&bytes[..length]);
                if last == Ok(Preamble::Incomplete) {
                    if let Ok(Preamble::Complete(_, end)) = now {
                        prop_assert_eq!(end, length, "no byte more than needed");
                    }
                } else {
                    prop_assert_eq!(now, last);
                }
                last = now;
            }
        }

        /// Another implementation accepts what is accepted here, with the same address.
        #[test]
        fn what_is_accepted_another_implementation_accepts_too(bytes in nearly()) {
            let config = proxy_header::ParseConfig::default();
            if let Ok(Preamble::Complete(source, end)) = Preamble::parse(&bytes)
                // It wants addresses even in what is local, and knows no stream of an unspecified family.
                && bytes.get(SIGNATURE_2.len()) != Some(&LOCAL)
                && !(bytes.starts_with(SIGNATURE_2) && bytes.get(SIGNATURE_2.len() + 1) == Some(&UNSPECIFIED_STREAM))
            {
                let (theirs, length) = proxy_header::ProxyHeader::parse(&bytes, config).unwrap();
                prop_assert_eq!(length, end);
                let client = theirs.proxied_address().map_or(Client::UNKNOWN, |address| address.source.into());
                prop_assert_eq!(source, Source::Client(client));
            }
        }

        /// And what it writes is read.
        #[test]
        fn what_another_implementation_writes_is_read(ip in any::<IpAddr>(), port in any::<u16>(), is_text in any::<bool>()) {
            let source = SocketAddr::new(ip, port);
            let header = proxy_header::ProxyHeader::with_address(proxy_header::ProxiedAddress::stream(source, source));
            let mut bytes = [0; 256];
            let length = if is_text {
                header.encode_to_slice_v1(&mut bytes)
            } else {
                header.encode_to_slice_v2(&mut bytes)
            }.unwrap();
            let read = Preamble::parse(&bytes[..length]);
            prop_assert_eq!(read, Ok(Preamble::Complete(Source::Client(source.into()), length)));
        }
    }
}
