//! Figures on the terminal.

use std::time::Duration;

use crate::measure::Measurement;
use crate::modes::idle::Memory;
use crate::peers::Peer;

/// What was measured of one server.
pub(crate) fn measurement(peer: Peer, measured: &Measurement) {
    let Measurement { messages, elapsed, server, latencies, resident, .. } = measured;
    println!("{}", peer.name());
    println!(
        "  {messages} messages in {elapsed:.2?}: {}/s, {} of server CPU each ({:.0} % in the kernel)",
        count(measured.throughput()),
        nanos(measured.cost()),
        measured.kernel_share() * 100.0
    );
    println!(
        "  latency: p50 {}, p90 {}, p99 {}, p99.9 {}, max {}",
        time(latencies.p50),
        time(latencies.p90),
        time(latencies.p99),
        time(latencies.p999),
        time(latencies.max)
    );
    println!(
        "  context switches: {} voluntary, {} involuntary ({:.3} a message); memory: {}; load generator: {} each",
        server.voluntary,
        server.involuntary,
        measured.switches(),
        bytes(*resident as f64),
        nanos(measured.generator.cpu.as_nanos() as f64 / *messages as f64)
    );
    if measured.is_limited_by_generator() {
        println!(
            "  note: the load generator was the limit: throughput and latency are its own, the CPU time stands"
        );
    }
    if measured.is_disturbed() {
        println!(
            "  note: others had {:.0} % of the processors: trust the ratios only",
            measured.others * 100.0
        );
    }
}

/// What a connection of one server holds.
pub(crate) fn memory(peer: Peer, memory: Memory) {
    println!("{}", peer.name());
    println!(
        "  an idle connection: {} in the server, {} in the kernel for both ends",
        bytes(memory.user),
        bytes(memory.kernel)
    );
}

/// A time, to three digits.
pub(crate) fn time(time: Duration) -> String {
    nanos(time.as_nanos() as f64)
}

/// A number of nanoseconds, to three digits.
pub(crate) fn nanos(nanos: f64) -> String {
    scaled(nanos, 1000.0, &["ns", "µs", "ms", "s"])
}

/// A number of bytes, to three digits.
pub(crate) fn bytes(bytes: f64) -> String {
    scaled(bytes, 1024.0, &["B", "KiB", "MiB", "GiB"])
}

/// A large number, to three digits.
pub(crate) fn count(number: f64) -> String {
    scaled(number, 1000.0, &["", "k", "M", "G"]).trim_end().to_owned()
}

fn scaled(number: f64, step: f64, units: &[&str]) -> String {
    let (mut number, mut unit) = (number, 0);
    while number.abs() >= 999.5 && unit + 1 < units.len() {
        (number, unit) = (number / step, unit + 1);
    }
    let digits = match number.abs() {
        _ if unit == 0 && step > 1000.0 => 0,
        0.0..9.995 => 2,
        9.995..99.95 => 1,
        _ => 0,
    };
    format!("{number:.digits$} {}", units[unit])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_three_digits() {
        assert_eq!(nanos(7.123), "7.12 ns");
        assert_eq!(nanos(999.7), "1.00 µs");
        assert_eq!(time(Duration::from_micros(12_345)), "12.3 ms");
        assert_eq!(bytes(1538.0), "1.50 KiB");
        assert_eq!(bytes(640.0), "640 B");
        assert_eq!(count(123_456.0), "123 k");
        assert_eq!(count(12.0), "12.0");
    }
}
