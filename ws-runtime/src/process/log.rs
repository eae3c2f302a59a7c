//! The log subscriber for a process that has none. A thread of its own writes the lines, so that a pipe that is never
//! read does not stop the server.

use std::io::{self, IsTerminal, Write};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::MakeWriter;

use super::log_queue::LogQueue;

/// The queue of the subscriber that this crate has set up; `None` if the program has set up its own.
static QUEUE: OnceLock<Option<Arc<LogQueue>>> = OnceLock::new();

/// The log of a process while `start()` runs. Dropping it waits until queued lines are written.
#[must_use]
pub(super) struct Log {
    queue: Option<&'static Arc<LogQueue>>,
    /// How long to wait for the queue at the end: without progress, and in total.
    stuck: Duration,
    most: Duration,
}

impl Log {
    /// Sets up a plain subscriber if the process has none.
    pub(super) fn set_up() -> Self {
        let queue = QUEUE.get_or_init(subscribe).as_ref();
        if let Some(queue) = queue {
            queue.begin();
        }
        Self { queue, stuck: Duration::from_millis(100), most: Duration::from_secs(1) }
    }

    /// Limits the wait at the end.
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
        // Otherwise it reports a write error to standard error, and panics if that is closed.
        .log_internal_errors(false);
    // Fails if the program has set up its own subscriber, which is then used.
    subscriber.try_init().is_ok().then_some(queue)
}

/// Gives each line of the subscriber to the queue.
struct Lines(Arc<LogQueue>);

/// The writer of one line.
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

/// The standard error stream, without std's lock. A write that blocks would hold that lock, and block the message of a
/// panic and the error that `main` returns.
struct Stderr;

#[cfg(unix)]
impl Write for Stderr {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        use rustix::event::{PollFd, PollFlags, poll};
        use rustix::io::Errno;

        let stderr = rustix::stdio::stderr();
        loop {
            match rustix::io::write(stderr, bytes) {
                // Another program that shares the terminal may have set it to non-blocking.
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
