use std::net::{Ipv4Addr, SocketAddr};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

async fn bind(listen: impl Into<Listen>) -> Result<Vec<Listener>, ListenError> {
    listen.into().bind(4096).await.map_err(|mut errors| {
        let first = errors.remove(0);
        assert!(errors.is_empty(), "{errors:?}");
        first
    })
}

async fn bind_one(listen: impl Into<Listen>) -> Listener {
    bind(listen).await.unwrap().pop().unwrap()
}

fn port(listener: &Listener) -> u16 {
    listener.address().port().unwrap()
}

#[test]
fn a_plain_number_is_a_port() {
    fn listen(place: impl Into<Listen>) -> String {
        place.into().to_string()
    }
    assert_eq!(listen(8080), "8080");
    assert_eq!(listen([8080, 8081]), "8080, 8081");
    assert_eq!(listen((Ipv4Addr::LOCALHOST.into(), 80)), "127.0.0.1:80");
    assert_eq!(listen(vec!["localhost:80", "unix:/run/chat.sock"]), "localhost:80, unix:/run/chat.sock");
    assert_eq!(listen([Listen::from(80), Listen::from("systemd")]), "80, systemd");
}

#[tokio::test]
async fn all_places_that_fail_are_reported_at_once() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = |listener: &std::net::TcpListener| listener.local_addr().unwrap().to_string();
    let free = {
        let address = address(&free);
        drop(free);
        address
    };
    let places =
        vec![Listen::from("nowhere"), address(&taken).into(), free.as_str().into(), Vec::<u16>::new().into()];
    let errors = Listen::from(places).bind(4096).await.unwrap_err();
    let found: Vec<_> = errors.iter().map(std::mem::discriminant).collect();
    let expected = [
        ListenError::Nowhere,
        ListenError::malformed("", ""),
        ListenError::InUse { address: taken.local_addr().unwrap(), source: std::io::Error::other("") },
    ];
    assert_eq!(found, expected.iter().map(std::mem::discriminant).collect::<Vec<_>>(), "{errors:?}");
    std::net::TcpListener::bind(free).expect("the one that could be bound is free again");
}

#[tokio::test]
async fn an_invalid_address_is_reported_by_check_and_by_bind() {
    let wrong = || Listen::from(["localhost:80", "localhost:70000"]);
    let message = wrong().check().unwrap_err().to_string();
    assert!(message.contains("localhost:70000") && message.contains("at most 65535"), "{message}");
    assert_eq!(bind(wrong()).await.unwrap_err().to_string(), message);
}

#[tokio::test]
async fn an_empty_list_is_nowhere_to_listen() {
    let nowhere: [u16; 0] = [];
    assert!(matches!(bind(nowhere).await, Err(ListenError::Nowhere)));
}

#[tokio::test]
async fn a_port_accepts_ipv4_and_the_peer_has_an_ipv4_address() {
    let listener = bind_one(0).await;
    let client = TcpStream::connect((Ipv4Addr::LOCALHOST, port(&listener))).await.unwrap();
    let (stream, peer) = listener.accept().await.unwrap();
    assert_eq!(peer, Address::Tcp(client.local_addr().unwrap()));
    assert!(stream.raw_fd().is_some());
    stream.set_nodelay(true).unwrap();
}

/// With it, Linux resets a peer whose window is smaller than what waits for it, although it reads: 30 seconds after
/// it was first full.
#[cfg(any(target_os = "linux", target_os = "android"))]
#[tokio::test]
async fn the_kernel_gives_up_no_peer_that_reads_slowly() {
    let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let socket = listener.try_clone().unwrap();
    bind_one(listener).await.tune(true);
    let socket = socket2::SockRef::from(&socket);
    assert_eq!(socket.tcp_user_timeout().unwrap(), None);
    assert!(socket.tcp_nodelay().unwrap());
}

#[tokio::test]
async fn a_name_gives_the_same_free_port_on_each_of_its_addresses() {
    let listeners = bind("localhost:0").await.unwrap();
    let first = port(&listeners[0]);
    assert_ne!(first, 0);
    assert!(listeners.iter().all(|listener| port(listener) == first));
    TcpStream::connect(("localhost", first)).await.unwrap();
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let first = bind_one("127.0.0.1:0").await;
    let error = bind(first.address().to_string().as_str()).await.unwrap_err();
    assert!(matches!(error, ListenError::InUse { .. }), "{error:?}");
    assert!(error.to_string().contains(&first.address().to_string()), "{error}");
}

#[tokio::test]
async fn when_one_place_fails_the_others_are_free_again() {
    let taken = bind_one("127.0.0.1:0").await;
    let free = port(&bind_one("127.0.0.1:0").await);
    let local = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    assert!(bind([local(free), local(port(&taken))]).await.is_err());
    bind(local(free)).await.unwrap();
}

#[tokio::test]
async fn an_address_of_another_machine_is_not_available() {
    let error = bind("192.0.2.1:0").await.unwrap_err();
    assert!(matches!(error, ListenError::NotAvailable { .. }), "{error:?}");
}

#[tokio::test]
async fn a_name_that_does_not_resolve_is_named() {
    let error = bind("no-such-host.invalid:80").await.unwrap_err();
    assert!(matches!(error, ListenError::Unresolved { .. }), "{error:?}");
    assert!(error.to_string().contains("no-such-host.invalid"), "{error}");
}

