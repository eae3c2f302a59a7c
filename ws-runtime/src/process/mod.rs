//! The process around a server, for `start()`. `start` makes the runtime that the server runs on, and ends it within
//! the promised time. Its own thread only waits for that end and for `signals`, so that handlers cannot block signals.
//! `hangup` has certificates read again at SIGHUP. `io_poller` keeps a worker polling sockets while handlers keep the
//! others busy. `log` sets up the subscriber for a process that has none, and `log_queue` writes its lines. `manager`
//! tells systemd how the server is.

#[cfg(all(unix, feature = "tls"))]
mod hangup;
#[cfg(not(all(unix, feature = "tls")))]
#[path = "hangup_off.rs"]
mod hangup;
mod io_poller;
#[cfg(feature = "log")]
mod log;
#[cfg(not(feature = "log"))]
mod log {
    /// Without the feature `log`, this crate sets up no subscriber.
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
#[cfg(unix)]
mod manager;
#[cfg(not(unix))]
mod manager {
    /// There is no systemd on this system.
    pub(crate) async fn during<T>(_: &crate::Server, work: impl Future<Output = T>) -> T {
        work.await
    }
}
mod signals;
mod start;

pub(crate) use self::manager::during;
pub(crate) use self::start::start;
