//! Replaces itself by a new process without a gap: the new one gets the listener of the old one, so that no client is
//! refused.
//!
//! ```text
//! cargo build --example handover
//! target/debug/examples/handover &
//! kill -USR2 $!
//! ```
//!
//! The chapter "Restart without a gap" of the book shows how to count what clients notice of it.

use std::{env, io, net, path::Path, process::Command, time::Duration};

use command_fds::{CommandFdExt, FdMapping};
use listenfd::ListenFd;
use tokio::net::UnixDatagram;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::timeout;

// ANCHOR: server
use ws_runtime::prelude::*;

#[ws_server]
mod echo {
    use super::*;

    #[state]
    pub struct Listener(pub net::TcpListener);

    #[on(start)]
    fn start(server: &Server, listener: &Listener) -> io::Result<()> {
        let listener = listener.0.try_clone()?;
        tokio::spawn(replace_at_signal(server.clone(), listener));
        Ok(())
    }

    #[on(utf8)]
    fn text(text: &str) -> String {
        format!("{}: {text}", std::process::id())
    }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = inherited_or_new()?;
    let state = echo::Listener(listener.try_clone()?);
    echo::server().state(state).listen(listener).start()?;
    Ok(())
}

/// The listener of the process before this one. The first process makes one.
fn inherited_or_new() -> io::Result<net::TcpListener> {
    match ListenFd::from_env().take_tcp_listener(0)? {
        Some(listener) => Ok(listener),
        None => net::TcpListener::bind(env::var("ADDRESS").as_deref().unwrap_or("127.0.0.1:8080")),
    }
}
// ANCHOR_END: server

// ANCHOR: replace
/// At SIGUSR2 begins a new process. Once that is ready, this one closes its connections with 1012 (service restart).
async fn replace_at_signal(server: Server, listener: net::TcpListener) -> io::Result<()> {
    tell_the_one_before().await;
    let mut asked = signal(SignalKind::user_defined2())?;
    while asked.recv().await.is_some() {
        match begin_successor(&listener).await {
            Ok(process) => {
                println!("replaced by process {process}");
                // Fails for a wrong code only.
                let _ = server.shutdown_with(1012);
                break;
            }
            Err(error) => eprintln!("not replaced: {error}"),
        }
    }
    Ok(())
}

/// Begins a new process with the same program, arguments and listener, and waits until it is ready.
async fn begin_successor(listener: &net::TcpListener) -> io::Result<u32> {
    let path = env::temp_dir().join(format!("handover-{}", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let ready = UnixDatagram::bind(&path)?;

    let mut successor = tokio::process::Command::from(successor(listener, &path)?).spawn()?;

    let mut word = [0; 8];
    let is_ready = tokio::select! {
        is_ready = timeout(Duration::from_secs(30), ready.recv(&mut word)) => is_ready.is_ok(),
        _ = successor.wait() => false,
    };
    let _ = std::fs::remove_file(&path);
    if !is_ready {
        let _ = successor.kill().await;
        return Err(io::Error::other("the new process did not become ready"));
    }
    Ok(successor.id().unwrap_or_default())
}

/// The same program with the same arguments, and with the listener.
fn successor(listener: &net::TcpListener, ready: &Path) -> io::Result<Command> {
    let mut arguments = env::args_os();
    let mut command = Command::new(arguments.next().unwrap_or_default());
    command.args(arguments).env("LISTEN_FDS", "1").env_remove("LISTEN_PID").env("HANDOVER_READY", ready);
    // The first descriptor that is handed over is 3, as systemd has it.
    let listener = FdMapping { parent_fd: listener.try_clone()?.into(), child_fd: 3 };
    command.fd_mappings(vec![listener]).map_err(io::Error::other)?;
    Ok(command)
}

/// Tells the process before this one that it is no longer needed.
async fn tell_the_one_before() {
    if let Some(path) = env::var_os("HANDOVER_READY")
        && let Ok(socket) = UnixDatagram::unbound()
    {
        let _ = socket.send_to(b"ready", path).await;
    }
}
// ANCHOR_END: replace
