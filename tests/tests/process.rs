//! A server that owns its process: how signals end it, and what its terminal shows.
#![cfg(unix)]

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Lines};
use std::os::unix::ffi::OsStrExt;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use rustix::process::{Pid, Signal, kill_process};
use tokio::net::TcpStream;
use ws_tests::Client;

/// The program `owner`, running.
struct Owner {
    process: Child,
    log: Option<Lines<BufReader<ChildStderr>>>,
    said: Lines<BufReader<ChildStdout>>,
    address: String,
}

fn command() -> Command {
    quiet(Command::new(env!("CARGO_BIN_EXE_owner")))
}

fn quiet(mut command: Command) -> Command {
    command.env("NO_COLOR", "1").env_remove("RUST_LOG").stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What is shown by one that does not start.
fn refused(variable: &str, value: impl AsRef<OsStr>) -> String {
    let output = command().env(variable, value).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}

impl Owner {
    fn start() -> Self {
        Self::run(command())
    }

    fn run(mut command: Command) -> Self {
        let mut process = command.spawn().unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap()).lines();
        let said = BufReader::new(process.stdout.take().unwrap()).lines();
        let first = log.next().unwrap().unwrap();
        let address = first.split("listening on ").nth(1).and_then(|rest| rest.split(": ").next());
        Self { process, log: Some(log), said, address: address.unwrap().to_owned() }
    }

    async fn connect(&self) -> Client {
        let stream = TcpStream::connect(&self.address).await.unwrap();
        let url = format!("ws://{}/", self.address);
        Client(tokio_tungstenite::client_async(url, stream).await.unwrap().0)
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
    }

    /// Waits for the end, which is a good one; tells what was logged last.
    fn ended(mut self) -> Vec<String> {
        let begin = Instant::now();
        let status = loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                break status;
            }
            if begin.elapsed() > Duration::from_secs(30) {
                self.process.kill().unwrap();
                panic!("it does not end");
            }
            std::thread::sleep(Duration::from_millis(5));
        };
        assert_eq!(status.code(), Some(0));
        self.log.into_iter().flatten().map(Result::unwrap).collect()
    }
}

#[tokio::test]
async fn a_signal_closes_each_connection_with_1001_and_ends_the_process_well() {
    for signal in [Signal::INT, Signal::TERM] {
        let owner = Owner::start();
        let client = owner.connect().await;
        owner.signal(signal);
        assert_eq!(u16::from(client.closed().await.code), 1001);
        let log = owner.ended();
        assert!(log.iter().any(|line| line.contains("shutting down")), "{log:?}");
    }
}

#[tokio::test]
async fn a_second_signal_ends_a_handler_that_waits() {
    let owner = Owner::start();
    let mut client = owner.connect().await;
    client.send("wait").await;
    assert_eq!(client.text().await, "begun");
    owner.signal(Signal::INT);
    owner.signal(Signal::TERM);
    while client.0.next().await.is_some_and(|message| message.is_ok()) {}
    owner.ended();
}

/// Once they block, nothing runs that tokio could run.
#[tokio::test]
async fn handlers_that_block_every_thread_do_not_make_it_deaf() {
    let mut owner = Owner::start();
    let mut clients = Vec::new();
    for _ in 0..2 * std::thread::available_parallelism().unwrap().get() {
        clients.push(owner.connect().await);
    }
    for client in &mut clients {
        client.send("block").await;
    }
    assert_eq!(owner.said.next().unwrap().unwrap(), "blocked");
    owner.signal(Signal::TERM);
    let log = owner.ended();
    assert!(log.iter().any(|line| line.contains("block")), "it says what is left behind: {log:?}");
}

/// On a machine with a single core there is a single thread.
#[tokio::test]
async fn others_are_served_as_long_as_a_single_thread_is_left() {
    let threads = std::thread::available_parallelism().unwrap().get();
    let mut owner = Owner::start();
    let mut client = owner.connect().await;
    for _ in 1..threads {
        let mut blocking = owner.connect().await;
        blocking.send("block").await;
        assert_eq!(owner.said.next().unwrap().unwrap(), "blocked");
        for _ in 0..10 {
            client.send("hello").await;
            let answer = tokio::time::timeout(Duration::from_secs(10), client.text()).await;
            assert_eq!(answer.expect("somebody listens"), "hello");
        }
    }
    owner.signal(Signal::TERM);
    owner.ended();
}

#[tokio::test]
async fn work_that_blocks_elsewhere_does_not_hold_the_end_up() {
    let owner = Owner::start();
    let mut client = owner.connect().await;
    client.send("block elsewhere").await;
    assert_eq!(client.text().await, "block elsewhere");
    owner.signal(Signal::TERM);
    assert_eq!(u16::from(client.closed().await.code), 1001);
    owner.ended();
}

/// As in `program 2>&1 | head`, or when a terminal is closed.
#[tokio::test]
async fn a_log_that_nobody_reads_any_more_does_no_harm() {
    let mut owner = Owner::start();
    owner.log = None;
    let mut other = owner.connect().await;
    let mut client = owner.connect().await;
    client.send("fail").await;
    assert_eq!(u16::from(client.closed().await.code), 1011);
    other.send("hello").await;
    assert_eq!(other.text().await, "hello");
    owner.signal(Signal::TERM);
    assert_eq!(u16::from(other.closed().await.code), 1001);
    owner.ended();
}

#[tokio::test]
async fn descriptors_that_have_run_out_are_one_line_in_the_log() {
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -n 256; exec \"$0\"", env!("CARGO_BIN_EXE_owner")]);
    let owner = Owner::run(quiet(shell));
    let mut client = owner.connect().await;
    client.send("hoard").await;
    assert_eq!(client.text().await, "hoard");
    // The kernel takes it, the server cannot: it tries again ten times a second.
    let knocking = TcpStream::connect(&owner.address).await.unwrap();
    tokio::time::sleep(Duration::from_millis(500)).await;
    drop(knocking);
    client.send("hello").await;
    assert_eq!(client.text().await, "hello");
    drop(client);
    owner.signal(Signal::TERM);
    let log = owner.ended();
    assert_eq!(log.iter().filter(|line| line.contains("cannot accept")).count(), 1, "{log:?}");
}

#[test]
fn what_main_returns_is_shown_as_its_message() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let shown = refused("WS_SERVER_LISTEN", &address);
    let mut lines = shown.lines();
    assert!(lines.next().unwrap().starts_with(&format!("Error: cannot listen on {address}: ")), "{shown}");
    assert_eq!(lines.next().unwrap(), "  caused by: Address already in use (os error 98)");
    assert_eq!(lines.next(), None);
}

#[test]
fn a_variable_that_is_not_unicode_is_refused_and_not_guessed_at() {
    let shown = refused("WS_SERVER_LISTEN", OsStr::from_bytes(b"unix:/tmp/a\xff.sock"));
    assert!(shown.contains("WS_SERVER_LISTEN") && shown.contains("Unicode"), "{shown}");
}
