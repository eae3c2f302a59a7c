//! permessage-deflate (RFC 7692): compresses outgoing messages and inflates incoming ones.

use std::cell::RefCell;

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

use super::ProtocolError;

/// Ends the compressed data of each message and is left out on the wire (RFC 7692, section 7.2.1).
const TAIL: [u8; 4] = [0x00, 0x00, 0xFF, 0xFF];

/// The largest window, as a power of two.
pub(crate) const MAX_WINDOW_BITS: u8 = 15;

/// How often one message may end its DEFLATE stream and start another (RFC 7692, section 7.2.3.4). Senders that cannot
/// flush do it once. Starting a stream costs us more than the two bytes cost the peer.
const MAX_STREAMS: u32 = 16;

/// The cost of a compressed byte in received bytes, in addition to what it inflates to. Text takes 3 ns for each
/// compressed byte, blocks with a new table every few bytes take 230 ns.
const COMPRESSED_BYTE: usize = 32;

/// The negotiated parameters (RFC 7692, section 7.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Agreement {
    /// Whether messages of the client refer back to earlier ones.
    pub(crate) client_takes_over: bool,
    /// Whether our messages do.
    pub(crate) server_takes_over: bool,
    /// How far back each side refers, as a power of two in bytes.
    pub(crate) client_window_bits: u8,
    pub(crate) server_window_bits: u8,
}

/// How a message is compressed. Connections that agreed on the same form can be sent the same bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Form {
    /// From 1, fast, to 9, small.
    pub(crate) level: u32,
    /// From 9 to 15.
    pub(crate) window_bits: u8,
}

/// Inflates the messages of a client.
#[derive(Debug)]
pub(crate) struct Inflater {
    /// The window that messages share. Without context takeover it is `None`, and the thread's own is used.
    context: Option<Decompress>,
    /// The largest message, in bytes.
    max: usize,
    /// The cost of inflating since the last [`take_cost`](Self::take_cost).
    cost: usize,
}

/// Compresses our messages.
#[derive(Debug)]
pub(crate) struct Deflater {
    context: Compress,
}

thread_local! {
    /// Inflates all messages that refer to no other. While the thread ends, this and `DEFLATE` are gone: then each
    /// message gets its own.
    static INFLATE: RefCell<Decompress> = RefCell::new(Decompress::new_with_window_bits(false, MAX_WINDOW_BITS));
    /// Compresses messages that refer to no other: one for each form in use, mostly a single one.
    static DEFLATE: RefCell<Vec<(Form, Deflater)>> = const { RefCell::new(Vec::new()) };
}

impl Agreement {
    /// The form of our messages.
    pub(crate) fn form(self, level: u32) -> Form {
        Form { level, window_bits: self.server_window_bits }
    }

    /// What compresses our messages if they may refer back to earlier ones.
    pub(crate) fn deflater(self, level: u32) -> Option<Deflater> {
        self.server_takes_over.then(|| Deflater::new(self.form(level)))
    }
}

impl Form {
    /// Compresses a message for any number of receivers: it refers to no other message.
    pub(crate) fn deflate(self, payload: &[u8]) -> Vec<u8> {
        let shared = DEFLATE.try_with(|deflaters| {
            let mut deflaters = deflaters.borrow_mut();
            let known = deflaters.iter().position(|(form, _)| *form == self);
            let position = known.unwrap_or_else(|| {
                deflaters.push((self, Deflater::new(self)));
                deflaters.len() - 1
            });
            let Some((_, deflater)) = deflaters.get_mut(position) else { return Vec::new() };
            deflater.forget();
            deflater.deflate(payload)
        });
        shared.unwrap_or_else(|_| Deflater::new(self).deflate(payload))
    }
}

impl Inflater {
    pub(crate) fn new(agreement: Agreement, max: usize) -> Self {
        let context = agreement
            .client_takes_over
            .then(|| Decompress::new_with_window_bits(false, agreement.client_window_bits));
        Self { context, max, cost: 0 }
    }

    /// Inflates one message, up to the largest size that is allowed.
    pub(super) fn inflate(&mut self, payload: &[u8]) -> Result<Vec<u8>, ProtocolError> {
        // An empty message should be an empty block. Inflating the tail alone would corrupt the next message.
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

    /// The cost of inflating since the last call, in received bytes.
    pub(super) fn take_cost(&mut self) -> usize {
        std::mem::take(&mut self.cost)
    }
}

/// Inflates a message that refers to no other.
fn inflate_alone(payload: &[u8], max: usize) -> Result<Vec<u8>, ProtocolError> {
    let shared = INFLATE.try_with(|context| {
        let mut context = context.borrow_mut();
        context.reset(false);
        inflate(&mut context, payload, max)
    });
    shared.unwrap_or_else(|_| {
        inflate(&mut Decompress::new_with_window_bits(false, MAX_WINDOW_BITS), payload, max)
    })
}

fn inflate(context: &mut Decompress, payload: &[u8], max: usize) -> Result<Vec<u8>, ProtocolError> {
    let mut message = Vec::new();
    let mut streams = 0;
    for mut input in [payload, &TAIL] {
        loop {
            if message.len() == message.capacity() {
                // One byte more than allowed is enough to see that the message is too large.
                let most = max.saturating_add(1) - message.len();
                message
                    .reserve_exact(input.len().saturating_mul(4).max(message.len()).clamp(64, most.max(64)));
            }
            let (read, written) = (context.total_in(), message.len());
            let status = context
                .decompress_vec(input, &mut message, FlushDecompress::Sync)
                .map_err(|_| ProtocolError::Deflate)?;
            if message.len() > max {
                return Err(ProtocolError::TooLarge);
            }
            let used = usize::try_from(context.total_in() - read).unwrap_or(input.len());
            input = input.get(used..).unwrap_or_default();
            if status == Status::StreamEnd {
                streams += 1;
                if streams > MAX_STREAMS {
                    return Err(ProtocolError::Deflate);
                }
                context.reset(false);
                // The tail belongs to a stream that was flushed. In the fresh stream it would begin a block, and the
                // next message would be read as its continuation.
                if input.is_empty() {
                    return Ok(message);
                }
            } else if used == 0 && message.len() == written && message.len() < message.capacity() {
                // No progress, although there is input and room.
                if input.is_empty() {
                    break;
                }
                return Err(ProtocolError::Deflate);
            }
            if input.is_empty() && message.len() < message.capacity() {
                break;
            }
        }
    }
    Ok(message)
}

impl Deflater {
    pub(crate) fn new(form: Form) -> Self {
        let Form { level, window_bits } = form;
        Self { context: Compress::new_with_window_bits(Compression::new(level), false, window_bits) }
    }

    /// Compresses a message that may refer to those before it.
    pub(crate) fn deflate(&mut self, payload: &[u8]) -> Vec<u8> {
        // RFC 7692, section 7.2.3.6. zlib itself would write nothing for an empty message.
        if payload.is_empty() {
            return vec![0];
        }
        let mut deflated = Vec::with_capacity(payload.len() / 2 + 64);
        let mut input = payload;
        loop {
            let read = self.context.total_in();
            // It fails only if there is nothing to do, which the next lines check.
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

    /// Resets the window: the next message refers to none before it.
    pub(crate) fn forget(&mut self) {
        self.context.reset();
    }
}
