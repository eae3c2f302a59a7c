//! Loom tries every order in which threads can come to what holds frames back: nobody overtakes, nothing is lost.

#[path = "../../ws-runtime/src/conn/send/corked.rs"]
mod corked;

/// What `corked` is built from, of loom's kind.
mod sync {
    pub use loom::sync::Mutex;
    pub use loom::sync::atomic::{AtomicBool, Ordering};
}

use loom::sync::atomic::{AtomicBool, Ordering};
use loom::sync::{Arc, Mutex};
use loom::thread;

use corked::CorkedFrames;

/// A connection: the lock of its write side, with what was written, and its cork.
struct Conn {
    queue: Mutex<Vec<u8>>,
    cork: CorkedFrames,
    /// Whether its task was told to look at the queue.
    is_woken: AtomicBool,
}

impl Conn {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            queue: Mutex::new(Vec::new()),
            cork: CorkedFrames::new(),
            is_woken: AtomicBool::new(false),
        })
    }

    /// Its task sends a small frame.
    fn cork(&self, frame: u8) {
        assert!(self.cork.push(Vec::new, |frames| {
            frames.push(frame);
            true
        }));
    }

    /// Anybody else sends a frame.
    fn send(&self, frame: u8) {
        let mut queue = self.queue.lock().unwrap();
        if self.cork.is_corked() {
            self.cork.take(|frames| queue.extend_from_slice(frames));
            self.is_woken.store(true, Ordering::Relaxed);
        }
        queue.push(frame);
    }

    /// The turn of its task ends.
    fn end_turn(&self) {
        if self.cork.is_corked() {
            let mut queue = self.queue.lock().unwrap();
            let frames = self.cork.uncork();
            queue.extend_from_slice(&frames);
        }
    }

    fn written(&self) -> Vec<u8> {
        self.queue.lock().unwrap().clone()
    }
}

fn position(written: &[u8], frame: u8) -> usize {
    let mut positions = written.iter().enumerate().filter(|(_, one)| **one == frame).map(|(at, _)| at);
    let position = positions.next().unwrap_or_else(|| panic!("{frame} is lost: {written:?}"));
    assert_eq!(positions.next(), None, "{frame} is there twice: {written:?}");
    position
}

#[test]
fn who_was_told_of_a_frame_does_not_overtake_it() {
    loom::model(|| {
        let conn = Conn::new();
        conn.cork(1);
        let other = thread::spawn({
            let conn = Arc::clone(&conn);
            move || {
                conn.send(2);
                conn.send(3);
            }
        });
        conn.cork(4);
        conn.end_turn();
        other.join().unwrap();
        conn.end_turn();
        let written = conn.written();
        let at = |frame| position(&written, frame);
        assert!(at(1) < at(2) && at(2) < at(3) && at(1) < at(4), "{written:?}");
    });
}

#[test]
fn what_a_thread_sends_and_is_waited_for_stands_in_the_middle() {
    loom::model(|| {
        let conn = Conn::new();
        conn.cork(1);
        let other = thread::spawn({
            let conn = Arc::clone(&conn);
            move || conn.send(2)
        });
        other.join().unwrap();
        conn.cork(3);
        conn.end_turn();
        assert_eq!(conn.written(), [1, 2, 3]);
    });
}

#[test]
fn two_others_and_the_task_lose_nothing() {
    loom::model(|| {
        let conn = Conn::new();
        let others = [2, 3].map(|frame| {
            let conn = Arc::clone(&conn);
            thread::spawn(move || conn.send(frame))
        });
        conn.cork(1);
        conn.end_turn();
        others.into_iter().for_each(|other| other.join().unwrap());
        conn.end_turn();
        let mut written = conn.written();
        written.sort_unstable();
        assert_eq!(written, [1, 2, 3]);
    });
}
