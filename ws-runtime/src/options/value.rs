//! Values of options: how each is read from text, checked and shown.

use ws_spec::options::{Bounds, Kind, OptionInfo};

use crate::listen::{Listen, Tls};

/// What happens when a peer reads so slowly that its outbox is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Slow {
    /// Its connection is cut without a Close frame, which would not get through. The peer sees 1006, and the
    /// `disconnect` handler gets 1008 (policy violation). Written `"close"`.
    #[default]
    Close,
    /// The message that does not fit is dropped, the connection stays open. Written `"drop_newest"`.
    DropNewest,
    /// The oldest messages that wait are dropped until the new one fits, the connection stays open. Replies, questions,
    /// control frames, and a message of which a byte was written are never dropped. Written `"drop_oldest"`.
    ///
    /// It cannot be had together with [`Compression::ContextTakeover`].
    DropOldest,
}

/// Whether messages are compressed by permessage-deflate (RFC 7692), if the client offers it. All but `Off`
/// need the feature `compression`, which is on by default.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(u8)]
pub enum Compression {
    /// No compression. Written `"off"`.
    #[default]
    Off,
    /// Each message is compressed by itself. It costs time, but no memory for each connection. Written `"on"`.
    On,
    /// Messages refer to earlier ones, in both directions. Similar messages become much smaller, but each connection
    /// takes some 200 KiB of memory. Written `"context_takeover"`.
    ContextTakeover,
}

/// What is traced by spans of `tracing`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Trace {
    /// Nothing. Written `"off"`.
    #[default]
    Off,
    /// A span for each handshake and each plain request; events where a connection begins and ends. Written
    /// `"connections"`.
    Connections,
    /// Also a span for each handler call of a message. Written `"messages"`.
    Messages,
}

/// The header by which trusted proxies tell who the client is: the option `forwarded`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ForwardedHeader {
    /// `X-Forwarded-For`, with `X-Forwarded-Host` and `X-Forwarded-Proto`. Written `"x-forwarded-for"`.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239). Written `"forwarded"`.
    Forwarded,
}

/// One of a closed set, given as a value or by its name.
#[derive(Debug, Clone)]
pub struct Choice<T>(Result<T, String>);

/// A closed set of values, each with its name.
pub trait Named: Copy + PartialEq + 'static {
    /// All of them, in the order of their names.
    #[doc(hidden)]
    const VALUES: &'static [Self];

    /// Their names.
    #[doc(hidden)]
    const NAMES: &'static [&'static str];

    /// The cargo feature that this value needs, if the build is without it.
    #[doc(hidden)]
    fn missing_feature(self) -> Option<&'static str> {
        None
    }
}

impl Named for Slow {
    const VALUES: &'static [Self] = &[Self::Close, Self::DropNewest, Self::DropOldest];
    const NAMES: &'static [&'static str] = Kind::Slow.words();
}

impl Named for Trace {
    const VALUES: &'static [Self] = &[Self::Off, Self::Connections, Self::Messages];
    const NAMES: &'static [&'static str] = Kind::Trace.words();
}

impl Named for ForwardedHeader {
    const VALUES: &'static [Self] = &[Self::XForwardedFor, Self::Forwarded];
    const NAMES: &'static [&'static str] = Kind::Forwarded.words();
}

impl Named for Compression {
    const VALUES: &'static [Self] = &[Self::Off, Self::On, Self::ContextTakeover];
    const NAMES: &'static [&'static str] = Kind::Compression.words();

    fn missing_feature(self) -> Option<&'static str> {
        (!cfg!(feature = "compression") && self != Self::Off).then_some("compression")
    }
}

/// Each value of a closed set with its name.
fn named<T: Named>() -> impl Iterator<Item = (T, &'static str)> {
    T::VALUES.iter().copied().zip(T::NAMES.iter().copied())
}

impl<T: Named> From<T> for Choice<T> {
    fn from(value: T) -> Self {
        Self(Ok(value))
    }
}

impl<T: Named> From<&str> for Choice<T> {
    fn from(name: &str) -> Self {
        let found = named().find(|(_, known)| *known == name);
        Self(found.map(|(value, _)| value).ok_or_else(|| name.to_owned()))
    }
}

impl<T: Named> From<String> for Choice<T> {
    fn from(name: String) -> Self {
        Self::from(name.as_str())
    }
}

/// A value of an option before it is checked.
pub(crate) trait Value: Sized {
    /// The type of the checked value.
    type Checked;

    /// Reads a variable of the environment.
    fn read(text: &str) -> Result<Self, Refused>;

