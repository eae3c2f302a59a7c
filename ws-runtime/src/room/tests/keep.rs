//! A room is kept for a while after its last member has left.

use super::*;

#[tokio::test(start_paused = true)]
async fn who_comes_back_in_time_finds_the_same_state() {
    let world = World::new(rules(10, 10)).await;
    let room = world.enter("/a").await.conn.room().unwrap().clone();
    pass(9.0).await;
    let ann = world.enter("/a").await;
    assert_eq!(*ann.conn.room().unwrap(), room);
    pass(60.0).await;
    assert_eq!(world.log(), ["create /a", "created /a"]);
    drop(ann);
    pass(9.9).await;
    assert_eq!(world.log(), [""; 0]);
    assert_eq!(world.server().rooms::<Table>().len(), 1, "it is listed while it is kept");
    pass(0.2).await;
    assert_eq!(world.log(), ["empty /a", "emptied /a"]);
    assert_eq!(world.stateful().paths(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_room_in_which_nobody_became_ready_is_not_kept() {
    let world = World::new(rules(10, 10)).await;
    drop(world.knock("/a", Ends::Well).await.unwrap());
    settle().await;
    assert_eq!(world.log(), ["create /a", "created /a", "empty /a", "emptied /a"]);
}

#[tokio::test(start_paused = true)]
async fn who_is_refused_does_not_lengthen_the_time() {
    let world = World::new(rules(10, 10)).await;
    drop(world.enter("/a").await);
    for _ in 0..4 {
        pass(2.0).await;
        drop(world.knock("/a", Ends::Well).await.unwrap());
    }
    assert_eq!(world.log(), ["create /a", "created /a"]);
    pass(2.1).await;
    assert_eq!(world.log(), ["empty /a", "emptied /a"]);

    // Somebody who is refused, and leaves when the time is over.
    drop(world.enter("/a").await);
    let refused = world.knock("/a", Ends::Well).await.unwrap();
    pass(11.0).await;
    assert_eq!(world.log(), ["create /a", "created /a"]);
    drop(refused);
    settle().await;
    assert_eq!(world.log(), ["empty /a", "emptied /a"]);
}

#[tokio::test(start_paused = true)]
async fn who_is_refused_by_ready_does_not_lengthen_the_time() {
    let world = World::new(rules(10, 10)).await;
    // Listed, as `ready` runs.
    let refused = world.knock("/a", Ends::Well).await.unwrap();
    refused.conn.become_ready();
    assert_eq!(refused.conn.room().unwrap().len(), 1);
    drop(refused);
    settle().await;
    assert_eq!(world.log(), ["create /a", "created /a", "empty /a", "emptied /a"]);

    drop(world.enter("/a").await);
    pass(6.0).await;
    let refused = world.knock("/a", Ends::Well).await.unwrap();
    refused.conn.become_ready();
    drop(refused);
    assert_eq!(world.log(), ["create /a", "created /a"]);
    pass(4.1).await;
    assert_eq!(world.log(), ["empty /a", "emptied /a"]);
}

#[tokio::test(start_paused = true)]
async fn rooms_are_emptied_each_at_its_time_by_one_task() {
    let world = World::new(rules(10, 100)).await;
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let before = tasks();
    for number in 0..50 {
        drop(world.enter(&format!("/{number}")).await);
    }
    settle().await;
    assert_eq!(tasks(), before + 1);
    pass(5.0).await;
    drop(world.enter("/late").await);
    world.log();
    pass(5.1).await;
    let emptied = world.log().iter().filter(|line| line.starts_with("emptied")).count();
    assert_eq!(emptied, 50);
    pass(5.0).await;
    assert_eq!(world.log(), ["empty /late", "emptied /late"]);
    assert_eq!(tasks(), before, "nothing is kept");
}

#[tokio::test(start_paused = true)]
async fn a_slow_empty_delays_no_other_room() {
    let world = World::new(rules(10, 100)).await;
    *world.route.empties.lock().unwrap() = Ends::After(20);
    drop(world.enter("/a").await);
    drop(world.enter("/b").await);
    world.log();
    pass(10.1).await;
    assert_eq!(world.log(), ["empty /a", "empty /b"]);
    pass(20.0).await;
    assert_eq!(world.log(), ["emptied /a", "emptied /b"]);
}

#[tokio::test(start_paused = true)]
async fn a_kept_room_makes_way_and_the_oldest_goes_first() {
    let world = World::new(rules(100, 3)).await;
    let _ann = world.enter("/a").await;
    drop(world.enter("/b").await);
    pass(1.0).await;
    drop(world.enter("/c").await);
    world.log();
    let _new = world.enter("/d").await;
    settle().await;
    assert_eq!(world.log(), ["create /d", "created /d", "empty /b", "emptied /b"]);
    let _other = world.enter("/e").await;
    settle().await;
    assert_eq!(world.log(), ["create /e", "created /e", "empty /c", "emptied /c"]);
    assert_eq!(world.knock("/f", Ends::Well).await.err().unwrap().status(), 503);
    assert_eq!(world.server().rooms::<Table>().len(), 3);
}

#[tokio::test(start_paused = true)]
async fn who_is_refused_costs_nobody_a_room() {
    let world = World::new(rules(100, 1)).await;
    drop(world.enter("/a").await);
    settle().await;
    world.log();
    for ends in [Ends::WithError, Ends::InPanic] {
        assert!(world.knock("/b", ends).await.is_err());
    }
    let given_up = tokio::time::timeout(Duration::from_secs(1), world.knock("/b", Ends::After(5))).await;
    assert!(given_up.is_err());
    settle().await;
    assert_eq!(world.look("/a", |table| table.number), 0, "it is still kept");
    // One kept room is promised once only.
    let making = async { world.knock("/b", Ends::After(5)).await };
    let refused = async {
        settle().await;
        world.knock("/c", Ends::Well).await.err().unwrap().status()
    };
    let (made, refused) = tokio::join!(making, refused);
    assert_eq!(refused, 503);
    settle().await;
    assert_eq!(world.log().last().unwrap(), "emptied /a");
    drop(made);
}

#[tokio::test(start_paused = true)]
async fn a_kept_room_that_is_entered_meanwhile_makes_no_way() {
    let world = World::new(rules(100, 1)).await;
    drop(world.enter("/a").await);
    settle().await;
    world.log();
    let making = async { world.knock("/b", Ends::After(5)).await };
    let back = async {
        settle().await;
        world.enter("/a").await
    };
    let (made, _back) = tokio::join!(making, back);
    assert!(made.is_ok());
    settle().await;
    assert_eq!(world.log(), ["create /b", "created /b"]);
    assert_eq!(world.knock("/c", Ends::Well).await.err().unwrap().status(), 503);
}

#[tokio::test(start_paused = true)]
async fn rooms_that_make_way_slowly_are_bounded_too() {
    let world = World::new(rules(100, 2)).await;
    *world.route.empties.lock().unwrap() = Ends::After(20);
    let mut made = 0;
    for number in 0..10 {
        match world.knock(&format!("/{number}"), Ends::Well).await {
            Ok(guest) => {
                guest.become_ready();
                made += 1;
            }
            Err(reject) => assert_eq!(reject.status(), 503),
        }
    }
    assert_eq!(made, 4, "two that are kept, and two that make way");
    pass(21.0).await;
    drop(world.enter("/later").await);
}
