//! Watchers: a handler runs whenever a descriptor is ready to be read or written.
//!
//! They are level-triggered, like `select`: while a descriptor is ready, its handler is called again, whether it has
//! read everything or not. Regular files are always ready, and so is a stream at its end: a handler that reads 0 bytes
//! should unwatch it. Only the descriptor counts: bytes in a handle's own buffer, as that of `Stdin` after `read_line`,
//! do not make it ready.
//!
//! A handler that fails is called again after a pause. What it could not read is still there: without the pause it
//! would fail in a busy loop.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::io::Errno;
use tokio::io::unix::{AsyncFd, AsyncFdReadyGuard};
use tokio::sync::oneshot;

/// What a watch waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Interest {
    /// There is something to read, or the other side is gone.
    Readable,
    /// There is room to write, or the other side is gone.
    Writable,
}

impl fmt::Display for Interest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Readable => "readable",
            Self::Writable => "writable",
        })
    }
}

/// Why a handle cannot be watched, or is not.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WatchError {
    /// The descriptor has a watch of this kind; it may have one readable and one writable watch.
    #[error("descriptor {fd} is watched for being {interest} already: unwatch it first")]
    AlreadyWatched {
        /// The number of the descriptor.
        fd: RawFd,
        /// What the watch that is there waits for.
        interest: Interest,
    },
    /// The descriptor has no watch of this kind.
    #[error("descriptor {fd} is not watched for being {interest}: it never was, or was unwatched before")]
    NotWatched {
        /// The number of the descriptor.
        fd: RawFd,
        /// What the missing watch would wait for.
        interest: Interest,
    },
    /// The descriptor is not open.
    #[error("descriptor {fd} is not open: watch it before it is closed")]
    Closed {
        /// The number of the descriptor.
        fd: RawFd,
    },
    /// Watching needs a running tokio runtime.
    #[error(
        "descriptor {fd} cannot be watched here: there is no tokio runtime; call it from a handler or an async fn"
    )]
    NoRuntime {
        /// The number of the descriptor.
        fd: RawFd,
    },
    /// The system refused, most often because descriptors have run out.
    #[error("descriptor {fd} cannot be watched")]
    Io {
        /// The number of the descriptor.
        fd: RawFd,
        /// The system's error.
        source: io::Error,
    },
}

/// All watches of a server.
#[derive(Debug, Default)]
pub(crate) struct Watchers {
    /// The receiver of each sender is in the [`Watch`]. Dropping the sender ends the watch. A watch that was dropped
    /// leaves a closed sender, which is ignored.
    watches: Mutex<HashMap<(RawFd, Interest), oneshot::Sender<()>>>,
}

impl Watchers {
    /// Begins to watch a handle; the watch is to be driven by [`Watch::ready`].
    ///
    /// # Errors
    ///
    /// Everything in [`WatchError`] but `NotWatched`. On an error the handle is dropped, and so closed if
    /// it owns its descriptor.
    pub(crate) fn add<H>(&self, handle: H, interest: Interest) -> Result<Watch<H>, WatchError>
    where
        H: AsFd + Send + 'static,
    {
        let fd = handle.as_fd().as_raw_fd();
        let mut watches = self.lock();
        watches.retain(|_, watch| !watch.is_closed());
        let Entry::Vacant(vacant) = watches.entry((fd, interest)) else {
            return Err(WatchError::AlreadyWatched { fd, interest });
        };
        let readiness = Readiness::of(handle.as_fd(), interest)?;
        let (stop, stopped) = oneshot::channel();
        vacant.insert(stop);
        Ok(Watch { handle, interest, readiness, stopped, last: Last::None })
    }

    /// Ends a watch, also from inside its own handler, which is then not called again.
    ///
    /// # Errors
    ///
    /// [`WatchError::NotWatched`].
    pub(crate) fn remove(&self, handle: impl AsFd, interest: Interest) -> Result<(), WatchError> {
        let fd = handle.as_fd().as_raw_fd();
        match self.lock().remove(&(fd, interest)) {
            Some(watch) if !watch.is_closed() => Ok(()),
            Some(_) | None => Err(WatchError::NotWatched { fd, interest }),
        }
    }

    /// The descriptors that are watched for `interest`, in ascending order.
    pub(crate) fn watched(&self, interest: Interest) -> Vec<RawFd> {
        let watches = self.lock();
        let live = watches.iter().filter(|((_, kind), watch)| *kind == interest && !watch.is_closed());
        let mut watched: Vec<RawFd> = live.map(|((fd, _), _)| *fd).collect();
        watched.sort_unstable();
        watched
    }

