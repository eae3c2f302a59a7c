//! Each deadline at its time, and once.

use super::*;

fn options() -> Options {
    Options {
        silence_max: Duration::from_secs(20),
        close_timeout: Duration::from_secs(5),
        ..Options::default()
    }
}

fn at(seconds: f32) -> Moment {
    let start = Instant::now();
    Moment::of(start, start + Duration::from_secs_f32(seconds))
}

fn due_at(deadlines: &mut Deadlines, seconds: f32) -> Vec<Due> {
    due_with_left(deadlines, 0, seconds)
}

fn next(deadlines: &mut Deadlines) -> Option<Moment> {
    deadlines.next(&options(), at(0.0))
}

fn due_with_left(deadlines: &mut Deadlines, left: usize, seconds: f32) -> Vec<Due> {
    deadlines.due(&options(), left, at(seconds)).collect()
}

#[test]
fn a_moment_is_exact_to_the_microsecond_and_small() {
    let start = Instant::now();
    let now = start + Duration::from_micros(1_234_567);
    assert_eq!(Moment::of(start, now).instant(start), now);
    assert_eq!(size_of::<Option<Moment>>(), 8);
    assert!(size_of::<Deadlines>() <= 56, "{}", size_of::<Deadlines>());
}

#[test]
fn a_silent_peer_is_pinged_each_half_and_cut_at_one_and_a_half() {
    let mut deadlines = Deadlines::new(at(0.0));
    assert_eq!(next(&mut deadlines), Some(at(10.0)));
    assert_eq!(due_at(&mut deadlines, 9.9), []);
    assert_eq!(due_at(&mut deadlines, 10.0), [Due::Ping]);
    assert_eq!(due_at(&mut deadlines, 19.9), []);
    assert_eq!(due_at(&mut deadlines, 20.0), [Due::Ping]);
    assert_eq!(due_at(&mut deadlines, 29.9), []);
    assert_eq!(due_at(&mut deadlines, 30.0), [Due::Silence]);
}

#[test]
fn a_peer_has_time_to_answer_a_ping_that_is_sent_late() {
    let mut deadlines = Deadlines::new(at(0.0));
    assert_eq!(due_at(&mut deadlines, 100.0), [Due::Ping], "the alarm rang late");
    assert_eq!(next(&mut deadlines), Some(at(110.0)));
    assert_eq!(due_at(&mut deadlines, 109.9), []);
    assert_eq!(due_at(&mut deadlines, 115.0), [Due::Ping]);
    assert_eq!(due_at(&mut deadlines, 124.9), []);
    assert_eq!(due_at(&mut deadlines, 125.0), [Due::Silence]);
}

#[test]
fn a_sign_of_life_resets_the_silence() {
    let mut deadlines = Deadlines::new(at(0.0));
    assert_eq!(due_at(&mut deadlines, 20.0), [Due::Ping]);
    deadlines.alive(at(21.0));
    assert_eq!(due_at(&mut deadlines, 30.9), []);
    assert_eq!(due_at(&mut deadlines, 31.0), [Due::Ping]);
}

#[test]
fn a_peer_is_pinged_but_not_cut_while_we_do_not_read() {
    let mut deadlines = Deadlines::new(at(0.0));
    deadlines.silence(Silence::PingOnly, at(0.0));
    for round in 1..=1000_u16 {
        assert_eq!(due_at(&mut deadlines, 10.0 * f32::from(round)), [Due::Ping], "{round}");
    }
    deadlines.silence(Silence::Counts, at(10_000.0));
    assert_eq!(due_at(&mut deadlines, 10_009.0), []);
    assert_eq!(due_at(&mut deadlines, 10_010.0), [Due::Ping]);
    deadlines.silence(Silence::Ignored, at(10_010.0));
    assert_eq!(next(&mut deadlines), None);
}

#[test]
fn silence_does_not_count_while_bytes_wait_to_be_written() {
    let mut deadlines = Deadlines::new(at(0.0));
    deadlines.written(Written::Some, at(1.0));
    for second in 2..100_u16 {
        deadlines.written(Written::Some, at(f32::from(second)));
        assert_eq!(due_at(&mut deadlines, f32::from(second) + 0.5), []);
    }
    deadlines.written(Written::All, at(100.0));
    assert_eq!(
        next(&mut deadlines),
        Some(at(110.0)),
        "all is written: the peer can answer a ping from now on"
    );
}

#[test]
fn a_write_that_never_waited_is_no_sign_of_life() {
    let mut deadlines = Deadlines::new(at(0.0));
    deadlines.written(Written::All, at(9.0));
    assert_eq!(due_at(&mut deadlines, 10.0), [Due::Ping]);
}

