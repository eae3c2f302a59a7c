//! The deadlines of one connection, in one place and without a clock of their own: time is an argument.

use std::num::NonZeroU64;
use std::time::Duration;

use tokio::time::Instant;

use super::linger::LINGER;
use crate::options::Options;

/// Pings that are answered at once, and how many more each second: a peer that sends more floods.
const PING_BURST: f32 = 100.0;
const PINGS_PER_SECOND: f32 = 20.0;

/// The time since the server began, in microseconds, which no server outlives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(NonZeroU64);

/// The deadlines of a connection that is ready. Small, as there is one for each: what the options say stays with them.
#[derive(Debug)]
pub(super) struct Timing {
    /// When the peer was last heard of.
    heard: Moment,
    assembling_since: Option<Moment>,
    /// When the kernel last took a byte, while bytes wait.
    stalled_since: Option<Moment>,
    closing_since: Option<Moment>,
    ping_credit_at: Moment,
    ping_credit: f32,
    /// Pings sent since the peer was heard.
    pings: u32,
    /// Silence is not counted while we ourselves do not read.
    silence_paused: bool,
    /// All is said, and closing means to wait for the end of the peer's stream.
    lingering: bool,
    /// Whether something has begun since the next deadline was asked for.
    begun: bool,
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
    /// The peer has not ended its stream for a second after ours.
    Linger,
}

impl Moment {
    /// The moment that is `now`, of a server that began at `start`.
    pub(crate) fn of(start: Instant, now: Instant) -> Self {
        let micros = now.saturating_duration_since(start).as_micros();
        Self(NonZeroU64::MIN.saturating_add(u64::try_from(micros).unwrap_or(u64::MAX)))
    }

    /// The same on the clock.
    pub(crate) fn instant(self, start: Instant) -> Instant {
        start + Duration::from_micros(self.0.get() - 1)
    }

    fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)))
    }

    fn before(self, duration: Duration) -> Self {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        Self(NonZeroU64::new(self.0.get().saturating_sub(micros)).unwrap_or(NonZeroU64::MIN))
    }

    fn seconds_since(self, earlier: Self) -> f32 {
        Duration::from_micros(self.0.get().saturating_sub(earlier.0.get())).as_secs_f32()
    }
}

impl Timing {
    pub(super) fn new(now: Moment) -> Self {
        Self {
            heard: now,
            assembling_since: None,
            stalled_since: None,
            closing_since: None,
            ping_credit_at: now,
            ping_credit: PING_BURST,
            pings: 0,
            silence_paused: false,
            lingering: false,
            begun: true,
        }
    }

    /// Whether something may be due before what was due next when that was last asked for.
    pub(super) fn is_perhaps_sooner(&self) -> bool {
        self.begun
    }

    /// When something is due next.
    pub(super) fn next(&mut self, options: &Options) -> Option<Moment> {
        self.begun = false;
        let deadlines = [
            self.silence_deadline(options),
            self.assembling_since.map(|since| since.after(options.assembly_timeout)),
            self.stalled_since.map(|since| since.after(options.write_timeout)),
            self.closing_since.map(|since| since.after(self.closing_timeout(options))),
        ];
        deadlines.into_iter().flatten().min()
    }

    /// The peer sent something.
    pub(super) fn heard(&mut self, now: Moment) {
        self.heard = now;
        self.pings = 0;
    }

    pub(super) fn pause_silence(&mut self, paused: bool, now: Moment) {
        if self.silence_paused && !paused {
            self.heard(now);
            self.begun = true;
        }
        self.silence_paused = paused;
    }

    pub(super) fn assembling(&mut self, assembling: bool, now: Moment) {
        self.begun |= begin_or_end(&mut self.assembling_since, assembling, now);
    }

    /// Bytes wait because the kernel takes no more, or none wait.
    pub(super) fn writing(&mut self, stalled: bool, now: Moment) {
        self.begun |= begin_or_end(&mut self.stalled_since, stalled, now);
    }

    /// The kernel has taken bytes.
    pub(super) fn progressed(&mut self, now: Moment) {
        if let Some(since) = &mut self.stalled_since {
            *since = now;
        }
    }

    pub(super) fn closing(&mut self, closing: bool, now: Moment) {
        self.begun |= begin_or_end(&mut self.closing_since, closing, now);
    }

    /// All is said; only the end of the peer's stream is waited for.
    pub(super) fn linger(&mut self, now: Moment) {
        self.closing_since = Some(now);
        self.lingering = true;
        self.begun = true;
    }

    /// Whether one more ping is answered: a bucket of 100 that fills by 20 a second.
    pub(super) fn admits_ping(&mut self, now: Moment) -> bool {
        let gained = now.seconds_since(self.ping_credit_at) * PINGS_PER_SECOND;
        self.ping_credit_at = now;
        self.ping_credit = (self.ping_credit + gained).min(PING_BURST) - 1.0;
        self.ping_credit >= 0.0
    }

    /// What is due now; each is told once.
    pub(super) fn due(&mut self, options: &Options, now: Moment) -> impl Iterator<Item = Due> + use<> {
        let mut due = [None; 4];
        if self.silence_deadline(options).is_some_and(|deadline| deadline <= now) {
            due[0] = Some(if self.pings < 2 { Due::Ping } else { Due::Silence });
            self.pings += 1;
            // Where we stood still ourselves, the peer still has its time to answer.
            self.heard = self.heard.max(now.before(options.silence_max / 2 * self.pings));
        }
        if take_due(&mut self.assembling_since, options.assembly_timeout, now) {
            due[1] = Some(Due::Assembly);
        }
        if take_due(&mut self.stalled_since, options.write_timeout, now) {
            due[2] = Some(Due::Write);
        }
        let closing_timeout = self.closing_timeout(options);
        if take_due(&mut self.closing_since, closing_timeout, now) {
            due[3] = Some(if self.lingering { Due::Linger } else { Due::Close });
        }
        due.into_iter().flatten()
    }

