//! Servers to read, to run and to copy: each file beside `src` is one, and says in its first lines how to try it.

pub mod transcript;
