//! The floor: what the kernel alone costs.
//!
//! For each batch of messages one `epoll_wait`, one `read` and one `write`, which is the least that a server can do.
//! It turns frames in place in the read buffer and writes from there, knows of WebSocket only where a payload begins,
//! and checks nothing. A read that does not fill the buffer has emptied the socket, so none is made to be told so.
//!
//! A frame that no single read brings is read to where it is written from, and written whole: handed on in parts, it
//! would cost more calls and wake the client for each.
//!
//! In the fan-out the frames of a read go to every socket from the same buffer, by one write each.

mod connection;
mod frames;
mod thread;

use std::io;
use std::net::TcpListener;
use std::sync::Arc;

use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

pub(super) use self::frames::Frames;
use self::thread::{Post, Worker};
use crate::peers::Role;

/// How much the floor reads at once.
///
/// Measured, because the floor must not be beaten by a larger one: from 64 KiB to this, 16 messages of 16 KiB fall to
/// two thirds of their cost; twice as much no longer fits the second-level cache and costs more again.
pub(crate) const READ_SIZE: usize = 512 * 1024;

/// How much the floor read at once when the engine's goals were set.
pub(crate) const SMALL_READ_SIZE: usize = 64 * 1024;

/// Serves for ever, on as many threads, each of which reads so much at once. The first one accepts and deals
/// connections out in turn.
pub(crate) fn serve(listener: TcpListener, role: Role, threads: usize, read_size: usize) -> io::Result<()> {
    let posts = (0..threads).map(|_| Post::new()).collect::<io::Result<Vec<_>>>()?;
    let posts: Arc<[Post]> = posts.into();
    listener.set_nonblocking(true)?;
    // A connection inherits it from the listener, which saves a call for each.
    rustix::net::sockopt::set_tcp_nodelay(&listener, true)?;
    for number in 1..threads {
        let posts = Arc::clone(&posts);
        std::thread::spawn(move || Worker::new(number, role, posts, None, read_size)?.run());
    }
    Worker::new(0, role, posts, Some(listener), read_size)?.run()
}

/// The answer to a request, once it is whole.
pub(super) fn answer(request: &[u8]) -> Option<String> {
    if !request.ends_with(b"\r\n\r\n") {
        return None;
    }
    let request = String::from_utf8_lossy(request);
    let key = request.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("sec-websocket-key").then(|| value.trim())
    });
    let accept = derive_accept_key(key.unwrap_or_default().as_bytes());
    Some(format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    ))
}
