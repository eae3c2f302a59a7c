//! From a module of handlers to a server that runs.

use std::marker::PhantomData;
use std::sync::Arc;

use tokio::runtime::Handle;

use super::capacity::Capacity;
use super::running::Running;
use super::serve;
use super::{Hosted, Server};
use crate::error::Error;
use crate::event::{Service, Store};
use crate::options::{Draft, Settled, Warning};
use crate::process;
use crate::tick::Ticks;

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 4096;

/// A server that is yet to be started: what the `server()` of a `#[ws_server]` module returns.
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

    /// Makes the state where it is called: on another thread, whether the state can be sent there or not.
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

    /// Gives the server its state: needed where the type marked `#[state]` has no `Default`.
    pub fn state(self, state: S::State) -> Builder<S, Given<S::State>> {
        Builder { draft: self.draft, state: Given(state), service: PhantomData }
    }
}

impl<S: Service, G: StateSource<S::State>> Builder<S, G> {
    /// Runs the server until it is shut down: by [`Server::shutdown`], SIGINT or SIGTERM. A second signal ends it within
    /// a quarter of a second.
    ///
    /// It owns the process:
    ///
    /// * It makes a tokio runtime of [`threads`](Self::threads). The values of the attribute and the state's `Default`
    ///   are evaluated in its context, so they may spawn tasks.
    /// * If there is no `tracing` subscriber, it sets up a plain one (feature `log`, on by default; the level is taken
    ///   from `RUST_LOG`, `info` without it). It writes to standard error from a thread of its own, with up to 1 MiB of
    ///   lines waiting: a pipe that nobody reads does not stop the server. Further lines are dropped, and their number
    ///   is logged. A subscriber of your own is left as it is, and if it blocks, it blocks the handlers that log; so does
    ///   what is written past it, such as the message of a panic. What waits is written before `start` returns, but is
    ///   lost if the program calls [`std::process::exit`].
    /// * It returns within `shutdown_timeout` and a second, whatever blocks. What still blocks a thread of its runtime
    ///   then is left behind.
    ///
    /// # Errors
    ///
    /// [`Error::InsideRuntime`] within a tokio runtime, where [`serve`](Self::serve) is the method to call; and those of
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
    /// Those of [`bind`](Self::bind).
    pub async fn serve(self) -> Result<(), Error> {
        self.bind().await?.stopped().await;
        Ok(())
    }

    /// Binds the server inside your tokio runtime and runs it in the background: tells where it listens, and gives a
    /// handle to stop it.
    ///
    /// # Errors
    ///
    /// [`Error::Options`] where an option is wrong, [`Error::Listen`] where an address cannot be had, [`Error::Tls`]
    /// where a certificate or its key is wrong, [`Error::Tick`] where a tick's period is, [`Error::Watch`] where a handle
    /// cannot be watched, [`Error::Several`] where several of these came together, and [`Error::OutsideRuntime`] where no
    /// tokio runtime runs.
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
}

/// Logs what in the environment has no effect.
pub(crate) fn warn(warnings: &[Warning]) {
    for warning in warnings {
        tracing::warn!("{warning}");
    }
}

/// Binds the server, and runs it in the background. All that is wrong is reported at once.
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