#[test]
fn each_timeout_falls_due_once_at_its_time() {
    let mut deadlines = Deadlines::new(at(0.0));
    deadlines.silence(Silence::Ignored, at(0.0));
    deadlines.assembling(true, at(0.0));
    deadlines.assembling(true, at(9.0));
    assert_eq!(due_at(&mut deadlines, 29.999), []);
    assert_eq!(due_at(&mut deadlines, 30.0), [Due::Assembly]);
    deadlines.written(Written::None, at(0.0));
    deadlines.written(Written::Some, at(1.0));
    deadlines.written(Written::None, at(2.0));
    assert_eq!(due_at(&mut deadlines, 10.999), []);
    assert_eq!(due_at(&mut deadlines, 11.0), [Due::Write]);
}

#[test]
fn each_stage_of_the_ending_has_its_time() {
    let mut deadlines = Deadlines::new(at(0.0));
    deadlines.silence(Silence::Ignored, at(0.0));
    deadlines.ending(Ending::PeerEnded, 0, at(0.0));
    assert_eq!(next(&mut deadlines), Some(at(5.0)));
    assert_eq!(due_at(&mut deadlines, 5.0), [Due::Unhandled]);
    deadlines.ending(Ending::Draining, 100_000, at(5.0));
    deadlines.ending(Ending::AwaitingClose, 0, at(6.0));
    deadlines.ending(Ending::Draining, 100_000, at(7.0));
    assert_eq!(due_at(&mut deadlines, 10.999), []);
    assert_eq!(due_at(&mut deadlines, 11.0), [Due::Close]);
    deadlines.ending(Ending::Lingering, 0, at(11.0));
    assert_eq!(due_at(&mut deadlines, 12.0), [Due::Linger]);
}

#[test]
fn a_peer_below_the_drain_rate_is_cut_after_a_minute_a_slow_one_above_it_is_not() {
    let mut deadlines = Deadlines::new(at(0.0));
    deadlines.silence(Silence::Ignored, at(0.0));
    deadlines.ending(Ending::Draining, 100_000, at(0.0));
    assert_eq!(due_with_left(&mut deadlines, 99_990, 59.999), []);
    assert_eq!(due_with_left(&mut deadlines, 99_990, 60.0), [Due::Write]);
    let mut deadlines = Deadlines::new(at(0.0));
    deadlines.silence(Silence::Ignored, at(0.0));
    deadlines.ending(Ending::Draining, 100_000, at(0.0));
    assert_eq!(due_with_left(&mut deadlines, 60_000, 60.0), []);
    assert_eq!(due_with_left(&mut deadlines, 40_000, 120.0), []);
    assert_eq!(due_with_left(&mut deadlines, 25_000, 180.0), [Due::Write], "less than 256 bytes a second");
}

#[test]
fn a_burst_of_pings_is_answered_a_flood_is_not() {
    let mut deadlines = Deadlines::new(at(0.0));
    assert_eq!((0..150).filter(|_| deadlines.allows_ping(at(0.0))).count(), 100);
    let mut later = Deadlines::new(at(0.0));
    assert!((0..600_u16).all(|tick| later.allows_ping(at(f32::from(tick) * 0.05))));
}

#[test]
fn the_alarm_is_set_for_the_first_timer_that_was_started() {
    let mut deadlines = Deadlines::new(at(0.0));
    assert_eq!(next(&mut deadlines), Some(at(10.0)), "the silence");
    deadlines.timer_started(at(4.0));
    assert!(deadlines.may_be_sooner());
    assert_eq!(next(&mut deadlines), Some(at(4.0)));
    deadlines.timer_started(at(5.0));
    assert!(!deadlines.may_be_sooner(), "it rings early, and is set again");
    deadlines.timer_started(at(3.0));
    assert_eq!(next(&mut deadlines), Some(at(3.0)));
    assert!(!deadlines.timers_are_due(at(2.9)));
    assert!(deadlines.timers_are_due(at(3.0)));
}

#[test]
fn timers_that_are_due_wait_for_a_handler_without_an_alarm() {
    let mut deadlines = Deadlines::new(at(0.0));
    deadlines.timer_started(at(3.0));
    assert_eq!(deadlines.next(&options(), at(3.0)), Some(at(10.0)));
    assert_eq!(due_at(&mut deadlines, 3.0), [], "they are not reported as the other deadlines are");
    assert!(deadlines.timers_are_due(at(5.0)));
    deadlines.clear_timers();
    assert!(!deadlines.timers_are_due(at(5.0)));
}

#[test]
fn a_timer_is_never_looked_at_before_it_is_due() {
    let start = Instant::now();
    for nanos in [1_000_000_000, 1_000_000_001, 1_000_000_999, 1_000_001_000] {
        let due = start + Duration::from_nanos(nanos);
        let moment = Moment::not_before(start, due);
        assert!(moment.instant(start) >= due && moment.instant(start) < due + Duration::from_micros(1));
    }
}
