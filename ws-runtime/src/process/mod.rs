//! The process around a server, which `start()` owns. `start` makes the runtime that the server runs on, and ends it
//! within the time that was promised; its own thread does nothing but wait for that end and for `signals`, so that
//! handlers cannot make it deaf. `io_poller` keeps a worker polling sockets while handlers keep the others busy; `log`
//! sets up the subscriber of a process that has none, and `log_queue` writes its lines.

mod io_poller;
#[cfg(feature = "log")]
mod log;
#[cfg(not(feature = "log"))]
mod log {
    /// Without the feature `log` a process has the subscriber that it sets up itself.
    pub(super) struct Log;

    impl Log {
        pub(super) fn set_up() -> Self {
            Self
        }

        pub(super) fn limit_wait(&mut self, _most: std::time::Duration) {}
    }
}
#[cfg(feature = "log")]
mod log_queue;
mod signals;
mod start;

pub(crate) use self::start::start;
