//! The macro and the traits of the runtime describe arguments in the same words.

use std::path::Path;

use crate::events::{
    Event, GET, GET_GUARD, GUARD, ROOM_TICK, ROOM_TIMER, ROUTE_GUARD, Row, SESSION_TIMER, STATE_TIMER, TICK,
    WATCH,
};

/// The source of everything in the runtime that has to do with events.
fn source() -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ws-runtime/src/event");
    let files = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap());
    files.collect()
}

fn rows() -> impl Iterator<Item = &'static Row> {
    Event::ALL.iter().map(|event| event.row()).chain([
        &GUARD,
        &GET,
        &GET_GUARD,
        &ROUTE_GUARD,
        &TICK,
        &WATCH,
        &SESSION_TIMER,
        &STATE_TIMER,
        &ROOM_TICK,
        &ROOM_TIMER,
    ])
}

#[test]
fn both_say_the_same_of_what_a_handler_can_take() {
    let source = source();
    for row in rows() {
        let offer = row.offer();
        assert!(source.contains(&offer), "{offer}");
    }
}

#[test]
fn every_row_names_a_trait_of_the_runtime() {
    let source = source();
    for row in rows() {
        assert!(source.contains(row.argument_trait), "{}", row.name);
    }
}

#[test]
fn every_word_of_an_attribute_is_documented_for_editors() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ws-runtime/src/words.rs");
    let words = std::fs::read_to_string(path).unwrap();
    for name in Event::names().chain(crate::parse::LIMITS).chain(crate::parse::RULES) {
        assert!(words.contains(&format!("pub mod {name} {{}}")), "{name}");
    }
}
