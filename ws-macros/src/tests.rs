//! Tests of the macro as a whole.

mod any_tokens;
mod expansion;
mod options_table;
mod runtime_words;
