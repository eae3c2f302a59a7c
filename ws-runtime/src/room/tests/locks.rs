//! The lock on a room's state.

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Waker};

use super::super::state::{lock_room, try_lock_room};
use super::*;

#[tokio::test(start_paused = true)]
async fn a_lock_is_taken_at_once_or_waited_for() {
    let world = World::new(rules(0, 10)).await;
    let (ann, bob) = (world.enter("/a").await, world.enter("/a").await);
    let mut lock = try_lock_room::<Table>(&ann.conn).unwrap();
    lock.notes.push(1);
    assert!(try_lock_room::<Table>(&bob.conn).is_none());
    let mut waiting = pin!(lock_room::<Table>(&bob.conn));
    let cx = &mut Context::from_waker(Waker::noop());
    assert!(waiting.as_mut().poll(cx).is_pending());
    drop(lock);
    assert_eq!(waiting.await.notes, [1]);
}

#[tokio::test(start_paused = true)]
async fn a_lock_on_one_room_leaves_others_free() {
    let world = World::new(rules(0, 10)).await;
    let (ann, bob) = (world.enter("/a").await, world.enter("/b").await);
    let _lock = try_lock_room::<Table>(&ann.conn).unwrap();
    assert!(try_lock_room::<Table>(&bob.conn).is_some());
    // A locked room can be entered and left, sent to, listed and found.
    drop(world.enter("/a").await);
    let rooms = world.server().rooms::<Table>();
    assert_eq!((rooms.len(), rooms.iter().count(), rooms.is_empty()), (2, 2, false));
    let room = rooms.get("/a").unwrap();
    assert_eq!((room.len(), room.broadcast_utf8("still here")), (1, 1));
    assert!(room.later(|table| table.notes.push(1)));
}

#[tokio::test(start_paused = true)]
async fn a_panic_under_the_lock_releases_it() {
    let world = World::new(rules(0, 10)).await;
    let ann = world.enter("/a").await;
    let room = ann.conn.room_of::<Table>().unwrap().clone();
    let task = tokio::spawn(async move { room.with(|_| panic!("in the middle")).await });
    assert!(task.await.is_err());
    assert!(try_lock_room::<Table>(&ann.conn).is_some());
}

#[tokio::test(start_paused = true)]
async fn with_waits_for_its_turn_and_returns_what_it_is_told() {
    let world = World::new(rules(0, 10)).await;
    let ann = world.enter("/a").await;
    let room = ann.conn.room_of::<Table>().unwrap();
    let lock = try_lock_room::<Table>(&ann.conn).unwrap();
    let mut with = pin!(room.with(|table| {
        table.notes.push(5);
        table.notes.len()
    }));
    assert!(with.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    drop(lock);
    assert_eq!(with.await, Some(1));
}

#[tokio::test(start_paused = true)]
async fn a_future_of_with_that_nobody_polls_holds_nobody_up() {
    let world = World::new(rules(0, 10)).await;
    let ann = world.enter("/a").await;
    let room = ann.conn.room_of::<Table>().unwrap();
    let lock = try_lock_room::<Table>(&ann.conn).unwrap();
    let cx = &mut Context::from_waker(Waker::noop());
    let mut left_alone = pin!(room.with(|table| table.notes.push(1)));
    assert!(left_alone.as_mut().poll(cx).is_pending());
    let mut queued = pin!(lock_room::<Table>(&ann.conn));
    assert!(queued.as_mut().poll(cx).is_pending());
    drop(lock);
    // Handlers go first.
    assert!(left_alone.as_mut().poll(cx).is_pending());
    drop(queued.await);
    assert_eq!(room.with(|table| table.notes.len()).await, Some(0));
    assert!(try_lock_room::<Table>(&ann.conn).is_some());
    assert_eq!(left_alone.await, Some(()));
    assert_eq!(world.look("/a", |table| table.notes.clone()), [1]);
}

#[tokio::test(start_paused = true)]
async fn with_goes_on_if_whose_turn_it_is_gives_up() {
    let world = World::new(rules(0, 10)).await;
    let ann = world.enter("/a").await;
    let room = ann.conn.room_of::<Table>().unwrap().clone();
    let lock = try_lock_room::<Table>(&ann.conn).unwrap();
    let cx = &mut Context::from_waker(Waker::noop());
    let mut queued = Box::pin(lock_room::<Table>(&ann.conn));
    assert!(queued.as_mut().poll(cx).is_pending());
    let with = tokio::spawn(async move { room.with(|table| table.notes.push(1)).await });
    settle().await;
    drop(lock);
    settle().await;
    // The handler has the lock by now, but has not run: it is cancelled.
    drop(queued);
    settle().await;
    assert!(with.is_finished());
    assert_eq!(world.look("/a", |table| table.notes.clone()), [1]);
}

#[tokio::test(start_paused = true)]
async fn with_ends_if_the_room_is_emptied_meanwhile() {
    let world = World::new(rules(0, 10)).await;
    let ann = world.enter("/a").await;
    let room = ann.conn.room_of::<Table>().unwrap().clone();
    let lock = room.0.try_lock().unwrap();
    let waiting: Vec<_> = (0..3)
        .map(|_| {
            let room = room.clone();
            tokio::spawn(async move { room.with(|table| table.notes.push(1)).await })
        })
        .collect();
    settle().await;
    drop(ann);
    settle().await;
    // It waits in the queue, so it is before them.
    drop(lock);
    for waiting in waiting {
        waiting.await.unwrap();
    }
    assert_eq!(room.with(|_| ()).await, None);
}

#[tokio::test(start_paused = true)]
async fn a_lock_that_is_held_holds_back_the_end_of_its_room_only() {
    let world = World::new(rules(0, 10)).await;
    let ann = world.enter("/a").await;
    let room = ann.conn.room_of::<Table>().unwrap().clone();
    let lock = room.0.try_lock().unwrap();
    drop(ann);
    drop(world.enter("/b").await);
    world.log();
    settle().await;
    assert_eq!(world.log(), ["empty /b", "emptied /b"]);
    drop(lock);
    settle().await;
    assert_eq!(world.log(), ["empty /a", "emptied /a"]);
}
