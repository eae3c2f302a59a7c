//! Values of options: how each is read from text, checked and shown.

use std::fmt;
use std::path::PathBuf;

use super::info::{Bounds, OptionInfo};
use crate::listen::{Listen, Tls};

/// What happens when a peer reads so slowly that its outbox is full.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Slow {
    /// Its connection is closed with 1008 (policy violation); written `"close"`.
    #[default]
    Close,
    /// The message that does not fit is lost, the connection stays; written `"drop"`.
    Drop,
}

/// One of a closed set, given as a value or by its name.
#[derive(Debug, Clone)]
pub struct Choice<T>(Result<T, String>);

impl From<Slow> for Choice<Slow> {
    fn from(slow: Slow) -> Self {
        Self(Ok(slow))
    }
}

impl From<&str> for Choice<Slow> {
    fn from(name: &str) -> Self {
        match name {
            "close" => Self(Ok(Slow::Close)),
            "drop" => Self(Ok(Slow::Drop)),
            other => Self(Err(other.to_owned())),
        }
    }
}

impl From<String> for Choice<Slow> {
    fn from(name: String) -> Self {
        Self::from(name.as_str())
    }
}

/// A value of an option before it is checked.
pub(crate) trait Value: Sized {
    /// The value once it is known to be right.
    type Checked;

    /// Reads a variable of the environment.
    fn read(text: &str) -> Result<Self, Refused>;

    /// Holds it against what is allowed.
    fn checked(self, info: &OptionInfo) -> Result<Self::Checked, Refused>;

    /// The value for the log, as it would stand in the environment.
    fn show(&self) -> String;

    /// What holds where nothing was given.
    fn default_value(info: &OptionInfo) -> Result<Self::Checked, Refused> {
        Self::read(info.default)?.checked(info)
    }
}

/// Why a value is not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It is not what is allowed; this is what it was.
    Not(String),
    /// It is a number above the largest that is allowed.
    TooLarge(String),
    /// It is a text, and should have been a number of this kind.
    NotNumber(&'static str, String),
    /// For a reason of its own.
    Because(String),
}

impl Refused {
    /// Refuses a number that is outside the bounds.
    pub(super) fn number(number: f64, bounds: &Bounds) -> Self {
        match bounds {
            Bounds::Range { most, .. } if number > *most => Self::TooLarge(number.to_string()),
            Bounds::Range { .. } | Bounds::Words(_) => Self::Not(number.to_string()),
        }
    }

    /// Refuses a text that is of another kind.
    pub(super) fn text(text: &str) -> Self {
        Self::Not(format!("{text:?}"))
    }
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
        // Every bound is far below 2^53, from where on the conversion would round.
        if info.bounds.contain(self as f64) {
            Ok(self)
        } else {
            Err(Refused::number(self as f64, &info.bounds))
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

impl Value for Choice<Slow> {
    type Checked = Slow;

    fn read(text: &str) -> Result<Self, Refused> {
        Ok(Self::from(text))
    }

    fn checked(self, _info: &OptionInfo) -> Result<Slow, Refused> {
        self.0.map_err(|name| Refused::text(&name))
    }

    fn show(&self) -> String {
        match &self.0 {
            Ok(slow) => slow.to_string(),
            Err(name) => name.clone(),
        }
    }
}

impl fmt::Display for Slow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Close => "close",
            Self::Drop => "drop",
        })
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
        self.check().map_err(|error| Refused::Because(format!("cannot be used: {error}")))?;
        Ok(self)
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

/// The files are opened when the server starts, not here.
impl Value for Tls {
    type Checked = Option<Self>;

    /// One variable cannot hold it: [`read_environment`](super::Draft::read_environment) puts the two together.
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

/// The paths of the certificate chain and of the key, as [`Tls::files`] takes them.
impl<C: Into<PathBuf>, K: Into<PathBuf>> From<(C, K)> for Tls {
    fn from((certificate, key): (C, K)) -> Self {
        Self::files(certificate, key)
    }
}
