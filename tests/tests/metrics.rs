//! The metrics that need more than counts, and their page.

use std::collections::BTreeSet;
use std::time::Duration;

use ws_runtime::MetricsText;
use ws_runtime::prelude::*;
use ws_runtime::stats::{Histogram, Metric, MetricKind, Stats};
use ws_runtime::test::{Result, TestServer};
use ws_tests::stats::until;

#[ws_server(handler_durations = true)]
mod chat {
    use super::*;

    #[route("/room/{name}")]
    mod room {
        use super::*;

        #[on("say")]
        fn say(Json(text): Json<String>) -> usize {
            text.len()
        }

        #[on("wait")]
        async fn wait(Json(seconds): Json<f64>) {
            tokio::time::sleep(Duration::from_secs_f64(seconds)).await;
        }

        #[on("refuse")]
        fn refuse() -> Result<(), Reject> {
            Err(Reject::forbidden())
        }

        #[on("fail")]
        fn fail() -> Result<(), &'static str> {
            Err("the database is gone")
        }

        #[on("panic")]
        fn panic() {
            panic!("a mistake");
        }
    }

    #[tick(period = 5)]
    fn clean() {}

    #[get("/metrics")]
    fn metrics(server: &Server) -> MetricsText {
        server.metrics_text()
    }
}

#[ws_server]
mod unmeasured {
    #[on(utf8)]
    fn echo(text: &str) -> &str {
        text
    }
}

fn durations<'s>(stats: &'s Stats, handler: &str) -> Option<&'s Histogram> {
    stats.handlers.iter().find(|one| one.handler == handler).map(|one| &one.durations)
}

fn failures(stats: &Stats) -> BTreeSet<(&'static str, &'static str, u64)> {
    stats.failures.iter().map(|one| (one.handler, one.error, one.count)).collect()
}

/// The value of a sample.
fn sample(page: &str, line: &str) -> f64 {
    let value = page.lines().find_map(|of_page| of_page.strip_prefix(line)?.strip_prefix(' '));
    value.unwrap_or_else(|| panic!("no {line} in:\n{page}")).parse().unwrap()
}

