//! A named message on its way to its handler.

use serde::Deserialize;

use super::head::{Answer, Head};
use super::write::ReplyTo;
use super::{Broken, Caller, DataError, Keys};
use crate::Reject;
use crate::event::{ConnContext, ConnEvent, Failure, Utf8};

/// A named message: `{"type": …, "id": …, "data": …}`. Handlers of named messages can take it as `&Envelope`, and
/// `#[on(message)]` usually does, as its names are not known before.
///
/// ```
/// use ws_runtime::prelude::*;
///
/// #[ws_server(listen = 8080)]
/// mod relay {
///     use super::*;
///
///     #[on(message)]
///     fn any(message: &Envelope<'_>) -> String {
///         format!("{} of {} bytes", message.name(), message.data().unwrap_or_default().len())
///     }
/// }
/// # fn main() {}
/// ```
#[derive(Debug)]
pub struct Envelope<'m> {
    text: Utf8<'m>,
    head: Head,
}

impl<'m> Envelope<'m> {
    /// The text is returned if it is no envelope, as far as can be seen before its data.
    #[inline]
    pub(crate) fn of(text: Utf8<'m>, keys: &'static Keys) -> Result<Self, Utf8<'m>> {
        match Head::scan(text.as_str(), keys) {
            Some(head) => Ok(Self { text, head }),
            None => Err(text),
        }
    }

    /// Why a text is no envelope.
    pub(crate) fn why_not(text: &Utf8<'_>, keys: &'static Keys) -> Option<Broken> {
        Head::try_scan(text.as_str(), keys).err()
    }

    /// The same message, which owns its text.
    pub(crate) fn into_owned(self) -> Envelope<'static> {
        // What was found are offsets.
        Envelope { text: Utf8(self.text.0.into_owned()), head: self.head }
    }

    /// The text that it was read from.
    pub(crate) fn into_text(self) -> Utf8<'m> {
        self.text
    }
}

/// Where the replies to a message go, without the message.
#[derive(Debug, Clone)]
pub(crate) struct Address {
    pub(crate) keys: &'static Keys,
    /// The tokens, as they were written.
    name: Box<str>,
    pub(crate) id: Option<Box<str>>,
}

impl Address {
    pub(crate) fn reply_to(&self) -> ReplyTo<'_> {
        ReplyTo { name: Some(&self.name), id: self.id.as_deref() }
    }
}

impl Envelope<'_> {
    /// The value of `type`.
    #[must_use]
    #[inline]
    pub fn name(&self) -> &str {
        self.head.name(self.text.as_str())
    }

    /// The `id` as JSON, as the peer wrote it: a number, or a text of at most 64 bytes in quotation marks. `None` if
    /// the message has none.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        if !self.head.is_broken() {
            let _ = self.complete();
        }
        self.head.id(self.text.as_str())
    }

    /// The data as JSON; `None` if the message has none.
    #[must_use]
    pub fn data(&self) -> Option<&str> {
        let _ = self.complete();
        self.head.raw_data(self.text.as_str())
    }

    /// The whole message, as the peer wrote it.
    #[must_use]
    pub fn text(&self) -> &str {
        self.text.as_str()
    }

    pub(crate) fn keys(&self) -> &'static Keys {
        self.head.keys()
    }

    /// Whether there is no data, or `null`.
    pub(crate) fn has_no_data(&self) -> bool {
        self.head.is_absent(self.text.as_str())
    }

    /// Reads the data from where it lies, and checks what stands behind it.
    #[inline]
    pub(crate) fn read<'t, T: Deserialize<'t>>(&'t self) -> Result<T, DataError> {
        self.head.data(self.text.as_str())
    }

    /// Whether it is no envelope after all, as what stands behind the data shows.
    pub(crate) fn is_none(&self) -> bool {
        self.complete().is_err_and(Broken::is_no_envelope)
    }

    /// Whether its name begins with `$`, or it answers a question as far as is known: such messages are the runtime's.
    #[inline]
    pub(crate) fn is_for_runtime(&self) -> bool {
        self.name().starts_with('$') || self.head.is_answer()
    }

    /// The answer to a question; `None` if the message is none.
    pub(crate) fn answer(&self) -> Result<Option<Answer<'_>>, Broken> {
        self.head.answer(self.text.as_str())
    }

    /// Checks what stands behind the data. The `id` is known from then on.
    #[inline]
    pub(crate) fn complete(&self) -> Result<(), Broken> {
        self.head.complete(self.text.as_str())
    }

    /// The same, for who answers it later.
    pub(crate) fn address(&self) -> Address {
        let ReplyTo { name, id } = self.reply_to();
        Address { keys: self.keys(), name: name.unwrap_or_default().into(), id: id.map(Into::into) }
    }

    /// What a reply repeats of the message. The `id` is part of it once the message is complete.
    #[inline]
    pub(crate) fn reply_to(&self) -> ReplyTo<'_> {
        let text = self.text.as_str();
        ReplyTo { name: Some(self.head.name_token(text)), id: self.head.id(text) }
    }
}

impl<'a, K, Se: 'static> ConnEvent<'a, K, Se, Envelope<'a>> {
    /// The value of `type`.
    #[must_use]
    #[inline]
    pub fn name(&self) -> &'a str {
        self.payload().name()
    }

    /// The receiver of the handler's reply.
    #[must_use]
    #[inline]
    pub fn caller(&self) -> Caller<'a> {
        Caller::new(self.conn(), self.payload())
    }

    /// Checks a message whose data no argument reads.
    ///
    /// # Errors
    ///
    /// Why it is no envelope.
    #[inline]
    pub fn complete(&self) -> Result<(), Reject> {
        Ok(self.payload().complete()?)
    }

    /// There is no handler for the message.
    #[cold]
    #[must_use]
    pub fn not_found(&self) -> Failure {
        if let Err(broken) = self.payload().complete() {
            return Reject::from(broken).into();
        }
        let name = self.payload().name();
        let name = name.get(..name.floor_char_boundary(MAX_NAME)).unwrap_or_default();
        Reject::not_found().text(format!("there is no handler for messages of type {name:?}")).into()
    }
}

impl<'a, K, Se: 'static> ConnContext<'a, K, Se, Envelope<'a>> {
    /// Checks a message whose data an argument should have read.
    ///
    /// # Errors
    ///
    /// Why it is no envelope.
    #[doc(hidden)]
    #[inline]
    pub fn complete(&self) -> Result<(), Reject> {
        Ok(self.payload().complete()?)
    }
}

/// No more of an unknown name is repeated to the peer.
const MAX_NAME: usize = 64;
