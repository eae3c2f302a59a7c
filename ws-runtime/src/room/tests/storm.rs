//! A storm of peers that come and go, on four threads.

use std::time::Duration;

use tokio::time::timeout;

use super::*;

const PEERS: usize = 32;
const VISITS: usize = 400;
const PATHS: usize = 4;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_storm_of_joins_and_leaves_makes_and_empties_each_room_once() {
    let ticks = vec![Tick::new(0, "tick", 0.001).unwrap()];
    let route = Route { ticks, times: true, ..Route::default() };
    let world = Arc::new(World::of(route, rules(0, 3)).await);
    let peers: Vec<_> = (0..PEERS).map(|number| tokio::spawn(visit(Arc::clone(&world), number))).collect();
    for peer in peers {
        timeout(Duration::from_secs(60), peer).await.expect("nobody hangs").unwrap();
    }
    while world.stateful().paths() > 0 {
        yield_now().await;
    }
    let created = world.route.created.load(Ordering::Relaxed);
    assert_eq!(created, world.route.emptied.load(Ordering::Relaxed));
    assert!(created > 100, "{created} rooms");
    assert!(world.route.alive.lock().unwrap().is_empty());
    assert_eq!(world.server().rooms::<Table>().len(), 0);
    // All places are free.
    let _all = [world.enter("/0").await, world.enter("/1").await, world.enter("/2").await];
}

async fn visit(world: Arc<World>, number: usize) {
    let mut random = number as u64 + 1;
    let mut below = move |most: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (random >> 33) as usize % most
    };
    for visit in 0..VISITS {
        let path = format!("/{}", below(PATHS));
        if visit % 50 == 0 {
            *world.route.empties.lock().unwrap() = [Ends::Well, Ends::WithError, Ends::InPanic][below(3)];
        }
        let ends = match below(10) {
            0 => Ends::WithError,
            1 => Ends::InPanic,
            2 => Ends::After(1),
            _ => Ends::Well,
        };
        // Some give up, before or after they wait.
        let patience = Duration::from_micros(below(2000) as u64);
        let Ok(Ok(guest)) = timeout(patience, world.knock(&path, ends)).await else { continue };
        if below(2) == 0 {
            guest.become_ready();
        }
        let room = guest.conn.room_of::<Table>().unwrap();
        match below(4) {
            0 => drop(room.later(|table| table.clock.start(0.001))),
            1 => room.with(|table| table.number += 1).await.expect("a member's room has its state"),
            2 => drop(room.0.try_lock()),
            _ => yield_now().await,
        }
    }
}
