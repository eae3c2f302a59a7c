//! Watches: declared and added at run time, for reading and for writing, on pipes and on files.
#![cfg(unix)]

use std::fs::File;
use std::io::{PipeReader, PipeWriter, Read, Seek, Write};
use std::os::fd::AsRawFd;
use std::sync::{Arc, Mutex};

use tokio::sync::mpsc;
use ws_runtime::prelude::*;
use ws_runtime::{Interest, WatchError};
use ws_tests::Client;

#[ws_server(listen = "127.0.0.1:0")]
mod idle {}

#[ws_server(listen = "127.0.0.1:0")]
mod pipes {
    use super::*;

    pub(crate) static ENDS: Mutex<Option<(PipeReader, PipeWriter)>> = Mutex::new(None);

    fn take() -> (PipeReader, PipeWriter) {
        ENDS.lock().unwrap().take().unwrap()
    }

    #[state]
    pub struct Told(pub mpsc::UnboundedSender<String>);

    #[watch(readable = take().0)]
    fn readable(pipe: &mut PipeReader, told: &Told, server: &Server) -> std::io::Result<()> {
        let mut byte = [0];
        if pipe.read(&mut byte)? == 0 {
            server.unwatch_readable(pipe).unwrap();
        }
        let _ = told.0.send(format!("read {}", byte[0]));
        Ok(())
    }
}

#[ws_server(listen = "127.0.0.1:0")]
mod writing {
    use super::*;

    pub(crate) static END: Mutex<Option<PipeWriter>> = Mutex::new(None);

    #[watch(writable = END.lock().unwrap().take().unwrap())]
    async fn writable(pipe: &mut PipeWriter, server: &Server) -> std::io::Result<()> {
        tokio::task::yield_now().await;
        pipe.write_all(b"hello")?;
        server.unwatch_writable(pipe).map_err(std::io::Error::other)
    }
}

#[tokio::test]
async fn a_declared_watch_is_called_until_all_is_read_and_ends_itself() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    *pipes::ENDS.lock().unwrap() = Some((reader, writer.try_clone().unwrap()));
    let (told, mut lines) = mpsc::unbounded_channel();
    let running = pipes::server().state(pipes::Told(told)).bind().await.unwrap();
    assert_eq!(running.server().watched_readable().len(), 1);
    // Three bytes at once, read one a call: what is left makes the pipe ready again.
    writer.write_all(&[1, 2, 3]).unwrap();
    for byte in 1..=3 {
        assert_eq!(lines.recv().await.unwrap(), format!("read {byte}"));
    }
    drop(writer);
    assert_eq!(lines.recv().await.unwrap(), "read 0");
    running.shutdown();
    running.stopped().await;
    assert_eq!(lines.recv().await, None);
}

#[tokio::test]
async fn a_declared_watch_for_writing_may_await() {
    let (mut reader, writer) = std::io::pipe().unwrap();
    *writing::END.lock().unwrap() = Some(writer);
    let _running = writing::server().bind().await.unwrap();
    let read = tokio::task::spawn_blocking(move || {
        let mut text = String::new();
        reader.read_to_string(&mut text).unwrap();
        text
    });
    assert_eq!(read.await.unwrap(), "hello", "and the handle was closed when its watch ended");
}

#[tokio::test]
async fn watches_come_and_go_while_the_server_runs() {
    let running = idle::server().bind().await.unwrap();
    let server = running.server().clone();
    let (reader, mut writer) = std::io::pipe().unwrap();
    let fd = reader.as_raw_fd();
    let again = reader.try_clone().unwrap();
    let (told, mut lines) = mpsc::unbounded_channel();
    let reader = Arc::new(reader);
    let same = Arc::clone(&reader);
    server
        .watch_readable(reader, move |server, pipe| {
            let mut byte = [0];
            let count = (&**pipe).read(&mut byte).unwrap();
            let _ = told.send((byte[0], server.watched_readable()));
            if count == 0 { server.unwatch_readable(pipe) } else { Ok(()) }
        })
        .unwrap();
    assert_eq!(server.watched_readable(), [fd]);
    let second = server.watch_readable(same, |_, _| {});
    assert!(
        matches!(second, Err(WatchError::AlreadyWatched { fd: twice, interest: Interest::Readable }) if twice == fd),
        "{second:?}"
    );
    assert!(second.unwrap_err().to_string().contains("already"));
    drop(again);
    writer.write_all(&[5]).unwrap();
    assert_eq!(lines.recv().await.unwrap(), (5, vec![fd]));
    drop(writer);
    assert_eq!(lines.recv().await.unwrap().0, 0);
    assert!(lines.recv().await.is_none(), "the handler is gone with its watch");
    assert!(server.watched_readable().is_empty());
}

