//! The server: all connections together, broadcasts, ticks and watches, from start to shutdown.

mod accept;
mod addresses;
mod alarms;
mod announce;
mod around;
mod begin;
mod broadcast;
mod builder;
mod capacity;
mod connections;
mod expiry;
mod groups;
#[cfg(feature = "tower")]
mod guest;
mod hosted;
mod log_limit;
mod memory;
mod pending;
mod registry;
mod report;
mod running;
mod serve;
mod shutdown;
mod spread;
mod states;
mod tasks;
mod timers;
mod tls;
#[cfg(unix)]
mod watches;

use std::fmt;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use tokio::runtime::Handle;
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio_util::task::TaskTracker;

use self::addresses::Addresses;
use self::alarms::Alarms;
use self::log_limit::{LogLimit, Subject};
use self::memory::Memory;
use self::pending::PendingHandshakes;
use self::registry::Registry;
use self::report::Endings;
use self::shutdown::{GOING_AWAY, Stage};
use crate::conn::Conn;
use crate::event::{Binary, ClosedBy, IntoOutcome, Outcome, Utf8};
use crate::listen::{Address, ServerTls};
use crate::message::{Push, ServerPush};
use crate::options::{Options, OptionsOf, RouteOptions};
use crate::room::RoomLists;
use crate::route::Reach;
use crate::stats::Counters;
use crate::transport::Stream;
#[cfg(unix)]
use crate::watch::Watchers;

pub(crate) use self::addresses::{Seat, TooMany};
pub(crate) use self::around::{Around, EnterTrace};
pub use self::begin::StartError;
pub(crate) use self::broadcast::Receivers;
#[cfg(feature = "tower")]
pub(crate) use self::builder::Bound;
pub use self::builder::{Builder, Starting};
pub(crate) use self::builder::{bind, warn};
pub use self::connections::Connections;
pub use self::groups::Group;
pub(crate) use self::groups::Memberships;
#[cfg(feature = "tower")]
pub(crate) use self::guest::{Guest, Places};
pub(crate) use self::hosted::Hosted;
pub(crate) use self::pending::{Evicted, Slot};
pub use self::report::ShutdownReport;
pub use self::running::Running;
pub use self::states::{Awaits, Given, PrivateState, StateSources, Unset};
pub(crate) use self::tasks::clock;

/// A running server: a cheap handle that may be cloned, kept and sent to other threads.
///
/// Handlers take it as `&Server`. Elsewhere get it from [`Running::server`] or [`Conn::server`].
#[derive(Clone)]
pub struct Server(Arc<Inner>);

struct Inner {
    name: &'static str,
    options: Options,
    /// The modules of the routes, by their numbers.
    route_modules: Vec<&'static str>,
    route_options: RouteOptions,
    addresses: OnceLock<Vec<Address>>,
    /// Set if it speaks TLS.
    tls: OnceLock<Arc<ServerTls>>,
    metrics_addresses: OnceLock<Vec<Address>>,
    registry: Registry,
    rooms: RoomLists,
    pending: Arc<PendingHandshakes>,
    clients: Arc<Addresses>,
    /// Notified when a connection's task has ended, so that its descriptor is free again.
    freed: Notify,
    alarms: Alarms,
    counters: Counters,
    log_limit: LogLimit,
    /// A permit for each `blocking` handler that may run.
    blocking: Arc<Semaphore>,
    memory: Memory,
    /// The runtime of its tasks.
    runtime: Handle,
    next_conn: AtomicU64,
    /// Hashes the keys of identities.
    key_hasher: RandomState,
    stage: watch::Sender<Stage>,
    /// Whether the `start` handler has ended.
    has_started: AtomicBool,
    /// The code with which a shutdown closes connections.
    close_code: AtomicU16,
    /// How the connections have ended since the shutdown began.
    endings: Endings,
    /// The tasks of ticks, watches and rooms.
    tasks: TaskTracker,
    /// The tasks of connections.
    connections: TaskTracker,
    #[cfg(unix)]
    watchers: Watchers,
    on_connect: Mutex<Option<Shared<OnConnect>>>,
    on_shutdown: Mutex<Option<Shared<OnShutdown>>>,
}

type Shared<F> = Arc<Mutex<F>>;
type OnConnect = dyn FnMut(&Conn) -> Outcome + Send;
type OnShutdown = dyn FnMut(&Server) -> Outcome + Send;

