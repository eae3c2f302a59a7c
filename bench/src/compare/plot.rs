//! A picture of a case: each server a dot at its cost, with a line from its best round to its worst, on a logarithmic
//! scale, so that twice as much is the same distance everywhere.

use std::fmt::Write;

use super::case::Case;
use super::results::{Results, Row};
use crate::peers::Peer;
use crate::report::{bytes, nanos};

const WIDTH: f64 = 760.0;
const ROW: f64 = 26.0;
const TOP: f64 = 44.0;
const BOTTOM: f64 = 34.0;
/// Where the scale begins and ends; names stand on its left, figures on its right.
const LEFT: f64 = 170.0;
const RIGHT: f64 = 640.0;

pub(super) fn draw(results: &Results) -> String {
    let rows: Vec<&Row> = results.rows.iter().filter(|row| row.failure.is_none()).collect();
    let costs = || rows.iter().map(|row| results.cost(row));
    let least = costs().map(|cost| cost.least).fold(f64::INFINITY, f64::min).max(1.0);
    let most = costs().map(|cost| cost.most).fold(least, f64::max);
    // A little room on both sides.
    let (low, high) = (least.ln() - 0.1, most.ln() + 0.1);
    let x = |cost: f64| LEFT + (cost.max(1.0).ln() - low) / (high - low) * (RIGHT - LEFT);
    let unit = if results.case == Case::Idle { bytes } else { nanos };

    let height = TOP + ROW * rows.len() as f64 + BOTTOM;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-family=\"sans-serif\" \
         font-size=\"13\" fill=\"#222\">\n<rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#fff\"/>\n\
         <text x=\"12\" y=\"22\" font-weight=\"bold\">{}: {}, less is better</text>\n",
        results.case.title(),
        results.case.cost_of()
    );
    for mark in marks(least, most) {
        let (x, bottom) = (x(mark), height - BOTTOM);
        let _ = writeln!(
            svg,
            "<path d=\"M{x:.1} {TOP}V{bottom}\" stroke=\"#ddd\"/>\
             <text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#777\">{}</text>",
            bottom + 18.0,
            unit(mark)
        );
    }
    for (at, row) in rows.iter().enumerate() {
        let (cost, y) = (results.cost(row), TOP + ROW * (at as f64 + 0.5));
        let (colour, weight) = match row.peer {
            Peer::Floor | Peer::Floor64k | Peer::Rustls => ("#888", "normal"),
            Peer::Ours => ("#c1440e", "bold"),
            _ => ("#2b6cb0", "normal"),
        };
        let _ = writeln!(
            svg,
            "<text x=\"12\" y=\"{text:.1}\" font-weight=\"{weight}\">{name}</text>\
             <path d=\"M{least:.1} {y:.1}H{most:.1}\" stroke=\"{colour}\" stroke-width=\"3\" stroke-opacity=\".4\"/>\
             <circle cx=\"{middle:.1}\" cy=\"{y:.1}\" r=\"5\" fill=\"{colour}\"/>\
             <text x=\"{WIDTH}\" dx=\"-12\" y=\"{text:.1}\" text-anchor=\"end\">{figure}</text>",
            text = y + 4.5,
            name = row.name(),
            least = x(cost.least),
            most = x(cost.most),
            middle = x(cost.median),
            figure = unit(cost.median),
        );
    }
    svg + "</svg>\n"
}

/// Round numbers within a range: 1, 2 and 5 of each power of ten, or the powers alone where that is enough.
fn marks(least: f64, most: f64) -> Vec<f64> {
    let powers = |steps: &[f64]| -> Vec<f64> {
        let tens = (least.log10().floor() as i32)..=(most.log10().ceil() as i32);
        let all = tens.flat_map(|power| steps.iter().map(move |step| step * 10_f64.powi(power)));
        all.filter(|mark| (least..=most).contains(mark)).collect()
    };
    let few = powers(&[1.0]);
    if few.len() < 3 { powers(&[1.0, 2.0, 5.0]) } else { few }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_round_and_within_the_range() {
        assert_eq!(marks(150.0, 2_500.0), [200.0, 500.0, 1000.0, 2000.0]);
        assert_eq!(marks(9.0, 1_100.0), [10.0, 100.0, 1000.0]);
    }
}
