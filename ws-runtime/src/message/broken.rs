//! Why a text is no envelope.

/// Why a text is no envelope, or not a right one. The peer is told it, with the code `bad_request`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Broken {
    #[error("the message is not a JSON object")]
    NoObject,
    #[error("the message is not valid JSON at byte {at}")]
    NoJson {
        /// Counted from 0.
        at: usize,
    },
    #[error("the message ends at byte {at}, but more follows")]
    Trailing {
        /// Counted from 0.
        at: usize,
    },
    #[error("the key `{key}` is missing")]
    NoName { key: &'static str },
    #[error("the value of `{key}` is not a string")]
    BadName { key: &'static str },
    #[error("the key `{key}` occurs twice")]
    Twice { key: &'static str },
    #[error("the value of `{key}` must be a number or a string of at most {MAX_ID} bytes")]
    BadId { key: &'static str },
    #[error("the value of `ask` is not the number of a question that was asked")]
    NoQuestion,
    #[error("the message is larger than 4 GiB")]
    TooLarge,
}

impl Broken {
    /// Whether the text is no envelope at all, not one with a wrong `id`.
    pub(crate) fn is_no_envelope(self) -> bool {
        match self {
            Self::NoObject
            | Self::NoJson { .. }
            | Self::Trailing { .. }
            | Self::NoName { .. }
            | Self::BadName { .. }
            | Self::Twice { .. }
            | Self::TooLarge => true,
            Self::BadId { .. } | Self::NoQuestion => false,
        }
    }
}

/// The largest `id`, in bytes as it is written, without the quotation marks of a text. It is repeated in each reply.
pub(crate) const MAX_ID: usize = 64;
