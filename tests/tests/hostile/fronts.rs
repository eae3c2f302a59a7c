//! What stands between a peer and the server. Behind the 101 it makes no difference.

use std::fmt::Debug;
use std::net::SocketAddr;

use axum::Router;
use axum::serve::Listener;
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, duplex};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use ws_runtime::event::Service;
use ws_runtime::test::TestServer;
use ws_runtime::{Builder, Mounted, Running, Server};
use ws_tests::address;
use ws_tests::raw::{Cut, Reached, ask};

/// A way to the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Front {
    /// It stands alone, in memory.
    Memory,
    /// It is mounted in a router of axum, over a stream that it does not know: it reads and writes through hyper.
    MountedOpaque,
    /// It stands alone, over TCP.
    Tcp,
    /// It is mounted in a router of axum, over TCP: it takes the socket out of hyper.
    Mounted,
    /// It is the host of a router, over TCP.
    Host,
    /// The same, and the router has answered a request on the connection before.
    HostLater,
    /// It is the host of a router, in memory.
    HostInMemory,
    /// The same, and the router has answered a request on the connection before.
    HostInMemoryLater,
}

/// The server behind a front.
pub(crate) struct Site {
    front: Front,
    life: Life,
    /// The connections that the router accepts, if these are pipes in memory.
    pipes: mpsc::UnboundedSender<DuplexStream>,
}

enum Life {
    Test(TestServer),
    Running(Running),
    Mounted(Mounted, Option<SocketAddr>),
}

impl Front {
    /// In memory, where the clock may stand.
    pub(crate) const IN_MEMORY: [Self; 2] = [Self::Memory, Self::MountedOpaque];
    /// Over TCP. The kernel has a clock of its own.
    pub(crate) const OVER_TCP: [Self; 3] = [Self::Tcp, Self::Mounted, Self::HostLater];

    /// Starts a server, and the router if there is one. It is mounted at this path, or at all paths if that is empty.
    pub(crate) async fn start<S>(self, server: Builder<S>, path: &str, router: Router) -> Site
    where
        S: Service<Given = ()>,
    {
        let (pipes, accepted) = mpsc::unbounded_channel();
        let life = match self {
            Self::Memory => Life::Test(server.test().await.unwrap()),
            Self::HostInMemory | Self::HostInMemoryLater => {
                Life::Test(server.http(router).test().await.unwrap())
            }
            Self::Tcp => Life::Running(server.bind().await.unwrap()),
            Self::Host | Self::HostLater => Life::Running(server.http(router).bind().await.unwrap()),
            Self::Mounted => {
                let mounted = server.mount().await.unwrap();
                let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
                let address = listener.local_addr().unwrap();
                serve(listener, &mounted, path, router);
                Life::Mounted(mounted, Some(address))
            }
            Self::MountedOpaque => {
                let mounted = server.mount().await.unwrap();
                serve(Pipes(accepted), &mounted, path, router);
                Life::Mounted(mounted, None)
            }
        };
        Site { front: self, life, pipes }
    }

    /// Whether the router has answered a request on the connection before.
    fn is_later(self) -> bool {
        matches!(self, Self::HostLater | Self::HostInMemoryLater)
    }
}

/// Serves a router with the server in it, until that shuts down.
pub(crate) fn serve<L: Listener<Addr: Debug>>(listener: L, mounted: &Mounted, path: &str, router: Router) {
    let service = mounted.service();
    let router =
        if path.is_empty() { router.fallback_service(service) } else { router.route_service(path, service) };
    let serving =
        axum::serve(listener, router).with_graceful_shutdown(mounted.stopping(std::future::pending()));
    tokio::spawn(async move { serving.await.unwrap() });
}

/// A listener of pipes in memory.
pub(crate) struct Pipes(pub(crate) mpsc::UnboundedReceiver<DuplexStream>);

impl Listener for Pipes {
    type Io = DuplexStream;
    type Addr = ();

    async fn accept(&mut self) -> (DuplexStream, ()) {
        match self.0.recv().await {
            Some(pipe) => (pipe, ()),
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Site {
    /// Stops the server. No connection is left.
    pub(crate) async fn stop(self) {
        let Self { front, life, .. } = self;
        let server: Server = match life {
            Life::Test(test) => {
                let server = test.server().clone();
                test.stop().await;
                server
            }
            Life::Running(running) => {
                let server = running.server().clone();
                running.shutdown();
                running.stopped().await;
                server
            }
            Life::Mounted(mounted, _) => {
                let server = mounted.server().clone();
                mounted.shutdown();
                mounted.stopped().await;
                server
            }
        };
        assert_eq!(server.connections(), [], "{front:?}");
    }
}

/// A client's end of a connection.
pub(crate) trait End: AsyncRead + AsyncWrite + Unpin {}

impl<S: AsyncRead + AsyncWrite + Unpin> End for S {}

impl Reached for Site {
    type Stream = Box<dyn End>;

    async fn reach(&self) -> Self::Stream {
        let mut stream: Self::Stream = match &self.life {
            Life::Test(test) => Box::new(test.open()),
            Life::Mounted(_, None) => {
                let (theirs, ours) = duplex(64 * 1024);
                self.pipes.send(theirs).unwrap();
                Box::new(ours)
            }
            Life::Running(running) => Box::new(connect(&address(running)).await),
            Life::Mounted(_, Some(address)) => Box::new(connect(&address.to_string()).await),
        };
        if self.front.is_later() {
            let head = ask(&mut stream, PAGE, Cut::Whole).await;
            assert!(head.starts_with("HTTP/1.1 404 "), "it is the router's: {head}");
        }
        stream
    }
}

/// A request for a page that no router here has. Its answer has no body.
pub(crate) const PAGE: &[u8] = b"GET /none HTTP/1.1\r\nHost: localhost\r\n\r\n";

async fn connect(address: &str) -> TcpStream {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.set_nodelay(true).unwrap();
    stream
}
