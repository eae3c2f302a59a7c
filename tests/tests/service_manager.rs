//! What a service manager such as systemd is told, by a server that owns its process.
#![cfg(target_os = "linux")]

use std::io::{BufRead, BufReader, ErrorKind};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixDatagram};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use futures_util::SinkExt;
use rustix::process::{Pid, Signal, kill_process};
use tokio_tungstenite::tungstenite::Message;

/// How long a message may take. It fails a test that hangs; it measures nothing.
const PATIENCE: Duration = Duration::from_secs(20);

/// Within which time the manager wants to hear of the server.
const WATCHDOG: Duration = Duration::from_millis(200);

/// The program `owner`, as a manager starts it.
struct Service {
    process: Child,
    manager: UnixDatagram,
}

impl Service {
    fn start(manager: UnixDatagram, notify_socket: &str, set_up: impl FnOnce(&mut Command)) -> Self {
        manager.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_owner"));
        command.env("NOTIFY_SOCKET", notify_socket).env("NO_COLOR", "1").env("WS_SERVER_THREADS", "1");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        set_up(&mut command);
        Self { process: command.spawn().unwrap(), manager }
    }

    /// The next message, line by line.
    fn told(&self) -> Vec<String> {
        let mut message = [0; 4096];
        let length = self.manager.recv(&mut message).expect("it is told something");
        String::from_utf8(message[..length].to_vec()).unwrap().lines().map(str::to_owned).collect()
    }

    fn address(&mut self) -> String {
        let mut log = BufReader::new(self.process.stderr.take().unwrap()).lines();
        let line = log.next().unwrap().unwrap();
        line.split("listening on ").nth(1).unwrap().split(": ").next().unwrap().to_owned()
    }

    fn terminate(&self) {
        kill_process(Pid::from_child(&self.process), Signal::TERM).unwrap();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A manager whose socket has a path.
fn manager() -> (UnixDatagram, tempfile::TempDir, String) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("notify");
    (UnixDatagram::bind(&path).unwrap(), directory, path.display().to_string())
}

#[test]
fn it_is_told_when_the_server_is_ready_and_when_it_stops() {
    let (manager, _directory, path) = manager();
    let mut service = Service::start(manager, &path, |_| {});
    assert_eq!(service.told(), ["READY=1", "STATUS=0 connections"]);
    service.terminate();
    assert_eq!(service.told(), ["STOPPING=1", "STATUS=shutting down, 0 connections"]);
    assert!(service.process.wait().unwrap().success());
    service.manager.set_nonblocking(true).unwrap();
    assert_eq!(service.manager.recv(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock, "nothing more");
}

#[test]
fn its_socket_may_have_an_abstract_name_and_what_is_for_another_process_is_left_alone() {
    let name = format!("ws-tests-{}", std::process::id());
    let manager = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
    let service = Service::start(manager, &format!("@{name}"), |command| {
        command.env("WATCHDOG_USEC", WATCHDOG.as_micros().to_string()).env("WATCHDOG_PID", "1");
    });
    assert_eq!(service.told()[0], "READY=1");
    std::thread::sleep(WATCHDOG * 2);
    service.terminate();
    assert_eq!(service.told()[0], "STOPPING=1", "it was told of no life in between");
}

#[tokio::test]
async fn it_is_told_of_life_until_handlers_block_all_threads() {
    let (manager, _directory, path) = manager();
    let mut service = Service::start(manager, &path, |command| {
        command.env("WATCHDOG_USEC", WATCHDOG.as_micros().to_string());
    });
    assert_eq!(service.told()[0], "READY=1");
    assert_eq!(service.told()[0], "WATCHDOG=1");
    let address = service.address();
    let stream = tokio::net::TcpStream::connect(&address).await.unwrap();
    let (mut client, _) = tokio_tungstenite::client_async(format!("ws://{address}/"), stream).await.unwrap();
    while service.told() != ["WATCHDOG=1", "STATUS=1 connections"] {}
    client.send(Message::text("block")).await.unwrap();
    let mut said = BufReader::new(service.process.stdout.take().unwrap()).lines();
    assert_eq!(said.next().unwrap().unwrap(), "blocked");
    // What was sent before that.
    service.manager.set_nonblocking(true).unwrap();
    while service.manager.recv(&mut [0]).is_ok() {}
    service.manager.set_nonblocking(false).unwrap();
    service.manager.set_read_timeout(Some(WATCHDOG * 3)).unwrap();
    assert_eq!(
        service.manager.recv(&mut [0]).unwrap_err().kind(),
        ErrorKind::WouldBlock,
        "it is told nothing"
    );
}

#[test]
fn a_socket_that_cannot_be_used_is_logged_and_the_server_runs() {
    let mut service = Service::start(UnixDatagram::unbound().unwrap(), "vsock:2:1234", |_| {});
    let mut log = BufReader::new(service.process.stderr.take().unwrap()).lines().map_while(Result::ok);
    let line = log.find(|line| line.contains("NOTIFY_SOCKET")).expect("it is logged");
    assert!(line.contains("WARN") && line.contains("not told"), "{line}");
    service.terminate();
    assert!(log.any(|line| line.contains("stopped")));
}
