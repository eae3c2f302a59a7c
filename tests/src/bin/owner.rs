//! A server that owns its process, as most do: `tests/process.rs` starts it, and asks it by messages to get into
//! trouble.

use std::time::Duration;

use ws_runtime::prelude::*;

/// Longer than any test waits.
const FOR_EVER: Duration = Duration::from_secs(600);

#[ws_server(listen = "127.0.0.1:0", shutdown_timeout = 1)]
mod owner {
    use super::*;

    #[on(utf8)]
    async fn trouble(text: &str, conn: &Conn) -> Result<String, String> {
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
            "hoard" => {
                // All descriptors that are left, for good.
                while let Ok(file) = std::fs::File::open("/dev/null") {
                    std::mem::forget(file);
                }
            }
            "fail" => return Err("as asked".to_owned()),
            _ => {}
        }
        Ok(text.to_owned())
    }
}

fn main() -> ws_runtime::Result<()> {
    owner::server().start()
}
