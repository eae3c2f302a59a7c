//! The builder: makes a running server from a module of handlers.

#[cfg(feature = "test")]
use std::ffi::OsString;
use std::fmt;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::HeaderMap;
use tokio::runtime::Handle;

use super::around::Around;
use super::begin;
use super::capacity::Capacity;
use super::running::Running;
use super::serve;
use super::states::{Awaits, StateSources};
use super::{Hosted, Server};
use crate::error::Error;
use crate::event::Service;
#[cfg(feature = "test")]
use crate::listen::Dialer;
#[cfg(feature = "test")]
use crate::listen::Listen;
use crate::listen::is_loopback_only;
use crate::options::{Draft, Settled, Warning};
#[cfg(feature = "test")]
use crate::options::{Seconds, Source, Spread};
use crate::process;
use crate::route::{Gets, Routes};
use crate::side::{self, SideListeners};
use crate::tick::Ticks;
use crate::timer::Host;

/// How many connections may wait to be accepted.
const BACKLOG: u32 = 4096;

/// A server that has not started yet. The function `server()` of a `#[ws_server]` module returns it.
///
/// Every option of the attribute has a method of the same name. What is set here overrides the environment
/// (`WS_SERVER_…`), which overrides the attribute.
///
/// `G` says which states were given. A server without `pub` states has none to be given.
#[must_use = "a server does nothing until it is started"]
pub struct Builder<S, G = ()> {
    pub(crate) draft: Draft,
    states: G,
    pub(crate) around: Around,
    service: PhantomData<fn() -> S>,
}

impl<S: Service, G: Default> Builder<S, G> {
    #[doc(hidden)]
    pub fn new() -> Self {
        Self {
            draft: Draft::default(),
            states: G::default(),
            around: Around::default(),
            service: PhantomData,
        }
    }
}

impl<S: Service, G> Builder<S, G> {
    /// Gives the server its state of this type. Call it once for each type marked `#[state]` that has no `Default`,
    /// or is to begin as another value.
    ///
    /// A state can be given if it is `pub`. One that is not given is its type's `Default`; if it has none, the server
    /// does not compile.
    pub fn state<T, At>(self, state: T) -> Builder<S, G::Then>
    where
        G: Awaits<T, At>,
    {
        let Self { draft, states, around, service } = self;
        Builder { draft, states: states.give(state), around, service }
    }

