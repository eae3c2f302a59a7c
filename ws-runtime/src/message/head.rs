//! What is known of a named message before its data is read.

use std::sync::atomic::{AtomicU8, AtomicU32, Ordering};

use super::scan::{Found, Scan, Seen, Span, Until};
use super::usual::{self, Usual};
use super::{Broken, Keys};

/// What one scan of a text, up to the value of `data`, has found: offsets into the text, so that it moves with an owned
/// text into the inbox. Each method takes the text that was scanned.
///
/// What stands after the data is scanned when [`data`](Self::data) has read it, or by [`complete`](Self::complete).
/// Only then it is known whether the text is JSON to its end, and whether an `id` follows the data.
#[derive(Debug)]
pub(crate) struct Head {
    keys: &'static Keys,
    /// The name without escapes. Boxed twice, as names with escapes are rare.
    decoded: Option<Box<Decoded>>,
    name: u32,
    name_end: u32,
    /// 0 if there is none.
    data: u32,
    /// Where the data ends. 0 if there is none, or until all is scanned.
    data_end: AtomicU32,
    /// 0 if there is none, or until all is scanned.
    id: AtomicU32,
    id_len: AtomicU8,
    /// Written last, so that who sees [`Seen::ALL`] sees the rest.
    seen: AtomicU8,
}

#[derive(Debug)]
struct Decoded(Box<str>);

/// The answer to a question.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Answer<'t> {
    /// The question's number; `None` if it is no whole number from 0.
    pub(crate) ask: Option<u64>,
    /// The answer as JSON.
    pub(crate) data: Option<&'t str>,
    /// What the peer says instead of an answer, as JSON.
    pub(crate) error: Option<&'t str>,
}

impl Head {
    /// Scans a text. `None` if it is no envelope, as far as can be seen before its data.
    #[inline]
    pub(crate) fn scan(text: &str, keys: &'static Keys) -> Option<Self> {
        Self::try_scan(text, keys).ok()
    }

    /// Scans a text, or says why it is no envelope.
    #[inline]
    pub(crate) fn try_scan(text: &str, keys: &'static Keys) -> Result<Self, Broken> {
        match usual::scan(text, keys) {
            Some(found) => {
                let Usual { name, id, data } = found;
                Ok(Self::new(keys, None, name, id, Span { from: data, to: 0 }, found.seen()))
            }
            None => Self::scan_any(text, keys),
        }
    }

    #[inline(never)]
    fn scan_any(text: &str, keys: &'static Keys) -> Result<Self, Broken> {
        let mut scan = Scan::new(text, keys);
        scan.begin(Until::Data)?;
        let Found { name, name_escaped, id, data, seen, .. } = scan.found;
        if name.is_none() {
            return Err(Broken::NoName { key: keys.kind });
        }
        let decoded = if name_escaped { Some(Decoded::of(name.of(text), keys)?) } else { None };
        Ok(Self::new(keys, decoded, name, id, data, seen))
    }

    #[inline]
    fn new(
        keys: &'static Keys,
        decoded: Option<Box<Decoded>>,
        name: Span,
        id: Span,
        data: Span,
        seen: Seen,
    ) -> Self {
        Self {
            keys,
            decoded,
            name: offset(name.from),
            name_end: offset(name.to),
            data: offset(data.from),
            data_end: offset(data.to).into(),
            id: offset(id.from).into(),
            id_len: length(id).into(),
            seen: seen.0.into(),
        }
    }

