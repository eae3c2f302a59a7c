//! The end of the server empties all rooms.

use super::*;

#[tokio::test(start_paused = true)]
async fn rooms_that_are_kept_are_emptied_at_once() {
    let world = World::new(rules(3600, 10)).await;
    drop(world.enter("/a").await);
    drop(world.enter("/b").await);
    world.log();
    let start = tokio::time::Instant::now();
    world.running.shutdown();
    world.running.stopped().await;
    assert_eq!(world.route.log(), ["empty /a", "emptied /a", "empty /b", "emptied /b"]);
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_room_whose_last_member_leaves_at_the_end_is_emptied_before_start_returns() {
    let world = World::new(rules(3600, 10)).await;
    *world.route.empties.lock().unwrap() = Ends::After(2);
    let ann = world.enter("/a").await;
    world.log();
    let server = world.server().clone();
    // As the task of a connection does.
    server.spawn_last(async move {
        ann.conn.server().closing().await;
        drop(ann);
    });
    world.running.shutdown();
    world.running.stopped().await;
    assert_eq!(world.route.log(), ["empty /a", "emptied /a"]);
}

#[tokio::test(start_paused = true)]
async fn ticks_end_when_connections_are_closed_and_rooms_after_them() {
    let ticks = vec![Tick::new(0, "tick", 1).unwrap()];
    let route = Route { ticks, tick_takes: Mutex::new(2), ..Route::default() };
    let world = World::of(route, rules(3600, 10)).await;
    drop(world.enter("/a").await);
    pass(1.1).await;
    world.log();
    world.running.shutdown();
    world.running.stopped().await;
    assert_eq!(world.route.log(), ["ticked /a", "empty /a", "emptied /a"]);
}

#[tokio::test(start_paused = true)]
async fn empty_goes_on_after_shutdown_timeout_and_is_dropped_after_the_last_grace() {
    for (seconds, ended) in [(5, 1), (100, 0)] {
        let world = World::new(rules(3600, 10)).await;
        *world.route.empties.lock().unwrap() = Ends::After(seconds);
        drop(world.enter("/a").await);
        world.log();
        let start = tokio::time::Instant::now();
        world.running.shutdown();
        world.running.stopped().await;
        // `shutdown_timeout` is 5 seconds.
        assert!(start.elapsed() < Duration::from_millis(5800), "{:?}", start.elapsed());
        let log = world.route.log();
        assert_eq!(log.len(), 1 + ended, "{log:?}");
        assert!(world.route.alive.lock().unwrap().is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn a_tick_that_hangs_does_not_keep_empty_from_running() {
    let ticks = vec![Tick::new(0, "tick", 1).unwrap()];
    let route = Route { ticks, tick_takes: Mutex::new(3600), ..Route::default() };
    let world = World::of(route, rules(3600, 10)).await;
    drop(world.enter("/a").await);
    pass(1.1).await;
    world.log();
    world.running.shutdown();
    world.running.stopped().await;
    assert_eq!(world.route.log(), ["empty /a", "emptied /a"]);
}

#[test]
fn a_runtime_that_is_dropped_leaves_no_room_behind() {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let (rooms, guest, kept) = runtime.block_on(async {
        let world = World::new(rules(3600, 10)).await;
        let guest = world.knock("/a", Ends::Well).await.unwrap();
        let kept = world.enter("/b").await;
        let room = kept.conn.room_of::<Table>().unwrap().clone();
        drop(kept);
        (Arc::clone(world.stateful()), guest, room)
    });
    assert_eq!((rooms.paths(), rooms.len()), (2, 2));
    drop(runtime);
    assert_eq!((rooms.paths(), rooms.len()), (1, 1), "the room that was kept is gone");
    assert!(!kept.later(|_| ()), "its state too");
    let room = guest.conn.room_of::<Table>().unwrap().clone();
    drop(guest);
    assert!(!room.later(|_| ()));
    assert_eq!((rooms.paths(), rooms.len()), (0, 0));
}

#[test]
fn a_runtime_that_is_dropped_drops_the_rooms_that_are_kept() {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    let (rooms, guest) = runtime.block_on(async {
        let world = World::new(rules(3600, 10)).await;
        drop(world.enter("/kept").await);
        settle().await;
        assert_eq!(world.server().rooms::<Table>().len(), 1);
        (Arc::downgrade(world.stateful()), world.enter("/kept by who leaves too late").await)
    });
    drop(runtime);
    drop(guest);
    assert!(rooms.upgrade().is_none(), "the states are dropped, and with them all that knows them");
}
