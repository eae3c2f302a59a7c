//! A server that is replaced by a new process while clients connect: `examples/handover.rs`.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::net::{SocketAddr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use command_fds::{CommandFdExt, FdMapping};
use futures_util::{SinkExt, StreamExt};
use rustix::process::{Pid, Signal, kill_process};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::{WebSocketStream, client_async};

/// What clients that connect all the time have seen.
#[derive(Default)]
struct Seen {
    connected: AtomicU64,
    failed: Mutex<Vec<String>>,
    /// The numbers of the processes that have answered.
    processes: Mutex<BTreeSet<u32>>,
    is_over: AtomicBool,
}

/// Begins the first process, which gets its listener as each later one does.
fn first_process(listener: TcpListener) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_handover"));
    command.env("LISTEN_FDS", "1").env_remove("LISTEN_PID").stdin(Stdio::null());
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command.fd_mappings(vec![FdMapping { parent_fd: listener.into(), child_fd: 3 }]).unwrap();
    command.spawn().unwrap()
}

/// Connects, asks for the number of the process, and leaves, again and again.
async fn keep_connecting(address: SocketAddr, seen: Arc<Seen>) {
    while !seen.is_over.load(Ordering::Relaxed) {
        match timeout(Duration::from_secs(20), visit(address, &seen)).await {
            Ok(Ok(())) => {
                seen.connected.fetch_add(1, Ordering::Relaxed);
            }
            Ok(Err(error)) => seen.failed.lock().unwrap().push(error),
            Err(_) => seen.failed.lock().unwrap().push("nothing within 20 seconds".to_owned()),
        }
    }
}

async fn visit(address: SocketAddr, seen: &Seen) -> Result<(), String> {
    let stream = TcpStream::connect(address).await.map_err(|error| format!("connect: {error}"))?;
    let (mut socket, _) = client_async(format!("ws://{address}/"), stream)
        .await
        .map_err(|error| format!("handshake: {error}"))?;
    // It may be closed for the restart from here on.
    if socket.send("who?".into()).await.is_ok()
        && let Some(Ok(Message::Text(answer))) = socket.next().await
    {
        seen.processes.lock().unwrap().insert(process_of(&answer));
        let _ = socket.close(None).await;
    }
    while socket.next().await.is_some_and(|message| message.is_ok()) {}
    Ok(())
}

/// Connects and stays. Returns the process that serves it.
async fn staying(address: SocketAddr) -> (WebSocketStream<TcpStream>, Pid) {
    let stream = TcpStream::connect(address).await.unwrap();
    let (mut socket, _) = client_async(format!("ws://{address}/"), stream).await.unwrap();
    socket.send("who?".into()).await.unwrap();
    let Some(Ok(Message::Text(answer))) = socket.next().await else { panic!("it answers") };
    let process = Pid::from_raw(i32::try_from(process_of(&answer)).unwrap()).unwrap();
    (socket, process)
}

fn process_of(answer: &str) -> u32 {
    answer.split(':').next().and_then(|number| number.parse().ok()).expect("it tells its number")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_client_is_refused_while_one_process_replaces_another() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut first = first_process(listener);
    let seen = Arc::new(Seen::default());
    let mut clients = JoinSet::new();
    for _ in 0..8 {
        clients.spawn(keep_connecting(address, Arc::clone(&seen)));
    }

    for _ in 0..3 {
        // It stays, until its process is replaced.
        let (mut staying, process) = staying(address).await;
        kill_process(process, Signal::USR2).unwrap();
        let closed = timeout(Duration::from_secs(30), staying.next()).await.expect("it is replaced");
        let Some(Ok(Message::Close(Some(frame)))) = closed else { panic!("{closed:?}") };
        assert_eq!(u16::from(frame.code), 1012);
        let count = seen.connected.load(Ordering::Relaxed);
        while seen.connected.load(Ordering::Relaxed) < count + 50 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
    seen.is_over.store(true, Ordering::Relaxed);
    clients.join_all().await;

    assert_eq!(*seen.failed.lock().unwrap(), Vec::<String>::new());
    let processes = seen.processes.lock().unwrap().clone();
    assert!(processes.len() >= 4, "{processes:?}");
    assert!(first.wait().unwrap().success(), "the first has ended by itself");
    kill_process(staying(address).await.1, Signal::TERM).unwrap();
}
