//! The messages that have arrived at a client and were not taken yet.

use std::cell::OnceCell;
use std::collections::VecDeque;

use bytes::Bytes;

use super::envelope::Envelope;
use super::error::{Close, cut};
use crate::message::Keys;

/// A message from the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// A text message.
    Utf8(String),
    /// A binary message.
    Binary(Bytes),
}

/// What has arrived and was not taken yet.
#[derive(Debug)]
pub(super) struct Mailbox {
    messages: VecDeque<Unread>,
    /// The payloads of pongs.
    pub(super) pongs: VecDeque<Bytes>,
    /// How many pings have arrived, all in all.
    pub(super) pings: usize,
    pub(super) reading: bool,
    /// Set when nothing more comes.
    pub(super) end: Option<End>,
}

/// Why nothing more comes.
#[derive(Debug, Clone)]
pub(super) enum End {
    Closed(Close),
    Broken(String),
}

#[derive(Debug)]
struct Unread {
    message: Message,
    /// The same taken apart, once somebody looks for named messages.
    envelope: OnceCell<Option<Envelope>>,
}

impl Default for Mailbox {
    fn default() -> Self {
        Self { messages: VecDeque::new(), pongs: VecDeque::new(), pings: 0, reading: true, end: None }
    }
}

impl Mailbox {
    pub(super) fn push(&mut self, message: Message) {
        self.messages.push_back(Unread { message, envelope: OnceCell::new() });
    }

    /// Takes the first message.
    pub(super) fn take(&mut self) -> Option<Message> {
        Some(self.messages.pop_front()?.message)
    }

    /// Takes the first named message that is wanted. The others stay.
    pub(super) fn take_named(
        &mut self,
        keys: &Keys,
        is_wanted: impl Fn(&Envelope) -> bool,
    ) -> Option<Envelope> {
        let position =
            self.messages.iter().position(|unread| unread.envelope(keys).is_some_and(&is_wanted))?;
        self.messages.remove(position)?.envelope.into_inner()?
    }

    pub(super) fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// The first messages, as errors show them.
    pub(super) fn shown(&self) -> Vec<String> {
        const MOST: usize = 10;
        let mut shown: Vec<String> =
            self.messages.iter().take(MOST).map(|unread| unread.message.shown()).collect();
        if self.messages.len() > MOST {
            shown.push(format!("and {} more", self.messages.len() - MOST));
        }
        shown
    }
}

impl Unread {
    fn envelope(&self, keys: &Keys) -> Option<&Envelope> {
        let read = || match &self.message {
            Message::Utf8(text) => keys.read(text),
            Message::Binary(_) => None,
        };
        self.envelope.get_or_init(read).as_ref()
    }
}

impl Message {
    /// As errors show it.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Utf8(text) => cut(text),
            Self::Binary(data) => format!("a binary message of {} bytes", data.len()),
        }
    }
}
