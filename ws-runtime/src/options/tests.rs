//! Tests of options: their defaults, and what the builder, the environment and the attribute take.

use std::ffi::OsString;
use std::time::Duration;

use ws_spec::options::{Bounds, Kind, TABLE};

use super::draft::Source;
use super::environment::Warning;
use super::*;

mod precedence;
mod refused;
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
fn the_outbox_grows_with_the_largest_message_unless_it_is_set() {
    let mut draft = Draft::default();
    draft.max_send_size.set(Source::Builder, 1 << 20);
    assert!(draft.finish([]).expect("it is right").options.max_outbox > 1 << 20);

    let mut draft = Draft::default();
    draft.max_send_size.set(Source::Builder, 1 << 20);
    draft.max_outbox.set(Source::Builder, 1_000);
    assert_eq!(draft.finish([]).expect("it is right").options.max_outbox, 1_000);
}
