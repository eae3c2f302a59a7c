//! The server within an axum router, which ends TLS, and speaks HTTP/2 where a client asks for it.

use std::fmt::{Debug, Display};
use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::middleware::map_request;
use axum::response::Html;
use axum::routing::get;
use axum::serve::{Listener, ListenerExt};
use tokio::net::{TcpListener, TcpStream, UnixListener};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::PrivatePkcs8KeyDer;
use tokio_rustls::server::TlsStream;
use ws_runtime::{Address, Mounted};

use super::{RequestLine, parity};

type Result<T = (), E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

#[tokio::main]
pub(crate) async fn start(arguments: &[&str]) -> Result {
    tracing_subscriber::fmt().with_writer(io::stderr).with_ansi(false).init();
    match arguments {
        ["tcp"] => {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            let address = listener.local_addr()?;
            serve(listener, address).await
        }
        ["tls", folder] => {
            let listener = TlsListener::bind(Path::new(folder)).await?;
            let address = listener.address;
            serve(listener, address).await
        }
        ["unix", path] => serve(UnixListener::bind(path)?, format!("unix:{path}")).await,
        _ => Err(super::USAGE.into()),
    }
}

/// Serves the router until the server is asked to shut down, or SIGTERM.
async fn serve<L: Listener<Addr: ToAddress>>(listener: L, address: impl Display) -> Result {
    let server = parity::server().mount().await?;
    let server = server.peer_from(|ConnectInfo(peer): &ConnectInfo<L::Addr>| peer.to_address());
    let mut terminate = signal(SignalKind::terminate())?;
    let stopping = server.stopping(async move {
        terminate.recv().await;
    });
    let service = router(&server).into_make_service_with_connect_info::<L::Addr>();
    eprintln!("listening on {address}");
    // axum takes the addresses of any listener for `ConnectInfo` if it is within a `TapIo`.
    axum::serve(listener.tap_io(|_| {}), service).with_graceful_shutdown(stopping).await?;
    server.stopped().await;
    Ok(())
}

/// The server under a layer that notes how it is asked, beside a page for browsers.
fn router(server: &Mounted) -> Router {
    Router::new()
        .route("/page", get(|| async { Html("<!doctype html><title>a page</title>") }))
        .fallback_service(server.service())
        .layer(map_request(|mut request: Request| async {
            let line = RequestLine(format!("{} {:?}", request.method(), request.version()));
            request.extensions_mut().insert(line);
            request
        }))
}

/// An address of tokio, in the words of the server.
trait ToAddress: Clone + Debug + Send + Sync + 'static {
    fn to_address(&self) -> Address;
}

impl ToAddress for SocketAddr {
    fn to_address(&self) -> Address {
        (*self).into()
    }
}

impl ToAddress for tokio::net::unix::SocketAddr {
    fn to_address(&self) -> Address {
        Address::Unix(self.as_pathname().map(Path::to_owned))
    }
}

/// Ends TLS, and lets each client choose between HTTP/2 and HTTP/1.1. Browsers open connections that they do not use
/// at once: none waits for the TLS handshake of another.
struct TlsListener {
    address: SocketAddr,
    accepted: mpsc::Receiver<(TlsStream<TcpStream>, SocketAddr)>,
}

impl TlsListener {
    /// Makes a certificate, and writes it to the folder.
    async fn bind(folder: &Path) -> Result<Self> {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
        std::fs::write(folder.join("certificate.pem"), made.cert.pem())?;
        let key = PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.into()], key.into())?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (sender, accepted) = mpsc::channel(16);
        tokio::spawn(async move {
            while let Ok((stream, peer)) = listener.accept().await {
                // Over HTTP/2 the server cannot do so.
                let _ = stream.set_nodelay(true);
                let (acceptor, sender) = (acceptor.clone(), sender.clone());
                tokio::spawn(async move {
                    if let Ok(stream) = acceptor.accept(stream).await {
                        let _ = sender.send((stream, peer)).await;
                    }
                });
            }
        });
        Ok(Self { address, accepted })
    }
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, SocketAddr) {
        match self.accepted.recv().await {
            Some(accepted) => accepted,
            None => std::future::pending().await,
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.address)
    }
}
