//! Snapshots of expansions, for review: `cargo insta review`.

use proc_macro2::TokenStream;

/// The expansion as formatted source.
fn expand(attribute: &str, module: &str) -> String {
    let tokens = crate::server(attribute.parse().unwrap(), &module.parse().unwrap());
    prettyplease::unparse(&syn_file(&tokens))
}

/// The same of a route in a file of its own.
fn expand_alone(attribute: &str, module: &str) -> String {
    let tokens = crate::route_alone(&attribute.parse().unwrap(), &module.parse().unwrap());
    prettyplease::unparse(&syn_file(&tokens))
}

fn syn_file(tokens: &TokenStream) -> syn::File {
    syn::parse2(tokens.clone()).unwrap_or_else(|error| panic!("{error} in {tokens}"))
}

#[test]
fn an_echo() {
    insta::assert_snapshot!(expand(
        "listen = 8080",
        "mod echo {
            #[on(utf8)]
            fn echo(text: &str) -> &str { text }
        }"
    ));
}

#[test]
fn a_server_with_state_and_session() {
    insta::assert_snapshot!(expand(
        "",
        "pub mod chat {
            use super::*;
            #[state] #[derive(Default)] pub struct Lobby { greeted: AtomicU64 }
            #[session] struct Guest { name: String }
            #[on(connect)] fn knock(conn: &Conn) -> Result<(), Banned> { Ok(()) }
            #[on(handshake)] async fn admit(request: &Handshake, lobby: &Lobby) -> Result<Guest, Reject> { todo!() }
            #[on(ready)] fn hello(conn: &Conn, lobby: &Lobby) -> String { todo!() }
            #[on(utf8)] async fn said(text: &str, guest: &mut Guest, server: &Server) {}
            #[on(binary)] fn blob(data: Bytes) {}
            #[on(pong)] fn pong(data: &[u8]) {}
            #[on(disconnect)] fn bye(close: &Close, guest: Guest) {}
            #[on(request)] fn page(request: &Request) -> Html<&'static str> { todo!() }
            #[on(shutdown)] fn last_words(server: &Server) {}
        }"
    ));
}

#[test]
fn a_state_that_handlers_change() {
    insta::assert_snapshot!(expand(
        "",
        "mod counter {
            use super::*;
            #[state] #[derive(Default)] struct Count(u64);
            #[on(ready)] fn hello(count: &mut Count) -> String { count.0 += 1; count.0.to_string() }
            #[on(utf8)] async fn said(text: &str, server: &Server) {}
        }"
    ));
}

#[test]
fn ticks_and_watches() {
    insta::assert_snapshot!(expand(
        "",
        "mod clock {
            use super::*;
            #[tick(period = 1)] fn clock(server: &Server) {}
            #[cfg(unix)] #[tick(period = Duration::from_millis(50))] async fn fast(server: Server) {}
            #[watch(readable = std::io::stdin())] fn typed(server: &Server, stdin: &mut Stdin) {}
            #[watch(writable = pipe())] async fn drained(pipe: &Pipe) {}
        }"
    ));
}

#[test]
fn timers() {
    insta::assert_snapshot!(expand(
        "",
        "mod timers {
            use super::*;
            #[session] #[derive(Default)] struct Seat { clock: Timer, moves: Vec<Timer> }
            #[state] #[derive(Default)] struct Table { turns: HashMap<u64, Timer>, end: Timer }
            #[timer(clock)] fn too_slow(seat: &mut Seat, conn: &Conn) {}
            #[cfg(unix)] #[timer(Seat.moves)] async fn moved(index: usize) {}
            #[timer(turns)] fn turn(table: &mut Table, player: &u64) {}
            #[timer(end)] async fn ended(server: &Server) {}
        }"
    ));
}

