//! What is dropped may panic too: what a handler panicked with, and what a handler held that is not waited for.

use std::future::pending;
use std::sync::Once;
use std::{panic, time::Duration};

use tokio::sync::mpsc;
use ws_runtime::ClosedBy;
use ws_runtime::prelude::*;
use ws_runtime::test::{Result, TestServer};

/// Panics when it is dropped.
#[derive(Debug)]
struct Brittle;

impl Drop for Brittle {
    fn drop(&mut self) {
        panic!("it broke");
    }
}

#[ws_server(shutdown_timeout = 1)]
mod brittle {
    use super::*;

    #[state]
    pub struct Told(pub mpsc::UnboundedSender<(u16, ClosedBy)>);

    /// Panics too, perhaps while another panic goes on.
    #[session]
    #[derive(Default)]
    struct Porcelain(Option<Brittle>);

    #[on(utf8)]
    async fn utf8(text: &str, conn: &Conn, porcelain: &mut Porcelain) {
        porcelain.0 = Some(Brittle);
        match text {
            "payload" => panic::panic_any(Brittle),
            _ => {
                let _held = Brittle;
                conn.send_utf8("begun").unwrap();
                pending().await
            }
        }
    }

    #[on(disconnect)]
    fn disconnect(close: &Close, told: &Told) {
        let _ = told.0.send((close.code(), close.by()));
    }

    #[on(shutdown)]
    async fn shutdown() {
        let _held = Brittle;
        pending().await
    }
}

async fn start() -> Result<(TestServer, mpsc::UnboundedReceiver<(u16, ClosedBy)>)> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let tell = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if panic.payload_as_str() != Some("it broke") && !panic.payload().is::<Brittle>() {
                tell(panic);
            }
        }));
    });
    let (told, ends) = mpsc::unbounded_channel();
    Ok((brittle::server().state(brittle::Told(told)).test().await?, ends))
}

/// It stops, and nobody was told of more ends.
async fn stop(server: TestServer, mut ends: mpsc::UnboundedReceiver<(u16, ClosedBy)>) {
    server.stop().await;
    let end =
        tokio::time::timeout(Duration::from_secs(10), ends.recv()).await.expect("no task is left behind");
    assert_eq!(end, None);
}

#[tokio::test(start_paused = true)]
async fn what_a_handler_panics_with_may_panic_when_it_is_dropped() -> Result {
    let (server, mut ends) = start().await?;
    let mut client = server.connect("/").await?;
    client.send_utf8("payload").await?;
    assert_eq!(client.closed().await?.code, 1011);
    assert_eq!(ends.recv().await, Some((1011, ClosedBy::Panic)));
    assert_eq!(server.server().connections(), []);
    stop(server, ends).await;
    Ok(())
}

/// That of a message, and `shutdown`.
#[tokio::test(start_paused = true)]
async fn what_a_handler_holds_that_is_waited_for_no_longer_may_panic_when_it_is_dropped() -> Result {
    let (server, mut ends) = start().await?;
    let mut client = server.connect("/").await?;
    client.send_utf8("wait").await?;
    assert_eq!(client.utf8().await?, "begun");
    let handle = server.server().clone();
    server.stop().await;
    assert_eq!(ends.recv().await, Some((1006, ClosedBy::Shutdown)));
    assert_eq!(handle.connections(), []);
    let end =
        tokio::time::timeout(Duration::from_secs(10), ends.recv()).await.expect("no task is left behind");
    assert_eq!(end, None);
    Ok(())
}
