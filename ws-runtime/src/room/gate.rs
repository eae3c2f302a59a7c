//! The gate of one path: who may make its room, who is in it, and who may empty it.
//!
//! ```text
//!             enter             open                  enter, leave
//!   Vacant ──────────▶ Busy ───────────▶ Open with members ◀──┐
//!     ▲                │  ▲                     │     ▲       │
//!     └─── dropped ────┘  ├── the last leaves ──┘     └───────┘
//!                         │                     enter
//!                         └── claim ──── Open without members: kept
//! ```
//!
//! Who has made it `Busy` holds the [`Turn`], and makes or empties the room. All others who want to enter wait. A
//! turn that is dropped leaves the gate `Vacant`, whatever has happened: so a panic, an error or a cancellation
//! cannot close it for ever. Its lock is a leaf: it is never held while anything else is locked or woken. Only wakers
//! are cloned, and dropped where newer ones take their place, while it is held.
//!
//! This file depends on nothing else in the crate: `tests/tests/room_gate.rs` compiles it with loom's mutex.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::PoisonError;
use std::task::{Context, Poll, Waker};

use super::sync::{Mutex, MutexGuard};

/// How many may wait at a gate.
pub(crate) const MAX_WAITING: usize = 64;

/// The gate of one path. `R` is the room's handle, `M` marks a room that is kept.
#[derive(Debug)]
pub(crate) struct Gate<R, M>(Mutex<Inner<R, M>>);

/// Something that has a gate, and keeps it for as long as it is needed.
pub(crate) trait Gated {
    type Room: Clone;
    type Mark: Copy + PartialEq;

    fn gate(&self) -> &Gate<Self::Room, Self::Mark>;
}

/// What a gate lets in.
pub(crate) enum Entered<G: Gated> {
    /// A member of the room. It must [`leave`].
    Member {
        way: G,
        room: G::Room,
        /// The mark of the room, if it was kept until now.
        mark: Option<G::Mark>,
    },
    /// There is no room: make one.
    Turn(Turn<G>),
}

/// Too many wait already.
#[derive(Debug)]
pub(crate) struct Full;

/// The last member has left, and empties the room.
pub(crate) struct Last<G: Gated> {
    pub(crate) turn: Turn<G>,
    pub(crate) room: G::Room,
    /// The mark that the room had when it was kept the last time.
    pub(crate) mark: Option<G::Mark>,
}

/// The right to make or to empty the room, until it is dropped.
pub(crate) struct Turn<G: Gated>(Option<G>);

#[derive(Debug)]
struct Inner<R, M> {
    phase: Phase<R, M>,
    /// Those who wait, in the order in which they came.
    waiting: Vec<(u64, Waker)>,
    next: u64,
}

#[derive(Debug)]
enum Phase<R, M> {
    /// There is no room.
    Vacant,
    /// The room is being made or emptied.
    Busy,
    /// There is a room. Without members it is kept.
    Open { room: R, members: usize, mark: Option<M> },
}

/// Enters the room, as soon as it is neither being made nor emptied.
pub(crate) async fn enter<G: Gated>(way: G) -> Result<Entered<G>, Full> {
    let passed = {
        let mut entering = pin!(Entering::new(way.gate()));
        poll_fn(|cx| entering.as_mut().get_mut().poll_enter(cx)).await?
    };
    // Nothing is awaited from here on: who has entered is counted.
    Ok(match passed {
        Passed::Member { room, mark } => Entered::Member { way, room, mark },
        Passed::Turn => Entered::Turn(Turn(Some(way))),
    })
}

/// Leaves the room. `None` if others are left.
pub(crate) fn leave<G: Gated>(way: G) -> Option<Last<G>> {
    let (room, mark) = way.gate().leave()?;
    Some(Last { turn: Turn(Some(way)), room, mark })
}

/// Takes the turn to empty a room that is still kept with this mark.
pub(crate) fn claim<G: Gated>(way: G, mark: G::Mark) -> Option<(Turn<G>, G::Room)> {
    let room = way.gate().claim(mark)?;
    Some((Turn(Some(way)), room))
}

impl<G: Gated> Turn<G> {
    /// Opens the room, with its first member.
    pub(crate) fn open(mut self, room: G::Room) -> Option<G> {
        let way = self.0.take()?;
        way.gate().end_turn(Phase::Open { room, members: 1, mark: None });
        Some(way)
    }

    /// Keeps the room, without members.
    pub(crate) fn keep(mut self, room: G::Room, mark: G::Mark) -> Option<G> {
        let way = self.0.take()?;
        way.gate().end_turn(Phase::Open { room, members: 0, mark: Some(mark) });
        Some(way)
    }

    pub(crate) fn way(&self) -> Option<&G> {
        self.0.as_ref()
    }
}

impl<G: Gated> Drop for Turn<G> {
    fn drop(&mut self) {
        if let Some(way) = self.0.take() {
            way.gate().end_turn(Phase::Vacant);
        }
    }
}

