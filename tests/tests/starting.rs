//! Starting: where a server listens, what it says when it cannot, and what the environment changes.

use std::error::Error as _;
use std::future::Future;
use std::pin::pin;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use ws_runtime::prelude::*;
use ws_runtime::{Error, Tls};
use ws_tests::Client;

#[ws_server(listen = "127.0.0.1:0", silence_max = 5)]
mod plain {
    use super::*;

    #[on(utf8)]
    fn echo(text: &str) -> &str {
        text
    }
}

/// What a terminal shows when `main` returns the error.
fn shown(error: &Error) -> String {
    format!("{error:?}")
}

#[tokio::test]
async fn a_port_in_use_is_named() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap();
    let error = plain::server().listen(address).bind().await.unwrap_err();
    assert!(matches!(error, Error::Listen(_)));
    let text = shown(&error);
    assert!(text.contains(&address.to_string()) && text.contains("in use"), "{text}");
    assert!(!text.contains("Os {"), "no debug dump: {text}");
}

#[tokio::test]
async fn an_address_that_does_not_parse_is_named_with_what_is_allowed() {
    for wrong in ["", "localhost", "1.2.3.4:99999", "unix:", "http://localhost:80"] {
        let error = plain::server().listen(wrong).bind().await.unwrap_err();
        let text = shown(&error);
        assert!(text.contains("unix:/path") || text.contains("systemd"), "{wrong}: {text}");
    }
}

#[tokio::test]
async fn wrong_options_are_told_all_at_once() {
    let error =
        plain::server().silence_max(-1).max_recv_size(0).listen(["here", "there"]).bind().await.unwrap_err();
    let text = shown(&error);
    for option in ["silence_max", "max_recv_size", "\"here\"", "\"there\""] {
        assert!(text.contains(option), "{text}");
    }
}

#[tokio::test]
async fn a_certificate_that_is_missing_or_does_not_fit_is_told() {
    let files = Tls::files("/nowhere/certificate.pem", "/nowhere/key.pem");
    let text = shown(&plain::server().tls(files).bind().await.unwrap_err());
    assert!(text.contains("/nowhere/certificate.pem"), "{text}");

    let one = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let two = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let mixed = Tls::pem(one.cert.pem(), two.signing_key.serialize_pem());
    let text = shown(&plain::server().tls(mixed).bind().await.unwrap_err());
    assert!(text.contains("key"), "{text}");
}

#[tokio::test]
async fn start_within_a_runtime_names_serve() {
    let error = plain::server().start().unwrap_err();
    assert!(matches!(error, Error::InsideRuntime));
    assert!(error.to_string().contains(".serve().await"));
    assert!(error.source().is_none());
}

#[tokio::test]
async fn prepared_listeners_are_taken_as_they_are() {
    let std_listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let running = plain::server().listen(std_listener).bind().await.unwrap();
    let mut client = Client::connect(&running).await;
    client.send("hello").await;
    assert_eq!(client.text().await, "hello");

    let tokio_listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let running = plain::server().listen(tokio_listener).bind().await.unwrap();
    Client::connect(&running).await;
}

#[tokio::test]
async fn the_port_is_free_again_after_shutdown() {
    let running = plain::server().bind().await.unwrap();
    let address = ws_tests::address(&running);
    let client = Client::connect(&running).await;
    running.shutdown();
    let (frame, _) = tokio::join!(client.closed(), running.stopped());
    assert_eq!(u16::from(frame.code), 1001);
    plain::server().listen(address).bind().await.unwrap();
}

#[ws_server(listen = spawned("127.0.0.1:0"), threads = spawned(1))]
mod spawning {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    static RAN: AtomicUsize = AtomicUsize::new(0);

    /// A value that starts a task, as a client of a database does; and waits for another runtime, as a blocking one
    /// does.
    fn spawned<T>(value: T) -> T {
        tokio::spawn(async { RAN.fetch_add(1, Ordering::Relaxed) });
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(std::future::ready(()));
        value
    }

    #[state]
    struct Client(usize);

    impl Default for Client {
        fn default() -> Self {
            Self(spawned(3))
        }
    }

    #[tick(period = 0.001)]
    fn stop(client: &Client, server: &Server) {
        if RAN.load(Ordering::Relaxed) == client.0 {
            server.shutdown();
        }
    }
}

#[test]
fn what_is_evaluated_at_the_start_may_spawn_tasks_and_wait_for_others() {
    let (ended, has_ended) = mpsc::channel();
    std::thread::spawn(move || ended.send(spawning::server().start()));
    has_ended.recv_timeout(Duration::from_secs(20)).expect("all three tasks run").unwrap();
}

#[ws_server(listen = "127.0.0.1:0")]
mod panicking {
    use super::*;

