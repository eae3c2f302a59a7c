//! Whole connections of any client: however its bytes are cut up, its messages are handled in order and once, and each
//! `ready` has one `disconnect`, which comes last.

use std::sync::LazyLock;

use proptest::prelude::*;
use tokio::runtime::Runtime;
use tokio::sync::{Mutex, mpsc};
use ws_runtime::Running;
use ws_runtime::prelude::*;
use ws_runtime::test::TestServer;
use ws_tests::frame::{Sent, close, frame};
use ws_tests::raw::{Afterwards, Cut, Reached, exchange, shake_hands};

/// What happened on a connection, told when it is over.
type Diary = Vec<String>;

#[ws_server(listen = "127.0.0.1:0")]
mod recorder {
    use super::*;

    #[state]
    pub struct Diaries(pub mpsc::UnboundedSender<Diary>);

    #[session]
    #[derive(Default)]
    struct Own(Diary);

    #[on(ready)]
    fn ready(own: &mut Own) {
        own.0.push("ready".to_owned());
    }

    #[on(utf8)]
    async fn text<'t>(text: &'t str, own: &mut Own) -> &'t str {
        own.0.push(format!("text {text}"));
        // A handler that waits: the rest arrives meanwhile.
        tokio::task::yield_now().await;
        text
    }

    #[on(binary)]
    fn data(data: Bytes, own: &mut Own) -> Bytes {
        own.0.push(format!("binary {data:?}"));
        data
    }

    #[on(disconnect)]
    fn gone(close: &Close, own: Own, diaries: &Diaries) {
        let Own(mut diary) = own;
        diary.push(format!("gone {} by {}", close.code(), close.by()));
        let _ = diaries.0.send(diary);
    }
}

/// A server for many cases, on one thread, so that it reads each piece before the next is sent.
struct World<S> {
    runtime: Runtime,
    server: S,
    diaries: Mutex<mpsc::UnboundedReceiver<Diary>>,
}

/// Reached by sockets, whose halves are read and written side by side.
static TCP: LazyLock<World<Running>> = LazyLock::new(|| World::new(false, recorder_over_tcp));

/// Reached in memory: one stream for both directions, as under TLS.
static MEMORY: LazyLock<World<TestServer>> = LazyLock::new(|| World::new(true, recorder_in_memory));

async fn recorder_over_tcp(diaries: recorder::Diaries) -> Running {
    recorder::server().state(diaries).bind().await.unwrap()
}

async fn recorder_in_memory(diaries: recorder::Diaries) -> TestServer {
    recorder::server().state(diaries).test().await.unwrap()
}

impl<S: Reached> World<S> {
    fn new<F: Future<Output = S>>(is_paused: bool, start: fn(recorder::Diaries) -> F) -> Self {
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().start_paused(is_paused).build().unwrap();
        let (told, diaries) = mpsc::unbounded_channel();
        let server = runtime.block_on(start(recorder::Diaries(told)));
        Self { runtime, server, diaries: Mutex::new(diaries) }
    }

    /// Lives one connection: what the server sent, and what was told of it.
    fn live(&self, bytes: &[u8], end: End, sizes: &[usize]) -> (Vec<u8>, Diary) {
        let Self { runtime, server, diaries } = self;
        runtime.block_on(async {
            let stream = shake_hands(server).await;
            let afterwards = if matches!(end, End::Leave) { Afterwards::End } else { Afterwards::Wait };
            let received = exchange(stream, bytes, Cut::Sizes(sizes), afterwards).await;
            let mut diaries = diaries.lock().await;
            let told = diaries.recv().await.unwrap();
            assert!(diaries.try_recv().is_err(), "it ended once");
            (received, told)
        })
    }
}

/// A message, and after how many bytes it is cut into fragments.
#[derive(Debug, Clone)]
enum Step {
    Text(String, Vec<usize>),
    Binary(Vec<u8>, Vec<usize>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
}

/// How a client ends.
#[derive(Debug, Clone, Copy)]
enum End {
    Close,
    Leave,
    BreakARule,
}

fn step() -> impl Strategy<Value = Step> {
    let cuts = || prop::collection::vec(0..50_usize, 0..4);
    prop_oneof![
        4 => ("[a-zé€🦀]{0,200}", cuts()).prop_map(|(text, cuts)| Step::Text(text, cuts)),
        4 => (prop::collection::vec(any::<u8>(), 0..300), cuts()).prop_map(|(data, cuts)| Step::Binary(data, cuts)),
        1 => prop::collection::vec(any::<u8>(), 0..125).prop_map(Step::Ping),
        1 => prop::collection::vec(any::<u8>(), 0..125).prop_map(Step::Pong),
    ]
}

/// A message as frames, with a pong between the fragments.
fn message(opcode: u8, payload: &[u8], cuts: &[usize]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut opcode = opcode;
    let mut rest = payload;
    for cut in cuts {
        let (piece, after) = rest.split_at((*cut).min(rest.len()));
        bytes.extend(frame(opcode, piece));
        bytes.extend(frame(0x8A, b"between"));
        (opcode, rest) = (0x0, after);
    }
    bytes.extend(frame(0x80 | opcode, rest));
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn messages_are_handled_in_order_and_once_and_every_ready_has_its_disconnect(
        steps in prop::collection::vec(step(), 0..30),
        end in prop::sample::select(vec![End::Close, End::Leave, End::BreakARule]),
        sizes in prop::collection::vec(1..200_usize, 1..20),
        over_tcp: bool,
    ) {
        let (mut bytes, mut diary) = (Vec::new(), vec!["ready".to_owned()]);
        let mut expected = Sent::default();
        for step in &steps {
            match step {
                Step::Text(text, cuts) => {
                    bytes.extend(message(0x1, text.as_bytes(), cuts));
                    diary.push(format!("text {text}"));
                    expected.messages.push((0x1, text.as_bytes().to_vec()));
                }
                Step::Binary(data, cuts) => {
                    bytes.extend(message(0x2, data, cuts));
                    diary.push(format!("binary {:?}", Bytes::copy_from_slice(data)));
                    expected.messages.push((0x2, data.clone()));
                }
                Step::Ping(payload) => {
                    bytes.extend(frame(0x89, payload));
                    expected.pongs.push(payload.clone());
                }
                Step::Pong(payload) => bytes.extend(frame(0x8A, payload)),
            }
        }
        let (last_words, code, line) = match end {
            End::Close => (close(3000, b"bye"), Some(3000), "gone 3000 by the peer"),
            // Its half of the stream ends: there is nobody to say goodbye to.
            End::Leave => (Vec::new(), None, "gone 1006 by the peer"),
            End::BreakARule => (frame(0x83, b""), Some(1002), "gone 1002 by a protocol error"),
        };
        bytes.extend(last_words);
        diary.push(line.to_owned());
        expected.close = code;

        let (received, told) =
            if over_tcp { TCP.live(&bytes, end, &sizes) } else { MEMORY.live(&bytes, end, &sizes) };
        let mut sent = Sent::read(&received);
        if matches!(end, End::Leave) {
            // Whether an empty Close frame is sent is not what is tested here.
            sent.close = None;
        }
        prop_assert_eq!(sent, expected);
        prop_assert_eq!(told, diary);
    }
}
