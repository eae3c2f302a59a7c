//! The builder: makes a running server from a module of handlers.

#[cfg(feature = "test")]
use std::ffi::OsString;
use std::marker::PhantomData;
use std::sync::Arc;

use tokio::runtime::Handle;

use super::capacity::Capacity;
use super::running::Running;
use super::serve;
use super::{Hosted, Server};
use crate::error::Error;
use crate::event::{Service, Store};
#[cfg(feature = "test")]
use crate::listen::{Dialer, Listen};
#[cfg(feature = "test")]
use crate::options::Source;
use crate::options::{Draft, Settled, Warning};
use crate::process;
use crate::tick::Ticks;

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 4096;

/// A server that has not started yet. The function `server()` of a `#[ws_server]` module returns it.
///
/// Every option of the attribute has a method of the same name. What is set here overrides the environment
/// (`WS_SERVER_…`), which overrides the attribute.
#[must_use = "a server does nothing until it is started"]
pub struct Builder<S, G = DefaultState> {
    pub(crate) draft: Draft,
    state: G,
    service: PhantomData<fn() -> S>,
}

/// The state is its type's `Default`.
#[derive(Debug, Clone, Copy)]
pub struct DefaultState;

/// The state was given by [`Builder::state`].
#[derive(Debug)]
pub struct Given<T>(T);

/// Where a server's state comes from.
#[diagnostic::on_unimplemented(
    message = "this server was not given its state: `{T}` has no `Default`",
    label = "the state is missing",
    note = "give it before the server starts: `.state(…)`; or derive `Default` for `{T}`"
)]
pub trait StateSource<T> {
    #[doc(hidden)]
    fn into_state(self) -> T;

    /// Makes the state later, on another thread. A default state need not be `Send` for that.
    #[doc(hidden)]
    fn into_store<K: Store<State = T>>(self) -> Box<dyn FnOnce() -> K + Send>;
}

#[diagnostic::do_not_recommend]
impl<T: Default> StateSource<T> for DefaultState {
    fn into_state(self) -> T {
        T::default()
    }

    fn into_store<K: Store<State = T>>(self) -> Box<dyn FnOnce() -> K + Send> {
        Box::new(|| K::new(T::default()))
    }
}

impl<T> StateSource<T> for Given<T> {
    fn into_state(self) -> T {
        self.0
    }

    fn into_store<K: Store<State = T>>(self) -> Box<dyn FnOnce() -> K + Send> {
        let store = K::new(self.0);
        Box::new(|| store)
    }
}

impl<S: Service> Builder<S> {
    #[doc(hidden)]
    pub fn new() -> Self {
        Self { draft: Draft::default(), state: DefaultState, service: PhantomData }
    }

    /// Sets the server's state. Required if the type marked `#[state]` has no `Default`.
    pub fn state(self, state: S::State) -> Builder<S, Given<S::State>> {
        Builder { draft: self.draft, state: Given(state), service: PhantomData }
    }
}

impl<S: Service, G: StateSource<S::State>> Builder<S, G> {
    /// Runs the server until it is shut down: by [`Server::shutdown`], SIGINT or SIGTERM. A second signal ends it within
    /// a quarter of a second.
    ///
    /// It takes over the process:
    ///
    /// * It makes a tokio runtime of [`threads`](Self::threads). The values of the attribute and the state's `Default`
    ///   are evaluated in its context, so they may spawn tasks.
    /// * If there is no `tracing` subscriber, it sets up a plain one (feature `log`, on by default; the level is taken
    ///   from `RUST_LOG`, `info` without it). A thread of its own writes the lines to standard error, and up to 1 MiB
    ///   of them may wait. So a pipe that is never read does not stop the server: further lines are dropped, and their
    ///   number is logged. Lines that wait are written before `start` returns, but are lost if the program calls
    ///   [`std::process::exit`]. A subscriber of your own is left as it is. If it blocks, it blocks the handlers that
    ///   log. The same holds for other writes to standard error, such as the message of a panic.
    /// * After a shutdown began, it returns within `shutdown_timeout` plus a second, even if handlers block. Threads of
    ///   its runtime that are blocked then are left behind.
    ///
    /// # Errors
    ///
    /// [`Error::InsideRuntime`] inside a tokio runtime: call [`serve`](Self::serve) there. Otherwise as
    /// [`bind`](Self::bind).
    pub fn start(self) -> Result<(), Error> {
        process::start::<S>(self.draft, self.state.into_store())
    }

