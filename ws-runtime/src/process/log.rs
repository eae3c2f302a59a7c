//! The subscriber of a process that has none. Its lines are written by a thread of their own: a pipe that nobody reads
//! must not stop the server.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

use super::log_queue::LogQueue;

/// The queue of the subscriber that this crate has set up for the process; none where the program has set up its own.
static QUEUE: OnceLock<Option<Arc<LogQueue>>> = OnceLock::new();

/// The log of a process while `start()` runs. When this is dropped, what was logged is written.
#[must_use]
pub(super) struct Log {
    queue: Option<&'static Arc<LogQueue>>,
    /// How long the queue is waited for at the end: while nothing of it is written, and in all.
    stuck: Duration,
    most: Duration,
}

impl Log {
    /// Sets up a plain subscriber where the process has none.
    pub(super) fn set_up() -> Self {
        let queue = QUEUE.get_or_init(subscribe).as_ref();
        if let Some(queue) = queue {
            queue.begin();
        }
        Self { queue, stuck: Duration::from_millis(100), most: Duration::from_secs(1) }
    }

    /// Waits no longer than that at the end.
    pub(super) fn limit_wait(&mut self, most: Duration) {
        self.stuck = most;
        self.most = most;
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        if let Some(queue) = self.queue {
            queue.flush(self.stuck, self.most);
            queue.end();
        }
    }
}

fn subscribe() -> Option<Arc<LogQueue>> {
    let queue = Arc::new(LogQueue::new(Stderr));
    let filter = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).from_env_lossy();
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        .with_ansi(io::stderr().is_terminal())
        .with_writer(Lines(Arc::clone(&queue)))
        // It would report a closed terminal on that terminal, and panic.
        .log_internal_errors(false);
    // It fails where the program has set up its own: then that one is right.
    subscriber.try_init().is_ok().then_some(queue)
}

/// Hands each line of the subscriber to the queue.
struct Lines(Arc<LogQueue>);

/// One line on its way.
struct Line<'a>(&'a LogQueue);

impl<'a> MakeWriter<'a> for Lines {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line(&self.0)
    }
}

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The standard error stream, without the lock of std's: a write that blocks would hold it, and a panic's message or
/// the error that `main` returns would wait for it.
struct Stderr;

#[cfg(unix)]
impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        use rustix::event::{PollFd, PollFlags, poll};
        use rustix::io::Errno;

        let stderr = rustix::stdio::stderr();
        loop {
            match rustix::io::write(stderr, bytes) {
                // Another program may have set the terminal that both share to non-blocking.
                Err(Errno::AGAIN) => {
                    poll(&mut [PollFd::new(&stderr, PollFlags::OUT)], None)?;
                }
                written => return Ok(written?),
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(not(unix))]
impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        io::stderr().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
