//! The deadlines of one connection, in one place and without a clock of their own: time is an argument.

use std::time::Duration;

use tokio::time::Instant;

use crate::options::Options;

/// Pings that are answered at once, and how many more each second: a peer that sends more floods.
const PING_BURST: f32 = 100.0;
const PINGS_PER_SECOND: f32 = 20.0;

#[derive(Debug)]
pub(super) struct Timing {
    silence_max: Duration,
    assembly_timeout: Duration,
    write_timeout: Duration,
    close_timeout: Duration,
    /// When the peer was last heard of.
    heard: Instant,
    /// Pings sent since.
    pings: u32,
    /// Silence is not counted while we ourselves do not read.
    silence_paused: bool,
    assembling_since: Option<Instant>,
    /// When the kernel last took a byte, while bytes wait.
    stalled_since: Option<Instant>,
    closing_since: Option<Instant>,
    ping_credit: f32,
    ping_credit_at: Instant,
    /// Recomputed whenever something above changes.
    next: Option<Instant>,
}

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// The peer has been silent for half of `silence_max`, or for half of it again.
    Ping,
    /// The peer has been silent for one and a half `silence_max`: it answered no ping.
    Silence,
    /// A message is incomplete for `assembly_timeout`.
    Assembly,
    /// The peer has taken no byte for `write_timeout`.
    Write,
    /// The peer has not answered our Close frame for `close_timeout`.
    Close,
}

impl Timing {
    pub(super) fn new(options: &Options, now: Instant) -> Self {
        let mut timing = Self {
            silence_max: options.silence_max,
            assembly_timeout: options.assembly_timeout,
            write_timeout: options.write_timeout,
            close_timeout: options.close_timeout,
            heard: now,
            pings: 0,
            silence_paused: false,
            assembling_since: None,
            stalled_since: None,
            closing_since: None,
            ping_credit: PING_BURST,
            ping_credit_at: now,
            next: None,
        };
        timing.reckon();
        timing
    }

    /// When something is due next. Not later than that; often sooner, as it is not moved for every message.
    pub(super) fn next(&self) -> Option<Instant> {
        self.next
    }

    /// The peer sent something.
    pub(super) fn heard(&mut self, now: Instant) {
        self.heard = now;
        self.pings = 0;
    }

    pub(super) fn pause_silence(&mut self, paused: bool, now: Instant) {
        if self.silence_paused == paused {
            return;
        }
        self.silence_paused = paused;
        if !paused {
            self.heard(now);
        }
        self.reckon();
    }

    pub(super) fn assembling(&mut self, assembling: bool, now: Instant) {
        if self.assembling_since.is_some() != assembling {
            self.assembling_since = assembling.then_some(now);
            self.reckon();
        }
    }

    /// Bytes wait because the kernel takes no more, or none wait.
    pub(super) fn writing(&mut self, stalled: bool, now: Instant) {
        if self.stalled_since.is_some() != stalled {
            self.stalled_since = stalled.then_some(now);
            self.reckon();
        }
    }

    /// The kernel has taken bytes.
    pub(super) fn progressed(&mut self, now: Instant) {
        if let Some(since) = &mut self.stalled_since {
            *since = now;
        }
    }

    pub(super) fn closing(&mut self, closing: bool, now: Instant) {
        if self.closing_since.is_some() != closing {
            self.closing_since = closing.then_some(now);
            self.reckon();
        }
    }

    /// Whether one more ping is answered: a bucket of 100 that fills by 20 a second.
    pub(super) fn admits_ping(&mut self, now: Instant) -> bool {
        let gained = now.duration_since(self.ping_credit_at).as_secs_f32() * PINGS_PER_SECOND;
        self.ping_credit_at = now;
        self.ping_credit = (self.ping_credit + gained).min(PING_BURST) - 1.0;
        self.ping_credit >= 0.0
    }

    /// What is due now; each is told once.
    pub(super) fn due(&mut self, now: Instant) -> impl Iterator<Item = Due> + use<> {
        let mut due = [None; 5];
        if let Some(silence) = self.silence_deadline()
            && silence <= now
        {
            due[0] = Some(if self.pings < 2 { Due::Ping } else { Due::Silence });
            self.pings += 1;
        }
        if take_due(&mut self.assembling_since, self.assembly_timeout, now) {
            due[1] = Some(Due::Assembly);
        }
        if take_due(&mut self.stalled_since, self.write_timeout, now) {
            due[2] = Some(Due::Write);
        }
        if take_due(&mut self.closing_since, self.close_timeout, now) {
            due[3] = Some(Due::Close);
        }
        self.reckon();
        due.into_iter().flatten()
    }

