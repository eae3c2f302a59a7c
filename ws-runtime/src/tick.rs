//! Ticks: handlers that run once in each period.

use std::time::Duration;

use thiserror::Error;
use ws_spec::options::PERIOD;

use crate::options::Seconds;

/// The ticks that the macro found in the module.
#[doc(hidden)]
#[derive(Debug, Default)]
pub struct Ticks {
    pub(crate) declared: Vec<Tick>,
    pub(crate) errors: Vec<TickError>,
}

/// One tick: its number among the server's ticks, its handler's name, its period.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Tick {
    pub(crate) number: usize,
    pub(crate) name: &'static str,
    pub(crate) period: Duration,
}

/// A tick's period is out of bounds.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the period of the tick `{name}` must be from 0.001 to 31536000 seconds, not {period}")]
pub struct TickError {
    name: &'static str,
    period: String,
}

impl Ticks {
    #[doc(hidden)]
    pub fn add(&mut self, number: usize, name: &'static str, period: Seconds) {
        match Tick::new(number, name, period) {
            Ok(tick) => self.declared.push(tick),
            Err(error) => self.errors.push(error),
        }
    }
}

impl Tick {
    pub(crate) fn new(
        number: usize,
        name: &'static str,
        period: impl Into<Seconds>,
    ) -> Result<Self, TickError> {
        let period = period.into();
        match period.within(PERIOD) {
            Some(period) => Ok(Self { number, name, period }),
            None => Err(TickError { name, period: period.to_string() }),
        }
    }
}
