//! The deadlines of one connection, in one place and without a clock of their own: time is an argument.

use std::num::NonZeroU64;
use std::time::Duration;

use tokio::time::Instant;

use crate::conn::close::{Ending, LINGER, MIN_DRAIN_RATE};
use crate::conn::send::Written;
use crate::options::Options;

/// Pings that are answered at once, and how many more each second: a peer that sends more floods.
const PING_BURST: f32 = 100.0;
const PINGS_PER_SECOND: f32 = 20.0;

/// The time since the server began, in microseconds, which no server outlives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(NonZeroU64);

/// The rate is taken over so many times `write_timeout`: a kernel reports what its peer has read in large steps.
const DRAIN_WINDOWS: u32 = 6;

/// The deadlines of a connection that is ready. Small, as there is one for each: what the options say stays with them.
#[derive(Debug)]
pub(in crate::conn) struct Deadlines {
    /// When the peer last gave a sign of life: it sent a byte, or took one that it had no room for before.
    alive: Moment,
    assembling_since: Option<Moment>,
    /// When the kernel last took a byte, while bytes wait.
    stalled_since: Option<Moment>,
    /// When the present stage of the ending began.
    ending_since: Moment,
    ending: Ending,
    /// How many bytes waited when the drain's rate was last looked at.
    drain_left: u32,
    ping_credit_at: Moment,
    ping_credit: f32,
    /// Pings since the last sign of life.
    pings: u8,
    silence: Silence,
    /// Whether something has begun since the next deadline was asked for.
    has_new: bool,
}

