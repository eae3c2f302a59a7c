//! What sockets hold in the kernel, as `ss` of iproute2 tells it.

use std::process::Command;

/// The most bytes that a socket of this port has in its write queue, overhead of the kernel included.
pub(super) fn longest_queue(port: u16) -> Option<u64> {
    let output = Command::new("ss").args(["-tmnH", &format!("sport = :{port}")]).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout);
    output.status.success().then(|| text.lines().filter_map(queue).max().unwrap_or_default())
}

/// The `w` of `skmem:(r0,rb131072,t0,tb87040,f0,w0,o0,bl0,d0)`.
fn queue(line: &str) -> Option<u64> {
    let (_, memory) = line.split_once("skmem:(")?;
    memory.split(',').find_map(|field| field.strip_prefix('w')?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_write_queue_is_read() {
        let line = "\t skmem:(r0,rb131072,t0,tb2626560,f3584,w517120,o0,bl0,d0)";
        assert_eq!(queue(line), Some(517_120));
        assert_eq!(queue("ESTAB 0 0 127.0.0.1:80 127.0.0.1:1234"), None);
    }
}
