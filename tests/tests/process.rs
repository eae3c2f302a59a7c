//! A server that owns its process: how signals end it and how soon, and what its terminal shows.
#![cfg(unix)]

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Lines};
use std::os::unix::ffi::OsStrExt;
use std::process::{Child, ChildStderr, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use rustix::process::{Pid, Signal, kill_process};
use tokio::net::TcpStream;
use tokio::time::timeout;
use ws_tests::Client;

/// `shutdown_timeout` of the program, and the second that a shutdown may take beyond it.
const ALL_OF_A_SHUTDOWN: Duration = Duration::from_secs(1 + 1);

/// How long a second signal may take.
const AT_ONCE: Duration = Duration::from_millis(250);

/// What a busy machine adds to what is promised.
const NOISE: Duration = Duration::from_millis(500);

/// The program `owner`, running.
struct Owner {
    process: Child,
    log: Option<Lines<BufReader<ChildStderr>>>,
    said: Lines<BufReader<ChildStdout>>,
    address: String,
}

/// How it ended: how long that took, and what was logged since.
struct End {
    after: Duration,
    log: Vec<String>,
}

fn command() -> Command {
    quiet(Command::new(env!("CARGO_BIN_EXE_owner")))
}

/// The program on a fixed number of threads, whatever the machine has.
fn on_threads(threads: usize) -> Command {
    let mut command = command();
    command.env("WS_SERVER_THREADS", threads.to_string());
    command
}

fn quiet(mut command: Command) -> Command {
    command.env("NO_COLOR", "1").env_remove("RUST_LOG").stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// What is shown by one that does not start.
fn refused(command: &mut Command) -> String {
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}

impl Owner {
    fn start() -> Self {
        Self::run(command())
    }

    fn run(command: Command) -> Self {
        let mut owner = Self::spawn(command);
        let first = owner.log.as_mut().unwrap().next().unwrap().unwrap();
        let address = first.split("listening on ").nth(1).and_then(|rest| rest.split(": ").next());
        owner.address = address.unwrap().to_owned();
        owner
    }

    fn spawn(mut command: Command) -> Self {
        let mut process = command.spawn().unwrap();
        let log = Some(BufReader::new(process.stderr.take().unwrap()).lines());
        let said = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, log, said, address: String::new() }
    }

    async fn connect(&self) -> Client {
        let stream = TcpStream::connect(&self.address).await.unwrap();
        let url = format!("ws://{}/", self.address);
        let opening = tokio_tungstenite::client_async(url, stream);
        Client(timeout(Duration::from_secs(20), opening).await.expect("it answers").unwrap().0)
    }

    fn says(&mut self, line: &str) {
        assert_eq!(self.said.next().unwrap().unwrap(), line);
    }

    /// Has handlers block all of its threads.
    async fn block(&mut self, threads: usize) -> Vec<Client> {
        let mut clients = Vec::new();
        for _ in 0..threads {
            clients.push(self.connect().await);
        }
        for client in &mut clients {
            client.send("block").await;
            self.says("blocked");
        }
        clients
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
    }

    /// Waits for the end, which is a good one, without reading the log before.
    fn ended(mut self) -> End {
        let begin = Instant::now();
        let status = loop {
            if let Some(status) = self.process.try_wait().unwrap() {
                break status;
            }
            assert!(begin.elapsed() < Duration::from_secs(30), "it does not end");
            std::thread::sleep(Duration::from_millis(2));
        };
        let after = begin.elapsed();
        assert_eq!(status.code(), Some(0));
        let log = self.log.take().into_iter().flatten().map(Result::unwrap).collect();
        End { after, log }
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        // Nothing is to be done where it has ended, as it should have.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl End {
    #[track_caller]
    fn within(self, most: Duration) -> Self {
        assert!(
            self.after < most + NOISE,
            "it took {:?}: …{:?}",
            self.after,
            &self.log[self.log.len().saturating_sub(9)..]
        );
        self
    }

    #[track_caller]
    fn logged(self, text: &str) -> Self {
        assert!(self.log.iter().any(|line| line.contains(text)), "{text}: {:?}", self.log);
        self
    }
}

#[tokio::test]
async fn a_signal_closes_each_connection_with_1001_and_ends_the_process_well() {
    for signal in [Signal::INT, Signal::TERM] {
        let owner = Owner::start();
        let client = owner.connect().await;
        owner.signal(signal);
        assert_eq!(u16::from(client.closed().await.code), 1001);
        let end = owner.ended().logged("shutting down");
        end.logged("stopped").logged("a second signal");
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
    owner.ended().within(AT_ONCE);
}

/// Once they block, nothing runs that tokio could run.
#[tokio::test]
async fn handlers_that_block_every_thread_are_left_behind_after_shutdown_timeout_and_a_second() {
    let mut owner = Owner::run(on_threads(2));
    let _clients = owner.block(2).await;
    owner.signal(Signal::TERM);
    owner.ended().within(ALL_OF_A_SHUTDOWN).logged("left behind");
}

#[tokio::test]
async fn a_handler_that_blocks_one_thread_is_left_behind_after_shutdown_timeout_and_a_second() {
    let mut owner = Owner::run(on_threads(4));
    let _clients = owner.block(1).await;
    owner.signal(Signal::TERM);
    owner.ended().within(ALL_OF_A_SHUTDOWN).logged("left behind");
}

#[tokio::test]
async fn what_blocks_as_it_is_dropped_is_left_behind_too() {
    let owner = Owner::run(on_threads(2));
    let mut client = owner.connect().await;
    client.send("block as it goes").await;
    assert_eq!(client.text().await, "begun");
    owner.signal(Signal::TERM);
    owner.ended().within(ALL_OF_A_SHUTDOWN);
}

#[tokio::test]
async fn work_that_blocks_elsewhere_has_a_second() {
    let owner = Owner::start();
    let mut client = owner.connect().await;
    client.send("block elsewhere").await;
    assert_eq!(client.text().await, "block elsewhere");
    owner.signal(Signal::TERM);
    assert_eq!(u16::from(client.closed().await.code), 1001);
    owner.ended().within(Duration::from_secs(1));
}

#[tokio::test]
async fn a_second_signal_ends_it_at_once_whatever_blocks() {
    for blocked in ["block", "block as it goes", "block elsewhere"] {
        let mut owner = Owner::run(on_threads(2));
        let mut clients = Vec::new();
        for _ in 0..2 {
            let mut client = owner.connect().await;
            client.send(blocked).await;
            match blocked {
                "block" => owner.says("blocked"),
                "block elsewhere" => assert_eq!(client.text().await, blocked),
                _ => assert_eq!(client.text().await, "begun"),
            }
            clients.push(client);
        }
        owner.signal(Signal::TERM);
        // Or both are one.
        std::thread::sleep(Duration::from_millis(100));
        owner.signal(Signal::TERM);
        owner.ended().within(AT_ONCE);
    }
}

#[tokio::test]
async fn others_are_served_as_long_as_a_single_thread_is_left() {
    const THREADS: usize = 3;
    let mut owner = Owner::run(on_threads(THREADS));
    let mut client = owner.connect().await;
    let mut blocking = Vec::new();
    for _ in 1..THREADS {
        blocking.extend(owner.block(1).await);
        for _ in 0..10 {
            client.send("hello").await;
            let answer = timeout(Duration::from_secs(10), client.text()).await;
            assert_eq!(answer.expect("a thread polls the sockets"), "hello");
        }
    }
    owner.signal(Signal::TERM);
    owner.ended().within(ALL_OF_A_SHUTDOWN);
}

#[tokio::test]
async fn a_signal_before_the_start_is_done_ends_it_at_once() {
    let mut command = command();
    command.env("OWNER_BLOCKS_AT_START", "1");
    let mut owner = Owner::spawn(command);
    owner.says("blocked");
    owner.signal(Signal::TERM);
    owner.ended().within(AT_ONCE).logged("before the server has started");
}

#[tokio::test]
async fn a_signal_ends_an_async_start_handler() {
    let mut command = command();
    command.env("OWNER_WAITS_AT_START", "1");
    let mut owner = Owner::spawn(command);
    owner.says("waiting");
    owner.signal(Signal::TERM);
    owner.ended().within(AT_ONCE).logged("before the server has started");
}

/// As in `program 2>&1 | head`, or when a terminal is closed.
#[tokio::test]
async fn a_log_that_nobody_can_read_any_more_does_no_harm() {
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
    owner.ended().within(ALL_OF_A_SHUTDOWN);
}

/// As when what collects the log hangs.
#[tokio::test]
async fn a_log_that_nobody_reads_stops_neither_the_server_nor_its_end() {
    /// Each is several lines: more than fits into a pipe.
    const CONNECTIONS: usize = 1000;
    for signals in [&[Signal::TERM][..], &[Signal::INT, Signal::TERM]] {
        let mut command = on_threads(2);
        command.env("RUST_LOG", "trace");
        let mut owner = Owner::run(command);
        for _ in 0..CONNECTIONS {
            owner.connect().await;
        }
        let mut client = owner.connect().await;
        client.send("hello").await;
        let answer = timeout(Duration::from_secs(20), client.text()).await;
        assert_eq!(answer.expect("it goes on"), "hello");
        let _blocking = if signals.len() > 1 { owner.block(2).await } else { Vec::new() };
        signals.iter().for_each(|signal| owner.signal(*signal));
        let end = owner.ended().within(if signals.len() > 1 { AT_ONCE } else { ALL_OF_A_SHUTDOWN });
        assert!(end.log.concat().len() > 32 * 1024, "the pipe was full");
    }
}

/// It is not for this crate to write it from another thread; to hear signals all the same is.
#[tokio::test]
async fn signals_are_obeyed_even_where_the_programs_own_log_blocks() {
    for (signals, most) in [(1, ALL_OF_A_SHUTDOWN), (2, AT_ONCE)] {
        let mut command = on_threads(2);
        command.env("OWNER_HAS_OWN_LOG", "1");
        let owner = Owner::run(command);
        let mut client = owner.connect().await;
        client.send("block the log").await;
        assert_eq!(client.text().await, "block the log");
        owner.signal(Signal::INT);
        if signals == 2 {
            owner.signal(Signal::TERM);
        }
        owner.ended().within(most);
    }
}

#[tokio::test]
async fn descriptors_that_have_run_out_are_one_line_in_the_log() {
    let owner = Owner::run(with_descriptors(256));
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
    let log = owner.ended().log;
    assert_eq!(log.iter().filter(|line| line.contains("cannot accept")).count(), 1, "{log:?}");
}

/// Each peer's end makes room for the next one; a fixed pause would take 0.1 s for each.
#[tokio::test]
async fn a_queue_of_dead_peers_is_gone_as_soon_as_they_are() {
    const DEAD: usize = 100;
    let owner = Owner::run(with_descriptors(256));
    let mut client = owner.connect().await;
    client.send("hoard").await;
    assert_eq!(client.text().await, "hoard");
    for _ in 0..DEAD {
        let dead = TcpStream::connect(&owner.address).await.unwrap();
        dead.set_zero_linger().unwrap();
    }
    let waiting = tokio::spawn({
        let address = owner.address.clone();
        async move {
            let stream = TcpStream::connect(&address).await.unwrap();
            Client(tokio_tungstenite::client_async(format!("ws://{address}/"), stream).await.unwrap().0)
        }
    });
    let begin = Instant::now();
    client.send("let one go").await;
    let mut last = timeout(Duration::from_secs(30), waiting).await.expect("its turn comes").unwrap();
    let took = begin.elapsed();
    assert!(took < Duration::from_secs(3), "{took:?}");
    last.send("hello").await;
    assert_eq!(last.text().await, "hello");
}

fn with_descriptors(most: usize) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", &format!("ulimit -n {most}; exec \"$0\""), env!("CARGO_BIN_EXE_owner")]);
    quiet(shell)
}

