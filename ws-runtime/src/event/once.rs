//! Refuses, at compile time, a signature that takes the session or the state twice.

use std::marker::PhantomData;

/// A type that only one argument of a call can have. The macro implements it for references to the session and the
/// state, so that an alias of either is recognised too.
#[doc(hidden)]
pub trait Exclusive {
    /// The part of the context: 1 is the session, 2 the state.
    const PART: u8;
}

/// Finds out whether a type is [`Exclusive`] without a bound: an inherent constant takes precedence over a trait's.
#[doc(hidden)]
#[derive(Debug)]
pub struct Probe<T: ?Sized>(PhantomData<T>);

impl<T: Exclusive + ?Sized> Probe<T> {
    pub const PART: u8 = T::PART;
}

/// The part of a type that is not [`Exclusive`]: 0, none.
#[doc(hidden)]
pub trait Unclaimed {
    const PART: u8 = 0;
}

impl<T: ?Sized> Unclaimed for Probe<T> {}

/// Fails to compile if two arguments have the same part.
#[doc(hidden)]
#[track_caller]
#[expect(clippy::panic, clippy::indexing_slicing, reason = "runs in the compiler")]
pub const fn assert_once(parts: &[u8]) {
    let mut first = 0;
    while first < parts.len() {
        let mut second = first + 1;
        while second < parts.len() {
            if parts[first] == parts[second] {
                match parts[first] {
                    1 => panic!("this handler asks for the session twice: take it once, by `&` or by `&mut`"),
                    2 => panic!("this handler asks for the state twice: take it once, by `&` or by `&mut`"),
                    _ => {}
                }
            }
            second += 1;
        }
        first += 1;
    }
}
