//! Connections by the thousand, ended in every way: each is told of its end once, and nothing stays behind. A test
//! binary of its own, as it counts the process's descriptors.
#![cfg(target_os = "linux")]

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use std::{io, panic};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use ws_runtime::prelude::*;
use ws_runtime::{ClosedBy, Running};
use ws_tests::address;
use ws_tests::frame::{close, frame, unmasked};
use ws_tests::raw::HANDSHAKE;

/// By number: what was sent of the way to end, and each end that was told.
type Book = Arc<Mutex<HashMap<u64, (u8, Vec<(u16, ClosedBy)>)>>>;

#[ws_server(listen = "127.0.0.1:0", origins = any)]
mod mortal {
    use super::*;

    #[state]
    pub struct Ends(pub Book);

    #[on(ready)]
    fn begin(conn: &Conn, ends: &Ends) {
        let before = ends.0.lock().unwrap().insert(conn.id(), (u8::MAX, Vec::new()));
        assert!(before.is_none());
    }

    #[on(binary)]
    fn end(way: &[u8], conn: &Conn, ends: &Ends) -> Result<(), &'static str> {
        ends.0.lock().unwrap().get_mut(&conn.id()).unwrap().0 = way[0];
        conn.send_utf8("so be it").unwrap();
        match way[0] {
            OURS => conn.disconnect(4000, "ours").unwrap(),
            AT_ONCE => conn.server().disconnect(conn),
            PANIC => panic::panic_any("as asked"),
            ERROR => return Err("as asked"),
            _ => {}
        }
        Ok(())
    }

    #[on(disconnect)]
    fn over(conn: &Conn, close: &Close, ends: &Ends) {
        assert!(!conn.server().connections().contains(conn));
        ends.0.lock().unwrap().get_mut(&conn.id()).unwrap().1.push((close.code(), close.by()));
    }
}

const CLOSE: u8 = 0;
const HALF: u8 = 1;
const RESET: u8 = 2;
const OURS: u8 = 3;
const AT_ONCE: u8 = 4;
const PANIC: u8 = 5;
const ERROR: u8 = 6;
const VIOLATION: u8 = 7;
const WAYS: u8 = 8;

/// Lives one connection. Errors are among what is to happen.
async fn one(mut stream: TcpStream, way: u8) -> io::Result<()> {
    stream.write_all(HANDSHAKE.as_bytes()).await?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    stream.write_all(&frame(0x82, &[way])).await?;
    match way {
        // For those that the server ends it is the answer, on its way already.
        CLOSE | OURS | PANIC | ERROR => stream.write_all(&close(3999, b"")).await?,
        HALF => stream.shutdown().await?,
        VIOLATION => stream.write_all(&unmasked(0x82, b"")).await?,
        RESET => return stream.set_zero_linger(),
        _ => {}
    }
    let mut heard = Vec::new();
    while stream.read_buf(&mut heard).await? > 0 {
        // A server that goes down says goodbye, and waits for the answer of those that have not given it yet.
        if way == AT_ONCE && heard.contains(&0x88) {
            stream.write_all(&close(1001, b"")).await?;
        }
    }
    Ok(())
}

/// Whether a connection that was to end in that way may end in this.
fn is_right(way: u8, code: u16, by: ClosedBy) -> bool {
    match way {
        CLOSE => (code, by) == (3999, ClosedBy::Peer),
        HALF => (code, by) == (1006, ClosedBy::Peer),
        // Before its message is read, or after, and by reading or by writing.
        RESET => code == 1006 && matches!(by, ClosedBy::Peer | ClosedBy::Network),
        OURS => (code, by) == (4000, ClosedBy::Us),
        AT_ONCE => (code, by) == (1006, ClosedBy::Us),
        PANIC => (code, by) == (1011, ClosedBy::Panic),
        ERROR => (code, by) == (1011, ClosedBy::Failed),
        VIOLATION => (code, by) == (1002, ClosedBy::Protocol),
        _ => code == 1006,
    }
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

async fn descriptors_are_back_to(before: usize) {
    let back = async {
        while descriptors() > before {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), back).await.expect("each descriptor is given back");
}

/// Ends so many connections in each way, some at a time.
async fn end_all(running: &Running, rounds: usize) {
    let mut going = JoinSet::new();
    for round in 0..rounds * usize::from(WAYS) {
        let way = u8::try_from(round % usize::from(WAYS)).unwrap();
        // Once the server goes down, the kernel refuses whoever comes.
        let Ok(stream) = TcpStream::connect(address(running)).await else { break };
        going.spawn(one(stream, way));
        if going.len() >= 64 {
            going.join_next().await;
        }
    }
    while going.join_next().await.is_some() {}
}

async fn mortals(book: &Book) -> Running {
    mortal::server().state(mortal::Ends(Arc::clone(book))).bind().await.unwrap()
}

fn stay_silent_of_what_was_asked_for() {
    let tell = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        if panic.payload_as_str() != Some("as asked") {
            tell(panic);
        }
    }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_end_is_told_once_and_nothing_stays_behind() {
    stay_silent_of_what_was_asked_for();
    let book = Book::default();
    let running = mortals(&book).await;
    let before = descriptors();
    end_all(&running, 1000).await;
    descriptors_are_back_to(before).await;
    assert_eq!(running.server().connections(), []);
    let ends = std::mem::take(&mut *book.lock().unwrap());
    assert_eq!(ends.len(), 1000 * usize::from(WAYS));
    for (conn, (way, told)) in ends {
        let [(code, by)] = told[..] else { panic!("{conn}: {way} was told {told:?}") };
        assert!(is_right(way, code, by), "{conn}: {way} was told {code} {by:?}");
    }

    // And while the server goes down: sooner or later.
    for round in 0..40 {
        let book = Book::default();
        let running = mortals(&book).await;
        let (server, begun) = (running.server().clone(), Arc::clone(&book));
        let stop = tokio::spawn(async move {
            while begun.lock().unwrap().len() < round * 4 {
                tokio::task::yield_now().await;
            }
            server.shutdown();
        });
        end_all(&running, 25).await;
        stop.await.unwrap();
        tokio::time::timeout(Duration::from_secs(20), running.stopped()).await.expect("it stops");
        for (conn, (way, told)) in &*book.lock().unwrap() {
            assert_eq!(told.len(), 1, "{conn}: {way} was told {told:?}");
        }
    }
    descriptors_are_back_to(before).await;
}
