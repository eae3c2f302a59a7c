//! A scan over the keys of an envelope of any form. It allocates nothing unless values are nested or keys are escaped.

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Deserializer;

use super::Broken;
use super::broken::MAX_ID;
use super::keys::{ASK, ERROR, Keys};

/// A scan over the members of a JSON object.
pub(super) struct Scan<'t> {
    text: &'t str,
    /// The offset of the next byte.
    at: usize,
    keys: &'static Keys,
    /// Whether the next member is the first one: no comma stands before it.
    first: bool,
    pub(super) found: Found,
    /// Why the scan has failed, unless the text is no JSON where it stopped.
    broken: Option<Broken>,
}

/// A key of the envelope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Key {
    Name,
    Id,
    Data,
    Ask,
    Error,
    Other,
}

/// What a scan has found. A span of `0..0` stands for nothing, because a message begins with `{`.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Found {
    /// The name with its quotation marks.
    pub(super) name: Span,
    /// Whether the name contains escapes.
    pub(super) name_escaped: bool,
    /// The token of the `id`.
    pub(super) id: Span,
    /// The value of `data`. It ends at 0 if the scan has stopped at its beginning.
    pub(super) data: Span,
    pub(super) ask: Span,
    pub(super) error: Span,
    pub(super) seen: Seen,
}

/// The offset of a token's first byte, and of the byte after it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: usize,
    pub(super) to: usize,
}

/// Which keys have occurred, and what is known of the message, as bits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Seen(pub(super) u8);

/// Where a scan stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Until {
    /// At the value of `data`, if the name stands before it.
    Data,
    /// After the object.
    End,
}

/// A string, with its quotation marks.
#[derive(Clone, Copy)]
struct Quoted {
    span: Span,
    escaped: bool,
}

impl Span {
    pub(super) fn of(self, text: &str) -> &str {
        text.get(self.from..self.to).unwrap_or_default()
    }

    pub(super) fn is_none(self) -> bool {
        self.from == 0
    }
}

impl Seen {
    pub(super) const NAME: Self = Self(1);
    pub(super) const ID: Self = Self(1 << 1);
    pub(super) const DATA: Self = Self(1 << 2);
    pub(super) const ASK: Self = Self(1 << 3);
    const ERROR: Self = Self(1 << 4);
    /// The `id` is none that can be repeated in a reply.
    pub(super) const BAD_ID: Self = Self(1 << 5);
    /// The whole message was scanned.
    pub(super) const ALL: Self = Self(1 << 6);
    /// The rest was scanned, and is no JSON, or has a key twice.
    pub(super) const BROKEN: Self = Self(1 << 7);

    pub(super) fn has(self, bit: Self) -> bool {
        self.0 & bit.0 != 0
    }

    /// Whether the whole message was scanned, and is for a handler.
    pub(super) fn is_all_right(self) -> bool {
        let wrong = Self::BAD_ID.0 | Self::ASK.0;
        self.0 & (Self::ALL.0 | wrong) == Self::ALL.0
    }

    pub(super) fn add(&mut self, bit: Self) {
        self.0 |= bit.0;
    }
}

impl<'t> Scan<'t> {
    /// A scan from the first byte of a text.
    #[inline]
    pub(super) fn new(text: &'t str, keys: &'static Keys) -> Self {
        Self { text, at: 0, keys, first: true, found: Found::default(), broken: None }
    }

    /// A scan of what follows a value that ends at this offset.
    #[inline]
    pub(super) fn after_value(text: &'t str, keys: &'static Keys, at: usize, seen: Seen) -> Self {
        let found = Found { seen, ..Found::default() };
        Self { text, at, keys, first: false, found, broken: None }
    }

    /// Scans from the first byte.
    pub(super) fn begin(&mut self, until: Until) -> Result<(), Broken> {
        if self.peek() != Some(b'{') {
            return Err(Broken::NoObject);
        }
        // Offsets have 32 bits.
        if self.text.len() > u32::MAX as usize {
            return Err(Broken::TooLarge);
        }
        self.at += 1;
        self.run(until)
    }

    /// Scans the members that follow.
    pub(super) fn run(&mut self, until: Until) -> Result<(), Broken> {
        match self.members(until) {
            Some(()) => Ok(()),
            None => Err(self.why()),
        }
    }

    /// Skips the value that begins here. Returns where it ends.
    pub(super) fn skip_value(&mut self) -> Result<usize, Broken> {
        match self.skip() {
            Some(span) => Ok(span.to),
            None => Err(self.why()),
        }
    }

    #[cold]
    fn why(&self) -> Broken {
        self.broken.unwrap_or(Broken::NoJson { at: self.at })
    }

    fn members(&mut self, until: Until) -> Option<()> {
        while let Some(key) = self.next_key()? {
            match key {
                Key::Name => {
                    self.note(Seen::NAME, self.keys.kind)?;
                    self.name()?;
                }
                Key::Id => {
                    self.note(Seen::ID, self.keys.id)?;
                    self.id()?;
                }
                Key::Data => {
                    self.note(Seen::DATA, self.keys.data)?;
                    self.peek();
                    if until == Until::Data && self.found.seen.has(Seen::NAME) {
                        self.found.data = Span { from: self.at, to: 0 };
                        return Some(());
                    }
                    self.found.data = self.skip()?;
                }
                Key::Ask => {
                    self.note(Seen::ASK, ASK)?;
                    self.found.ask = self.skip()?;
                }
                Key::Error => {
                    self.note(Seen::ERROR, ERROR)?;
                    self.found.error = self.skip()?;
                }
                Key::Other => {
                    self.skip()?;
                }
            }
        }
        self.found.seen.add(Seen::ALL);
        Some(())
    }