#[tokio::test]
async fn fewer_connections_than_asked_for_are_told_at_start_with_what_to_do() {
    for (asked, level) in [(None, "INFO"), (Some("1000"), "WARN"), (Some("100"), "")] {
        let mut command = with_descriptors(256);
        command.envs(asked.map(|asked| ("WS_SERVER_MAX_CONNECTIONS", asked)));
        let owner = Owner::run(command);
        owner.signal(Signal::TERM);
        let log = owner.ended().log;
        let told: Vec<_> = log.iter().filter(|line| line.contains("LimitNOFILE")).collect();
        match told[..] {
            [] => assert_eq!(level, "", "{log:?}"),
            [line] => {
                for part in [level, "max_connections", asked.unwrap_or("65536"), "256", "ulimit -n", "152"] {
                    assert!(line.contains(part), "{part}: {line}");
                }
            }
            _ => panic!("{log:?}"),
        }
    }
}

#[test]
fn what_main_returns_is_shown_as_its_message() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let shown = refused(command().env("WS_SERVER_LISTEN", &address));
    let mut lines = shown.lines();
    assert!(lines.next().unwrap().starts_with(&format!("Error: cannot listen on {address}: ")), "{shown}");
    assert_eq!(lines.next().unwrap(), "  caused by: Address already in use (os error 98)");
    assert_eq!(lines.next(), None);
}

#[test]
fn what_was_logged_before_it_failed_to_start_is_shown_first() {
    let shown = refused(command().env("WS_SERVER_LISTN", "80").env("WS_SERVER_LISTEN", "nonsense"));
    let mut lines = shown.lines();
    assert!(lines.next().unwrap().contains("did you mean WS_SERVER_LISTEN?"), "{shown}");
    assert!(lines.next().unwrap().starts_with("Error: "), "{shown}");
}

#[test]
fn a_variable_that_is_not_unicode_is_refused_and_not_guessed_at() {
    let value = OsStr::from_bytes(b"unix:/tmp/a\xff.sock");
    let shown = refused(command().env("WS_SERVER_LISTEN", value));
    assert!(shown.contains("WS_SERVER_LISTEN") && shown.contains("Unicode"), "{shown}");
}
