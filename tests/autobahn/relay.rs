//! Stands between a client and a server and cuts what passes into pieces of its own, so that frames arrive as no
//! kernel on the same machine would deliver them.
//!
//! ```text
//! cargo run -p ws-tests --example relay 127.0.0.1:9001 [seed]
//! ```

use std::error::Error;
use std::io;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Sizes of pieces: around the header's and the mask's, and around what buffers hold.
const SIZES: [usize; 16] = [1, 1, 1, 2, 3, 5, 7, 13, 64, 127, 1021, 4093, 8191, 16_381, 16_385, 65_521];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let server = arguments.next().ok_or("the server's address is missing")?;
    let mut seed: u64 = arguments.next().map_or(Ok(1), |seed| seed.parse())?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    eprintln!("listening on {}", listener.local_addr()?);
    loop {
        let (client, _) = listener.accept().await?;
        let server = TcpStream::connect(&server).await?;
        client.set_nodelay(true)?;
        server.set_nodelay(true)?;
        seed += 1;
        tokio::spawn(async move {
            let (client_in, client_out) = client.into_split();
            let (server_in, server_out) = server.into_split();
            // One that fails drops its halves: the other end sees it.
            let _ = tokio::join!(recut(client_in, server_out, seed), recut(server_in, client_out, !seed));
        });
    }
}

/// Passes on all that comes, in pieces of sizes that the seed decides, and the end of it.
async fn recut(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut seed: u64,
) -> io::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let count = from.read(&mut buffer).await?;
        if count == 0 {
            return to.shutdown().await;
        }
        let mut rest = &buffer[..count];
        while !rest.is_empty() {
            // Xorshift: enough to mix sixteen sizes, and the same each time.
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            let (piece, after) = rest.split_at(SIZES[(seed >> 60) as usize].min(rest.len()));
            to.write_all(piece).await?;
            // The other side is to see this piece before the next one is there.
            tokio::task::yield_now().await;
            rest = after;
        }
    }
}