impl Server {
    /// Must be called inside a tokio runtime.
    fn new(
        name: &'static str,
        options: Options,
        route_options: RouteOptions,
        route_modules: Vec<&'static str>,
        route_paths: Vec<Option<String>>,
    ) -> Self {
        let runtime = Handle::current();
        let threads = runtime.metrics().num_workers();
        Self(Arc::new(Inner {
            name,
            freed: Notify::new(),
            pending: Arc::new(PendingHandshakes::new(options.max_handshakes, threads)),
            blocking: Arc::new(Semaphore::new(options.max_blocking)),
            counters: Counters::new(threads, route_paths, options.handler_durations),
            clients: Arc::new(Addresses::new(&options)),
            memory: Memory::new(options.max_memory),
            options,
            route_options,
            route_modules,
            addresses: OnceLock::new(),
            tls: OnceLock::new(),
            metrics_addresses: OnceLock::new(),
            registry: Registry::default(),
            rooms: RoomLists::default(),
            alarms: Alarms::new(),
            log_limit: LogLimit::default(),
            runtime,
            next_conn: AtomicU64::new(1),
            key_hasher: RandomState::new(),
            stage: watch::Sender::new(Stage::Running),
            has_started: AtomicBool::new(false),
            close_code: AtomicU16::new(GOING_AWAY),
            endings: Endings::default(),
            tasks: TaskTracker::new(),
            connections: TaskTracker::new(),
            #[cfg(unix)]
            watchers: Watchers::default(),
            on_connect: Mutex::new(None),
            on_shutdown: Mutex::new(None),
        }))
    }

    /// What all queues together hold.
    pub(crate) fn memory(&self) -> &Memory {
        &self.0.memory
    }