    /// Records that a key has occurred.
    #[inline]
    fn note(&mut self, bit: Seen, key: &'static str) -> Option<()> {
        if self.found.seen.has(bit) {
            self.broken = Some(Broken::Twice { key });
            return None;
        }
        self.found.seen.add(bit);
        Some(())
    }

    /// The next key, up to its value; `Some(None)` at the end of the message.
    #[inline]
    fn next_key(&mut self) -> Option<Option<Key>> {
        match self.peek() {
            Some(b'}') => {
                self.end()?;
                return Some(None);
            }
            Some(b',') if !self.first => self.at += 1,
            Some(b'"') if self.first => {}
            _ => return None,
        }
        self.first = false;
        Some(Some(self.key()?))
    }

    /// A key with its colon.
    #[inline]
    fn key(&mut self) -> Option<Key> {
        if self.peek()? != b'"' {
            return None;
        }
        let Quoted { span, escaped } = self.string()?;
        let token = span.of(self.text);
        let decoded: String;
        let name = if escaped {
            decoded = serde_json::from_str(token).ok()?;
            &decoded
        } else {
            token.get(1..token.len() - 1)?
        };
        let Keys { kind, id, data, .. } = *self.keys;
        let key = match name {
            name if same(name, kind) => Key::Name,
            name if same(name, id) => Key::Id,
            name if same(name, data) => Key::Data,
            name if same(name, ASK) => Key::Ask,
            name if same(name, ERROR) => Key::Error,
            _ => Key::Other,
        };
        if self.peek()? != b':' {
            return None;
        }
        self.at += 1;
        Some(key)
    }

    /// The closing brace, which only white space may follow.
    #[inline]
    fn end(&mut self) -> Option<()> {
        self.at += 1;
        let at = self.at;
        if self.peek().is_none() {
            return Some(());
        }
        self.broken = Some(Broken::Trailing { at });
        None
    }

    #[inline]
    fn name(&mut self) -> Option<()> {
        if self.peek() != Some(b'"') {
            self.skip()?;
            self.broken = Some(Broken::BadName { key: self.keys.kind });
            return None;
        }
        let name = self.string()?;
        self.found.name = name.span;
        self.found.name_escaped = name.escaped;
        Some(())
    }

    /// A number, or a text. `null` stands for none.
    #[inline]
    fn id(&mut self) -> Option<()> {
        let (span, quotes) = match self.peek()? {
            b'1'..=b'9' => (self.number()?, 0),
            b'0' | b'-' => (self.skip_any()?, 0),
            b'"' => (self.string()?.span, 2),
            first => {
                self.skip_any()?;
                if first != b'n' {
                    self.found.seen.add(Seen::BAD_ID);
                }
                return Some(());
            }
        };
        if span.to - span.from > MAX_ID + quotes {
            self.found.seen.add(Seen::BAD_ID);
        } else {
            self.found.id = span;
        }
        Some(())
    }

    /// A number that does not begin with 0.
    #[inline]
    fn number(&mut self) -> Option<Span> {
        let from = self.at;
        let digits = self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
        match self.rest().get(digits) {
            Some(b'.' | b'e' | b'E') => self.skip_any(),
            _ => {
                self.at += digits;
                Some(Span { from, to: self.at })
            }
        }
    }

    /// Skips white space. Returns the next byte, without taking it.
    #[inline]
    fn peek(&mut self) -> Option<u8> {
        loop {
            match self.text.as_bytes().get(self.at) {
                // Most often.
                Some(&next) if next > b' ' => return Some(next),
                Some(b' ' | b'\n' | b'\t' | b'\r') => self.at += 1,
                next => return next.copied(),
            }
        }
    }

    #[inline]
    fn rest(&self) -> &'t [u8] {
        self.text.as_bytes().get(self.at..).unwrap_or_default()
    }

    /// A string.
    #[inline]
    fn string(&mut self) -> Option<Quoted> {
        let from = self.at;
        let (b'"', inside) = self.rest().split_first()? else { return None };
        let length = inside.iter().take_while(|byte| !matches!(byte, b'"' | b'\\' | 0..0x20)).count();
        if inside.get(length) == Some(&b'\\') {
            return Some(Quoted { span: self.skip_any()?, escaped: true });
        }
        self.at += 1 + length;
        if *inside.get(length)? != b'"' {
            return None;
        }
        self.at += 1;
        Some(Quoted { span: Span { from, to: self.at }, escaped: false })
    }

    /// Skips a value.
    #[inline]
    fn skip(&mut self) -> Option<Span> {
        if self.peek()? == b'"' { Some(self.string()?.span) } else { self.skip_any() }
    }

    /// Skips a value of any kind. It does not recurse, however deep the value is nested.
    #[inline(never)]
    fn skip_any(&mut self) -> Option<Span> {
        let from = self.at;
        let mut json = Deserializer::from_str(self.text.get(from..)?);
        let skipped = IgnoredAny::deserialize(&mut json);
        self.at += json.into_iter::<IgnoredAny>().byte_offset();
        skipped.ok().map(|IgnoredAny| Span { from, to: self.at })
    }
}

/// Compares keys, which are short: a call of `memcmp` would take longer.
#[inline]
fn same(left: &str, right: &str) -> bool {
    left.len() == right.len() && left.bytes().zip(right.bytes()).all(|(left, right)| left == right)
}
