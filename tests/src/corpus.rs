//! The inputs that fuzzing begins with: the rows of the tests, in `fuzz/corpus`.

use std::fs;
use std::path::Path;

/// Larger ones would only be slow.
const MOST: usize = 2048;

/// Holds the corpus of a fuzz target to having each of these inputs; with `UPDATE_CORPUS` set, adds what is missing.
///
/// # Panics
///
/// If one is missing.
pub fn has(target: &str, inputs: impl IntoIterator<Item = Vec<u8>>) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(target);
    for bytes in inputs {
        if bytes.len() > MOST {
            continue;
        }
        // The first byte says how the rest is cut up: not at all.
        let input = [vec![0], bytes].concat();
        // FNV-1a: a name that says nothing, as the fuzzer's own do, but is always the same.
        let hash = input.iter().fold(0xCBF2_9CE4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3)
        });
        let path = folder.join(format!("{hash:016x}"));
        if std::env::var_os("UPDATE_CORPUS").is_some() {
            fs::create_dir_all(&folder).unwrap();
            fs::write(&path, &input).unwrap();
        }
        assert!(path.exists(), "run `UPDATE_CORPUS=1 cargo test -p ws-tests corpus` and commit what is new");
    }
}
