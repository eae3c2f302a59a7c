// A keyword may be a name.
#![deny(warnings)]
#![allow(non_camel_case_types)]

use ws_runtime::prelude::*;

#[ws_server(r#listen = 8080)]
mod r#async {
    use super::*;

    #[state]
    #[derive(Default)]
    pub struct r#static {
        r#type: u64,
    }

    #[session]
    #[derive(Default)]
    struct r#struct {
        r#type: u64,
    }

    #[on(r#utf8)]
    fn r#try(r#in: &str, r#mut: &mut r#struct, r#for: &mut r#static) -> String {
        r#mut.r#type += 1;
        r#for.r#type += 1;
        r#in.to_owned()
    }

    #[tick(r#period = 1)]
    fn r#loop() {}
}

fn main() {
    let _ = r#async::server().state(r#async::r#static::default());
}
