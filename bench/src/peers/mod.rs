//! The servers: ours, those of others, and the floor. Each does the same two things, in the way of its own
//! documentation.
//!
//! *Echo* sends each message back; *fan-out* sends each on to every connection, the sender included. All take messages
//! of up to [`MAX_MESSAGE`], send without delay (`TCP_NODELAY`), and run on as many threads as they are told to; with
//! one, those on tokio take its current-thread runtime, which costs them least.

#[cfg(feature = "peers")]
mod actix_ws;
#[cfg(feature = "axum")]
mod axum;
#[cfg(feature = "peers")]
mod fastwebsockets;
pub(crate) mod floor;
pub(crate) mod ours;
mod rustls;
#[cfg(feature = "peers")]
mod tokio_tungstenite;
#[cfg(feature = "peers")]
mod tokio_websockets;
#[cfg(feature = "peers")]
mod yawc;

use std::io::{self, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::ValueEnum;
use tokio::runtime::{Builder, Runtime};

use self::ours::{Connections, Shape};
use crate::args::{ServeArguments, Transport};
use crate::error::{Doing, Error, Result};
use crate::server::{LISTENING, Setup};
use crate::tls::Identity;

/// The largest message that is sent: 1 MiB.
pub(crate) const MAX_MESSAGE: usize = 1 << 20;

/// How many messages a connection of a fan-out may be behind, where a peer's channel has a bound.
#[cfg(feature = "axum")]
const CHANNEL: usize = 1024;

/// What a server does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Role {
    /// Sends each message back.
    Echo,
    /// Sends each message to all connections.
    Fanout,
    /// Answers each named message with its data. Only `ours` knows names.
    Named,
    /// Echoes in rooms that others come to and leave. Only `ours` knows rooms.
    Storm,
    /// Does what the fault programme asks for. Only `ours` can.
    Hold,
}

/// A server to measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Peer {
    /// What the kernel alone costs.
    Floor,
    /// The same, reading 64 KiB at once instead of 512.
    #[value(name = "floor-64k")]
    Floor64k,
    /// The floor with TLS, by tokio-rustls.
    Rustls,
    /// The server of this repository, written with the macro, with its options at their defaults.
    Ours,
    /// The same as one of ten routes. All connections share its path, and so its room, which has no state.
    OursRoutes,
    /// The same with a state for each room, which each handler locks. All connections share one room.
    OursRoom,
    /// The same with a room for each connection.
    OursRooms,
    /// The server of `ours` as a route of an axum router, on the router's sockets.
    OursMounted,
    /// The same on streams that it does not know, through hyper.
    OursMountedOpaque,
    Fastwebsockets,
    Yawc,
    TokioWebsockets,
    TokioTungstenite,
    Axum,
    ActixWs,
    NodeWs,
    PythonWebsockets,
}

impl Peer {
    /// All of them, in the order of the tables.
    pub(crate) fn all(transport: Transport) -> Vec<Self> {
        match transport {
            Transport::Tcp => Self::value_variants()
                .iter()
                .copied()
                .filter(|peer| *peer == Self::Ours || *peer != Self::Rustls && peer.shape().is_none())
                .collect(),
            Transport::Tls => vec![Self::Rustls, Self::Ours],
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Floor => "floor",
            Self::Floor64k => "floor, reading 64 KiB",
            Self::Rustls => "floor of TLS",
            Self::Ours => "ws-runtime",
            Self::OursRoutes => "ws-runtime, one of ten routes",
            Self::OursRoom => "ws-runtime, one room",
            Self::OursRooms => "ws-runtime, a room each",
            Self::OursMounted => "ws-runtime, mounted",
            Self::OursMountedOpaque => "ws-runtime, mounted, through hyper",
            Self::Fastwebsockets => "fastwebsockets",
            Self::Yawc => "yawc",
            Self::TokioWebsockets => "tokio-websockets",
            Self::TokioTungstenite => "tokio-tungstenite",
            Self::Axum => "axum",
            Self::ActixWs => "actix-ws",
            Self::NodeWs => "ws (Node)",
            Self::PythonWebsockets => "websockets (Python)",
        }
    }

    /// Which of our servers it is, if it is ours.
    fn shape(self) -> Option<Shape> {
        match self {
            Self::Ours => Some(Shape::Whole),
            Self::OursRoutes => Some(Shape::Routes),
            Self::OursRoom | Self::OursRooms => Some(Shape::Rooms),
            Self::OursMounted => Some(Shape::Mounted(Connections::Raw)),
            Self::OursMountedOpaque => Some(Shape::Mounted(Connections::Opaque)),
            Self::Floor
            | Self::Floor64k
            | Self::Rustls
            | Self::Fastwebsockets
            | Self::Yawc
            | Self::TokioWebsockets
            | Self::TokioTungstenite
            | Self::Axum
            | Self::ActixWs
            | Self::NodeWs
            | Self::PythonWebsockets => None,
        }
    }

    /// The path by which a client comes.
    pub(crate) fn path(self, role: Role, client: usize) -> String {
        let role = match role {
            Role::Echo => "echo",
            Role::Fanout => "fanout",
            Role::Named => "named",
            Role::Storm => return format!("/room/honest-{client}"),
            Role::Hold => return "/".to_owned(),
        };
        match self {
            Self::OursRoutes | Self::OursRoom => format!("/{role}/0"),
            Self::OursRooms => format!("/{role}/{client}"),
            _ => "/".to_owned(),
        }
    }

    /// What the others are compared with.
    pub(crate) fn floor(transport: Transport) -> Self {
        match transport {
            Transport::Tcp => Self::Floor,
            Transport::Tls => Self::Rustls,
        }
    }

