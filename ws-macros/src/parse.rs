//! Tokens to model: reads what the user wrote, keeps bodies as they are, and notes every mistake on the way.

mod alias;
mod handler;
mod items;
mod marker;
mod module;
mod pairs;
mod settings;

pub(crate) use handler::output_type;
pub(crate) use marker::Marker;
pub(crate) use module::parse;
