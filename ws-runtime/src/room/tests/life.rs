//! A room is made by the first and emptied after the last, one after the other.

use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::time::timeout;

use super::*;

#[tokio::test(start_paused = true)]
async fn the_first_makes_a_room_and_the_last_empties_it() {
    let world = World::new(rules(0, 10)).await;
    let ann = world.enter("/a").await;
    let bob = world.enter("/a").await;
    let other = world.enter("/b").await;
    assert_eq!(world.log(), ["create /a", "created /a", "create /b", "created /b"]);
    assert_eq!(ann.conn.room(), bob.conn.room());
    assert_ne!(ann.conn.room(), other.conn.room());
    assert_eq!(ann.conn.room_of::<Table>().unwrap(), bob.conn.room_of::<Table>().unwrap());
    assert_eq!(world.server().rooms::<Table>().len(), 2);

    drop(ann);
    settle().await;
    assert_eq!(world.log(), [""; 0]);
    drop(bob);
    settle().await;
    assert_eq!(world.log(), ["empty /a", "emptied /a"]);
    assert_eq!(world.server().rooms::<Table>().len(), 1);
    assert_eq!(world.stateful().paths(), 1, "nothing is left of the path");
}

#[tokio::test(start_paused = true)]
async fn a_room_lists_what_the_server_lists() {
    let world = World::new(rules(0, 10)).await;
    let ann = world.enter("/a").await;
    let bob = world.knock("/a", Ends::Well).await.unwrap();
    let room = ann.conn.room().unwrap().clone();
    assert_eq!((room.path(), room.len(), room.is_empty()), ("/a", 1, false));
    bob.become_ready();
    let listed: Vec<Conn> = room.connections().into_iter().collect();
    assert_eq!(listed, [ann.conn.clone(), bob.conn.clone()]);
    assert_eq!(world.server().connections(), listed);

    ann.conn.disconnect(1000, "").unwrap();
    let listed: Vec<Conn> = room.connections().into_iter().collect();
    assert_eq!(listed, std::slice::from_ref(&bob.conn), "it has started to close");
    assert_eq!(world.server().connections(), listed);
    drop(bob);
    assert_eq!(room.len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_message_to_a_room_reaches_no_other() {
    let world = World::new(rules(0, 10)).await;
    let all = [world.enter("/a").await, world.enter("/a").await, world.enter("/b").await];
    let room = all[0].conn.room().unwrap();
    assert_eq!(room.broadcast_utf8("hello"), 2);
    assert_eq!(room.broadcast_binary(vec![1]), 2);
    assert!(!room.connections().contains(&all[2].conn));
}

#[tokio::test(start_paused = true)]
async fn forty_members_come_and_go() {
    let world = World::new(rules(0, 10)).await;
    let mut guests = Vec::new();
    for _ in 0..40 {
        guests.push(world.enter("/a").await);
    }
    let room = guests[0].conn.room().unwrap().clone();
    assert_eq!(room.len(), 40);
    let numbers: Vec<u64> = room.connections().iter().map(Conn::id).collect();
    assert!(numbers.is_sorted());
    guests.swap(3, 39);
    while let Some(guest) = guests.pop() {
        drop(guest);
        assert_eq!(room.len(), guests.len());
    }
    settle().await;
    assert_eq!(world.log(), ["create /a", "created /a", "empty /a", "emptied /a"]);
}

#[tokio::test(start_paused = true)]
async fn a_second_peer_waits_while_the_room_is_made() {
    let world = World::new(rules(0, 10)).await;
    let (ann, bob) = tokio::join!(world.knock("/a", Ends::After(2)), world.enter("/a"));
    assert_eq!(world.log(), ["create /a", "created /a"]);
    assert_eq!(ann.unwrap().conn.room(), bob.conn.room());
}

#[tokio::test(start_paused = true)]
async fn who_comes_while_empty_runs_gets_a_new_room_after_it() {
    let world = World::new(rules(0, 10)).await;
    *world.route.empties.lock().unwrap() = Ends::After(3);
    let old = world.enter("/a").await.conn.room().unwrap().clone();
    settle().await;
    assert_eq!(world.server().rooms::<Table>().len(), 0);
    assert!(world.server().rooms::<Table>().get("/a").is_none(), "it is being emptied");
    let ann = world.enter("/a").await;
    let log = world.log();
    assert_eq!(log, ["create /a", "created /a", "empty /a", "emptied /a", "create /a", "created /a"]);
    assert_ne!(*ann.conn.room().unwrap(), old);
    assert_eq!(world.look("/a", |table| table.number), 1);
}

#[tokio::test(start_paused = true)]
async fn a_failed_create_leaves_the_gate_as_it_was() {
    let world = World::new(rules(0, 10)).await;
    for ends in [Ends::WithError, Ends::InPanic] {
        assert!(world.knock("/a", ends).await.is_err());
        settle().await;
        assert_eq!(world.log(), ["create /a"], "nothing was made that could be emptied");
        assert_eq!((world.stateful().paths(), world.server().rooms::<Table>().len()), (0, 0));
    }
    drop(world.enter("/a").await);
    settle().await;
    assert_eq!(world.log(), ["create /a", "created /a", "empty /a", "emptied /a"]);
}

#[tokio::test(start_paused = true)]
async fn a_panic_through_the_opening_leaves_the_gate_as_it_was() {
    let world = World::new(rules(0, 1)).await;
    let (rooms, server) = (Arc::clone(world.stateful()), world.server().clone());
    let opening = tokio::spawn(async move {
        let (stream, _) = tokio::io::duplex(64);
        let conn = server.new_conn(Address::Memory, Some(&Stream::over(stream)));
        let create = || async { panic!("not caught") };
        rooms.enter(&conn, "/a", create).await.is_ok()
    });
    assert!(opening.await.is_err());
    world.enter("/a").await;
}

#[tokio::test(start_paused = true)]
async fn the_next_in_line_makes_the_room_if_the_first_fails_or_gives_up() {
    let world = Arc::new(World::new(rules(0, 10)).await);
    let opening = |ends: Ends, seconds: f64| {
        let world = Arc::clone(&world);
        tokio::spawn(async move { timeout(Duration::from_secs_f64(seconds), world.knock("/a", ends)).await })
    };
    let first = opening(Ends::After(100), 1.0);
    settle().await;
    // It gives up while it waits, so it is never asked.
    let second = opening(Ends::After(7), 0.5);
    settle().await;
    let third = opening(Ends::WithError, 100.0);
    settle().await;
    let fourth = opening(Ends::Well, 100.0);
    assert!(first.await.unwrap().is_err() && second.await.unwrap().is_err());
    assert!(third.await.unwrap().unwrap().is_err());
    let _fourth = fourth.await.unwrap().unwrap().unwrap();
    assert_eq!(world.log(), ["create /a", "create /a", "create /a", "created /a"]);
    assert_eq!(world.look("/a", |table| table.number), 0);
}

#[tokio::test(start_paused = true)]
async fn a_failing_empty_ends_the_room_all_the_same() {
    let world = World::new(rules(0, 10)).await;
    for ends in [Ends::WithError, Ends::InPanic] {
        *world.route.empties.lock().unwrap() = ends;
        drop(world.enter("/a").await);
        settle().await;
        assert_eq!(world.log(), ["create /a", "created /a", "empty /a"]);
    }
    *world.route.empties.lock().unwrap() = Ends::Well;
    world.enter("/a").await;
    assert_eq!(world.route.created.load(Ordering::Relaxed), 3);
}

#[tokio::test(start_paused = true)]
async fn empty_has_30_seconds() {
    let world = World::new(rules(0, 10)).await;
    *world.route.empties.lock().unwrap() = Ends::After(3600);
    drop(world.enter("/a").await);
    let start = tokio::time::Instant::now();
    world.enter("/a").await;
    assert_eq!(start.elapsed().as_secs(), 30);
    assert_eq!(world.log(), ["create /a", "created /a", "empty /a", "create /a", "created /a"]);
}

#[tokio::test(start_paused = true)]
async fn a_member_counts_before_its_room_is_made_and_until_it_is_dropped() {
    let world = World::new(rules(0, 10)).await;
    // It is refused by a handshake after `create`.
    let refused = world.knock("/a", Ends::Well).await.unwrap();
    let ann = world.enter("/a").await;
    drop(refused);
    settle().await;
    assert_eq!(world.log(), ["create /a", "created /a"]);
    world.server().unlist(&ann.conn);
    settle().await;
    assert_eq!(world.log(), [""; 0], "its `disconnect` may run");
    drop(ann);
    settle().await;
    assert_eq!(world.log(), ["empty /a", "emptied /a"]);
}

#[tokio::test(start_paused = true)]
async fn a_handle_of_a_room_that_is_gone_reaches_nothing() {
    let world = World::new(rules(0, 10)).await;
    let old = world.enter("/a").await.conn.room_of::<Table>().unwrap().clone();
    settle().await;
    let _ann = world.enter("/a").await;
    assert_eq!(old.with(|table| table.number).await, None);
    assert!(!old.later(|_| panic!("never called")));
    assert_eq!((old.path(), old.len()), ("/a", 0));
}

#[tokio::test(start_paused = true)]
async fn create_sees_its_room_without_a_state() {
    let world = World::new(rules(0, 10)).await;
    let (stream, _) = tokio::io::duplex(64);
    let conn = world.server().new_conn(Address::Memory, Some(&Stream::over(stream)));
    let create = || async {
        let room = conn.room_of::<Table>().unwrap();
        assert_eq!(room.path(), "/a");
        assert_eq!(room.with(|_| ()).await, None);
        assert!(room.later(|table| table.notes.push(7)));
        assert_eq!(world.server().rooms::<Table>().len(), 0);
        world.route.alive.lock().unwrap().insert("/a".to_owned(), "there");
        Ok(Table::default())
    };
    let _member = world.rooms.enter(&conn, "/a", create).await.unwrap();
    settle().await;
    assert_eq!(world.look("/a", |table| table.notes.clone()), [7]);
}

#[tokio::test(start_paused = true)]
async fn a_room_is_found_by_other_spellings_of_its_path() {
    let world = World::new(rules(0, 10)).await;
    let guests = [
        world.enter("/table/a%3Ab").await,
        world.enter("/table/j%C3%BCrgen").await,
        world.enter("/table/a%2Fb").await,
    ];
    let rooms = world.server().rooms::<Table>();
    for (guest, spellings) in guests.iter().zip([
        ["/table/a%3Ab", "/table/a:b"],
        ["/table/j%C3%BCrgen", "/table/jürgen"],
        ["/table/a%2Fb", "/table/a%2fb"],
    ]) {
        for spelling in spellings {
            let found = rooms.get(spelling).expect(spelling);
            assert_eq!(Some(found.path()), guest.conn.room().map(Room::path));
        }
    }
    for none in ["/table/a/b", "/table/a", "/table/%FF", ""] {
        assert!(rooms.get(none).is_none(), "{none}");
    }
}
