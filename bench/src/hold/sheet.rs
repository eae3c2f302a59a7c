//! What a row found: each figure beside its goal.

use std::fmt::Display;
use std::time::Duration;

use crate::error::{Result, whole};
use crate::load::Percentiles;
use crate::report::{bytes, time};

/// From this share of all processors on, others had too much of them.
const OTHERS: f64 = 0.05;

/// From this share on, latencies are those of the others.
const TOO_MUCH: f64 = 0.25;

/// How much is measured, and how strictly what is noisy is judged. Counts and losses are strict in both.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Full,
    /// Some seconds, on a machine that does other things too.
    Short,
}

impl Form {
    pub(super) fn pick<T>(self, full: T, short: T) -> T {
        match self {
            Self::Full => full,
            Self::Short => short,
        }
    }

    /// What is added to each deadline of the server before a peer is late.
    pub(super) fn grace(self) -> Duration {
        self.pick(Duration::from_secs(1), Duration::from_secs(2))
    }
}

/// One figure.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Finding {
    pub(super) what: String,
    pub(super) goal: String,
    pub(super) measured: String,
    pub(super) holds: bool,
    /// A busy machine alone may be why it is missed.
    pub(super) is_noisy: bool,
    /// It was missed, and the machine was so busy that this says nothing.
    pub(super) is_excused: bool,
}

impl Finding {
    pub(super) fn is_missed(&self) -> bool {
        !self.holds && !self.is_excused
    }
}

/// All figures of one row.
#[derive(Debug)]
pub(super) struct Sheet {
    pub(super) form: Form,
    pub(super) findings: Vec<Finding>,
    /// What is to be said of them.
    pub(super) notes: Vec<String>,
}

impl Sheet {
    pub(super) fn new(form: Form) -> Self {
        Self { form, findings: Vec::new(), notes: Vec::new() }
    }

    pub(super) fn add(
        &mut self,
        what: impl Into<String>,
        goal: impl Into<String>,
        measured: impl Into<String>,
        holds: bool,
    ) {
        let (what, goal, measured) = (what.into(), goal.into(), measured.into());
        self.findings.push(Finding { what, goal, measured, holds, is_noisy: false, is_excused: false });
    }

    /// The figure that was added last is one of those that depend on what else the machine does.
    pub(super) fn is_noisy(&mut self) {
        if let Some(finding) = self.findings.last_mut() {
            finding.is_noisy = true;
        }
    }

    pub(super) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// A count, or anything else that must be one value.
    pub(super) fn exactly<T: PartialEq + Display + Copy>(
        &mut self,
        what: impl Into<String>,
        measured: T,
        goal: T,
    ) {
        let holds = measured == goal;
        self.add(what, goal.to_string(), measured.to_string(), holds);
    }

    pub(super) fn at_least(&mut self, what: impl Into<String>, measured: usize, goal: usize) {
        self.add(what, format!("≥ {goal}"), measured.to_string(), measured >= goal);
    }

    pub(super) fn time_at_most(&mut self, what: impl Into<String>, measured: Duration, goal: Duration) {
        self.add(what, format!("≤ {}", time(goal)), time(measured), measured <= goal);
    }

    pub(super) fn bytes_at_most(&mut self, what: impl Into<String>, measured: f64, goal: f64) {
        self.add(what, format!("≤ {}", bytes(goal)), bytes(measured), measured <= goal);
    }

    /// Honest clients: none failed, and their 99th percentile is at most `goal`, and at most `ratio` times what it is
    /// at rest, which is not asked for below [`Self::grain`].
    pub(super) fn honest(
        &mut self,
        what: &str,
        rest: Percentiles,
        under: &Result<Percentiles>,
        ratio: f64,
        goal: Duration,
    ) {
        let under = match under {
            Ok(under) => under,
            Err(error) => {
                let goal = "none fails, nothing is lost";
                return self.add(format!("{what}: lost"), goal, whole(error), false);
            }
        };
        self.add(format!("{what}: lost"), "0", "0", true);
        self.beside(what, rest, *under, ratio, goal);
    }

