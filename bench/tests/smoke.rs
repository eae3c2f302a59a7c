//! Every mode runs against the floor and against the server of this repository, with few messages: what is checked is
//! that they come back as they were sent, never how fast.

// A test may fail by a panic.
#![expect(clippy::unwrap_used, reason = "helpers of tests are no tests to clippy")]

use std::process::Command;

/// Runs the program, and expects it to succeed; gives what it printed.
fn bench(arguments: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_bench")).args(arguments.split(' ')).output().unwrap();
    let printed = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{arguments}: {}\n{printed}", String::from_utf8_lossy(&output.stderr));
    printed
}

/// How many servers have said that they handled so many messages.
fn servers_that_handled(messages: u64, printed: &str) -> usize {
    printed.lines().filter(|line| line.trim_start().starts_with(&format!("{messages} messages in "))).count()
}

#[test]
fn echoes_come_back_one_at_a_time_and_in_bursts() {
    let printed = bench("echo floor ours --messages 320 --connections 8");
    assert_eq!(servers_that_handled(320, &printed), 2, "{printed}");
    let printed = bench("echo floor ours --messages 320 --connections 4 --depth 16 --text");
    assert_eq!(servers_that_handled(320, &printed), 2, "{printed}");
}

#[test]
fn echoes_of_every_kind_of_header_come_back() {
    for size in [0, 1, 125, 126, 65_535, 65_536, 1 << 20] {
        let printed = bench(&format!("echo floor ours --messages 8 --connections 2 --size {size}"));
        assert_eq!(servers_that_handled(8, &printed), 2, "{size} bytes: {printed}");
    }
}

#[test]
fn the_floor_takes_messages_that_no_single_read_brings() {
    let printed = bench("echo floor floor-64k --messages 32 --connections 2 --depth 4 --size 700000");
    assert_eq!(servers_that_handled(32, &printed), 2, "{printed}");
    let printed = bench("fanout floor floor-64k --messages 36 --subscribers 3 --in-flight 3 --size 700000");
    assert_eq!(servers_that_handled(36, &printed), 2, "{printed}");
}

#[test]
fn echoes_come_back_over_tls() {
    for size in [64, 100_000] {
        let printed =
            bench(&format!("echo rustls ours --tls --messages 64 --connections 4 --depth 4 --size {size}"));
        assert_eq!(servers_that_handled(64, &printed), 2, "{size} bytes: {printed}");
    }
}

#[test]
fn a_server_that_cannot_be_had_is_passed_over() {
    let printed = bench("echo rustls floor --messages 64");
    assert_eq!(servers_that_handled(64, &printed), 1, "{printed}");
}

#[test]
fn a_message_reaches_all() {
    for threads in [1, 2] {
        let printed =
            bench(&format!("fanout floor ours --messages 600 --subscribers 100 --threads {threads}"));
        assert_eq!(servers_that_handled(600, &printed), 2, "{printed}");
        let printed = bench(&format!(
            "fanout floor ours --messages 600 --subscribers 20 --in-flight 5 --threads {threads}"
        ));
        assert_eq!(servers_that_handled(600, &printed), 2, "{printed}");
    }
}

#[test]
fn connections_open_and_close() {
    let printed = bench("connects floor ours --messages 100 --at-once 20");
    assert_eq!(servers_that_handled(100, &printed), 2, "{printed}");
}

#[test]
fn idle_connections_are_weighed() {
    let printed = bench("idle floor ours --connections 100");
    assert_eq!(printed.matches("an idle connection: ").count(), 2, "{printed}");
}

#[test]
fn routes_and_rooms_are_measured_as_the_whole_server_is() {
    let shapes = "ours ours-routes ours-room ours-rooms";
    let printed = bench(&format!("echo {shapes} --messages 320 --connections 8"));
    assert_eq!(servers_that_handled(320, &printed), 4, "{printed}");
    let printed = bench(&format!("fanout {shapes} --messages 600 --subscribers 100 --threads 2"));
    assert_eq!(servers_that_handled(600, &printed), 3, "nobody shares a room of its own: {printed}");
    let printed = bench(&format!("connects {shapes} --messages 100 --at-once 20"));
    assert_eq!(servers_that_handled(100, &printed), 4, "{printed}");
    let printed = bench(&format!("idle {shapes} --connections 100"));
    assert_eq!(printed.matches("an idle connection: ").count(), 4, "{printed}");
}

