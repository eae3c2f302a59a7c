// A server may be what a macro writes: its fragments come in groups that nobody sees.
#![deny(warnings)]
#![expect(clippy::needless_pub_self, reason = "every visibility may stand there")]

use ws_runtime::prelude::*;

macro_rules! server {
    ($(#[$about:meta])* $public:vis mod $name:ident, $port:literal, $kind:ty { $($item:item)* }) => {
        #[ws_server(listen = [$port, "127.0.0.1:0"], silence_max = 2 * 10)]
        $(#[$about])*
        $public mod $name {
            use super::*;

            #[session]
            #[derive(Default)]
            $public struct Heard($kind);

            $($item)*
        }
    };
}

server! {
    /// Counts.
    pub(crate) mod counter, 8080, u64 {
        #[on(utf8)]
        pub(self) fn said(heard: &mut Heard) -> String {
            heard.0 += 1;
            heard.0.to_string()
        }

        #[tick(period = 1)]
        fn clock() {}
    }
}

server! {
    mod collector, 8081, Vec<u8> {
        #[on(binary)]
        fn blob(heard: &mut Heard, data: &[u8]) {
            heard.0.extend_from_slice(data);
        }
    }
}

macro_rules! handlers {
    ($name:ident: $(#[$event:meta] $handler:ident($argument:ident: $type:ty) -> $reply:ty $body:block)*) => {
        #[ws_server]
        mod $name {
            use super::*;

            $(#[$event] fn $handler($argument: $type) -> $reply $body)*
        }
    };
}

handlers! { echo:
    #[on(utf8)] said(text: &str) -> &str { text }
    #[on(binary)] blob(data: Bytes) -> Bytes { data }
}

fn main() {
    let _ = (counter::server(), collector::server(), echo::server());
}
