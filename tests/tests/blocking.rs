//! Handlers with `blocking`: what they take and answer, in which order, and what goes on meanwhile.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use ws_runtime::ClosedBy;
use ws_runtime::prelude::*;
use ws_runtime::test::{Result, TestServer};

/// Where handlers block until the test lets one of them go on.
#[derive(Debug)]
pub struct Gate {
    entered: UnboundedSender<()>,
    wait: Mutex<Receiver<()>>,
}

impl Gate {
    fn new() -> (Arc<Self>, Opener) {
        let (open, wait) = channel();
        let (entered, has_entered) = unbounded_channel();
        (Arc::new(Self { entered, wait: Mutex::new(wait) }), Opener { open, has_entered })
    }

    /// Blocks the thread.
    fn block(&self) {
        let _ = self.entered.send(());
        let wait = self.wait.lock().unwrap_or_else(PoisonError::into_inner);
        wait.recv_timeout(Duration::from_secs(60)).unwrap();
    }
}

struct Opener {
    open: Sender<()>,
    has_entered: UnboundedReceiver<()>,
}

impl Opener {
    async fn entered(&mut self) {
        self.has_entered.recv().await.unwrap();
    }

    fn open(&self) {
        self.open.send(()).unwrap();
    }
}

#[ws_server(max_blocking = 2, compression = "off")]
mod library {
    use super::*;

    #[state]
    pub struct Shelf {
        pub gate: Arc<Gate>,
        pub ends: UnboundedSender<(u16, ClosedBy, Vec<String>)>,
    }

    #[session]
    #[derive(Default)]
    struct Reader {
        name: String,
        read: Vec<String>,
        due: Timer,
    }

    #[identity]
    struct Card(String);

    #[on(handshake)]
    fn who(handshake: &Handshake) -> Option<Card> {
        handshake.query_param("card").map(Card)
    }

    fn may_lend(reader: &Reader) -> Result<(), Reject> {
        if reader.read.len() > 2 { Err(Reject::forbidden()) } else { Ok(()) }
    }

    async fn is_known(reader: &Reader) -> Result<(), Reject> {
        tokio::task::yield_now().await;
        if reader.name.is_empty() { Err(Reject::unauthorized()) } else { Ok(()) }
    }

    #[on("name")]
    fn name(Json(name): Json<String>, reader: &mut Reader) {
        reader.name = name;
    }

    #[on("lend", blocking, guard = may_lend)]
    fn lend(Json(title): Json<&str>, reader: &mut Reader, shelf: &Shelf) -> Result<usize, Reject> {
        if title == "none" {
            return Err(Reject::not_found().text("no such book"));
        }
        shelf.gate.block();
        reader.read.push(title.to_owned());
        Ok(reader.read.len())
    }

    #[on("panic", blocking)]
    fn fall(reader: &mut Reader) {
        reader.read.push("before the fall".to_owned());
        panic!("as asked");
    }

    #[on("remind", blocking, rate = 2, guard = is_known)]
    fn remind(reader: &mut Reader, card: &Card) -> String {
        reader.due.start(5);
        card.0.clone()
    }

    #[timer(due)]
    fn due(reader: &Reader, conn: &Conn) {
        let _ = conn.send_utf8(format!("due: {}", reader.read.len()));
    }

    #[on(message, blocking)]
    fn other(message: &Envelope<'_>, conn: &Conn, server: &Server) -> String {
        format!("{} {} {}", message.name(), conn.id(), server.connections().len())
    }

    #[on("list")]
    fn list(reader: &Reader) -> Vec<String> {
        reader.read.clone()
    }

    #[on(pong, blocking)]
    fn pong(data: &[u8], reader: &mut Reader, shelf: &Shelf) {
        if data == b"gate" {
            shelf.gate.block();
        }
        reader.read.push(String::from_utf8_lossy(data).into_owned());
    }

    #[on(disconnect)]
    fn left(close: &Close, reader: Reader, shelf: &Shelf) {
        let _ = shelf.ends.send((close.code(), close.by(), reader.read));
    }
}

/// The same for plain texts and data.
#[ws_server(max_blocking = 1)]
mod press {
    use super::*;

    #[state]
    pub struct Shelf {
        pub gate: Arc<Gate>,
    }

    #[session]
    #[derive(Default)]
    struct Pages(usize);

    #[on(utf8, blocking)]
    fn print(text: &str, pages: &mut Pages, shelf: &Shelf) -> String {
        if text == "gate" {
            shelf.gate.block();
        }
        pages.0 += 1;
        format!("{text} {}", pages.0)
    }

