//! A bounded queue of log lines and the thread that writes them.

use std::fmt;
use std::io::Write;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tracing_subscriber::fmt::format::Writer;
use tracing_subscriber::fmt::time::{FormatTime, SystemTime};

/// How many bytes of lines may wait. Further lines are dropped, and counted.
const MAX_BYTES: usize = 1024 * 1024;

/// A queue of lines for a sink that may block.
///
/// While a server runs ([`begin`](Self::begin) to [`end`](Self::end)), lines are queued. Otherwise the caller writes
/// its line itself, as the process may end right after it, unless older lines are still stuck in the queue.
pub(super) struct LogQueue {
    state: Mutex<State>,
    /// Notified when lines are queued.
    filled: Condvar,
    /// Notified when lines have been written.
    written: Condvar,
    sink: Arc<Mutex<dyn Write + Send>>,
}

#[derive(Default)]
struct State {
    /// Whole lines, oldest first.
    lines: Vec<u8>,
    /// How many bytes the thread has taken out of `lines` and not written yet.
    in_writing: usize,
    /// How many bytes were written so far, to detect progress.
    written: u64,
    /// Lines dropped since the last report.
    dropped: u64,
    /// How many servers run.
    servers: usize,
    has_thread: bool,
}

impl LogQueue {
    pub(super) fn new(sink: impl Write + Send + 'static) -> Self {
        Self {
            state: Mutex::default(),
            filled: Condvar::new(),
            written: Condvar::new(),
            sink: Arc::new(Mutex::new(sink)),
        }
    }

    /// A server starts: from now on lines are queued.
    pub(super) fn begin(self: &Arc<Self>) {
        let mut state = self.lock();
        state.servers += 1;
        if !state.has_thread {
            let queue = Arc::clone(self);
            // Without the thread, callers write their lines themselves.
            let spawned = thread::Builder::new().name("ws-log".to_owned()).spawn(move || queue.write_all());
            state.has_thread = spawned.is_ok();
        }
    }

    /// A server has ended.
    pub(super) fn end(&self) {
        self.lock().servers -= 1;
    }

    /// Takes a line.
    pub(super) fn push(&self, line: &[u8]) {
        let mut state = self.lock();
        let is_idle = state.waiting() == 0;
        if !state.has_thread || (state.servers == 0 && is_idle) {
            // The thread is not writing: it takes lines under this lock first, and there are none.
            let _ = self.sink.lock().unwrap_or_else(PoisonError::into_inner).write_all(line);
        } else if state.waiting() + line.len() > MAX_BYTES {
            state.dropped += 1;
        } else {
            state.lines.extend_from_slice(line);
            if is_idle {
                self.filled.notify_one();
            }
        }
    }

    /// Waits until all is written, for up to `most` in total and up to `stuck` without progress.
    pub(super) fn flush(&self, stuck: Duration, most: Duration) {
        let end = Instant::now() + most;
        let mut state = self.lock();
        while state.has_thread && state.waiting() > 0 {
            let before = state.written;
            let pause = stuck.min(end.saturating_duration_since(Instant::now()));
            let waited = self
                .written
                .wait_timeout_while(state, pause, |state| state.waiting() > 0 && state.written == before);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            if state.written == before || Instant::now() >= end {
                return;
            }
        }
    }

