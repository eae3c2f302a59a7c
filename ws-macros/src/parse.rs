//! Tokens to model: reads what the user wrote, keeps bodies as they are, and reports every mistake on the way.

mod handler;
mod items;
mod marker;
mod methods;
mod module;
mod pairs;
mod part;
mod scope;
mod settings;

pub(crate) use marker::Marker;
pub(crate) use methods::without_marks;
pub(crate) use module::parse;
