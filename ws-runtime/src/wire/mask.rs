//! Masking (RFC 6455, section 5.3).

/// Takes the masking key off `data`, of which the first byte is the key's first.
pub(super) fn unmask(data: &mut [u8], key: [u8; 4]) {
    let word = u32::from_ne_bytes(key);
    let wide = u128::from(word) << 96 | u128::from(word) << 64 | u128::from(word) << 32 | u128::from(word);
    let (blocks, rest) = data.as_chunks_mut::<16>();
    for block in blocks {
        *block = (u128::from_ne_bytes(*block) ^ wide).to_ne_bytes();
    }
    for (byte, key) in rest.iter_mut().zip(key.iter().cycle()) {
        *byte ^= key;
    }
}

/// The key as it stands after `count` bytes.
pub(super) fn turn(mut key: [u8; 4], count: usize) -> [u8; 4] {
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
                unmask(back, turn(key, cut));
                assert_eq!(data, plain[..len], "{len} bytes cut at {cut}");
            }
        }
    }
}
