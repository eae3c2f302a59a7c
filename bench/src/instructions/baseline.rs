//! What each path took when somebody last looked, in a file that is committed.

use std::fmt::Write;
use std::fs;
use std::path::Path as FilePath;
use std::process::Command;

use super::path::Path;
use crate::error::{Doing, Result};

/// Paths and their instructions.
#[derive(Debug)]
pub(super) struct Baseline(Vec<(String, f64)>);

impl Baseline {
    pub(super) fn new(counted: Vec<(Path, f64)>) -> Self {
        Self(counted.into_iter().map(|(path, count)| (path.name(), count)).collect())
    }

    pub(super) fn read(file: &FilePath) -> Result<Self> {
        let text = match fs::read_to_string(file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            read => read.doing(format!("read {}", file.display()))?,
        };
        Ok(Self::parse(&text))
    }

    /// What is no name and number is for readers.
    fn parse(text: &str) -> Self {
        let row = |line: &str| {
            let (name, count) = line.split_once(' ')?;
            Some((name.to_owned(), count.trim().parse().ok()?))
        };
        Self(text.lines().filter_map(row).collect())
    }

    pub(super) fn write(&self, file: &FilePath) -> Result<()> {
        fs::write(file, self.text()).doing(format!("write {}", file.display()))
    }

    fn text(&self) -> String {
        let mut text = String::from(
            "# Instructions of the server for one message, in user space: see README.md. Made anew by\n\
             # `cargo run --release -p bench --no-default-features --features axum -- instructions --save`\n",
        );
        for tool in ["rustc", "valgrind"] {
            let version = Command::new(tool).arg("--version").output();
            let version = version.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
            let _ = writeln!(text, "# with {}", version.as_deref().unwrap_or(tool));
        }
        for (name, count) in &self.0 {
            let _ = writeln!(text, "{name} {count:.0}");
        }
        text
    }

    pub(super) fn of(&self, path: Path) -> Option<f64> {
        let name = path.name();
        self.0.iter().find(|(known, _)| *known == name).map(|(_, count)| *count)
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum;

    use super::super::BASELINE;
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let written = Baseline::new(vec![(Path::Echo, 1234.4), (Path::Broadcast, 567.0)]);
        let read = Baseline::parse(&written.text());
        assert_eq!(read.of(Path::Echo), Some(1234.0));
        assert_eq!(read.of(Path::Broadcast), Some(567.0));
        assert_eq!(read.of(Path::Compressed), None);
    }

    #[test]
    fn every_path_has_a_baseline() {
        let baseline = Baseline::read(FilePath::new(BASELINE)).unwrap();
        for path in Path::value_variants() {
            assert!(baseline.of(*path).is_some_and(|count| count > 0.0), "{path:?}");
        }
    }
}
