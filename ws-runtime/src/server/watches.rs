//! Watching handles: declared by `#[watch]`, or added while the server runs.

use std::os::fd::{AsFd, RawFd};
use std::sync::Arc;

use super::{Hosted, Server};
use crate::conn::catch;
use crate::error::Error;
use crate::event::{IntoOutcome, ServerEvent, Service, WatchEvent, WatchHandler, Watches};
use crate::watch::{Interest, Watch, WatchError};

impl Server {
    /// Calls `handler` whenever `handle` can be read: a pipe, a socket, a terminal, a file (always ready, as under
    /// `select`).
    ///
    /// The server owns the handle and lends it to the handler. A handler that leaves data unread is called again. At
    /// its end a stream stays readable: call [`unwatch_readable`](Self::unwatch_readable) then. The handler must read
    /// only once in each call, because a second read may block. A failure is logged, and the handler is called again
    /// after a pause: 0.1 s, then twice as long after each further failure, up to 10 s.
    ///
    /// Can be called from any thread.
    ///
    /// # Errors
    ///
    /// [`WatchError`] if the descriptor is already watched for reading, or cannot be watched.
    pub fn watch_readable<H, R>(
        &self,
        handle: H,
        handler: impl FnMut(&Server, &mut H) -> R + Send + 'static,
    ) -> Result<(), WatchError>
    where
        H: AsFd + Send + 'static,
        R: IntoOutcome,
    {
        self.watch(handle, Interest::Readable, "watch_readable", handler)
    }

    /// Calls `handler` whenever `handle` can be written. It behaves as [`watch_readable`](Self::watch_readable) does.
    /// Most handles can be written most of the time, so watch only while there is something to write.
    ///
    /// # Errors
    ///
    /// [`WatchError`] if the descriptor is already watched for writing, or cannot be watched.
    pub fn watch_writable<H, R>(
        &self,
        handle: H,
        handler: impl FnMut(&Server, &mut H) -> R + Send + 'static,
    ) -> Result<(), WatchError>
    where
        H: AsFd + Send + 'static,
        R: IntoOutcome,
    {
        self.watch(handle, Interest::Writable, "watch_writable", handler)
    }

    /// Ends the watch of `handle` for reading, also from within its own handler. The handle is dropped with it.
    ///
    /// # Errors
    ///
    /// [`WatchError`] if the handle is not watched for reading.
    pub fn unwatch_readable(&self, handle: &impl AsFd) -> Result<(), WatchError> {
        self.0.watchers.remove(handle, Interest::Readable)
    }

    /// Ends the watch of `handle` for writing, also from within its own handler. The handle is dropped with it.
    ///
    /// # Errors
    ///
    /// [`WatchError`] if the handle is not watched for writing.
    pub fn unwatch_writable(&self, handle: &impl AsFd) -> Result<(), WatchError> {
        self.0.watchers.remove(handle, Interest::Writable)
    }

    /// The descriptors that are watched for reading.
    #[must_use]
    pub fn watched_readable(&self) -> Vec<RawFd> {
        self.0.watchers.watched(Interest::Readable)
    }

    /// The descriptors that are watched for writing.
    #[must_use]
    pub fn watched_writable(&self) -> Vec<RawFd> {
        self.0.watchers.watched(Interest::Writable)
    }

    fn watch<H, R>(
        &self,
        handle: H,
        interest: Interest,
        name: &'static str,
        mut handler: impl FnMut(&Server, &mut H) -> R + Send + 'static,
    ) -> Result<(), WatchError>
    where
        H: AsFd + Send + 'static,
        R: IntoOutcome,
    {
        let mut watch = {
            // The caller may be any thread.
            let _context = self.0.runtime.enter();
            self.0.watchers.add(handle, interest)?
        };
        let server = self.clone();
        self.spawn(async move {
            while server.wait_until_ready(&mut watch).await {
                let handle = watch.handle_mut();
                let outcome =
                    catch(&server, name, || async { handler(&server, handle).into_outcome() }).await;
                server.report(name, &outcome);
                watch.called(matches!(outcome, Ok(Ok(()))));
            }
        });
        Ok(())
    }

    /// Waits until a handle is ready. Returns false when it is no longer watched, or the server closes.
    async fn wait_until_ready<H: AsFd + Send + 'static>(&self, watch: &mut Watch<H>) -> bool {
        let mut ready = false;
        self.wait_for(async { ready = watch.ready().await }).await && ready
    }
}

/// Starts the watches that the server declares: all of them, or none if one fails.
pub(super) fn run_declared<S: Service>(hosted: &Arc<Hosted<S>>) -> Result<(), Error> {
    let mut watches = Watches::new();
    S::watches(&mut watches);
    let declared = watches.into_declared().into_iter();
    let errors = declared.filter_map(|watch| watch.run(hosted).err()).collect();
    Error::all(errors).inspect_err(|_| hosted.server.end_at_once())
}

impl<S: Service> Hosted<S> {
    /// Runs a declared watch.
    pub(crate) fn watch<H>(
        self: &Arc<Self>,
        name: &'static str,
        handle: H,
        interest: Interest,
        mut handler: impl WatchHandler<S, H>,
    ) -> Result<(), WatchError>
    where
        H: AsFd + Send + 'static,
    {
        let mut watch = self.server.0.watchers.add(handle, interest)?;
        let hosted = Arc::clone(self);
        self.server.spawn(async move {
            while hosted.server.wait_until_ready(&mut watch).await {
                let event = ServerEvent::new(&hosted.server, &hosted.store);
                let event = WatchEvent::new(watch.handle_mut(), event);
                let outcome = catch(&hosted.server, name, || async { handler.call(event).await }).await;
                hosted.server.report(name, &outcome);
                watch.called(matches!(outcome, Ok(Ok(()))));
            }
        });
        Ok(())
    }
}
