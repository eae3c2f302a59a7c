//! How attackers were cut off: what their process tells the one that started it.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use crate::report::{bytes, time};

/// How attackers were cut off.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Ends {
    pub(crate) attackers: usize,
    /// Whether those that were cut off came back.
    pub(super) came_back: bool,
    /// How many got which code; 0 is none.
    codes: BTreeMap<u16, usize>,
    first: Option<Duration>,
    /// When the last of them was cut off.
    pub(crate) last: Duration,
    pub(super) written: u64,
}

impl Ends {
    pub(super) fn new(attackers: usize, came_back: bool) -> Self {
        Self { attackers, came_back, ..Self::default() }
    }

    /// One of them was cut off after this time.
    pub(super) fn add(&mut self, code: Option<u16>, after: Duration) {
        *self.codes.entry(code.unwrap_or_default()).or_default() += 1;
        self.first.get_or_insert(after);
        self.last = self.last.max(after);
    }

    /// How many were cut off with this code, or without one.
    pub(crate) fn with(&self, code: Option<u16>) -> usize {
        self.codes.get(&code.unwrap_or_default()).copied().unwrap_or_default()
    }

    /// As one process writes it for the other.
    pub(super) fn line(&self) -> String {
        let Self { attackers, came_back, first, last, written, codes } = self;
        let first = first.map_or(-1, |first| i64::try_from(first.as_nanos()).unwrap_or(i64::MAX));
        let codes: String = codes.iter().map(|(code, count)| format!(" {code} {count}")).collect();
        format!("{attackers} {} {first} {} {written}{codes}", i32::from(*came_back), last.as_nanos())
    }

    /// As the other process reads it.
    pub(super) fn read(line: &str) -> Option<Self> {
        let mut words = line.split_ascii_whitespace();
        let mut ends = Self::new(words.next()?.parse().ok()?, words.next()? == "1");
        ends.first = words.next()?.parse().ok().map(Duration::from_nanos);
        ends.last = Duration::from_nanos(words.next()?.parse().ok()?);
        ends.written = words.next()?.parse().ok()?;
        while let Some(code) = words.next() {
            ends.codes.insert(code.parse().ok()?, words.next()?.parse().ok()?);
        }
        Some(ends)
    }
}

impl fmt::Display for Ends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} attackers sent {}", self.attackers, bytes(self.written as f64))?;
        let Some(first) = self.first else { return f.write_str(", none was cut off") };
        let codes = self.codes.iter().map(|(code, count)| match code {
            0 => format!("{count} without a code"),
            code => format!("{count} with {code}"),
        });
        let codes = codes.collect::<Vec<_>>().join(", ");
        if self.came_back {
            return write!(f, " and came back each time they were cut off ({codes})");
        }
        write!(f, " and were cut off: {codes}, after {} to {}", time(first), time(self.last))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_process_writes_the_other_reads() {
        let mut ends = Ends::new(8, false);
        assert_eq!(Ends::read(&ends.line()), Some(ends.clone()));
        ends.add(Some(1008), Duration::from_millis(2));
        ends.add(None, Duration::from_millis(3));
        ends.written = 1 << 20;
        assert_eq!(Ends::read(&ends.line()), Some(ends.clone()));
        let text = "8 attackers sent 1.00 MiB and were cut off: 1 without a code, 1 with 1008, after 2.00 ms to 3.00 ms";
        assert_eq!(ends.to_string(), text);
        assert_eq!(Ends::read("8 attackers"), None);
    }
}
