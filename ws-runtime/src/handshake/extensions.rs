//! Negotiates permessage-deflate (RFC 7692, section 7.1).

use http::HeaderMap;
use http::header::{HeaderValue, SEC_WEBSOCKET_EXTENSIONS};

use crate::wire::{Agreement, MAX_WINDOW_BITS};

/// The terms that the server accepts.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terms {
    /// Whether messages may refer to earlier ones.
    pub(crate) context_takeover: bool,
    /// The largest window that we keep for one connection, in each direction.
    pub(crate) window_bits: u8,
}

/// How many offers are read, so that a header full of commas costs little.
const MAX_OFFERS: usize = 16;

/// The smallest window that zlib can compress with. An offer that demands a smaller one is declined.
const MIN_WINDOW_BITS: u8 = 9;

/// One offer of a client.
#[derive(Debug, Default, PartialEq, Eq)]
struct Offer {
    server_no_context_takeover: bool,
    client_no_context_takeover: bool,
    server_max_window_bits: Option<u8>,
    /// The largest window that the client uses; `None` if the server must not ask for a smaller one.
    client_max_window_bits: Option<u8>,
}

/// Accepts the first offer that fits the terms. Returns the agreement, and the header that states it.
///
/// Malformed and unknown offers are ignored: the connection then works without compression.
pub(crate) fn negotiate(headers: &HeaderMap, terms: Terms) -> Option<(Agreement, HeaderValue)> {
    let lines = headers.get_all(SEC_WEBSOCKET_EXTENSIONS).iter().filter_map(|line| line.to_str().ok());
    let offers = lines.flat_map(|line| split(line, ',')).take(MAX_OFFERS);
    offers.filter_map(Offer::parse).find_map(|offer| offer.accept(terms))
}

impl Offer {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = split(text, ';');
        if !parts.next()?.eq_ignore_ascii_case("permessage-deflate") {
            return None;
        }
        let mut offer = Self::default();
        for parameter in parts {
            let (name, value) = match parameter.split_once('=') {
                Some((name, value)) => (name.trim(), Some(unquoted(value.trim()))),
                None => (parameter, None),
            };
            // RFC 7692 section 7.1: an offer with a parameter that is unknown, malformed or repeated is declined.
            let is_first = match (name, value) {
                ("server_no_context_takeover", None) => {
                    !std::mem::replace(&mut offer.server_no_context_takeover, true)
                }
                ("client_no_context_takeover", None) => {
                    !std::mem::replace(&mut offer.client_no_context_takeover, true)
                }
                ("server_max_window_bits", Some(bits)) => {
                    offer.server_max_window_bits.replace(window_bits(bits)?).is_none()
                }
                ("client_max_window_bits", bits) => {
                    let bits = bits.map_or(Some(MAX_WINDOW_BITS), window_bits)?;
                    offer.client_max_window_bits.replace(bits).is_none()
                }
                _ => false,
            };
            if !is_first {
                return None;
            }
        }
        Some(offer)
    }

    /// Accepts the offer if it fits the terms.
    fn accept(&self, terms: Terms) -> Option<(Agreement, HeaderValue)> {
        let server_takes_over = terms.context_takeover && !self.server_no_context_takeover;
        let client_takes_over = terms.context_takeover && !self.client_no_context_takeover;
        // Without context takeover the window belongs to the thread, and costs the connection nothing.
        let server_window = if server_takes_over { terms.window_bits } else { MAX_WINDOW_BITS };
        let client_window = if client_takes_over { terms.window_bits } else { MAX_WINDOW_BITS };
        let server_window_bits = server_window.min(self.server_max_window_bits.unwrap_or(MAX_WINDOW_BITS));
        if server_window_bits < MIN_WINDOW_BITS {
            return None;
        }
        let mut answer = String::from("permessage-deflate");
        if !server_takes_over {
            answer.push_str("; server_no_context_takeover");
        }
        if !client_takes_over {
            answer.push_str("; client_no_context_takeover");
        }
        if self.server_max_window_bits.is_some() {
            answer.push_str(&format!("; server_max_window_bits={server_window_bits}"));
        }
        let client_window_bits = match self.client_max_window_bits {
            Some(theirs) if client_window < MAX_WINDOW_BITS => {
                let bits = client_window.min(theirs);
                answer.push_str(&format!("; client_max_window_bits={bits}"));
                bits.max(MIN_WINDOW_BITS)
            }
            // The client may use any window.
            Some(_) | None => MAX_WINDOW_BITS,
        };
        let agreement =
            Agreement { client_takes_over, server_takes_over, client_window_bits, server_window_bits };
        Some((agreement, HeaderValue::from_str(&answer).ok()?))
    }
}

