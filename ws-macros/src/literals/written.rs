//! Values as the user wrote them.

use proc_macro2::Ident;
use syn::{Expr, Lit, UnOp};

use crate::syntax::bare;

/// A value as the user wrote it.
#[derive(Debug, PartialEq)]
pub(super) enum Written {
    Number {
        value: f64,
        whole: bool,
    },
    Text(String),
    Bool,
    /// A literal that no option accepts: a byte, a character.
    OtherLiteral,
    /// Any other expression: its value is known when the server starts.
    Expression,
}

impl Written {
    pub(super) fn of(value: &Expr) -> Self {
        match bare(value) {
            Expr::Lit(literal) => Self::of_literal(&literal.lit),
            Expr::Unary(unary) if matches!(unary.op, UnOp::Neg(_)) => match Self::of(&unary.expr) {
                Self::Number { value, whole } => Self::Number { value: -value, whole },
                _ => Self::Expression,
            },
            _ => Self::Expression,
        }
    }

    fn of_literal(literal: &Lit) -> Self {
        match literal {
            Lit::Int(number) if is_unit(number.suffix()) => Self::OtherLiteral,
            Lit::Float(number) if is_unit(number.suffix()) => Self::OtherLiteral,
            Lit::Int(number) => number
                .base10_digits()
                .parse()
                .map_or(Self::OtherLiteral, |value| Self::Number { value, whole: true }),
            Lit::Float(number) => number
                .base10_digits()
                .parse()
                .map_or(Self::OtherLiteral, |value| Self::Number { value, whole: false }),
            Lit::Str(text) => Self::Text(text.value()),
            Lit::Bool(_) => Self::Bool,
            _ => Self::OtherLiteral,
        }
    }
}

/// The value, if it is a single word such as `any`.
pub(super) fn lone_word(expression: &Expr) -> Option<&Ident> {
    match bare(expression) {
        Expr::Path(path) => path.path.get_ident(),
        _ => None,
    }
}

/// Whether the suffix of a number is a unit, not a type: `20s`, `64k`.
fn is_unit(suffix: &str) -> bool {
    !suffix.is_empty() && !NUMBERS.contains(&suffix)
}

/// The types that can be the suffix of a number.
const NUMBERS: [&str; 14] =
    ["u8", "u16", "u32", "u64", "u128", "usize", "i8", "i16", "i32", "i64", "i128", "isize", "f32", "f64"];
