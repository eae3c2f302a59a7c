//! The beginning and the end of each turn: reads the clock, checks the deadlines, writes all that was corked.

use std::task::Context;

use super::Driver;
use super::deadlines::{Due, Moment, Silence};
use crate::conn::close::{Ending, Lingering};
use crate::conn::receive::Reading;
use crate::conn::send::{Bound, Phase, Written, write_own};
use crate::event::{Close, ClosedBy};
use crate::transport::{Insist, Stream};
use crate::watchdog;
use crate::wire::{FrameKind, Payload};

impl Driver {
    pub(super) fn begin_turn(&mut self, cx: &Context<'_>) -> Moment {
        if !self.has_waker {
            self.has_waker = true;
            self.conn.send_path().set_waker(cx.waker());
        }
        self.budget.begin();
        watchdog::on_server(self.conn.server().address());
        self.conn.server().alarms().now()
    }

    /// Handles deadlines that have passed, writes, advances the ending, and sets the alarm for the next deadline.
    pub(super) fn end_turn(&mut self, cx: &mut Context<'_>, now: Moment) {
        // Before anything is written: what a peer has received is counted.
        self.conn.add_up();
        self.deadlines.silence(self.silence(), now);
        if self.conn.phase() != Phase::Ready {
            self.deadlines.clear_timers();
        }
        if self.alarm.is_some_and(|at| at <= now) {
            self.unset_alarm();
            // Try to write first: the peer may have made room, which is progress, although the alarm is late.
            self.write(cx, now, Insist::Yes);
            let left = self.conn.send_path().unwritten();
            for due in self.deadlines.due(self.conn.options(), left, now) {
                self.act(due);
            }
        }
        self.write(cx, now, Insist::No);
        if self.conn.drop_discarded() {
            // The destructors of these buffers are user code, which may have sent more.
            self.conn.add_up();
            self.write(cx, now, Insist::No);
            cx.waker().wake_by_ref();
        }
        self.end(cx, now);
        if self.conn.phase() == Phase::Finishing && !self.receive.has_unread() {
            // Nothing more is read: whoever waits for an answer would hold up the shutdown.
            self.conn.end_questions();
        }
        if self.conn.phase() == Phase::Gone {
            self.conn.end_questions();
            self.receive.take_read_half();
            self.lingering = None;
            self.unset_alarm();
        } else {
            self.set_alarm(now);
        }
    }

    /// Advances the ending of the connection from its current stage.
    fn end(&mut self, cx: &mut Context<'_>, now: Moment) {
        let Some((ending, left)) = self.ending() else { return };
        // What is received from now on is not handled.
        self.conn.end_questions();
        self.deadlines.ending(ending, left, now);
        if let (Ending::AwaitingClose, Reading::Ended { with_close_frame }) = (ending, self.receive.reading())
        {
            let write = self.conn.send_path().take_socket();
            let stream = write.and_then(|write| Stream::unite(self.receive.take_read_half(), write));
            self.lingering = stream.and_then(|stream| Lingering::of(stream, with_close_frame)).map(Box::new);
            self.deadlines.ending(Ending::Lingering, 0, now);
            if self.lingering.is_none() {
                self.conn.cut(ClosedBy::Us);
            }
        }
        if self.lingering.as_mut().is_some_and(|lingering| lingering.poll(cx).is_ready()) {
            self.conn.cut(ClosedBy::Us);
        }
    }

    /// The current stage of the ending, and how many bytes are left to write.
    fn ending(&self) -> Option<(Ending, usize)> {
        match self.conn.phase() {
            Phase::Ready | Phase::Finishing if self.receive.reading() == Reading::Open => None,
            Phase::Ready | Phase::Finishing => Some((Ending::PeerEnded, 0)),
            Phase::Closing if self.lingering.is_some() => Some((Ending::Lingering, 0)),
            Phase::Closing if self.conn.has_unwritten() => {
                Some((Ending::Draining, self.conn.send_path().unwritten()))
            }
            Phase::Closing => Some((Ending::AwaitingClose, 0)),
            Phase::Opening | Phase::Gone => None,
        }
    }

    /// How silence of the peer is treated now.
    fn silence(&self) -> Silence {
        if self.conn.phase() != Phase::Ready || self.receive.reading() != Reading::Open {
            Silence::Ignored
        } else if self.receive.is_full(&self.conn) {
            Silence::PingOnly
        } else {
            Silence::Counts
        }
    }

    pub(super) fn write(&mut self, cx: &mut Context<'_>, now: Moment, insist: Insist) -> Written {
        let written = write_own(&self.conn, cx, insist);
        self.deadlines.written(written, now);
        written
    }

    /// Sets the alarm for the next deadline, unless it already rings before that.
    fn set_alarm(&mut self, now: Moment) {
        if self.alarm.is_some() && !self.deadlines.may_be_sooner() {
            return;
        }
        let deadline = self.deadlines.next(self.conn.options(), now);
        // Woken by the alarm, the task goes on by itself.
        let Some(next) = [deadline, self.receive.resumes_at(now)].into_iter().flatten().min() else { return };
        if self.alarm.is_some_and(|at| at <= next) {
            return;
        }
        self.unset_alarm();
        self.conn.server().alarms().set(next, self.conn.id());
        self.alarm = Some(next);
    }

    pub(super) fn unset_alarm(&mut self) {
        if let Some(at) = self.alarm.take() {
            self.conn.server().alarms().unset(at, self.conn.id());
        }
    }

    fn act(&mut self, due: Due) {
        match due {
            Due::Ping => {
                // Fails only if the connection is closing or cut.
                let _ = self.conn.push_frame(FrameKind::Ping, &mut Payload::Borrowed(&[]), Bound::Outbox);
            }
            Due::Silence => self.conn.cut(ClosedBy::Silence),
            Due::Assembly => {
                self.receive.end(Close::new(1008, "message took too long to arrive", ClosedBy::Unfinished));
                self.conn.send_path().wake();
            }
            Due::Write => self.conn.send_path().cut(Close::slow()),
            Due::Unhandled => {
                if let Some(end) = self.receive.take_end() {
                    self.handles_late = true;
                    self.conn.send_path().push_close(end);
                }
            }
            Due::Close => self.conn.cut(ClosedBy::Peer),
            Due::Linger => self.conn.cut(ClosedBy::Us),
        }
    }
}