    /// Checks it against what is allowed.
    fn checked(self, info: &OptionInfo) -> Result<Self::Checked, Refused>;

    /// The value for the log, in the form of the environment.
    fn show(&self) -> String;

    /// The value if none was given.
    fn default_value(info: &OptionInfo) -> Result<Self::Checked, Refused> {
        Self::read(info.default)?.checked(info)
    }
}

/// Why a value is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refused {
    /// This value is not allowed.
    Not(String),
    /// This number is larger than allowed.
    TooLarge(String),
    /// A number of this kind is required, not this text.
    NotNumber(&'static str, String),
    /// Another reason.
    Because(String),
}

impl Refused {
    /// Refuses a number that is outside the bounds.
    pub(super) fn number(number: f64, bounds: Bounds) -> Self {
        if number > bounds.most { Self::TooLarge(number.to_string()) } else { Self::Not(number.to_string()) }
    }

    /// Refuses what this build cannot do, as it was made without a cargo feature.
    pub(super) fn feature_off(feature: &str) -> Self {
        Self::Because(feature_off(feature))
    }

    /// Refuses a text that is not allowed.
    pub(super) fn text(text: &str) -> Self {
        Self::Not(format!("{text:?}"))
    }
}

/// Why an option cannot have a value in a build without the cargo feature for it.
pub(crate) fn feature_off(feature: &str) -> String {
    format!(
        "needs the feature `{feature}` of `ws-runtime`, which is off in this build: add it to that crate's `features` in \
         Cargo.toml"
    )
}

impl Value for usize {
    type Checked = Self;

    fn read(text: &str) -> Result<Self, Refused> {
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return text.parse().map_err(|_| Refused::TooLarge(text.to_owned()));
        }
        Err(Refused::NotNumber("a whole number", format!("{text:?}")))
    }

    fn checked(self, info: &OptionInfo) -> Result<Self, Refused> {
        // Exact: every bound is far below 2^53.
        match info.range() {
            Some((bounds, _)) if !bounds.contain(self as f64) => Err(Refused::number(self as f64, bounds)),
            Some(_) | None => Ok(self),
        }
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl Value for bool {
    type Checked = Self;

    fn read(text: &str) -> Result<Self, Refused> {
        match text {
            "true" | "1" => Ok(true),
            "false" | "0" => Ok(false),
            other => Err(Refused::text(other)),
        }
    }

    fn checked(self, _info: &OptionInfo) -> Result<Self, Refused> {
        Ok(self)
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

impl<T: Named> Value for Choice<T> {
    type Checked = T;

    fn read(text: &str) -> Result<Self, Refused> {
        Ok(Self::from(text))
    }

    fn checked(self, _info: &OptionInfo) -> Result<T, Refused> {
        let value = self.0.map_err(|name| Refused::text(&name))?;
        value.missing_feature().map_or(Ok(value), |feature| Err(Refused::feature_off(feature)))
    }

    fn show(&self) -> String {
        match &self.0 {
            Ok(value) => {
                let found = named::<T>().find(|(known, _)| known == value);
                found.map_or("", |(_, name)| name).to_owned()
            }
            Err(name) => name.clone(),
        }
    }
}

impl Value for Listen {
    type Checked = Self;

    fn read(text: &str) -> Result<Self, Refused> {
        let listen = match text.contains(',') {
            true => Self::from(text.split(',').map(str::trim).collect::<Vec<_>>()),
            false => Self::from(text),
        };
        Ok(listen)
    }

    fn checked(self, _info: &OptionInfo) -> Result<Self, Refused> {
        match self.mistakes() {
            mistakes if mistakes.is_empty() => Ok(self),
            mistakes => {
                let mistakes: Vec<_> = mistakes.iter().map(ToString::to_string).collect();
                Err(Refused::Because(format!("cannot be used: {}", mistakes.join("; "))))
            }
        }
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

/// The files are opened when the server starts, not here.
impl Value for Tls {
    type Checked = Option<Self>;

    /// Never read from one variable: [`read_environment`](super::Draft::read_environment) combines two.
    fn read(text: &str) -> Result<Self, Refused> {
        Err(Refused::text(text))
    }

    fn checked(self, _info: &OptionInfo) -> Result<Option<Self>, Refused> {
        Ok(Some(self))
    }

    fn show(&self) -> String {
        format!("{self:?}")
    }

    fn default_value(_info: &OptionInfo) -> Result<Option<Self>, Refused> {
        Ok(None)
    }
}
