//! The macro never panics, whatever tokens it is given: a panic would be an error without a span.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use proptest::prelude::*;

/// A module that has something of everything, to be torn apart.
const MODULE: &str = "
    #[doc = \"a\"] pub(crate) mod chat {
        #![allow(x)]
        use super::*; use ws_runtime::{on, state as s}; type G = Guest; mod inner { fn f() {} } mod outer;
        const N: usize = { 1 }; impl<const M: usize> A<{ N }> for B where C: D, {} macro_rules! m { () => {} }
        #[state] #[derive(Default)] pub struct Lobby<T: X = Y<Z>>(u64); #[session(x)] enum Guest { A }
        #[cfg(unix)] #[on(handshake)] fn admit(req: &Handshake) -> Result<(), Reject> { half typed ( }
        #[on(utf8)] async fn said<'a, T>(&mut self, (a, b): (&'a str, impl X), #[cfg(y)] g: &'static mut G) -> ! {}
        #[on(\"name\")] #[on()] #[on(a, b)] #[on = 3] unsafe extern \"C\" fn odd(x: &[u8; { N }], ...) {}
        #[tick(period = -1.5, period = 1e999)] const fn clock(x: str, y: _) {}
        #[session] #[cfg(unix)] struct r#type<'a>(u8); #[cfg(a)] type r#fn<'a> = &'a mut r#type; #[r#on(r#pong,)] fn r#try(r#in: r#fn, b: !) {}
        #[on(pong)] #[cfg(b)] fn later() -> impl Future<Output = u8> {} use self::x as server; struct Open(u8) #[on(ready)] fn f<#[x] T>();
        #[room(keep = 10, max_rooms = -1, open, open, ttl = 3, x y)] enum Table { A(u8) } #[room] #[cfg(a)] struct Room<'a>(Timer); #[room(open = 1)] type Board = Table;
        #[on(create)] fn make(t: &mut Table) -> Table {} #[on(empty)] async fn done(t: Table, r: &Room<Guest>, rs: &Rooms<Table>) {} #[timer(Room.0)] fn rang(b: &Board) {}
        #[watch(readable = a + b, writable)] fn typed(a: &A, b: &mut B) where A: B {}
        #[on(\"kick\", guard = admin, rate = (1, 2))] fn kick() {} pub fn admin(&self, g: &Guest) -> Result<(), Reject> {}
        #[on(\"lend\", blocking, blocking, concurrent = 2)] fn lend(l: &mut Lobby, t: &Table) {} #[on(drain, spawn_blocking, blocking = 1)] async fn drained() {}
        #[on(\"ban\", guard = self::server)] async fn ban() {} #[on(message, guard = nobody)] fn any(m: &Envelope<'_>) {}
        #[push] struct Said<'a, T, const N: usize = 2>(&'a T) where T: X; #[push(\"a\", answer = Vec<(A, B)>, answer = &str, name = \"b\", x, 3)] enum Q { A }
        #[push = \"c\"] union U { a: u8 } #[cfg(c)] #[push(said)] pub(in super) struct r#struct {} #[on(\"said\")] fn said2() {}
        #[cfg_attr(unix, on(utf8))] static S: u8 = 1; fn server() {}
    }";

