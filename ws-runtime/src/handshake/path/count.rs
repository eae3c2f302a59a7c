//! Checks at compile time that a `Path` takes as many parameters as its path has.

use std::borrow::Cow;
use std::marker::PhantomData;

use super::Path;

/// A type that tells how many parameters it takes: all but structs, whose fields are looked up by their names.
#[doc(hidden)]
pub trait PathCount {
    const COUNT: usize;
}

/// Finds out how many parameters an argument takes without a bound: an inherent constant takes precedence over a
/// trait's.
#[doc(hidden)]
#[derive(Debug)]
pub struct PathProbe<T>(PhantomData<T>);

impl<T: PathCount> PathProbe<Path<T>> {
    pub const COUNT: Option<usize> = Some(T::COUNT);
}

/// What is no `Path`, or is one of a struct.
#[doc(hidden)]
pub trait Uncounted {
    const COUNT: Option<usize> = None;
}

impl<T> Uncounted for PathProbe<T> {}

macro_rules! takes_one {
    ($($type:ty)*) => { $(
        impl PathCount for $type {
            const COUNT: usize = 1;
        }
    )* };
}

takes_one! {
    i8 i16 i32 i64 i128 isize u8 u16 u32 u64 u128 usize f32 f64 bool char String &str Cow<'_, str> Box<str>
}

macro_rules! takes_one_each {
    ($count:literal: $($type:ident)*) => {
        impl<$($type),*> PathCount for ($($type,)*) {
            const COUNT: usize = $count;
        }
    };
}

takes_one_each!(0:);
takes_one_each!(1: A);
takes_one_each!(2: A B);
takes_one_each!(3: A B C);
takes_one_each!(4: A B C D);
takes_one_each!(5: A B C D E);
takes_one_each!(6: A B C D E F);
takes_one_each!(7: A B C D E F G);
takes_one_each!(8: A B C D E F G H);

/// Fails to compile if an argument takes another number of parameters than the path has. The macro writes the
/// sentence up to the number that it takes.
#[doc(hidden)]
#[track_caller]
#[expect(clippy::panic, reason = "runs in the compiler")]
pub const fn check_path(taken: Option<usize>, there: usize, sentence: &str) {
    if let Some(taken) = taken
        && taken != there
    {
        let mut message = Message::new();
        message.push(sentence.as_bytes());
        message.push_number(taken);
        panic!("{}", message.as_str());
    }
}

/// A text that is put together in the compiler. What does not fit is left out.
struct Message {
    bytes: [u8; 512],
    len: usize,
}

#[expect(clippy::indexing_slicing, reason = "runs in the compiler")]
impl Message {
    const fn new() -> Self {
        Self { bytes: [0; 512], len: 0 }
    }

    const fn push(&mut self, text: &[u8]) {
        let mut at = 0;
        while at < text.len() && self.len < self.bytes.len() {
            self.bytes[self.len] = text[at];
            self.len += 1;
            at += 1;
        }
    }

    /// A number below 100: a tuple has no more fields.
    const fn push_number(&mut self, number: usize) {
        const DIGITS: &[u8; 10] = b"0123456789";
        if number >= 10 {
            self.push(&[DIGITS[number / 10 % 10]]);
        }
        self.push(&[DIGITS[number % 10]]);
    }

    const fn as_str(&self) -> &str {
        let (text, _) = self.bytes.split_at(self.len);
        match std::str::from_utf8(text) {
            Ok(text) => text,
            Err(_) => "this `Path` takes another number of parameters than its path has",
        }
    }
}
