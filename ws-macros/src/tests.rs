//! Tests of the macro as a whole.

mod any_tokens;
mod expansion;
mod runtime_words;
