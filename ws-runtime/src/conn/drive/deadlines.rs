//! The deadlines of one connection. There is no clock here: the time is an argument.

use std::num::NonZeroU64;
use std::time::Duration;

use tokio::time::Instant;

use crate::conn::close::{Ending, LINGER, MIN_DRAIN_RATE};
use crate::conn::send::Written;
use crate::options::Options;

/// How many pings are answered in a burst. A peer that sends more is closed.
const PING_BURST: u32 = 100;

/// How long it takes until one more may come: 20 a second.
const PING_INTERVAL: Duration = Duration::from_millis(50);

/// The time since the server started, in microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Moment(NonZeroU64);

/// The drain rate is measured over this many times `write_timeout`, because the kernel reports progress in large steps.
const DRAIN_WINDOWS: u32 = 6;

/// The deadlines of a connection that is ready. Kept small, as each connection has one: the timeouts stay in
/// [`Options`].
#[derive(Debug)]
pub(in crate::conn) struct Deadlines {
    /// When the peer last gave a sign of life: it sent a byte, or made room for a byte that had to wait.
    alive: Moment,
    /// When the message that is incomplete now began.
    assembling_since: Option<Moment>,
    /// While bytes wait to be written: when the kernel last took one.
    stalled_since: Option<Moment>,
    /// When the current stage of the ending began.
    ending_since: Moment,
    ending: Ending,
    /// How many bytes were left when the drain rate was last checked.
    drain_left: u32,
    /// When the peer may send a whole burst of pings again.
    ping_burst_at: Moment,
    /// When the session's timers must be looked at: not after the first of them is due.
    timers: Option<Moment>,
    /// Pings since the last sign of life.
    pings: u8,
    silence: Silence,
    /// Whether a deadline was added since [`next`](Self::next) was last called.
    has_new: bool,
}

/// How the server treats a silent peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::conn) enum Silence {
    /// Pings it, and cuts it if it does not answer.
    Counts,
    /// Pings it only, because we do not read at the moment and cannot see an answer. Writing still finds out whether
    /// the peer is gone.
    PingOnly,
    /// Does nothing: the connection is ending, and other deadlines apply.
    Ignored,
}

/// A deadline that has passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::conn) enum Due {
    /// The peer has been silent for half of `silence_max`, or for the whole of it.
    Ping,
    /// The peer has been silent for one and a half times `silence_max`: it answered no ping.
    Silence,
    /// A message has been incomplete for `assembly_timeout`.
    Assembly,
    /// The peer has taken no byte for `write_timeout`, or takes the bytes before our Close frame too slowly.
    Write,
    /// The peer has closed its side, and for `close_timeout` no handler has finished with a message from before that.
    Unhandled,
    /// The peer has not answered our Close frame for `close_timeout`.
    Close,
    /// The peer has not ended its stream within [`LINGER`] after ours.
    Linger,
}

impl Moment {
    /// The moment `now` of a server that started at `start`.
    pub(crate) fn of(start: Instant, now: Instant) -> Self {
        let micros = now.saturating_duration_since(start).as_micros();
        Self(NonZeroU64::MIN.saturating_add(u64::try_from(micros).unwrap_or(u64::MAX)))
    }

    /// The same moment on tokio's clock.
    pub(crate) fn instant(self, start: Instant) -> Instant {
        start + Duration::from_micros(self.0.get() - 1)
    }

    /// The first moment that is not before an instant on tokio's clock.
    pub(crate) fn not_before(start: Instant, instant: Instant) -> Self {
        let moment = Self::of(start, instant);
        if moment.instant(start) < instant { moment.after(Duration::from_micros(1)) } else { moment }
    }

    /// In microseconds since the server started.
    pub(crate) fn micros(self) -> u64 {
        self.0.get()
    }

    /// How long it is from this moment to a later one.
    pub(crate) fn until(self, later: Self) -> Duration {
        Duration::from_micros(later.0.get().saturating_sub(self.0.get()))
    }

