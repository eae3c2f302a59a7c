//! Closes the connections of a shutdown one by one: peers that are closed at once connect again at once.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::Server;

/// How many connections a second `shutdown_spread = "auto"` closes. Phoenix's drainer closes as many: 10,000 every 2
/// seconds. A handshake takes a server longer than a message, and TLS makes it ten times as long.
const AUTO_RATE: u32 = 5_000;

/// A shorter spread by `auto` is none: whoever accepts connections takes a few hundred at once.
const AUTO_LEAST: Duration = Duration::from_millis(100);

/// The shortest time between two waves.
const WAVE: Duration = Duration::from_millis(10);

/// Closes the connections that are ready, in random order, over `shutdown_spread`. Each is served until its turn.
/// Those that are left at the deadline are left.
pub(super) async fn spread(server: &Server, deadline: Instant) {
    let begun = Instant::now();
    let mut order = Vec::new();
    server.0.registry.each(|conn| order.push(conn.id()));
    let all = order.len();
    let time = spread_of(server, all, deadline.saturating_duration_since(begun));
    if time.is_zero() || all == 0 {
        return;
    }
    // The hasher is another one for each server, and so is the order.
    order.sort_by_cached_key(|number| server.hash(|hasher| hasher.write_u64(*number)));
    tracing::info!(
        server = server.name(),
        connections = all,
        "closing connections over {time:?} (shutdown_spread)"
    );
    let mut left = order.into_iter();
    loop {
        let passed = begun.elapsed();
        let due = due(all, passed, time);
        while all - left.len() < due {
            let conn = left.next().and_then(|number| server.0.registry.get(number));
            if let Some(conn) = conn {
                conn.finish();
            }
        }
        if left.len() == 0 {
            return;
        }
        tokio::select! {
            biased;
            () = server.aborting() => return,
            // All have gone by themselves.
            () = server.0.connections.wait() => return,
            () = sleep_until(begun + passed + WAVE.max(time / u32::try_from(all).unwrap_or(u32::MAX))) => {}
        }
    }
}

/// How many of `all` are closed after this much of the time: the first at once, the last just before its end.
fn due(all: usize, passed: Duration, time: Duration) -> usize {
    let share = passed.as_secs_f64() / time.as_secs_f64();
    // Saturates; a share above 1 is all.
    let due = (share * all as f64) as usize;
    due.saturating_add(1).min(all)
}

/// The time over which so many connections are closed, of that which is left.
fn spread_of(server: &Server, connections: usize, left: Duration) -> Duration {
    match server.options().shutdown_spread {
        Some(given) => given.min(left),
        None => auto(connections, left),
    }
}

fn auto(connections: usize, left: Duration) -> Duration {
    let time = Duration::from_secs(1) * u32::try_from(connections).unwrap_or(u32::MAX) / AUTO_RATE;
    if time < AUTO_LEAST { Duration::ZERO } else { time.min(left / 3) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn auto_closes_5000_a_second_and_leaves_two_thirds_of_the_time() {
        let seconds = Duration::from_secs;
        for (connections, left, time) in [
            (0, seconds(30), Duration::ZERO),
            (499, seconds(30), Duration::ZERO),
            (500, seconds(30), Duration::from_millis(100)),
            (10_000, seconds(30), seconds(2)),
            (1_000_000, seconds(30), seconds(10)),
            (10_000, seconds(3), seconds(1)),
            (10_000, Duration::ZERO, Duration::ZERO),
            (usize::MAX, seconds(30), seconds(10)),
        ] {
            assert_eq!(auto(connections, left), time, "{connections} in {left:?}");
        }
    }

    #[test]
    fn connections_are_closed_evenly_the_first_at_once_and_all_within_the_time() {
        let time = Duration::from_secs(10);
        let after = |tenths: u32| due(100, time * tenths / 10, time);
        assert_eq!([0, 1, 5, 9, 10, 20].map(after), [1, 11, 51, 91, 100, 100]);
    }
}
