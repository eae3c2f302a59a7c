//! A server that owns its process, as most do: `tests/process.rs` starts it, and asks it by messages to get into
//! trouble.

use std::fs::File;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};
use ws_runtime::prelude::*;

/// Longer than any test waits.
const FOR_EVER: Duration = Duration::from_secs(600);

#[ws_server(listen = "127.0.0.1:0", shutdown_timeout = 1)]
mod owner {
    use super::*;

    #[state]
    pub struct Hoard(Mutex<Vec<File>>);

    impl Default for Hoard {
        fn default() -> Self {
            if std::env::var_os("OWNER_BLOCKS_AT_START").is_some() {
                println!("blocked");
                std::thread::sleep(FOR_EVER);
            }
            Self(Mutex::default())
        }
    }

    #[on(start)]
    async fn prepare() {
        if std::env::var_os("OWNER_WAITS_AT_START").is_some() {
            println!("waiting");
            std::future::pending().await
        }
    }

    #[on(utf8)]
    async fn trouble(text: &str, conn: &Conn, hoard: &Hoard) -> Result<String, String> {
        let begin = || conn.send_utf8("begun").map_err(|error| error.to_string());
        match text {
            "wait" => {
                begin()?;
                std::future::pending().await
            }
            "block" => {
                println!("blocked");
                std::thread::sleep(FOR_EVER);
            }
            "block elsewhere" => {
                tokio::task::spawn_blocking(|| std::thread::sleep(FOR_EVER));
            }
            "block as it goes" => {
                begin()?;
                let _blocking = BlocksAsItGoes;
                std::future::pending().await
            }
            "hoard" => {
                let mut hoard = hoard.0.lock().map_err(|error| error.to_string())?;
                hoard.extend(std::iter::from_fn(|| File::open("/dev/null").ok()));
            }
            "let one go" => drop(hoard.0.lock().map_err(|error| error.to_string())?.pop()),
            "block the log" => LOG_BLOCKS.store(true, Ordering::Relaxed),
            "fail" => return Err("as asked".to_owned()),
            "which address" => return Ok(conn.ip().map_or_else(|| "none".to_owned(), |ip| ip.to_string())),
            _ => {}
        }
        Ok(text.to_owned())
    }

    /// What a handler that is dropped may hold.
    struct BlocksAsItGoes;

    impl Drop for BlocksAsItGoes {
        fn drop(&mut self) {
            std::thread::sleep(FOR_EVER);
        }
    }
}

/// What a program may set up itself: a log that blocks those who log, once it is told to.
struct OwnLog;

static LOG_BLOCKS: AtomicBool = AtomicBool::new(false);

impl Subscriber for OwnLog {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::INFO
    }

    fn event(&self, event: &Event<'_>) {
        if LOG_BLOCKS.load(Ordering::Relaxed) {
            std::thread::sleep(FOR_EVER);
        }
        eprintln!("{event:?}");
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

fn main() -> ws_runtime::Result<()> {
    if std::env::var_os("OWNER_HAS_OWN_LOG").is_some() {
        tracing::subscriber::set_global_default(OwnLog).expect("it is the first");
    }
    owner::server().start()
}
