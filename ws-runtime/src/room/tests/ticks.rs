//! The ticks of a room.

use super::*;

fn route(periods: &[f64], takes: u64) -> Route {
    let ticks = periods.iter().enumerate();
    Route {
        ticks: ticks.map(|(number, period)| Tick::new(number, "tick", *period).unwrap()).collect(),
        tick_takes: Mutex::new(takes),
        ..Route::default()
    }
}

#[tokio::test(start_paused = true)]
async fn ticks_run_from_create_to_empty_also_while_the_room_is_kept() {
    let world = World::of(route(&[1.0], 0), rules(2, 10)).await;
    let ann = world.enter("/a").await;
    pass(2.5).await;
    drop(ann);
    pass(5.0).await;
    let wanted = ["create /a", "created /a", "tick /a", "ticked /a", "tick /a", "ticked /a"];
    let log = world.log();
    assert_eq!(log[..6], wanted);
    assert_eq!(log[6..], ["tick /a", "ticked /a", "tick /a", "ticked /a", "empty /a", "emptied /a"]);
}

#[tokio::test(start_paused = true)]
async fn a_slow_tick_delays_no_other_room() {
    let world = World::of(route(&[1.0], 3), rules(0, 10)).await;
    let _ann = world.enter("/a").await;
    pass(0.5).await;
    let _bob = world.enter("/b").await;
    world.log();
    pass(1.6).await;
    assert_eq!(world.log(), ["tick /a", "tick /b"]);
}

#[tokio::test(start_paused = true)]
async fn a_room_ends_after_the_tick_that_runs() {
    let world = World::of(route(&[1.0], 5), rules(0, 10)).await;
    let ann = world.enter("/a").await;
    pass(1.1).await;
    drop(ann);
    world.log();
    pass(10.0).await;
    assert_eq!(world.log(), ["ticked /a", "empty /a", "emptied /a"]);
}

#[tokio::test(start_paused = true)]
async fn a_tick_that_hangs_is_dropped_before_empty() {
    let world = World::of(route(&[1.0], 3600), rules(0, 10)).await;
    let ann = world.enter("/a").await;
    pass(1.1).await;
    drop(ann);
    world.log();
    pass(29.0).await;
    assert_eq!(world.log(), [""; 0]);
    pass(2.0).await;
    assert_eq!(world.log(), ["empty /a", "emptied /a"]);
    // The path is as good as new.
    world.enter("/a").await;
}

#[tokio::test(start_paused = true)]
async fn two_ticks_take_turns_even_if_both_are_late() {
    let world = World::of(route(&[0.5, 0.5], 1), rules(0, 10)).await;
    let _ann = world.enter("/a").await;
    pass(8.0).await;
    let log = world.log();
    let count = |what: &str| log.iter().filter(|line| *line == what).count();
    assert!(count("tick /a").abs_diff(count("tock /a")) <= 1 && count("tock /a") >= 3, "{log:?}");
}

#[tokio::test(start_paused = true)]
async fn there_is_one_task_for_a_room_with_ticks_and_none_without() {
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let world = World::of(route(&[1.0, 2.0], 0), rules(0, 10)).await;
    let before = tasks();
    let ann = world.enter("/a").await;
    assert_eq!(tasks(), before + 1);
    drop(ann);
    settle().await;
    assert_eq!(tasks(), before);
    let world = World::new(rules(0, 10)).await;
    let before = tasks();
    let _ann = world.enter("/a").await;
    assert_eq!(tasks(), before);
}
