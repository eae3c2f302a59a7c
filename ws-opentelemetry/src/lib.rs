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
use opentelemetry::metrics::Meter;
use ws_runtime::Server;
use ws_runtime::stats::{Attribute, Histogram, Metric, MetricKind, Point, Stats, Value};

/// How old a snapshot may be: the callbacks of one collection share one.
const MAX_AGE: Duration = Duration::from_millis(100);

/// Makes the instruments of a server. Call it once for each server, in its `start` handler for example.
///
/// The callbacks keep a handle of the server for as long as the meter's provider lives, also after the server has
/// stopped: then they go on telling its last numbers.
pub fn observe(server: &Server, meter: &Meter) {
    let source = Arc::new(Source { server: server.clone(), last: Mutex::new(None) });
    for metric in Metric::ALL {
        match metric.kind {
            MetricKind::Counter => observe_count(metric, meter, &source),
            MetricKind::UpDownCounter => observe_level(metric, meter, &source),
            MetricKind::Gauge => observe_number(metric, meter, &source),
            MetricKind::Histogram => observe_durations(metric, meter, &source),
            // A kind that a newer `ws-runtime` has added.
            _ => {}
        }
    }
}

fn observe_count(metric: &'static Metric, meter: &Meter, source: &Arc<Source>) {
    let source = Arc::clone(source);
    meter
        .u64_observable_counter(metric.name)
        .with_unit(metric.unit)
        .with_description(metric.description)
        .with_callback(move |observer| {
            source.each(metric, |point, attributes| {
                if let Value::Count(count) = point.value {
                    observer.observe(count, attributes);
                }
            });
        })
        .build();
}

fn observe_level(metric: &'static Metric, meter: &Meter, source: &Arc<Source>) {
    let source = Arc::clone(source);
    meter
        .i64_observable_up_down_counter(metric.name)
        .with_unit(metric.unit)
        .with_description(metric.description)
        .with_callback(move |observer| {
            source.each(metric, |point, attributes| {
                if let Value::Count(count) = point.value {
                    observer.observe(i64::try_from(count).unwrap_or(i64::MAX), attributes);
                }
            });
        })
        .build();
}

fn observe_number(metric: &'static Metric, meter: &Meter, source: &Arc<Source>) {
    let source = Arc::clone(source);
    meter
        .f64_observable_gauge(metric.name)
        .with_unit(metric.unit)
        .with_description(metric.description)
        .with_callback(move |observer| {
            source.each(metric, |point, attributes| {
                if let Value::Number(number) = point.value {
                    observer.observe(number, attributes);
                }
            });
        })
        .build();
}

fn observe_durations(metric: &'static Metric, meter: &Meter, source: &Arc<Source>) {
    let counted = Arc::clone(source);
    meter
        .u64_observable_counter(format!("{}.count", metric.name))
        .with_unit("{observation}")
        .with_description(metric.description)
        .with_callback(move |observer| {
            counted.each_histogram(metric, |durations, attributes| {
                observer.observe(durations.count(), attributes);
            });
        })
        .build();
    let summed = Arc::clone(source);
    meter
        .f64_observable_counter(format!("{}.sum", metric.name))
        .with_unit(metric.unit)
        .with_description(metric.description)
        .with_callback(move |observer| {
            summed
                .each_histogram(metric, |durations, attributes| observer.observe(durations.sum, attributes));
        })
        .build();
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

    fn each(&self, metric: &Metric, mut observe: impl FnMut(&Point<'_>, &[KeyValue])) {
        for point in metric.points(&self.stats()) {
            observe(&point, &self.attributes(&point));
        }
    }

    fn each_histogram(&self, metric: &Metric, mut observe: impl FnMut(&Histogram, &[KeyValue])) {
        self.each(metric, |point, attributes| {
            if let Value::Histogram(durations) = point.value {
                observe(durations, attributes);
            }
        });
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
