//! Parses the subprotocols that a client offers, and chooses one (RFC 6455 section 1.9).

use std::collections::HashSet;
use std::ops::Range;

use http::HeaderMap;
use http::header::{HeaderValue, SEC_WEBSOCKET_PROTOCOL};
use ws_spec::is_token_byte;

use super::refusal::Refusal;
use super::request::Handshake;

/// The subprotocols that the client offers, the preferred one first.
///
/// Only `max_header_size` bounds them: clients pass tokens of some thousand bytes as subprotocols, because browsers let
/// a page set no other header.
#[derive(Default)]
pub(super) struct Subprotocols {
    /// The names, joined without separators.
    text: String,
    /// The position of each name in `text`. A string for each name would cost many times the memory of its bytes.
    names: Vec<Range<u32>>,
    /// The position of the item after `bearer`: a token, which is no name.
    token: Option<Range<u32>>,
}

/// The client did not offer this subprotocol, so it cannot be chosen (RFC 6455 section 4.2.2).
///
/// As a [`Reject`](struct@crate::Reject) it is status 400.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the client does not offer the subprotocol {0:?}: choose one of `Handshake::subprotocols()`, or none"
)]
pub struct NotOffered(pub(super) String);

/// Chooses the first of the server's subprotocols that the client offers, if any.
pub(crate) fn choose_subprotocol(handshake: &Handshake, ours: &[String]) {
    let offered = |name: &&String| handshake.subprotocols().any(|theirs| theirs == name.as_str());
    if let Some(name) = ours.iter().find(offered) {
        // Cannot fail: it was found among the offered ones.
        let _ = handshake.choose_subprotocol(name);
    }
}

impl Subprotocols {
    /// Reads all `Sec-WebSocket-Protocol` headers as one list of different tokens (RFC 6455 section 4.1).
    pub(super) fn parse(headers: &HeaderMap) -> Result<Self, Refusal> {
        let mut offered = Self::default();
        if !headers.contains_key(SEC_WEBSOCKET_PROTOCOL) {
            return Ok(offered);
        }
        for line in headers.get_all(SEC_WEBSOCKET_PROTOCOL) {
            offered.push_line(line.to_str().map_err(|_| Refusal::Subprotocols)?)?;
        }
        let mut seen = HashSet::with_capacity(offered.names.len());
        let all_differ = offered.iter().all(|name| seen.insert(name));
        if offered.names.is_empty() || !all_differ {
            return Err(Refusal::Subprotocols);
        }
        offered.set_token_apart();
        Ok(offered)
    }

    fn push_line(&mut self, line: &str) -> Result<(), Refusal> {
        for item in line.split(',') {
            let name = item.trim_matches([' ', '\t']);
            if !name.bytes().all(is_token_byte) {
                return Err(Refusal::Subprotocols);
            }
            // RFC 9110 section 5.6.1: empty items are skipped.
            if name.is_empty() {
                continue;
            }
            let start = self.text.len();
            self.text.push_str(name);
            let position = |at| u32::try_from(at).map_err(|_| Refusal::Subprotocols);
            self.names.push(position(start)?..position(self.text.len())?);
        }
        Ok(())
    }

    /// Takes the item after `bearer` out of the names.
    fn set_token_apart(&mut self) {
        let follows = self.position(BEARER).map(|bearer| bearer + 1);
        self.token = follows.filter(|next| *next < self.names.len()).map(|next| self.names.remove(next));
    }

    /// The item after `bearer`.
    pub(super) fn token(&self) -> Option<&str> {
        self.token.as_ref().map(|token| self.name(token))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(|name| self.name(name))
    }

    pub(super) fn position(&self, name: &str) -> Option<usize> {
        self.iter().position(|offered| offered == name)
    }

    pub(super) fn get(&self, position: usize) -> Option<&str> {
        self.names.get(position).map(|name| self.name(name))
    }

    pub(super) fn header(&self, position: usize) -> Option<HeaderValue> {
        HeaderValue::from_str(self.get(position)?).ok()
    }

    fn name(&self, Range { start, end }: &Range<u32>) -> &str {
        let range = usize::try_from(*start).unwrap_or_default()..usize::try_from(*end).unwrap_or_default();
        self.text.get(range).unwrap_or_default()
    }
}

/// The subprotocol before a token.
pub(super) const BEARER: &str = "bearer";
