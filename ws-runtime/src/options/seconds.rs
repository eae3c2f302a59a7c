//! Durations as values of options.

use std::fmt;
use std::time::Duration;

use ws_spec::options::{Bounds, OptionInfo, PERIOD, RESOLUTION};

use super::value::{Refused, Value};

/// A span of time in seconds: an integer, a fraction or a [`Duration`].
///
/// Whether it is within the bounds of its option is checked when the server starts.
///
/// ```
/// use std::time::Duration;
/// use ws_runtime::Seconds;
///
/// let whole = Seconds::from(20);
/// let half = Seconds::from(0.5);
/// let exact = Seconds::from(Duration::from_millis(1_500));
/// assert_eq!(exact.to_string(), "1.5");
/// # let _ = (whole, half);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seconds(Given);

#[derive(Debug, Clone, Copy, PartialEq)]
enum Given {
    Number(f64),
    Exact(Duration),
}

impl Seconds {
    /// The duration, if it is within `bounds` (in seconds) and is 0 or not below the clock's resolution.
    pub(crate) fn within(self, bounds: Bounds) -> Option<Duration> {
        if !bounds.contain(self.number()) || self.is_below_resolution() {
            return None;
        }
        match self.0 {
            Given::Number(number) => Duration::try_from_secs_f64(number).ok(),
            Given::Exact(duration) => Some(duration),
        }
    }

    /// The nearest duration from nothing to a year.
    pub(crate) fn saturating(self) -> Duration {
        // Only what is no number has none.
        Duration::try_from_secs_f64(self.number().clamp(0.0, PERIOD.most)).unwrap_or_default()
    }

    /// The duration, from 0 to `most`. What is not a number is 0.
    #[cfg(feature = "test")]
    pub(crate) fn clamped(self, most: Duration) -> Duration {
        match self.0 {
            Given::Number(number) => Duration::from_secs_f64(number.max(0.0).min(most.as_secs_f64())),
            Given::Exact(duration) => duration.min(most),
        }
    }

    fn is_below_resolution(self) -> bool {
        let number = self.number();
        number > 0.0 && number < RESOLUTION
    }

    fn number(self) -> f64 {
        match self.0 {
            Given::Number(number) => number,
            Given::Exact(duration) => duration.as_secs_f64(),
        }
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number().fmt(f)
    }
}

impl From<Duration> for Seconds {
    fn from(duration: Duration) -> Self {
        Self(Given::Exact(duration))
    }
}

impl From<f32> for Seconds {
    fn from(number: f32) -> Self {
        Self(Given::Number(f64::from(number)))
    }
}

impl From<f64> for Seconds {
    fn from(number: f64) -> Self {
        Self(Given::Number(number))
    }
}

impl From<i32> for Seconds {
    fn from(number: i32) -> Self {
        Self(Given::Number(f64::from(number)))
    }
}

impl From<u32> for Seconds {
    fn from(number: u32) -> Self {
        Self(Given::Number(f64::from(number)))
    }
}

impl From<i64> for Seconds {
    /// A number that is too large for an exact conversion is also too large for any option.
    fn from(number: i64) -> Self {
        Self(Given::Number(number as f64))
    }
}

impl From<u64> for Seconds {
    fn from(number: u64) -> Self {
        Self(Given::Exact(Duration::from_secs(number)))
    }
}

impl Value for Seconds {
    type Checked = Duration;

    fn read(text: &str) -> Result<Self, Refused> {
        let not_number = |_| Refused::NotNumber("a number", format!("{text:?}"));
        text.parse::<f64>().map(Self::from).map_err(not_number)
    }

    fn checked(self, info: &OptionInfo) -> Result<Duration, Refused> {
        let (bounds, _) = info.range().ok_or_else(|| Refused::Not(self.to_string()))?;
        self.within(bounds).ok_or_else(|| {
            if self.is_below_resolution() {
                return Refused::Because(format!(
                    "is {self} seconds, and the clock has steps of a millisecond: give 0.001 or more"
                ));
            }
            Refused::number(self.number(), bounds)
        })
    }

    fn show(&self) -> String {
        self.to_string()
    }
}
