//! Masking (RFC 6455, section 5.3).

/// How many bytes are unmasked at a time, so that the compiler uses vector instructions.
const BLOCK: usize = 64;

/// Unmasks `data`; its first byte is masked with the first byte of `key`.
pub(super) fn unmask(data: &mut [u8], key: [u8; 4]) {
    let mut wide = [0; BLOCK];
    wide.as_chunks_mut::<4>().0.fill(key);
    let (blocks, rest) = data.as_chunks_mut::<BLOCK>();
    for block in blocks {
        for (byte, key) in block.iter_mut().zip(wide) {
            *byte ^= key;
        }
    }
    for (byte, key) in rest.iter_mut().zip(wide) {
        *byte ^= key;
    }
}

/// The key for the bytes after the next `count`.
pub(super) fn rotate(mut key: [u8; 4], count: usize) -> [u8; 4] {
    key.rotate_left(count % 4);
    key
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_length_and_every_cut_gives_the_same() {
        let key = [0x12, 0x34, 0xAB, 0xCD];
        let plain: Vec<u8> = (0..100).collect();
        let masked: Vec<u8> = plain.iter().zip(key.iter().cycle()).map(|(byte, key)| byte ^ key).collect();
        for len in 0..=masked.len() {
            for cut in 0..=len {
                let mut data = masked[..len].to_vec();
                let (front, back) = data.split_at_mut(cut);
                unmask(front, key);
                unmask(back, rotate(key, cut));
                assert_eq!(data, plain[..len], "{len} bytes cut at {cut}");
            }
        }
    }
}
