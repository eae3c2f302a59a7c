//! Writes the page.

use std::fmt;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeLabelSet, EncodeLabelValue, LabelSetEncoder, LabelValueEncoder, MetricEncoder,
    NoLabelSet,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

use crate::stats::{Attribute, Histogram, Metric, MetricKind, Point, Stats, Value};

/// The metrics of the server of this name.
pub(super) fn write(server: &'static str, stats: Stats) -> String {
    let labels = [("ws_server_name".into(), server.into())];
    let mut registry = Registry::with_labels(labels.into_iter());
    registry.register_collector(Box::new(Page { stats }));
    let mut page = String::new();
    match encode(&mut page, &registry) {
        Ok(()) => page,
        // Only a writer that fails makes it fail, and a text does not.
        Err(error) => {
            tracing::error!(%error, server, "the metrics could not be written");
            String::new()
        }
    }
}

/// A snapshot that writes itself: nothing is counted twice.
#[derive(Debug)]
struct Page {
    stats: Stats,
}

impl Collector for Page {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        for metric in Metric::ALL {
            let name = metric.name.replace('.', "_");
            let kind = match metric.kind {
                MetricKind::Counter => MetricType::Counter,
                MetricKind::UpDownCounter | MetricKind::Gauge => MetricType::Gauge,
                MetricKind::Histogram => MetricType::Histogram,
            };
            let description = format!("{}.", metric.description);
            let unit = unit(metric.unit);
            let mut of_metric = encoder.encode_descriptor(&name, &description, unit.as_ref(), kind)?;
            for point in metric.points(&self.stats) {
                let labels = Labels(&point);
                encode_point(metric.kind, point.value, of_metric.encode_family(&labels)?)?;
            }
        }
        let mut info = encoder.encode_descriptor("ws_server", "The server.", None, MetricType::Info)?;
        info.encode_info(&[("version", env!("CARGO_PKG_VERSION"))])
    }
}

/// The unit as OpenMetrics spells it. What is counted is not one there.
fn unit(ucum: &str) -> Option<Unit> {
    match ucum {
        "s" => Some(Unit::Seconds),
        "By" => Some(Unit::Bytes),
        _ => None,
    }
}

fn encode_point(kind: MetricKind, value: Value<'_>, mut encoder: MetricEncoder<'_>) -> fmt::Result {
    match (kind, value) {
        (MetricKind::Counter, Value::Count(count)) => {
            encoder.encode_counter::<NoLabelSet, _, u64>(&count, None)
        }
        (MetricKind::UpDownCounter | MetricKind::Gauge | MetricKind::Histogram, Value::Count(count)) => {
            encoder.encode_gauge(&count)
        }
        (_, Value::Number(number)) => encoder.encode_gauge(&number),
        (_, Value::Histogram(histogram)) => {
            let buckets: Vec<_> = buckets(histogram).collect();
            encoder.encode_histogram::<NoLabelSet>(histogram.sum, histogram.count(), &buckets, None)
        }
    }
}

/// The bounds and the counts of the buckets, the last of which has no bound.
fn buckets(histogram: &Histogram) -> impl Iterator<Item = (f64, u64)> {
    let bounds = histogram.bounds.iter().copied().chain([f64::INFINITY]);
    bounds.zip(histogram.counts.iter().copied())
}

/// The attributes of a point as labels.
struct Labels<'p>(&'p Point<'p>);

impl EncodeLabelSet for Labels<'_> {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> fmt::Result {
        for (name, value) in &self.0.attributes {
            let mut label = encoder.encode_label();
            let mut key = label.encode_label_key()?;
            prometheus_client::encoding::EncodeLabelKey::encode(&name.replace('.', "_").as_str(), &mut key)?;
            let mut to = key.encode_label_value()?;
            encode_value(*value, &mut to)?;
            to.finish()?;
        }
        Ok(())
    }
}

fn encode_value(value: Attribute<'_>, to: &mut LabelValueEncoder<'_>) -> fmt::Result {
    match value {
        Attribute::Text(text) => EncodeLabelValue::encode(&text, to),
        Attribute::Code(code) => EncodeLabelValue::encode(&code, to),
    }
}
