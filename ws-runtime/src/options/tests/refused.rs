//! Values that are refused, and the errors that say why.

use super::*;

#[test]
fn a_shutdown_that_has_no_time_left_to_close_connections_is_refused() {
    let draft = |delay: i32, spread: &str, timeout: i32| {
        let mut draft = Draft::default();
        draft.shutdown_delay.set(Source::Builder, delay.into());
        draft.shutdown_spread.set(Source::Attribute, spread.into());
        draft.shutdown_timeout.set(Source::Builder, timeout.into());
        draft
    };
    for (delay, spread, timeout) in
        [(0, "auto", 0), (0, "0", 0), (10, "19", 30), (29, "auto", 30), (0, "29.5", 30)]
    {
        assert!(draft(delay, spread, timeout).finish([]).is_ok(), "{delay} + {spread} < {timeout}");
    }
    for (delay, spread, timeout, message) in [
        (
            10,
            "20",
            30,
            "`shutdown_spread` and `shutdown_delay` take 30 seconds, which leaves none of `shutdown_timeout` (30) to \
             close connections: give that more (from `#[ws_server(…)]`); 0 closes all at once",
        ),
        (0, "40", 30, "`shutdown_spread` takes 40 seconds, which leaves none of `shutdown_timeout` (30)"),
        (30, "auto", 30, "`shutdown_delay` takes 30 seconds, which leaves none of `shutdown_timeout` (30)"),
        (1, "0", 0, "`shutdown_delay` takes 1 seconds"),
    ] {
        let refused = refused(draft(delay, spread, timeout));
        assert!(refused.starts_with(message), "{refused}");
    }
}

#[test]
fn a_value_that_is_not_allowed_is_named_with_its_place_and_what_is_allowed() {
    for (variable, value, message) in [
        (
            "SILENCE_MAX",
            "-1",
            "`silence_max` must be 0 or more seconds, not -1 (from WS_SERVER_SILENCE_MAX); 0 turns the check off",
        ),
        (
            "HEALTH",
            "healthz",
            "`health` cannot be \"healthz\": a path begins with a slash: `/healthz` (from WS_SERVER_HEALTH); `none` is no such path",
        ),
        (
            "RATE",
            "5/0",
            "`rate` must be a number above 0, or `30/60` for 30 in 60 seconds, not 5/0 (from WS_SERVER_RATE); `none` is no limit",
        ),
        (
            "RATE",
            "5/min",
            "`rate` must be a number above 0, or `30/60` for 30 in 60 seconds, not \"min\" (from WS_SERVER_RATE); `none` is no limit",
        ),
        (
            "SILENCE_MAX",
            "20s",
            "`silence_max` must be a number of seconds, 0 or more, not \"20s\" (from WS_SERVER_SILENCE_MAX); \
             0 turns the check off",
        ),
        (
            "CLOSE_TIMEOUT",
            "0",
            "`close_timeout` must be 0.001 or more seconds, not 0 (from WS_SERVER_CLOSE_TIMEOUT)",
        ),
        ("MAX_HEADERS", "7", "`max_headers` must be 8 or more headers, not 7 (from WS_SERVER_MAX_HEADERS)"),
        (
            "MAX_SEND_SIZE",
            "64K",
            "`max_send_size` must be a whole number of bytes, 1 or more, not \"64K\" (from WS_SERVER_MAX_SEND_SIZE)",
        ),
        (
            "MAX_SEND_SIZE",
            "99999999999999999999",
            "must be at most 1073741824 bytes, not 99999999999999999999",
        ),
        ("MAX_SEND_SIZE", "-5", "not \"-5\" (from WS_SERVER_MAX_SEND_SIZE)"),
        ("MAX_SEND_SIZE", "", "not \"\" (from WS_SERVER_MAX_SEND_SIZE)"),
        ("NODELAY", "maybe", "`nodelay` must be true or false, not \"maybe\" (from WS_SERVER_NODELAY)"),
        (
            "SLOW",
            "wait",
            "`slow` must be `close`, `drop_newest` or `drop_oldest`, not \"wait\" (from WS_SERVER_SLOW)",
        ),
        ("LISTEN", "localhost", "(from WS_SERVER_LISTEN)"),
        ("LISTEN", "70000", "(from WS_SERVER_LISTEN)"),
        ("ORIGINS", "example", "(from WS_SERVER_ORIGINS)"),
        ("SUBPROTOCOLS", "a b", "not \"a b\" (from WS_SERVER_SUBPROTOCOLS)"),
        ("SUBPROTOCOLS", "a,,b", "not \"\" (from WS_SERVER_SUBPROTOCOLS)"),
        (
            "SUBPROTOCOLS",
            "a,a",
            "`subprotocols` names \"a\" twice; leave one out (from WS_SERVER_SUBPROTOCOLS)",
        ),
    ] {
        let (_, result) = from_environment(&[(&format!("WS_SERVER_{variable}"), value)]);
        let error =
            result.err().unwrap_or_else(|| panic!("{variable}={value} should be refused")).to_string();
        assert!(error.contains(message), "{variable}={value}: {error}");
        assert!(!error.contains('\n'), "one mistake is one line: {error}");
    }
}

