//! Tells the service manager how the server is, as `sd_notify(3)` does: systemd sets `NOTIFY_SOCKET` for a service of
//! `Type=notify`.
//!
//! The variables stay in the environment: a process with threads cannot remove them safely. A child process that is
//! not to speak for this one must be started without them.

use std::convert::Infallible;
use std::env;
use std::ffi::OsStr;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{self, SocketAddr};
use std::path::Path;
use std::pin::pin;
use std::time::Duration;

use tokio::net::UnixDatagram;
use tokio::time::{MissedTickBehavior, interval, timeout};

use crate::Server;

/// How long the manager may take to have room for a message.
const PATIENCE: Duration = Duration::from_secs(5);

/// Runs `work`, and meanwhile tells the service manager, if there is one: READY now, STOPPING once the server is asked to
/// stop, and WATCHDOG each half of the time within which the manager wants to hear of it.
///
/// It is a task like any other, so nothing is told while all threads of the runtime are blocked.
pub(crate) async fn during<T>(server: &Server, work: impl Future<Output = T>) -> T {
    let Some(manager) = Manager::of_environment(server) else { return work.await };
    tokio::select! {
        biased;
        done = work => done,
        never = manager.tell(server) => match never {},
    }
}

/// A service manager that wants to be told.
struct Manager {
    address: SocketAddr,
    socket: UnixDatagram,
    /// How often it wants to hear that the server is alive, if it does.
    watchdog: Option<Duration>,
}

impl Manager {
    fn of_environment(server: &Server) -> Option<Self> {
        let name = env::var_os("NOTIFY_SOCKET").filter(|name| !name.is_empty())?;
        let connected = address(&name).and_then(|address| Ok((connect(&address)?, address)));
        match connected {
            Ok((socket, address)) => Some(Self { address, socket, watchdog: watchdog() }),
            Err(error) => {
                let server = server.name();
                tracing::warn!(server, %error, "the service manager is not told: NOTIFY_SOCKET cannot be used");
                None
            }
        }
    }

    /// Tells it how the server is. Never returns.
    async fn tell(mut self, server: &Server) -> Infallible {
        self.send(server, "READY=1").await;
        let mut beat = self.watchdog.map(|within| {
            let mut beat = interval(within / 2);
            beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
            beat
        });
        let mut stopping = pin!(server.asked());
        let mut is_stopping = false;
        loop {
            tokio::select! {
                () = &mut stopping, if !is_stopping => {
                    is_stopping = true;
                    self.send(server, "STOPPING=1").await;
                }
                () = next(&mut beat) => self.send(server, "WATCHDOG=1").await,
            }
        }
    }

    /// Sends one message, with the number of connections for `systemctl status`.
    async fn send(&mut self, server: &Server, state: &str) {
        let message = format!("{state}\nSTATUS={}{} connections", stage(server), server.count_ready());
        let mut sent = timeout(PATIENCE, self.socket.send(message.as_bytes())).await;
        if let Ok(Err(_)) = sent
            && let Ok(socket) = connect(&self.address)
        {
            // The manager has made its socket anew.
            self.socket = socket;
            sent = timeout(PATIENCE, self.socket.send(message.as_bytes())).await;
        }
        let error = match sent {
            Ok(Ok(_)) => return,
            Ok(Err(error)) => error,
            Err(_) => io::ErrorKind::TimedOut.into(),
        };
        if server.allows_log("NOTIFY_SOCKET") {
            tracing::warn!(server = server.name(), %error, state, "the service manager was not told");
        }
    }
}

fn stage(server: &Server) -> &'static str {
    if server.is_shutting_down() { "shutting down, " } else { "" }
}

async fn next(beat: &mut Option<tokio::time::Interval>) {
    match beat {
        Some(beat) => {
            beat.tick().await;
        }
        None => std::future::pending().await,
    }
}

/// A socket that sends to the manager. It is kept, so that there is one even if the process runs out of descriptors.
fn connect(address: &SocketAddr) -> io::Result<UnixDatagram> {
    let socket = net::UnixDatagram::unbound()?;
    socket.connect_addr(address)?;
    socket.set_nonblocking(true)?;
    UnixDatagram::from_std(socket)
}

/// The address that `NOTIFY_SOCKET` names: a path, or an abstract name after `@`.
fn address(name: &OsStr) -> io::Result<SocketAddr> {
    match name.as_bytes() {
        [b'/', ..] => SocketAddr::from_pathname(Path::new(name)),
        [b'@', name @ ..] => abstract_address(name),
        _ => Err(io::Error::new(io::ErrorKind::Unsupported, "it is neither a path nor an abstract name")),
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
fn abstract_address(name: &[u8]) -> io::Result<SocketAddr> {
    #[cfg(target_os = "android")]
    use std::os::android::net::SocketAddrExt;
    #[cfg(target_os = "linux")]
    use std::os::linux::net::SocketAddrExt;
    SocketAddr::from_abstract_name(name)
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn abstract_address(_: &[u8]) -> io::Result<SocketAddr> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "this system has no abstract names"))
}

/// Within which time the manager wants to hear of this process, if it does.
fn watchdog() -> Option<Duration> {
    let number = |name: &str| env::var(name).ok().map(|value| value.parse::<u64>());
    if let Some(process) = number("WATCHDOG_PID")
        && process != Ok(u64::from(std::process::id()))
    {
        return None;
    }
    let micros = number("WATCHDOG_USEC")?.ok()?;
    // Half of it is the period of a timer, which counts in milliseconds.
    (micros >= 2000).then(|| Duration::from_micros(micros))
}
