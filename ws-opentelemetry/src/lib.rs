//! The metrics of a [`ws_runtime`] server as OpenTelemetry instruments.
//!
//! The server counts by itself. [`observe`] makes one instrument for each of its metrics, and a callback that reads
//! [`Server::stats`] when your provider collects. Between two collections nothing happens.
//!
//! ```
//! use opentelemetry::global;
//! use ws_runtime::prelude::*;
//!
//! #[ws_server(listen = 8080)]
//! mod chat {
//!     use super::*;
//!
//!     #[on(start)]
//!     fn start(server: &Server) {
//!         // The provider that `main` has set, by `global::set_meter_provider`.
//!         ws_opentelemetry::observe(server, &global::meter("chat"));
//!     }
//!
//!     #[on(utf8)]
//!     fn echo(text: &str) -> &str {
//!         text
//!     }
//! }
//! # fn main() {}
//! ```
//!
//! # Names
//!
//! They are those of [`Metric::ALL`], with the attribute `ws.server.name`. Durations are two counters each,
//! `….count` and `….sum` in seconds, as OpenTelemetry has no histograms that are observed: rates and means can be
//! computed from them, quantiles cannot. For those, let the collector's Prometheus receiver read the page of the option
//! `metrics_listen`, which has the buckets.
//!
//! No attribute comes from a peer, so their number is bounded.
//!
//! # Versions
//!
//! Each minor version of `opentelemetry` is a breaking change, and so it is one of this crate: this one is for 0.33.
//! `ws-runtime` does not depend on it.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

pub use opentelemetry;
use opentelemetry::KeyValue;
use opentelemetry::metrics::{AsyncInstrumentBuilder, Meter};
use ws_runtime::Server;
use ws_runtime::stats::{Attribute, Metric, MetricKind, Point, Stats, Value};

/// How old a snapshot may be: the callbacks of one collection share one.
const MAX_AGE: Duration = Duration::from_millis(100);

/// Makes the instruments of a server. Call it once for each server, in its `start` handler for example.
///
/// The callbacks keep a handle of the server for as long as the meter's provider lives, also after the server has
/// stopped: then they go on telling its last numbers.
pub fn observe(server: &Server, meter: &Meter) {
    let source = Arc::new(Source { server: server.clone(), last: Mutex::new(None) });
    for metric in Metric::ALL {
        let (name, unit) = (metric.name, metric.unit);
        match metric.kind {
            MetricKind::Counter => {
                source.read_by(meter.u64_observable_counter(name), metric, unit, count).build();
            }
            MetricKind::UpDownCounter => {
                source.read_by(meter.i64_observable_up_down_counter(name), metric, unit, level).build();
            }
            MetricKind::Gauge => {
                source.read_by(meter.f64_observable_gauge(name), metric, unit, number).build();
            }
            MetricKind::Histogram => {
                let (counts, sums) = (format!("{name}.count"), format!("{name}.sum"));
                let counter = meter.u64_observable_counter(counts);
                source.read_by(counter, metric, "{observation}", observations).build();
                source.read_by(meter.f64_observable_counter(sums), metric, unit, sum).build();
            }
            // A kind that a newer `ws-runtime` has added.
            _ => {}
        }
    }
}

fn count(value: Value<'_>) -> Option<u64> {
    if let Value::Count(count) = value { Some(count) } else { None }
}

fn level(value: Value<'_>) -> Option<i64> {
    count(value).map(|count| i64::try_from(count).unwrap_or(i64::MAX))
}

fn number(value: Value<'_>) -> Option<f64> {
    if let Value::Number(number) = value { Some(number) } else { None }
}

fn observations(value: Value<'_>) -> Option<u64> {
    if let Value::Histogram(durations) = value { Some(durations.count()) } else { None }
}

fn sum(value: Value<'_>) -> Option<f64> {
    if let Value::Histogram(durations) = value { Some(durations.sum) } else { None }
}

/// Where the callbacks read.
struct Source {
    server: Server,
    last: Mutex<Option<(Instant, Arc<Stats>)>>,
}

impl Source {
    /// A snapshot. Those of one collection are the same, so that its numbers belong together.
    fn stats(&self) -> Arc<Stats> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((at, stats)) if at.elapsed() < MAX_AGE => Arc::clone(stats),
            Some(_) | None => {
                let stats = Arc::new(self.server.stats());
                *last = Some((Instant::now(), Arc::clone(&stats)));
                stats
            }
        }
    }

    /// Has an instrument read the values of a metric.
    fn read_by<'m, I, M: 'static>(
        self: &Arc<Self>,
        instrument: AsyncInstrumentBuilder<'m, I, M>,
        metric: &'static Metric,
        unit: &'static str,
        value: fn(Value<'_>) -> Option<M>,
    ) -> AsyncInstrumentBuilder<'m, I, M> {
        let source = Arc::clone(self);
        instrument.with_unit(unit).with_description(metric.description).with_callback(move |observer| {
            for point in metric.points(&source.stats()) {
                if let Some(value) = value(point.value) {
                    observer.observe(value, &source.attributes(&point));
                }
            }
        })
    }

    fn attributes(&self, point: &Point<'_>) -> Vec<KeyValue> {
        let server = KeyValue::new("ws.server.name", self.server.name());
        let of_point = point.attributes.iter().filter_map(|(name, value)| match *value {
            Attribute::Text(text) => Some(KeyValue::new(*name, text.to_owned())),
            Attribute::Code(code) => Some(KeyValue::new(*name, i64::from(code))),
            // A kind that a newer `ws-runtime` has added.
            _ => None,
        });
        std::iter::once(server).chain(of_point).collect()
    }
}
