//! How long things took.

use std::time::Duration;

/// How many things took how long.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Histogram {
    /// The upper bounds of the buckets, in seconds, rising. A value that equals a bound is below it.
    pub bounds: &'static [f64],
    /// How many there are in each bucket, and beyond the last bound: one more than there are bounds. They are not
    /// summed up.
    pub counts: Vec<u64>,
    /// All durations together, in seconds.
    pub sum: f64,
}

impl Histogram {
    /// Connections: from clients that reconnect at once to a day.
    pub(crate) const CONNECTIONS: &'static [f64] =
        &[0.1, 1.0, 10.0, 60.0, 300.0, 900.0, 3600.0, 14_400.0, 43_200.0, 86_400.0];

    /// Handshakes: those that OpenTelemetry has for HTTP requests.
    pub(crate) const HANDSHAKES: &'static [f64] =
        &[0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0];

    /// Handlers and delays: most of them are short.
    pub(crate) const DELAYS: &'static [f64] =
        &[0.0001, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

    pub(crate) fn new(bounds: &'static [f64]) -> Self {
        Self { bounds, counts: vec![0; bounds.len() + 1], sum: 0.0 }
    }

    pub(crate) fn observe(&mut self, duration: Duration) {
        let seconds = duration.as_secs_f64();
        let bucket = self.bounds.partition_point(|bound| *bound < seconds);
        if let Some(count) = self.counts.get_mut(bucket) {
            *count = count.wrapping_add(1);
        }
        self.sum += seconds;
    }

    /// How many there are in all.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().fold(0, |sum, count| sum.wrapping_add(*count))
    }

    /// Adds those of another histogram with the same bounds.
    pub(crate) fn add(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count = count.wrapping_add(*more);
        }
        self.sum += other.sum;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_counted_below_the_first_bound_that_it_does_not_exceed() {
        let mut histogram = Histogram::new(&[0.1, 1.0]);
        for millis in [0, 100, 101, 1000, 5000] {
            histogram.observe(Duration::from_millis(millis));
        }
        assert_eq!(histogram.counts, [2, 2, 1]);
        assert_eq!(histogram.count(), 5);
        assert!((histogram.sum - 6.201).abs() < 1e-9, "{}", histogram.sum);
        let other = histogram.clone();
        histogram.add(&other);
        assert_eq!(histogram.counts, [4, 4, 2]);
    }

    #[test]
    fn bounds_rise() {
        for bounds in [Histogram::CONNECTIONS, Histogram::HANDSHAKES, Histogram::DELAYS] {
            assert!(bounds.is_sorted_by(|a, b| a < b), "{bounds:?}");
        }
    }
}
