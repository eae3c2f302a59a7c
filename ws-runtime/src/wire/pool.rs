//! A pool of buffers for large messages, one pool for each thread. Fresh memory costs a page fault every 4 KiB; for a
//! message of 1 MiB that is as much as receiving it.

use std::cell::RefCell;

use bytes::{Bytes, BytesMut};

/// The smallest buffer that is kept.
pub(super) const LARGE: usize = 128 * 1024;

/// How many buffers a thread keeps, and the largest that it keeps.
const KEEP: usize = 8;
const KEEP_SIZE: usize = 2 * 1024 * 1024;

thread_local! {
    /// Gone while the thread ends: no buffer is taken or kept then.
    static POOL: RefCell<Vec<BytesMut>> = const { RefCell::new(Vec::new()) };
}

/// An empty buffer for a large message, of any capacity.
pub(super) fn take() -> BytesMut {
    POOL.try_with(|pool| pool.borrow_mut().pop()).ok().flatten().unwrap_or_default()
}

/// Keeps the buffer of a message if it is large enough. Returns the bytes if another owner shares them.
pub(crate) fn give_back(message: Bytes) -> Option<Bytes> {
    let mut buffer = match message.try_into_mut() {
        Ok(buffer) => buffer,
        Err(message) => return Some(message),
    };
    buffer.clear();
    if !buffer.try_reclaim(LARGE) || buffer.capacity() > KEEP_SIZE {
        return None;
    }
    let _ = POOL.try_with(|pool| {
        let mut pool = pool.borrow_mut();
        if pool.len() < KEEP {
            pool.push(buffer);
        }
    });
    None
}

#[cfg(test)]
mod tests {
    use bytes::Buf;

    use super::*;

    #[test]
    fn a_buffer_comes_back_whole_however_much_of_it_was_written() {
        let mut message = BytesMut::with_capacity(LARGE);
        message.resize(LARGE, 1);
        let mut message = message.freeze();
        let place = message.as_ptr();
        message.advance(LARGE);
        give_back(message);
        let buffer = take();
        assert_eq!((buffer.as_ptr(), buffer.len()), (place, 0));
        assert!(buffer.capacity() >= LARGE);
    }

    #[test]
    fn small_shared_and_static_buffers_are_not_kept() {
        let shared = Bytes::from(vec![0; LARGE]);
        give_back(shared.clone());
        give_back(Bytes::from(vec![0; LARGE - 1]));
        give_back(Bytes::from_static(&[0; LARGE]));
        assert_eq!(take().capacity(), 0);
        give_back(shared);
        assert!(take().capacity() >= LARGE);
        for _ in 0..2 * KEEP {
            give_back(Bytes::from(vec![0; LARGE]));
        }
        assert_eq!(std::iter::repeat_with(take).take_while(|buffer| buffer.capacity() > 0).count(), KEEP);
    }
}