#[tokio::test]
async fn prepared_tcp_listeners_are_adopted() {
    let blocking = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let tokio = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    for listener in bind([Listen::from(blocking), Listen::from(tokio)]).await.unwrap() {
        let _client = TcpStream::connect((Ipv4Addr::LOCALHOST, port(&listener))).await.unwrap();
        listener.accept().await.unwrap();
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_prepared_socket_that_does_not_listen_is_refused() {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    socket.bind(&std::net::SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let error = bind(std::net::TcpListener::from(socket)).await.unwrap_err();
    assert!(matches!(error, ListenError::Prepared { .. }) && error.to_string().contains("listen"), "{error}");
}

#[test]
fn a_tokio_listener_of_another_runtime_is_adopted() {
    let runtime = || tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let first = runtime();
    let prepared = first.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    drop(first);
    runtime().block_on(async {
        let listener = bind_one(prepared).await;
        let _client = TcpStream::connect((Ipv4Addr::LOCALHOST, port(&listener))).await.unwrap();
        listener.accept().await.unwrap();
    });
}

#[cfg(unix)]
mod at_a_path {
    use std::fs;
    use std::os::unix::net::UnixListener as StdUnixListener;
    use std::path::{Path, PathBuf};
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::net::UnixStream;

    use super::*;

    /// A directory for this test only.
    struct Directory(PathBuf);

    impl Directory {
        fn new() -> Self {
            static COUNT: AtomicU32 = AtomicU32::new(0);
            let name = format!("ws-listen-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
            let path = std::env::temp_dir().join(name);
            fs::create_dir(&path).unwrap();
            Self(path)
        }

        fn socket(&self) -> PathBuf {
            self.0.join("chat.sock")
        }
    }

    impl Drop for Directory {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    async fn bind_path(path: &Path) -> Result<Vec<Listener>, ListenError> {
        bind(format!("unix:{}", path.display())).await
    }

    #[tokio::test]
    async fn a_unix_socket_is_served_and_removed_at_the_end() {
        let directory = Directory::new();
        let path = directory.socket();
        let listeners = bind_path(&path).await.unwrap();
        assert_eq!(listeners[0].address().path(), Some(path.as_path()));
        let mut client = UnixStream::connect(&path).await.unwrap();
        let (mut stream, peer) = listeners[0].accept().await.unwrap();
        assert_eq!((peer.ip(), peer.port(), peer.path()), (None, None, None));
        stream.write_all(b"hi").await.unwrap();
        drop(stream);
        let mut received = String::new();
        client.read_to_string(&mut received).await.unwrap();
        assert_eq!(received, "hi");

        drop(listeners);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn a_stale_socket_is_replaced() {
        let directory = Directory::new();
        drop(StdUnixListener::bind(directory.socket()).unwrap());
        assert!(directory.socket().exists());
        bind_path(&directory.socket()).await.unwrap();
    }

    #[tokio::test]
    async fn a_live_socket_is_left_alone() {
        let directory = Directory::new();
        let _alive = bind_path(&directory.socket()).await.unwrap();
        let error = bind_path(&directory.socket()).await.unwrap_err();
        assert!(matches!(error, ListenError::PathInUse { .. }), "{error:?}");
        UnixStream::connect(directory.socket()).await.unwrap();
    }

    #[tokio::test]
    async fn a_file_that_is_not_a_socket_is_left_alone() {
        let directory = Directory::new();
        fs::write(directory.socket(), "precious").unwrap();
        let error = bind_path(&directory.socket()).await.unwrap_err();
        assert!(matches!(error, ListenError::NotSocket { .. }), "{error:?}");
        assert_eq!(fs::read_to_string(directory.socket()).unwrap(), "precious");
    }

    #[tokio::test]
    async fn a_path_that_cannot_hold_a_socket_is_explained() {
        let directory = Directory::new();
        let error = bind_path(&directory.0.join("missing/chat.sock")).await.unwrap_err();
        assert!(matches!(error, ListenError::NoDirectory { .. }), "{error:?}");
        let error = bind_path(&directory.0.join("x".repeat(120))).await.unwrap_err();
        assert!(matches!(error, ListenError::PathTooLong { .. }), "{error:?}");
    }

    #[tokio::test]
    async fn a_file_that_took_the_sockets_place_is_not_removed() {
        let directory = Directory::new();
        let listeners = bind_path(&directory.socket()).await.unwrap();
        // Kept under another name, so that the new file does not get its inode.
        fs::rename(directory.socket(), directory.0.join("moved.sock")).unwrap();
        fs::write(directory.socket(), "newcomer").unwrap();
        drop(listeners);
        assert_eq!(fs::read_to_string(directory.socket()).unwrap(), "newcomer");
    }

    #[tokio::test]
    async fn prepared_unix_listeners_are_taken_over_and_their_files_kept() {
        let directory = Directory::new();
        let (first, second) = (directory.socket(), directory.0.join("other.sock"));
        let blocking = StdUnixListener::bind(&first).unwrap();
        let tokio = tokio::net::UnixListener::bind(&second).unwrap();
        let listeners = bind([Listen::from(blocking), Listen::from(tokio)]).await.unwrap();
        for listener in &listeners {
            let _client = UnixStream::connect(listener.address().path().unwrap()).await.unwrap();
            listener.accept().await.unwrap();
        }
        drop(listeners);
        assert!(first.exists() && second.exists());
    }
}
