//! One scan over the keys of an envelope. It allocates nothing unless values are nested or keys are escaped.

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
    const NAME: Self = Self(1);
    const ID: Self = Self(1 << 1);
    const DATA: Self = Self(1 << 2);
    pub(super) const ASK: Self = Self(1 << 3);
    const ERROR: Self = Self(1 << 4);
    /// The `id` is none that can be repeated in a reply.
    pub(super) const BAD_ID: Self = Self(1 << 5);
    /// The whole message was scanned.
    pub(super) const ALL: Self = Self(1 << 6);

    pub(super) fn has(self, bit: Self) -> bool {
        self.0 & bit.0 != 0
    }

    pub(super) fn add(&mut self, bit: Self) {
        self.0 |= bit.0;
    }
}

impl<'t> Scan<'t> {
    /// Begins at the first byte of a text.
    pub(super) fn begin(text: &'t str, keys: &'static Keys) -> Result<Self, Broken> {
        let mut scan = Self { text, at: 0, keys, first: true, found: Found::default() };
        if scan.peek() != Some(b'{') {
            return Err(Broken::NoObject);
        }
        if u32::try_from(text.len()).is_err() {
            return Err(Broken::TooLarge);
        }
        scan.at += 1;
        Ok(scan)
    }

    /// Goes on after a value that ends at this offset.
    pub(super) fn after_value(text: &'t str, keys: &'static Keys, at: usize, seen: Seen) -> Self {
        Self { text, at, keys, first: false, found: Found { seen, ..Found::default() } }
    }

    /// Scans the members that follow.
    pub(super) fn run(&mut self, until: Until) -> Result<(), Broken> {
        while let Some(key) = self.next_key()? {
            let Self { keys, .. } = *self;
            if self.is(key, keys.kind)? {
                self.note(Seen::NAME, keys.kind)?;
                self.name()?;
            } else if self.is(key, keys.id)? {
                self.note(Seen::ID, keys.id)?;
                self.id()?;
            } else if self.is(key, keys.data)? {
                self.note(Seen::DATA, keys.data)?;
                if until == Until::Data && self.found.seen.has(Seen::NAME) {
                    self.found.data = Span { from: self.at, to: 0 };
                    return Ok(());
                }
                self.found.data = self.skip()?;
            } else if self.is(key, ASK)? {
                self.note(Seen::ASK, ASK)?;
                self.found.ask = self.skip()?;
            } else if self.is(key, ERROR)? {
                self.note(Seen::ERROR, ERROR)?;
                self.found.error = self.skip()?;
            } else {
                self.skip()?;
            }
        }
        self.found.seen.add(Seen::ALL);
        Ok(())
    }

    /// Records that a key has occurred.
    #[inline]
    fn note(&mut self, bit: Seen, key: &'static str) -> Result<(), Broken> {
        if self.found.seen.has(bit) {
            return Err(Broken::Twice { key });
        }
        self.found.seen.add(bit);
        Ok(())
    }

    /// The next key, up to its value; `None` at the end of the message.
    #[inline]
    fn next_key(&mut self) -> Result<Option<Quoted>, Broken> {
        match self.peek() {
            Some(b'}') => return self.end(),
            Some(b',') if !self.first => {
                self.at += 1;
                self.peek();
            }
            Some(b'"') if self.first => {}
            _ => return Err(self.broken()),
        }
        self.first = false;
        let key = self.string()?;
        if self.peek() != Some(b':') {
            return Err(self.broken());
        }
        self.at += 1;
        self.peek();
        Ok(Some(key))
    }

    /// The closing brace, which only white space may follow.
    fn end(&mut self) -> Result<Option<Quoted>, Broken> {
        self.at += 1;
        let at = self.at;
        if self.peek().is_some() { Err(Broken::Trailing { at }) } else { Ok(None) }
    }

    #[inline]
    fn is(&self, key: Quoted, name: &str) -> Result<bool, Broken> {
        let Span { from, to } = key.span;
        if key.escaped {
            return self.is_escaped(key, name);
        }
        Ok(self.text.as_bytes().get(from + 1..to - 1) == Some(name.as_bytes()))
    }

    #[cold]
    fn is_escaped(&self, key: Quoted, name: &str) -> Result<bool, Broken> {
        let at = key.span.from;
        let decoded: String =
            serde_json::from_str(key.span.of(self.text)).map_err(|_| Broken::NoJson { at })?;
        Ok(decoded == name)
    }

    #[inline]
    fn name(&mut self) -> Result<(), Broken> {
        if self.peek() != Some(b'"') {
            self.skip()?;
            return Err(Broken::BadName { key: self.keys.kind });
        }
        let name = self.string()?;
        self.found.name = name.span;
        self.found.name_escaped = name.escaped;
        Ok(())
    }

    /// A number, or a text. `null` stands for none.
    #[inline]
    fn id(&mut self) -> Result<(), Broken> {
        let (span, quotes) = match self.peek() {
            Some(b'1'..=b'9') => (self.number()?, 0),
            Some(b'0' | b'-') => (self.skip()?, 0),
            Some(b'"') => (self.string()?.span, 2),
            Some(b'n') => {
                self.skip()?;
                return Ok(());
            }
            _ => {
                self.skip()?;
                self.found.seen.add(Seen::BAD_ID);
                return Ok(());
            }
        };
        if span.to - span.from > MAX_ID + quotes {
            self.found.seen.add(Seen::BAD_ID);
        } else {
            self.found.id = span;
        }
        Ok(())
    }

    /// A number that does not begin with 0.
    fn number(&mut self) -> Result<Span, Broken> {
        let from = self.at;
        let digits = self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
        match self.rest().get(digits) {
            Some(b'.' | b'e' | b'E') => self.skip_any(),
            _ => {
                self.at += digits;
                Ok(Span { from, to: self.at })
            }
        }
    }

    /// Skips white space. Returns the next byte, without taking it.
    #[inline]
    fn peek(&mut self) -> Option<u8> {
        loop {
            match self.text.as_bytes().get(self.at) {
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
    fn string(&mut self) -> Result<Quoted, Broken> {
        let from = self.at;
        let Some((b'"', inside)) = self.rest().split_first() else { return Err(self.broken()) };
        let length = inside.iter().position(|&byte| matches!(byte, b'"' | b'\\' | 0..0x20));
        match length.and_then(|length| Some((length, inside.get(length)?))) {
            Some((length, b'"')) => {
                self.at += length + 2;
                Ok(Quoted { span: Span { from, to: self.at }, escaped: false })
            }
            Some((_, b'\\')) => Ok(Quoted { span: self.skip_any()?, escaped: true }),
            _ => {
                self.at += 1 + length.unwrap_or(inside.len());
                Err(self.broken())
            }
        }
    }

    /// Skips a value.
    #[inline]
    pub(super) fn skip(&mut self) -> Result<Span, Broken> {
        if self.peek() == Some(b'"') { Ok(self.string()?.span) } else { self.skip_any() }
    }

    /// Skips a value of any kind. It does not recurse, however deep the value is nested.
    fn skip_any(&mut self) -> Result<Span, Broken> {
        let from = self.at;
        let mut json = Deserializer::from_str(self.text.get(from..).unwrap_or_default());
        let skipped = IgnoredAny::deserialize(&mut json);
        self.at += json.into_iter::<IgnoredAny>().byte_offset();
        match skipped {
            Ok(IgnoredAny) => Ok(Span { from, to: self.at }),
            Err(_) => Err(self.broken()),
        }
    }

    fn broken(&self) -> Broken {
        Broken::NoJson { at: self.at }
    }
}