    #[state]
    struct Broken;

    impl Default for Broken {
        fn default() -> Self {
            panic!("no state today")
        }
    }

    #[on(utf8)]
    fn echo(broken: &Broken) {
        let Broken = broken;
    }
}

#[test]
fn a_panic_of_the_states_default_is_a_panic_of_start() {
    let panic = std::thread::spawn(|| panicking::server().start()).join().unwrap_err();
    assert_eq!(panic.downcast_ref::<&str>(), Some(&"no state today"));
}

#[ws_server(listen = "127.0.0.1:0")]
mod wrong {
    use super::*;

    // Numbers that stand in the attribute are refused by the compiler.
    const NEVER: u32 = 0;
    const HARDLY_EVER: f64 = 1e9;

    #[tick(period = NEVER)]
    fn never() {}

    #[tick(period = HARDLY_EVER)]
    fn hardly_ever() {}
}

#[tokio::test]
async fn all_that_is_wrong_is_told_at_once() {
    let taken =
        [TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap()];
    let [one, two] = taken.each_ref().map(|listener| listener.local_addr().unwrap());
    let files = Tls::files("/nowhere/certificate.pem", "/nowhere/key.pem");
    let error = wrong::server().listen([one, two]).tls(files).bind().await.unwrap_err();
    let text = shown(&error);
    assert!(text.starts_with("5 things keep the server from starting:\n  "), "{text}");
    for part in ["`never`", "`hardly_ever`", "/nowhere/certificate.pem", &one.to_string(), &two.to_string()] {
        let lines = text.lines().filter(|line| line.starts_with("  ") && !line.starts_with("   "));
        assert_eq!(lines.filter(|line| line.contains(part)).count(), 1, "{part}: {text}");
    }
    assert!(text.contains("\n    caused by: Address already in use"), "{text}");
}

#[cfg(unix)]
mod blind {
    use super::*;

    #[ws_server(listen = "127.0.0.1:0")]
    pub mod server {
        use std::sync::Arc;

        use super::*;

        #[watch(readable = ONCE.clone())]
        fn two() {}

        #[watch(readable = ONCE.clone())]
        fn three() {}

        #[watch(readable = ONCE.clone())]
        fn four() {}

        static ONCE: std::sync::LazyLock<Arc<std::fs::File>> = std::sync::LazyLock::new(|| Arc::new(open()));

        fn open() -> std::fs::File {
            std::fs::File::open("/dev/null").unwrap()
        }
    }

    #[tokio::test]
    async fn all_watches_that_cannot_begin_are_told_at_once() {
        let error = server::server().bind().await.unwrap_err();
        let text = shown(&error);
        assert!(text.contains("`three`") && text.contains("`four`") && !text.contains("`two`"), "{text}");
    }
}

#[test]
fn without_a_runtime_the_error_says_where_to_get_one() {
    let mut serving = pin!(plain::server().serve());
    let polled = serving.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    let Poll::Ready(Err(error)) = polled else { panic!("{polled:?}") };
    assert!(matches!(error, Error::OutsideRuntime));
    assert!(error.to_string().contains("#[tokio::main]") && error.to_string().contains("start()"));
}

#[ws_server(listen = "127.0.0.1:0")]
mod order {
    use super::*;

    #[state]
    pub struct Diary(pub tokio::sync::mpsc::UnboundedSender<u16>);

    #[on(connect)]
    fn note(conn: &Conn, diary: &Diary) {
        let _ = diary.0.send(conn.port().unwrap_or_default());
    }
}

/// One with a full queue would starve the other.
#[tokio::test]
async fn listeners_take_turns() {
    const EACH: usize = 20;
    let listeners =
        [TcpListener::bind("127.0.0.1:0").await.unwrap(), TcpListener::bind("127.0.0.1:0").await.unwrap()];
    let mut peers = Vec::new();
    let mut of_first = Vec::new();
    for (number, listener) in listeners.iter().enumerate() {
        for _ in 0..EACH {
            let peer = TcpStream::connect(listener.local_addr().unwrap()).await.unwrap();
            if number == 0 {
                of_first.push(peer.local_addr().unwrap().port());
            }
            peers.push(peer);
        }
    }
    let (diary, mut ports) = tokio::sync::mpsc::unbounded_channel();
    let listeners = Vec::from(listeners);
    let _running = order::server().state(order::Diary(diary)).listen(listeners).bind().await.unwrap();
    let mut from_first = 0;
    for accepted in 1..=2 * EACH {
        from_first += usize::from(of_first.contains(&ports.recv().await.unwrap()));
        assert!(from_first.abs_diff(accepted / 2) <= 2, "{from_first} of {accepted}");
    }
}
