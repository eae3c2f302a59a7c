//! The endings that no side asks for: silence, slowness, half of what was to come. Who was ready is told of its end
//! once and rightly, who was not is told of nothing, and nothing stays behind. A test binary of its own, as it counts
//! the process's descriptors.
#![cfg(target_os = "linux")]

use std::collections::HashMap;
use std::future::pending;
use std::io;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio_rustls::TlsConnector;
use ws_runtime::prelude::*;
use ws_runtime::{ClosedBy, Running, SendError};
use ws_tests::address;
use ws_tests::frame::frame;
use ws_tests::raw::HANDSHAKE;
use ws_tests::tls::{encrypt, identity};

/// What happened to a connection, by its number.
#[derive(Debug, Default)]
pub struct Page {
    is_ready: bool,
    way: Option<u8>,
    ends: Vec<(u16, ClosedBy)>,
}

type Book = Arc<Mutex<HashMap<u64, Page>>>;

#[ws_server(
    listen = "127.0.0.1:0",
    origins = any,
    max_send_size = 100_000_000,
    max_outbox = 1_000_000,
    silence_max = 2,
    write_timeout = 0.3,
    handshake_timeout = 0.5,
)]
mod frail {
    use super::*;

    #[state]
    pub struct Kept(pub Book);

    impl Kept {
        fn write(&self, conn: &Conn, write: impl FnOnce(&mut Page)) {
            write(self.0.lock().unwrap().entry(conn.id()).or_default());
        }
    }

    #[on(connect)]
    fn begin(conn: &Conn, kept: &Kept) {
        kept.write(conn, |_| ());
    }

    #[on(handshake)]
    async fn admit(handshake: &Handshake) {
        if handshake.path() == "/never" {
            pending().await
        }
    }

    #[on(ready)]
    fn ready(conn: &Conn, kept: &Kept) {
        kept.write(conn, |page| page.is_ready = true);
    }

    #[on(binary)]
    fn end(way: &[u8], conn: &Conn, kept: &Kept) {
        kept.write(conn, |page| page.way = Some(way[0]));
        match Way::of(way[0]) {
            Way::Stalls => conn.send_binary(vec![0; 30_000_000]).unwrap(),
            Way::Slow => {
                while conn.send_binary(vec![0; 500_000]) != Err(SendError::Slow { max: 1_000_000 }) {}
            }
            _ => {}
        }
    }

    #[on(disconnect)]
    fn over(conn: &Conn, close: &Close, kept: &Kept) {
        kept.write(conn, |page| page.ends.push((close.code(), close.by())));
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// It neither sends nor answers pings.
    Silent,
    /// It takes nothing of a large message.
    Stalls,
    /// It is sent more than it takes.
    Slow,
    /// It sends half a frame, and ends.
    HalfAFrame,
    HalfAFrameReset,
    /// It sends one of two fragments, and ends.
    HalfAMessage,
    /// It ends its stream, but not TLS; only there it makes a difference.
    NoCloseNotify,
    // From here on it is never ready.
    /// It sends nothing.
    Knocks,
    /// It sends half a request, and no more.
    Dawdles,
    /// Its handshake handler never ends.
    IsNeverAdmitted,
    HalfARequest,
    HalfARequestReset,
    /// It goes while its handshake handler thinks.
    NotAdmittedReset,
}

impl Way {
    const ALL: [Self; 13] = [
        Self::Silent,
        Self::Stalls,
        Self::Slow,
        Self::HalfAFrame,
        Self::HalfAFrameReset,
        Self::HalfAMessage,
        Self::NoCloseNotify,
        Self::Knocks,
        Self::Dawdles,
        Self::IsNeverAdmitted,
        Self::HalfARequest,
        Self::HalfARequestReset,
        Self::NotAdmittedReset,
    ];

    fn of(number: u8) -> Self {
        Self::ALL[usize::from(number)]
    }

    fn is_ready(self) -> bool {
        (self as u8) < Self::Knocks as u8
    }

