//! How long messages took. Each is kept, so that a percentile is a message and not an estimate.

use std::time::Duration;

/// The latencies of one measurement, in nanoseconds.
#[derive(Debug, Default)]
pub(crate) struct Latencies(Vec<u64>);

/// What is told of them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Percentiles {
    pub(crate) p50: Duration,
    pub(crate) p90: Duration,
    pub(crate) p99: Duration,
    pub(crate) p999: Duration,
    pub(crate) max: Duration,
}

impl Latencies {
    /// Takes room for so many, so that none is taken while it is measured.
    pub(crate) fn with_capacity(count: usize) -> Self {
        Self(Vec::with_capacity(count))
    }

    /// Adds messages that took equally long.
    pub(crate) fn add(&mut self, latency: Duration, messages: usize) {
        let latency = u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX);
        self.0.extend(std::iter::repeat_n(latency, messages));
    }

    pub(crate) fn percentiles(mut self) -> Percentiles {
        self.0.sort_unstable();
        let at = |share: f64| {
            // The smallest latency that so many of the messages did not exceed.
            let rank = (share * self.0.len() as f64).ceil() as usize;
            Duration::from_nanos(self.0.get(rank.saturating_sub(1)).copied().unwrap_or_default())
        };
        Percentiles { p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max: at(1.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_percentile_is_the_latency_that_so_many_did_not_exceed() {
        let mut latencies = Latencies::default();
        for nanos in (1..=1000).rev() {
            latencies.add(Duration::from_nanos(nanos), 1);
        }
        let Percentiles { p50, p90, p99, p999, max } = latencies.percentiles();
        assert_eq!([p50, p90, p99, p999, max].map(|latency| latency.as_nanos()), [500, 900, 990, 999, 1000]);
    }

    #[test]
    fn one_message_is_all_percentiles() {
        let mut latencies = Latencies::default();
        latencies.add(Duration::from_nanos(7), 1);
        let Percentiles { p50, max, .. } = latencies.percentiles();
        assert_eq!((p50.as_nanos(), max.as_nanos()), (7, 7));
    }
}