    pub(crate) fn keys(&self) -> &'static Keys {
        self.keys
    }

    /// The name.
    #[inline]
    pub(crate) fn name<'t>(&'t self, text: &'t str) -> &'t str {
        match &self.decoded {
            Some(name) => &name.0,
            None => text.get(self.name as usize + 1..self.name_end as usize - 1).unwrap_or_default(),
        }
    }

    /// The name as it is written, with its quotation marks.
    #[inline]
    pub(crate) fn name_token<'t>(&self, text: &'t str) -> &'t str {
        text.get(self.name as usize..self.name_end as usize).unwrap_or_default()
    }

    /// The `id` as it is written. `None` if there is none, if it can be none, and as long as it is not scanned.
    #[inline]
    pub(crate) fn id<'t>(&self, text: &'t str) -> Option<&'t str> {
        let from = self.id.load(Ordering::Relaxed) as usize;
        if from == 0 {
            return None;
        }
        text.get(from..from + usize::from(self.id_len.load(Ordering::Relaxed)))
    }

    /// Whether it is certain to be the answer to a question. An answer whose number follows its data is told apart by
    /// [`answer`](Self::answer) alone.
    #[inline]
    pub(crate) fn is_answer(&self) -> bool {
        self.seen().has(Seen::ASK)
    }

    /// The answer to a question; `None` if the message is none. Scans the whole message.
    pub(crate) fn answer<'t>(&self, text: &'t str) -> Result<Option<Answer<'t>>, Broken> {
        let mut scan = Scan::new(text, self.keys);
        scan.begin(Until::End)?;
        let Found { ask, data, error, seen, .. } = scan.found;
        let token = |span: Span| (!span.is_none()).then(|| span.of(text));
        Ok(seen.has(Seen::ASK).then(|| Answer {
            ask: ask.of(text).parse().ok(),
            data: token(data),
            error: token(error),
        }))
    }

    /// Whether there is no data, or `null`.
    pub(crate) fn is_absent(&self, text: &str) -> bool {
        let data = self.data_start().and_then(|start| text.get(start..));
        data.is_none_or(|data| data.starts_with("null"))
    }

    /// The data as JSON; `None` if there is none. Call it once the message is [`complete`](Self::complete).
    pub(crate) fn raw_data<'t>(&self, text: &'t str) -> Option<&'t str> {
        let end = self.data_end.load(Ordering::Relaxed) as usize;
        if end == 0 { None } else { text.get(self.data as usize..end) }
    }

    /// Scans what was not scanned yet, without reading the data, and checks the whole message.
    ///
    /// # Errors
    ///
    /// Why it is no envelope, or one with a wrong `id`. The name stays known.
    #[inline]
    pub(crate) fn complete(&self, text: &str) -> Result<(), Broken> {
        if self.seen().is_all_right() { Ok(()) } else { self.complete_now(text) }
    }

    fn complete_now(&self, text: &str) -> Result<(), Broken> {
        if !self.seen().has(Seen::ALL) {
            let data = self.data as usize;
            let mut scan = Scan::after_value(text, self.keys, data, self.seen());
            let scanned = scan.skip_value().and_then(|end| self.scan_tail(scan, end));
            if scanned.is_err() {
                self.seen.fetch_or(Seen::BROKEN.0, Ordering::Release);
            }
            scanned?;
        }
        self.check()
    }

    /// Scans what stands after the data, which ends at this offset.
    #[inline]
    pub(super) fn complete_after(&self, text: &str, end: usize) -> Result<(), Broken> {
        let mut seen = self.seen();
        if let Some(id) = usual::scan_tail(text, end, self.keys, seen) {
            seen.add(Seen::ALL);
            self.store(end, id, seen);
        } else if !seen.has(Seen::ALL) {
            self.scan_tail(Scan::after_value(text, self.keys, end, seen), end)?;
        }
        self.check()
    }

    fn scan_tail(&self, mut scan: Scan<'_>, data_end: usize) -> Result<(), Broken> {
        scan.run(Until::End)?;
        let Found { id, seen, .. } = scan.found;
        self.store(data_end, id, seen);
        Ok(())
    }

    /// Who scans the tail again finds the same: two threads at once do no harm.
    #[inline]
    fn store(&self, data_end: usize, id: Span, seen: Seen) {
        self.data_end.store(offset(data_end), Ordering::Relaxed);
        if !id.is_none() {
            self.id.store(offset(id.from), Ordering::Relaxed);
            self.id_len.store(length(id), Ordering::Relaxed);
        }
        self.seen.store(seen.0, Ordering::Release);
    }

    #[inline]
    fn check(&self) -> Result<(), Broken> {
        let seen = self.seen();
        if seen.has(Seen::BAD_ID) {
            return Err(Broken::BadId { key: self.keys.id });
        }
        // Answers never get to a handler if their number stands before the data.
        if seen.has(Seen::ASK) { Err(Broken::NoQuestion) } else { Ok(()) }
    }

    /// Whether a scan of the rest has found that the message is broken. Another scan would find no more.
    pub(crate) fn is_broken(&self) -> bool {
        self.seen().has(Seen::BROKEN)
    }

    /// Whether the message is scanned to its end.
    pub(super) fn is_complete(&self) -> bool {
        self.seen().has(Seen::ALL)
    }

    /// Where the data begins; `None` if there is none.
    #[inline]
    pub(super) fn data_start(&self) -> Option<usize> {
        (self.data != 0).then_some(self.data as usize)
    }

    #[inline]
    fn seen(&self) -> Seen {
        Seen(self.seen.load(Ordering::Acquire))
    }
}

impl Decoded {
    #[cold]
    fn of(token: &str, keys: &'static Keys) -> Result<Box<Self>, Broken> {
        // Skipping it has not checked whether its surrogates are in pairs.
        let name = serde_json::from_str(token).map_err(|_| Broken::BadName { key: keys.kind })?;
        Ok(Box::new(Self(name)))
    }
}

/// The scan has checked that offsets fit.
fn offset(at: usize) -> u32 {
    at as u32
}

/// An `id` has at most 66 bytes.
fn length(id: Span) -> u8 {
    (id.to - id.from) as u8
}