    /// The name of the server's module.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.0.name
    }

    /// Where the server listens: one address for each listener. If port 0 was given, it is the port that the system
    /// chose.
    #[must_use]
    pub fn addresses(&self) -> &[Address] {
        self.0.addresses.get().map_or(&[], Vec::as_slice)
    }

    /// Where `metrics_listen` has the server answer probes and metrics: one address for each listener, none if it is
    /// not set. If port 0 was given, it is the port that the system chose.
    ///
    /// ```
    /// # use ws_runtime::prelude::*;
    /// # #[ws_server(listen = "127.0.0.1:0")]
    /// # mod chat {}
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> ws_runtime::Result<()> {
    /// let running = chat::server().metrics_listen("127.0.0.1:0").bind().await?;
    /// assert!(running.server().metrics_addresses()[0].port().is_some());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn metrics_addresses(&self) -> &[Address] {
        self.0.metrics_addresses.get().map_or(&[], Vec::as_slice)
    }

    /// The connections that are ready, in the order of their numbers: exactly those whose [`Conn::is_ready`] is true,
    /// from the 101 until they start to close. A connection is listed while its `ready` handler runs, and not while the
    /// arguments of that are made, which may wait for a lock. It is not listed
    /// after [`Conn::disconnect`], nor while its `disconnect` handler runs.
    #[must_use]
    pub fn connections(&self) -> Vec<Conn> {
        self.0.registry.list()
    }

    /// Sends a push to every connection that is ready and whose route speaks the envelope. Returns how many queued
    /// it; the number may be ignored.
    ///
    /// It is serialised and encoded once for all connections, and taken by value or by reference. It behaves as
    /// [`broadcast_utf8`](Self::broadcast_utf8) does otherwise. A push that does not serialise as JSON is not sent,
    /// which is logged as an error.
    ///
    /// ```
    /// use serde::Serialize;
    /// use ws_runtime::prelude::*;
    ///
    /// #[ws_server(listen = 8080)]
    /// mod clock {
    ///     use super::*;
    ///
    ///     #[push]
    ///     #[derive(Serialize)]
    ///     struct Ticked {
    ///         connections: usize,
    ///     }
    ///
    ///     #[tick(period = 1)]
    ///     fn tick(server: &Server) {
    ///         server.broadcast(Ticked { connections: server.connections().len() });
    ///     }
    /// }
    /// # fn main() {}
    /// ```
    #[doc(alias = "emit")]
    #[doc(alias = "publish")]
    pub fn broadcast<P: ServerPush>(&self, push: P) -> usize {
        self.send_push(&push)
    }

    /// Sends a text message to every connection that is ready. Returns how many queued it.
    ///
    /// The message is encoded once for all connections. The call never waits. A connection whose outbox is full is
    /// closed or misses the message, depending on the option `slow`. A connection with a smaller `max_send_size` misses
    /// the message, which is logged. A connection whose `ready` handler runs gets it after what that sends.
    pub fn broadcast_utf8<'a>(&self, text: impl Into<Utf8<'a>>) -> usize {
        self.send_text(&text.into())
    }

    /// Sends a binary message to every connection that is ready. Returns how many queued it. It behaves as
    /// [`broadcast_utf8`](Self::broadcast_utf8) does.
    pub fn broadcast_binary<'a>(&self, data: impl Into<Binary<'a>>) -> usize {
        self.send_data(&data.into())
    }

    /// Ends a connection at once, without a Close frame. What is queued for it is lost. Its `disconnect` handler still
    /// runs, with code 1006.
    ///
    /// [`Conn::disconnect`] sends what is queued and a Close frame first.
    pub fn disconnect(&self, conn: &Conn) {
        conn.cut(ClosedBy::Us);
    }

    /// Whether the server takes connections: from the end of the `start` handler until [`shutdown`](Self::shutdown) is
    /// called or a signal comes. The option `readiness` answers this to load balancers; a `#[get]` of your own can add
    /// what else must be there, such as a database.
    ///
    /// ```
    /// use ws_runtime::http::StatusCode;
    /// use ws_runtime::prelude::*;
    ///
    /// #[ws_server(listen = 8080)]
    /// mod chat {
    ///     use super::*;
    ///
    ///     #[get("/ready")]
    ///     fn ready(server: &Server) -> StatusCode {
    ///         let database_answers = true;
    ///         if server.is_ready() && database_answers { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE }
    ///     }
    /// }
    /// # fn main() {}
    /// ```
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.has_started() && !self.is_shutting_down()
    }

    /// How many connections are ready.
    pub(crate) fn count_ready(&self) -> usize {
        let mut count = 0;
        self.0.registry.each_ready(|_| count += 1);
        count
    }

    /// Whether the `start` handler has ended.
    pub(crate) fn has_started(&self) -> bool {
        self.0.has_started.load(Ordering::Acquire)
    }

    /// Notes that the `start` handler has ended.
    fn note_start(&self) {
        self.0.has_started.store(true, Ordering::Release);
    }

    /// Replaces the declared `connect` handler for connections that are accepted from now on. It is called for one
    /// connection at a time. An error refuses the connection.
    pub fn on_connect<R: IntoOutcome>(&self, mut handler: impl FnMut(&Conn) -> R + Send + 'static) {
        let handler: Shared<OnConnect> =
            Arc::new(Mutex::new(move |conn: &Conn| handler(conn).into_outcome()));
        *self.0.on_connect.lock().unwrap_or_else(PoisonError::into_inner) = Some(handler);
    }

    /// Replaces the declared `shutdown` handler.
    pub fn on_shutdown<R: IntoOutcome>(&self, mut handler: impl FnMut(&Server) -> R + Send + 'static) {
        let handler: Shared<OnShutdown> =
            Arc::new(Mutex::new(move |server: &Server| handler(server).into_outcome()));
        *self.0.on_shutdown.lock().unwrap_or_else(PoisonError::into_inner) = Some(handler);
    }

    /// The server's own options. What concerns a connection is in [`Conn::options`].
    pub(crate) fn options(&self) -> &Options {
        &self.0.options
    }

    /// The options of the routes.
    pub(crate) fn route_options(&self) -> &RouteOptions {
        &self.0.route_options
    }

    /// The options of these connections.
    #[inline]
    pub(crate) fn options_of(&self, of: OptionsOf) -> &Options {
        // For each message, so without a look at the routes where it can be.
        if of == OptionsOf::SERVER {
            return &self.0.options;
        }
        self.0.route_options.get(of).unwrap_or(&self.0.options)
    }

    /// The connections that a push is for.
    pub(crate) fn reach_of<P: Push>(&self) -> Reach {
        let Some(module) = P::ROUTE else { return Reach::EVERY };
        let number = self.0.route_modules.iter().position(|route| *route == module);
        number.map_or(Reach::NOWHERE, Reach::of_route)
    }

    /// Tells servers apart.
    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    pub(crate) fn runtime(&self) -> &Handle {
        &self.0.runtime
    }

    /// The rooms of its routes.
    pub(crate) fn room_lists(&self) -> &RoomLists {
        &self.0.rooms
    }

    /// What the addresses of clients do.
    pub(crate) fn clients(&self) -> &Arc<Addresses> {
        &self.0.clients
    }

    pub(crate) fn alarms(&self) -> &Alarms {
        &self.0.alarms
    }

    /// How many handshakes are pending.
    pub(crate) fn pending_handshakes(&self) -> usize {
        self.0.pending.len()
    }

    /// What happened since the start.
    pub(crate) fn counters(&self) -> &Counters {
        &self.0.counters
    }

    /// Counts a line about the failure of a handler. Returns whether it is logged.
    pub(crate) fn allows_failure(&self, handler: &'static str) -> bool {
        self.0.log_limit.allow(Subject::Handler(handler))
    }

    /// Counts a line about an option that sets a limit, or the like. Returns whether it is logged.
    pub(crate) fn allows_log(&self, limit: &'static str) -> bool {
        self.0.log_limit.allow(Subject::Limit(limit))
    }

    /// A place for a `blocking` handler, unless `max_blocking` of them run.
    pub(crate) fn place_for_blocking(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.0.blocking).try_acquire_owned().ok()
    }

    /// Hashes what is written into the hasher, for keys of identities.
    pub(crate) fn hash(&self, write: impl FnOnce(&mut dyn Hasher)) -> u64 {
        let mut hasher = self.0.key_hasher.build_hasher();
        write(&mut hasher);
        hasher.finish()
    }

    /// A handle for a connection that was just accepted. Its stream is not known yet if another server has accepted it.
    pub(crate) fn new_conn(&self, peer: Address, stream: Option<&Stream>) -> Conn {
        let number = self.0.next_conn.fetch_add(1, Ordering::Relaxed);
        Conn::new(number, self.clone(), peer, stream)
    }

    /// Lists a connection that has become ready.
    pub(crate) fn register(&self, conn: &Conn) {
        self.0.registry.insert(conn);
        if let Some(room) = conn.room() {
            room.list(conn);
        }
        self.watch_expiry(conn);
        self.apply_stage(conn);
    }

    /// Marks a connection as closing: it is no longer ready.
    pub(crate) fn unlist(&self, conn: &Conn) {
        self.0.registry.begin_closing(conn);
        if let Some(room) = conn.room() {
            room.unlist(conn);
        }
        self.unwatch_expiry(conn);
        conn.leave_groups();
        self.apply_stage(conn);
    }

    /// Removes a connection that is gone. Its descriptor is free for a new one.
    pub(crate) fn unregister(&self, conn: &Conn) {
        self.0.registry.remove(conn);
        if let Some(room) = conn.room() {
            room.unlist(conn);
        }
        self.unwatch_expiry(conn);
        self.clients().release(conn.id());
        self.0.freed.notify_one();
    }

    /// Applies the stage of the shutdown to a connection that was not listed when the stage began.
    fn apply_stage(&self, conn: &Conn) {
        match *self.0.stage.borrow() {
            Stage::Running | Stage::Asked | Stage::Stopping | Stage::Refusing | Stage::Spreading => {}
            Stage::Closing => conn.finish(),
            Stage::Aborting => conn.abort(),
            Stage::Abandoning => conn.abandon(),
        }
    }

    pub(crate) fn replaced_connect(&self) -> Option<impl FnOnce(&Conn) -> Outcome + use<>> {
        let handler = self.0.on_connect.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        Some(move |conn: &Conn| handler.lock().unwrap_or_else(PoisonError::into_inner)(conn))
    }

    fn replaced_shutdown(&self) -> Option<impl FnOnce(&Server) -> Outcome + use<>> {
        let handler = self.0.on_shutdown.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
        Some(move |server: &Server| handler.lock().unwrap_or_else(PoisonError::into_inner)(server))
    }
}

impl Receivers for Server {
    fn each(&self, send: impl FnMut(&Conn)) {
        self.0.registry.each_ready(send);
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("name", &self.0.name)
            .field("addresses", &self.addresses())
            .finish_non_exhaustive()
    }
}
