//! Reads the user's tokens into the model. Function bodies are kept as tokens. Every mistake is reported, not only
//! the first.

mod alone;
mod envelope;
mod get;
mod guard;
mod handler;
mod items;
mod listed;
mod marker;
mod methods;
mod module;
mod on;
mod outside;
mod pairs;
mod part;
mod path;
mod phases;
mod push;
mod room;
mod route;
mod scope;
mod settings;
mod timer;
mod tls;
mod unmarked;
mod words;

pub(crate) use alone::parse_alone;
pub(crate) use marker::Marker;
pub(crate) use methods::without_marks;
pub(crate) use module::parse;
#[cfg(test)]
pub(crate) use on::LIMITS;
#[cfg(test)]
pub(crate) use room::RULES;
