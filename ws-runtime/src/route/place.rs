//! Where a path was declared.

use std::fmt;

/// A path, and where it was declared: `/table/{id}`, at `src/main.rs:12`.
#[doc(hidden)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    path: String,
    file: &'static str,
    line: u32,
}

impl Place {
    #[must_use]
    pub fn new(path: &str, file: &'static str, line: u32) -> Self {
        Self { path: path.to_owned(), file, line }
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ({}:{})", self.path, self.file, self.line)
    }
}
