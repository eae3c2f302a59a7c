//! Finds the handlers that block, from looks at the slots.

use std::time::{Duration, Instant};

use super::slot::Seen;

/// After the limit, a handler that still blocks is reported again after ten times as long, and so on.
const AGAIN: u32 = 10;

/// Looks at the slots again and again, and remembers what it saw.
#[derive(Debug, Default)]
pub(super) struct Sampler {
    last: Option<Instant>,
    threads: Vec<Thread>,
}

/// What was seen of one thread.
#[derive(Debug)]
struct Thread {
    seen: Seen,
    /// When this call was first seen.
    since: Instant,
    /// For how long it was seen. If this thread was kept from looking, the others may have been, too: that does not
    /// count.
    held: Duration,
    /// When it is to be reported again; `None` if it has not been reported.
    again: Option<Duration>,
}

/// What a look has found. The time is from the first look at the call: it began up to one look earlier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Finding {
    pub(super) seen: Seen,
    pub(super) time: Duration,
    pub(super) kind: FindingKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FindingKind {
    /// A handler blocks for as long as its server allows.
    Blocks,
    /// One that was reported still blocks.
    StillBlocks,
    /// It has ended, or awaits.
    Over,
}

impl Sampler {
    /// With room for so many threads.
    pub(super) fn for_threads(count: usize) -> Self {
        Self { last: None, threads: Vec::with_capacity(count) }
    }

    /// Compares what the threads do now with what they did before. `limit` tells the limit of the server with this
    /// address, if it is watched. `step` is the time between two looks. Returns whether any thread did anything.
    pub(super) fn look(
        &mut self,
        now: Instant,
        step: Duration,
        threads: &[Seen],
        limit: impl Fn(usize) -> Option<Duration>,
        findings: &mut Vec<Finding>,
    ) -> bool {
        let passed =
            self.last.map_or(Duration::ZERO, |last| now.saturating_duration_since(last)).min(step * 2);
        self.last = Some(now);
        let mut is_busy = false;
        for (at, seen) in threads.iter().copied().enumerate() {
            let Some(thread) = self.threads.get_mut(at) else {
                is_busy |= seen.handler != 0;
                self.threads.push(Thread::new(seen, now));
                continue;
            };
            let time = now.saturating_duration_since(thread.since);
            if seen != thread.seen {
                is_busy = true;
                if thread.again.is_some() {
                    findings.push(Finding { seen: thread.seen, time, kind: FindingKind::Over });
                }
                *thread = Thread::new(seen, now);
                continue;
            }
            if seen.handler == 0 {
                continue;
            }
            is_busy = true;
            thread.held += passed;
            let Some(limit) = limit(seen.server) else { continue };
            let kind = match thread.again {
                None if thread.held >= limit => FindingKind::Blocks,
                Some(again) if thread.held >= again => FindingKind::StillBlocks,
                None | Some(_) => continue,
            };
            thread.again = Some(thread.again.unwrap_or(limit).saturating_mul(AGAIN));
            findings.push(Finding { seen, time, kind });
        }
        is_busy
    }
}

impl Thread {
    fn new(seen: Seen, now: Instant) -> Self {
        Self { seen, since: now, held: Duration::ZERO, again: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEP: Duration = Duration::from_millis(25);
    const WATCHED: usize = 1;

    /// A thread that is looked at every 25 ms; what is found, with the milliseconds.
    struct Looks {
        sampler: Sampler,
        now: Instant,
    }

    impl Looks {
        fn new() -> Self {
            Self { sampler: Sampler::default(), now: Instant::now() }
        }

        fn at(&mut self, passed: Duration, seen: Seen) -> Vec<(FindingKind, u128)> {
            self.now += passed;
            let limit = |server| (server == WATCHED).then_some(Duration::from_millis(100));
            let mut findings = Vec::new();
            self.sampler.look(self.now, STEP, &[seen], limit, &mut findings);
            findings.into_iter().map(|found| (found.kind, found.time.as_millis())).collect()
        }

        fn next(&mut self, seen: Seen) -> Vec<(FindingKind, u128)> {
            self.at(STEP, seen)
        }

        fn times(&mut self, looks: usize, seen: Seen) -> Vec<(FindingKind, u128)> {
            (0..looks).flat_map(|_| self.next(seen)).collect()
        }
    }

    fn runs(sequence: u32) -> Seen {
        Seen { sequence, handler: 1, server: WATCHED }
    }

    fn free(sequence: u32) -> Seen {
        Seen { sequence, handler: 0, server: WATCHED }
    }

    #[test]
    fn a_handler_is_reported_at_the_limit_then_rarely_and_when_it_is_over() {
        let mut looks = Looks::new();
        assert_eq!(looks.times(4, runs(1)), []);
        assert_eq!(looks.next(runs(1)), [(FindingKind::Blocks, 100)]);
        assert_eq!(looks.times(35, runs(1)), []);
        assert_eq!(looks.next(runs(1)), [(FindingKind::StillBlocks, 1000)]);
        assert_eq!(looks.times(359, runs(1)), []);
        assert_eq!(looks.next(runs(1)), [(FindingKind::StillBlocks, 10_000)]);
        assert_eq!(looks.next(free(1)), [(FindingKind::Over, 10_025)]);
        assert_eq!(looks.times(100, free(1)), []);
    }

    #[test]
    fn many_short_calls_are_none_that_blocks() {
        let mut looks = Looks::new();
        for sequence in 0..100 {
            assert_eq!(looks.next(runs(sequence)), []);
            assert_eq!(looks.next(runs(sequence)), []);
        }
    }

    #[test]
    fn a_server_that_is_not_watched_is_left_alone() {
        let mut looks = Looks::new();
        assert_eq!(looks.times(100, Seen { server: 2, ..runs(1) }), []);
    }

    #[test]
    fn time_in_which_nobody_looked_does_not_count() {
        let mut looks = Looks::new();
        assert_eq!(looks.next(runs(1)), []);
        // The process was stopped, or the machine is overloaded.
        assert_eq!(looks.at(Duration::from_secs(60), runs(1)), []);
        assert_eq!(looks.next(runs(1)), []);
        assert_eq!(looks.next(runs(1)), [(FindingKind::Blocks, 60_050)]);
    }
}
