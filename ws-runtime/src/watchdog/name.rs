//! The names of handlers, and their numbers: what a slot holds is a number.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::slot::{Running, mine_in_turn};

/// A handler's name, which gets its number when it is first needed.
///
/// The macro declares one as a `static` for each handler that runs at once, so that to note it is no look-up.
#[doc(hidden)]
#[derive(Debug)]
pub struct HandlerName {
    name: &'static str,
    /// 0 before it is needed.
    number: AtomicU32,
}

impl HandlerName {
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self { name, number: AtomicU32::new(0) }
    }

    /// The handler runs on this thread, until what this returns is dropped. For handlers that the turn of a connection
    /// calls, which has begun on this thread.
    #[inline]
    pub fn runs(&self) -> Running {
        let number = self.number.load(Ordering::Relaxed);
        mine_in_turn().run(if number == 0 { self.first() } else { number })
    }

    #[cold]
    fn first(&self) -> u32 {
        let number = number_of(self.name);
        self.number.store(number, Ordering::Relaxed);
        number
    }
}

/// The number of a name, from 1 on. The same name has the same number.
#[inline]
pub(crate) fn number_of(name: &'static str) -> u32 {
    thread_local! {
        /// Names that this thread has asked for, each at a place that follows from its address. So threads do not wait
        /// for each other, and nothing is hashed.
        static KNOWN: [Cell<(&'static str, u32)>; PLACES] = const { [const { Cell::new(("", 0)) }; PLACES] };
    }
    KNOWN.with(|known| {
        let place = known.get((name.as_ptr().addr() >> 3) % PLACES);
        match place.map(Cell::get) {
            Some((found, number)) if std::ptr::eq(found, name) && number != 0 => number,
            Some(_) | None => {
                let number = enlist(name);
                if let Some(place) = place {
                    place.set((name, number));
                }
                number
            }
        }
    })
}

/// How many names a thread remembers, at most.
const PLACES: usize = 128;

/// The name of a number.
pub(super) fn name_of(number: u32) -> Option<&'static str> {
    let at = usize::try_from(number).ok()?.checked_sub(1)?;
    names().get(at).copied()
}

/// All names that were needed; a number is a place in here, counted from 1.
static NAMES: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());

fn names() -> MutexGuard<'static, Vec<&'static str>> {
    NAMES.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cold]
fn enlist(name: &'static str) -> u32 {
    let mut names = names();
    let at = names.iter().position(|known| *known == name).unwrap_or_else(|| {
        names.push(name);
        names.len() - 1
    });
    u32::try_from(at + 1).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_has_one_number_on_all_threads() {
        let first = number_of("counted once");
        let other = std::thread::spawn(|| (number_of("another name"), number_of("counted once")));
        let (another, again) = other.join().unwrap();
        assert_eq!(again, first);
        assert_ne!(another, first);
        assert_eq!(name_of(first), Some("counted once"));
        assert_eq!(HandlerName::new("counted once").first(), first);
        assert_eq!(name_of(0), None);
    }
}
