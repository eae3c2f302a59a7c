//! The timers of a room's state.

use super::*;

fn route() -> Route {
    Route { times: true, ..Route::default() }
}

#[tokio::test(start_paused = true)]
async fn a_timer_runs_when_it_is_due_and_may_start_itself_anew() {
    let world = World::of(route(), rules(0, 10)).await;
    let ann = world.enter("/a").await;
    world.log();
    world.look("/a", |table| table.clock.start(2));
    pass(1.9).await;
    assert_eq!(world.log(), [""; 0]);
    pass(0.2).await;
    assert_eq!(world.log(), ["timer /a"]);
    pass(10.0).await;
    assert_eq!(world.log(), ["timer /a", "timer /a"]);
    drop(ann);
    settle().await;
    assert_eq!(world.log(), ["empty /a", "emptied /a"]);
}

#[tokio::test(start_paused = true)]
async fn there_is_a_task_only_while_a_timer_runs() {
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let world = World::of(route(), rules(0, 10)).await;
    let _ann = world.enter("/a").await;
    settle().await;
    let before = tasks();
    world.look("/a", |table| table.notes = vec![1, 2]);
    assert_eq!(tasks(), before);
    world.look("/a", |table| table.clock.start(1));
    assert_eq!(tasks(), before + 1);
    world.look("/a", |table| table.clock.start(2));
    assert_eq!(tasks(), before + 1);
    pass(1.1).await;
    assert_eq!(tasks(), before + 1);
    pass(1.0).await;
    assert_eq!((world.log().last().map(String::as_str), tasks()), (Some("timer /a"), before));
    // And again.
    world.look("/a", |table| table.clock.start(1));
    pass(1.1).await;
    assert_eq!((world.log(), tasks()), (vec!["timer /a".to_owned()], before));
}

#[tokio::test(start_paused = true)]
async fn a_timer_can_be_started_sooner_stopped_and_started_by_later_and_with() {
    let world = World::of(route(), rules(0, 10)).await;
    let ann = world.enter("/a").await;
    let room = ann.conn.room_of::<Table>().unwrap();
    world.log();
    world.look("/a", |table| table.notes = vec![1, 2]);
    room.with(|table| table.clock.start(100)).await;
    settle().await;
    assert!(room.later(|table| table.clock.start(1)));
    pass(1.1).await;
    assert_eq!(world.log(), ["timer /a"]);
    room.with(|table| table.clock.start(1)).await;
    room.with(|table| table.clock.stop()).await;
    pass(5.0).await;
    assert_eq!(world.log(), [""; 0]);
}

#[tokio::test(start_paused = true)]
async fn timers_run_while_the_room_is_kept_and_end_with_it() {
    let world = World::of(route(), rules(5, 10)).await;
    let ann = world.enter("/a").await;
    world.look("/a", |table| table.clock.start(3.5));
    world.log();
    drop(ann);
    pass(20.0).await;
    assert_eq!(world.log(), ["timer /a", "timer /a", "empty /a", "emptied /a"]);
}

#[tokio::test(start_paused = true)]
async fn a_timer_that_create_has_started_runs() {
    let world = World::of(route(), rules(0, 10)).await;
    let (stream, _) = tokio::io::duplex(64);
    let conn = world.server().new_conn(Address::Memory, Some(&Stream::over(stream)));
    let create = || async {
        world.route.alive.lock().unwrap().insert("/a".to_owned(), "there");
        let mut table = Table { notes: vec![1, 2], ..Table::default() };
        table.clock.start(2);
        Ok(table)
    };
    let _member = world.rooms.enter(&conn, "/a", create).await.unwrap();
    pass(2.1).await;
    assert_eq!(world.log(), ["timer /a"]);
}