#[tokio::test]
async fn a_file_is_always_ready_and_starves_nobody() {
    let running = idle::server().bind().await.unwrap();
    let mut file: File = tempfile::tempfile().unwrap();
    file.write_all(b"x").unwrap();
    let (told, mut lines) = mpsc::channel(1000);
    running
        .server()
        .watch_readable(file, move |_, file| {
            file.rewind()?;
            let _ = told.try_send(());
            Ok::<_, std::io::Error>(())
        })
        .unwrap();
    for _ in 0..100 {
        lines.recv().await.unwrap();
    }
    let mut client = Client::connect(&running).await;
    client.0.close(None).await.unwrap();
    running.shutdown();
    running.stopped().await;
}

#[tokio::test]
async fn a_watch_that_panics_or_fails_goes_on() {
    let running = idle::server().bind().await.unwrap();
    let (reader, mut writer) = std::io::pipe().unwrap();
    let (told, mut lines) = mpsc::unbounded_channel();
    running
        .server()
        .watch_readable(reader, move |_, pipe| {
            let mut byte = [0];
            let _ = pipe.read(&mut byte).unwrap();
            let _ = told.send(byte[0]);
            match byte[0] {
                1 => panic!("as asked"),
                2 => Err("as asked"),
                _ => Ok(()),
            }
        })
        .unwrap();
    for byte in [1, 2, 3] {
        writer.write_all(&[byte]).unwrap();
        assert_eq!(lines.recv().await.unwrap(), byte);
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_can_only_fail_does_so_now_and_then() {
    let running = idle::server().bind().await.unwrap();
    // Always ready, and a read of it always fails.
    let folder = File::open(env!("CARGO_MANIFEST_DIR")).unwrap();
    let (told, mut failures) = mpsc::unbounded_channel();
    running
        .server()
        .watch_readable(folder, move |_, folder| {
            let _ = told.send(());
            folder.read(&mut [0]).map(drop)
        })
        .unwrap();
    tokio::time::sleep(std::time::Duration::from_secs(60)).await;
    running.shutdown();
    running.stopped().await;
    let mut count = 0;
    while failures.recv().await.is_some() {
        count += 1;
    }
    assert!((5..20).contains(&count), "{count}");
}

#[ws_server(listen = "127.0.0.1:0")]
mod twice {
    use super::*;

    pub(crate) static HANDLE: Mutex<Option<Arc<PipeReader>>> = Mutex::new(None);

    fn handle() -> Arc<PipeReader> {
        HANDLE.lock().unwrap().clone().unwrap()
    }

    #[watch(readable = handle())]
    fn one() {}

    #[watch(readable = handle())]
    fn two() {}
}

#[tokio::test]
async fn a_declared_watch_that_cannot_begin_is_named_and_takes_the_others_with_it() {
    let (reader, _writer) = std::io::pipe().unwrap();
    let reader = Arc::new(reader);
    *twice::HANDLE.lock().unwrap() = Some(Arc::clone(&reader));
    let error = twice::server().bind().await.unwrap_err();
    let shown = format!("{error:?}");
    assert!(shown.starts_with("the watch `two` cannot begin\n  caused by: descriptor "), "{shown}");
    assert!(shown.ends_with(" is watched for being readable already: unwatch it first"), "{shown}");
    twice::HANDLE.lock().unwrap().take();
    while Arc::strong_count(&reader) > 1 {
        tokio::task::yield_now().await;
    }
}