    #[on(binary, blocking, rate = (3, 60))]
    fn scan(data: Vec<u8>, pages: &mut Pages) -> Result<Vec<u8>, Reject> {
        pages.0 += 1;
        if data.is_empty() { Err(Reject::bad_request().text("nothing")) } else { Ok(data) }
    }
}

type Ends = UnboundedReceiver<(u16, ClosedBy, Vec<String>)>;

async fn library() -> Result<(TestServer, Opener, Ends)> {
    let (gate, opener) = Gate::new();
    let (ends, has_ended) = unbounded_channel();
    let shelf = library::Shelf { gate, ends };
    Ok((library::server().state(shelf).test().await?, opener, has_ended))
}

async fn press() -> Result<(TestServer, Opener)> {
    let (gate, opener) = Gate::new();
    Ok((press::server().state(press::Shelf { gate }).test().await?, opener))
}

#[tokio::test(start_paused = true)]
async fn it_has_the_session_answers_and_runs_in_order_with_the_others() -> Result {
    let (server, mut gate, _) = library().await?;
    let mut ann = server.connect("/").await?;
    let first = ann.begin("lend", "Emma").await?;
    let second = ann.begin("list", ()).await?;
    gate.entered().await;
    gate.open();
    assert_eq!(ann.reply::<usize>(first).await?, 1);
    // It has waited, or it had not seen the book.
    assert_eq!(ann.reply::<Vec<String>>(second).await?, ["Emma"]);

    let refused = ann.call::<usize>("lend", "none").await.unwrap_err();
    assert_eq!(refused.code(), Some("not_found"));
    assert_eq!(ann.call::<String>("anything", ()).await?, "anything 1 1");
    let wrong = ann.call::<usize>("lend", 7).await.unwrap_err();
    assert_eq!(wrong.code(), Some("bad_data"));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_connection_goes_on_while_it_blocks() -> Result {
    let (server, mut gate, _) = library().await?;
    let (mut ann, mut bob) = (server.connect("/").await?, server.connect("/").await?);
    let lent = ann.begin("lend", "Emma").await?;
    gate.entered().await;
    ann.ping("still there?").await?;
    assert_eq!(ann.pong().await?, "still there?");
    server.server().broadcast_utf8("closing soon");
    assert_eq!(ann.utf8().await?, "closing soon");
    assert_eq!(bob.utf8().await?, "closing soon");
    // Another connection is handled, too.
    assert_eq!(bob.call::<Vec<String>>("list", ()).await?, [""; 0]);
    gate.open();
    assert_eq!(ann.reply::<usize>(lent).await?, 1);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_rate_and_the_guard_come_first_and_a_timer_that_it_starts_rings() -> Result {
    let (server, gate, _) = library().await?;
    let mut ann = server.connect("/?card=ann").await?;
    let unnamed = ann.call::<String>("remind", ()).await.unwrap_err();
    assert_eq!(unnamed.code(), Some("unauthorized"));
    ann.call::<()>("name", "Ann").await?;
    assert_eq!(ann.call::<String>("remind", ()).await?, "ann");
    let again = ann.call::<String>("remind", ()).await.unwrap_err();
    assert_eq!(again.code(), Some("too_many_requests"));
    server.advance(5).await;
    assert_eq!(ann.utf8().await?, "due: 0");
    for number in 1..=3 {
        gate.open();
        assert_eq!(ann.call::<usize>("lend", "Emma").await?, number);
    }
    let fourth = ann.call::<usize>("lend", "Emma").await.unwrap_err();
    assert_eq!(fourth.code(), Some("forbidden"));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_panic_ends_the_connection_and_disconnect_has_the_session() -> Result {
    let (server, _gate, mut ends) = library().await?;
    let mut ann = server.connect("/").await?;
    ann.begin("panic", ()).await?;
    assert_eq!(ann.closed().await?.code, 1011);
    drop(ann);
    let (code, by, read) = ends.recv().await.unwrap();
    assert_eq!((code, by, read), (1011, ClosedBy::Panic, vec!["before the fall".to_owned()]));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_named_message_that_finds_no_thread_is_answered_unavailable_and_may_come_again() -> Result {
    let (server, mut gate, _) = library().await?;
    let (mut ann, mut bob) = (server.connect("/").await?, server.connect("/").await?);
    let mut eve = server.connect("/").await?;
    let first = ann.begin("lend", "Emma").await?;
    bob.send_pong("gate").await?;
    gate.entered().await;
    gate.entered().await;
    let refused = eve.call::<usize>("lend", "Emma").await.unwrap_err();
    assert_eq!(refused.code(), Some("unavailable"));
    // A pong is ignored, and the connection goes on.
    eve.send_pong("lost").await?;
    assert_eq!(eve.call::<Vec<String>>("list", ()).await?, [""; 0]);
    gate.open();
    gate.open();
    ann.reply::<usize>(first).await?;
    assert_eq!(bob.call::<Vec<String>>("list", ()).await?, ["gate"]);
    gate.open();
    assert_eq!(eve.call::<usize>("lend", "Emma").await?, 1);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn texts_and_data_are_handled_and_close_with_1013_if_there_is_no_thread() -> Result {
    let (server, mut gate) = press().await?;
    let mut ann = server.connect("/").await?;
    ann.send_utf8("page").await?;
    ann.send_binary("data").await?;
    assert_eq!(ann.utf8().await?, "page 1");
    assert_eq!(ann.binary().await?, "data");
    ann.send_utf8("gate").await?;
    gate.entered().await;

    for send_text in [true, false] {
        let mut bob = server.connect("/").await?;
        if send_text {
            bob.send_utf8("page").await?;
        } else {
            bob.send_binary("data").await?;
        }
        let close = bob.closed().await?;
        assert_eq!(close.code, 1013);
        assert!(close.reason.contains("try again later"), "{close:?}");
    }
    gate.open();
    assert_eq!(ann.utf8().await?, "gate 3");

    ann.send_binary("").await?;
    let close = ann.closed().await?;
    assert_eq!((close.code, close.reason.as_str()), (1008, "nothing"));
    let mut bob = server.connect("/").await?;
    for _ in 0..3 {
        bob.send_binary("data").await?;
        assert_eq!(bob.binary().await?, "data");
    }
    bob.send_binary("data").await?;
    assert_eq!(bob.closed().await?.code, 1008, "of its rate");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_leaves_meanwhile_is_missed_when_it_is_over() -> Result {
    let (server, mut gate, mut ends) = library().await?;
    let mut ann = server.connect("/").await?;
    ann.begin("lend", "Emma").await?;
    gate.entered().await;
    drop(ann);
    assert!(ends.try_recv().is_err());
    gate.open();
    let (code, _, read) = ends.recv().await.unwrap();
    assert_eq!((code, read), (1006, vec!["Emma".to_owned()]));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_waits_for_it() -> Result {
    let (server, mut gate, mut ends) = library().await?;
    let mut ann = server.connect("/").await?;
    let lent = ann.begin("lend", "Emma").await?;
    gate.entered().await;
    server.server().shutdown();
    // The clock stands still while the handler blocks.
    server.advance(0).await;
    assert!(server.server().is_shutting_down());
    gate.open();
    assert_eq!(ann.reply::<usize>(lent).await?, 1);
    assert_eq!(ann.closed().await?.code, 1001);
    server.stop().await;
    assert_eq!(ends.recv().await.unwrap().2, ["Emma"]);
    Ok(())
}

/// By the real clock: while a handler blocks, that of a test stands still.
#[tokio::test]
async fn a_shutdown_goes_without_one_that_blocks_beyond_its_timeout() -> Result {
    let (gate, mut opener) = Gate::new();
    let (ends, mut has_ended) = unbounded_channel();
    let shelf = library::Shelf { gate, ends };
    let server = library::server().state(shelf).listen("127.0.0.1:0").shutdown_timeout(0.05);
    let running = server.bind().await?;
    let mut ann = ws_tests::Client::connect(&running).await;
    ann.send(r#"{"type":"lend","id":1,"data":"Emma"}"#).await;
    opener.entered().await;
    running.shutdown();
    running.stopped().await;
    assert!(has_ended.try_recv().is_err(), "the session is with the handler");
    opener.open();
    Ok(())
}

#[ws_server(listen = "127.0.0.1:0", watchdog = 0.02)]
mod office {
    use super::*;

    #[state]
    pub struct Shelf {
        pub gate: Arc<Gate>,
    }

    #[on("archive", blocking)]
    fn archive(shelf: &Shelf) {
        shelf.gate.block();
    }

    #[on("stamp")]
    fn stamp() -> u8 {
        1
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_of_them_than_there_are_workers_leave_others_alone() {
    let (gate, mut opener) = Gate::new();
    let running = office::server().state(office::Shelf { gate }).bind().await.unwrap();
    let mut blocked = Vec::new();
    for _ in 0..6 {
        let mut client = ws_tests::Client::connect(&running).await;
        client.send(r#"{"type":"archive","id":1}"#).await;
        opener.entered().await;
        blocked.push(client);
    }
    let mut client = ws_tests::Client::connect(&running).await;
    for _ in 0..100 {
        client.send(r#"{"type":"stamp","id":1}"#).await;
        assert_eq!(client.text().await, r#"{"type":"stamp","id":1,"data":1}"#);
    }
    for client in &mut blocked {
        opener.open();
        assert_eq!(client.text().await, r#"{"type":"archive","id":1,"data":null}"#);
    }
}