/// RFC 7692 section 7.1.2: from 8 to 15, without a leading zero.
fn window_bits(text: &str) -> Option<u8> {
    let bits = text.parse().ok().filter(|bits| (8..=MAX_WINDOW_BITS).contains(bits))?;
    (!text.starts_with(['0', '+'])).then_some(bits)
}

fn unquoted(value: &str) -> &str {
    value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value)
}

/// Splits at separators outside of quotes, and trims the parts.
fn split(text: &str, separator: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    let mut escaped = false;
    let parts = text.split(move |character| {
        match character {
            _ if escaped => escaped = false,
            '\\' => escaped = quoted,
            '"' => quoted = !quoted,
            _ => return character == separator && !quoted,
        }
        false
    });
    parts.map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The answer to an offer, by a server with a window of 12 bits if it keeps one.
    fn answer(offer: &'static str, context_takeover: bool) -> Option<String> {
        let mut headers = HeaderMap::new();
        headers.insert(SEC_WEBSOCKET_EXTENSIONS, HeaderValue::from_static(offer));
        let (_, answer) = negotiate(&headers, Terms { context_takeover, window_bits: 12 })?;
        Some(answer.to_str().unwrap().to_owned())
    }

    #[test]
    fn each_offer_has_its_answer() {
        const NEITHER: &str = "permessage-deflate; server_no_context_takeover; client_no_context_takeover";
        let rows: [(&str, Option<&str>, Option<&str>); 24] = [
            ("permessage-deflate", Some(""), Some("-")),
            ("Permessage-Deflate", Some(""), Some("-")),
            ("permessage-deflate; client_max_window_bits", Some(""), Some("-; client_max_window_bits=12")),
            ("permessage-deflate; client_max_window_bits=10", Some(""), Some("-; client_max_window_bits=10")),
            ("permessage-deflate; client_max_window_bits=8", Some(""), Some("-; client_max_window_bits=8")),
            (
                "permessage-deflate; client_max_window_bits=\"10\"",
                Some(""),
                Some("-; client_max_window_bits=10"),
            ),
            (
                "permessage-deflate; server_max_window_bits=10",
                Some("; server_max_window_bits=10"),
                Some("-; server_max_window_bits=10"),
            ),
            (
                "permessage-deflate; server_max_window_bits=15",
                Some("; server_max_window_bits=15"),
                Some("-; server_max_window_bits=12"),
            ),
            (
                "permessage-deflate; server_no_context_takeover",
                Some(""),
                Some("-; server_no_context_takeover"),
            ),
            (
                "permessage-deflate; client_no_context_takeover",
                Some(""),
                Some("-; client_no_context_takeover"),
            ),
            ("permessage-deflate; server_max_window_bits=8", None, None),
            ("permessage-deflate; server_max_window_bits=8, permessage-deflate", Some(""), Some("-")),
            ("permessage-deflate; server_max_window_bits", None, None),
            ("permessage-deflate; server_max_window_bits=16", None, None),
            ("permessage-deflate; server_max_window_bits=09", None, None),
            ("permessage-deflate; server_max_window_bits=+9", None, None),
            ("permessage-deflate; client_max_window_bits=7", None, None),
            ("permessage-deflate; server_no_context_takeover=true", None, None),
            ("permessage-deflate; client_max_window_bits; client_max_window_bits", None, None),
            ("permessage-deflate; unknown", None, None),
            ("x-webkit-deflate-frame, permessage-deflate", Some(""), Some("-")),
            ("other; quoted=\"a, permessage-deflate, b\"", None, None),
            ("other; quoted=\"a\\\", permessage-deflate\", permessage-deflate", Some(""), Some("-")),
            (",,;=,", None, None),
        ];
        for (offer, alone, takeover) in rows {
            let alone = alone.map(|rest| format!("{NEITHER}{rest}"));
            let takeover = takeover.map(|answer| answer.replacen('-', "permessage-deflate", 1));
            assert_eq!(answer(offer, false), alone, "{offer}");
            assert_eq!(answer(offer, true), takeover, "{offer}");
        }
    }
}