/// What silence of the peer means now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::conn) enum Silence {
    /// It is pinged, and cut where it does not answer.
    Counts,
    /// We ourselves do not read: it is pinged, as writing finds out whether it is still there.
    PingOnly,
    /// Nothing: the connection ends, and other deadlines hold.
    Ignored,
}

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::conn) enum Due {
    /// The peer has been silent for half of `silence_max`, or for half of it again.
    Ping,
    /// The peer has been silent for one and a half `silence_max`: it answered no ping.
    Silence,
    /// A message is incomplete for `assembly_timeout`.
    Assembly,
    /// The peer has taken no byte for `write_timeout`, or too few of those before our Close frame.
    Write,
    /// Handlers have not dealt with what the peer sent before its last word, for `close_timeout`.
    Unhandled,
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

impl Deadlines {
    pub(in crate::conn) fn new(now: Moment) -> Self {
        Self {
            alive: now,
            assembling_since: None,
            stalled_since: None,
            ending_since: now,
            ending: Ending::Open,
            drain_left: 0,
            ping_credit_at: now,
            ping_credit: PING_BURST,
            pings: 0,
            silence: Silence::Counts,
            has_new: true,
        }
    }

    /// Whether something may be due before what was due next when that was last asked for.
    pub(in crate::conn) fn may_be_sooner(&self) -> bool {
        self.has_new
    }

    /// When something is due next.
    pub(in crate::conn) fn next(&mut self, options: &Options) -> Option<Moment> {
        self.has_new = false;
        let deadlines = [
            self.silence_deadline(options),
            self.assembling_since.map(|since| since.after(options.assembly_timeout)),
            self.stalled_since.map(|since| since.after(options.write_timeout)),
            self.ending_timeout(options).map(|timeout| self.ending_since.after(timeout)),
        ];
        deadlines.into_iter().flatten().min()
    }

    /// The peer gave a sign of life.
    pub(in crate::conn) fn alive(&mut self, now: Moment) {
        self.alive = now;
        self.pings = 0;
    }

    pub(in crate::conn) fn silence(&mut self, silence: Silence, now: Moment) {
        if self.silence != silence {
            self.alive(now);
            self.silence = silence;
            self.has_new = true;
        }
    }

    pub(in crate::conn) fn assembling(&mut self, assembling: bool, now: Moment) {
        self.has_new |= begin_or_end(&mut self.assembling_since, assembling, now);
    }

    /// Something was written, or nothing more is to be written.
    ///
    /// What the kernel takes when it had no room before, the peer has made room for: that is a sign of life. What it
    /// takes at once is none.
    pub(in crate::conn) fn written(&mut self, written: Written, now: Moment) {
        let was_stalled = self.stalled_since.is_some();
        match written {
            Written::All => self.stalled_since = None,
            Written::Some => self.stalled_since = Some(now),
            Written::None => {
                self.stalled_since.get_or_insert(now);
            }
        }
        self.has_new |= was_stalled != self.stalled_since.is_some();
        if written == Written::Some {
            self.made_progress(now);
        }
        if was_stalled && written != Written::None {
            self.alive(now);
        }
    }

    /// The ending has come so far, with so many bytes left to write.
    pub(in crate::conn) fn ending(&mut self, ending: Ending, left: usize, now: Moment) {
        if ending > self.ending {
            self.ending = ending;
            self.ending_since = now;
            self.drain_left = u32::try_from(left).unwrap_or(u32::MAX);
            self.has_new = true;
        }
    }

    /// What the peer sent before its last word is dealt with: the next message is handled, or it takes an answer.
    pub(in crate::conn) fn made_progress(&mut self, now: Moment) {
        if self.ending == Ending::PeerEnded {
            self.ending_since = now;
        }
    }

    /// Whether one more ping is answered: a bucket of 100 that fills by 20 a second.
    pub(in crate::conn) fn allows_ping(&mut self, now: Moment) -> bool {
        let gained = now.seconds_since(self.ping_credit_at) * PINGS_PER_SECOND;
        self.ping_credit_at = now;
        self.ping_credit = (self.ping_credit + gained).min(PING_BURST) - 1.0;
        self.ping_credit >= 0.0
    }

    /// What is due now, with so many bytes left to write; each is told once.
    pub(in crate::conn) fn due(
        &mut self,
        options: &Options,
        left: usize,
        now: Moment,
    ) -> impl Iterator<Item = Due> + use<> {
        let mut due = [None; 4];
        if self.silence_deadline(options).is_some_and(|deadline| deadline <= now) {
            let is_lost = self.pings >= 2 && self.silence == Silence::Counts;
            due[0] = Some(if is_lost { Due::Silence } else { Due::Ping });
            self.pings = self.pings.saturating_add(1);
            // Where we stood still ourselves, the peer still has its time to answer.
            self.alive = self.alive.max(now.before(options.silence_max / 2 * u32::from(self.pings)));
        }
        if take_due(&mut self.assembling_since, options.assembly_timeout, now) {
            due[1] = Some(Due::Assembly);
        }
        if take_due(&mut self.stalled_since, options.write_timeout, now) {
            due[2] = Some(Due::Write);
        }
        due[3] = self.ending_due(options, left, now);
        due.into_iter().flatten()
    }

    fn ending_due(&mut self, options: &Options, left: usize, now: Moment) -> Option<Due> {
        let timeout = self.ending_timeout(options)?;
        if self.ending_since.after(timeout) > now {
            return None;
        }
        // Told once: what is done about it leads to the next stage, or to the end.
        self.ending_since = now;
        match self.ending {
            Ending::Open => None,
            Ending::PeerEnded => Some(Due::Unhandled),
            Ending::Draining => {
                let taken = (self.drain_left as usize).saturating_sub(left);
                self.drain_left = u32::try_from(left).unwrap_or(u32::MAX);
                let least = timeout.as_secs_f64() * MIN_DRAIN_RATE as f64;
                ((taken as f64) < least).then_some(Due::Write)
            }
            Ending::AwaitingClose => Some(Due::Close),
            Ending::Lingering => Some(Due::Linger),
        }
    }

    /// How long the present stage of the ending may take.
    fn ending_timeout(&self, options: &Options) -> Option<Duration> {
        match self.ending {
            Ending::Open => None,
            Ending::PeerEnded | Ending::AwaitingClose => Some(options.close_timeout),
            Ending::Draining => Some(options.write_timeout * DRAIN_WINDOWS),
            Ending::Lingering => Some(LINGER),
        }
    }

    /// The next half of `silence_max` at which the peer is still silent; the third is the last.
    ///
    /// A ping that stands behind bytes that wait reaches nobody: while there are any, `write_timeout` holds instead.
    fn silence_deadline(&self, options: &Options) -> Option<Moment> {
        let is_off = options.silence_max.is_zero() || self.silence == Silence::Ignored;
        if is_off || self.stalled_since.is_some() {
            return None;
        }
        Some(self.alive.after(options.silence_max / 2 * (u32::from(self.pings) + 1)))
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

    fn due_at(deadlines: &mut Deadlines, seconds: f32) -> Vec<Due> {
        due_with_left(deadlines, 0, seconds)
    }

    fn due_with_left(deadlines: &mut Deadlines, left: usize, seconds: f32) -> Vec<Due> {
        deadlines.due(&options(), left, at(seconds)).collect()
    }

    #[test]
    fn a_moment_is_as_exact_as_the_deadlines_need() {
        let start = Instant::now();
        let now = start + Duration::from_micros(1_234_567);
        assert_eq!(Moment::of(start, now).instant(start), now);
        assert_eq!(size_of::<Option<Moment>>(), 8);
        assert!(size_of::<Deadlines>() <= 56, "{}", size_of::<Deadlines>());
    }

    #[test]
    fn a_silent_peer_is_pinged_each_half_and_cut_at_one_and_a_half() {
        let mut deadlines = Deadlines::new(at(0.0));
        assert_eq!(deadlines.next(&options()), Some(at(10.0)));
        assert_eq!(due_at(&mut deadlines, 9.9), []);
        assert_eq!(due_at(&mut deadlines, 10.0), [Due::Ping]);
        assert_eq!(due_at(&mut deadlines, 19.9), []);
        assert_eq!(due_at(&mut deadlines, 20.0), [Due::Ping]);
        assert_eq!(due_at(&mut deadlines, 29.9), []);
        assert_eq!(due_at(&mut deadlines, 30.0), [Due::Silence]);
    }

    #[test]
    fn a_peer_has_time_to_answer_a_ping_that_is_sent_late() {
        let mut deadlines = Deadlines::new(at(0.0));
        assert_eq!(due_at(&mut deadlines, 100.0), [Due::Ping], "we ourselves stood still");
        assert_eq!(deadlines.next(&options()), Some(at(110.0)));
        assert_eq!(due_at(&mut deadlines, 109.9), []);
        assert_eq!(due_at(&mut deadlines, 115.0), [Due::Ping]);
        assert_eq!(due_at(&mut deadlines, 124.9), []);
        assert_eq!(due_at(&mut deadlines, 125.0), [Due::Silence]);
    }

    #[test]
    fn a_peer_that_is_heard_in_between_is_not_cut() {
        let mut deadlines = Deadlines::new(at(0.0));
        assert_eq!(due_at(&mut deadlines, 20.0), [Due::Ping]);
        deadlines.alive(at(21.0));
        assert_eq!(due_at(&mut deadlines, 30.9), []);
        assert_eq!(due_at(&mut deadlines, 31.0), [Due::Ping]);
    }

    #[test]
    fn a_peer_that_cannot_be_heard_is_pinged_but_not_cut() {
        let mut deadlines = Deadlines::new(at(0.0));
        deadlines.silence(Silence::PingOnly, at(0.0));
        for round in 1..=1000_u16 {
            assert_eq!(due_at(&mut deadlines, 10.0 * f32::from(round)), [Due::Ping], "{round}");
        }
        deadlines.silence(Silence::Counts, at(10_000.0));
        assert_eq!(due_at(&mut deadlines, 10_009.0), []);
        assert_eq!(due_at(&mut deadlines, 10_010.0), [Due::Ping]);
        deadlines.silence(Silence::Ignored, at(10_010.0));
        assert_eq!(deadlines.next(&options()), None);
    }

    #[test]
    fn a_ping_that_stands_behind_other_bytes_is_not_waited_for() {
        let mut deadlines = Deadlines::new(at(0.0));
        deadlines.written(Written::Some, at(1.0));
        for second in 2..100_u16 {
            deadlines.written(Written::Some, at(f32::from(second)));
            assert_eq!(due_at(&mut deadlines, f32::from(second) + 0.5), []);
        }
        deadlines.written(Written::All, at(100.0));
        assert_eq!(
            deadlines.next(&options()),
            Some(at(110.0)),
            "all is written: from now on it could answer"
        );
    }

    #[test]
    fn what_the_kernel_takes_at_once_is_no_sign_of_life() {
        let mut deadlines = Deadlines::new(at(0.0));
        deadlines.written(Written::All, at(9.0));
        assert_eq!(due_at(&mut deadlines, 10.0), [Due::Ping]);
    }

    #[test]
    fn each_timeout_falls_due_once_at_its_time() {
        let mut deadlines = Deadlines::new(at(0.0));
        deadlines.silence(Silence::Ignored, at(0.0));
        deadlines.assembling(true, at(0.0));
        deadlines.assembling(true, at(9.0));
        assert_eq!(due_at(&mut deadlines, 29.999), []);
        assert_eq!(due_at(&mut deadlines, 30.0), [Due::Assembly]);
        deadlines.written(Written::None, at(0.0));
        deadlines.written(Written::Some, at(1.0));
        deadlines.written(Written::None, at(2.0));
        assert_eq!(due_at(&mut deadlines, 10.999), []);
        assert_eq!(due_at(&mut deadlines, 11.0), [Due::Write]);
    }

    #[test]
    fn each_stage_of_the_ending_has_its_time() {
        let mut deadlines = Deadlines::new(at(0.0));
        deadlines.silence(Silence::Ignored, at(0.0));
        deadlines.ending(Ending::PeerEnded, 0, at(0.0));
        assert_eq!(deadlines.next(&options()), Some(at(5.0)));
        assert_eq!(due_at(&mut deadlines, 5.0), [Due::Unhandled]);
        deadlines.ending(Ending::Draining, 100_000, at(5.0));
        deadlines.ending(Ending::AwaitingClose, 0, at(6.0));
        deadlines.ending(Ending::Draining, 100_000, at(7.0));
        assert_eq!(due_at(&mut deadlines, 10.999), []);
        assert_eq!(due_at(&mut deadlines, 11.0), [Due::Close]);
        deadlines.ending(Ending::Lingering, 0, at(11.0));
        assert_eq!(due_at(&mut deadlines, 12.0), [Due::Linger]);
    }

    #[test]
    fn who_takes_what_it_is_sent_in_drops_is_waited_for_a_minute_who_reads_slowly_until_it_is_done() {
        let mut deadlines = Deadlines::new(at(0.0));
        deadlines.silence(Silence::Ignored, at(0.0));
        deadlines.ending(Ending::Draining, 100_000, at(0.0));
        assert_eq!(due_with_left(&mut deadlines, 99_990, 59.999), []);
        assert_eq!(due_with_left(&mut deadlines, 99_990, 60.0), [Due::Write]);
        let mut deadlines = Deadlines::new(at(0.0));
        deadlines.silence(Silence::Ignored, at(0.0));
        deadlines.ending(Ending::Draining, 100_000, at(0.0));
        assert_eq!(due_with_left(&mut deadlines, 60_000, 60.0), []);
        assert_eq!(due_with_left(&mut deadlines, 40_000, 120.0), []);
        assert_eq!(
            due_with_left(&mut deadlines, 25_000, 180.0),
            [Due::Write],
            "less than 256 bytes a second"
        );
    }

    #[test]
    fn a_burst_of_pings_is_answered_a_flood_is_not() {
        let mut deadlines = Deadlines::new(at(0.0));
        assert_eq!((0..150).filter(|_| deadlines.allows_ping(at(0.0))).count(), 100);
        let mut later = Deadlines::new(at(0.0));
        assert!((0..600_u16).all(|tick| later.allows_ping(at(f32::from(tick) * 0.05))));
    }
}
