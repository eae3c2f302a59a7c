//! The server that the clients of other languages talk to: everything that `Net::WebSocket::Server` has, asked for by
//! name in a text message that begins with `!`. `parity tcp`, `parity tls <folder>` (which gets the certificate), or
//! `parity unix <path>`; `parity mounted …` is the same within an axum router.

mod mounted;

use std::io::{PipeReader, PipeWriter, Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use ws_runtime::http::StatusCode;
use ws_runtime::prelude::*;
use ws_runtime::{Extension, Tls};

const USAGE: &str = "start it as: parity [mounted] tcp | [mounted] tls <folder> | [mounted] unix <path>";

/// The method and version of a request, as a layer around the server has seen them.
#[derive(Clone)]
struct RequestLine(String);

#[ws_server(subprotocols = ["parity.v2", "parity.v1"])]
mod parity {
    use super::*;

    /// What happened so far, for the clients to ask.
    #[state]
    #[derive(Default)]
    struct Seen {
        connects: AtomicU64,
        ticks: AtomicU64,
        last_close: Mutex<String>,
    }

    #[session]
    struct Visitor {
        path: String,
        request_line: Option<String>,
    }

    #[on(connect)]
    fn connect(conn: &Conn, seen: &Seen) {
        seen.connects.fetch_add(1, Ordering::Relaxed);
        assert!(conn.nodelay(), "on unless it was switched off");
    }

    #[on(handshake)]
    fn admit(
        handshake: &Handshake,
        request_line: Option<Extension<RequestLine>>,
    ) -> Result<Visitor, (StatusCode, &'static str)> {
        let path = handshake.uri().path().to_owned();
        if path == "/refused" {
            return Err((StatusCode::FORBIDDEN, "not here"));
        }
        Ok(Visitor { path, request_line: request_line.map(|Extension(RequestLine(line))| line) })
    }

    #[on(ready)]
    fn greet(conn: &Conn, visitor: &Visitor) -> Option<String> {
        assert!(conn.is_ready() && conn.server().connections().contains(conn));
        (visitor.path == "/greeted").then(|| "welcome".to_owned())
    }

    #[on(utf8)]
    fn text(
        text: &str,
        conn: &Conn,
        server: &Server,
        seen: &Seen,
        visitor: &Visitor,
    ) -> Result<Option<String>, Box<dyn std::error::Error>> {
        let (command, rest) = text.split_once(' ').unwrap_or((text, ""));
        Ok(match command {
            "!who" => Some(format!(
                "ip {:?} port {} socket {}",
                conn.ip(),
                conn.port().is_some(),
                conn.socket().is_some()
            )),
            "!peer" => Some(conn.peer().to_string()),
            "!request-line" => Some(visitor.request_line.clone().unwrap_or_default()),
            "!connections" => {
                Some(format!("{} of {}", server.connections().len(), seen.connects.load(Ordering::Relaxed)))
            }
            "!ticks" => Some(seen.ticks.load(Ordering::Relaxed).to_string()),
            "!last-close" => Some(seen.last_close.lock().map_or_else(|_| String::new(), |last| last.clone())),
            "!ping" => {
                conn.send(ws_runtime::Message::Ping(rest.as_bytes().into()))?;
                None
            }
            "!broadcast" => {
                server.broadcast_utf8(rest);
                None
            }
            "!on-utf8" => {
                conn.on_utf8(|_, text| text.chars().rev().collect::<String>());
                Some("replaced".to_owned())
            }
            "!max-send-size" => {
                conn.set_max_send_size(rest.parse()?)?;
                Some(
                    conn.send_utf8("longer than ten")
                        .map_or_else(|error| error.to_string(), |()| "sent".to_owned())
                        .chars()
                        .take(10)
                        .collect(),
                )
            }
            "!max-recv-size" => Some(match conn.set_max_recv_size(rest.parse()?) {
                Ok(()) => "set".to_owned(),
                Err(_) => "fixed".to_owned(),
            }),
            "!pipe" => {
                through_a_pipe(server, conn, rest)?;
                None
            }
            "!disconnect" => {
                let (code, reason) = rest.split_once(' ').unwrap_or((rest, ""));
                conn.disconnect(code.parse()?, reason)?;
                None
            }
            "!cut" => {
                server.disconnect(conn);
                None
            }
            "!panic" => panic!("as asked"),
            "!shutdown" => {
                server.shutdown();
                None
            }
            _ => Some(text.to_owned()),
        })
    }

    #[on(binary)]
    fn binary(data: Bytes) -> Bytes {
        data
    }

    #[on(pong)]
    fn pong(payload: &[u8]) -> String {
        format!("pong {}", String::from_utf8_lossy(payload))
    }

    #[on(disconnect)]
    fn disconnect(close: &Close, seen: &Seen) {
        if let Ok(mut last) = seen.last_close.lock() {
            *last = format!("{} {} {}", close.code(), close.reason(), close.by());
        }
    }

    #[on(request)]
    fn health() -> &'static str {
        "healthy"
    }

    #[tick(period = 0.05)]
    fn tick(seen: &Seen) {
        seen.ticks.fetch_add(1, Ordering::Relaxed);
    }

    #[on(shutdown)]
    fn shutdown(server: &Server) {
        server.broadcast_utf8("last words");
    }
}

/// Sends a text back through a pipe whose two ends are watched, as the original's own test does.
fn through_a_pipe(server: &Server, conn: &Conn, text: &str) -> Result<(), Box<dyn std::error::Error>> {
    let (reader, writer) = std::io::pipe()?;
    let conn = conn.clone();
    let text = text.to_owned();
    server.watch_readable(
        reader,
        move |server, pipe: &mut PipeReader| -> Result<(), Box<dyn std::error::Error>> {
            let mut buffer = [0; 512];
            let count = pipe.read(&mut buffer)?;
            if count == 0 {
                server.unwatch_readable(pipe)?;
                conn.send_utf8(format!(
                    "watched {} and {}",
                    server.watched_readable().len(),
                    server.watched_writable().len()
                ))?;
            } else {
                conn.send_utf8(std::str::from_utf8(&buffer[..count])?)?;
            }
            Ok(())
        },
    )?;
    server.watch_writable(
        writer,
        move |server, pipe: &mut PipeWriter| -> Result<(), Box<dyn std::error::Error>> {
            pipe.write_all(text.as_bytes())?;
            server.unwatch_writable(pipe)?;
            Ok(())
        },
    )?;
    Ok(())
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let server = parity::server();
    match arguments[..] {
        ["tcp"] => server.listen(TcpListener::bind("127.0.0.1:0")?).start()?,
        ["unix", path] => server.listen(UnixListener::bind(path)?).start()?,
        ["tls", folder] => {
            let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
            std::fs::write(Path::new(folder).join("certificate.pem"), made.cert.pem())?;
            let tls = Tls::pem(made.cert.pem(), made.signing_key.serialize_pem());
            server.listen(TcpListener::bind("127.0.0.1:0")?).tls(tls).start()?;
        }
        ["mounted", ref how @ ..] => mounted::start(how)?,
        _ => return Err(USAGE.into()),
    }
    Ok(())
}