    /// Runs the server inside your tokio runtime, until [`Server::shutdown`]. Signals are yours to handle.
    ///
    /// Dropping the future does not stop the server.
    ///
    /// # Errors
    ///
    /// As [`bind`](Self::bind).
    pub async fn serve(self) -> Result<(), Error> {
        self.bind().await?.stopped().await;
        Ok(())
    }

    /// Binds the server inside your tokio runtime, and runs it in the background. Returns where it listens, and a
    /// handle to stop it.
    ///
    /// # Errors
    ///
    /// [`Error::Options`] if options are wrong; [`Error::Listen`] if the server cannot listen on an address;
    /// [`Error::Tls`] if a certificate or key cannot be used; [`Error::Tick`] if a tick's period is wrong;
    /// [`Error::Watch`] if a handle cannot be watched; [`Error::Several`] for several of these at once;
    /// [`Error::OutsideRuntime`] outside of a tokio runtime.
    ///
    /// # Panics
    ///
    /// In a tokio runtime without I/O or time: build it with `enable_all()`.
    pub async fn bind(mut self) -> Result<Running, Error> {
        if Handle::try_current().is_err() {
            return Err(Error::OutsideRuntime);
        }
        warn(&self.draft.prepare(std::env::vars_os(), S::attribute));
        let settled = self.draft.settle(S::attribute)?;
        bind::<S>(settled, S::Store::new(self.state.into_state())).await
    }

    /// Binds the server to pipes inside this process, without TLS. The environment is not read.
    #[cfg(feature = "test")]
    pub(crate) async fn bind_in_memory(mut self) -> Result<(Running, Dialer), Error> {
        if Handle::try_current().is_err() {
            return Err(Error::OutsideRuntime);
        }
        let (listen, dialer) = Listen::memory();
        self.draft.listen.set(Source::Builder, listen);
        let no_environment: [(OsString, OsString); 0] = [];
        self.draft.prepare(no_environment, S::attribute);
        let settled = Settled { tls: None, ..self.draft.settle(S::attribute)? };
        let running = bind::<S>(settled, S::Store::new(self.state.into_state())).await?;
        Ok((running, dialer))
    }
}

/// Logs the variables of the environment that have no effect.
pub(crate) fn warn(warnings: &[Warning]) {
    for warning in warnings {
        tracing::warn!("{warning}");
    }
}

/// Binds the server, and runs it in the background. Reports all errors at once.
pub(crate) async fn bind<S: Service>(settled: Settled, store: S::Store) -> Result<Running, Error> {
    let Settled { listen, tls, options } = settled;
    let mut ticks = Ticks::default();
    S::ticks(&mut ticks);
    let mut errors: Vec<Error> = ticks.errors.into_iter().map(Error::from).collect();
    let mut note = |error: Error| errors.push(error);
    let tls = tls.and_then(|tls| tls.acceptor().map_err(|error| note(error.into())).ok());
    let listeners = listen.bind(BACKLOG).await.unwrap_or_else(|all| {
        all.into_iter().map(Error::from).for_each(&mut note);
        Vec::new()
    });
    Error::all(errors)?;

    listeners.iter().for_each(|listener| listener.tune(options.nodelay));
    let capacity = Capacity::new(&options);
    let server = Server::new(S::NAME, options);
    let addresses = listeners.iter().map(|listener| listener.address().clone()).collect();
    let _ = server.0.addresses.set(addresses);
    let hosted = Arc::new(Hosted::<S> { server: server.clone(), store, tls });
    #[cfg(unix)]
    super::watches::run_declared(&hosted)?;
    super::announce::announce(&server, hosted.tls.is_some(), S::REQUEST.is_some());
    capacity.announce(server.name());
    for tick in ticks.declared {
        server.run_tick(Arc::clone(&hosted), tick);
    }
    let serving = tokio::spawn(serve::serve(hosted, listeners, capacity));
    Ok(Running { server, serving })
}