    /// Writes lines as they come. Never returns.
    fn write_all(&self) {
        let mut lines = Vec::new();
        loop {
            let mut state = self.lock();
            while state.lines.is_empty() {
                state = self.filled.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            lines.clear();
            std::mem::swap(&mut lines, &mut state.lines);
            let dropped = std::mem::take(&mut state.dropped);
            if dropped > 0 {
                // The dropped lines came after all that are taken here, and before all that follow.
                lines.extend_from_slice(Dropped(dropped).to_string().as_bytes());
            }
            state.in_writing = lines.len();
            drop(state);
            self.write(&lines);
            if lines.capacity() > MAX_BYTES / 16 {
                lines = Vec::new();
            }
        }
    }

    fn write(&self, mut lines: &[u8]) {
        let mut sink = self.sink.lock().unwrap_or_else(PoisonError::into_inner);
        while !lines.is_empty() {
            let (written, lost) = match sink.write(lines) {
                Ok(0) => (lines.len(), lines),
                Ok(written) => (written, &[][..]),
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                // The disk may be full, or the terminal closed: these lines are lost.
                Err(_) => (lines.len(), lines),
            };
            lines = &lines[written..];
            let mut state = self.lock();
            state.dropped += lost.iter().filter(|byte| **byte == b'\n').count() as u64;
            state.in_writing = lines.len();
            state.written += written as u64;
            self.written.notify_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn waiting(&self) -> usize {
        self.lines.len() + self.in_writing
    }
}

/// A line that reports how many lines were dropped.
struct Dropped(u64);

impl fmt::Display for Dropped {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SystemTime.format_time(&mut Writer::new(f))?;
        writeln!(f, "  WARN {} log lines dropped: standard error did not take them in time", self.0)
    }
}

#[cfg(test)]
mod tests {
    use std::io;
    use std::sync::mpsc;

    use super::*;

    /// A sink that allows one write for each message of the channel.
    struct Gate {
        open: mpsc::Receiver<()>,
        seen: Arc<Mutex<Vec<u8>>>,
    }

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            // Once the sender is dropped, all writes are allowed.
            let _ = self.open.recv();
            self.seen.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn gate() -> (mpsc::Sender<()>, Arc<Mutex<Vec<u8>>>, Arc<LogQueue>) {
        let (opener, open) = mpsc::channel();
        let seen = Arc::default();
        let queue = Arc::new(LogQueue::new(Gate { open, seen: Arc::clone(&seen) }));
        (opener, seen, queue)
    }

    const LONG: Duration = Duration::from_secs(60);

    fn text(seen: &Mutex<Vec<u8>>) -> String {
        String::from_utf8(seen.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn a_sink_that_blocks_blocks_no_caller_and_dropped_lines_are_counted_in_their_place() {
        let (opener, seen, queue) = gate();
        queue.begin();
        let line = [vec![b'x'; 1023], b"\n".to_vec()].concat();
        for _ in 0..MAX_BYTES / line.len() + 7 {
            queue.push(&line);
        }
        queue.flush(Duration::from_millis(1), LONG);
        assert_eq!(text(&seen), "", "the flush gave up");
        drop(opener);
        queue.flush(LONG, LONG);
        queue.push(b"later\n");
        queue.flush(LONG, LONG);
        let text = text(&seen);
        let short: Vec<_> = text.lines().filter(|line| line.len() < 1000).collect();
        assert_eq!(text.lines().count() - short.len(), MAX_BYTES / line.len());
        assert!(short[0].contains("WARN 7 log lines dropped"), "{short:?}");
        assert_eq!(short[1..], ["later"]);
    }

    #[test]
    fn a_line_is_written_by_its_caller_if_no_server_runs() {
        let (opener, seen, queue) = gate();
        drop(opener);
        queue.push(b"before\n");
        assert_eq!(text(&seen), "before\n");
        queue.begin();
        queue.push(b"meanwhile\n");
        queue.flush(LONG, LONG);
        queue.end();
        assert_eq!(text(&seen), "before\nmeanwhile\n");
        queue.push(b"after\n");
        assert_eq!(text(&seen), "before\nmeanwhile\nafter\n");
    }

    #[test]
    fn a_stuck_sink_blocks_no_caller_after_the_server_has_ended() {
        let (_opener, seen, queue) = gate();
        queue.begin();
        queue.push(b"stuck\n");
        queue.flush(Duration::from_millis(1), LONG);
        queue.end();
        queue.push(b"after\n");
        assert_eq!(text(&seen), "");
    }

    #[test]
    fn lines_that_the_sink_refuses_are_counted_too() {
        struct Full(Arc<Mutex<(bool, Vec<u8>)>>);
        impl Write for Full {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                let (full, seen) = &mut *self.0.lock().unwrap();
                if *full {
                    return Err(io::ErrorKind::StorageFull.into());
                }
                seen.extend_from_slice(bytes);
                Ok(bytes.len())
            }

            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let disk = Arc::new(Mutex::new((true, Vec::new())));
        let queue = Arc::new(LogQueue::new(Full(Arc::clone(&disk))));
        queue.begin();
        queue.push(b"lost\n");
        queue.flush(LONG, LONG);
        disk.lock().unwrap().0 = false;
        queue.push(b"kept\n");
        queue.flush(LONG, LONG);
        let text = String::from_utf8(disk.lock().unwrap().1.clone()).unwrap();
        assert!(text.starts_with("kept\n") && text.contains("WARN 1 log lines dropped"), "{text}");
    }
}
