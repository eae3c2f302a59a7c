//! Why a request is refused before any handler sees it, and the answer to it.

use bytes::Bytes;
use http::header::{ALLOW, CONTENT_TYPE, HeaderName, HeaderValue, SEC_WEBSOCKET_VERSION, UPGRADE};
use http::{Response, StatusCode};

use super::respond::TEXT;

/// Why a request is refused. The message is sent to the peer and logged. It names the rule, and quotes nothing that the
/// peer has sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the request line is not that of HTTP/1.1")]
    RequestLine,
    #[error("this server speaks HTTP/1.1")]
    HttpVersion,
    #[error("the request target is neither a path nor an address of this host")]
    Target,
    #[error("the request target is too long")]
    TargetTooLong,
    #[error("each line must end with CR LF")]
    LineEnding,
    #[error("the request contains a control character")]
    ControlCharacter,
    #[error("a header is folded over two lines")]
    FoldedHeader,
    #[error("a header is malformed")]
    Header,
    #[error("the headers are too large")]
    HeadersTooLarge,
    #[error("there are too many headers")]
    TooManyHeaders,
    #[error("the request ends before its empty line")]
    Unfinished,
    #[error("there must be exactly one Host header, with a host and perhaps a port")]
    Host,
    #[error("this server does not answer for that host")]
    Misdirected,
    #[error("a header by which a proxy tells who the client is, is malformed")]
    Forwarding,
    #[error("the method is not allowed")]
    Method,
    #[error("a WebSocket handshake is a GET request")]
    HandshakeMethod,
    #[error("a WebSocket handshake needs HTTP/1.1")]
    HandshakeVersion,
    #[error("Connection must contain Upgrade")]
    Connection,
    #[error("Sec-WebSocket-Version must be 13")]
    WebSocketVersion,
    #[error("there must be exactly one Sec-WebSocket-Key, with 16 bytes in base64")]
    Key,
    #[error("Sec-WebSocket-Protocol must be a list of different tokens")]
    Subprotocols,
    #[error("there must be at most one Origin header")]
    Origin,
    #[error("web pages of this origin may not connect")]
    ForeignOrigin,
    #[error("a WebSocket handshake has no body")]
    HandshakeBody,
    #[error("the length of the body is malformed")]
    BodyLength,
    #[error("this server takes no request bodies")]
    Body,
    #[error("nothing may follow the request before it is answered")]
    EarlyBytes,
    #[error("this server speaks WebSocket: Upgrade must be websocket")]
    UpgradeRequired,
}

impl Refusal {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::HttpVersion => StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            Self::TargetTooLong => StatusCode::URI_TOO_LONG,
            Self::HeadersTooLarge | Self::TooManyHeaders => StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            Self::Method | Self::HandshakeMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::WebSocketVersion | Self::UpgradeRequired => StatusCode::UPGRADE_REQUIRED,
            Self::ForeignOrigin => StatusCode::FORBIDDEN,
            Self::Body => StatusCode::PAYLOAD_TOO_LARGE,
            // Not 403: a client may try again over a connection of its own (RFC 9110 section 15.5.20), and an operator
            // sees that the name is wrong, not the client.
            Self::Misdirected => StatusCode::MISDIRECTED_REQUEST,
            Self::RequestLine
            | Self::Target
            | Self::LineEnding
            | Self::ControlCharacter
            | Self::FoldedHeader
            | Self::Header
            | Self::Unfinished
            | Self::Host
            | Self::Forwarding
            | Self::HandshakeVersion
            | Self::Connection
            | Self::Key
            | Self::Subprotocols
            | Self::Origin
            | Self::HandshakeBody
            | Self::BodyLength
            | Self::EarlyBytes => StatusCode::BAD_REQUEST,
        }
    }

    /// The word for it in labels.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::RequestLine => "request_line",
            Self::HttpVersion => "http_version",
            Self::Target => "target",
            Self::TargetTooLong => "target_too_long",
            Self::LineEnding => "line_ending",
            Self::ControlCharacter => "control_character",
            Self::FoldedHeader => "folded_header",
            Self::Header => "header",
            Self::HeadersTooLarge => "headers_too_large",
            Self::TooManyHeaders => "too_many_headers",
            Self::Unfinished => "unfinished",
            Self::Host => "host",
            Self::Misdirected => "misdirected",
            Self::Forwarding => "forwarding",
            Self::Method => "method",
            Self::HandshakeMethod => "handshake_method",
            Self::HandshakeVersion => "handshake_version",
            Self::Connection => "connection",
            Self::WebSocketVersion => "websocket_version",
            Self::Key => "key",
            Self::Subprotocols => "subprotocols",
            Self::Origin => "origin",
            Self::ForeignOrigin => "foreign_origin",
            Self::HandshakeBody => "handshake_body",
            Self::BodyLength => "body_length",
            Self::Body => "body",
            Self::EarlyBytes => "early_bytes",
            Self::UpgradeRequired => "upgrade_required",
        }
    }

    /// The whole answer: the status, its headers, and the reason as text.
    pub(crate) fn into_response(self) -> Response<Bytes> {
        let status = self.status();
        let mut response = Response::new(Bytes::from(format!("{status}: {self}\n")));
        *response.status_mut() = status;
        response.headers_mut().insert(CONTENT_TYPE, TEXT);
        for (name, value) in self.headers() {
            response.headers_mut().insert(name, HeaderValue::from_static(value));
        }
        response
    }

    fn headers(self) -> &'static [(HeaderName, &'static str)] {
        // RFC 9110 sections 15.5.6 and 15.5.22, RFC 6455 section 4.4.
        match self.status() {
            StatusCode::METHOD_NOT_ALLOWED if self == Self::HandshakeMethod => const { &[(ALLOW, "GET")] },
            StatusCode::METHOD_NOT_ALLOWED => const { &[(ALLOW, "GET, HEAD")] },
            StatusCode::UPGRADE_REQUIRED => {
                const { &[(UPGRADE, "websocket"), (SEC_WEBSOCKET_VERSION, "13")] }
            }
            _ => &[],
        }
    }
}
