//! How a peer can break the protocol, and the close code for it.

use thiserror::Error;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

/// A violation of the protocol by the peer. The text is sent in the Close frame and logged, so it quotes nothing of the
/// payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub(crate) enum ProtocolError {
    #[error("frame without a mask")]
    Unmasked,
    #[error("reserved bit set without an extension")]
    ReservedBit,
    #[error("reserved opcode")]
    ReservedOpcode,
    #[error("fragmented control frame")]
    FragmentedControl,
    #[error("control frame of more than 125 bytes")]
    LongControl,
    #[error("length not in its shortest form")]
    LengthForm,
    #[error("length with its top bit set")]
    LengthTopBit,
    #[error("continuation of no message")]
    NothingToContinue,
    #[error("new message inside another")]
    MessageInside,
    #[error("close frame of one byte")]
    ShortClose,
    #[error("close code that must not be sent")]
    CloseCode,
    #[error("text that is not UTF-8")]
    Utf8,
    #[error("compressed message that cannot be inflated")]
    #[cfg_attr(not(feature = "compression"), expect(dead_code, reason = "only an inflater finds it"))]
    Deflate,
    #[error("message in too many fragments")]
    Fragments,
    #[error("message too large")]
    TooLarge,
}

impl ProtocolError {
    /// The close code for it (RFC 6455, section 7.4.1).
    pub(crate) fn close_code(self) -> CloseCode {
        match self {
            Self::Unmasked
            | Self::ReservedBit
            | Self::ReservedOpcode
            | Self::FragmentedControl
            | Self::LongControl
            | Self::LengthForm
            | Self::LengthTopBit
            | Self::NothingToContinue
            | Self::MessageInside
            | Self::ShortClose
            | Self::CloseCode => CloseCode::Protocol,
            Self::Utf8 | Self::Deflate => CloseCode::Invalid,
            Self::Fragments => CloseCode::Policy,
            Self::TooLarge => CloseCode::Size,
        }
    }
}
