//! Each deadline at its default, to the millisecond: the clock stands still but for the next timer, so what happens
//! at a moment did not happen before.

use std::ops::RangeInclusive;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};
use ws_runtime::prelude::*;
use ws_runtime::test::TestServer;
use ws_tests::frame::frame;
use ws_tests::raw::{HANDSHAKE, knock, shake_hands};
use ws_tests::tls::identity;

#[ws_server(listen = "127.0.0.1:0", silence_max = 0, max_send_size = 67_108_864)]
mod patient {
    use super::*;

    #[state]
    pub struct Told(pub mpsc::UnboundedSender<(&'static str, Instant)>);

    #[on(utf8)]
    async fn wait_for_ever(told: &Told, _text: &str) {
        let _ = told.0.send(("utf8", Instant::now()));
        std::future::pending().await
    }

    #[on(disconnect)]
    fn disconnect(told: &Told) {
        let _ = told.0.send(("disconnect", Instant::now()));
    }
}

type Told = mpsc::UnboundedReceiver<(&'static str, Instant)>;

fn channel() -> (patient::Told, Told) {
    let (told, seen) = mpsc::unbounded_channel();
    (patient::Told(told), seen)
}

async fn start() -> (TestServer, Told) {
    let (told, seen) = channel();
    (patient::server().state(told).test().await.unwrap(), seen)
}

/// From so many milliseconds on, and as late as a timer is that rounds up.
fn on_time(milliseconds: u128) -> RangeInclusive<u128> {
    milliseconds..=milliseconds + 2
}

/// All that comes until the stream ends, however it ends.
async fn rest(stream: &mut (impl AsyncRead + Unpin)) -> Vec<u8> {
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest).await;
    rest
}

#[tokio::test(start_paused = true)]
async fn the_handshake_is_waited_for_ten_seconds() {
    let (server, _told) = start().await;
    let start = Instant::now();
    let mut stream = knock(&server).await;
    stream.write_all(&HANDSHAKE.as_bytes()[..40]).await.unwrap();
    let mut answer = [0; 12];
    stream.read_exact(&mut answer).await.unwrap();
    assert_eq!(&answer, b"HTTP/1.1 408");
    assert!(on_time(10_000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn tls_is_waited_for_no_longer() {
    let (tls, _) = identity();
    let (told, _seen) = channel();
    let running = patient::server().state(told).tls(tls).bind().await.unwrap();
    let start = Instant::now();
    let mut stream = knock(&running).await;
    stream.write_all(b"\x16\x03\x01\x02\x00\x01").await.unwrap();
    assert_eq!(rest(&mut stream).await, b"");
    assert!(on_time(10_000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_message_is_waited_for_thirty_seconds_however_much_of_it_comes_meanwhile() {
    let (server, _told) = start().await;
    let (mut from, mut to) = tokio::io::split(shake_hands(&server).await);
    let start = Instant::now();
    to.write_all(&frame(0x02, b"so far")).await.unwrap();
    let dribble = tokio::spawn(async move {
        loop {
            sleep(Duration::from_millis(999)).await;
            if to.write_all(&frame(0x00, b".")).await.is_err() {
                break;
            }
        }
    });
    let mut close = [0; 4];
    from.read_exact(&mut close).await.unwrap();
    assert!(on_time(30_000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
    assert_eq!((close[0], &close[2..]), (0x88, &1008_u16.to_be_bytes()[..]));
    dribble.abort();
}

#[tokio::test(start_paused = true)]
async fn the_next_message_has_its_own_thirty_seconds() {
    let (server, _told) = start().await;
    let mut stream = shake_hands(&server).await;
    stream.write_all(&frame(0x02, b"")).await.unwrap();
    sleep(Duration::from_millis(29_900)).await;
    // The end of one and the beginning of another in one segment.
    stream.write_all(&[frame(0x80, b""), frame(0x02, b"")].concat()).await.unwrap();
    // A control frame within it is no end of it.
    let start = Instant::now();
    sleep(Duration::from_secs(20)).await;
    stream.write_all(&frame(0x8A, b"")).await.unwrap();
    let mut close = [0; 4];
    stream.read_exact(&mut close).await.unwrap();
    assert!(on_time(30_000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
    assert_eq!((close[0], &close[2..]), (0x88, &1008_u16.to_be_bytes()[..]));
}

#[tokio::test(start_paused = true)]
async fn a_peer_that_takes_nothing_is_waited_for_ten_seconds_from_the_last_byte_it_took() {
    for reads_again_after in [None, Some(9_990)] {
        let (told, mut seen) = channel();
        let running = patient::server().state(told).bind().await.unwrap();
        let stream = shake_hands(&running).await;
        let conn = running.server().connections()[0].clone();
        let start = Instant::now();
        // An empty outbox takes it, whatever its size; the kernel does not.
        conn.send_binary(vec![0; 64 << 20]).unwrap();
        if let Some(milliseconds) = reads_again_after {
            sleep(Duration::from_millis(milliseconds)).await;
            let mut buffer = vec![0; 1 << 20];
            while stream.try_read(&mut buffer).is_ok_and(|read| read > 0) {}
        }
        let (what, when) = seen.recv().await.unwrap();
        assert_eq!(what, "disconnect");
        let expected = u128::from(reads_again_after.unwrap_or_default()) + 10_000;
        assert!(on_time(expected).contains(&(when - start).as_millis()), "{:?}", when - start);
        drop(stream);
    }
}

#[tokio::test(start_paused = true)]
async fn the_answer_to_a_close_frame_is_waited_for_five_seconds() {
    let (server, _told) = start().await;
    let mut stream = shake_hands(&server).await;
    let start = Instant::now();
    server.server().connections()[0].disconnect(4000, "").unwrap();
    assert_eq!(rest(&mut stream).await, [0x88, 2, 0x0F, 0xA0]);
    assert!(on_time(5_000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_message_instead_of_the_close_frame_gains_nothing() {
    let (server, _told) = start().await;
    let mut stream = shake_hands(&server).await;
    let start = Instant::now();
    server.server().connections()[0].disconnect(4000, "").unwrap();
    sleep(Duration::from_millis(4_900)).await;
    stream.write_all(&frame(0x82, b"but")).await.unwrap();
    assert_eq!(rest(&mut stream).await, [0x88, 2, 0x0F, 0xA0]);
    assert!(on_time(5_000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn silence_is_asked_about_twice_and_then_ends_the_connection() {
    let (told, _seen) = channel();
    let server = patient::server().state(told).silence_max(20).test().await.unwrap();
    let mut stream = shake_hands(&server).await;
    let start = Instant::now();
    for milliseconds in [10_000, 20_000] {
        let mut ping = [0; 2];
        stream.read_exact(&mut ping).await.unwrap();
        assert_eq!(ping, [0x89, 0]);
        assert!(on_time(milliseconds).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
    }
    assert_eq!(rest(&mut stream).await, b"");
    assert!(on_time(30_000).contains(&start.elapsed().as_millis()), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_handler_is_waited_for_thirty_seconds_when_the_server_shuts_down() {
    let (server, mut told) = start().await;
    let mut stream = shake_hands(&server).await;
    stream.write_all(&frame(0x81, b"")).await.unwrap();
    assert_eq!(told.recv().await.unwrap().0, "utf8");
    let start = Instant::now();
    server.server().shutdown();
    let (what, when) = told.recv().await.unwrap();
    assert_eq!(what, "disconnect");
    assert!(on_time(30_000).contains(&(when - start).as_millis()), "{:?}", when - start);
    server.stop().await;
}
