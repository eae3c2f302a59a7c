//! How many may wait, and how many rooms there may be.

use super::super::gate::MAX_WAITING;
use super::*;

#[tokio::test(start_paused = true)]
async fn at_most_64_wait_at_one_gate() {
    let world = Arc::new(World::new(rules(0, 10)).await);
    let mut openings = Vec::new();
    for number in 0..=MAX_WAITING + 1 {
        let world = Arc::clone(&world);
        openings.push(tokio::spawn(async move {
            let ends = if number == 0 { Ends::After(5) } else { Ends::Well };
            world.knock("/a", ends).await
        }));
        settle().await;
    }
    // Another path is as free as before.
    drop(world.enter("/b").await);
    let mut guests = Vec::new();
    let last = openings.pop().unwrap().await.unwrap();
    assert_eq!(last.err().unwrap().status(), 503);
    for opening in openings {
        guests.push(opening.await.unwrap().unwrap());
    }
    assert_eq!(guests.len(), MAX_WAITING + 1);
    drop(guests);
    settle().await;
    assert_eq!(world.stateful().paths(), 0);
}

#[tokio::test(start_paused = true)]
async fn who_gives_up_frees_the_place_at_the_gate() {
    let world = Arc::new(World::new(rules(0, 10)).await);
    let mut openings = Vec::new();
    for number in 0..=MAX_WAITING {
        let world = Arc::clone(&world);
        let ends = if number == 0 { Ends::After(5) } else { Ends::Well };
        openings.push(tokio::spawn(async move { world.knock("/a", ends).await }));
        settle().await;
    }
    openings.pop().unwrap().abort();
    settle().await;
    let ann = world.enter("/a").await;
    assert_eq!(world.look("/a", |table| table.number), 0);
    drop(ann);
}

#[tokio::test(start_paused = true)]
async fn max_rooms_counts_rooms_with_a_state() {
    let world = World::new(rules(0, 2)).await;
    let _ann = world.enter("/a").await;
    // A room that is being made counts too.
    let making = async { world.knock("/b", Ends::After(5)).await };
    let refused = async {
        settle().await;
        world.knock("/c", Ends::Well).await.err().unwrap()
    };
    let (made, refused) = tokio::join!(making, refused);
    assert_eq!((refused.status().as_u16(), refused.message()), (503, "there are too many rooms"));
    assert_eq!(world.log(), ["create /a", "created /a", "create /b", "created /b"]);
    // Who comes to one that is there is let in.
    let _bob = world.enter("/a").await;
    drop(made);
    settle().await;
    let _new = world.enter("/c").await;
}

#[tokio::test(start_paused = true)]
async fn a_room_counts_until_it_is_empty() {
    let world = World::new(rules(0, 1)).await;
    *world.route.empties.lock().unwrap() = Ends::After(5);
    drop(world.enter("/a").await);
    settle().await;
    assert_eq!(world.knock("/b", Ends::Well).await.err().unwrap().status(), 503);
    pass(5.1).await;
    world.enter("/b").await;
}

#[tokio::test(start_paused = true)]
async fn a_refused_create_makes_no_room() {
    let world = World::new(rules(0, 1)).await;
    for number in 0..100 {
        assert!(world.knock(&format!("/{number}"), Ends::WithError).await.is_err());
    }
    assert_eq!(world.stateful().paths(), 0);
    world.enter("/a").await;
}
