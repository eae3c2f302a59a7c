//! Checks the limits of handlers and the rules of rooms.

use syn::Expr;
use ws_spec::options::{Bounds, Kind, PERIOD};

use super::problem;
use super::written::Written;
use crate::diagnostics::Diagnostics;
use crate::syntax::bare;

/// Checks the period of a tick.
pub(crate) fn check_period(period: &Expr, diagnostics: &mut Diagnostics) {
    let written = Written::of(period);
    let problem = match &written {
        Written::Number { value, .. } if *value <= 0.0 => {
            Some("a tick needs a `period` above 0 seconds, such as `period = 1` or `period = 0.5`".to_owned())
        }
        written => problem("period", Kind::Seconds(PERIOD), written),
    };
    if let Some(problem) = problem {
        diagnostics.error(period, problem);
    }
}

/// Checks `rate = 5` or `rate = (30, 60)`.
pub(crate) fn check_rate(rate: Expr, diagnostics: &mut Diagnostics) -> Option<Expr> {
    let wanted = "`rate = 5` for 5 a second, or `rate = (30, 60)` for 30 in 60 seconds";
    let problem = |value: &Expr| match Written::of(value) {
        Written::Number { value, .. } if value > 0.0 => None,
        Written::Number { .. } => {
            Some(format!("a `rate` is above 0: write {wanted}, or leave it out for no limit"))
        }
        Written::Expression => None,
        Written::Text(_) | Written::Bool | Written::OtherLiteral => {
            Some(format!("a `rate` is a number: write {wanted}"))
        }
    };
    let found = match bare(&rate) {
        Expr::Tuple(pair) if pair.elems.len() == 2 => pair.elems.iter().find_map(problem),
        Expr::Tuple(_) => Some(format!("a `rate` is one number or two: write {wanted}")),
        // The form of the environment would be a division here, mostly to 0.
        Expr::Binary(division) if matches!(division.op, syn::BinOp::Div(_)) => {
            let is_literal = |side: &Expr| matches!(bare(side), Expr::Lit(_));
            (is_literal(&division.left) && is_literal(&division.right))
                .then(|| format!("this is a division, not a rate: write {wanted}"))
        }
        single => problem(single),
    };
    unless(found, rate, diagnostics)
}

/// Checks `timeout = 2`.
pub(crate) fn check_timeout(timeout: Expr, diagnostics: &mut Diagnostics) -> Option<Expr> {
    let written = Written::of(&timeout);
    let problem = match &written {
        Written::Number { value, .. } if *value <= 0.0 => Some(
            "a `timeout` is above 0 seconds: leave it out to let the handler run as long as it needs"
                .to_owned(),
        ),
        written => problem("timeout", Kind::Seconds(PERIOD), written),
    };
    unless(problem, timeout, diagnostics)
}

/// Checks `concurrent = 4`.
pub(crate) fn check_concurrent(concurrent: Expr, diagnostics: &mut Diagnostics) -> Option<Expr> {
    let problem = match Written::of(&concurrent) {
        Written::Number { value, whole: true } if (1.0..=MAX_CONCURRENT).contains(&value) => None,
        Written::Expression => None,
        Written::Number { .. } | Written::Text(_) | Written::Bool | Written::OtherLiteral => Some(format!(
            "`concurrent` is a whole number from 1 to {MAX_CONCURRENT}: so many of them may run at once for a connection"
        )),
    };
    unless(problem, concurrent, diagnostics)
}

/// Checks `keep = 10`.
pub(crate) fn check_keep(keep: Expr, diagnostics: &mut Diagnostics) -> Option<Expr> {
    let bounds = Bounds { least: 0.0, most: PERIOD.most };
    check_value("keep", Kind::Seconds(bounds), keep, diagnostics)
}

/// Checks `max_rooms = 500`.
pub(crate) fn check_max_rooms(max_rooms: Expr, diagnostics: &mut Diagnostics) -> Option<Expr> {
    let bounds = Bounds { least: 1.0, most: MAX_ROOMS };
    check_value("max_rooms", Kind::Count(bounds, "rooms"), max_rooms, diagnostics)
}

fn check_value(name: &str, kind: Kind, value: Expr, diagnostics: &mut Diagnostics) -> Option<Expr> {
    let problem = problem(name, kind, &Written::of(&value));
    unless(problem, value, diagnostics)
}

/// The value, unless there is a problem with it, which is reported.
fn unless(problem: Option<String>, value: Expr, diagnostics: &mut Diagnostics) -> Option<Expr> {
    match problem {
        Some(problem) => {
            diagnostics.error(&value, problem);
            None
        }
        None => Some(value),
    }
}

/// The most rooms with state that a server can have at once.
const MAX_ROOMS: f64 = 4_294_967_295.0;

/// The most calls of one handler that may run at once for a connection.
const MAX_CONCURRENT: f64 = 1024.0;
