//! The promises of rooms, with a route that is written by hand.

mod keep;
mod later;
mod life;
mod limits;
mod locks;
mod plain;
mod shutdown;
mod storm;
mod ticks;
mod timers;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::task::yield_now;

use super::handle::{HasState, Room, RoomState};
use super::host::Host;
use super::member::{Member, RouteRooms};
use super::rules::RoomRules;
use super::stateful::StatefulRooms;
use super::typed::TypedRoom;
use crate::conn::{Conn, catch};
use crate::event::{ClosedBy, Failure, Outcome};
use crate::generated::BoxFuture;
use crate::listen::Address;
use crate::tick::Tick;
use crate::timer::{Fired, Timer, Timers};
use crate::transport::Stream;
use crate::{Reject, Running, Server, ws_server};

#[ws_server(crate = crate, listen = "127.0.0.1:0", shutdown_timeout = 5)]
mod server {
    #[on(utf8)]
    fn echo(text: &str) -> &str {
        text
    }
}

/// The state of a room.
#[derive(Debug, Default)]
struct Table {
    number: usize,
    notes: Vec<usize>,
    clock: Timer,
}

impl RoomState for Table {
    type Handle = TypedRoom<Self>;
}

impl HasState for Table {
    type State = Self;

    fn lend(room: &mut Self) -> &mut Self {
        room
    }
}

/// How a handler ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ends {
    Well,
    WithError,
    InPanic,
    /// So many seconds later.
    After(u64),
}

/// A route: its handlers, and what they have done.
struct Route {
    log: Mutex<Vec<String>>,
    /// Which rooms there are, by path: to see that there are never two.
    alive: Mutex<HashMap<String, &'static str>>,
    created: AtomicUsize,
    emptied: AtomicUsize,
    empties: Mutex<Ends>,
    ticks: Vec<Tick>,
    tick_takes: Mutex<u64>,
    times: bool,
}

impl Default for Route {
    fn default() -> Self {
        Self {
            log: Mutex::default(),
            alive: Mutex::default(),
            created: AtomicUsize::new(0),
            emptied: AtomicUsize::new(0),
            empties: Mutex::new(Ends::Well),
            ticks: Vec::new(),
            tick_takes: Mutex::new(0),
            times: false,
        }
    }
}

impl Route {
    fn note(&self, what: &str, path: &str) {
        self.log.lock().unwrap().push(format!("{what} {path}"));
    }

    fn log(&self) -> Vec<String> {
        std::mem::take(&mut self.log.lock().unwrap())
    }

    /// Begins to make or to empty a room. Returns what ends it, whatever happens.
    fn audit(self: &Arc<Self>, path: &str, before: Option<&'static str>, now: &'static str) -> Audit {
        let mut alive = self.alive.lock().unwrap();
        assert_eq!(alive.get(path).copied(), before, "{now} {path}");
        alive.insert(path.to_owned(), now);
        Audit { route: Arc::clone(self), path: path.to_owned(), then: None }
    }

    async fn create(self: Arc<Self>, path: String, ends: Ends) -> Result<Table, Reject> {
        let mut audit = self.audit(&path, None, "creating");
        self.note("create", &path);
        match ends {
            Ends::Well => {}
            Ends::WithError => return Err(Reject::forbidden()),
            Ends::InPanic => panic!("create panics"),
            Ends::After(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
        }
        audit.then = Some("there");
        self.note("created", &path);
        let number = self.created.fetch_add(1, Ordering::Relaxed);
        Ok(Table { number, ..Table::default() })
    }
}

/// What is so from the end of a handler on.
struct Audit {
    route: Arc<Route>,
    path: String,
    then: Option<&'static str>,
}

impl Drop for Audit {
    fn drop(&mut self) {
        let mut alive = self.route.alive.lock().unwrap();
        match self.then {
            Some(then) => alive.insert(self.path.clone(), then),
            None => alive.remove(&self.path),
        };
    }
}

/// The route as its rooms keep it.
struct Kept(Arc<Route>);

impl Host<Table> for Kept {
    fn empty_handler(&self) -> &'static str {
        "empty"
    }

    fn empty<'a>(&'a self, room: &'a Room<Table>, table: Table) -> BoxFuture<'a, Outcome> {
        let audit = self.0.audit(room.path(), Some("there"), "emptying");
        self.0.note("empty", room.path());
        let ends = *self.0.empties.lock().unwrap();
        Box::pin(async move {
            let _ended = (audit, table);
            self.0.emptied.fetch_add(1, Ordering::Relaxed);
            match ends {
                Ends::Well => {}
                Ends::WithError => return Err(Failure::new("empty fails")),
                Ends::InPanic => panic!("empty panics"),
                Ends::After(seconds) => tokio::time::sleep(Duration::from_secs(seconds)).await,
            }
            self.0.note("emptied", room.path());
            Ok(())
        })
    }