    /// Ends all watches.
    pub(crate) fn clear(&self) {
        self.lock().clear();
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<(RawFd, Interest), oneshot::Sender<()>>> {
        // A panic while it is held leaves the map whole.
        self.watches.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One watched handle. It ends when it is dropped or unwatched.
#[derive(Debug)]
pub(crate) struct Watch<H> {
    handle: H,
    interest: Interest,
    readiness: Readiness,
    stopped: oneshot::Receiver<()>,
    /// How the last call of the handler went, which decides what the next one waits for.
    last: Last,
}

#[derive(Debug, Clone, Copy)]
enum Last {
    /// There was none.
    None,
    Well,
    /// It failed, and so many before it.
    Failed(u32),
}

impl<H> Watch<H> {
    /// Waits until the handle is ready; `false` once it is unwatched. Cancel safe.
    ///
    /// Readiness is checked anew each time, so the handle is ready again if the last call left data.
    pub(crate) async fn ready(&mut self) -> bool {
        if self.stopped.is_terminated() {
            return false;
        }
        let wait = async {
            match self.last {
                Last::None => {}
                // Otherwise a handle that is always ready would starve other tasks.
                Last::Well => tokio::task::yield_now().await,
                Last::Failed(before) => tokio::time::sleep(pause(before)).await,
            }
            self.readiness.wait(self.interest).await
        };
        tokio::select! {
            biased;
            _ = &mut self.stopped => false,
            ready = wait => ready,
        }
    }

    /// Records whether the handler's call succeeded.
    pub(crate) fn called(&mut self, well: bool) {
        self.last = match self.last {
            Last::None | Last::Well | Last::Failed(_) if well => Last::Well,
            Last::None | Last::Well => Last::Failed(0),
            Last::Failed(before) => Last::Failed(before.saturating_add(1)),
        };
    }

    /// The handle, for the handler.
    pub(crate) fn handle_mut(&mut self) -> &mut H {
        &mut self.handle
    }
}

/// How long to wait before a handler that failed is called again: 0.1 s, then twice as long each time, up to 10 s.
fn pause(failures_before: u32) -> Duration {
    const FIRST: Duration = Duration::from_millis(100);
    const LONGEST: Duration = Duration::from_secs(10);
    (FIRST * 2_u32.saturating_pow(failures_before.min(10))).min(LONGEST)
}

/// How readiness is found out.
#[derive(Debug)]
enum Readiness {
    /// By polling a duplicate of the descriptor. epoll takes each descriptor once, and the same handle may be watched
    /// for reading and for writing. The handle itself stays free to be lent to the handler.
    Polled(AsyncFd<OwnedFd>),
    /// epoll refuses regular files and directories.
    Always,
}

impl Readiness {
    fn of(fd: BorrowedFd<'_>, interest: Interest) -> Result<Self, WatchError> {
        let number = fd.as_raw_fd();
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(WatchError::NoRuntime { fd: number });
        }
        let twin = fd.try_clone_to_owned().map_err(|source| refused(number, source))?;
        match register(twin, interest) {
            Ok(registered) => Ok(Self::Polled(registered)),
            Err(error) if Errno::from_io_error(&error) == Some(Errno::PERM) => Ok(Self::Always),
            Err(error) => Err(refused(number, error)),
        }
    }

    /// Waits until it is ready; `false` if the runtime is gone.
    async fn wait(&self, interest: Interest) -> bool {
        let Self::Polled(registered) = self else {
            return true;
        };
        loop {
            // tokio's readiness is that of the last edge: the handler may have read everything since.
            let Ok(mut remembered) = remembered(registered, interest).await else {
                return false;
            };
            if is_ready_now(registered.as_fd(), interest) {
                remembered.retain_ready();
                return true;
            }
            remembered.clear_ready();
        }
    }
}

impl From<Interest> for tokio::io::Interest {
    fn from(interest: Interest) -> Self {
        match interest {
            Interest::Readable => Self::READABLE,
            Interest::Writable => Self::WRITABLE,
        }
    }
}

#[expect(
    deprecated,
    reason = "the successor is unsafe for the sake of types whose descriptor can change or close; an `OwnedFd` cannot"
)]
fn register(fd: OwnedFd, interest: Interest) -> io::Result<AsyncFd<OwnedFd>> {
    AsyncFd::with_interest(fd, interest.into())
}

async fn remembered(
    registered: &AsyncFd<OwnedFd>,
    interest: Interest,
) -> io::Result<AsyncFdReadyGuard<'_, OwnedFd>> {
    match interest {
        Interest::Readable => registered.readable().await,
        Interest::Writable => registered.writable().await,
    }
}

fn is_ready_now(fd: BorrowedFd<'_>, interest: Interest) -> bool {
    let events = match interest {
        Interest::Readable => PollFlags::IN,
        Interest::Writable => PollFlags::OUT,
    };
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    loop {
        match rustix::event::poll(&mut [PollFd::from_borrowed_fd(fd, events)], Some(&now)) {
            // An error or a hang-up counts as ready: the handler finds out by reading or writing.
            Ok(ready) => return ready > 0,
            Err(Errno::INTR) => {}
            // Out of memory: rely on tokio's readiness.
            Err(_) => return true,
        }
    }
}

fn refused(fd: RawFd, source: io::Error) -> WatchError {
    match Errno::from_io_error(&source) {
        Some(Errno::BADF) => WatchError::Closed { fd },
        _ => WatchError::Io { fd, source },
    }
}

#[cfg(test)]
mod tests;