#[test]
fn every_kind_of_option() {
    insta::assert_snapshot!(expand(
        "listen = [8080, port()], tls(cert = \"chain.pem\", key = key()), silence_max = 0.5, nodelay = false,
         max_recv_size = 1 << 20, slow = \"drop_newest\", origins = any, subprotocols = [\"chat.v1\"], env = \"CHAT\",
         crate = my::ws_runtime",
        "mod options { #[on(utf8)] fn said() {} }"
    ));
}

#[test]
fn certificates_and_authorities() {
    insta::assert_snapshot!(expand(
        "tls(cert = \"a.pem\", key = key(), also = [(\"b.pem\", \"b.key\"), (c(), d())], optional_client_ca = \"c.pem\")",
        "mod options { #[on(utf8)] fn said() {} }"
    ));
}

#[test]
fn twins_under_cfg() {
    insta::assert_snapshot!(expand(
        "",
        "mod twins {
            use super::*;
            #[cfg(unix)] #[session] struct Guest;
            #[cfg(unix)] #[on(handshake)] fn admit() -> Guest { Guest }
            #[cfg(unix)] #[on(utf8)] fn said(text: &str) {}
            #[cfg(not(unix))] #[on(utf8)] fn said(text: String, #[cfg(windows)] conn: &Conn) {}
        }"
    ));
}

#[test]
fn a_type_that_may_be_the_session_by_another_name() {
    insta::assert_snapshot!(expand(
        "",
        "mod names {
            #[session] #[derive(Default)] struct Guest;
            #[on(utf8)] fn said<'a>(text: &'a str, guest: &'a Guest, other: &'a mut Person<'a>) {}
        }"
    ));
}

#[test]
fn guards_and_rates() {
    insta::assert_snapshot!(expand(
        "",
        "mod club {
            use super::*;
            #[state] #[derive(Default)] struct Count(u64);
            #[session] #[derive(Default)] struct Guest;
            fn admin(guest: &Guest, count: &mut Count) -> Result<(), Reject> { todo!() }
            async fn member(guest: &mut Guest) -> Result<(), Reject> { todo!() }
            #[on(\"kick\", guard = admin, rate = 5)] fn kick(Json(who): Json<String>) {}
            #[on(\"ban\", guard = admin)] async fn ban(Json(who): Json<String>) {}
            #[on(\"say\", guard = self::member)] fn say(Json(text): Json<String>) {}
            #[on(message, rate = (30, 60))] fn other(message: &Envelope<'_>) {}
            #[on(utf8, rate = 1)] async fn text(text: &str) {}
        }"
    ));
}

#[test]
fn paths_and_the_start() {
    insta::assert_snapshot!(expand(
        "",
        "mod arcade {
            use super::*;
            #[state] #[derive(Default)] struct Count(u64);
            #[on(start)] async fn prepare(server: &Server) -> Result<(), Error> { todo!() }
            fn admin(Bearer(token): Bearer, count: &mut Count) -> Result<(), Reject> { todo!() }
            #[get(\"/health\")] fn health() -> &'static str { \"ok\" }
            #[get(\"/user/{id}\", guard = admin)] async fn user(Path(id): Path<u64>) -> Option<String> { todo!() }
            #[cfg(debug_assertions)]
            #[get(\"/file/{*path}\")] fn file(Path(path): Path<&str>, count: &mut Count) -> Result<Vec<u8>, Reject> { todo!() }
            #[route(\"/table/{id}\")] mod table {
                use super::*;
                #[on(handshake)] fn sit(Path(seat): Path<Seat<'_>>) {}
            }
        }"
    ));
}

#[test]
fn an_error_type_that_says_what_the_peer_is_told() {
    let derived = crate::derive::reject(
        "enum MoveError<T: Display> {
            NotYourTurn,
            #[reject(409, \"taken by {by}\", code = \"taken\")] Occupied { by: Mark, cell: u8 },
            #[reject(StatusCode::GONE, \"{0:?}\")] Over(T),
            #[reject(transparent)] Other(Denied),
        }"
        .parse()
        .unwrap(),
    );
    insta::assert_snapshot!(prettyplease::unparse(&syn_file(&derived)));
}

