//! The attribute macros of ws-runtime: use them through its prelude, `use ws_runtime::prelude::*;`.
//!
//! Expansion has five stages, each in the file of its name. Each takes what the stage before returned, and changes
//! nothing of it:
//!
//! | stage | takes | returns |
//! |---|---|---|
//! | `parse` | tokens | the `model`: what the user wrote |
//! | `resolve` | the model | what each argument of a handler asks for, by the name of its type |
//! | `check` | the resolved model | the handlers that break a rule |
//! | `plan` | both | what is generated |
//! | `expand` | the plan | tokens |
//!
//! `parse` and `check` report each mistake to `diagnostics`, on the tokens that are wrong, and continue. A handler
//! with a mistake is emitted but not called, so that one mistake is one error. `events` describes each event once,
//! `options` each option, and `hints` what users of other frameworks write.

mod cfgs;
mod check;
mod derive;
mod diagnostics;
mod events;
mod expand;
mod hints;
mod literals;
mod model;
mod names;
mod options;
mod parse;
mod plan;
mod resolve;
mod syntax;

use diagnostics::Diagnostics;
use model::Server;
use parse::Marker;
use proc_macro2::{Span, TokenStream};
use quote::quote;

/// The rows of the table of options.
macro_rules! rows {
    (apart { $($apart:tt)* } kept { $($kept:tt)* }) => { rows! { $($apart)* $($kept)* } };
    ($(
        #[doc = $sentence:literal]
        $(#[doc = $more:literal])*
        $name:ident: $kind:ident $(($($bounds:tt)*))? { default: $default:literal, of: $owner:ident $($rest:tt)* }
    )*) => {
        concat!($("| `", stringify!($name), "` |", $sentence, " | `", $default, "` | ", of_routes!($owner), " |\n"),*)
    };
}

/// Whether a route may set an option, for that table.
macro_rules! of_routes {
    (connection) => {
        "yes"
    };
    (server) => {
        "no"
    };
}

/// Makes a WebSocket server of a module: its annotated functions are the handlers.
///
/// The module gains one function, `server()`. It returns a builder that can override every option. `.start()` runs the
/// server, `.serve().await` runs it inside your tokio runtime, and `.bind().await` also returns the address and a
/// handle to stop it.
///
/// ```ignore
/// use ws_runtime::prelude::*;
///
/// #[ws_server(listen = 8080, silence_max = 20)]
/// mod chat {
///     use super::*;
///
///     #[on(utf8)]
///     fn echo(text: &str) -> &str {
///         text
///     }
/// }
///
/// fn main() -> ws_runtime::Result<()> {
///     chat::server().start()
/// }
/// ```
///
/// # Inside the module
///
/// | attribute | marks |
/// |---|---|
/// | [`#[on(event)]`](macro@on) | the handler of an event: `start`, `connect`, `handshake`, `create`, `ready`, `utf8`, `message`, `binary`, `pong`, `drain`, `disconnect`, `empty`, `request`, `shutdown` |
/// | [`#[on("name")]`](macro@on) | the handler of the messages of that type |
/// | [`#[get("/path")]`](macro@get) | what answers plain HTTP requests for a path |
/// | [`#[tick(period = 1)]`](macro@tick) | a handler that runs every so many seconds |
/// | [`#[watch(readable = …)]`](macro@watch) | a handler that runs when a handle is ready |
/// | [`#[timer(field)]`](macro@timer) | a handler that runs when the `Timer` in a field is due |
/// | [`#[state]`](macro@state) | the type of a state: one value for the server; there may be several such types |
/// | [`#[session]`](macro@session) | the type of the session: one value for each connection |
/// | [`#[identity]`](macro@identity) | the type that says who a peer is: made once by `handshake` |
/// | [`#[room]`](macro@room) | the type of the state of a room: one value for each path |
/// | [`#[push]`](macro@push) | what the server sends on its own: a named message, or a question |
/// | [`#[route("/path")]`](macro@route) | a module whose handlers serve this path; it may stand in a file of its own |
///
/// Handlers are `fn` or `async fn`. Their arguments are found by type, in any order. All other items of the module
/// stay as they are written.
///
/// # Options
///
/// Each value is an expression. It is evaluated in the module when the server starts, and only if neither the builder
/// nor the environment (`WS_SERVER_LISTEN=…`) sets the option. Literals are checked when the server is compiled.
///
/// | key | what it is | default | may be set on a route |
/// |---|---|---|---|
#[doc = ws_spec::for_each_option!(rows)]
/// | `routes` | The routes in files of their own, by the paths of their modules: `routes = [crate::table::route]`, see [`#[route]`](macro@route#in-a-file-of-its-own). | none | no |
/// | `envelope` | Other names for keys of the envelope: `envelope(type = "event", data = "payload", id = "ref")`. | `type`, `data`, `id` | no |
/// | `crate` | The path to `ws_runtime` where it has another name. | `::ws_runtime` | no |
///
/// Seconds are an integer, a fraction or an expression of type `Duration`; sizes and counts are `usize`.
#[proc_macro_attribute]
pub fn ws_server(
    attribute: proc_macro::TokenStream,
    item: proc_macro::TokenStream,
) -> proc_macro::TokenStream {
    server(attribute.into(), &item.into()).into()
}

/// Marks the handler of an event, `#[on(utf8)]`, or of the messages of a type, `#[on("say")]`, inside a
/// [`#[ws_server]`](macro@ws_server) module. A word is an event of the framework, a text is a name on the wire.
///
/// An event or a name has at most one handler, or one for each of several `#[cfg]` conditions that exclude each
/// other. Arguments are found by type, in any order, and any may be left out.
///
/// | event | when | its own arguments | session | may return |
/// |---|---|---|---|---|
/// | `start` | once, bound, before the first accept | | no | `()`, `Result<(), E>`: an error ends `start()` |
/// | `connect` | accepted, before TLS and the handshake | | no | `()`, `Result<(), E>`: an error refuses the connection |
/// | `handshake` | a valid request of an allowed origin, before 101 | `&Handshake`, `Path`, `Query`, `Bearer`, `Extension` | makes it | `()`, the session, the identity or an `Option` of it, a pair of both, a `Result` of these with a `Reject` |
/// | `create` | the first peer of a path is to be admitted | `&Handshake`, `Path`, `Query`, `Bearer`, `Extension` | no | the room, a `Result` of it with a `Reject` |
/// | `ready` | the connection is open | | `&`, `&mut` | a reply |
/// | `"say"` | a message of that type | `Json<T>`: its data; `&Envelope` | `&`, `&mut` | the reply's data: any `Serialize`, `()`, a `Stream`, a `Result` of these |
/// | `message` | a message of a type that has no handler | `&Envelope`, `Json<T>` | `&`, `&mut` | the same |
/// | `utf8` | any other text message | `&str`, `String`, `Json<T>` | `&`, `&mut` | a reply |
/// | `binary` | a binary message | `&[u8]`, `Vec<u8>`, `Bytes` | `&`, `&mut` | a reply |
/// | `pong` | a pong | `&[u8]`, `Vec<u8>`, `Bytes` | `&`, `&mut` | a reply |
/// | `drain` | a peer that has missed messages, as its outbox was full, has read all that waited | | `&`, `&mut` | a reply |
/// | `disconnect` | once for each `ready` | `&Close` | `&`, `&mut`, by value | `()`, `Result<(), E>` |
/// | `empty` | the last peer of a path has left, `keep` seconds ago | the room, also by value | no | `()`, `Result<(), E>` |
/// | `request` | a plain HTTP request that no [`#[get]`](macro@get) takes | `&Request`, `Query`, `Bearer`, `Extension` | no | an HTTP response: text, `Html`, `Json`, bytes, a status, `Result` |
/// | `shutdown` | once, the connections still there | | no | `()`, `Result<(), E>` |
///
/// All of them can take `&Server` and each state by `&` or `&mut`, all but `start`, `empty` and `shutdown` also
/// `&Conn`, and those from `ready` to `disconnect` the identity by `&`, the [`#[room]`](macro@room) by `&` or `&mut`
/// and its handle, `&Room`. An `async fn` cannot take a state that some handler takes by `&mut`: it is behind a lock
/// then, as the room always is. `Extension` is `ws_runtime::Extension`, which needs the feature `tower`.
///
/// A reply is sent to the peer: `()` (nothing), text (`String`, `&str`), bytes (`Vec<u8>`, `&[u8]`, `Bytes`),
/// `Json<T>`, an `Option`, or a `Result`.
///
/// * It is queued before the lock on the state is released, where the handler took that: in order with what others send
///   under the lock. Making it, as JSON for example, holds the lock too.
/// * What `ready` sends comes first, and its reply last of that. From the moment when it is called until it has
///   ended, what other tasks send to the peer waits, a broadcast for example. It counts for `max_outbox`, and follows
///   in its order. `ready` takes its locks before the connection is listed: so a snapshot of a locked state and the
///   changes that others broadcast under the lock neither overlap nor leave a gap. If `ready` fails, what waits is
///   dropped.
/// * After `conn.disconnect(…)` it is dropped, which is no error. `disconnect` runs when this handler has ended, and
///   all that was sent before is written or never will be.
///
/// A handler that panics ends its own connection with 1011.
///
/// `start` runs when the server is bound: peers can connect, and wait until it has ended. An error or a panic of it
/// is that of `start()`, `serve()` and `bind()`, and ticks, watches and timers begin after it. A signal or
/// [`shutdown`] ends an `async` one at its next await.
///
/// [`shutdown`]: https://docs.rs/ws-runtime/latest/ws_runtime/struct.Server.html#method.shutdown
///
/// # Named messages
///
/// A server with an `#[on("name")]`, an `#[on(message)]` or a [`#[push]`](macro@push) speaks JSON in text messages:
///
/// ```text
/// → {"type":"move","id":7,"data":{"cell":4}}
/// ← {"type":"move","id":7,"data":null}
/// ← {"type":"move","id":7,"error":{"code":"not_your_turn","message":"it is not your turn"}}
/// ```
///
/// * A message with an `id` (a number, or a text of at most 64 bytes) gets exactly one reply; `()` is `null`. Without
///   an `id`, values and errors are sent too, and `()` is not.
/// * What the handler returns is the data. It is told apart by its type, so aliases of `Result` work. `None` is `null`.
/// * `Json<T>` reads the data from where it lies, so `T` can borrow: take texts as `Cow<str>` with
///   `#[serde(borrow)]`. A plain `&str` cannot take a text with escapes, such as `\n`.
/// * Data that does not fit is answered `bad_data`, a type without a handler `not_found`, and what is no envelope
///   goes to `#[on(utf8)]`, or is answered `bad_request`. A peer gets 100 of these errors, and 20 more a second; then
///   it is closed with 1008. `too_many_requests` and what an argument refuses count too. What handlers and guards
///   return does not, nor do `timeout`, `internal` and `cancelled`.
/// * Binary messages close with 1003, unless `#[on(binary)]` takes them.
///
/// Types that begin with `$` belong to the runtime:
///
/// | type | sent by | what it is |
/// |---|---|---|
/// | `$ping` | the peer | answered `$pong` with the same `id`, also while a handler runs |
/// | `$cancel` | the peer | ends the stream or the `concurrent` call with this `id` |
/// | `$error` | the server | an error reply to a text whose `type` is not known |
///
/// | code of the runtime | when |
/// |---|---|
/// | `bad_request` | the message is no envelope, or its `id` cannot be used |
/// | `bad_data` | the data does not fit |
/// | `not_found` | no handler takes this `type` |
/// | `unauthorized` | the handler takes the identity, and the peer is anonymous |
/// | `forbidden` | the session is in another phase, whose refusal has no code of its own |
/// | `too_many_requests` | more messages than `rate`, or more streams than `max_streams` |
/// | `timeout` | the handler took longer than its `timeout` |
/// | `cancelled` | the peer has sent `$cancel` |
/// | `unavailable` | the handler is `blocking`, and `max_blocking` of them run already |
/// | `internal` | the handler failed with an error that is only logged |
///
/// | limit | what it does |
/// |---|---|
/// | `rate = 5`, `rate = (30, 60)` | each connection may send so many of these messages a second, or in so many seconds, and as many at once. One more is answered with the error `too_many_requests`. On `utf8` and `binary` it closes with 1008. It counts when the handler's turn comes |
/// | `guard = admin` | the function of this name in the module says who may: it returns a `Result<(), E>`, and its error, which converts into `Reject`, is the answer |
/// | `timeout = 2` | an `async fn` that takes longer (in seconds) is dropped at its next await, and the reply is the error `timeout` |
/// | `concurrent = 4` | so many calls of an `async fn` run for one connection at once, beside its other handlers, and answer out of order. It cannot take the session, and the room only by its handle. One more message waits, and those behind it |
/// | `blocking` | a plain `fn` runs on a thread where it may block: a query without `async`, a file, a computation. The next message waits for it, and the connection goes on: pings are answered, and what others send is written. Also for `utf8`, `binary` and `pong`. It can take the session, the identity and states without a lock, but neither a state nor a room that is locked. If `max_blocking` of them run already, the error is `unavailable`; `utf8` and `binary` close with 1013 |
///
/// They apply in this order: the rate, the guard, the data, the handler. A guard takes arguments as handlers do, the
/// session, the room and the states by `&mut` too, but not the data, and may be `async`. Its locks are released
/// before the data is read: what must still hold then is checked in the handler. The option `rate` of the server
/// limits all messages of a connection, by a pause instead of an error.
///
/// ```ignore
/// fn admin(guest: &Guest) -> Result<(), Reject> {
///     if guest.admin { Ok(()) } else { Err(Reject::forbidden().text("only admins may")) }
/// }
///
/// #[on("kick", guard = admin, rate = 5)]
/// fn kick(Json(name): Json<String>, server: &Server) -> usize {
///     server.connections_of_key(&name).disconnect(4000, "kicked").map_or(0, |()| 1)
/// }
/// ```
///
/// A handler that returns an `impl Stream<Item = T>` answers each item, and `"done":true` at its end. It runs beside
/// other handlers, as one with `concurrent` does, unless the stream borrows nothing: with `+ use<>` the handler is
/// called as a plain one, under its locks, and only the stream runs beside. A stream needs an `id`; see the option
/// `max_streams`.
///
/// # Errors
///
/// | event | an error that converts into `Reject` | any other error, which implements `Display` |
/// |---|---|---|
/// | `"say"`, `message` | an error reply with its code and message | logged; the reply is the error `internal` |
/// | `utf8` where named messages are spoken | an error reply of the type `$error` | logged; the reply is the error `internal` |
/// | `utf8` otherwise, `binary` | the connection closes with 1008 and the message as reason | logged; closes with 1011 |
/// | `ready` | closes with 4000 plus the status, such as 4403, and the message as reason | logged; closes with 1011 |
/// | `pong`, `drain`, timers of the session | logged | logged; closes with 1011 |
/// | `handshake`, `create`, `request` | the HTTP answer | does not compile |
/// | `connect` | the connection is closed without an answer | the same, and logged |
/// | `start` | `start()` returns it | `start()` returns it |
/// | `disconnect`, `empty`, `shutdown`, ticks, watches, timers of a state or a room | logged | logged |
///
/// Types of your own can be taken too, and may refuse, so that the handler is not run: see
/// `ws_runtime::event::FromContext`.
///
/// ```ignore
/// #[on(utf8)]
/// async fn said(text: &str, guest: &mut Guest) -> Option<String> {
///     guest.heard += 1;
///     (text == "how many?").then(|| guest.heard.to_string())
/// }
/// ```
#[proc_macro_attribute]
pub fn on(_: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    outside(Marker::On, &item.into()).into()
}

/// Marks the handler of plain HTTP requests for a path: `#[get("/health")]`, inside a
/// [`#[ws_server]`](macro@ws_server) module.
///
/// It answers GET and HEAD; the answer to HEAD is sent without its body. `{id}` in the path is a parameter, which the
/// handler takes as `Path<u64>`, and `{*rest}` the rest of the path. `/users/` is not `/users`, and a path that is
/// written out goes before one with a parameter. Two equal paths do not compile; others that take the same requests
/// are an error of `start()`, `serve()` and `bind()`, which names both.
///
/// | request | is answered by |
/// |---|---|
/// | GET or HEAD of the path | this handler |
/// | another method | `#[on(request)]`; 405 without one |
/// | any other path | `#[on(request)]`; 426 where a route has that path, 404 otherwise |
/// | the handshake of a WebSocket | the route of that path, even if this handler has the same |
///
/// The handler can take `&Request`, `Path`, `Query`, `Bearer`, `Extension` (with the feature `tower`), `&Conn`,
/// `&Server` and each state, and may be `async`; it has `handshake_timeout` to answer. There is no session and no
/// identity, as the request never becomes a connection. It returns an HTTP response: text, `Html`, `Json`, bytes, a
/// pair of a content type and a body, a status, an `Option` (`None` is 404) or a `Result` of these, see
/// [`IntoResponse`](https://docs.rs/ws-runtime/latest/ws_runtime/trait.IntoResponse.html).
///
/// `guard = admin` names a function of the module that is asked first. It takes the same arguments, and returns a
/// `Result<(), E>` whose error is the answer.
///
/// ```ignore
/// #[get("/health")]
/// fn health() -> &'static str {
///     "ok"
/// }
///
/// fn admin(Bearer(token): Bearer, accounts: &Accounts) -> Result<(), Reject> {
///     if accounts.is_admin(&token) { Ok(()) } else { Err(Reject::forbidden()) }
/// }
///
/// #[get("/user/{name}", guard = admin)]
/// fn user(Path(name): Path<&str>, accounts: &Accounts) -> Option<Json<Account>> {
///     accounts.find(name).map(Json)
/// }
/// ```
#[proc_macro_attribute]
pub fn get(_: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    outside(Marker::Get, &item.into()).into()
}

/// Marks a handler that runs each time a period has passed: `#[tick(period = 1)]`, inside a
/// [`#[ws_server]`](macro@ws_server) module.
///
/// `period` is in seconds: an integer or a fraction above 0, or an expression of type `Duration`; at least 0.001. A
/// server may have any number of ticks. One tick never runs twice at once, and a late one does not catch up.
///
/// The handler can take `&Server` and the state by `&` or `&mut`. It returns `()` or a `Result<(), E>` whose error is
/// logged.
///
/// In a route with a [`#[room]`](macro@room) every `#[tick]` runs once for each room, whatever it takes, from
/// `create` to `empty`. In the server's own module only one that takes the room or its handle, `&Room`, does. In a
/// route without `#[room]` there are none: a tick of the whole server stands in the server's module.
///
/// ```ignore
/// #[tick(period = 0.5)]
/// fn clock(server: &Server) {
///     server.broadcast_utf8("tick");
/// }
/// ```
#[proc_macro_attribute]
pub fn tick(_: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    outside(Marker::Tick, &item.into()).into()
}

/// Marks a handler that runs when a handle is ready: `#[watch(readable = std::io::stdin())]` or
/// `#[watch(writable = …)]`, inside a [`#[ws_server]`](macro@ws_server) module. Unix only.
///
/// The value is any expression of a type that is `AsFd + Send`: a pipe, a socket, the terminal. It is evaluated once,
/// when the server starts. A server may have any number of watches, each on a handle of its own.
///
/// The handler can take the handle by `&` or `&mut`, `&Server` and the state by `&` or `&mut`. It returns `()` or a
/// `Result<(), E>` whose error is logged.
///
/// ```ignore
/// #[watch(readable = std::io::stdin())]
/// fn typed(server: &Server, stdin: &mut std::io::Stdin) -> std::io::Result<()> {
///     let mut line = String::new();
///     stdin.read_line(&mut line)?;
///     server.broadcast_utf8(line.trim_end());
///     Ok(())
/// }
/// ```
#[proc_macro_attribute]
pub fn watch(_: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    outside(Marker::Watch, &item.into()).into()
}

/// Marks the handler of a [`Timer`](https://docs.rs/ws-runtime/latest/ws_runtime/struct.Timer.html): `#[timer(field)]`,
/// inside a [`#[ws_server]`](macro@ws_server) module.
///
/// The field is one of the [`#[session]`](macro@session), of the payload of one of its phases, of the
/// [`#[room]`](macro@room), or of a [`#[state]`](macro@state). Where two of these structs have a field of that name,
/// write which one: `#[timer(Table.clock)]`. A connection that leaves a phase leaves the timers in its payload
/// behind. The handler runs when the timer that a handler has started is due. The timer is off before that, so the
/// handler may start it anew.
///
/// | the field | what the handler gets of it |
/// |---|---|
/// | `Timer` | |
/// | `[Timer; N]`, `Vec<Timer>` | the index, as `usize` |
/// | `HashMap<K, Timer>`, `BTreeMap<K, Timer>` | the key, as `&K`, or as `K` if that can be cloned; `&str` for a `String` |
///
/// The handler of a session's timer can also take `&Conn`, `&Server`, the session and the states. It runs between the
/// other handlers of the connection, and no longer once the connection starts to close. If it fails, the connection
/// closes with 1011.
///
/// That of a state's timer can take `&Server` and the states, runs under the lock on the state, and no longer once the
/// server closes its connections. If it fails, that is logged. A state with timers is behind a lock, so an `async fn`
/// cannot take it.
///
/// That of a room's timer can take `&Server`, the room, its handle and the states, runs under the lock on the room,
/// also while an empty room is kept, and no longer once it is emptied.
///
/// All return `()` or a `Result<(), E>`.
///
/// Timers that became due while another handler ran are handled after that, in the order of their times.
///
/// ```ignore
/// #[session]
/// #[derive(Default)]
/// struct Seat { clock: Timer }
///
/// #[on(utf8)]
/// fn moved(seat: &mut Seat) {
///     seat.clock.start(30);
/// }
///
/// #[timer(clock)]
/// fn too_slow(conn: &Conn) -> Result<(), CloseError> {
///     conn.disconnect(4000, "you took too long")
/// }
/// ```
#[proc_macro_attribute]
pub fn timer(_: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    outside(Marker::Timer, &item.into()).into()
}

/// Marks the type of a state, a struct or an enum, of which the server has one value: `#[state]`, inside a
/// [`#[ws_server]`](macro@ws_server) module. A module may have any number of such types.
///
/// All handlers can take it by `&`, and those that are no `async fn` by `&mut`. If one does, this state is behind a
/// lock of its own, which is held for a handler's call, and an `async fn` cannot take it at all: the lock would be
/// held across an `.await`. A handler that panics does not poison the state: it stays in use as that handler left it.
/// A state that every handler takes by `&` has no lock, such as a database pool beside a lobby that changes.
///
/// States are locked in the order of their declaration, whatever the order of the arguments, so handlers never wait
/// for each other for ever. All other arguments are made before that. The macro knows a state by its own name and by
/// aliases that the module declares.
///
/// `#[state(lock)]` puts the state behind a lock in any case. It is for a [route in a file of its
/// own](macro@route#in-a-file-of-its-own) that takes the state by `&mut`, which the macro does not see.
///
/// A state starts as its `Default`, unless `chat::server().state(…)` gives another value, once for each type. A `pub`
/// state without `Default` has to be given: if it is not, the server does not compile. A private one has to have a
/// `Default`.
///
/// ```ignore
/// #[state]
/// pub struct Pool { connections: Vec<Connection> }
///
/// #[state]
/// #[derive(Default)]
/// struct Lobby { greeted: u64 }
///
/// #[on(ready)]
/// fn hello(lobby: &mut Lobby, pool: &Pool) -> String {
///     lobby.greeted += 1;
///     format!("guest {}, {} connections to the database", lobby.greeted, pool.connections.len())
/// }
/// ```
#[proc_macro_attribute]
pub fn state(_: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    outside(Marker::State, &item.into()).into()
}

/// Marks the type of the session, a struct or an enum, of which each connection has one value: `#[session]`, inside a
/// [`#[ws_server]`](macro@ws_server) module.
///
/// The handlers of `ready`, named messages, `message`, `utf8`, `binary`, `pong`, `drain` and `disconnect`, guards, and
/// the session's timers can take it by `&` or `&mut`, without a lock: one connection's handlers run one at a time. So
/// those that run beside others, with `concurrent` or a stream that borrows, cannot. `disconnect` can also take it by
/// value.
///
/// It starts as what the `handshake` handler returns, or as its `Default`; a session without `Default` has to be
/// returned by that handler. It may be private.
///
/// ```ignore
/// #[session]
/// #[derive(Default)]
/// struct Guest { name: String }
/// ```
///
/// # Phases
///
/// An enum has phases. A handler that takes what belongs to one, `&Player` or `&mut Player`, is reached only in the
/// variants that carry it:
///
/// ```ignore
/// #[session]
/// enum Peer {
///     #[reject(401, "sign in first")]
///     Guest,
///     Player(Player),
///     Admin(Box<Admin>),
/// }
///
/// #[on("sign_in")]
/// fn sign_in(Json(name): Json<String>, peer: &mut Peer) { *peer = Peer::Player(Player::new(name)); }
///
/// #[on("move")]
/// fn play(Json(play): Json<Move>, player: &mut Player) -> Result<(), MoveError> {
///     player.take(play.cell)
/// }
/// ```
///
/// In another phase that variant's `#[reject(status, "text", code = "…")]` is the answer: 403, `forbidden`, where
/// there is none. It is the error reply to a named message; `utf8` and `binary` close with 1008; `ready`, `pong`,
/// `drain`, `disconnect` and timers are not run. `Option<&Player>` is `None` in another phase. `&mut Peer` changes the
/// phase; a handler takes either the session or what belongs to a phase, once.
///
/// What belongs to a phase is the only field of a tuple variant, also in a `Box`, and a type of your own crate. Two
/// variants may carry the same type.
#[proc_macro_attribute]
pub fn session(_: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    outside(Marker::Session, &item.into()).into()
}

/// Marks the type of the state of a room, a struct or an enum: `#[room]`, inside a [`#[ws_server]`](macro@ws_server)
/// module.
///
/// The connections of one path are a room. With this attribute each room has a value of this type, behind a lock of
/// its own, so rooms run side by side. It is made by the handler of `#[on(create)]` before the first peer is
/// admitted, and dropped after that of `#[on(empty)]`, when the last has left. It may be private.
///
/// | attribute | what it does |
/// |---|---|
/// | `#[room]` | an empty room is emptied at once |
/// | `#[room(keep = 10)]` | it is kept for so many seconds: who comes meanwhile finds it as it was. From 0 to 31,536,000; 0 by default |
/// | `#[room(max_rooms = 500)]` | so many rooms of this type exist at once; a kept one makes way first, and then the next peer is answered 503. 10,000 by default |
/// | `#[room(open)]` | there is no `create` handler: whoever asks for a path has its room made by `Default` |
///
/// # How handlers take it
///
/// | argument | what it is |
/// |---|---|
/// | `&Table`, `&mut Table` | the state, locked for the call. Not in an `async fn`, whose lock would be held across an `.await` |
/// | `&Room<Table>` | its handle: `later(|table| …)` queues a change, `with(|table| …).await` waits for the state. It is a `&Room` too |
/// | `&Room` | the handle of the room of any module: `path()`, `connections()`, `broadcast(…)` |
/// | `Rooms<Table>` | all rooms of this type, in any event |
///
/// All handlers of a connection can take the room, from `ready` to `disconnect`, and guards; that of `handshake` only
/// by `&`, as the peer is no member yet; that of `empty` also by value. Where the lock is taken, the message waits
/// for it, and no worker thread does. The room is locked first, then the other arguments are made, then the states
/// are locked, so handlers never wait for each other for ever. A handler takes one room.
///
/// A `#[timer(field)]` whose field belongs to the room runs for each room, and so does each `#[tick]` of the route.
/// In a server without routes a `#[tick]` does if it takes the room or its handle.
///
/// ```ignore
/// #[room(keep = 10)]
/// struct Table { board: Board, clock: Timer }
///
/// #[on(create)]
/// fn create(Path(name): Path<String>) -> Result<Table, Reject> {
///     Board::named(&name).map(Table::new).ok_or_else(Reject::not_found)
/// }
///
/// #[on("move")]
/// fn play(Json(play): Json<Move>, table: &mut Table, room: &Room) -> Result<(), MoveError> {
///     table.board.play(play)?;
///     table.clock.start(30);
///     room.broadcast(Moved { board: &table.board });
///     Ok(())
/// }
///
/// #[timer(clock)]
/// fn too_slow(table: &mut Table) { table.board.pass(); }
///
/// #[on(empty)]
/// fn close(table: Table, archive: &Archive) { archive.store(table.board); }
/// ```
#[proc_macro_attribute]
pub fn room(_: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    outside(Marker::Room, &item.into()).into()
}

/// Says what the peer is told of an error: `#[derive(Reject)]`, on an enum or a struct.
///
/// It writes `impl From<…> for Reject`, so that a handler can return the error, and `?` converts it. Each variant, or
/// the struct, is a refusal with a status, a code and a message:
///
/// | attribute | status | code | message |
/// |---|---|---|---|
/// | none | 400 | the name in `snake_case` | the name in words |
/// | `#[reject(409)]` | 409 | the name in `snake_case` | the name in words |
/// | `#[reject(409, "taken by {by}")]` | 409 | the name in `snake_case` | the text |
/// | `#[reject(409, code = "busy")]` | 409 | `busy` | the name in words |
/// | `#[reject(transparent)]` | those of the only field, which converts into `Reject` itself | | |
///
/// * The **status** is an HTTP status from 300 to 599, or an expression of type `StatusCode`. Only the answer to a
///   request has it; a `ready` handler closes with 4000 plus the status.
/// * The **text** is a format string. Between braces stands a field, `{by}` or `{0}`, with a format if you like:
///   `{by:?}`.
/// * **Doc comments are never sent** to the peer, so they can say what only colleagues should know.
/// * `#[reject(crate = …)]` on the type names the runtime where it has another name.
///
/// `Display` is not written: it is for the log, where an error may say more than the peer should know. Derive
/// `thiserror::Error` beside it where you need both.
///
/// ```ignore
/// #[derive(Reject)]
/// enum MoveError {
///     #[reject(409, "it is not your turn")]
///     NotYourTurn,
///     #[reject(409, "cell {cell} is taken by {by}")]
///     Occupied { cell: u8, by: Mark },
///     /// 400, `off_the_board`, "off the board".
///     OffTheBoard,
/// }
/// ```
#[proc_macro_derive(Reject, attributes(reject))]
pub fn derive_reject(item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    derive::reject(item.into()).into()
}

/// Marks the type that says who a peer is, a struct or an enum: `#[identity]`, inside a
/// [`#[ws_server]`](macro@ws_server) module.
///
/// A handler of `#[on(handshake)]` makes it, once for each connection. It may return the identity, a pair of the
/// session and the identity in either order, or in place of the identity an `Option`, where the peer may be
/// anonymous; also in a `Result` whose error refuses the peer. The identity never changes.
///
/// All handlers of a connection can take it by `&`, from `ready` to `disconnect`, also `async` ones. For an anonymous
/// peer `&User` refuses with 401, `unauthorized`, and the handler is not run; `Option<&User>` is `None`.
///
/// Elsewhere `conn.identity::<User>()` returns it. `server.connections_of(|user: &User| …)` finds connections by it,
/// and with `#[identity(key = name)]`, where `name` is a field, `server.connections_of_key(&name)` finds them without
/// looking at all.
///
/// ```ignore
/// #[identity(key = name)]
/// struct User { name: String, admin: bool }
///
/// #[on(handshake)]
/// fn who(token: Option<Bearer>, accounts: &Accounts) -> Option<User> {
///     accounts.owner_of(&token?.0)
/// }
///
/// #[on("say")]
/// fn say(Json(text): Json<String>, user: &User, server: &Server) -> usize {
///     server.broadcast(Said { by: &user.name, text: &text })
/// }
/// ```
#[proc_macro_attribute]
pub fn identity(_: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    outside(Marker::Identity, &item.into()).into()
}

/// Marks what the server sends on its own, a struct or an enum: `#[push]`, inside a [`#[ws_server]`](macro@ws_server)
/// module.
///
/// It is sent by `conn.send(…)` and `server.broadcast(…)`, by value or by reference, and by `#[on(ready)]`, which may
/// return it. The peer gets a text message, `{"type":"said","data":{"text":"hello"}}`. Nothing else can be sent this
/// way, which the compiler checks. The type has to implement `serde::Serialize`; it may borrow and be generic.
///
/// | attribute | what it does |
/// |---|---|
/// | `#[push]` | the message's `type` is the name of the Rust type in `snake_case` |
/// | `#[push("said")]` | its `type` is that |
/// | `#[push(answer = bool)]` | it is a question: `let answer: bool = conn.ask(Confirm { … }).await?` |
///
/// The name is no empty text, does not begin with `$`, and is that of no other push and no `#[on("name")]` of the
/// module.
///
/// A server with a push speaks the envelope, as one with an `#[on("name")]` does: a text that is no named message
/// goes to `#[on(utf8)]`, or is answered by an error.
///
/// ```ignore
/// #[push]
/// #[derive(Serialize)]
/// struct Said<'a> { from: &'a str, text: &'a str }
///
/// #[on("say")]
/// fn say(Json(text): Json<String>, guest: &Guest, server: &Server) {
///     server.broadcast(Said { from: &guest.name, text: &text });
/// }
/// ```
#[proc_macro_attribute]
pub fn push(_: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    outside(Marker::Push, &item.into()).into()
}

/// Marks a module within a [`#[ws_server]`](macro@ws_server) module as a route: `#[route("/table/{id}")]`. It serves
/// the connections that are opened to its path.
///
/// | attribute | what it does |
/// |---|---|
/// | `#[route("/lobby")]` | serves this path; `/lobby/` is another |
/// | `#[route("/table/{id}")]` | serves `/table/7`; `handshake`, `create` and guards take `7` as `Path<u64>` |
/// | `#[route("/{*path}")]` | serves all paths that no other route does |
/// | `#[route("/admin", guard = admin)]` | the function `admin` says who may come |
/// | `#[route("/upload", max_recv_size = 1_000_000)]` | has this option of its own, as do the routes within it |
/// | `#[route("/table/{id}", server = crate::arcade)]` | stands in a file of its own, and belongs to this server |
///
/// A route has its own session, pushes and handlers. It shares the states and the identity, which the server's module
/// declares. A server with routes has no handlers of connections of its own but `connect` and `handshake`. Its
/// `handshake` runs first and makes the identity, then the guard, then the route's `handshake`, which makes the
/// session.
///
/// A route can have every option of [`#[ws_server]`](macro@ws_server) that takes effect once the request is read; the
/// table there says which. What a route sets goes before what its server has, also before the builder and the
/// environment. The value is an expression that is evaluated in the module of the route, when the server starts.
///
/// A path without a route is answered with 404, before any handler. Routes may stand within routes: their paths are
/// joined, and their guards add up.
///
/// ```ignore
/// #[ws_server(listen = 8080)]
/// mod arcade {
///     use super::*;
///
///     #[route("/echo")]
///     mod echo {
///         #[on(utf8)]
///         fn echo(text: &str) -> &str { text }
///     }
///
///     #[route("/time")]
///     mod time {
///         #[on(ready)]
///         fn now() -> String { now_as_text() }
///     }
/// }
/// ```
///
/// # In a file of its own
///
/// A route may stand outside of its server, in any module of the same crate. It names the server's module, and the
/// server lists the route's. Both are paths as seen from where the module stands that has the attribute:
///
/// ```ignore
/// // table.rs
/// use ws_runtime::prelude::*;
/// use crate::arcade::{Arcade, User};
///
/// #[route("/table/{id}", server = crate::arcade)]
/// pub mod route {
///     use super::*;
///
///     #[on("move")]
///     fn play(Json(cell): Json<u8>, user: &User, arcade: &mut Arcade) -> u64 { arcade.moved(user, cell) }
/// }
///
/// // main.rs
/// mod table;
///
/// #[ws_server(listen = 8080, routes = [table::route])]
/// mod arcade {
///     #[state(lock)]
///     #[derive(Default)]
///     pub struct Arcade { scores: HashMap<String, u32> }
///
///     #[identity]
///     pub struct User { name: String }
/// }
/// ```
///
/// It is as one inside of the server: it has the same states and identity, and the same keys of the envelope; routes
/// may stand within it. These differ:
///
/// * A state that it takes by `&mut` is marked [`#[state(lock)]`](macro@state), unless a handler inside of the server
///   takes it so too. States and identity must be visible to it, such as `pub(crate)`.
/// * A guard is a function of its own module, or of a route around it that stands in the same file.
/// * Paths of the same requests are an error of `start()`, `serve()` and `bind()`, which names the files and the
///   lines of both.
/// * `crate = my_ws_runtime` is written here too, if the runtime has another name.
///
/// `#[cfg(…)]` may stand before an element of the list. Of a route that is in no list, the compiler warns that
/// `missing_in_routes_of_ws_server` is never used; `ws_server_with_routes` is missing where `server` names a module
/// that is no server, or one without `routes = […]`.
#[proc_macro_attribute]
pub fn route(attribute: proc_macro::TokenStream, item: proc_macro::TokenStream) -> proc_macro::TokenStream {
    route_alone(&attribute.into(), &item.into()).into()
}

/// Expands a server. The user's items are emitted even if they contain mistakes.
fn server(attribute: TokenStream, item: &TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    let server = parse::parse(attribute, item.clone(), &mut diagnostics);
    whole(server, item, diagnostics)
}

/// Expands a route in a file of its own.
fn route_alone(attribute: &TokenStream, item: &TokenStream) -> TokenStream {
    let mut diagnostics = Diagnostics::default();
    let route = parse::parse_alone(attribute, item.clone(), &mut diagnostics);
    whole(route, item, diagnostics)
}

/// Expands what was read of a module.
fn whole(server: Option<Server>, item: &TokenStream, mut diagnostics: Diagnostics) -> TokenStream {
    let Some(server) = server else {
        let (item, diagnostics) = (parse::without_marks(item.clone()), diagnostics.into_tokens());
        return quote!(#item #diagnostics);
    };
    let resolved = resolve::resolve(&server);
    let left_out = check::check(&resolved, &mut diagnostics);
    let plans = plan::plan(resolved, &left_out);
    expand::expand(&plans, diagnostics)
}

/// Expands a marker that no `#[ws_server]` has read, which is a mistake.
fn outside(marker: Marker, item: &TokenStream) -> TokenStream {
    let name = marker.name();
    let mut diagnostics = Diagnostics::default();
    diagnostics.error_at(
        Span::call_site(),
        format!(
            "`#[{name}]` has no effect here: it belongs right inside of a module that is marked `#[ws_server(…)]`, or `#[route(…)]` within \
             that\n\
             the server does not see it in an `impl`, in a module without an attribute, in what a macro writes, or under another name"
        ),
    );
    let diagnostics = diagnostics.into_tokens();
    quote!(#item #diagnostics)
}

#[cfg(test)]
mod tests;