#[cfg(feature = "axum")]
#[test]
fn a_mounted_server_is_measured_as_one_that_stands_alone() {
    let servers = "ours ours-mounted ours-mounted-opaque";
    let printed = bench(&format!("echo {servers} --messages 320 --connections 8 --depth 16"));
    assert_eq!(servers_that_handled(320, &printed), 3, "{printed}");
    let printed = bench(&format!("fanout {servers} --messages 600 --subscribers 100 --threads 2"));
    assert_eq!(servers_that_handled(600, &printed), 3, "{printed}");
    let printed = bench(&format!("connects {servers} --messages 100 --at-once 20"));
    assert_eq!(servers_that_handled(100, &printed), 3, "{printed}");
    let printed = bench(&format!("idle {servers} --connections 100"));
    assert_eq!(printed.matches("an idle connection: ").count(), 3, "{printed}");
}

#[test]
fn honest_clients_are_served_in_every_storm() {
    let printed = bench("storm ours --threads 2 --visits 64 --rest 0.2");
    assert_eq!(printed.matches("in the storm   p50 ").count(), 6, "{printed}");
    for answers in ["64 got 101", "64 got 404", "32 got 101 32 got 500", "64 got 403"] {
        assert!(printed.contains(answers), "{answers}: {printed}");
    }
}

#[test]
fn attackers_come_back_where_they_are_told_to() {
    let printed = bench("flood ours --threads 2 --reconnect --attack empty-fragments --time 0.5");
    assert!(printed.contains("came back each time they were cut off"), "{printed}");
    assert!(printed.contains("under attack  p50 "), "{printed}");
}

#[test]
fn attackers_are_told_of_and_honest_clients_served() {
    let printed = bench("flood ours --time 0.2");
    assert_eq!(printed.matches("under attack  p50 ").count(), 7, "{printed}");
    assert!(
        printed.contains("empty fragments: 8 attackers sent ") && printed.contains("8 with 1008"),
        "{printed}"
    );
}

#[test]
fn rows_of_the_fault_programme_are_judged_and_kept_apart() {
    let printed = bench("hold claimed-lengths no-answer-to-close --short");
    for line in
        ["Claimed lengths (", "No answer to Close (", "refused with 1009, before any payload", "in all"]
    {
        assert!(printed.contains(line), "{line} is not in {printed}");
    }
    assert!(!printed.contains("MISSED"), "{printed}");
}

#[test]
fn a_goal_that_is_missed_is_an_error() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_bench"));
    // A server that cuts off all at once when it stops loses what is queued.
    command.args(["hold", "graceful-stop", "--short"]).env("WS_SERVER_SHUTDOWN_TIMEOUT", "0");
    let output = command.output().unwrap();
    let (printed, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(!output.status.success() && said.contains("goals are missed: graceful-stop"), "{said}");
    assert!(printed.contains("MISSED  2000 peers: closed with 1001"), "{printed}");
}

#[test]
fn a_row_that_nobody_knows_is_refused_with_the_names_of_all() {
    let output = Command::new(env!("CARGO_BIN_EXE_bench")).args(["hold", "everything"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && said.contains("graceful-stop"), "{said}");
}

#[test]
fn a_comparison_becomes_a_page_with_pictures() {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().to_str().unwrap();
    bench(&format!(
        "compare --length quick --rounds 1 --case connects --case idle --peer ours --output {output}"
    ));
    let page = std::fs::read_to_string(folder.path().join("results.md")).unwrap();
    for line in ["| floor | 1.00 | ", "| **ws-runtime** | "] {
        assert!(page.contains(line), "{line} is not in {page}");
    }
    for picture in ["connects.svg", "idle.svg"] {
        assert!(page.contains(&format!("(benchmarks/{picture})")), "{page}");
        let picture = std::fs::read_to_string(folder.path().join(picture)).unwrap();
        assert!(picture.starts_with("<svg ") && picture.contains("ws-runtime"), "{picture}");
    }
}
