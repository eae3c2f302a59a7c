//! The values in `#[ws_server(…)]`: one trait for each type, so that the error for a wrong value says what is right.

use super::environment::Prefix;
use super::networks::NetworkList;
use super::plain_path::PlainPath;
use super::rate::Rate;
use super::seconds::Seconds;
use super::side_listen::SideListen;
use super::spread::Spread;
use super::subprotocols::Subprotocols;
use super::unchecked::Unchecked;
use super::value::{Choice, Compression, ForwardedHeader, Slow, Trace};
use crate::handshake::{Hosts, Origins};
use crate::listen::{Listen, Tls};

/// Writes the trait of one type. All types that convert into it implement the trait.
macro_rules! values {
    ($($trait:ident -> $raw:ty { $message:literal, $label:literal, $offer:literal })*) => { $(
        #[doc(hidden)]
        #[diagnostic::on_unimplemented(message = $message, label = $label, note = $offer)]
        pub trait $trait {
            fn value(self) -> $raw;
        }

        #[diagnostic::do_not_recommend]
        impl<T: Into<$raw>> $trait for T {
            fn value(self) -> $raw {
                self.into()
            }
        }
    )* };
}

values! {
    ListenValue -> Listen {
        "a server cannot listen on `{Self}`", "neither a port nor an address",
        "`listen` takes a port (`u16`), an address (`&str`, `String`, `SocketAddr`), a listener of std or tokio, or a list of these"
    }
    SideListenValue -> SideListen {
        "a server cannot listen on `{Self}`", "neither a port nor an address",
        "`metrics_listen` takes what `listen` takes: a port (`u16`), an address (`&str`, `String`, `SocketAddr`) or a listener"
    }
    SecondsValue -> Seconds {
        "`{Self}` is not a number of seconds", "not a time",
        "seconds are an integer such as `20`, a fraction such as `0.5`, or a `Duration`"
    }
    RateValue -> Rate {
        "`{Self}` is not a rate", "neither a number nor a pair of a number and seconds",
        "write `rate = 5` for 5 a second, or `rate = (30, 60)` for 30 in 60 seconds"
    }
    SpreadValue -> Spread {
        "`{Self}` is not a number of seconds", "neither a time nor `\"auto\"`",
        "`shutdown_spread` takes `\"auto\"`, an integer such as `20`, a fraction such as `0.5`, or a `Duration`"
    }
    SlowValue -> Choice<Slow> {
        "`{Self}` does not say what happens to a slow peer", "neither `\"close\"`, `\"drop_newest\"` nor `\"drop_oldest\"`",
        "`slow` takes `\"close\"`, `\"drop_newest\"`, `\"drop_oldest\"` or a `ws_runtime::Slow`"
    }
    OriginsValue -> Unchecked<Origins> {
        "`{Self}` does not name origins", "not an origin",
        "`origins` takes `any`, `same`, an origin such as `\"https://example.org\"`, a list of these, or a `ws_runtime::Origins`"
    }
    HostsValue -> Unchecked<Hosts> {
        "`{Self}` does not name hosts", "not a host",
        "`hosts` takes `any`, `auto`, a name such as `\"example.org\"`, a list of these, or a `ws_runtime::Hosts`"
    }
    NetworksValue -> NetworkList {
        "`{Self}` does not name networks", "not a network",
        "write a text such as `\"10.0.0.0/8\"` or `\"127.0.0.1\"`, an `IpAddr`, or a list of these"
    }
    ForwardedValue -> Choice<ForwardedHeader> {
        "`{Self}` is no header that tells who the client is", "neither `\"x-forwarded-for\"` nor `\"forwarded\"`",
        "`forwarded` takes `\"x-forwarded-for\"`, `\"forwarded\"` or a `ws_runtime::ForwardedHeader`"
    }
    SubprotocolsValue -> Subprotocols {
        "`{Self}` does not name subprotocols", "not a list of names",
        "`subprotocols` takes a list of names, such as `[\"chat.v2\", \"chat.v1\"]`"
    }
    CompressionValue -> Choice<Compression> {
        "`{Self}` does not say how messages are compressed", "neither `\"off\"`, `\"on\"` nor `\"context_takeover\"`",
        "`compression` takes `\"off\"`, `\"on\"`, `\"context_takeover\"` or a `ws_runtime::Compression`"
    }
    PathValue -> PlainPath {
        "`{Self}` is not the path of a request", "not a text",
        "write a path in quotes, such as `\"/healthz\"`"
    }
    TraceValue -> Choice<Trace> {
        "`{Self}` does not say what is traced", "neither `\"off\"`, `\"connections\"` nor `\"messages\"`",
        "`trace` takes `\"off\"`, `\"connections\"`, `\"messages\"` or a `ws_runtime::Trace`"
    }
    EnvValue -> Prefix {
        "`{Self}` is not what variables can begin with", "not a text",
        "`env` takes a text, such as `\"CHAT\"` for `CHAT_LISTEN`"
    }
}

#[cfg(feature = "tls")]
values! {
    TlsValue -> Tls {
        "`{Self}` is not a certificate with its key", "not for TLS",
        "write `tls(cert = \"chain.pem\", key = \"key.pem\")`, or `tls = …` with a `rustls::ServerConfig`"
    }
}

#[cfg(not(feature = "tls"))]
values! {
    TlsValue -> Tls {
        "`tls` needs the feature `tls` of `ws-runtime`, which is off", "TLS is not built in",
        "in Cargo.toml, add `\"tls\"` to the `features` of `ws-runtime`"
    }
}

/// A literal that switches compression on.
#[cfg(feature = "compression")]
pub use CompressionValue as CompressedValue;

/// Nothing has it.
#[cfg(not(feature = "compression"))]
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`compression` needs the feature `compression` of `ws-runtime`, which is off",
    label = "compression is not built in",
    note = "in Cargo.toml, add `\"compression\"` to the `features` of `ws-runtime`"
)]
pub trait CompressedValue {
    fn value(self) -> Choice<Compression>;
}
