//! What the messages of the programme begin with: a number, so that one that is lost, doubled or out of order is seen,
//! and the time when it was sent. They are text as well as binary.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

/// When this process began to stamp.
static EPOCH: LazyLock<Instant> = LazyLock::new(Instant::now);

/// How many bytes a stamp is.
pub(super) const SIZE: usize = 32;

/// A message of so many bytes that begins with its number and the time.
pub(super) fn message(number: u64, size: usize) -> Vec<u8> {
    let nanos = u64::try_from(EPOCH.elapsed().as_nanos()).unwrap_or(u64::MAX);
    let mut message = format!("{number:016x}{nanos:016x}").into_bytes();
    message.resize(size.max(SIZE), b'.');
    message
}

/// The number of a message, and how long ago it was sent.
pub(super) fn read(message: &[u8]) -> Option<(u64, Duration)> {
    let text = str::from_utf8(message.get(..SIZE)?).ok()?;
    let (number, nanos) = text.split_at(SIZE / 2);
    let sent = Duration::from_nanos(u64::from_str_radix(nanos, 16).ok()?);
    Some((u64::from_str_radix(number, 16).ok()?, EPOCH.elapsed().saturating_sub(sent)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_read_as_it_was_written() {
        let message = message(77, 100);
        assert_eq!(message.len(), 100);
        let (number, age) = read(&message).unwrap();
        assert_eq!(number, 77);
        assert!(age < Duration::from_secs(60));
        assert_eq!(read(&message[..SIZE - 1]), None);
        assert_eq!(read(&[b'x'; 64]), None);
    }
}
