//! A server that owns its process, whose certificates are read again at SIGHUP.
#![cfg(unix)]

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use rustix::process::{Pid, Signal, kill_process};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::client::Resumption;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};
use ws_tests::tls::{Authority, Files, Identity, encrypt};

/// How long a line of the log may take. It fails a test that hangs.
const PATIENCE: Duration = Duration::from_secs(20);

/// The program `owner` with TLS, running.
struct Owner {
    process: Child,
    log: Receiver<String>,
    address: String,
}

impl Owner {
    fn start(files: &Files) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_owner"));
        command.env("NO_COLOR", "1").env_remove("RUST_LOG").stdin(Stdio::null());
        command
            .env("WS_SERVER_TLS_CERT", files.path("cert.pem"))
            .env("WS_SERVER_TLS_KEY", files.path("key.pem"));
        let mut process = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let (line, log) = channel();
        thread::spawn(move || lines.map_while(Result::ok).try_for_each(|text| line.send(text)));
        let mut owner = Self { process, log, address: String::new() };
        let first = owner.logs("listening on ");
        let address = first.split("listening on ").nth(1).and_then(|rest| rest.split(": ").next());
        owner.address = address.unwrap().to_owned();
        owner
    }

    /// Waits for a line with these words, and returns it.
    fn logs(&mut self, words: &str) -> String {
        loop {
            let line = self.log.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("no line has {words:?}"));
            if line.contains(words) {
                return line;
            }
        }
    }

    fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.process), signal).unwrap();
    }

    async fn connect(&self, connector: &TlsConnector) -> WebSocketStream<TlsStream<TcpStream>> {
        let stream = encrypt(connector, TcpStream::connect(&self.address).await.unwrap()).await;
        client_async("wss://localhost/", stream).await.unwrap().0
    }

    async fn shows(&self, connector: &TlsConnector, identity: &Identity) -> bool {
        identity.was_shown(self.connect(connector).await.get_ref())
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

#[tokio::test]
async fn certificates_are_read_again_at_sighup_and_connections_kept() {
    let authority = Authority::new("authority");
    let (old, new) = (authority.issue(&["localhost"]), authority.issue(&["localhost"]));
    let files = Files::new(&old);
    let mut config = authority.client(None);
    config.resumption = Resumption::disabled();
    let connector = TlsConnector::from(Arc::new(config));
    let mut owner = Owner::start(&files);
    let mut kept = owner.connect(&connector).await;
    assert!(owner.shows(&connector, &old).await);

    owner.signal(Signal::HUP);
    owner.logs("SIGHUP received");
    owner.logs("tls: nothing has changed");
    files.replace("key.pem", &new.key);
    owner.signal(Signal::HUP);
    owner.logs("does not belong to the certificate");
    assert!(owner.shows(&connector, &old).await);
    files.replace("cert.pem", &new.certificate);
    owner.signal(Signal::HUP);
    owner.logs("tls: new connections get the new certificate in the file");
    assert!(owner.shows(&connector, &new).await);

    kept.send(Message::text("still here")).await.unwrap();
    assert_eq!(kept.next().await.unwrap().unwrap(), Message::text("still here"));
    owner.signal(Signal::TERM);
    owner.logs("stopped");
    assert_eq!(owner.process.wait().unwrap().code(), Some(0));
}
