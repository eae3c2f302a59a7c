//! Tests of options from the builder, the environment and the attribute: which value applies, and the errors.

use std::cell::Cell;
use std::ffi::OsString;
use std::time::Duration;

use ws_spec::options::{Bounds, Kind, TABLE};

use super::draft::Source;
use super::environment::Warning;
use super::*;

mod routes;
mod tls;

const NOTHING: [(&str, &str); 0] = [];

fn refused(draft: Draft) -> String {
    draft.finish([]).err().expect("the value should be refused").to_string()
}

/// Does what the start of a server does with options.
fn settle<K: Into<OsString>, V: Into<OsString>>(
    mut draft: Draft,
    variables: impl IntoIterator<Item = (K, V)>,
    attribute: impl Fn(&mut Attribute<'_>),
) -> (Vec<Warning>, Result<Settled, OptionErrors>) {
    let warnings = draft.prepare(variables, &attribute);
    (warnings, draft.settle(attribute, []))
}

fn from_environment(variables: &[(&str, &str)]) -> (Vec<String>, Result<Settled, OptionErrors>) {
    let (warnings, result) = settle(Draft::default(), variables.iter().copied(), |_| {});
    (warnings.iter().map(ToString::to_string).collect(), result)
}

#[test]
fn every_default_is_allowed_and_is_what_the_table_says() {
    let Settled { listen, tls, options, .. } = Draft::default().finish([]).expect("the defaults are right");
    assert_eq!(listen.to_string(), "80");
    assert!(tls.is_none());
    assert_eq!(options.silence_max, Duration::from_secs(20));
    assert_eq!(options.slow, Slow::Close);
    assert_eq!(options.max_outbox, 262_144);
    assert_eq!(options.env, "WS_SERVER");
    assert!(options.subprotocols.is_empty() && options.nodelay);
    assert_eq!(options.given().count(), 0);
}

#[test]
fn each_option_can_be_set_from_the_environment_and_is_listed_as_such() {
    let rows = [
        ("listen", "127.0.0.1:9000"),
        ("silence_max", "0"),
        ("nodelay", "false"),
        ("max_send_size", "1"),
        ("max_recv_size", "1048576"),
        ("max_fragments", "8"),
        ("max_streams", "1"),
        ("rate", "30/60"),
        ("assembly_timeout", "0.5"),
        ("max_header_size", "1024"),
        ("max_headers", "8"),
        ("handshake_timeout", "2"),
        ("max_handshakes", "10"),
        ("max_outbox", "1"),
        ("max_memory", "65536"),
        ("slow", "drop_newest"),
        ("compression", if cfg!(feature = "compression") { "context_takeover" } else { "off" }),
        ("compression_level", "9"),
        ("compression_min_size", "0"),
        ("compression_window_bits", "15"),
        ("max_inbox", "1"),
        ("write_timeout", "3"),
        ("close_timeout", "0.25"),
        ("shutdown_timeout", "0"),
        ("shutdown_delay", "10"),
        ("shutdown_spread", "5"),
        ("watchdog", "0.5"),
        ("handler_durations", "true"),
        ("max_blocking", "8"),
        ("max_connections", "10"),
        ("max_connections_per_ip", "10"),
        ("handshake_rate_per_ip", "30/60"),
        ("threads", "1"),
        ("metrics_listen", "127.0.0.1:9090"),
        ("health", "/healthz"),
        ("trace", "messages"),
        ("readiness", "/readyz"),
        ("origins", "any"),
        ("hosts", "example.org, *.example.org, [::1]"),
        ("trusted_proxies", "127.0.0.1, 10.0.0.0/8, fd00::/8, unix"),
        ("forwarded", "forwarded"),
        ("proxy_protocol", "any"),
        ("subprotocols", "chat.v2, chat.v1"),
    ];
    let mut expected: Vec<_> = TABLE.iter().map(|info| info.name).collect();
    expected.retain(|name| *name != "tls" && *name != "env");
    let mut tested: Vec<_> = rows.iter().map(|(name, _)| *name).collect();
    expected.sort_unstable();
    tested.sort_unstable();
    assert_eq!(tested, expected, "each option has a row");

    for (name, value) in rows {
        let variable = format!("WS_SERVER_{}", name.to_uppercase());
        let (warnings, result) = from_environment(&[(&variable, value)]);
        assert_eq!(warnings, Vec::<String>::new());
        let Settled { listen, options, .. } = result.unwrap_or_else(|error| panic!("{error}"));
        if name == "listen" {
            assert_eq!(listen.to_string(), value);
        }
        let given: Vec<_> = options.given().map(ToString::to_string).collect();
        assert_eq!(given, [format!("{name} = {value} (from {variable})")]);
    }
}

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
fn shutdown_spread_is_auto_or_a_time() {
    let spread = |value: &str| from_environment(&[("WS_SERVER_SHUTDOWN_SPREAD", value)]).1;
    for (value, right) in [("auto", None), ("0", Some(0)), ("20", Some(20))] {
        let options = spread(value).unwrap_or_else(|error| panic!("{error}")).options;
        assert_eq!(options.shutdown_spread, right.map(Duration::from_secs));
    }
    for (value, shown) in [("soon", "\"soon\""), ("-1", "-1"), ("nan", "NaN")] {
        let error = spread(value).err().unwrap().to_string();
        let expected = format!(
            "`shutdown_spread` must be `auto`, or 0 to 31536000 seconds, not {shown} (from WS_SERVER_SHUTDOWN_SPREAD); 0 \
             closes all at once"
        );
        assert_eq!(error, expected);
    }
}

/// So an operator can take back what the attribute sets.
#[test]
fn none_in_the_environment_is_what_it_is_by_default() {
    let attribute = |attribute: &mut Attribute<'_>| {
        attribute.rate(|| 5.into());
        attribute.handshake_rate_per_ip(|| (30, 60).into());
        attribute.metrics_listen(|| "127.0.0.1:9090".into());
        attribute.health(|| "/healthz".into());
        attribute.readiness(|| "/readyz".into());
        attribute.trusted_proxies(|| "127.0.0.1".into());
        attribute.proxy_protocol(|| "any".into());
    };
    let (_, declared) = settle(Draft::default(), NOTHING, attribute);
    assert_eq!(declared.expect("all are right").options.given().count(), 7);

    let names = TABLE.iter().filter(|info| info.hint.contains("`none`") || info.kind == Kind::Networks);
    let variables: Vec<_> = names.map(|info| (info.variables("WS_SERVER").remove(0), "none")).collect();
    assert_eq!(variables.len(), 7);
    let (_, settled) = settle(Draft::default(), variables, attribute);
    let Settled { metrics_listen, options, .. } = settled.unwrap_or_else(|error| panic!("{error}"));
    assert!(metrics_listen.is_none() && options.health.is_none() && options.readiness.is_none());
    assert!(options.rate.is_none() && options.handshake_rate_per_ip.is_none());
    let nothing = Options::default();
    assert_eq!(
        (options.trusted_proxies, options.proxy_protocol),
        (nothing.trusted_proxies, nothing.proxy_protocol)
    );
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
fn seconds_are_integers_fractions_or_durations() {
    let bounds = Bounds { least: 0.0, most: 100.0 };
    for (seconds, duration) in [
        (Seconds::from(20), Duration::from_secs(20)),
        (Seconds::from(0), Duration::ZERO),
        (Seconds::from(0.5), Duration::from_millis(500)),
        (Seconds::from(20_u32), Duration::from_secs(20)),
        (Seconds::from(20_u64), Duration::from_secs(20)),
        (Seconds::from(20_i64), Duration::from_secs(20)),
        (Seconds::from(0.25_f32), Duration::from_millis(250)),
        (Seconds::from(Duration::from_nanos(1_234_567_891)), Duration::from_nanos(1_234_567_891)),
    ] {
        assert_eq!(seconds.within(bounds), Some(duration));
    }
    for seconds in [Seconds::from(101), Seconds::from(-0.5), Seconds::from(0.0001), Seconds::from(u64::MAX)] {
        assert_eq!(seconds.within(bounds), None, "{seconds}");
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

#[test]
fn every_key_of_the_attribute_takes_what_its_documentation_says() {
    let (_, result) = settle(Draft::default(), NOTHING, |attribute| {
        attribute.listen(|| "127.0.0.1:8080".into());
        attribute.silence_max(|| 0.5.into());
        attribute.nodelay(|| false);
        attribute.max_send_size(|| 1 << 20);
        attribute.close_timeout(|| Duration::from_millis(1).into());
        attribute.slow(|| Slow::DropNewest.into());
        attribute.origins(|| ["https://example.org"].into());
        attribute.subprotocols(|| ["a", "b"].into());
    });
    let Settled { listen, options, .. } = result.unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(listen.to_string(), "127.0.0.1:8080");
    assert_eq!(options.silence_max, Duration::from_millis(500));
    assert_eq!(options.close_timeout, Duration::from_millis(1));
    assert_eq!((options.nodelay, options.slow), (false, Slow::DropNewest));
    assert_eq!(*options.subprotocols, ["a", "b"]);
    assert_eq!(options.given().count(), 8);
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
fn an_unknown_variable_causes_a_warning_with_the_likely_name() {
    for (variable, advice) in [
        ("WS_SERVER_SILENCE_MAXX", "did you mean WS_SERVER_SILENCE_MAX?"),
        ("WS_SERVER_MAXSENDSIZE", "did you mean WS_SERVER_MAX_SEND_SIZE?"),
        ("WS_SERVER_listen", "did you mean WS_SERVER_LISTEN?"),
        ("WS_SERVER_LISTN", "did you mean WS_SERVER_LISTEN?"),
        ("WS_SERVER_TLS_CERTIFICATE", "did you mean WS_SERVER_TLS_CERT?"),
        ("WS_SERVER_PORT", "did you mean WS_SERVER_LISTEN?"),
        ("WS_SERVER_SSL", "did you mean WS_SERVER_TLS_CERT and WS_SERVER_TLS_KEY?"),
        ("WS_SERVER_XYZZY", "the variables are WS_SERVER_LISTEN, "),
        ("WS_SERVER_", "the variables are"),
        ("WS_SERVER_ENV", "is not an option"),
        ("WS_SERVER_TLS", "is not an option"),
    ] {
        let (warnings, result) = from_environment(&[(variable, "1")]);
        assert!(result.is_ok(), "{variable}");
        let [warning] = warnings.as_slice() else { panic!("{variable}: {warnings:?}") };
        assert!(warning.starts_with(variable) && warning.contains(advice), "{warning}");
    }
    for other in ["WS_SERVER", "WS_SERVERLISTEN", "XWS_SERVER_LISTEN", "PATH", "CHAT_LISTEN"] {
        assert_eq!(from_environment(&[(other, "1")]).0, Vec::<String>::new(), "{other} is someone else's");
    }
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

#[test]
fn the_outbox_grows_with_the_largest_message_unless_it_is_set() {
    let mut draft = Draft::default();
    draft.max_send_size.set(Source::Builder, 1 << 20);
    assert!(draft.finish([]).expect("it is right").options.max_outbox > 1 << 20);

    let mut draft = Draft::default();
    draft.max_send_size.set(Source::Builder, 1 << 20);
    draft.max_outbox.set(Source::Builder, 1_000);
    assert_eq!(draft.finish([]).expect("it is right").options.max_outbox, 1_000);
}
