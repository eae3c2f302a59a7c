//! The names, units and attributes under which the numbers of [`Stats`] are exported.

use super::histogram::Histogram;
use super::snapshot::Stats;
use super::table;

/// A metric: how a number of [`Stats`] is exported, by the rules of OpenTelemetry's semantic conventions.
///
/// Exporters take all of [`Metric::ALL`], and need to know none of them. The feature `metrics` writes them as
/// OpenMetrics text; the crate `ws-opentelemetry` makes them instruments.
///
/// ```
/// use ws_runtime::stats::{Metric, Stats, Value};
///
/// /// The numbers of one server, as lines.
/// fn lines(stats: &Stats) -> Vec<String> {
///     let mut lines = Vec::new();
///     for metric in Metric::ALL {
///         for point in metric.points(stats) {
///             let value = match point.value {
///                 Value::Count(count) => count.to_string(),
///                 Value::Number(number) => number.to_string(),
///                 Value::Histogram(durations) => format!("{} of {} s together", durations.count(), durations.sum),
///                 _ => continue,
///             };
///             lines.push(format!("{} {:?} = {value} {}", metric.name, point.attributes, metric.unit));
///         }
///     }
///     lines
/// }
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Metric {
    /// Its name: lower case, in parts that are joined by dots. Each begins with `ws.server.`.
    pub name: &'static str,
    /// What kind of number it is.
    pub kind: MetricKind,
    /// The unit in UCUM's notation: `s`, `By`, or a word in braces for what is counted, such as `{message}`.
    pub unit: &'static str,
    /// What it says, as one sentence without a full stop.
    pub description: &'static str,
    /// The names of its attributes.
    pub attributes: &'static [&'static str],
    pub(super) read: fn(&Stats) -> Vec<Point<'_>>,
}

/// The kind of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MetricKind {
    /// It only grows.
    Counter,
    /// It rises and falls, and the sum of several is meaningful.
    UpDownCounter,
    /// It rises and falls, and a sum of several says nothing.
    Gauge,
    /// Durations.
    Histogram,
}

/// The value of a metric for one set of attributes.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Point<'s> {
    /// Names and values. No value comes from a peer. An attribute without a value is left out.
    pub attributes: Vec<(&'static str, Attribute<'s>)>,
    /// The value.
    pub value: Value<'s>,
}

/// The value of an attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Attribute<'s> {
    /// A word, or what you have declared, such as the path of a route.
    Text(&'s str),
    /// A status or a close code.
    Code(u16),
}

/// The value of a point.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum Value<'s> {
    /// Of a counter or an up-down counter.
    Count(u64),
    /// Of a gauge.
    Number(f64),
    /// Of a histogram.
    Histogram(&'s Histogram),
}

impl Metric {
    /// All metrics.
    pub const ALL: &'static [Self] = table::ALL;

    /// The values of this metric, one for each set of attributes that occurred.
    #[must_use]
    pub fn points<'s>(&self, stats: &'s Stats) -> Vec<Point<'s>> {
        (self.read)(stats)
    }
}

impl<'s> Point<'s> {
    pub(super) fn new(value: Value<'s>) -> Self {
        Self { attributes: Vec::new(), value }
    }

    pub(super) fn count(count: u64) -> Self {
        Self::new(Value::Count(count))
    }

    pub(super) fn text(mut self, name: &'static str, value: impl Into<Option<&'s str>>) -> Self {
        self.attributes.extend(value.into().map(|value| (name, Attribute::Text(value))));
        self
    }

    pub(super) fn code(mut self, name: &'static str, value: impl Into<Option<u16>>) -> Self {
        self.attributes.extend(value.into().map(|value| (name, Attribute::Code(value))));
        self
    }

    /// A code that is `_OTHER` if it is not known: OpenTelemetry's word for what has no bounds.
    pub(super) fn known_code(self, name: &'static str, value: Option<u16>) -> Self {
        match value {
            Some(code) => self.code(name, code),
            None => self.text(name, "_OTHER"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn names_are_of_their_own_and_follow_the_rules() {
        let names: BTreeSet<_> = Metric::ALL.iter().map(|metric| metric.name).collect();
        assert_eq!(names.len(), Metric::ALL.len());
        for Metric { name, description, unit, kind, attributes, .. } in Metric::ALL {
            assert!(name.starts_with("ws.server."), "{name}");
            assert!(name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'.' | b'_')), "{name}");
            assert!(!description.ends_with('.'), "{name}");
            assert!(matches!(*unit, "s" | "By") || unit.starts_with('{'), "{name}");
            assert!(*kind != MetricKind::Histogram || *unit == "s", "{name}");
            assert!(attributes.iter().all(|name| !name.is_empty()));
        }
    }
}