    /// The next half of `silence_max` at which the peer is still silent; the third is the last.
    fn silence_deadline(&self) -> Option<Instant> {
        if self.silence_paused || self.silence_max.is_zero() {
            return None;
        }
        Some(self.heard + self.silence_max / 2 * (self.pings + 1))
    }

    fn reckon(&mut self) {
        let deadlines = [
            self.silence_deadline(),
            self.assembling_since.map(|since| since + self.assembly_timeout),
            self.stalled_since.map(|since| since + self.write_timeout),
            self.closing_since.map(|since| since + self.close_timeout),
        ];
        self.next = deadlines.into_iter().flatten().min();
    }
}

/// Whether a deadline has passed; it is then forgotten.
fn take_due(since: &mut Option<Instant>, timeout: Duration, now: Instant) -> bool {
    let passed = since.is_some_and(|since| since + timeout <= now);
    if passed {
        *since = None;
    }
    passed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timing(now: Instant) -> Timing {
        let options = Options {
            silence_max: Duration::from_secs(20),
            close_timeout: Duration::from_secs(5),
            ..Options::default()
        };
        Timing::new(&options, now)
    }

    fn due_at(timing: &mut Timing, start: Instant, seconds: f32) -> Vec<Due> {
        timing.due(start + Duration::from_secs_f32(seconds)).collect()
    }

    #[test]
    fn a_silent_peer_is_pinged_each_half_and_cut_at_one_and_a_half() {
        let start = Instant::now();
        let mut timing = timing(start);
        assert_eq!(due_at(&mut timing, start, 9.9), []);
        assert_eq!(due_at(&mut timing, start, 10.0), [Due::Ping]);
        assert_eq!(due_at(&mut timing, start, 19.9), []);
        assert_eq!(due_at(&mut timing, start, 20.0), [Due::Ping]);
        assert_eq!(due_at(&mut timing, start, 29.9), []);
        assert_eq!(due_at(&mut timing, start, 30.0), [Due::Silence]);
    }

    #[test]
    fn a_peer_that_is_heard_in_between_is_not_cut() {
        let start = Instant::now();
        let mut timing = timing(start);
        assert_eq!(due_at(&mut timing, start, 20.0), [Due::Ping]);
        timing.heard(start + Duration::from_secs(21));
        assert_eq!(due_at(&mut timing, start, 30.9), []);
        assert_eq!(due_at(&mut timing, start, 31.0), [Due::Ping]);
    }

    #[test]
    fn silence_is_not_counted_while_we_do_not_read() {
        let start = Instant::now();
        let mut timing = timing(start);
        timing.pause_silence(true, start);
        assert_eq!(due_at(&mut timing, start, 100.0), []);
        timing.pause_silence(false, start + Duration::from_secs(100));
        assert_eq!(due_at(&mut timing, start, 109.0), []);
        assert_eq!(due_at(&mut timing, start, 110.0), [Due::Ping]);
    }

    #[test]
    fn each_timeout_falls_due_once_at_its_time() {
        let start = Instant::now();
        let mut timing = timing(start);
        timing.pause_silence(true, start);
        timing.closing(true, start);
        assert_eq!(timing.next(), Some(start + Duration::from_secs(5)));
        assert_eq!(due_at(&mut timing, start, 4.999), []);
        assert_eq!(due_at(&mut timing, start, 5.0), [Due::Close]);
        timing.assembling(true, start);
        assert_eq!(due_at(&mut timing, start, 29.999), []);
        assert_eq!(due_at(&mut timing, start, 30.0), [Due::Assembly]);
        timing.writing(true, start);
        timing.progressed(start + Duration::from_secs(1));
        assert_eq!(due_at(&mut timing, start, 10.999), []);
        assert_eq!(due_at(&mut timing, start, 11.0), [Due::Write]);
    }

    #[test]
    fn a_burst_of_pings_is_answered_a_flood_is_not() {
        let start = Instant::now();
        let mut timing = timing(start);
        assert_eq!((0..150).filter(|_| timing.admits_ping(start)).count(), 100);
        let mut later = self::timing(start);
        assert!((0..600).all(|tick| later.admits_ping(start + Duration::from_millis(50) * tick)));
    }
}
