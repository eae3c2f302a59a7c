//! `#[on(start)]`: when it runs, and what its failures are.

use std::error::Error as _;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use ws_runtime::event::{FromContext, WithServer};
use ws_runtime::prelude::*;
use ws_runtime::test::NotStarted;
use ws_runtime::{Error, StartError};

/// What has happened, in order.
#[derive(Default)]
pub struct Log(Mutex<Vec<String>>);

impl Log {
    fn add(&self, what: impl Into<String>) {
        self.0.lock().unwrap().push(what.into());
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

#[ws_server]
mod slow {
    use super::*;

    #[state]
    pub struct Story {
        pub log: Arc<Log>,
        pub begun: Arc<Notify>,
        pub go_on: Arc<Notify>,
    }

    #[on(start)]
    async fn prepare(server: &Server, story: &Story) -> std::io::Result<()> {
        story.log.add(format!("start on {} address", server.addresses().len()));
        story.begun.notify_one();
        story.go_on.notified().await;
        story.log.add("started");
        Ok(())
    }

    #[tick(period = 0.001)]
    fn tick(story: &Story) {
        story.log.add("tick");
    }

    #[on(connect)]
    fn connect(story: &Story) {
        story.log.add("connect");
    }

    #[on(shutdown)]
    fn shutdown(story: &Story) {
        story.log.add("shutdown");
    }
}

fn story() -> slow::Story {
    slow::Story { log: Arc::default(), begun: Arc::default(), go_on: Arc::default() }
}

#[tokio::test]
async fn it_runs_when_the_server_is_bound_and_before_anything_else_does() {
    let story = story();
    let (log, begun, go_on) = (Arc::clone(&story.log), Arc::clone(&story.begun), Arc::clone(&story.go_on));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let binding = tokio::spawn(slow::server().state(story).listen(listener).bind());
    begun.notified().await;

    let mut peer = TcpStream::connect(address).await.unwrap();
    peer.write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").await.unwrap();
    assert_eq!(log.take(), ["start on 1 address"]);

    go_on.notify_one();
    let running = binding.await.unwrap().unwrap();
    let mut answer = String::new();
    peer.read_to_string(&mut answer).await.unwrap();
    drop(peer);
    assert!(answer.starts_with("HTTP/1.1 426 "), "{answer}");
    let log = log.take();
    assert_eq!(log[0], "started", "{log:?}");
    assert!(log.contains(&"connect".to_owned()), "{log:?}");
    running.shutdown();
    running.stopped().await;
}

#[tokio::test]
async fn a_shutdown_ends_it_and_the_server_shuts_down() {
    let log = Arc::new(Log::default());
    let server = stopping::server().state(stopping::Story(Arc::clone(&log)));
    let running = server.listen("127.0.0.1:0").bind().await.unwrap();
    running.stopped().await;
    assert_eq!(log.take(), ["start", "dropped", "shutdown"]);
}

#[ws_server]
mod stopping {
    use super::*;

    #[state]
    pub struct Story(pub Arc<Log>);

    struct Dropped<'s>(&'s Log);

    impl Drop for Dropped<'_> {
        fn drop(&mut self) {
            self.0.add("dropped");
        }
    }

    #[on(start)]
    async fn wait(server: &Server, story: &Story) {
        story.0.add("start");
        let _dropped = Dropped(&story.0);
        let server = server.clone();
        tokio::spawn(async move { server.shutdown() });
        std::future::pending::<()>().await;
    }

    #[on(shutdown)]
    fn shutdown(story: &Story) {
        story.0.add("shutdown");
    }
}

#[ws_server]
mod failing {
    use super::*;

    /// What `begin` does.
    #[state]
    #[derive(Clone, Copy)]
    pub enum Way {
        Fail,
        Panic,
        Refuse,
        Run,
    }

    /// An argument that may refuse.
    pub struct License;

    impl<'a, C: WithServer<'a> + ws_runtime::event::WithState<Way>> FromContext<'a, C> for License {
        fn from_context(context: &mut C) -> Result<Self, Reject> {
            let is_refused = context.with_state(|way| matches!(way, Way::Refuse));
            if is_refused { Err(Reject::forbidden().text("no licence")) } else { Ok(Self) }
        }
    }

    #[on(start)]
    fn begin(_license: License, way: &mut Way) -> Result<(), String> {
        match way {
            Way::Fail => Err("the database is away".to_owned()),
            Way::Panic => panic!("it is broken"),
            Way::Refuse | Way::Run => Ok(()),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_the_error_of_bind_and_names_the_handler() {
    use failing::Way;
    for (way, cause) in [
        (Way::Fail, "the database is away"),
        (Way::Panic, "panicked: it is broken"),
        (Way::Refuse, "an argument was refused: no licence"),
    ] {
        let error = failing::server().state(way).listen("127.0.0.1:0").bind().await.unwrap_err();
        assert_eq!(error.to_string(), "the `start` handler `begin` failed");
        assert_eq!(error.source().unwrap().to_string(), cause);
        let Error::Start { handler: "begin", source } = error else { panic!("{error:?}") };
        assert_eq!(matches!(source, StartError::Panicked(_)), matches!(way, Way::Panic));
    }
    let NotStarted::Server(error) = failing::server().state(Way::Fail).test().await.unwrap_err() else {
        panic!("the clock is paused")
    };
    assert!(matches!(error, Error::Start { .. }));
    failing::server().state(Way::Run).test().await.unwrap();
}

#[test]
fn a_failure_is_the_error_of_start() {
    let error = failing::server().state(failing::Way::Fail).listen("127.0.0.1:0").start().unwrap_err();
    let shown = format!("{error:?}");
    assert_eq!(shown, "the `start` handler `begin` failed\n  caused by: the database is away");
}
