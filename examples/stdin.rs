//! Sends each line that is typed in the terminal to everybody.
//!
//! ```text
//! cargo run --example stdin
//! ```
//!
//! Connect with any client (`python3 -m websockets ws://localhost:8080`), then type in the terminal. CTRL-D ends the
//! typing, CTRL-C the server. A pipe or a file will do, too: `tail -f /var/log/syslog | cargo run --example stdin`.

// ANCHOR: stdin
use std::error::Error;
use std::io::{self, Read, Stdin};

use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod stdin {
    use super::*;

    /// The beginning of a line that is not complete yet.
    #[state]
    #[derive(Default)]
    struct Line(Vec<u8>);

    #[watch(readable = io::stdin())]
    fn typed(server: &Server, stdin: &mut Stdin, line: &mut Line) -> Result<(), Box<dyn Error>> {
        // One read a call: a second one could wait, and everybody with it.
        let mut chunk = [0; 8192];
        let count = stdin.read(&mut chunk)?;
        if count == 0 {
            // The end is readable for ever; the server goes on without.
            server.unwatch_readable(stdin)?;
        }
        line.0.extend_from_slice(&chunk[..count]);
        while let Some(end) = line.0.iter().position(|byte| *byte == b'\n') {
            let complete: Vec<u8> = line.0.drain(..=end).collect();
            server.broadcast_utf8(String::from_utf8_lossy(&complete[..end]));
        }
        Ok(())
    }
}

fn main() -> ws_runtime::Result<()> {
    stdin::server().start()
}
// ANCHOR_END: stdin