    fn ticks(&self) -> &[Tick] {
        &self.0.ticks
    }

    fn tick<'a>(&'a self, number: usize, room: &'a Room<Table>) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            self.0.note(if number == 0 { "tick" } else { "tock" }, room.path());
            let takes = *self.0.tick_takes.lock().unwrap();
            tokio::time::sleep(Duration::from_secs(takes)).await;
            self.0.note("ticked", room.path());
            Ok(())
        })
    }

    fn timers(&self) -> usize {
        usize::from(self.0.times)
    }

    fn show_timer(&self, number: usize, table: &mut Table, timers: &mut Timers) {
        timers.show(number, &table.clock);
    }

    fn timer<'a>(&'a self, room: &'a Room<Table>, fired: &'a Fired) -> BoxFuture<'a, Outcome> {
        Box::pin(async move {
            let Some(mut table) = room.0.lock().await else { return Ok(()) };
            if fired.fire(&mut table.clock).is_some() {
                self.0.note("timer", room.path());
                table.notes.push(0);
                if table.notes.len() < 3 {
                    table.clock.start(1);
                }
            }
            Ok(())
        })
    }

    fn stop_timer(&self, fired: &Fired, table: &mut Table) {
        fired.fire(&mut table.clock);
    }
}

/// A server with one route.
struct World {
    running: Running,
    rooms: RouteRooms<Table>,
    route: Arc<Route>,
}

/// A connection in a room. It ends when this is dropped.
struct Guest {
    conn: Conn,
    // Dropped last.
    _member: Member<Table>,
}

impl Guest {
    /// Its `ready` runs, and ends well.
    fn become_ready(&self) {
        self.conn.become_ready();
        self.conn.room().unwrap().admit();
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        self.conn.server().unregister(&self.conn);
        self.conn.cut(ClosedBy::Us);
    }
}

impl World {
    async fn new(rules: RoomRules) -> Self {
        Self::of(Route::default(), rules).await
    }

    async fn of(route: Route, rules: RoomRules) -> Self {
        let running = server::server().bind().await.unwrap();
        let route = Arc::new(route);
        let rooms = RouteRooms::stateful(running.server(), Arc::new(Kept(Arc::clone(&route))), rules);
        // The tasks of the server have begun.
        settle().await;
        Self { running, rooms, route }
    }

    fn server(&self) -> &Server {
        self.running.server()
    }

    fn stateful(&self) -> &Arc<StatefulRooms<Table>> {
        match &self.rooms {
            RouteRooms::Stateful(rooms) => rooms,
            RouteRooms::Plain(_) | RouteRooms::None => panic!("the rooms have a state"),
        }
    }

    /// Lets somebody in, who becomes ready.
    async fn enter(&self, path: &str) -> Guest {
        let guest = self.knock(path, Ends::Well).await.unwrap();
        guest.become_ready();
        guest
    }

    /// Lets somebody in, who is not ready yet.
    async fn knock(&self, path: &str, ends: Ends) -> Result<Guest, Reject> {
        let (stream, _) = tokio::io::duplex(64);
        let conn = self.server().new_conn(Address::Memory, Some(&Stream::over(stream)));
        let create = || async {
            let created =
                catch(self.server(), "create", || Arc::clone(&self.route).create(path.to_owned(), ends))
                    .await;
            created.unwrap_or_else(|_| Err(Reject::internal_server_error()))
        };
        let member = self.rooms.enter(&conn, path, create).await?;
        Ok(Guest { conn, _member: member })
    }

    /// The table of a room, which must be free.
    fn look<R>(&self, path: &str, look: impl FnOnce(&mut Table) -> R) -> R {
        let room = self.server().rooms::<Table>().get(path).expect("there is a room");
        look(&mut room.0.try_lock().expect("nobody else has it"))
    }

    fn log(&self) -> Vec<String> {
        self.route.log()
    }
}

/// Runs what can run without time passing.
async fn settle() {
    for _ in 0..20 {
        yield_now().await;
    }
}

/// Lets time pass.
async fn pass(seconds: f64) {
    tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
    settle().await;
}

fn rules(keep: u64, max_rooms: usize) -> RoomRules {
    RoomRules { keep: keep.into(), max_rooms }
}
