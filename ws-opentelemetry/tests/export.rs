//! What an exporter of OpenTelemetry gets.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may fail by a panic")]

use std::collections::BTreeMap;

use opentelemetry::KeyValue;
use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData, ResourceMetrics, ScopeMetrics};
use opentelemetry_sdk::metrics::{InMemoryMetricExporter, PeriodicReader, SdkMeterProvider};
use ws_runtime::prelude::*;
use ws_runtime::stats::{Metric, MetricKind};
use ws_runtime::test::Result;

#[ws_server]
mod chat {
    #[route("/room/{name}")]
    mod room {
        #[on(utf8)]
        fn echo(text: &str) -> &str {
            text
        }
    }
}

/// What was collected, by name and attributes, with its unit.
fn collected(exporter: &InMemoryMetricExporter) -> BTreeMap<(String, String), (f64, String)> {
    let all = exporter.get_finished_metrics().unwrap();
    let last = all.last().unwrap();
    points(last).map(|(name, attributes, value, unit)| ((name, attributes), (value, unit))).collect()
}

fn points(of: &ResourceMetrics) -> impl Iterator<Item = (String, String, f64, String)> {
    let mut points = Vec::new();
    for metric in of.scope_metrics().flat_map(ScopeMetrics::metrics) {
        let mut add = |attributes: Vec<&KeyValue>, value: f64| {
            let mut words: Vec<_> =
                attributes.iter().map(|one| format!("{}={}", one.key, one.value)).collect();
            words.sort();
            points.push((metric.name().to_owned(), words.join(" "), value, metric.unit().to_owned()));
        };
        match metric.data() {
            AggregatedMetrics::U64(MetricData::Sum(sum)) => {
                assert!(sum.is_monotonic(), "{}", metric.name());
                sum.data_points().for_each(|point| add(point.attributes().collect(), point.value() as f64));
            }
            AggregatedMetrics::F64(MetricData::Sum(sum)) => {
                sum.data_points().for_each(|point| add(point.attributes().collect(), point.value()));
            }
            AggregatedMetrics::I64(MetricData::Sum(sum)) => {
                assert!(!sum.is_monotonic(), "{}", metric.name());
                sum.data_points().for_each(|point| add(point.attributes().collect(), point.value() as f64));
            }
            AggregatedMetrics::F64(MetricData::Gauge(gauge)) => {
                gauge.data_points().for_each(|point| add(point.attributes().collect(), point.value()));
            }
            other => panic!("{}: {other:?}", metric.name()),
        }
    }
    points.into_iter()
}

#[tokio::test(start_paused = true)]
async fn an_exporter_gets_what_the_server_has_counted() -> Result {
    let exporter = InMemoryMetricExporter::default();
    let reader = PeriodicReader::builder(exporter.clone()).build();
    let provider = SdkMeterProvider::builder().with_reader(reader).build();
    let server = chat::server().test().await?;
    ws_opentelemetry::observe(server.server(), &provider.meter("test"));

    let mut client = server.connect("/room/a").await?;
    for _ in 0..3 {
        client.send_utf8("four").await?;
        client.utf8().await?;
    }
    provider.force_flush()?;
    let at_first = collected(&exporter);
    let room = "http.route=/room/{name}";
    let server_name = "ws.server.name=chat";
    let value = |of: &BTreeMap<_, (f64, String)>, name: &str, attributes: &str| {
        let key = (name.to_owned(), attributes.to_owned());
        of.get(&key).unwrap_or_else(|| panic!("no {key:?} in {of:#?}")).clone()
    };
    let connections = format!("{room} {server_name}");
    assert_eq!(
        value(&at_first, "ws.server.active_connections", &connections),
        (1.0, "{connection}".to_owned())
    );
    let texts = format!("{room} network.io.direction=receive ws.message.kind=text {server_name}");
    assert_eq!(value(&at_first, "ws.server.messages", &texts), (3.0, "{message}".to_owned()));
    let bytes = format!("{room} network.io.direction=transmit {server_name}");
    assert_eq!(value(&at_first, "ws.server.io", &bytes), (12.0, "By".to_owned()));
    let accepted = format!("http.response.status_code=101 {server_name}");
    assert_eq!(value(&at_first, "ws.server.handshakes", &accepted).0, 1.0);
    assert_eq!(value(&at_first, "ws.server.handshake.duration.count", server_name).0, 1.0);

    // The same snapshot is not told for ever.
    client.disconnect(1000, "").await?;
    client.closed().await?;
    while server.server().stats().connections > 0 {
        tokio::time::sleep(std::time::Duration::from_millis(1)).await;
    }
    std::thread::sleep(std::time::Duration::from_millis(150));
    provider.force_flush()?;
    let at_last = collected(&exporter);
    assert_eq!(value(&at_last, "ws.server.active_connections", &connections).0, 0.0);
    let ended = format!("{room} ws.close.by=peer ws.close.code=1000 {server_name}");
    assert_eq!(value(&at_last, "ws.server.connection.duration.count", &ended).0, 1.0);

    for metric in Metric::ALL {
        let name = match metric.kind {
            MetricKind::Histogram => format!("{}.count", metric.name),
            _ => metric.name.to_owned(),
        };
        // Some have no value before something has gone wrong, and some are of what this server has not.
        let is_seldom = metric.attributes.iter().any(|name| matches!(*name, "error.type" | "ws.handler"))
            || matches!(metric.name, "ws.server.requests" | "ws.server.tls.expires");
        let is_there = at_last.keys().any(|(of, _)| *of == name);
        assert!(is_there || is_seldom, "{name}");
    }
    provider.shutdown()?;
    Ok(())
}