    fn is_right(self, code: u16, by: ClosedBy, is_tls: bool) -> bool {
        match self {
            Self::Silent => (code, by) == (1006, ClosedBy::Silence),
            Self::Stalls | Self::Slow => (code, by) == (1008, ClosedBy::Slow),
            Self::HalfAFrame | Self::HalfAMessage | Self::NoCloseNotify if !is_tls => {
                (code, by) == (1006, ClosedBy::Peer)
            }
            // Without TLS's own end the stream may have been cut by anyone.
            _ => code == 1006 && matches!(by, ClosedBy::Peer | ClosedBy::Network),
        }
    }
}

/// Lives one connection; `reset` tells how to end it without an end.
async fn one<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    way: Way,
    book: &Book,
    reset: impl FnOnce(&S) -> io::Result<()>,
) -> io::Result<()> {
    let request = match way {
        Way::Knocks => "",
        Way::Dawdles | Way::HalfARequest | Way::HalfARequestReset => &HANDSHAKE[..HANDSHAKE.len() / 2],
        Way::IsNeverAdmitted | Way::NotAdmittedReset => &HANDSHAKE.replace("GET / ", "GET /never "),
        _ => HANDSHAKE,
    };
    stream.write_all(request.as_bytes()).await?;
    stream.flush().await?;
    if way.is_ready() {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await?);
        }
        stream.write_all(&frame(0x82, &[way as u8])).await?;
    }
    match way {
        Way::HalfAFrame | Way::HalfAFrameReset => stream.write_all(&frame(0x82, &[0; 99])[..50]).await?,
        Way::HalfAMessage => stream.write_all(&frame(0x02, &[0; 99])).await?,
        // They would be heard of as soon as they read.
        Way::Stalls | Way::Slow => all_are_cut(book, way).await,
        _ => {}
    }
    stream.flush().await?;
    match way {
        Way::HalfAFrame | Way::HalfAMessage | Way::HalfARequest => stream.shutdown().await?,
        Way::NoCloseNotify => return Ok(()),
        Way::HalfAFrameReset | Way::HalfARequestReset | Way::NotAdmittedReset => return reset(stream),
        _ => {}
    }
    stream.read_to_end(&mut Vec::new()).await?;
    Ok(())
}

async fn all_are_cut(book: &Book, way: Way) {
    let is_cut = |page: &&Page| page.way.map(Way::of) == Some(way) && !page.ends.is_empty();
    while book.lock().unwrap().values().filter(is_cut).count() < EACH {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// How many connections end in each way.
const EACH: usize = 6;

async fn end_all(running: &Running, connector: Option<TlsConnector>, book: &Book) {
    let mut going = JoinSet::new();
    for way in Way::ALL.into_iter().cycle().take(EACH * Way::ALL.len()) {
        let stream = TcpStream::connect(address(running)).await.unwrap();
        let (connector, book) = (connector.clone(), Arc::clone(book));
        going.spawn(async move {
            // Errors are among what is to happen.
            let _ = match connector {
                None => one(&mut { stream }, way, &book, TcpStream::set_zero_linger).await,
                Some(connector) => {
                    let mut stream = encrypt(&connector, stream).await;
                    one(&mut stream, way, &book, |stream| stream.get_ref().0.set_zero_linger()).await
                }
            };
        });
    }
    while let Some(ended) = going.join_next().await {
        ended.unwrap();
    }
}

async fn each_is_told_rightly(running: Running, connector: Option<TlsConnector>, book: Book) {
    let is_tls = connector.is_some();
    let before = descriptors();
    end_all(&running, connector, &book).await;
    let back = async {
        while descriptors() > before {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), back).await.expect("each descriptor is given back");
    assert_eq!(running.server().connections(), []);
    running.shutdown();
    running.stopped().await;

    let book = std::mem::take(&mut *book.lock().unwrap());
    assert_eq!(book.len(), EACH * Way::ALL.len());
    let ready = Way::ALL.into_iter().filter(|way| way.is_ready()).count();
    assert_eq!(book.values().filter(|page| page.is_ready).count(), EACH * ready);
    for way in Way::ALL.into_iter().filter(|way| way.is_ready() && *way != Way::HalfAFrameReset) {
        let ended = book.values().filter(|page| page.way.map(Way::of) == Some(way)).count();
        assert_eq!(ended, EACH, "{way:?}");
    }
    for page in book.into_values() {
        match (page.is_ready, page.way.map(Way::of), &page.ends[..]) {
            (false, None, []) => {}
            (true, Some(way), &[(code, by)]) if way.is_right(code, by, is_tls) => {}
            // A reset may come before the message that announces it is read.
            (true, None, &[(1006, ClosedBy::Network)]) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// The clock goes on only when nobody has anything to do: whoever is to be in time is, however busy the machine is.
#[tokio::test(start_paused = true)]
async fn endings_that_no_side_asks_for_are_told_once_and_nothing_stays_behind() {
    let book = Book::default();
    let running = frail::server().state(frail::Kept(Arc::clone(&book))).bind().await.unwrap();
    each_is_told_rightly(running, None, book).await;

    let (tls, connector) = identity();
    let book = Book::default();
    let server = frail::server().state(frail::Kept(Arc::clone(&book))).tls(tls);
    each_is_told_rightly(server.bind().await.unwrap(), Some(connector), book).await;
}
