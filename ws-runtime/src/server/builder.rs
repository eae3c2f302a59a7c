//! From a module of handlers to a server that runs.

use std::marker::PhantomData;
use std::sync::Arc;

use tokio::runtime::Runtime;

use super::running::Running;
use super::serve::{self, LAST_GRACE};
use super::{Hosted, Server};
use crate::error::Error;
use crate::event::{Service, Store};
use crate::options::{Draft, Settled};
use crate::process::Attendant;
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
}

#[diagnostic::do_not_recommend]
impl<T: Default> StateSource<T> for DefaultState {
    fn into_state(self) -> T {
        T::default()
    }
}

impl<T> StateSource<T> for Given<T> {
    fn into_state(self) -> T {
        self.0
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
    /// Runs the server until it is shut down: by [`Server::shutdown`], SIGINT or SIGTERM. A second signal ends it at
    /// once.
    ///
    /// Owns the process: it makes a tokio runtime of [`threads`](Self::threads), and sets up a plain `tracing` subscriber if there is
    /// none (feature `log`, on by default; the level is taken from `RUST_LOG`, `info` without it). What still blocks a
    /// thread of that runtime when the server has stopped has a second to end, and is then left behind.
    ///
    /// # Errors
    ///
    /// [`Error::InsideRuntime`] within a tokio runtime, where [`serve`](Self::serve) is the method to call; and those of
    /// [`bind`](Self::bind).
    pub fn start(self) -> Result<(), Error> {
        if tokio::runtime::Handle::try_current().is_ok() {
            return Err(Error::InsideRuntime);
        }
        #[cfg(feature = "log")]
        crate::process::set_up();
        let attendant = Attendant::new()?;
        // The attribute may make what only a runtime can, such as tokio's listeners.
        let settled = attendant.within(|| settle::<S>(self.draft))?;
        let workers = workers(settled.options.threads)?;
        let ended = attendant.run(&workers, bind::<S>(settled, self.state.into_state()));
        workers.shutdown_timeout(LAST_GRACE);
        ended
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
    /// where a certificate or its key is, [`Error::Watch`] where a handle cannot be watched.
    pub async fn bind(self) -> Result<Running, Error> {
        bind::<S>(settle::<S>(self.draft)?, self.state.into_state()).await
    }
}

/// Finds out which options hold.
fn settle<S: Service>(draft: Draft) -> Result<Settled, Error> {
    let (warnings, settled) = draft.settle(std::env::vars_os(), S::attribute);
    for warning in warnings {
        tracing::warn!("{warning}");
    }
    Ok(settled?)
}

fn workers(threads: usize) -> Result<Runtime, Error> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    if threads > 0 {
        builder.worker_threads(threads);
    }
    builder.enable_all().build().map_err(Error::Runtime)
}

async fn bind<S: Service>(settled: Settled, state: S::State) -> Result<Running, Error> {
    let Settled { listen, tls, options } = settled;
    let mut ticks = Ticks::default();
    S::ticks(&mut ticks);
    if let Some(error) = ticks.errors.into_iter().next() {
        return Err(error.into());
    }

    let tls = tls.map(|tls| tls.acceptor()).transpose()?;
    let listeners = listen.bind(BACKLOG).await?;
    listeners.iter().for_each(|listener| listener.tune(options.nodelay));
    let server = Server::new(S::NAME, options);
    let addresses = listeners.iter().map(|listener| listener.address().clone()).collect();
    let _ = server.0.addresses.set(addresses);
    let hosted = Arc::new(Hosted::<S> { server: server.clone(), store: S::Store::new(state), tls });
    #[cfg(unix)]
    super::watches::run_declared(&hosted)?;
    super::announce::announce(&server, &S::HANDLERS, hosted.tls.is_some());
    for tick in ticks.declared {
        server.run_tick(Arc::clone(&hosted), tick);
    }
    let serving = tokio::spawn(serve::serve(hosted, listeners));
    Ok(Running { server, serving })
}
