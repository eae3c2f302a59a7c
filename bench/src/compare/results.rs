//! What came out of the rounds of one case.

use super::case::{Case, Outcome};
use crate::peers::Peer;

/// One server in all rounds.
pub(super) struct Row {
    pub(super) peer: Peer,
    /// Which of the times that it is measured in each round.
    pub(super) time: usize,
    pub(super) outcomes: Vec<Outcome>,
    /// Why it has no figures.
    pub(super) failure: Option<String>,
}

impl Row {
    pub(super) fn new(peer: Peer, time: usize) -> Self {
        Self { peer, time, outcomes: Vec::new(), failure: None }
    }

    pub(super) fn name(&self) -> String {
        match self.time {
            1 => self.peer.name().to_owned(),
            _ => format!("{} again", self.peer.name()),
        }
    }

    /// The median of a figure over the rounds.
    pub(super) fn median(&self, figure: impl Fn(&Outcome) -> f64) -> f64 {
        Spread::of(self.outcomes.iter().map(figure)).median
    }
}

/// The servers of one case, the floor first, and what each costs in terms of it.
pub(super) struct Results {
    pub(super) case: Case,
    pub(super) rows: Vec<Row>,
    floor: Vec<f64>,
}

impl Results {
    pub(super) fn new(case: Case, rows: Vec<Row>) -> Self {
        let floor =
            rows.first().map_or_else(Vec::new, |row| row.outcomes.iter().map(Outcome::cost).collect());
        Self { case, rows, floor }
    }

    /// A server's cost as a multiple of the floor's in the same round.
    pub(super) fn ratio(&self, row: &Row) -> Spread {
        Spread::of(row.outcomes.iter().zip(&self.floor).map(|(outcome, floor)| outcome.cost() / floor))
    }

    /// A server's cost in its own unit.
    pub(super) fn cost(&self, row: &Row) -> Spread {
        Spread::of(row.outcomes.iter().map(Outcome::cost))
    }
}

/// A figure over the rounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Spread {
    pub(super) least: f64,
    pub(super) median: f64,
    pub(super) most: f64,
}

impl Spread {
    fn of(figures: impl Iterator<Item = f64>) -> Self {
        let mut figures: Vec<f64> = figures.collect();
        figures.sort_by(f64::total_cmp);
        let middle = figures.len() / 2;
        let at = |place: usize| figures.get(place).copied().unwrap_or(f64::NAN);
        let median =
            if figures.len() % 2 == 1 { at(middle) } else { (at(middle.wrapping_sub(1)) + at(middle)) / 2.0 };
        Self { least: at(0), median, most: at(figures.len().wrapping_sub(1)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_and_of_two_middles_the_mean() {
        let odd = Spread { least: 1.0, median: 2.0, most: 9.0 };
        assert_eq!(Spread::of([9.0, 1.0, 2.0].into_iter()), odd);
        let even = Spread { least: 1.0, median: 3.0, most: 9.0 };
        assert_eq!(Spread::of([9.0, 1.0, 2.0, 4.0].into_iter()), even);
        assert!(Spread::of(std::iter::empty()).median.is_nan());
    }
}