/// A module that the compiler can read, whatever it says of it then.
const READABLE: &str = "
    pub mod chat {
        #![allow(x)]
        use super::{on, server}; type G<'a> = &'a mut Guest; const N: usize = 1; macro_rules! m { () => {} }
        #[state] struct Lobby<T>(u64); #[session(x)] #[cfg(unix)] enum r#Guest { A } #[cfg(a)] #[session] struct Other;
        #[on(handshake)] fn admit(req: &Handshake) -> Result<(), Reject> { todo!() }
        #[on(utf8)] async fn said<'a, T>(&mut self, (a, b): (&'a str, impl X), #[cfg(y)] g: &'static mut G) -> u8 { 1 }
        #[on(ready)] #[on(a)] unsafe extern \"C\" fn odd(x: &[u8; 1], y: &'_ Guest, z: Alias) {} const fn server() {}
        #[on(\"kick\", guard = bouncer, rate = 5)] fn kick() {} pub fn bouncer(&self, g: &Guest) -> Result<(), Reject> { todo!() }
        #[on(\"ban\", guard = self::judge)] fn ban() {} #[cfg(a)] async fn judge(g: &mut r#Guest) -> Result<(), Reject> { todo!() }
        #[room(keep = 1, open)] struct Table { clock: Timer } #[on(create)] fn make(h: &Handshake) -> Result<Table, Reject> { todo!() } #[timer(clock)] fn rang(t: &mut Table) {}
        #[on(empty)] async fn done(t: Table, r: &Room<Table>) {} #[on(\"sit\", guard = sits)] fn sit(t: &mut Table, l: &Lobby) {} fn sits(t: &Table) -> Result<(), Reject> { todo!() }
        #[tick(period = 1)] fn clock(l: &mut Lobby, m: &Lobby) {} #[tick(period = 2)] fn round(t: &Table) {} #[watch(readable = a + b)] fn r#type(a: &A, b: &mut B) {}
        #[push(\"two\", answer = Vec<u8>)] #[derive(Serialize)] pub struct Said<'a, T: X> where T: Y { t: &'a T } #[push] enum r#Move { Up }
        #[cfg(unix)] #[on(pong)] fn one() -> impl Future<Output = u8> { 1 } #[cfg(b)] #[on(pong)] fn two(close: Guest) {}
    }";

/// An error type with everything that `#[derive(Reject)]` reads.
const ERROR: &str = "
    /// Doc.
    #[reject(crate = a::b)] pub enum MoveError<'a, T: X = Y, const N: usize> where T: Z {
        A, #[reject(409)] B, #[reject(409, \"{by} {0} {{ {by:>n$} {} {a.b} } {\")] C { by: T, n: usize, r#type: &'a str },
        #[reject(409, \"{0}\", code = \"busy\", code = 3, status = 1, x)] D(#[reject(a)] u8, T), #[reject] E(), #[reject = 1] F {},
        #[reject(transparent)] G(T), #[reject(transparent, 3, -1, not in quotes, format!(x))] H, #[other] I = 3,
    }";

const ROUTE: &str = "
    \"/table/{id}\", server = crate::arcade::<x>, guard = self::bouncer, max_recv_size = 5, crate = a::b, server, guard";

