//! The spans and events of `tracing`, kept in memory.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::DefaultGuard;
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::{Context, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;

/// All that was traced on this thread since [`Spans::keep`].
#[derive(Debug, Clone, Default)]
pub struct Spans(Arc<Mutex<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    spans: Vec<Span>,
    events: Vec<Happened>,
}

/// A span.
#[derive(Debug, Clone, Default)]
pub struct Span {
    /// Its number among all.
    pub id: u64,
    /// Its name.
    pub name: &'static str,
    /// Its target.
    pub target: String,
    /// The span around it.
    pub parent: Option<u64>,
    /// The spans that it follows from.
    pub follows: Vec<u64>,
    /// Its fields, as text.
    pub fields: BTreeMap<&'static str, String>,
    /// Whether it is over.
    pub closed: bool,
}

/// An event.
#[derive(Debug, Clone)]
pub struct Happened {
    /// The target.
    pub target: String,
    /// The span within which it happened.
    pub within: Option<u64>,
    /// Its fields, as text.
    pub fields: BTreeMap<&'static str, String>,
}

impl Spans {
    /// Keeps what is traced on this thread while the guard lives.
    #[must_use]
    pub fn keep() -> (Self, DefaultGuard) {
        let spans = Self::default();
        let subscriber = tracing_subscriber::registry().with(spans.clone());
        (spans, tracing::subscriber::set_default(subscriber))
    }

    /// The spans with this name, the oldest first.
    #[must_use]
    pub fn named(&self, name: &str) -> Vec<Span> {
        self.kept().spans.iter().filter(|span| span.name == name).cloned().collect()
    }

    /// All spans of this target.
    #[must_use]
    pub fn of_target(&self, target: &str) -> Vec<Span> {
        self.kept().spans.iter().filter(|span| span.target == target).cloned().collect()
    }

    /// The events with this message, the oldest first.
    #[must_use]
    pub fn events(&self, message: &str) -> Vec<Happened> {
        let is_it = |event: &&Happened| event.fields.get("message").is_some_and(|text| text == message);
        self.kept().events.iter().filter(is_it).cloned().collect()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, id: &Id, change: impl FnOnce(&mut Span)) {
        let mut kept = self.kept();
        // Numbers are used again.
        let last = kept.spans.iter_mut().rev().find(|span| span.id == id.into_u64());
        change(last.expect("it is a span of this thread"));
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut span = Span {
            id: id.into_u64(),
            name: attributes.metadata().name(),
            target: attributes.metadata().target().to_owned(),
            parent: context.span(id).and_then(|span| span.parent().map(|parent| parent.id().into_u64())),
            ..Span::default()
        };
        attributes.record(&mut Fields(&mut span.fields));
        self.kept().spans.push(span);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        self.change(id, |span| values.record(&mut Fields(&mut span.fields)));
    }

    fn on_follows_from(&self, id: &Id, follows: &Id, _: Context<'_, S>) {
        self.change(id, |span| span.follows.push(follows.into_u64()));
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = BTreeMap::new();
        event.record(&mut Fields(&mut fields));
        let within = context.event_span(event).map(|span| span.id().into_u64());
        let target = event.metadata().target().to_owned();
        self.kept().events.push(Happened { target, within, fields });
    }

    fn on_close(&self, id: Id, _: Context<'_, S>) {
        self.change(&id, |span| span.closed = true);
    }
}

struct Fields<'a>(&'a mut BTreeMap<&'static str, String>);

impl Visit for Fields<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}
