//! The subprotocols that a client offers, and choosing one (RFC 6455 section 1.9).

use http::HeaderMap;
use http::header::{HeaderValue, SEC_WEBSOCKET_PROTOCOL};

use super::refusal::Refusal;
use super::request::Handshake;

/// The subprotocols that the client offers, the one it likes best first.
#[derive(Debug, Default)]
pub(super) struct Subprotocols(Vec<String>);

/// The client did not offer the subprotocol that was to be chosen (RFC 6455 section 4.2.2).
///
/// As a [`Reject`](crate::Reject) it is status 400.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the client does not offer the subprotocol {0:?}: choose one of `Handshake::subprotocols()`, or none"
)]
pub struct NotOffered(pub(super) String);

/// Chooses the first of the server's subprotocols that the client offers; where it offers none of them, none is.
pub(crate) fn choose_subprotocol(handshake: &Handshake, ours: &[String]) {
    let offered = |name: &&String| handshake.subprotocols().any(|theirs| theirs == name.as_str());
    if let Some(name) = ours.iter().find(offered) {
        // It is offered: that is how it was found.
        let _ = handshake.choose_subprotocol(name);
    }
}

impl Subprotocols {
    /// Reads all `Sec-WebSocket-Protocol` headers as one list of different tokens (RFC 6455 section 4.1).
    pub(super) fn parse(headers: &HeaderMap) -> Result<Self, Refusal> {
        let mut names: Vec<String> = Vec::new();
        if !headers.contains_key(SEC_WEBSOCKET_PROTOCOL) {
            return Ok(Self(names));
        }
        let mut items = 0;
        for line in headers.get_all(SEC_WEBSOCKET_PROTOCOL) {
            let line = line.to_str().map_err(|_| Refusal::Subprotocols)?;
            for item in line.split(',') {
                items += 1;
                let name = item.trim_matches([' ', '\t']);
                // RFC 9110 section 5.6.1: empty items are skipped. They count, or they would be free.
                if items > MAX_ITEMS || name.len() > MAX_NAME || !name.bytes().all(is_token_byte) {
                    return Err(Refusal::Subprotocols);
                }
                if names.iter().any(|earlier| earlier == name) {
                    return Err(Refusal::Subprotocols);
                }
                if !name.is_empty() {
                    names.push(name.to_owned());
                }
            }
        }
        if names.is_empty() { Err(Refusal::Subprotocols) } else { Ok(Self(names)) }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.0.iter().position(|offered| offered == name)
    }

    pub(super) fn get(&self, position: usize) -> Option<&str> {
        self.0.get(position).map(String::as_str)
    }

    pub(super) fn header(&self, position: usize) -> Option<HeaderValue> {
        HeaderValue::from_str(self.get(position)?).ok()
    }
}

/// RFC 9110 section 5.6.2.
fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// Items of the list, so that a header of commas costs nothing.
const MAX_ITEMS: usize = 16;
/// Bytes of one name.
const MAX_NAME: usize = 256;
