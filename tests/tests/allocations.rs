//! What a message allocates: nothing, once buffers have grown. Counted in the whole process, clients included, which is
//! why this test is alone in its program, and why its clients are written with `std` alone.

use std::alloc::System;
use std::borrow::Cow;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use axum::Router;
use axum::serve::Listener;
use serde::Deserialize;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use tokio::io::{Join, join};
use tokio::net::TcpListener;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use ws_runtime::prelude::*;
use ws_tests::{address, frame};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

// However slow the machine, no ping comes between.
#[ws_server(listen = "127.0.0.1:0", silence_max = 3600)]
mod plain {
    use super::*;

    #[on(utf8)]
    fn echo(text: &str) -> &str {
        text
    }

    #[on(binary)]
    fn to_all(data: &[u8], server: &Server) {
        server.broadcast_binary(data);
    }
}

#[ws_server(listen = "127.0.0.1:0", silence_max = 3600)]
mod named {
    use super::*;

    #[derive(Deserialize)]
    struct Say<'a> {
        #[serde(borrow)]
        text: Cow<'a, str>,
    }

    #[on("say")]
    fn say<'a>(Json(say): Json<Say<'a>>) -> Cow<'a, str> {
        say.text
    }
}

/// A named message, and its reply.
const MESSAGE: &[u8] = br#"{"type":"say","id":7,"data":{"text":"hello"}}"#;
const REPLY: &[u8] = br#"{"type":"say","id":7,"data":"hello"}"#;

/// The payload of each message.
const PAYLOAD: &[u8] = b"a short message";

/// A client that allocates nothing for a message.
struct Client(TcpStream);

impl Client {
    fn connect(address: &str) -> Self {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.set_nodelay(true).unwrap();
        // A message that is lost fails the test instead of holding it up.
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let request = format!(
            "GET / HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        let mut byte = [0];
        while !answer.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).unwrap();
            answer.extend(byte);
        }
        assert!(answer.starts_with(b"HTTP/1.1 101 "));
        Self(stream)
    }

    fn send(&mut self, frame: &[u8]) {
        self.0.write_all(frame).unwrap();
    }

    /// Reads one message, which has to be this one.
    fn receive(&mut self, first: u8, wanted: &[u8]) {
        let mut frame = [0; 128];
        let frame = &mut frame[..2 + wanted.len()];
        self.0.read_exact(frame).unwrap();
        let (header, payload) = frame.split_at(2);
        assert!(header == [first, wanted.len() as u8] && payload == wanted);
    }
}

/// How often something was allocated, or grew, while this ran.
fn allocations(run: impl FnOnce()) -> usize {
    let region = Region::new(ALLOCATOR);
    run();
    let change = region.change();
    change.allocations + change.reallocations
}

/// A listener of axum whose streams a mounted server does not know, so that it reads and writes through hyper.
struct Unknown(TcpListener);

impl Listener for Unknown {
    type Io = Join<OwnedReadHalf, OwnedWriteHalf>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        let (stream, peer) = Listener::accept(&mut self.0).await;
        let (read, write) = stream.into_split();
        (join(read, write), peer)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// One test, as what runs beside it would be counted too.
#[test]
fn neither_a_short_message_and_its_answer_nor_a_broadcast_allocates_for_each() {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let running = runtime.block_on(async { plain::server().bind().await.unwrap() });
    let address = address(&running);
    let text = frame::frame(0x81, PAYLOAD);
    let mut clients = vec![Client::connect(&address)];
    let mut echo = |count: usize| {
        allocations(|| {
            for _ in 0..count {
                clients[0].send(&text);
                clients[0].receive(0x81, PAYLOAD);
            }
        })
    };
    // Meanwhile the server, which has one thread, comes to the end of its start, too.
    echo(200);
    let counted = allocations(|| drop(std::hint::black_box(vec![0_u8; 100])));
    assert_eq!(counted, 1, "allocations are counted");
    let (once, twice) = (echo(1000), echo(2000));
    assert_eq!((once, twice), (0, 0), "for 1,000 echoes, and for 2,000");

    let data = frame::frame(0x82, PAYLOAD);
    let mut broadcast = |receivers: usize| {
        while clients.len() < receivers {
            clients.push(Client::connect(&address));
        }
        let mut run = |count: usize| {
            for _ in 0..count {
                clients[0].send(&data);
                clients.iter_mut().for_each(|client| client.receive(0x82, PAYLOAD));
            }
        };
        run(50);
        allocations(|| run(200))
    };
    let (few, many) = (broadcast(10), broadcast(100));
    assert_eq!((few, many), (0, 0), "for 200 broadcasts to 10, and to 100");
    drop(clients);
    running.shutdown();
    runtime.block_on(running.stopped());

    let running = runtime.block_on(async { named::server().bind().await.unwrap() });
    let mut client = Client::connect(&ws_tests::address(&running));
    let message = frame::frame(0x81, MESSAGE);
    let mut say = |count: usize| {
        allocations(|| {
            for _ in 0..count {
                client.send(&message);
                client.receive(0x81, REPLY);
            }
        })
    };
    say(200);
    let (once, twice) = (say(1000), say(2000));
    assert_eq!((once, twice), (0, 0), "for 1,000 named messages, and for 2,000");
    drop(client);
    running.shutdown();
    runtime.block_on(running.stopped());

    let (mounted, listener) = runtime.block_on(async {
        (plain::server().mount().await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap())
    });
    let address = listener.local_addr().unwrap().to_string();
    let router = Router::new().route_service("/", mounted.service());
    let host = runtime.spawn(async { axum::serve(Unknown(listener), router).await });
    let mut client = Client::connect(&address);
    let mut echo = |count: usize| {
        allocations(|| {
            for _ in 0..count {
                client.send(&text);
                client.receive(0x81, PAYLOAD);
            }
        })
    };
    echo(200);
    // The host may allocate now and then.
    let counted = echo(1000);
    assert!(counted < 100, "{counted} for 1,000 echoes through hyper");
    drop(client);
    host.abort();
    mounted.shutdown();
    runtime.block_on(mounted.stopped());
}
