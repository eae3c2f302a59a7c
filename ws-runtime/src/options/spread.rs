//! Over how long a shutdown closes its connections: a value of the option `shutdown_spread`.

use std::time::Duration;

use ws_spec::options::{self as info, Bounds, OptionInfo, PERIOD};

use super::describe::Options;
use super::draft::{Report, Source};
use super::seconds::Seconds;
use super::value::{Refused, Value};

/// Over how long a shutdown closes its connections: a number of seconds, or as the number of connections asks for.
///
/// ```
/// use std::time::Duration;
/// use ws_runtime::Spread;
///
/// let _exact = Spread::from(Duration::from_millis(1_500));
/// assert_eq!(Spread::from(10), Spread::from("10"));
/// assert_eq!(Spread::from("auto"), Spread::AUTO);
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Spread(Given);

#[derive(Debug, Clone, PartialEq)]
enum Given {
    Auto,
    Seconds(Seconds),
    /// Neither: the server does not start.
    Unknown(String),
}

impl Spread {
    /// 5,000 connections a second, and a third of `shutdown_timeout` at most. Fewer than 500 are closed at once.
    /// Written `"auto"`.
    pub const AUTO: Self = Self(Given::Auto);
}

impl<T: Into<Seconds>> From<T> for Spread {
    fn from(seconds: T) -> Self {
        Self(Given::Seconds(seconds.into()))
    }
}

impl From<&str> for Spread {
    fn from(text: &str) -> Self {
        match text.parse::<f64>() {
            Ok(number) => Self::from(number),
            Err(_) if text == "auto" => Self::AUTO,
            Err(_) => Self(Given::Unknown(text.to_owned())),
        }
    }
}

impl From<String> for Spread {
    fn from(text: String) -> Self {
        Self::from(text.as_str())
    }
}

/// `None` is `auto`.
impl Value for Spread {
    type Checked = Option<Duration>;

    fn read(text: &str) -> Result<Self, Refused> {
        Ok(Self::from(text))
    }

    fn checked(self, _info: &OptionInfo) -> Result<Option<Duration>, Refused> {
        const BOUNDS: Bounds = Bounds { least: 0.0, most: PERIOD.most };
        match self.0 {
            Given::Auto => Ok(None),
            Given::Seconds(seconds) => match seconds.within(BOUNDS) {
                Some(spread) => Ok(Some(spread)),
                None => Err(Refused::Not(seconds.to_string())),
            },
            Given::Unknown(text) => Err(Refused::text(&text)),
        }
    }

    fn show(&self) -> String {
        match &self.0 {
            Given::Auto => "auto".to_owned(),
            Given::Seconds(seconds) => seconds.to_string(),
            Given::Unknown(text) => text.clone(),
        }
    }
}

impl Options {
    /// Checks that a shutdown has time left once its delay and its spread have passed.
    pub(super) fn check_shutdown(&self, report: &mut Report) {
        let before = self.shutdown_delay + self.shutdown_spread.unwrap_or_default();
        if before.is_zero() || before < self.shutdown_timeout {
            return;
        }
        let source_of = |option: &OptionInfo| {
            self.given().find(|given| given.name == option.name).map(|given| given.source.clone())
        };
        let (option, parts) = match (self.shutdown_spread, self.shutdown_delay.is_zero()) {
            (Some(spread), false) if !spread.is_zero() => {
                (&info::shutdown_spread, "and `shutdown_delay` take ")
            }
            (Some(_), true) => (&info::shutdown_spread, "takes "),
            (Some(_) | None, _) => (&info::shutdown_delay, "takes "),
        };
        let reason = format!(
            "{parts}{} seconds, which leaves none of `shutdown_timeout` ({}) to close connections: give that more",
            Seconds::from(before),
            Seconds::from(self.shutdown_timeout),
        );
        let source = source_of(option).unwrap_or(Source::Default);
        report.refuse(option, &source, &Refused::Because(reason));
    }
}
