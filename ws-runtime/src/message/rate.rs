//! How often a peer may send a message: `rate = 5`, or `rate = (30, 60)`.

use std::time::Duration;

use crate::{Rate, Reject};

/// How a bucket is refilled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refill {
    /// The time in which one token is added, in nanoseconds.
    each: u64,
    /// The time in which an empty bucket is full.
    whole: u64,
}

impl Refill {
    /// So many tokens in so long a time, which are also as many as the bucket holds.
    pub(crate) fn new(count: f64, period: Duration) -> Self {
        let period = period.as_nanos() as f64;
        // Also what is no number becomes 0.
        let each = (period / count.max(0.0)).clamp(1.0, LONGEST) as u64;
        Self { each, whole: (period as u64).max(each) }
    }
}

/// The `rate` of a handler.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// Its number among those of its route.
    pub number: usize,
    pub rate: Rate,
    /// Whether the handler is awaited. Its messages are seen twice: when they are decoded, and when its turn comes.
    pub is_awaited: bool,
}

/// What a handler is called for, as far as it can be limited.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limited<'m> {
    Utf8,
    Binary,
    /// A message of this type.
    Named(&'m str),
}

/// A bucket of tokens, which needs no timer: it keeps the time at which it is full again, in nanoseconds since the
/// server started. Each token that is taken moves that by the time in which one is filled in.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Bucket(u64);

impl Bucket {
    /// Takes a token.
    ///
    /// # Errors
    ///
    /// If there is none: how long it takes until there is one.
    #[inline]
    pub(crate) fn take(&mut self, refill: Refill, now: u64) -> Result<(), Duration> {
        let full = self.0.max(now).saturating_add(refill.each);
        let room = now.saturating_add(refill.whole);
        if full > room {
            return Err(Duration::from_nanos(full - room));
        }
        self.0 = full;
        Ok(())
    }
}

/// The buckets of one connection. None is kept until a message of a limited handler comes.
#[derive(Debug, Default)]
pub(crate) struct Buckets(Option<Box<All>>);

/// A bucket for each `rate` of the route. In a box of its own, so that a connection without any holds one pointer.
#[derive(Debug)]
struct All(Vec<Bucket>);

impl Buckets {
    /// Takes a token of one of so many buckets.
    ///
    /// # Errors
    ///
    /// `too_many_requests`, with the time to wait.
    pub(crate) fn take(
        &mut self,
        (number, of): (usize, usize),
        refill: Refill,
        now: u64,
    ) -> Result<(), Reject> {
        let buckets = self.0.get_or_insert_with(|| Box::new(All(vec![Bucket::default(); of])));
        let Some(bucket) = buckets.0.get_mut(number) else { return Ok(()) };
        bucket.take(refill, now).map_err(refused)
    }
}

#[cold]
fn refused(wait: Duration) -> Reject {
    // Rounded up: who comes back after it must be let in.
    let seconds = (wait.as_secs_f64() * 1000.0).ceil() / 1000.0;
    Reject::too_many_requests().text(format!("too many messages: wait {seconds} s"))
}

/// A year: in a longer time no message is allowed again.
const LONGEST: f64 = 31_536_000e9;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn refill(rate: impl Into<Rate>) -> Refill {
        rate.into().refill()
    }

    fn taken(bucket: &mut Bucket, rate: Refill, now: u64, tries: usize) -> usize {
        (0..tries).filter(|_| bucket.take(rate, now).is_ok()).count()
    }

    #[test]
    fn a_burst_is_taken_at_once_and_filled_in_evenly() {
        for (rate, at_once, each) in [
            (refill(5), 5, SECOND / 5),
            (refill((30, 60)), 30, 2 * SECOND),
            (refill((30_u64, Duration::from_secs(60))), 30, 2 * SECOND),
            (refill(0.5), 1, 2 * SECOND),
            (refill((1, 0.1)), 1, SECOND / 10),
            (refill(1_000_000), 1_000_000, 1000),
        ] {
            let mut bucket = Bucket::default();
            let start = 7 * SECOND;
            assert_eq!(taken(&mut bucket, rate, start, at_once + 3), at_once, "{rate:?}");
            assert_eq!(bucket.take(rate, start), Err(Duration::from_nanos(each)), "{rate:?}");
            assert_eq!(taken(&mut bucket, rate, start + each - 1, 3), 0, "{rate:?}");
            assert_eq!(taken(&mut bucket, rate, start + each, 3), 1, "{rate:?}");
            assert_eq!(
                taken(&mut bucket, rate, start + 1000 * 60 * SECOND, at_once + 3),
                at_once,
                "{rate:?}"
            );
        }
    }

    #[test]
    fn a_value_that_is_no_limit_becomes_one() {
        for count in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let rate = refill((count, 0));
            assert!(rate.each > 0 && rate.whole >= rate.each, "{count}: {rate:?}");
        }
    }

    #[test]
    fn buckets_take_no_memory_before_they_are_used() {
        assert_eq!(size_of::<Buckets>(), size_of::<usize>());
        let mut buckets = Buckets::default();
        assert!(buckets.0.is_none());
        let refusal = (0..3).find_map(|_| buckets.take((1, 2), refill(2), SECOND).err()).unwrap();
        assert_eq!(
            (refusal.code(), refusal.message()),
            ("too_many_requests", "too many messages: wait 0.5 s")
        );
        assert!(buckets.take((0, 2), refill(2), SECOND).is_ok());
    }

    proptest! {
        /// However a peer times its messages, no more are let through in any span than the rate allows.
        #[test]
        fn no_span_has_more_than_the_rate_allows(gaps in proptest::collection::vec(0_u64..400_000_000, 1..200)) {
            let rate = refill((10, 2));
            let (mut bucket, mut now, mut let_through) = (Bucket::default(), SECOND, Vec::new());
            for gap in gaps {
                now += gap;
                if bucket.take(rate, now).is_ok() {
                    let_through.push(now);
                }
            }
            for (position, start) in let_through.iter().enumerate() {
                for (more, end) in let_through.iter().skip(position).enumerate() {
                    let allowed = 10 + (end - start) / (SECOND / 5);
                    prop_assert!((more as u64) < allowed);
                }
            }
        }
    }
}
