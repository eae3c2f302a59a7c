//! permessage-deflate (RFC 7692): messages made smaller on their way out, and whole again on their way in.

use std::cell::RefCell;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::Violation;

/// Ends the compressed data of each message and is left out on the wire (RFC 7692, section 7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];

/// The largest window, as a power of two.
pub(crate) const MAX_WINDOW_BITS: u8 = 15;

/// How often one message may end its stream of blocks and begin another (RFC 7692, section 7.2.3.4). Once is what
/// senders do that cannot flush; a beginning costs more than the two bytes that ask for it.
const MAX_STREAMS: u32 = 16;

/// What a compressed byte counts beside those that come of it: as much as receiving so many. Text takes 3 ns for each; blocks
/// that bring a new table for each few bytes take 230.
const COMPRESSED_BYTE: usize = 32;

/// What both sides agreed on (RFC 7692, section 7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Agreement {
    /// Whether what the client sends refers back to earlier messages.
    pub(crate) client_takes_over: bool,
    /// Whether what we send does.
    pub(crate) server_takes_over: bool,
    /// How far back each side refers.
    pub(crate) client_window_bits: u8,
    pub(crate) server_window_bits: u8,
}

/// Makes a client's messages whole again.
#[derive(Debug)]
pub(crate) struct Inflater {
    /// The window that one message leaves to the next; without context takeover, the thread's own does.
    context: Option<Decompress>,
    /// The largest message, in bytes.
    max: usize,
    /// What was inflated since that was last asked for, by what it cost.
    cost: usize,
}

/// Makes our messages smaller.
#[derive(Debug)]
pub(crate) struct Deflater {
    context: Compress,
}

thread_local! {
    /// Serves all messages that refer to no other. Gone where the thread ends, as the next: then each has its own.
    static INFLATE: RefCell<Decompress> = RefCell::new(Decompress::new_with_window_bits(false, MAX_WINDOW_BITS));
    /// The same for each pair of level and window that is in use on this thread; mostly there is one.
    static DEFLATE: RefCell<Vec<((u32, u8), Deflater)>> = const { RefCell::new(Vec::new()) };
}

impl Inflater {
    pub(crate) fn new(agreement: Agreement, max: usize) -> Self {
        let context = agreement
            .client_takes_over
            .then(|| Decompress::new_with_window_bits(false, agreement.client_window_bits));
        Self { context, max, cost: 0 }
    }

    /// Inflates one message, and never to more than is allowed.
    pub(super) fn inflate(&mut self, payload: &[u8]) -> Result<Vec<u8>, Violation> {
        // It should be a block without content; the tail alone is none, and would spoil what follows.
        if payload.is_empty() {
            return Ok(Vec::new());
        }
        let message = match &mut self.context {
            Some(context) => inflate(context, payload, self.max),
            None => inflate_alone(payload, self.max),
        }?;
        self.cost = (payload.len().saturating_mul(COMPRESSED_BYTE))
            .saturating_add(message.len())
            .saturating_add(self.cost);
        Ok(message)
    }

    /// What inflating has cost since that was last asked for, as bytes that are received.
    pub(super) fn take_cost(&mut self) -> usize {
        std::mem::take(&mut self.cost)
    }
}

/// Inflates a message that refers to no other.
fn inflate_alone(payload: &[u8], max: usize) -> Result<Vec<u8>, Violation> {
    let shared = INFLATE.try_with(|context| {
        let mut context = context.borrow_mut();
        context.reset(false);
        inflate(&mut context, payload, max)
    });
    shared.unwrap_or_else(|_| {
        inflate(&mut Decompress::new_with_window_bits(false, MAX_WINDOW_BITS), payload, max)
    })
}

fn inflate(context: &mut Decompress, payload: &[u8], max: usize) -> Result<Vec<u8>, Violation> {
    let mut message = Vec::new();
    let mut streams = 0;
    for mut input in [payload, &TAIL] {
        loop {
            if message.len() == message.capacity() {
                // Once too large is large enough to tell.
                let most = max.saturating_add(1) - message.len();
                message
                    .reserve_exact(input.len().saturating_mul(4).max(message.len()).clamp(64, most.max(64)));
            }
            let (read, written) = (context.total_in(), message.len());
            let status = context
                .decompress_vec(input, &mut message, FlushDecompress::Sync)
                .map_err(|_| Violation::Deflate)?;
            if message.len() > max {
                return Err(Violation::TooLarge);
            }
            let used = usize::try_from(context.total_in() - read).unwrap_or(input.len());
            input = input.get(used..).unwrap_or_default();
            if status == Status::StreamEnd {
                streams += 1;
                if streams > MAX_STREAMS {
                    return Err(Violation::Deflate);
                }
                context.reset(false);
                // The tail belongs to a stream that was flushed. Fed into the fresh one, it would be the beginning of a
                // block that the next message goes on with.
                if input.is_empty() {
                    return Ok(message);
                }
            } else if used == 0 && message.len() == written && message.len() < message.capacity() {
                // With input and room, but without progress.
                if input.is_empty() {
                    break;
                }
                return Err(Violation::Deflate);
            }
            if input.is_empty() && message.len() < message.capacity() {
                break;
            }
        }
    }
    Ok(message)
}

impl Deflater {
    /// `level` is from 1, fast, to 9, small; the window from 9 to 15 bits.
    pub(crate) fn new(level: u32, window_bits: u8) -> Self {
        Self { context: Compress::new_with_window_bits(Compression::new(level), false, window_bits) }
    }

    /// Deflates a message for any number of receivers: it refers to no other.
    pub(crate) fn deflate_alone(level: u32, window_bits: u8, payload: &[u8]) -> Vec<u8> {
        let shared = DEFLATE.try_with(|deflaters| {
            let mut deflaters = deflaters.borrow_mut();
            let kind = (level, window_bits);
            let known = deflaters.iter().position(|(of, _)| *of == kind);
            let position = known.unwrap_or_else(|| {
                deflaters.push((kind, Self::new(level, window_bits)));
                deflaters.len() - 1
            });
            let Some((_, deflater)) = deflaters.get_mut(position) else { return Vec::new() };
            deflater.forget();
            deflater.deflate(payload)
        });
        shared.unwrap_or_else(|_| Self::new(level, window_bits).deflate(payload))
    }

    /// Deflates a message that may refer to those before it.
    pub(crate) fn deflate(&mut self, payload: &[u8]) -> Vec<u8> {
        // RFC 7692, section 7.2.3.6; zlib writes nothing where nothing has come since the last message.
        if payload.is_empty() {
            return vec![0];
        }
        let mut deflated = Vec::with_capacity(payload.len() / 2 + 64);
        let mut input = payload;
        loop {
            let read = self.context.total_in();
            // It fails only where there is nothing to do; the next lines see that.
            let _ = self.context.compress_vec(input, &mut deflated, FlushCompress::Sync);
            let used = usize::try_from(self.context.total_in() - read).unwrap_or(input.len());
            input = input.get(used..).unwrap_or_default();
            if input.is_empty() && deflated.len() < deflated.capacity() {
                break;
            }
            deflated.reserve(input.len().max(64));
        }
        deflated.truncate(deflated.len().saturating_sub(TAIL.len()));
        deflated
    }

    /// Begins anew: the next message refers to none before it.
    pub(crate) fn forget(&mut self) {
        self.context.reset();
    }
}