    /// The command that starts it, or the reason why it is left out.
    pub(crate) fn command(self, role: Role, setup: &Setup) -> Result<Command> {
        let left_out = |why: &str| Err(Error::LeftOut(self.name(), why.to_owned()));
        let tls = setup.tls.is_some();
        let is_ours = self.shape().is_some();
        let is_mounted = matches!(self.shape(), Some(Shape::Mounted(_)));
        if (is_mounted || self == Self::Axum) && !cfg!(feature = "axum") {
            return left_out("this was built without the feature `axum`");
        }
        if tls && self != Self::Rustls && (!is_ours || is_mounted) {
            return left_out("it is not measured with TLS");
        }
        if self == Self::Rustls && (!tls || role != Role::Echo) {
            return left_out("it echoes over TLS, and nothing else");
        }
        let role = match role {
            Role::Echo => "echo",
            Role::Fanout if self == Self::OursRooms => {
                return left_out("each connection is alone in its room");
            }
            Role::Fanout => "fanout",
            Role::Named if !is_ours => return left_out("it knows no named messages"),
            Role::Storm if !is_ours => return left_out("it knows no rooms"),
            Role::Hold if !is_ours => return left_out("it knows nothing of the fault programme"),
            Role::Storm | Role::Hold if is_mounted => return left_out("it is measured standing alone"),
            Role::Named => "named",
            Role::Storm => "storm",
            Role::Hold => "hold",
        };
        let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("peers");
        let script = |interpreter: PathBuf, script: &str, package: &str| {
            if !scripts.join(package).exists() {
                return left_out("run bench/peers/install first");
            }
            if setup.threads > 1 {
                return left_out("it knows one thread only");
            }
            let mut command = Command::new(interpreter);
            command.arg(scripts.join(script)).arg(role).arg(MAX_MESSAGE.to_string());
            Ok(command)
        };
        match self {
            Self::NodeWs => script("node".into(), "node.mjs", "node_modules/ws"),
            Self::PythonWebsockets => {
                script(scripts.join("python/bin/python"), "python.py", "python/bin/python")
            }
            _ if !cfg!(feature = "peers")
                && !is_ours
                && !matches!(self, Self::Floor | Self::Floor64k | Self::Rustls | Self::Axum) =>
            {
                left_out("this was built without the feature `peers`")
            }
            _ => {
                let mut command = Command::new(std::env::current_exe().doing("find this program")?);
                let value = self.to_possible_value();
                command.arg("serve").arg(value.as_ref().map_or("", |value| value.get_name()));
                command.args(["--role", role, "--threads", &setup.threads.to_string()]);
                command.args(tls.then_some("--tls"));
                if let Some(listen) = setup.listen {
                    command.arg("--listen").arg(listen.to_string());
                }
                Ok(command)
            }
        }
    }

    /// Serves in this process, which ends with its standard input.
    pub(crate) fn serve(self, asked: &ServeArguments) -> Result<()> {
        let ServeArguments { role, threads, listen, .. } = *asked;
        let identity = match asked.transport.chosen() {
            Transport::Tcp => None,
            Transport::Tls => Some(Identity::given_or_new().doing("make a certificate")?),
        };
        std::thread::spawn(|| {
            let _ = io::copy(&mut io::stdin(), &mut io::sink());
            std::process::exit(0);
        });
        if role == Role::Hold {
            // As a user's server does: it binds, and handles signals, by itself.
            return ours::hold::serve(listen, identity, threads).doing(format!("serve as {}", self.name()));
        }
        let listener = TcpListener::bind(listen).doing(format!("listen on {listen}"))?;
        let address = listener.local_addr().doing("ask for the address")?;
        println!("{LISTENING}{address}");
        io::stdout().flush().doing("print the address")?;
        let served = match self {
            Self::Floor => floor::serve(listener, role, threads, floor::READ_SIZE),
            Self::Floor64k => floor::serve(listener, role, threads, floor::SMALL_READ_SIZE),
            Self::Rustls => match identity {
                Some(identity) => rustls::serve(listener, &identity, threads),
                None => Err(io::Error::other("it needs --tls")),
            },
            Self::Ours
            | Self::OursRoutes
            | Self::OursRoom
            | Self::OursRooms
            | Self::OursMounted
            | Self::OursMountedOpaque => {
                let shape = self.shape().unwrap_or(Shape::Whole);
                ours::serve(listener, (role, shape), identity, threads)
            }
            #[cfg(feature = "peers")]
            Self::Fastwebsockets => fastwebsockets::serve(listener, role, threads),
            #[cfg(feature = "peers")]
            Self::Yawc => yawc::serve(listener, role, threads),
            #[cfg(feature = "peers")]
            Self::TokioWebsockets => tokio_websockets::serve(listener, role, threads),
            #[cfg(feature = "peers")]
            Self::TokioTungstenite => tokio_tungstenite::serve(listener, role, threads),
            #[cfg(feature = "axum")]
            Self::Axum => axum::serve(listener, role, threads),
            #[cfg(feature = "peers")]
            Self::ActixWs => actix_ws::serve(listener, role, threads),
            _ => Err(io::Error::other("it is no part of this program: see bench/peers")),
        };
        served.doing(format!("serve as {}", self.name()))
    }
}

/// The tokio runtime of a server with so many threads.
fn runtime(threads: usize) -> io::Result<Runtime> {
    let mut builder = if threads == 1 { Builder::new_current_thread() } else { Builder::new_multi_thread() };
    builder.worker_threads(threads).enable_all().build()
}

/// The listener as tokio has it.
fn listener(listener: TcpListener) -> io::Result<tokio::net::TcpListener> {
    listener.set_nonblocking(true)?;
    tokio::net::TcpListener::from_std(listener)
}
