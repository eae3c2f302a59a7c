//! What is sent while a task runs leaves when it comes to rest: all that goes to one peer in one write.

use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::pin::pin;

use super::Conn;
use super::outlet::Outlet;

thread_local! {
    /// The gathering of this thread, where one is on.
    static HERE: RefCell<Option<List>> = const { RefCell::new(None) };
    /// An empty list, to be used again.
    static SPARE: RefCell<Vec<Conn>> = const { RefCell::new(Vec::new()) };
}

/// Room for more connections than this is not kept for the next time.
const KEEP: usize = 16 * 1024;

/// The connections for which something was sent since the task began to run.
struct List {
    conns: Vec<Conn>,
    /// The address of the connection whose task it is, or 0: that task writes its own.
    own: usize,
}

/// Gathers what is sent in each run of a task. `own` is the connection whose task it is, which writes to it itself.
pub(crate) async fn gathered<T>(own: Option<&Conn>, task: impl Future<Output = T>) -> T {
    let own = own.map_or(0, Conn::address);
    let mut task = pin!(task);
    poll_fn(|cx| {
        let _gathering = Gathering::begin(own);
        task.as_mut().poll(cx)
    })
    .await
}

/// Gathers what is sent by one call, unless more is gathered already.
pub(crate) fn gathered_now<T>(call: impl FnOnce() -> T) -> T {
    let _gathering = Gathering::begin(0);
    call()
}

/// Leaves the writing of what was just pushed to the gathering of this thread; false where none is on.
pub(super) fn takes(conn: &Conn, outlet: &mut Outlet) -> bool {
    HERE.with_borrow_mut(|here| {
        let Some(list) = here else { return false };
        if list.own != conn.address() && outlet.gather() {
            list.conns.push(conn.clone());
        }
        true
    })
}

/// Ends, and writes, when it is dropped. One inside another changes nothing.
struct Gathering {
    outermost: bool,
}

impl Gathering {
    fn begin(own: usize) -> Self {
        HERE.with_borrow_mut(|here| {
            let outermost = here.is_none();
            if outermost {
                *here = Some(List { conns: SPARE.take(), own });
            }
            Self { outermost }
        })
    }
}

impl Drop for Gathering {
    fn drop(&mut self) {
        if !self.outermost {
            return;
        }
        let Some(mut list) = HERE.take() else { return };
        for conn in list.conns.drain(..) {
            conn.outlet().release();
        }
        if list.conns.capacity() <= KEEP {
            SPARE.set(list.conns);
        }
    }
}
