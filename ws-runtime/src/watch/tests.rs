use std::fs::File;
use std::io::{PipeReader, Read, Write, pipe};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use super::*;

/// Whether a future is still pending when no other task can run: only then does a paused clock advance.
async fn is_waiting(future: impl Future) -> bool {
    tokio::time::timeout(Duration::from_secs(1), future).await.is_err()
}

fn read_one(reader: &mut PipeReader) -> u8 {
    let mut byte = [0];
    reader.read_exact(&mut byte).unwrap();
    byte[0]
}

/// epoll refuses it, like any regular file.
fn regular_file() -> File {
    File::open(std::env::current_exe().unwrap()).unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_pipe_is_ready_when_data_arrives() {
    let (reader, mut writer) = pipe().unwrap();
    let watchers = Watchers::default();
    let mut watch = watchers.add(reader, Interest::Readable).unwrap();
    assert!(is_waiting(watch.ready()).await);
    writer.write_all(b"a").unwrap();
    assert!(watch.ready().await);
    assert_eq!(read_one(watch.handle_mut()), b'a');
    assert!(is_waiting(watch.ready()).await);
}

#[tokio::test(start_paused = true)]
async fn unread_data_makes_a_handle_ready_again() {
    let (reader, mut writer) = pipe().unwrap();
    let watchers = Watchers::default();
    let mut watch = watchers.add(reader, Interest::Readable).unwrap();
    writer.write_all(b"abc").unwrap();
    for expected in *b"abc" {
        assert!(watch.ready().await);
        assert_eq!(read_one(watch.handle_mut()), expected);
    }
    assert!(is_waiting(watch.ready()).await);
    writer.write_all(b"d").unwrap();
    assert!(watch.ready().await);
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_pipe_is_readable() {
    let (reader, writer) = pipe().unwrap();
    let watchers = Watchers::default();
    let mut watch = watchers.add(reader, Interest::Readable).unwrap();
    drop(writer);
    for _ in 0..2 {
        assert!(watch.ready().await);
        assert_eq!(watch.handle_mut().read(&mut [0; 8]).unwrap(), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn one_socket_may_be_watched_for_reading_and_for_writing() {
    let (socket, mut peer) = UnixStream::pair().unwrap();
    socket.set_nonblocking(true).unwrap();
    let socket = Arc::new(socket);
    let watchers = Watchers::default();
    let mut readable = watchers.add(Arc::clone(&socket), Interest::Readable).unwrap();
    let mut writable = watchers.add(Arc::clone(&socket), Interest::Writable).unwrap();
    assert!(is_waiting(readable.ready()).await);
    assert!(writable.ready().await);

    let mut written = 0;
    while let Ok(count) = (&**writable.handle_mut()).write(&[0; 4096]) {
        written += count;
    }
    assert!(is_waiting(writable.ready()).await);
    peer.read_exact(&mut vec![0; written]).unwrap();
    assert!(writable.ready().await);

    assert!(is_waiting(readable.ready()).await);
    peer.write_all(b"a").unwrap();
    assert!(readable.ready().await);
}

#[tokio::test(start_paused = true)]
async fn a_second_watch_of_the_same_kind_is_refused() {
    let socket = Arc::new(UnixStream::pair().unwrap().0);
    let watchers = Watchers::default();
    let first = watchers.add(Arc::clone(&socket), Interest::Readable).unwrap();
    let error = watchers.add(Arc::clone(&socket), Interest::Readable).unwrap_err();
    assert!(matches!(error, WatchError::AlreadyWatched { fd, .. } if fd == socket.as_raw_fd()), "{error}");

    drop(first);
    watchers.add(Arc::clone(&socket), Interest::Readable).unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_was_removed_in_its_own_handler_is_not_ready_again() {
    let (reader, mut writer) = pipe().unwrap();
    let watchers = Watchers::default();
    let mut watch = watchers.add(reader, Interest::Readable).unwrap();
    writer.write_all(b"ab").unwrap();
    assert!(watch.ready().await);
    watchers.remove(watch.handle_mut(), Interest::Readable).unwrap();
    assert!(!watch.ready().await);
    assert!(!watch.ready().await);
    let error = watchers.remove(watch.handle_mut(), Interest::Readable).unwrap_err();
    assert!(matches!(error, WatchError::NotWatched { .. }), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_watch_that_waits_ends_when_all_are_cleared() {
    let (reader, _writer) = pipe().unwrap();
    let watchers = Watchers::default();
    let mut watch = watchers.add(reader, Interest::Readable).unwrap();
    let waiting = tokio::spawn(async move { watch.ready().await });
    tokio::task::yield_now().await;
    watchers.clear();
    assert!(!waiting.await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn watched_descriptors_are_listed_by_kind() {
    let ((reader, writer), file) = (pipe().unwrap(), regular_file());
    let (read, written, both) = (reader.as_raw_fd(), writer.as_raw_fd(), file.as_raw_fd());
    let file = Arc::new(file);
    let watchers = Watchers::default();
    let _reader = watchers.add(reader, Interest::Readable).unwrap();
    let writer = watchers.add(writer, Interest::Writable).unwrap();
    let _file_read = watchers.add(Arc::clone(&file), Interest::Readable).unwrap();
    let _file_written = watchers.add(file, Interest::Writable).unwrap();
    let sorted = |mut fds: Vec<RawFd>| {
        fds.sort_unstable();
        fds
    };
    assert_eq!(watchers.watched(Interest::Readable), sorted(vec![read, both]));
    assert_eq!(watchers.watched(Interest::Writable), sorted(vec![written, both]));
    drop(writer);
    assert_eq!(watchers.watched(Interest::Writable), [both]);
}

#[tokio::test(start_paused = true)]
async fn a_regular_file_is_always_ready_and_lets_others_run() {
    let watchers = Watchers::default();
    let mut watch = watchers.add(regular_file(), Interest::Readable).unwrap();
    let other = tokio::spawn(async {});
    while !other.is_finished() {
        assert!(watch.ready().await);
        watch.called(true);
    }
    watchers.remove(watch.handle_mut(), Interest::Readable).unwrap();
    assert!(!watch.ready().await);
}

#[tokio::test(start_paused = true)]
async fn a_handler_that_fails_is_called_again_after_longer_and_longer_pauses() {
    let watchers = Watchers::default();
    let mut watch = watchers.add(regular_file(), Interest::Readable).unwrap();
    let mut pauses = Vec::new();
    for _ in 0..10 {
        let begin = tokio::time::Instant::now();
        assert!(watch.ready().await);
        pauses.push(begin.elapsed().as_millis());
        watch.called(false);
    }
    watch.called(true);
    let begin = tokio::time::Instant::now();
    assert!(watch.ready().await);
    assert_eq!(begin.elapsed().as_millis(), 0);
    assert_eq!(pauses, [0, 100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
}

#[test]
fn outside_a_runtime_a_watch_is_refused() {
    let error = Watchers::default().add(regular_file(), Interest::Readable).unwrap_err();
    assert!(matches!(error, WatchError::NoRuntime { .. }), "{error}");
}

#[test]
fn a_closed_descriptor_has_its_own_error() {
    assert!(matches!(refused(7, Errno::BADF.into()), WatchError::Closed { fd: 7 }));
    assert!(matches!(refused(7, Errno::MFILE.into()), WatchError::Io { fd: 7, .. }));
}

#[tokio::test]
async fn a_spawned_task_can_drive_a_watch_of_any_handle() {
    /// `Send` but not `Sync`, as many handles are.
    struct Exclusive(PipeReader, std::cell::Cell<()>);
    impl AsFd for Exclusive {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.0.as_fd()
        }
    }
    let (reader, writer) = pipe().unwrap();
    drop(writer);
    let handle = Exclusive(reader, std::cell::Cell::new(()));
    let mut watch = Watchers::default().add(handle, Interest::Readable).unwrap();
    // Dropping the watchers has ended the watch.
    assert!(!tokio::spawn(async move { watch.ready().await }).await.unwrap());
}
