//! The questions of a connection that the peer has not answered yet.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::sync::oneshot;

use super::Answer;
use crate::excerpt::cut;

/// How many questions of one connection may be open.
pub(super) const MAX_OPEN: usize = 64;

/// The questions of one connection.
#[derive(Debug, Default)]
pub(crate) struct Questions {
    /// How many were asked: the number of the last one, as the first is 1. Written while `open` is locked.
    asked: AtomicU64,
    open: Mutex<Open>,
}

#[derive(Debug, Default)]
struct Open {
    questions: Vec<(u64, oneshot::Sender<Answered>)>,
    /// The connection takes no more answers.
    is_over: bool,
}

/// What the peer has answered.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answered {
    /// The answer as JSON.
    Data(Box<str>),
    Refused {
        code: String,
        message: String,
    },
}

/// Why a question has no number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotAsked {
    TooMany,
    Over,
}

impl Questions {
    /// Opens a question. Returns its number, and what receives the answer.
    pub(super) fn open(&self) -> Result<(u64, oneshot::Receiver<Answered>), NotAsked> {
        let mut open = self.lock();
        if open.is_over {
            return Err(NotAsked::Over);
        }
        if open.questions.len() >= MAX_OPEN {
            return Err(NotAsked::TooMany);
        }
        let number = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
        let (sender, receiver) = oneshot::channel();
        open.questions.push((number, sender));
        Ok((number, receiver))
    }

    /// Whether anything was ever asked.
    pub(crate) fn has_asked(&self) -> bool {
        self.asked.load(Ordering::Relaxed) > 0
    }

    /// Passes an answer on. An answer that comes late or twice is ignored. Returns false if its number was never
    /// issued.
    pub(crate) fn answer(&self, answer: Answer<'_>) -> bool {
        let mut open = self.lock();
        let Some(number @ 1..) = answer.ask else { return false };
        if number > self.asked.load(Ordering::Relaxed) {
            return false;
        }
        let Some(at) = open.questions.iter().position(|(open, _)| *open == number) else { return true };
        let (_, sender) = open.questions.swap_remove(at);
        drop(open);
        // Nobody may wait any more.
        let _ = sender.send(Answered::of(answer));
        true
    }

    /// Closes a question that nobody waits for any more.
    pub(super) fn close(&self, number: u64) {
        let mut open = self.lock();
        let at = open.questions.iter().position(|(open, _)| *open == number);
        let closed = at.map(|at| open.questions.swap_remove(at));
        drop(open);
        drop(closed);
    }

    /// Closes all questions for good: no answer will be received.
    pub(crate) fn end(&self) {
        let mut open = self.lock();
        open.is_over = true;
        let closed = std::mem::take(&mut open.questions);
        // Wakes those who wait.
        drop(open);
        drop(closed);
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Answered {
    fn of(answer: Answer<'_>) -> Self {
        match answer.error {
            None => Self::Data(answer.data.unwrap_or("null").into()),
            Some(error) => {
                let told: Value = serde_json::from_str(error).unwrap_or_default();
                let text = |key| cut(told.get(key).and_then(Value::as_str).unwrap_or_default()).to_owned();
                Self::Refused { code: text("code"), message: text("message") }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(ask: u64) -> Answer<'static> {
        Answer { ask: Some(ask), data: Some("1"), error: None }
    }

    #[test]
    fn each_question_is_answered_once() {
        let questions = Questions::default();
        assert!(!questions.has_asked());
        let (first, mut of_first) = questions.open().unwrap();
        let (second, mut of_second) = questions.open().unwrap();
        assert_eq!((first, second), (1, 2));
        assert!(questions.answer(answer(2)));
        assert_eq!(of_second.try_recv(), Ok(Answered::Data("1".into())));
        assert!(of_first.try_recv().is_err());
        assert!(questions.answer(answer(2)), "ignored");
        assert!(!questions.answer(answer(0)) && !questions.answer(answer(3)), "never issued");
        assert!(!questions.answer(Answer { ask: None, ..answer(1) }));
    }

    #[test]
    fn an_answer_to_a_question_that_was_given_up_is_ignored() {
        let questions = Questions::default();
        let (number, _) = questions.open().unwrap();
        questions.close(number);
        assert!(questions.answer(answer(number)));
    }

    #[test]
    fn so_many_are_open_at_most() {
        let questions = Questions::default();
        let open: Vec<_> = (0..MAX_OPEN).map(|_| questions.open().unwrap()).collect();
        assert_eq!(questions.open().unwrap_err(), NotAsked::TooMany);
        questions.close(open[5].0);
        assert_eq!(questions.open().unwrap().0, 65);
    }

    #[test]
    fn after_the_end_nothing_is_open() {
        let questions = Questions::default();
        let (_, mut receiver) = questions.open().unwrap();
        questions.end();
        assert_eq!(receiver.try_recv(), Err(oneshot::error::TryRecvError::Closed));
        assert_eq!(questions.open().unwrap_err(), NotAsked::Over);
    }

    #[test]
    fn a_refusal_is_read_as_far_as_it_goes() {
        let refused = |error| Answered::of(Answer { ask: Some(1), data: None, error: Some(error) });
        let told =
            |code: &str, message: &str| Answered::Refused { code: code.into(), message: message.into() };
        assert_eq!(refused(r#"{"code":"busy","message":"not now","more":1}"#), told("busy", "not now"));
        assert_eq!(refused(r#"{"code":"busy"}"#), told("busy", ""));
        assert_eq!(refused("true"), told("", ""));
        let long = format!(r#"{{"message":"{}"}}"#, "é".repeat(1000));
        assert_eq!(refused(&long), told("", &"é".repeat(128)));
    }
}