#[test]
fn the_same_bounds_apply_to_the_builder() {
    type Set = fn(&mut Draft);
    let rows: [(Set, &str); 16] = [
        (|d| d.silence_max.set(Source::Builder, (-1).into()), "not -1 (from `.silence_max(…)`)"),
        (|d| d.silence_max.set(Source::Builder, f64::NAN.into()), "not NaN"),
        (|d| d.silence_max.set(Source::Builder, f64::INFINITY.into()), "at most 31536000 seconds, not inf"),
        (
            |d| d.silence_max.set(Source::Builder, Duration::MAX.into()),
            "must be at most 31536000 seconds, not 18446744073709552000 (",
        ),
        (|d| d.silence_max.set(Source::Builder, Duration::from_nanos(1).into()), "millisecond"),
        (|d| d.assembly_timeout.set(Source::Builder, 0.into()), "0.001 or more seconds, not 0 "),
        (|d| d.handshake_timeout.set(Source::Builder, 0.0.into()), "0.001 or more seconds, not 0 "),
        (|d| d.max_send_size.set(Source::Builder, 0), "1 or more bytes, not 0"),
        (|d| d.max_recv_size.set(Source::Builder, usize::MAX), "at most 1073741824 bytes"),
        (|d| d.max_fragments.set(Source::Builder, 0), "fragments, not 0"),
        (|d| d.max_header_size.set(Source::Builder, 1_023), "1024 or more bytes, not 1023"),
        (|d| d.max_inbox.set(Source::Builder, 0), "messages, not 0"),
        (|d| d.max_connections.set(Source::Builder, 0), "connections, not 0"),
        (|d| d.slow.set(Source::Builder, "block".into()), "not \"block\" (from `.slow(…)`)"),
        (|d| d.listen.set(Source::Builder, "nowhere".into()), "from `.listen(…)`"),
        (|d| d.env.set(Source::Builder, "chat-1".into()), "`env` must be capital letters"),
    ];
    for (set, message) in rows {
        let mut draft = Draft::default();
        set(&mut draft);
        let error = refused(draft);
        assert!(error.contains(message), "{error}");
    }
}

#[cfg(feature = "compression")]
#[test]
fn the_oldest_messages_are_not_dropped_where_later_ones_refer_to_them() {
    let mut draft = Draft::default();
    draft.compression.set(Source::Builder, Compression::ContextTakeover.into());
    let variables = [("WS_SERVER_SLOW", "drop_oldest")];
    let (_, result) = settle(draft, variables, |_| {});
    assert_eq!(
        result.err().expect("they exclude each other").to_string(),
        "`slow` cannot be \"drop_oldest\" together with `compression = \"context_takeover\"` (from \
         `.compression(…)`), as later messages refer to those that are dropped; use `compression = \"on\"` (from \
         WS_SERVER_SLOW)"
    );
    for (slow, compression) in [("drop_oldest", "on"), ("drop_newest", "context_takeover")] {
        let variables = [("WS_SERVER_SLOW", slow), ("WS_SERVER_COMPRESSION", compression)];
        let (_, result) = settle(Draft::default(), variables, |_| {});
        assert!(result.is_ok(), "{slow}, {compression}");
    }
}

#[test]
fn all_mistakes_are_reported_at_once_in_the_order_of_the_table() {
    let mut draft = Draft::default();
    draft.max_inbox.set(Source::Builder, 0);
    let variables = [("WS_SERVER_SILENCE_MAX", "soon"), ("WS_SERVER_LISTEN", "here")];
    let (_, result) = settle(draft, variables, |attribute| attribute.max_outbox(|| 0));

    let errors = result.err().expect("four options are wrong");
    let names: Vec<_> = errors.iter().map(OptionError::option).collect();
    assert_eq!(names, ["listen", "silence_max", "max_outbox", "max_inbox"]);
    let origins: Vec<_> = errors.iter().skip(1).map(OptionError::origin).collect();
    assert_eq!(origins, ["from WS_SERVER_SILENCE_MAX", "from `#[ws_server(…)]`", "from `.max_inbox(…)`"]);
    let text = errors.to_string();
    assert!(text.starts_with("4 options are wrong:\n  `listen` "), "{text}");
    assert_eq!(text.lines().count(), 5, "{text}");
}

#[test]
#[cfg(not(feature = "compression"))]
fn without_the_feature_compression_can_only_be_off() {
    assert!(from_environment(&[("WS_SERVER_COMPRESSION", "off")]).1.is_ok());
    for value in ["on", "context_takeover"] {
        let error =
            from_environment(&[("WS_SERVER_COMPRESSION", value)]).1.err().expect("there is none").to_string();
        assert_eq!(
            error,
            "`compression` needs the feature `compression` of `ws-runtime`, which is off in this build: add it to that \
             crate's `features` in Cargo.toml (from WS_SERVER_COMPRESSION)"
        );
    }
    let mut draft = Draft::default();
    draft.compression.set(Source::Builder, Compression::On.into());
    assert!(refused(draft).ends_with("(from `.compression(…)`)"));
}

#[test]
#[cfg(unix)]
fn a_value_that_is_not_unicode_is_refused_and_not_a_panic() {
    use std::os::unix::ffi::OsStringExt;

    let broken = || OsString::from_vec(vec![0xff]);
    let variables = [("WS_SERVER_MAX_INBOX", broken()), ("PATH", broken())];
    let (_, result) = settle(Draft::default(), variables, |_| {});
    assert!(result.err().expect("it is no number").to_string().contains("max_inbox"));
}
