//! Which value applies where the builder, the environment and the attribute set an option, and what is evaluated for
//! it.

use std::cell::Cell;

use super::*;

#[test]
fn the_builder_overrides_the_environment_which_overrides_the_attribute() {
    let attribute = |attribute: &mut Attribute<'_>| {
        attribute.silence_max(|| 1.into());
        attribute.max_headers(|| 11);
        attribute.max_inbox(|| 1);
        attribute.slow(|| "drop_newest".into());
    };
    let mut draft = Draft::default();
    draft.silence_max.set(Source::Builder, 3.into());
    let variables = [("WS_SERVER_SILENCE_MAX", "2"), ("WS_SERVER_MAX_HEADERS", "12")];
    let (warnings, result) = settle(draft, variables, attribute);

    let options = result.expect("all are right").options;
    assert_eq!(options.silence_max, Duration::from_secs(3));
    assert_eq!((options.max_headers, options.max_inbox, options.slow), (12, 1, Slow::DropNewest));
    let given: Vec<_> = options.given().map(ToString::to_string).collect();
    assert_eq!(
        given,
        [
            "silence_max = 3 (from `.silence_max(…)`)",
            "max_headers = 12 (from WS_SERVER_MAX_HEADERS)",
            "slow = drop_newest (from `#[ws_server(…)]`)",
            "max_inbox = 1 (from `#[ws_server(…)]`)",
        ]
    );
    let warnings: Vec<_> = warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "WS_SERVER_SILENCE_MAX has no effect: the program itself calls `.silence_max(…)`, which goes before"
        ]
    );
}

#[test]
fn the_last_call_on_the_builder_wins() {
    let mut draft = Draft::default();
    draft.max_inbox.set(Source::Builder, 1);
    draft.max_inbox.set(Source::Builder, 2);
    assert_eq!(draft.finish([]).expect("it is right").options.max_inbox, 2);
}

#[test]
fn a_wrong_variable_is_ignored_if_the_builder_sets_the_option() {
    let mut draft = Draft::default();
    draft.max_inbox.set(Source::Builder, 2);
    let (warnings, result) = settle(draft, [("WS_SERVER_MAX_INBOX", "many")], |_| {});
    assert_eq!(result.expect("it is overridden").options.max_inbox, 2);
    assert_eq!(warnings.len(), 1);
}

#[test]
fn a_value_of_the_attribute_is_evaluated_once_and_only_if_nothing_overrides_it() {
    let evaluated = Cell::new(0);
    let count = || evaluated.set(evaluated.get() + 1);
    let attribute = |attribute: &mut Attribute<'_>| {
        attribute.listen(|| {
            count();
            8080.into()
        });
        attribute.env(|| {
            count();
            "CHAT".into()
        });
    };

    let (_, result) = settle(Draft::default(), NOTHING, attribute);
    let settled = result.expect("it is right");
    assert_eq!((settled.listen.to_string().as_str(), settled.options.env.as_str()), ("8080", "CHAT"));
    assert_eq!(evaluated.take(), 2);

    let (_, result) = settle(Draft::default(), [("CHAT_LISTEN", "127.0.0.1:1")], attribute);
    assert_eq!(result.expect("it is right").listen.to_string(), "127.0.0.1:1");
    assert_eq!(evaluated.take(), 1, "`env` alone");

    let mut draft = Draft::default();
    draft.listen.set(Source::Builder, 9.into());
    draft.env.set(Source::Builder, "OTHER".into());
    let (_, result) = settle(draft, [("CHAT_LISTEN", "127.0.0.1:1")], attribute);
    assert_eq!(result.expect("it is right").listen.to_string(), "9");
    assert_eq!(evaluated.take(), 0);
}

#[test]
fn the_number_of_threads_is_known_before_other_values_of_the_attribute() {
    for (given, known) in [("3", 3), ("0", 0), ("1025", 0), ("many", 0)] {
        let mut draft = Draft::default();
        let attribute = |attribute: &mut Attribute<'_>| {
            attribute.threads(|| 7);
            attribute.listen(|| panic!("it is to be evaluated on these threads"));
        };
        assert!(draft.prepare([("WS_SERVER_THREADS", given)], attribute).is_empty());
        assert_eq!(draft.threads(), known);
        let mut draft = Draft::default();
        draft.prepare(NOTHING, attribute);
        assert_eq!(draft.threads(), 7);
    }
}
