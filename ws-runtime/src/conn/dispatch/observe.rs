//! The one place through which each call of a user's handler goes, with the handler's name.
//!
//! [`catch`](super::catch), [`catch_call`](super::catch_call), [`catch_code`](super::catch_code) and
//! [`Caught`](super::Caught) lead here, and nothing else calls a handler. So what has to know which handlers run, how
//! often, and for how long, is added here:
//!
//! | event | where |
//! |---|---|
//! | the plain handler of a message is called, and has ended | [`Measured::begin`] and [`Measured::end`], if the connection is observed |
//! | another plain handler is called, and has ended | [`at_once`], before and after `run` |
//! | a handler is called that may be `async` | [`Call::begin`] |
//! | its call, or a poll of its future, runs on this thread | [`Call::stretch`], before and after `run` |
//! | a `blocking` handler runs on a thread of the pool | [`Call::stretch_elsewhere`], before and after `run` |
//! | it has ended, or was cancelled | [`Call::end`] |
//! | other code of the user's runs, on behalf of a handler | [`code_of`], before and after `run` |
//!
//! Panics are caught within `run`, so what stands after it is always reached. Each message goes through here: what is
//! off must cost no more than a few instructions.

use tokio::time::Instant;

use crate::server::Server;
use crate::stats;
use crate::watchdog;

/// The call of the declared plain handler of a message, from its arguments to its reply, on a connection that is
/// observed.
///
/// On others nothing is begun for it, as for most messages. The watchdog is told by the generated code, which has found
/// the handler: by a [`HandlerName`].
///
/// [`HandlerName`]: crate::watchdog::HandlerName
#[derive(Debug)]
pub(super) struct Measured(Option<Box<Timing>>);

impl Measured {
    /// The handler is about to be called.
    pub(super) fn begin(server: &Server, handler: &'static str) -> Self {
        Self(Timing::begin(server, handler))
    }

    /// It has ended. Dropped without this, nothing is measured.
    pub(super) fn end(mut self) {
        Timing::end(&mut self.0);
    }
}

/// Runs another plain handler, from its arguments to its reply.
pub(super) fn at_once<T>(server: &Server, handler: &'static str, run: impl FnOnce() -> T) -> T {
    let _running = watchdog::run(watchdog::number_of(handler), server.address());
    let mut timing = if stats::any_times_handlers() { Timing::begin(server, handler) } else { None };
    let done = run();
    Timing::end(&mut timing);
    done
}

/// Runs code of the user's that is not the call of a handler but belongs to it: a timer's key is copied, a new identity
/// is hashed.
#[inline]
pub(super) fn code_of<T>(handler: &'static str, run: impl FnOnce() -> T) -> T {
    let _running = watchdog::run_here(watchdog::number_of(handler));
    run()
}

/// A call of a handler that may be `async`, from its arguments to its reply.
#[derive(Debug)]
pub(super) struct Call {
    /// The number of the handler's name.
    handler: u32,
    /// The address of the server.
    server: usize,
    timing: Option<Box<Timing>>,
}

impl Call {
    /// A handler is about to be called.
    pub(super) fn begin(server: &Server, handler: &'static str) -> Self {
        let timing = if stats::any_times_handlers() { Timing::begin(server, handler) } else { None };
        Self { handler: watchdog::number_of(handler), server: server.address(), timing }
    }

    /// Runs one stretch of it, which keeps this thread: the call itself, or a poll of its future.
    #[inline]
    pub(super) fn stretch<T>(&self, run: impl FnOnce() -> T) -> T {
        let _running = watchdog::run(self.handler, self.server);
        run()
    }

    /// Runs all of it on a thread of the blocking pool, which may be kept for as long as it takes.
    pub(super) fn stretch_elsewhere<T>(&self, run: impl FnOnce() -> T) -> T {
        run()
    }

    /// It has ended, or panicked, or is dropped before its end. This may be called twice.
    pub(super) fn end(&mut self) {
        Timing::end(&mut self.timing);
    }
}

/// A call that is measured: the option `handler_durations` is on.
#[derive(Debug)]
struct Timing {
    server: Server,
    handler: &'static str,
    start: Instant,
}

impl Timing {
    /// Boxed, as most calls are not measured.
    #[cold]
    fn begin(server: &Server, handler: &'static str) -> Option<Box<Self>> {
        let is_wanted = server.counters().times_handlers();
        is_wanted.then(|| Box::new(Self { server: server.clone(), handler, start: Instant::now() }))
    }

    /// Does nothing if it has ended already.
    fn end(timing: &mut Option<Box<Self>>) {
        if let Some(timing) = timing.take() {
            timing.server.counters().handler_took(timing.handler, timing.start.elapsed());
        }
    }
}
