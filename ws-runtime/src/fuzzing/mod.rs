//! Fuzz targets: functions that take any bytes, and panic if something is wrong.
//!
//! This module is not public. It exists for `fuzz/` and for the test below, which replays the kept inputs. The first
//! byte of an input says how the rest is split over reads.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a panic is how a finding is reported")]

#[cfg(feature = "compression")]
mod deflate;
mod envelope;
mod frames;
mod handshake;

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, ReadBuf};

#[cfg(feature = "compression")]
pub use deflate::deflate;
pub use envelope::envelope;
pub use frames::{differential, frames};
pub use handshake::handshake;

/// A parsed input: the sizes of the reads (none: a single read), and the bytes.
fn cut(input: &[u8]) -> Option<(Vec<usize>, &[u8])> {
    let (&seed, bytes) = input.split_first()?;
    let sizes = match seed {
        0 => Vec::new(),
        1 => vec![1; bytes.len()],
        seed => {
            let mut state = u64::from(seed);
            let mut left = bytes.len();
            std::iter::from_fn(|| {
                // Xorshift, for sizes of 1 to 64.
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                let size = left.min((state % 64) as usize + 1);
                left -= size;
                (size > 0).then_some(size)
            })
            .collect()
        }
    };
    Some((sizes, bytes))
}

/// A stream that returns its bytes in pieces of these sizes (the last one first), then the rest, and ends.
pub(crate) struct Pieces<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) sizes: Vec<usize>,
}

impl AsyncRead for Pieces<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let size = self.sizes.pop().unwrap_or(usize::MAX).min(self.bytes.len()).min(buffer.remaining());
        let (piece, rest) = self.bytes.split_at(size);
        buffer.put_slice(piece);
        self.bytes = rest;
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Runs every kept input, also byte by byte.
    fn replay(corpus: &str, run: fn(&[u8])) {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(corpus);
        let mut count = 0;
        for entry in std::fs::read_dir(folder).unwrap() {
            let mut input = std::fs::read(entry.unwrap().path()).unwrap();
            for seed in [input[0], 0x01, 0x81, 0x40, 0xC0] {
                input[0] = seed;
                run(&input);
            }
            count += 1;
        }
        assert!(count >= 100, "{corpus}: {count}");
    }

    #[test]
    fn frames_of_the_corpus() {
        replay("frames", frames);
        replay("frames", differential);
    }

    #[test]
    #[cfg(feature = "compression")]
    fn frames_of_the_corpus_where_compression_is_agreed_on() {
        replay("frames", deflate);
    }

    #[test]
    fn envelopes_of_the_corpus() {
        replay("envelope", envelope);
    }

    #[test]
    fn handshakes_of_the_corpus() {
        replay("handshake", handshake);
    }
}
