//! The macro as a whole: what it writes, and that it survives whatever it is given.

mod any_tokens;
mod expansion;
mod runtime_words;