    pub(in crate::conn) fn after(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)))
    }

    fn before(self, duration: Duration) -> Self {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        Self(NonZeroU64::new(self.0.get().saturating_sub(micros)).unwrap_or(NonZeroU64::MIN))
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
            ping_burst_at: now,
            timers: None,
            pings: 0,
            silence: Silence::Counts,
            has_new: true,
        }
    }

    /// Whether a deadline may have come up that is before the last result of [`next`](Self::next).
    pub(in crate::conn) fn may_be_sooner(&self) -> bool {
        self.has_new
    }

    /// The next deadline. Timers that are due wait for the end of a handler, and not for the alarm.
    pub(in crate::conn) fn next(&mut self, options: &Options, now: Moment) -> Option<Moment> {
        self.has_new = false;
        let deadlines = [
            self.silence_deadline(options),
            self.assembling_since.map(|since| since.after(options.assembly_timeout)),
            self.stalled_since.map(|since| since.after(options.write_timeout)),
            self.ending_timeout(options).map(|timeout| self.ending_since.after(timeout)),
            self.timers.filter(|timers| *timers > now),
        ];
        deadlines.into_iter().flatten().min()
    }

    /// A timer of the session was started.
    pub(in crate::conn) fn timer_started(&mut self, due: Moment) {
        if self.timers.is_none_or(|timers| due < timers) {
            self.timers = Some(due);
            self.has_new = true;
        }
    }

    /// Whether the session's timers must be looked at now.
    pub(in crate::conn) fn timers_are_due(&self, now: Moment) -> bool {
        self.timers.is_some_and(|timers| timers <= now)
    }

    /// Forgets the session's timers: all were looked at, or none will be.
    pub(in crate::conn) fn clear_timers(&mut self) {
        self.timers = None;
    }

    /// A deadline was added that is kept elsewhere.
    pub(in crate::conn) fn add(&mut self) {
        self.has_new = true;
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

    /// The task tried to write, with this result.
    ///
    /// If the kernel had no room before and takes a byte now, the peer has read something: that is a sign of life. A
    /// byte that the kernel takes at once is not.
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

    /// The ending has reached this stage, with `left` bytes to write.
    pub(in crate::conn) fn ending(&mut self, ending: Ending, left: usize, now: Moment) {
        if ending > self.ending {
            self.ending = ending;
            self.ending_since = now;
            self.drain_left = u32::try_from(left).unwrap_or(u32::MAX);
            self.has_new = true;
        }
    }

    /// A message was handled, or a byte was written: this extends the deadline of [`Ending::PeerEnded`].
    pub(in crate::conn) fn made_progress(&mut self, now: Moment) {
        if self.ending == Ending::PeerEnded {
            self.ending_since = now;
        }
    }

    /// Whether one more ping is answered.
    pub(in crate::conn) fn allows_ping(&mut self, now: Moment) -> bool {
        self.ping_burst_at = self.ping_burst_at.max(now).after(PING_INTERVAL);
        self.ping_burst_at <= now.after(PING_INTERVAL * PING_BURST)
    }

    /// The deadlines that have passed, each reported once. `left` is the number of bytes left to write.
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
            // If we were late ourselves, the peer still gets its full time to answer.
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
        // Reported once: the reaction leads to the next stage or to the end.
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

    /// How long the current stage of the ending may take.
    fn ending_timeout(&self, options: &Options) -> Option<Duration> {
        match self.ending {
            Ending::Open => None,
            Ending::PeerEnded | Ending::AwaitingClose => Some(options.close_timeout),
            Ending::Draining => Some(options.write_timeout * DRAIN_WINDOWS),
            Ending::Lingering => Some(LINGER),
        }
    }

    /// When the next multiple of half of `silence_max` is reached; the third one is the last.
    ///
    /// A ping cannot overtake bytes that wait to be written. While there are any, `write_timeout` applies instead.
    fn silence_deadline(&self, options: &Options) -> Option<Moment> {
        let is_off = options.silence_max.is_zero() || self.silence == Silence::Ignored;
        if is_off || self.stalled_since.is_some() {
            return None;
        }
        Some(self.alive.after(options.silence_max / 2 * (u32::from(self.pings) + 1)))
    }
}

/// Starts or clears `since`. Returns whether it was started.
fn begin_or_end(since: &mut Option<Moment>, goes_on: bool, now: Moment) -> bool {
    let begins = goes_on && since.is_none();
    if begins {
        *since = Some(now);
    } else if !goes_on {
        *since = None;
    }
    begins
}

/// Returns whether a deadline has passed, and clears it if so.
fn take_due(since: &mut Option<Moment>, timeout: Duration, now: Moment) -> bool {
    let passed = since.is_some_and(|since| since.after(timeout) <= now);
    if passed {
        *since = None;
    }
    passed
}

#[cfg(test)]
mod tests;