    /// Calls `enter` with the headers of each request before its span is made, if the option `trace` is on, and keeps
    /// what it returns until the span is made. So a layer of `tracing` can make the span a child of the client's: with
    /// `tracing-opentelemetry`, extract the context from the headers and return the guard of `Context::attach()`.
    ///
    /// It runs for each request, of each peer, before any guard. A panic in it is caught, and the span has no parent.
    ///
    /// ```no_run
    /// use ws_runtime::http::HeaderMap;
    /// use ws_runtime::prelude::*;
    ///
    /// #[ws_server(listen = 8080, trace = "connections")]
    /// mod chat {
    ///     use super::*;
    ///
    ///     #[on(utf8)]
    ///     fn said(text: &str, server: &Server) {
    ///         server.broadcast_utf8(text);
    ///     }
    /// }
    ///
    /// /// Stands for `opentelemetry::ContextGuard`.
    /// struct Attached(Option<String>);
    ///
    /// fn enter(headers: &HeaderMap) -> Attached {
    ///     let parent = headers.get("traceparent").and_then(|value| value.to_str().ok());
    ///     Attached(parent.map(str::to_owned))
    /// }
    ///
    /// fn main() -> ws_runtime::Result<()> {
    ///     chat::server().trace_context(enter).start()
    /// }
    /// ```
    pub fn trace_context<T: 'static>(
        mut self,
        enter: impl Fn(&HeaderMap) -> T + Send + Sync + 'static,
    ) -> Self {
        self.around.trace_context = Some(Arc::new(move |headers| Box::new(enter(headers))));
        self
    }

    /// Runs the server until it is shut down: by [`Server::shutdown`], SIGINT or SIGTERM. A second signal ends it
    /// within a quarter of a second.
    ///
    /// It takes over the process:
    ///
    /// * It makes a tokio runtime of [`threads`](Self::threads). The values of the attribute and the states' `Default`s
    ///   are evaluated in its context, so they may spawn tasks.
    /// * If there is no `tracing` subscriber, it sets up a plain one (feature `log`, on by default; the level is taken
    ///   from `RUST_LOG`, `info` without it). A thread of its own writes the lines to standard error, and up to 1 MiB
    ///   of them may wait. So a pipe that is never read does not stop the server: further lines are dropped, and their
    ///   number is logged. Lines that wait are written before `start` returns, but are lost if the program calls
    ///   [`std::process::exit`]. A subscriber of your own is left as it is. If it blocks, it blocks the handlers that
    ///   log. The same holds for other writes to standard error, such as the message of a panic.
    /// * If systemd has started it as a service of `Type=notify` (`NOTIFY_SOCKET` is set), it tells systemd when it is
    ///   ready, after the `start` handler, and when it stops; and that it lives, where `WatchdogSec=` is set. While
    ///   handlers block all threads it cannot, so systemd restarts it.
    /// * After a shutdown began, it returns within `shutdown_timeout` plus a second, even if handlers block. Threads of
    ///   its runtime that are blocked then are left behind.
    ///
    /// # Errors
    ///
    /// [`Error::InsideRuntime`] inside a tokio runtime: call [`serve`](Self::serve) there. Otherwise as
    /// [`bind`](Self::bind).
    pub fn start(self) -> Result<(), Error>
    where
        G: StateSources<S::Given>,
    {
        let states = self.states;
        process::start::<S>(self.draft, self.around, move || S::store(states.make()))
    }

    /// Runs the server inside your tokio runtime, until [`Server::shutdown`]. Signals are yours to handle. systemd is
    /// told of the server as by [`start`](Self::start), unless you call [`bind`](Self::bind) instead.
    ///
    /// Dropping the future does not stop the server.
    ///
    /// # Errors
    ///
    /// As [`bind`](Self::bind).
    pub fn serve(self) -> Starting<()>
    where
        G: StateSources<S::Given>,
    {
        let bound = self.bind();
        Starting(Box::pin(async move {
            let running = bound.await?;
            let server = running.server().clone();
            process::during(&server, running.stopped()).await;
            Ok(())
        }))
    }

    /// Binds the server inside your tokio runtime, and runs it in the background. Returns where it listens, and a
    /// handle to stop it.
    ///
    /// # Errors
    ///
    /// [`Error::Options`] if options are wrong; [`Error::Listen`] if the server cannot listen on an address;
    /// [`Error::Tls`] if a certificate or key cannot be used; [`Error::Tick`] if a tick's period is wrong;
    /// [`Error::Watch`] if a handle cannot be watched; [`Error::Route`] if a path cannot be served;
    /// [`Error::Several`] for several of these at once; [`Error::Start`] if the `start` handler fails;
    /// [`Error::OutsideRuntime`] outside of a tokio runtime.
    ///
    /// # Panics
    ///
    /// In a tokio runtime without I/O or time: build it with `enable_all()`.
    pub fn bind(self) -> Starting<Running>
    where
        G: StateSources<S::Given>,
    {
        let Self { mut draft, states, around, .. } = self;
        Starting(Box::pin(async move {
            if Handle::try_current().is_err() {
                return Err(Error::OutsideRuntime);
            }
            warn(&draft.prepare(std::env::vars_os(), S::attribute));
            let mut routes = Routes::declared();
            let settled = draft.settle(S::attribute, routes.take_attributes())?;
            Ok(bind::<S>(settled, routes, S::store(states.make()), around).await?.running)
        }))
    }

    /// Runs the server without a listener.
    #[cfg(feature = "tower")]
    pub(crate) async fn bind_nowhere(mut self) -> Result<Bound<S>, Error>
    where
        G: StateSources<S::Given>,
    {
        if self.around.http.is_some() {
            return Err(Error::MountedWithHttp);
        }
        warn(&self.draft.prepare(std::env::vars_os(), S::attribute));
        let mut routes = Routes::declared();
        let settled = self.draft.settle(S::attribute, routes.take_attributes())?;
        let (settled, useless) = settled.mounted();
        for given in useless {
            tracing::warn!(server = S::NAME, "{given} has no effect: the server is mounted");
        }
        bind::<S>(settled, routes, S::store(self.states.make()), self.around).await
    }

    /// Binds the server to pipes inside this process, without TLS. The environment is not read.
    #[cfg(feature = "test")]
    pub(crate) async fn bind_in_memory(mut self) -> Result<(Running, Dialer), Error>
    where
        G: StateSources<S::Given>,
    {
        if Handle::try_current().is_err() {
            return Err(Error::OutsideRuntime);
        }
        let (listen, dialer) = Listen::memory();
        self.draft.listen.set(Source::Builder, listen);
        // In production they wait for others, of whom there are none here.
        if self.draft.shutdown_delay.is_free() {
            self.draft.shutdown_delay.set(Source::Builder, Seconds::from(0));
        }
        if self.draft.shutdown_spread.is_free() {
            self.draft.shutdown_spread.set(Source::Builder, Spread::from(0));
        }
        let no_environment: [(OsString, OsString); 0] = [];
        self.draft.prepare(no_environment, S::attribute);
        let mut routes = Routes::declared();
        let settled = self.draft.settle(S::attribute, routes.take_attributes())?;
        let settled =
            Settled { tls: None, metrics_listen: None, options: settled.options.in_memory(), ..settled };
        let bound = bind::<S>(settled, routes, S::store(self.states.make()), self.around).await?;
        Ok((bound.running, dialer))
    }
}

/// A server on its way: the future that [`Builder::bind`] and [`Builder::serve`] return. Nothing happens before it is
/// awaited.
// Its type does not mention the states, so that one that was not given is one error of the compiler and not three.
#[must_use = "a server does nothing until this is awaited"]
pub struct Starting<T>(Pin<Box<dyn Future<Output = Result<T, Error>> + Send>>);