    fn closing_timeout(&self, options: &Options) -> Duration {
        if self.lingering { LINGER } else { options.close_timeout }
    }

    /// The next half of `silence_max` at which the peer is still silent; the third is the last.
    fn silence_deadline(&self, options: &Options) -> Option<Moment> {
        if self.silence_paused || options.silence_max.is_zero() {
            return None;
        }
        Some(self.heard.after(options.silence_max / 2 * (self.pings + 1)))
    }
}

/// Tells whether it began.
fn begin_or_end(since: &mut Option<Moment>, goes_on: bool, now: Moment) -> bool {
    let begins = goes_on && since.is_none();
    if begins {
        *since = Some(now);
    } else if !goes_on {
        *since = None;
    }
    begins
}

/// Whether a deadline has passed; it is then forgotten.
fn take_due(since: &mut Option<Moment>, timeout: Duration, now: Moment) -> bool {
    let passed = since.is_some_and(|since| since.after(timeout) <= now);
    if passed {
        *since = None;
    }
    passed
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> Options {
        Options {
            silence_max: Duration::from_secs(20),
            close_timeout: Duration::from_secs(5),
            ..Options::default()
        }
    }

    fn at(seconds: f32) -> Moment {
        let start = Instant::now();
        Moment::of(start, start + Duration::from_secs_f32(seconds))
    }

    fn due_at(timing: &mut Timing, seconds: f32) -> Vec<Due> {
        timing.due(&options(), at(seconds)).collect()
    }

    #[test]
    fn a_moment_is_as_exact_as_the_deadlines_need() {
        let start = Instant::now();
        let now = start + Duration::from_micros(1_234_567);
        assert_eq!(Moment::of(start, now).instant(start), now);
        assert_eq!(size_of::<Option<Moment>>(), 8);
        assert!(size_of::<Timing>() <= 56, "{}", size_of::<Timing>());
    }

    #[test]
    fn a_silent_peer_is_pinged_each_half_and_cut_at_one_and_a_half() {
        let mut timing = Timing::new(at(0.0));
        assert_eq!(timing.next(&options()), Some(at(10.0)));
        assert_eq!(due_at(&mut timing, 9.9), []);
        assert_eq!(due_at(&mut timing, 10.0), [Due::Ping]);
        assert_eq!(due_at(&mut timing, 19.9), []);
        assert_eq!(due_at(&mut timing, 20.0), [Due::Ping]);
        assert_eq!(due_at(&mut timing, 29.9), []);
        assert_eq!(due_at(&mut timing, 30.0), [Due::Silence]);
    }

    #[test]
    fn a_peer_has_time_to_answer_a_ping_that_is_sent_late() {
        let mut timing = Timing::new(at(0.0));
        assert_eq!(due_at(&mut timing, 100.0), [Due::Ping], "we ourselves stood still");
        assert_eq!(timing.next(&options()), Some(at(110.0)));
        assert_eq!(due_at(&mut timing, 109.9), []);
        assert_eq!(due_at(&mut timing, 115.0), [Due::Ping]);
        assert_eq!(due_at(&mut timing, 124.9), []);
        assert_eq!(due_at(&mut timing, 125.0), [Due::Silence]);
    }

    #[test]
    fn a_peer_that_is_heard_in_between_is_not_cut() {
        let mut timing = Timing::new(at(0.0));
        assert_eq!(due_at(&mut timing, 20.0), [Due::Ping]);
        timing.heard(at(21.0));
        assert_eq!(due_at(&mut timing, 30.9), []);
        assert_eq!(due_at(&mut timing, 31.0), [Due::Ping]);
    }

    #[test]
    fn silence_is_not_counted_while_we_do_not_read() {
        let mut timing = Timing::new(at(0.0));
        timing.pause_silence(true, at(0.0));
        assert_eq!(timing.next(&options()), None);
        assert_eq!(due_at(&mut timing, 100.0), []);
        timing.pause_silence(false, at(100.0));
        assert_eq!(due_at(&mut timing, 109.0), []);
        assert_eq!(due_at(&mut timing, 110.0), [Due::Ping]);
    }

    #[test]
    fn each_timeout_falls_due_once_at_its_time() {
        let mut timing = Timing::new(at(0.0));
        timing.pause_silence(true, at(0.0));
        timing.closing(true, at(0.0));
        assert_eq!(timing.next(&options()), Some(at(5.0)));
        assert_eq!(due_at(&mut timing, 4.999), []);
        assert_eq!(due_at(&mut timing, 5.0), [Due::Close]);
        timing.assembling(true, at(0.0));
        timing.assembling(true, at(9.0));
        assert_eq!(due_at(&mut timing, 29.999), []);
        assert_eq!(due_at(&mut timing, 30.0), [Due::Assembly]);
        timing.writing(true, at(0.0));
        timing.progressed(at(1.0));
        assert_eq!(due_at(&mut timing, 10.999), []);
        assert_eq!(due_at(&mut timing, 11.0), [Due::Write]);
    }

    #[test]
    fn a_burst_of_pings_is_answered_a_flood_is_not() {
        let mut timing = Timing::new(at(0.0));
        assert_eq!((0..150).filter(|_| timing.admits_ping(at(0.0))).count(), 100);
        let mut later = Timing::new(at(0.0));
        assert!((0..600_u16).all(|tick| later.admits_ping(at(f32::from(tick) * 0.05))));
    }
}
