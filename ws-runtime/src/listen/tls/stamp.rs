//! What the system says of a file, to notice that it has changed without reading it.

use std::fs::Metadata;
use std::path::Path;
use std::time::{Duration, SystemTime};

/// What differs after a file was written, replaced, or put in its place by a link. Links are followed, so it differs too
/// if a link on the way to the file was changed.
///
/// A new owner or new permissions make a difference as well: a file that could not be read is read again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stamp {
    File {
        number: (u64, u64),
        size: u64,
        changed: Option<SystemTime>,
    },
    /// It cannot be looked at: it is missing, for example.
    Missing,
    /// A pipe, for example, which can be read once.
    Special,
}

/// How coarse the times of a file system may be: those of FAT are the coarsest.
const COARSE: Duration = Duration::from_secs(2);

impl Stamp {
    pub(super) fn of(path: &Path) -> Self {
        match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_file() => {
                Self::File { number: number(&metadata), size: metadata.len(), changed: changed(&metadata) }
            }
            Ok(_) => Self::Special,
            Err(_) => Self::Missing,
        }
    }

    /// Whether the file may have changed after this without a difference, because both happened at the same tick of the
    /// file system's clock.
    pub(super) fn is_recent(&self, now: SystemTime) -> bool {
        match self {
            Self::File { changed: Some(changed), .. } => *changed + COARSE >= now,
            Self::File { changed: None, .. } => true,
            Self::Missing | Self::Special => false,
        }
    }
}

/// The numbers of the device and of the file on it.
#[cfg(unix)]
fn number(metadata: &Metadata) -> (u64, u64) {
    use std::os::unix::fs::MetadataExt;
    (metadata.dev(), metadata.ino())
}

#[cfg(not(unix))]
fn number(_: &Metadata) -> (u64, u64) {
    (0, 0)
}

/// When the file was changed. On Unix it is the time of the inode, which a program cannot set: `rsync -t` and `cp -p`
/// keep the time of the content.
#[cfg(unix)]
fn changed(metadata: &Metadata) -> Option<SystemTime> {
    use std::os::unix::fs::MetadataExt;
    let seconds = u64::try_from(metadata.ctime()).ok()?;
    let nanoseconds = u64::try_from(metadata.ctime_nsec()).ok()?;
    SystemTime::UNIX_EPOCH.checked_add(Duration::from_secs(seconds) + Duration::from_nanos(nanoseconds))
}

#[cfg(not(unix))]
fn changed(metadata: &Metadata) -> Option<SystemTime> {
    metadata.modified().ok()
}