#[cfg(feature = "tower")]
impl<T> Starting<T> {
    pub(crate) fn new(starting: impl Future<Output = Result<T, Error>> + Send + 'static) -> Self {
        Self(Box::pin(starting))
    }
}

impl<T> Future for Starting<T> {
    type Output = Result<T, Error>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.0.as_mut().poll(cx)
    }
}

impl<T> fmt::Debug for Starting<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Starting")
    }
}

/// Logs the variables of the environment that have no effect.
pub(crate) fn warn(warnings: &[Warning]) {
    for warning in warnings {
        tracing::warn!("{warning}");
    }
}

/// A server that is bound and runs.
pub(crate) struct Bound<S: Service> {
    pub(crate) running: Running,
    /// For a server that is mounted in another: its connections come from there.
    #[cfg_attr(not(feature = "tower"), expect(dead_code, reason = "nothing is mounted"))]
    pub(crate) hosted: Arc<Hosted<S>>,
    #[cfg_attr(not(feature = "tower"), expect(dead_code, reason = "nothing is mounted"))]
    pub(crate) capacity: Capacity,
}

/// Binds the server, and runs it in the background. Reports all errors at once.
pub(crate) async fn bind<S: Service>(
    settled: Settled,
    mut routes: Routes<S>,
    store: S::Store,
    around: Around,
) -> Result<Bound<S>, Error> {
    let Settled { listen, tls, metrics_listen, mut options, routes: route_options } = settled;
    let mut ticks = Ticks::default();
    S::ticks(&mut ticks);
    let mut errors: Vec<Error> = ticks.errors.into_iter().map(Error::from).collect();
    let mut note = |error: Error| errors.push(error);
    let tls = tls.and_then(|tls| {
        let loaded = tls.load();
        loaded.map_err(|all| all.into_iter().map(Error::from).for_each(&mut note)).ok().map(Arc::new)
    });
    let listeners = listen.bind(BACKLOG).await.unwrap_or_else(|all| {
        all.into_iter().map(Error::from).for_each(&mut note);
        Vec::new()
    });
    let side_listeners = match metrics_listen {
        Some(listen) => listen.bind(side::BACKLOG).await.unwrap_or_else(|all| {
            all.into_iter().map(Error::MetricsListen).for_each(&mut note);
            Vec::new()
        }),
        None => Vec::new(),
    };
    routes.take_tick_errors().into_iter().map(Error::from).for_each(&mut note);
    routes.take_errors().into_iter().map(Error::from).for_each(&mut note);
    let mut gets = Gets::declared();
    gets.take_errors().into_iter().map(Error::from).for_each(&mut note);
    #[cfg(feature = "tower")]
    if let (Some(_), Some(handler)) = (&around.http, S::REQUEST) {
        note(Error::TwoForRequests { handler });
    }
    side::conflicts(&options, &gets, &routes).into_iter().map(Error::from).for_each(&mut note);
    Error::all(errors)?;

    listeners.iter().for_each(|listener| listener.tune(options.nodelay));
    options.hosts.resolve(is_loopback_only(&listeners));
    let capacity = Capacity::new(&options, &listeners);
    let server = Server::new(S::NAME, options, route_options, routes.modules(), routes.route_paths());
    let addresses = listeners.iter().map(|listener| listener.address().clone()).collect();
    let _ = server.0.addresses.set(addresses);
    if let Some(tls) = &tls {
        let _ = server.0.tls.set(Arc::clone(tls));
    }
    let addresses = side_listeners.iter().map(|listener| listener.address().clone()).collect();
    let _ = server.0.metrics_addresses.set(addresses);
    // Before the `start` handler, which may take long: the process lives, and is not ready.
    let side = SideListeners::begin(&server, side_listeners);
    let hosted = Arc::new(Hosted::<S> { server: server.clone(), store, tls, routes, gets, around });
    Routes::begin(&hosted);
    if let Err(error) = begin(&hosted).await {
        // Its addresses are free again when the caller sees the error.
        side.end().await;
        return Err(error);
    }
    server.note_start();
    super::announce::announce(&server, hosted.tls.is_some(), hosted.has_pages());
    capacity.announce(server.name());
    if let Some(tls) = &hosted.tls {
        server.spawn(Arc::clone(tls).keep(server.clone()));
    }
    for tick in ticks.declared {
        server.run_tick(Arc::clone(&hosted), tick);
    }
    for state in S::TIMED_STATES {
        server.spawn(state.run(Host(Arc::clone(&hosted))));
    }
    let serving = tokio::spawn(serve::serve(Arc::clone(&hosted), listeners, capacity, side));
    Ok(Bound { running: Running { server, serving }, hosted, capacity })
}

/// Runs the `start` handler, and begins the declared watches.
async fn begin<S: Service>(hosted: &Arc<Hosted<S>>) -> Result<(), Error> {
    begin::run_start(hosted).await?;
    #[cfg(unix)]
    super::watches::run_declared(hosted)?;
    Ok(())
}