impl<R: Clone, M: Copy + PartialEq> Gate<R, M> {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Inner { phase: Phase::Vacant, waiting: Vec::new(), next: 0 }))
    }

    /// The room, if there is one that is not being made or emptied.
    pub(crate) fn room(&self) -> Option<R> {
        match &self.lock().phase {
            Phase::Open { room, .. } => Some(room.clone()),
            Phase::Vacant | Phase::Busy => None,
        }
    }

    /// Whether there is no room, and none is being made or emptied.
    pub(crate) fn is_vacant(&self) -> bool {
        matches!(self.lock().phase, Phase::Vacant)
    }

    fn leave(&self) -> Option<(R, Option<M>)> {
        let mut inner = self.lock();
        match &mut inner.phase {
            Phase::Open { members, .. } if *members > 1 => {
                *members -= 1;
                None
            }
            Phase::Open { .. } => inner.phase.take_room(),
            Phase::Vacant | Phase::Busy => None,
        }
    }

    fn claim(&self, kept: M) -> Option<R> {
        let mut inner = self.lock();
        match &inner.phase {
            Phase::Open { members: 0, mark, .. } if *mark == Some(kept) => {
                inner.phase.take_room().map(|(room, _)| room)
            }
            Phase::Open { .. } | Phase::Vacant | Phase::Busy => None,
        }
    }

    fn end_turn(&self, phase: Phase<R, M>) {
        let woken = {
            let mut inner = self.lock();
            inner.phase = phase;
            inner.take_wakers()
        };
        // A waker may run any code.
        woken.into_iter().for_each(|(_, waker)| waker.wake());
    }

    fn lock(&self) -> MutexGuard<'_, Inner<R, M>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<R, M> Phase<R, M> {
    /// Makes it busy.
    fn take_room(&mut self) -> Option<(R, Option<M>)> {
        match std::mem::replace(self, Self::Busy) {
            Self::Open { room, mark, .. } => Some((room, mark)),
            Self::Vacant | Self::Busy => None,
        }
    }
}

impl<R, M> Inner<R, M> {
    /// Those who can go on: all, if there is a room, else the first, who makes one.
    fn take_wakers(&mut self) -> Vec<(u64, Waker)> {
        match self.phase {
            Phase::Open { .. } => std::mem::take(&mut self.waiting),
            Phase::Vacant if !self.waiting.is_empty() => {
                let first = vec![self.waiting.remove(0)];
                self.shrink();
                first
            }
            Phase::Vacant | Phase::Busy => Vec::new(),
        }
    }

    /// Waits under this number, or under a new one.
    fn wait(&mut self, number: Option<u64>, waker: &Waker) -> Result<u64, Full> {
        let number = match number {
            Some(number) => number,
            None if self.waiting.len() >= MAX_WAITING => return Err(Full),
            None => {
                self.next += 1;
                self.next
            }
        };
        match self.waiting.binary_search_by_key(&number, |(number, _)| *number) {
            Ok(at) => {
                if let Some((_, waiting)) = self.waiting.get_mut(at) {
                    waiting.clone_from(waker);
                }
            }
            // Who was woken and came too late keeps the place.
            Err(at) => self.waiting.insert(at, (number, waker.clone())),
        }
        Ok(number)
    }

    /// Returns the waker, which the caller drops without the lock.
    fn wait_no_more(&mut self, number: Option<u64>) -> Option<Waker> {
        let at = self.waiting.binary_search_by_key(&number?, |(number, _)| *number).ok()?;
        let (_, waker) = self.waiting.remove(at);
        self.shrink();
        Some(waker)
    }

    /// Most gates have nobody who waits.
    fn shrink(&mut self) {
        if self.waiting.is_empty() {
            self.waiting = Vec::new();
        }
    }
}

/// Somebody who wants to enter.
struct Entering<'g, R: Clone, M: Copy + PartialEq> {
    gate: &'g Gate<R, M>,
    /// The number under which it waits.
    number: Option<u64>,
}

enum Passed<R, M> {
    Member { room: R, mark: Option<M> },
    Turn,
}

impl<'g, R: Clone, M: Copy + PartialEq> Entering<'g, R, M> {
    fn new(gate: &'g Gate<R, M>) -> Self {
        Self { gate, number: None }
    }

    fn poll_enter(&mut self, cx: &mut Context<'_>) -> Poll<Result<Passed<R, M>, Full>> {
        let mut inner = self.gate.lock();
        let passed = match &mut inner.phase {
            Phase::Open { room, members, mark } => {
                let mark = if *members == 0 { *mark } else { None };
                *members += 1;
                Passed::Member { room: room.clone(), mark }
            }
            Phase::Vacant => {
                inner.phase = Phase::Busy;
                Passed::Turn
            }
            Phase::Busy => {
                return match inner.wait(self.number, cx.waker()) {
                    Ok(number) => {
                        self.number = Some(number);
                        Poll::Pending
                    }
                    Err(full) => Poll::Ready(Err(full)),
                };
            }
        };
        let waker = inner.wait_no_more(self.number.take());
        drop(inner);
        drop(waker);
        Poll::Ready(Ok(passed))
    }
}

impl<R: Clone, M: Copy + PartialEq> Drop for Entering<'_, R, M> {
    fn drop(&mut self) {
        let Some(number) = self.number else { return };
        let (waker, woken) = {
            let mut inner = self.gate.lock();
            // It may have been woken to make the room: then the next one does.
            (inner.wait_no_more(Some(number)), inner.take_wakers())
        };
        drop(waker);
        woken.into_iter().for_each(|(_, waker)| waker.wake());
    }
}