    /// The 99th percentile beside others, judged as that of [`Self::honest`].
    pub(super) fn beside(
        &mut self,
        what: &str,
        rest: Percentiles,
        under: Percentiles,
        ratio: f64,
        goal: Duration,
    ) {
        let times = under.p99.as_secs_f64() / rest.p99.as_secs_f64().max(f64::MIN_POSITIVE);
        let measured = format!("{}, {times:.1} ×", time(under.p99));
        let (ratio, grain) = (self.form.pick(ratio, ratio * 10.0), self.grain());
        let is_near = times <= ratio || under.p99 <= grain;
        let bad_rest = rest.p99.as_secs_f64() * ratio.min(2.0) > goal.as_secs_f64();
        match self.form {
            Form::Short => {
                let near = if ratio.is_finite() {
                    format!("≤ {ratio:.0} × {}, or ", time(rest.p99))
                } else {
                    String::new()
                };
                let goal = format!("{near}≤ {}", time(grain));
                self.add(format!("{what}: p99"), goal, measured, is_near);
                self.is_noisy();
            }
            Form::Full => {
                let near = if ratio.is_finite() {
                    format!("≤ {ratio:.0} × {} (or {}), ", time(rest.p99), time(grain))
                } else {
                    String::new()
                };
                let text = format!("{near}≤ {}", time(goal));
                self.add(format!("{what}: p99"), text, measured, is_near && (under.p99 <= goal || bad_rest));
                self.is_noisy();
                if bad_rest {
                    let rest = time(rest.p99);
                    self.note(format!(
                        "the baseline itself was bad (p99 {rest} at rest), so only the ratio is judged"
                    ));
                }
            }
        }
    }

    /// A latency that has no baseline: strict only in the full form.
    pub(super) fn p99(&mut self, what: &str, measured: Percentiles, goal: Duration) {
        let goal = self.form.pick(goal, goal * 10);
        self.time_at_most(format!("{what}: p99"), measured.p99, goal);
        self.is_noisy();
    }

    /// Below this, a ratio says how busy the scheduler is, and nothing of the server.
    fn grain(&self) -> Duration {
        self.form.pick(Duration::from_millis(1), Duration::from_millis(100))
    }

    /// Says which share of the machine others had, if it was much; if it was too much, a latency that misses the
    /// goals of a quiet machine is not judged.
    pub(super) fn others(&mut self, share: f64) {
        if share > OTHERS {
            self.note(format!("other processes had {:.0} % of the processors", share * 100.0));
        }
        if share > TOO_MUCH && self.form == Form::Full {
            for finding in &mut self.findings {
                finding.is_excused = !finding.holds && finding.is_noisy;
            }
        }
    }

    pub(super) fn holds(&self) -> bool {
        !self.findings.iter().any(Finding::is_missed)
    }

    /// Whether what is missed may be missed because the machine was busy.
    pub(super) fn may_be_noise(&self) -> bool {
        !self.holds() && self.findings.iter().all(|finding| !finding.is_missed() || finding.is_noisy)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn p99(milliseconds: u64) -> Percentiles {
        Percentiles { p99: Duration::from_millis(milliseconds), ..Percentiles::default() }
    }

    fn holds(form: Form, rest: u64, under: u64) -> (bool, usize) {
        let mut sheet = Sheet::new(form);
        sheet.honest("honest", p99(rest), &Ok(p99(under)), 2.0, Duration::from_millis(5));
        (sheet.holds(), sheet.notes.len())
    }

    #[test]
    fn honest_clients_are_judged_by_the_ratio_and_by_the_time() {
        assert_eq!(holds(Form::Full, 2, 4), (true, 0));
        assert_eq!(holds(Form::Full, 1, 3), (false, 0), "three times what it is at rest");
        assert_eq!(holds(Form::Full, 0, 1), (true, 0), "below the grain of the scheduler");
        assert_eq!(holds(Form::Full, 10, 19), (true, 1), "the machine was slow before");
        assert_eq!(holds(Form::Full, 10, 21), (false, 1));
        assert_eq!(holds(Form::Short, 1, 99), (true, 0));
        assert_eq!(holds(Form::Short, 1, 837), (false, 0));
    }

    #[test]
    fn what_is_noisy_is_not_judged_while_others_have_the_machine() {
        let late = |form, share| {
            let mut sheet = Sheet::new(form);
            sheet.p99("late", p99(1_000), Duration::from_millis(1));
            sheet.others(share);
            sheet.holds()
        };
        assert!(late(Form::Full, 0.9));
        assert!(!late(Form::Full, 0.1));
        assert!(!late(Form::Short, 0.9), "its goals are those of a busy machine already");
        let mut sheet = Sheet::new(Form::Full);
        sheet.exactly("lost", 1, 0);
        sheet.others(0.9);
        assert!(!sheet.holds());
    }

    #[test]
    fn a_sheet_holds_if_each_of_its_figures_does() {
        let mut sheet = Sheet::new(Form::Full);
        sheet.exactly("lost", 0, 0);
        sheet.at_least("cut", 5, 5);
        sheet.time_at_most("until cut", Duration::from_secs(1), Duration::from_secs(1));
        sheet.bytes_at_most("each", 1.0, 1.0);
        assert!(sheet.holds());
        assert!(!sheet.may_be_noise());
        sheet.p99("late", p99(1_000), Duration::from_millis(1));
        assert!(!sheet.holds() && sheet.may_be_noise());
        sheet.exactly("lost", 1, 0);
        assert!(!sheet.holds() && !sheet.may_be_noise());
    }
}
