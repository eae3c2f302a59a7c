//! A shortcut through the messages that programs write: no white space, no escapes, `type`, `id` and `data` in this
//! order.

use super::Keys;
use super::broken::MAX_ID;
use super::scan::{Seen, Span};
use super::word;

/// What is found in such a message.
#[derive(Debug, Clone, Copy)]
pub(super) struct Usual {
    pub(super) name: Span,
    /// `0..0` if there is none.
    pub(super) id: Span,
    /// Where the data begins.
    pub(super) data: usize,
}

/// Finds what [`Scan`](super::scan::Scan) finds up to the value of `data`, in a third of the time. `None` stands for
/// any other form.
#[inline]
pub(super) fn scan(text: &str, keys: &Keys) -> Option<Usual> {
    let bytes = text.as_bytes();
    if bytes.first() != Some(&b'{') || bytes.len() > u32::MAX as usize {
        return None;
    }
    let name = string(bytes, keys.written.kind.skip(bytes, 1)?)?;
    let mut at = comma(bytes, name.to)?;
    let id = match keys.written.id.skip(bytes, at) {
        Some(id) => {
            let id = token(bytes, id)?;
            at = comma(bytes, id.to)?;
            id
        }
        None => Span::default(),
    };
    let data = keys.written.data.skip(bytes, at)?;
    (*bytes.get(data)? > b' ').then_some(Usual { name, id, data })
}

impl Usual {
    #[inline]
    pub(super) fn seen(self) -> Seen {
        let mut seen = Seen::NAME;
        seen.add(Seen::DATA);
        if !self.id.is_none() {
            seen.add(Seen::ID);
        }
        seen
    }
}

/// Finds the `id` behind the data, which ends at this offset: a span of nothing if only the closing brace follows.
/// `None` stands for any other form.
#[inline]
pub(super) fn scan_tail(text: &str, at: usize, keys: &Keys, seen: Seen) -> Option<Span> {
    let bytes = text.as_bytes();
    let id = match bytes.get(at)? {
        b',' if !seen.has(Seen::ID) => token(bytes, keys.written.id.skip(bytes, at + 1)?)?,
        _ => Span::default(),
    };
    (bytes.get(at.max(id.to)..)? == b"}").then_some(id)
}

#[inline]
fn comma(bytes: &[u8], at: usize) -> Option<usize> {
    (*bytes.get(at)? == b',').then_some(at + 1)
}

/// An `id`: a whole number, or a string.
#[inline]
fn token(bytes: &[u8], from: usize) -> Option<Span> {
    match bytes.get(from)? {
        b'1'..=b'9' => {
            let mut to = from + 1;
            while bytes.get(to)?.is_ascii_digit() {
                to += 1;
            }
            (to - from <= MAX_ID).then_some(Span { from, to })
        }
        b'"' => string(bytes, from).filter(|span| span.to - from <= MAX_ID + 2),
        _ => None,
    }
}

#[inline]
fn string(bytes: &[u8], from: usize) -> Option<Span> {
    if *bytes.get(from)? != b'"' {
        return None;
    }
    let mut to = from + 1;
    loop {
        match word::plain(word::at(bytes, to)?) {
            length @ 0..8 => {
                to += length;
                break;
            }
            length => to += length,
        }
    }
    (*bytes.get(to)? == b'"').then_some(Span { from, to: to + 1 })
}
