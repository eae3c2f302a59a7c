//! Calls with a room's state that wait for their turn.

use super::*;

#[tokio::test(start_paused = true)]
async fn calls_are_made_in_order_and_never_at_once() {
    let world = World::new(rules(0, 10)).await;
    let ann = world.enter("/a").await;
    let room = ann.conn.room_of::<Table>().unwrap();
    let lock = room.0.try_lock().unwrap();
    for number in 0..200 {
        assert!(room.later(move |table| table.notes.push(number)));
    }
    settle().await;
    assert!(lock.notes.is_empty());
    drop(lock);
    assert!(room.later(|table| table.notes.push(200)));
    settle().await;
    assert_eq!(world.look("/a", |table| table.notes.clone()), (0..=200).collect::<Vec<_>>());
}

#[tokio::test(start_paused = true)]
async fn at_most_1024_calls_wait() {
    let world = World::new(rules(0, 10)).await;
    let ann = world.enter("/a").await;
    let room = ann.conn.room_of::<Table>().unwrap();
    for number in 0..1024 {
        assert!(room.later(|table| table.number += 1), "{number}");
    }
    assert!(!room.later(|_| panic!("never called")));
    settle().await;
    assert_eq!(world.look("/a", |table| table.number), 1024);
    assert!(room.later(|_| ()));
}

#[tokio::test(start_paused = true)]
async fn there_is_a_task_only_while_there_is_a_call() {
    let world = World::new(rules(0, 10)).await;
    let ann = world.enter("/a").await;
    let room = ann.conn.room_of::<Table>().unwrap();
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    room.later(|_| ());
    room.later(|_| ());
    assert_eq!(tasks(), before + 1);
    settle().await;
    assert_eq!(tasks(), before);
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_call_stops_no_other() {
    let world = World::new(rules(0, 10)).await;
    let ann = world.enter("/a").await;
    let room = ann.conn.room_of::<Table>().unwrap();
    assert!(room.later(|_| panic!("one of them")));
    assert!(room.later(|table| table.notes.push(1)));
    settle().await;
    assert_eq!(world.look("/a", |table| table.notes.clone()), [1]);
}

#[tokio::test(start_paused = true)]
async fn a_call_can_queue_another_one() {
    let world = World::new(rules(0, 10)).await;
    let ann = world.enter("/a").await;
    let room = ann.conn.room_of::<Table>().unwrap();
    let again = room.clone();
    room.later(move |table| {
        table.notes.push(1);
        again.later(|table| table.notes.push(2));
    });
    settle().await;
    assert_eq!(world.look("/a", |table| table.notes.clone()), [1, 2]);
}

#[tokio::test(start_paused = true)]
async fn what_was_queued_is_called_before_empty_and_nothing_after_it() {
    let world = World::new(rules(0, 10)).await;
    *world.route.empties.lock().unwrap() = Ends::After(5);
    let ann = world.enter("/a").await;
    let room = ann.conn.room_of::<Table>().unwrap().clone();
    let lock = room.0.try_lock().unwrap();
    for number in 0..100 {
        let route = Arc::clone(&world.route);
        assert!(room.later(move |_| route.note("call", &number.to_string())));
    }
    drop(ann);
    settle().await;
    drop(lock);
    world.log();
    settle().await;
    let log = world.log();
    assert_eq!(log.len(), 101);
    assert_eq!((log[0].as_str(), log[99].as_str(), log[100].as_str()), ("call 0", "call 99", "empty /a"));
    assert!(!room.later(|_| panic!("never called")), "it is being emptied");
    pass(6.0).await;
    assert!(!room.later(|_| panic!("never called")), "it is gone");
}

#[tokio::test(start_paused = true)]
async fn calls_reach_a_room_that_is_kept() {
    let world = World::new(rules(10, 10)).await;
    let room = world.enter("/a").await.conn.room_of::<Table>().unwrap().clone();
    settle().await;
    assert!(room.later(|table| table.notes.push(3)));
    settle().await;
    let _ann = world.enter("/a").await;
    assert_eq!(world.look("/a", |table| table.notes.clone()), [3]);
}

#[tokio::test(start_paused = true)]
async fn what_is_queued_for_a_room_that_is_not_made_is_dropped() {
    let world = World::new(rules(0, 10)).await;
    let (stream, _) = tokio::io::duplex(64);
    let conn = world.server().new_conn(Address::Memory, Some(&Stream::over(stream)));
    let token = Arc::new(());
    let create = || async {
        let held = Arc::clone(&token);
        assert!(conn.room_of::<Table>().unwrap().later(move |_| drop(held)));
        Err(Reject::forbidden())
    };
    assert!(world.rooms.enter(&conn, "/a", create).await.is_err());
    assert_eq!(Arc::strong_count(&token), 1);
    assert!(!conn.room_of::<Table>().unwrap().later(|_| panic!("never called")));
}
