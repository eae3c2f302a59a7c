//! What begins and ends each turn of a connection: the clock, its deadlines, and the writing of all that was gathered.

use std::task::Context;

use super::Link;
use crate::conn::gathering::poll_write_own;
use crate::conn::outlet::{Bound, Phase, Written};
use crate::conn::timing::{Due, Moment};
use crate::event::{Close, ClosedBy};
use crate::wire::{Kind, Payload};

impl Link {
    pub(super) fn begin_turn(&mut self, cx: &Context<'_>) -> Moment {
        if !self.is_watching {
            self.is_watching = true;
            self.conn.outlet().watch(cx.waker());
        }
        self.pace.begin();
        self.conn.server().alarms().now()
    }

    /// Does what is due by the clock, writes, and sets the alarm for what will be due.
    pub(super) fn end_turn(&mut self, cx: &mut Context<'_>, now: Moment) {
        let phase = self.conn.phase();
        self.timing.closing(phase == Phase::Closing, now);
        let reading = phase == Phase::Ready && !self.heard_out;
        self.timing.pause_silence(!reading || self.inbox_is_full(), now);
        if self.alarm.is_some_and(|at| at <= now) {
            self.unset_alarm();
            // However late we look: what the peer has made room for meanwhile is progress.
            self.write(cx, now);
            for due in self.timing.due(self.conn.server().options(), now) {
                self.act(due);
            }
        }
        self.write(cx, now);
        if self.conn.drop_spent() {
            // Whoever lent it may have sent something, and lent it again.
            self.write(cx, now);
            cx.waker().wake_by_ref();
        }
        if self.conn.phase() == Phase::Gone {
            self.source = None;
            self.unset_alarm();
        } else {
            self.set_alarm();
        }
    }

    pub(super) fn write(&mut self, cx: &mut Context<'_>, now: Moment) -> Written {
        let written = poll_write_own(&self.conn, cx);
        self.timing.writing(written != Written::All, now);
        if written == Written::Some {
            self.timing.progressed(now);
        }
        written
    }

    /// Sets the alarm, unless it rings before the next deadline anyway.
    fn set_alarm(&mut self) {
        if self.alarm.is_some() && !self.timing.is_perhaps_sooner() {
            return;
        }
        let Some(next) = self.timing.next(self.conn.server().options()) else { return };
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
                // Refused only where the connection closes or is cut.
                let _ = self.conn.push_frame(Kind::Ping, &mut Payload::Borrowed(&[]), Bound::Outbox);
            }
            Due::Silence => self.conn.cut(ClosedBy::Silence),
            Due::Assembly => {
                self.heard_all(Close::new(1008, "message took too long to arrive", ClosedBy::Error));
                self.conn.outlet().wake();
            }
            Due::Write => self.conn.outlet().cut(Close::slow()),
            Due::Close => self.conn.cut(ClosedBy::Peer),
            Due::Linger => self.conn.cut(ClosedBy::Us),
        }
    }
}
