//! Loom tries every order in which threads can come to the lock of a connection's way out.

#[path = "../../ws-runtime/src/conn/send/lock.rs"]
mod lock;

/// What the lock is built from, of loom's kind.
mod sync {
    pub use loom::sync::atomic::{AtomicU16, Ordering};
    pub use loom::sync::{Mutex, MutexGuard};
}

use std::collections::VecDeque;

use loom::sync::Arc;
use loom::sync::atomic::{AtomicBool, Ordering};
use loom::thread;

use lock::{Guarded, StatusLock};

/// What is sent, and the connection's task, which writes what senders leave.
struct SendPath {
    queued: VecDeque<u8>,
    written: Vec<u8>,
    wakes_task: bool,
    task: Arc<AtomicBool>,
}

impl Guarded for SendPath {
    type Wakeups = Wakeups;

    fn status(&self) -> u16 {
        u16::from(!self.queued.is_empty())
    }

    fn has_wakeups(&self) -> bool {
        self.wakes_task
    }

    fn take_wakeups(&mut self) -> Wakeups {
        self.wakes_task = false;
        Wakeups(Arc::clone(&self.task))
    }
}

/// Wakes the task.
struct Wakeups(Arc<AtomicBool>);

impl Drop for Wakeups {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

fn send_path() -> (Arc<StatusLock<SendPath>>, Arc<AtomicBool>) {
    let task = Arc::new(AtomicBool::new(false));
    let send_path =
        SendPath { queued: VecDeque::new(), written: Vec::new(), wakes_task: false, task: Arc::clone(&task) };
    (Arc::new(StatusLock::new(send_path)), task)
}

/// A turn of the task: it looks at the status, and takes the lock only where that says so.
fn turn(send_path: &StatusLock<SendPath>) {
    if send_path.status() != 0 {
        let send_path = &mut *send_path.lock();
        send_path.written.extend(send_path.queued.drain(..));
    }
}

#[test]
fn a_task_that_is_woken_sees_what_it_was_woken_for() {
    loom::model(|| {
        let (send_path, woken) = send_path();
        let sender = thread::spawn({
            let send_path = Arc::clone(&send_path);
            move || {
                send_path.with(|send_path| {
                    send_path.queued.push_back(1);
                    // The kernel takes nothing: the task has to write it.
                    send_path.wakes_task = true;
                });
            }
        });
        let run_if_woken = || {
            if woken.compare_exchange(true, false, Ordering::AcqRel, Ordering::Acquire).is_ok() {
                turn(&send_path);
            }
        };
        // It may run at once, or later.
        run_if_woken();
        sender.join().unwrap();
        run_if_woken();
        assert_eq!(send_path.lock().written, [1]);
    });
}

#[test]
fn what_the_task_queues_and_tells_of_is_not_overtaken() {
    loom::model(|| {
        let (send_path, _) = send_path();
        let told = Arc::new(AtomicBool::new(false));
        let other = thread::spawn({
            let (send_path, told) = (Arc::clone(&send_path), Arc::clone(&told));
            move || {
                let knows = told.load(Ordering::Acquire);
                let send_path = &mut *send_path.lock();
                send_path.queued.push_back(2);
                // Whoever else sends writes at once, and all that waits.
                send_path.written.extend(send_path.queued.drain(..));
                knows
            }
        });
        // The task sends and writes later: at the end of its turn.
        send_path.lock().queued.push_back(1);
        told.store(true, Ordering::Release);
        let knew = other.join().unwrap();
        turn(&send_path);
        let written = send_path.lock().written.clone();
        assert!(written == [1, 2] || (!knew && written == [2, 1]), "{written:?}");
    });
}
