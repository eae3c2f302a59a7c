//! Rates as values: of the option `rate`, and of `#[on("name", rate = …)]`.

use std::fmt;
use std::time::Duration;

use ws_spec::options::{OptionInfo, PERIOD};

use super::seconds::Seconds;
use super::value::{Refused, Value};
use crate::message::Refill;

/// How many messages a peer may send: a number a second, or a number in so many seconds.
///
/// As many may come at once, and then they are allowed evenly: `(30, 60)` is 30 at once, and one more every 2
/// seconds. The number is above 0, and may be a fraction: 0.5 is one every 2 seconds. The period is from 0.001 to
/// 31,536,000 seconds, a year.
///
/// In the options `rate` and `handshake_rate_per_ip`, `f64::INFINITY` is no limit; in the environment, `none` is.
///
/// A literal out of these bounds does not compile. In the option `rate`, another value out of them is refused when
/// the server starts. In the `rate` of a handler, an expression that is 0, negative or not a number allows one
/// message a year, and one whose period is out of bounds counts in 1 second.
///
/// ```
/// use std::time::Duration;
/// use ws_runtime::Rate;
///
/// let second = Rate::from(5);
/// let minute = Rate::from((30, 60));
/// assert_eq!(Rate::from((30, Duration::from_secs(60))), minute);
/// assert_eq!((second.to_string(), minute.to_string()), ("5".to_owned(), "30/60".to_owned()));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Rate {
    count: f64,
    period: Seconds,
}

impl Rate {
    /// How a bucket is refilled at this rate. What is no rate becomes the nearest one: the macro refuses such
    /// literals, and only an expression can be wrong.
    pub(crate) fn refill(self) -> Refill {
        Refill::new(self.count, self.period.within(PERIOD).unwrap_or(Duration::from_secs(1)))
    }

    fn is_unlimited(self) -> bool {
        self.count == f64::INFINITY
    }
}

impl PartialEq for Rate {
    fn eq(&self, other: &Self) -> bool {
        self.count == other.count && self.period.within(PERIOD) == other.period.within(PERIOD)
    }
}

/// In the form of the environment.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_unlimited() {
            f.write_str(NONE)
        } else if self.period == Seconds::from(1) {
            self.count.fmt(f)
        } else {
            write!(f, "{}/{}", self.count, self.period)
        }
    }
}

/// The number of messages in a [`Rate`] with a period: an integer or a fraction.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a number of messages",
    label = "not a number",
    note = "write `rate = (30, 60)` for 30 in 60 seconds"
)]
pub trait RateCount {
    #[doc(hidden)]
    fn count(self) -> f64;
}

macro_rules! counts {
    ($($number:ty),*) => { $(
        #[diagnostic::do_not_recommend]
        impl RateCount for $number {
            fn count(self) -> f64 {
                self as f64
            }
        }

        impl From<$number> for Rate {
            fn from(count: $number) -> Self {
                Self { count: count as f64, period: Seconds::from(1) }
            }
        }
    )* };
}

counts!(i32, u32, i64, u64, usize, f32, f64);

impl<C: RateCount, S: Into<Seconds>> From<(C, S)> for Rate {
    fn from((count, period): (C, S)) -> Self {
        Self { count: count.count(), period: period.into() }
    }
}

impl Value for Rate {
    type Checked = Option<Refill>;

    fn read(text: &str) -> Result<Self, Refused> {
        if text == NONE {
            return Ok(Self::from(f64::INFINITY));
        }
        let number = |text: &str| text.trim().parse::<f64>().map_err(|_| Refused::text(text));
        match text.split_once('/') {
            Some((count, period)) => Ok(Self::from((number(count)?, number(period)?))),
            None => Ok(Self::from(number(text)?)),
        }
    }

    fn checked(self, _info: &OptionInfo) -> Result<Option<Refill>, Refused> {
        if self.is_unlimited() {
            return Ok(None);
        }
        if self.count > 0.0 && self.period.within(PERIOD).is_some() {
            Ok(Some(self.refill()))
        } else {
            Err(Refused::Not(self.to_string()))
        }
    }

    fn show(&self) -> String {
        self.to_string()
    }

    /// As many as come.
    fn default_value(_info: &OptionInfo) -> Result<Option<Refill>, Refused> {
        Ok(None)
    }
}

/// No limit, in the form of the environment.
const NONE: &str = "none";
