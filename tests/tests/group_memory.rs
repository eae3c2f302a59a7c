//! What groups leave behind: nothing. Counted in the whole process, which is why this test is alone in its program.

use std::alloc::System;

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use ws_runtime::prelude::*;
use ws_tests::Client;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

// However slow the machine, no ping comes between.
#[ws_server(listen = "127.0.0.1:0", silence_max = 3600)]
mod plain {
    use super::*;

    #[on(utf8)]
    fn echo(text: &str) -> &str {
        text
    }
}

/// How many bytes more are allocated after `act`: the least of several times, as other threads, such as that of the
/// test harness, allocate now and then. What `act` leaves behind, it leaves each time.
fn growth(act: impl Fn()) -> isize {
    let once = || {
        let region = Region::new(ALLOCATOR);
        act();
        let change = region.change();
        change.bytes_allocated.cast_signed() - change.bytes_deallocated.cast_signed()
    };
    (0..5).map(|_| once()).min_by_key(|left| left.abs()).unwrap_or_default()
}

#[tokio::test]
async fn ten_thousand_groups_leave_nothing_behind() {
    let running = plain::server().bind().await.unwrap();
    let mut client = Client::connect(&running).await;
    client.send("ready").await;
    client.text().await;
    let conn = &running.server().connections()[0];
    // What the connection keeps for groups is made once.
    Group::new().insert(conn);

    let left = growth(|| {
        let groups: Vec<Group> = (0..10_000).map(|_| Group::new()).collect();
        assert!(groups.iter().all(|group| group.insert(conn)));
        assert!(groups.iter().all(|group| group.remove(conn)));
    });
    assert_eq!(left, 0, "entered and left");
    let dropped = growth(|| {
        for _ in 0..10_000 {
            Group::new().insert(conn);
        }
    });
    assert_eq!(dropped, 0, "dropped with a member");

    let groups: Vec<Group> = (0..1_000).map(|_| Group::new()).collect();
    assert!(groups.iter().all(|group| group.insert(conn) && group.len() == 1));
    client.0.close(None).await.unwrap();
    while !groups.iter().all(Group::is_empty) {
        tokio::task::yield_now().await;
    }
}