const ATTRIBUTE: &str = "
    routes = [a::b, #[cfg(unix)] crate::c, \"/d\", a::b, super::e::<f>],
    listen = [8080, \"localhost:1\", 70000, -1, 0xffff_u16], tls(cert = \"a\", key = b, c, also = [(d, e), f], client_ca = 1), silence_max = -0.0, nodelay,
    slow = drop, origins = [any, \"x\"], subprotocols = \"a, b\", env = \"1\", crate = a::b::<c>, max_inbox = 99999999999999999999999,
    metrics_listen = none, hosts = [any, \"x:1\"], trusted_proxies = none, proxy_protocol = [any, 1], forwarded = \"x\", health = \"/a{\", trace = on, shutdown_spread = -1,
    x y, , a-b = 1; => 5, r#slow = \"x\", 20s, 64k, origins = [any], b = c::, = 5, \"text\", key : value, max_headers = 'c', max_outbox = b\"x\", close_timeout = 1e-400, port = 1";

/// The tokens on every level, with a way to change each of them.
fn change(tokens: TokenStream, choices: &mut impl Iterator<Item = u8>, spare: &[TokenTree]) -> TokenStream {
    let mut changed: Vec<TokenTree> = Vec::new();
    for token in tokens {
        let token = match token {
            TokenTree::Group(group) => {
                let delimiter = match choices.next() {
                    Some(0) => Delimiter::Parenthesis,
                    Some(1) => Delimiter::Bracket,
                    Some(2) => Delimiter::None,
                    Some(3) => Delimiter::Brace,
                    _ => group.delimiter(),
                };
                TokenTree::Group(Group::new(delimiter, change(group.stream(), choices, spare)))
            }
            other => other,
        };
        match choices.next() {
            Some(0..=7) => {}
            Some(8..=13) => changed.extend([token.clone(), token]),
            Some(14..=19) => {
                changed.extend(spare.get(usize::from(choices.next().unwrap_or(0)) % spare.len()).cloned());
            }
            Some(20..=23) if !changed.is_empty() => changed.insert(changed.len() - 1, token),
            _ => changed.push(token),
        }
    }
    changed.into_iter().collect()
}

fn flat(tokens: TokenStream, into: &mut Vec<TokenTree>) {
    for token in tokens {
        if let TokenTree::Group(group) = &token {
            flat(group.stream(), into);
        }
        into.push(token);
    }
}

/// Takes a module apart with few changes, so that much of it stays readable.
fn few_changes() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(prop_oneof![60 => Just(u8::MAX), 1 => any::<u8>()], 0..600)
}

fn is_readable(tokens: &TokenStream) -> bool {
    syn::parse2::<syn::File>(tokens.clone()).is_ok()
}

fn sources() -> (TokenStream, TokenStream, Vec<TokenTree>) {
    let module: TokenStream = MODULE.replace("( }", "() }").parse().unwrap();
    let attribute: TokenStream = ATTRIBUTE.parse().unwrap();
    let mut spare = Vec::new();
    flat(module.clone(), &mut spare);
    flat(attribute.clone(), &mut spare);
    (attribute, module, spare)
}

/// How often each test tries: `PROPTEST_CASES=100000 cargo test -p ws-macros any_tokens` for a long run.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").map_or(500, |cases| cases.parse().expect("a number of cases"))
}

#[test]
fn the_module_to_be_changed_a_little_is_readable() {
    assert!(is_readable(&READABLE.parse().unwrap()));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_tokens_make_it_panic(choices in proptest::collection::vec(any::<u8>(), 0..1500)) {
        let (attribute, module, spare) = sources();
        let mut choices = choices.into_iter();
        let attribute = change(attribute, &mut choices, &spare);
        let module = change(module, &mut choices, &spare);
        let _ = crate::server(attribute, &module).to_string();
    }

    #[test]
    fn what_the_compiler_can_read_it_can_still_read(choices in few_changes()) {
        let (attribute, _, spare) = sources();
        let module = change(READABLE.parse().unwrap(), &mut choices.into_iter(), &spare);
        let written = crate::server(attribute, &module);
        prop_assert!(!is_readable(&module) || is_readable(&written), "{module}\n{written}");
    }

    #[test]
    fn no_route_in_a_file_of_its_own_makes_it_panic(choices in few_changes()) {
        let (_, _, mut spare) = sources();
        let attribute: TokenStream = ROUTE.parse().unwrap();
        flat(attribute.clone(), &mut spare);
        let mut choices = choices.into_iter();
        let attribute = change(attribute, &mut choices, &spare);
        let module = change(READABLE.parse().unwrap(), &mut choices, &spare);
        let written = crate::route_alone(&attribute, &module);
        prop_assert!(!is_readable(&module) || is_readable(&written), "{attribute}\n{module}\n{written}");
    }

    #[test]
    fn no_error_type_makes_the_derive_panic(choices in few_changes()) {
        let (_, _, mut spare) = sources();
        let item: TokenStream = ERROR.parse().unwrap();
        flat(item.clone(), &mut spare);
        let item = change(item, &mut choices.into_iter(), &spare);
        let written = crate::derive::reject(item.clone());
        prop_assert!(!is_readable(&item) || is_readable(&written), "{item}\n{written}");
    }

    #[test]
    fn no_heap_of_tokens_makes_it_panic(order in proptest::collection::vec(any::<u16>(), 0..60)) {
        let (_, _, spare) = sources();
        let heap: TokenStream =
            order.iter().filter_map(|number| spare.get(usize::from(*number) % spare.len()).cloned()).collect();
        let module = TokenStream::from_iter([
            TokenTree::from(proc_macro2::Ident::new("mod", proc_macro2::Span::call_site())),
            TokenTree::from(proc_macro2::Ident::new("m", proc_macro2::Span::call_site())),
            TokenTree::from(Group::new(Delimiter::Brace, heap.clone())),
        ]);
        let _ = crate::server(heap.clone(), &module).to_string();
        let _ = crate::server(heap.clone(), &heap).to_string();
    }
}