#[tokio::test(start_paused = true)]
async fn handlers_are_measured_if_that_is_wanted() -> Result {
    let server = chat::server().test().await?;
    let mut client = server.connect("/room/a").await?;
    let _: usize = client.call("say", "hello").await?;
    let _: usize = client.call("say", "hello").await?;
    client.set_patience(10);
    let () = client.call("wait", 3.0).await?;
    let stats = server.server().stats();
    let (say, wait) = (durations(&stats, "say").unwrap(), durations(&stats, "wait").unwrap());
    assert_eq!((say.count(), wait.count()), (2, 1));
    // A clock that is paused: a plain handler takes no time.
    assert_eq!(say.counts[0], 2);
    assert!((3.0..3.1).contains(&wait.sum), "{wait:?}");

    let server = unmeasured::server().test().await?;
    let mut client = server.connect("/").await?;
    client.send_utf8("hello").await?;
    client.utf8().await?;
    assert!(server.server().stats().handlers.is_empty(), "though another server of this process is measured");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn failures_are_counted_by_handler_and_reason_and_by_nothing_that_a_peer_says() -> Result {
    let server = chat::server().test().await?;
    let mut client = server.connect("/room/a").await?;
    assert!(client.call::<usize>("say", 7).await.is_err());
    assert!(client.call::<()>("refuse", ()).await.is_err());
    assert!(client.call::<()>("fail", ()).await.is_err());
    for kind in ["no_such_thing", "another", "and \"another\""] {
        assert!(client.call::<()>(kind, ()).await.is_err());
    }
    client.notify("panic", ()).await?;
    client.closed().await?;
    let failures = failures(&server.server().stats());
    for expected in
        [("say", "malformed", 1), ("refuse", "refused", 1), ("fail", "failed", 1), ("panic", "panic", 1)]
    {
        assert!(failures.contains(&expected), "{expected:?} in {failures:?}");
    }
    let unknown: Vec<_> = failures.iter().filter(|(_, error, _)| *error == "unknown").collect();
    assert!(matches!(&unknown[..], [(_, _, 3)]), "{failures:?}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn ticks_and_deadlines_tell_how_late_they_were() -> Result {
    let server = chat::server().silence_max(10).test().await?;
    let _client = server.connect("/room/a").await?;
    server.advance(60).await;
    let stats = server.server().stats();
    let [ticks] = &stats.tick_delays[..] else { panic!("{:?}", stats.tick_delays) };
    assert_eq!(ticks.handler, "clean");
    assert!(ticks.durations.count() >= 11, "{ticks:?}");
    assert!(stats.runtime_delays.count() > 0, "the client was pinged");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_page_has_all_metrics_with_their_labels() -> Result {
    let server = chat::server().test().await?;
    let mut client = server.connect("/room/a").await?;
    let _: usize = client.call("say", "hello").await?;
    let _ = client.call::<()>("unheard_of", ()).await;
    let closed = server.connect("/room/b").await?;
    drop(closed);
    until(&server, |stats| stats.connections == 1).await;
    server.advance(30).await;

    let answer = server.get("/metrics").await?;
    assert_eq!(
        answer.headers()["content-type"],
        "application/openmetrics-text; version=1.0.0; charset=utf-8"
    );
    let page = String::from_utf8(answer.into_body().to_vec())?;
    assert!(page.ends_with("# EOF\n"));
    let server_label = r#"ws_server_name="chat""#;
    let route = r#"http_route="/room/{name}""#;
    let value = |name: &str, labels: &str| sample(&page, &format!("{name}{{{server_label}{labels}}}"));
    assert_eq!(value("ws_server_active_connections", &format!(",{route}")), 1.0);
    assert_eq!(value("ws_server_connections_total", &format!(",{route}")), 2.0);
    let received = format!(r#",{route},network_io_direction="receive",ws_message_kind="text""#);
    assert_eq!(value("ws_server_messages_total", &received), 2.0);
    let sent = format!(r#",{route},network_io_direction="transmit",ws_message_kind="text""#);
    assert_eq!(value("ws_server_messages_total", &sent), 2.0);
    assert!(value("ws_server_io_bytes_total", &format!(r#",{route},network_io_direction="receive""#)) > 20.0);
    let accepted = r#",http_response_status_code="101""#;
    assert_eq!(value("ws_server_handshakes_total", accepted), 2.0);
    let ended = format!(r#",{route},ws_close_by="peer",ws_close_code="1006""#);
    assert_eq!(value("ws_server_connection_duration_seconds_count", &ended), 1.0);
    for le in ["86400.0", "+Inf"] {
        let bucket = format!(r#",le="{le}"{ended}"#);
        assert_eq!(value("ws_server_connection_duration_seconds_bucket", &bucket), 1.0, "{le}");
    }
    assert_eq!(value("ws_server_handler_duration_seconds_count", r#",ws_handler="say""#), 1.0);
    assert!(value("ws_server_uptime_seconds", "") >= 30.0);
    assert!(page.contains("# UNIT ws_server_uptime_seconds seconds\n"));
    assert!(page.contains(&format!(r#"ws_server_info{{{server_label},version=""#)), "{page}");
    assert!(!page.contains("unheard_of"), "a peer's word is no label");
    for metric in Metric::ALL {
        assert!(page.contains(&format!("# TYPE {}", metric.name.replace('.', "_"))), "{}", metric.name);
    }
    Ok(())
}

/// A page is bounded, whatever peers do.
#[tokio::test(start_paused = true)]
async fn peers_cannot_make_the_page_long() -> Result {
    let server = chat::server().test().await?;
    let lines = |server: &TestServer| server.server().metrics_text().lines().count();
    let mut at_first = 0;
    for round in 0..200_u16 {
        let mut client = server.connect(format!("/room/{round}")).await?;
        let _ = client.call::<()>(&format!("unheard_of_{round}"), ()).await;
        client.disconnect(3000 + round, "").await?;
        client.closed().await?;
        let _ = server.connect(format!("/{round}")).origin(format!("http://{round}.example")).await;
        let _ = server.get(format!("/{round}")).await;
        let _ = server.request(format!("M{round}"), "/").await;
        if round == 0 {
            at_first = lines(&server);
        }
    }
    assert_eq!(lines(&server), at_first);
    Ok(())
}

/// What the book says of the metrics, as a table.
fn table() -> String {
    let mut table = "| metric | in Prometheus | unit | attributes | |\n|---|---|---|---|---|\n".to_owned();
    for metric in Metric::ALL {
        let suffix = match metric.unit {
            "s" => "_seconds",
            "By" => "_bytes",
            _ => "",
        };
        let total = if metric.kind == MetricKind::Counter { "_total" } else { "" };
        let attributes: Vec<_> = metric.attributes.iter().map(|name| format!("`{name}`")).collect();
        table += &format!(
            "| `{}` | `{}{suffix}{total}` | {} | {} | {} |\n",
            metric.name,
            metric.name.replace('.', "_"),
            metric.unit.trim_matches(['{', '}']),
            attributes.join(", "),
            metric.description
        );
    }
    table
}

#[test]
fn the_table_of_the_book_is_the_real_one() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../book/src/metrics-table.md");
    if std::env::var_os("UPDATE_BOOK").is_some() {
        std::fs::write(path, table()).unwrap();
    }
    let in_book = std::fs::read_to_string(path).unwrap_or_default();
    assert_eq!(
        in_book,
        table(),
        "run `UPDATE_BOOK=1 cargo test -p ws-tests --test metrics` and commit what changed"
    );
}