#[test]
fn mistakes_leave_the_items_and_what_is_right() {
    insta::assert_snapshot!(expand(
        "listen = 70000, silence_mx = 5",
        "mod wrong {
            use super::*;
            #[on(utf9)] fn said(text: &str) {}
            #[on(binary)] fn blob(data: Bytes) {}
            #[on(pong)] fn back(&self) {}
            fn server() {}
        }"
    ));
}

#[test]
fn rooms() {
    insta::assert_snapshot!(expand(
        "",
        "mod tables {
            use super::*;
            #[state] #[derive(Default)] struct Lobby { games: u64 }
            #[session] #[derive(Default)] struct Seat { clock: Timer }
            #[room(keep = 10, max_rooms = 500)] struct Table { clock: Timer }
            #[on(create)] fn create(request: &Handshake, lobby: &mut Lobby) -> Result<Table, Reject> { todo!() }
            #[on(handshake)] fn sit(table: &Table, request: &Handshake) -> Result<Seat, Reject> { todo!() }
            #[on(ready)] fn hello(table: &mut Table, room: &Room) -> String { todo!() }
            #[on(utf8)] fn said(text: &str, table: &mut Table, seat: &mut Seat, lobby: &mut Lobby) {}
            #[on(\"move\", guard = plays)] fn play(Json(cell): Json<u8>, table: &mut Table) -> Result<(), MoveError> { Ok(()) }
            #[on(\"look\", guard = sits)] fn look(table: &Table) -> u8 { 0 }
            #[on(\"wait\")] async fn wait(room: &Room<Table>) -> u8 { 0 }
            fn plays(seat: &Seat) -> Result<(), Reject> { Ok(()) }
            fn sits(table: &Table) -> Result<(), Reject> { Ok(()) }
            #[timer(Table.clock)] fn too_slow(table: &mut Table, room: &Room) {}
            #[timer(Seat.clock)] fn bored(seat: &mut Seat, table: &Table) {}
            #[tick(period = 1)] fn count(table: &mut Table) {}
            #[tick(period = 2)] async fn greet(room: &Room) {}
            #[tick(period = 3)] fn of_server(server: &Server, rooms: Rooms<Table>) {}
            #[on(disconnect)] fn bye(table: &mut Table) {}
            #[on(empty)] fn close(table: Table, lobby: &mut Lobby) {}
        }"
    ));
}

#[test]
fn a_room_that_anyone_makes() {
    insta::assert_snapshot!(expand(
        "",
        "mod tables {
            use super::*;
            #[room(open)] #[derive(Default)] struct Table { clocks: Vec<Timer> }
            #[timer(clocks)] async fn rang(index: usize, room: Room<Table>) {}
            #[on(empty)] async fn close(table: &mut Table) {}
        }"
    ));
}

#[test]
fn a_route_in_a_file_of_its_own() {
    insta::assert_snapshot!(expand_alone(
        "\"/table/{id}\", server = crate::arcade, guard = member, max_recv_size = 1000",
        "pub mod route {
            use super::*;
            #[session] #[derive(Default)] struct Seat { moves: u64 }
            #[push] #[derive(Serialize)] struct Moved { cell: u8 }
            fn member(user: &User) -> Result<(), Reject> { todo!() }
            #[on(\"move\")] fn play(Json(cell): Json<u8>, arcade: &mut Arcade, seat: &mut Seat, rules: &Rules) {}
            #[on(\"slow\")] async fn slow(rules: &Rules) {}
            #[route(\"/watch\")] mod watch { #[on(utf8)] fn echo(text: &str) -> &str { text } }
        }"
    ));
}

#[test]
fn a_list_of_routes() {
    insta::assert_snapshot!(expand(
        "routes = [table::route, #[cfg(unix)] crate::upload]",
        "mod arcade {
            use super::*;
            #[state(lock)] #[derive(Default)] pub struct Arcade { moves: u64 }
        }"
    ));
}
