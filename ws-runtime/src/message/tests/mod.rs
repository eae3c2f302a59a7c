//! What is an envelope, what is read from one, and what is written.

mod properties;
mod reading;
mod scanning;
mod writing;

use super::Keys;

const KEYS: &Keys = &Keys::DEFAULT;

const RENAMED: &Keys = &Keys::new("event", "ref", "payload");
