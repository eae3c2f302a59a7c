//! One part of the configuration: what is in use, and whether its files have changed since.
//!
//! Files are compared every few seconds. Nothing tells of a change that works everywhere: inotify sees nothing of
//! other machines (NFS), and in a Kubernetes volume it has to follow each swap of a link.
//!
//! A change takes effect once nothing has changed for [`QUIET`]: a program may be writing the files, or have replaced
//! the first of two. If they cannot be used then, the error is reported after [`PATIENCE`], and the old content stays
//! in use.

#[cfg(test)]
mod tests;

use std::hash::{BuildHasher, RandomState};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::TlsError;
use super::source::Source;
use super::stamp::Stamp;

/// For how long files must not have changed before they are read again.
pub(super) const QUIET: Duration = Duration::from_secs(1);

/// For how long files that cannot be used are taken for incomplete. Between the renames of a certificate and of its
/// key, the two do not belong together.
const PATIENCE: Duration = Duration::from_secs(10);

/// A part of the configuration, and where it came from.
pub(super) struct Part<S: Source> {
    source: S,
    loaded: S::Loaded,
    /// Of the PEM that is in use.
    digest: u64,
    hasher: RandomState,
    /// What the files were like when they were last looked at.
    seen: Vec<Stamp>,
    /// What they were like when they were last read.
    read: Vec<Stamp>,
    /// Whether they may have changed since with no difference to that.
    may_differ: bool,
    state: State,
}

/// What the files are, compared to what is in use.
enum State {
    InUse,
    /// They have not been usable since then, and may be incomplete.
    Incomplete {
        since: Instant,
        digest: u64,
        error: TlsError,
    },
    /// They cannot be used, which has been reported.
    Refused {
        digest: u64,
    },
}

/// Whether files are given the time to be completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    Settled,
    /// Somebody has asked for it: the files are complete.
    Now,
}

/// What has become of a part.
#[derive(Debug)]
pub(super) enum Change {
    None,
    /// None yet: look again after [`QUIET`].
    Soon,
    /// The new content is in use.
    Made,
    /// The new content cannot be used.
    Refused(TlsError),
}

impl<S: Source> Part<S> {
    /// Loads it for the first time.
    pub(super) fn load(source: S) -> Result<Self, TlsError> {
        let hasher = RandomState::new();
        let read: Vec<_> = source.files().into_iter().map(Stamp::of).collect();
        let now = SystemTime::now();
        let pem = source.read()?;
        Ok(Self {
            loaded: source.load(&pem)?,
            digest: hasher.hash_one(pem),
            source,
            hasher,
            seen: read.clone(),
            may_differ: may_differ(&read, now),
            read,
            state: State::InUse,
        })
    }

    pub(super) fn loaded(&self) -> &S::Loaded {
        &self.loaded
    }

    pub(super) fn source(&self) -> &S {
        &self.source
    }

    /// Looks at the files, and loads them again if they have changed.
    pub(super) fn look(&mut self, now: Instant, when: When) -> Change {
        let stamps: Vec<_> = self.source.files().into_iter().map(Stamp::of).collect();
        if stamps.is_empty() || stamps.contains(&Stamp::Special) {
            return Change::None;
        }
        let has_changed = stamps != self.seen;
        self.seen.clone_from(&stamps);
        match when {
            When::Settled if has_changed => Change::Soon,
            When::Settled if stamps == self.read && !self.may_differ => self.wait(now),
            When::Settled | When::Now => self.read_again(stamps, now, when),
        }
    }

    fn read_again(&mut self, stamps: Vec<Stamp>, now: Instant, when: When) -> Change {
        self.may_differ = may_differ(&stamps, SystemTime::now());
        self.read = stamps;
        let read = self.source.read();
        let digest = match &read {
            Ok(pem) => self.hasher.hash_one(pem),
            Err(error) => self.hasher.hash_one(error.to_string()),
        };
        let loaded = match (read, &self.state) {
            (Ok(_), _) if digest == self.digest => {
                self.state = State::InUse;
                return Change::None;
            }
            (_, State::Refused { digest: refused }) if when == When::Settled && digest == *refused => {
                return Change::None;
            }
            (read, _) => read.and_then(|pem| self.source.load(&pem)),
        };
        match loaded {
            Ok(loaded) => {
                (self.loaded, self.digest, self.state) = (loaded, digest, State::InUse);
                Change::Made
            }
            Err(error) if when == When::Now => {
                self.state = State::Refused { digest };
                Change::Refused(error)
            }
            Err(error) => {
                let since = match self.state {
                    State::Incomplete { since, .. } => since,
                    State::InUse | State::Refused { .. } => now,
                };
                self.state = State::Incomplete { since, digest, error };
                self.wait(now)
            }
        }
    }

    /// Reports what cannot be used once it has been so for long enough.
    fn wait(&mut self, now: Instant) -> Change {
        match std::mem::replace(&mut self.state, State::InUse) {
            State::Incomplete { since, digest, error } if now >= since + PATIENCE => {
                self.state = State::Refused { digest };
                Change::Refused(error)
            }
            state @ State::Incomplete { .. } => {
                self.state = state;
                Change::Soon
            }
            state @ (State::InUse | State::Refused { .. }) => {
                self.state = state;
                Change::None
            }
        }
    }
}

fn may_differ(stamps: &[Stamp], now: SystemTime) -> bool {
    stamps.iter().any(|stamp| stamp.is_recent(now))
}
