//! What is logged, kept in memory.

use std::io::{self, Write};
use std::sync::{Arc, Mutex};

use tracing::subscriber::DefaultGuard;
use tracing::{Dispatch, Level};
use tracing_subscriber::fmt::MakeWriter;

/// Everything that is logged: the writer of a subscriber, and its reader.
#[derive(Debug, Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

/// Ends the log of a thread when it is dropped.
#[derive(Debug)]
#[must_use]
pub struct Logging {
    _this_thread: DefaultGuard,
    _other_threads: Dispatch,
}

impl Log {
    /// Keeps what is logged on this thread, from this level up, while the other value lives.
    pub fn keep(level: Level) -> (Self, Logging) {
        let log = Self::default();
        // As long as a process has a single subscriber, `tracing` asks that of the thread which comes first to a log
        // line whether anybody wants it, and remembers the answer for all threads. Other threads may have none.
        let _other_threads = Dispatch::new(tracing_subscriber::registry());
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(level)
            .with_ansi(false)
            .with_writer(log.clone())
            .finish();
        let _this_thread = tracing::subscriber::set_default(subscriber);
        (log, Logging { _this_thread, _other_threads })
    }

    /// All that was logged so far, or since it was last taken.
    ///
    /// # Panics
    ///
    /// If it is not UTF-8.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().expect("no writer panicked").clone()).expect("the log is UTF-8")
    }

    /// The same, and forgets it.
    ///
    /// # Panics
    ///
    /// If it is not UTF-8.
    #[must_use]
    pub fn take(&self) -> String {
        let taken = std::mem::take(&mut *self.0.lock().expect("no writer panicked"));
        String::from_utf8(taken).expect("the log is UTF-8")
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().expect("no writer panicked").write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
