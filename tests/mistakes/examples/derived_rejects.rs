// An error type where the names of std and of the runtime mean something else, under strict lints.
#![deny(warnings)]
#![forbid(unsafe_code)]
#![allow(dead_code)]

mod deeper {
    pub use ws_runtime as sockets;
}

struct Result;
struct String;
struct From;
struct StatusCode;
mod core {}
mod std {}

macro_rules! format {
    () => {};
}

macro_rules! declared {
    ($name:ident, $status:literal, $text:literal, $status_of_other:expr) => {
        #[derive(ws_runtime::Reject)]
        pub enum $name<'a, T>
        where
            T: ::std::fmt::Display,
        {
            #[reject($status, $text)]
            Taken { by: T, by_whom: &'a str },
            #[reject($status_of_other)]
            Other,
        }
    };
}

declared!(Declared, 409, "taken by {by}, {by_whom}", ws_runtime::http::StatusCode::GONE);

#[derive(deeper::sockets::Reject)]
#[reject(404, "{0}", code = "gone", crate = crate::deeper::sockets)]
struct Gone(u8);

#[derive(ws_runtime::Reject)]
enum Raw {
    r#Type,
    #[reject(409, "{r#fn} {type}")]
    Named {
        r#fn: u8,
        r#type: u8,
    },
}

fn told<E: Into<ws_runtime::Reject>>(_: E) {}

fn main() {
    format!();
    told(Gone(1));
    told(Declared::Taken { by: 1, by_whom: "x" });
    told(Raw::Named { r#fn: 1, r#type: 2 });
}
