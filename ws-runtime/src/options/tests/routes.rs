//! Options of routes: what they set goes before the server's, and their mistakes are reported with the server's.

use std::time::Duration;

use super::*;

fn route(path: &str, attribute: fn(&mut Attribute<'_>)) -> RouteAttribute {
    RouteAttribute { path: path.to_owned(), attribute }
}

fn nothing(_: &mut Attribute<'_>) {}

fn upload(attribute: &mut Attribute<'_>) {
    attribute.max_recv_size(|| 1_000_000);
    attribute.silence_max(|| 60.into());
    attribute.compression(|| "off".into());
    attribute.subprotocols(|| ["v2"].into());
    attribute.rate(|| (30, 60).into());
    attribute.origins(|| "any".into());
}

/// The options of the route with this number.
fn of(settled: &Settled, number: usize) -> &Options {
    settled.routes.get(settled.routes.of_route(number)).unwrap_or(&settled.options)
}

#[test]
fn a_route_has_what_it_sets_and_for_the_rest_what_the_server_has() {
    let mut draft = Draft::default();
    draft.max_recv_size.set(Source::Builder, 5);
    draft.max_inbox.set(Source::Builder, 7);
    let settled = draft.finish([route("/", nothing), route("/upload", upload)]).expect("all are right");

    let own = of(&settled, 1);
    assert_eq!((own.max_recv_size, own.max_inbox), (1_000_000, 7));
    assert_eq!((own.silence_max, own.max_streams), (Duration::from_secs(60), 16));
    assert_eq!(*own.subprotocols, ["v2"]);
    assert!(own.rate.is_some());
    assert_eq!(own.origins, crate::Origins::any());
    assert_eq!((settled.options.max_recv_size, settled.options.subprotocols.len()), (5, 0));
    for number in [0, 2] {
        assert!(std::ptr::eq(of(&settled, number), &settled.options), "route {number} sets nothing");
    }
}

#[test]
fn a_variable_and_the_builder_set_the_servers_value_and_not_that_of_a_route() {
    let mut draft = Draft::default();
    draft.silence_max.set(Source::Builder, 3.into());
    draft.prepare([("WS_SERVER_MAX_RECV_SIZE", "9")], |_| {});
    let settled = draft.settle(|_| {}, [route("/upload", upload)]).expect("all are right");
    let (server, own) = (&settled.options, of(&settled, 0));
    assert_eq!((server.max_recv_size, server.silence_max), (9, Duration::from_secs(3)));
    assert_eq!((own.max_recv_size, own.silence_max), (1_000_000, Duration::from_secs(60)));
}

#[test]
fn what_a_route_sets_is_listed_with_its_path_and_apart_from_the_servers() {
    let mut draft = Draft::default();
    draft.max_inbox.set(Source::Builder, 7);
    let one = |attribute: &mut Attribute<'_>| attribute.max_fragments(|| 2);
    let other = |attribute: &mut Attribute<'_>| attribute.close_timeout(|| 0.5.into());
    let settled = draft
        .finish([route("/a", one), route("/b", nothing), route("/t/{id}", other)])
        .expect("all are right");
    let given = |options: &Options| options.given().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(given(&settled.options), ["max_inbox = 7 (from `.max_inbox(…)`)"]);
    let of_routes: Vec<_> = settled.routes.given().into_iter().map(ToString::to_string).collect();
    assert_eq!(
        of_routes,
        ["max_fragments = 2 (from `#[route(\"/a\")]`)", "close_timeout = 0.5 (from `#[route(\"/t/{id}\")]`)"]
    );
}

#[test]
fn mistakes_of_routes_are_reported_with_those_of_the_server_each_with_its_path() {
    fn wrong(attribute: &mut Attribute<'_>) {
        attribute.max_streams(|| 0);
        attribute.slow(|| String::from("wait").into());
    }
    let expected = [
        "`max_streams` must be 1 or more streams, not 0 (from `#[route(\"/t/{id}\")]`)",
        "`slow` must be `close`, `drop_newest` or `drop_oldest`, not \"wait\" (from `#[route(\"/t/{id}\")]`)",
    ];
    let routes = || [route("/upload", upload), route("/t/{id}", wrong)];
    let errors = |draft: Draft| {
        let errors = draft.finish(routes()).err().expect("two options of a route are wrong");
        errors.iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(errors(Draft::default()), expected);

    let mut draft = Draft::default();
    draft.max_inbox.set(Source::Builder, 0);
    let all = errors(draft);
    assert!(all[0].starts_with("`max_inbox` must be 1 or more messages, not 0"), "{all:?}");
    assert_eq!(all[1..], expected);
}

#[test]
fn what_belongs_to_the_server_is_not_even_evaluated_on_a_route() {
    fn of_the_server(attribute: &mut Attribute<'_>) {
        attribute.listen(|| unreachable!());
        attribute.env(|| unreachable!());
        attribute.threads(|| unreachable!());
        attribute.handshake_timeout(|| unreachable!());
        attribute.max_connections(|| unreachable!());
    }
    let settled = Draft::default().finish([route("/", of_the_server)]).expect("nothing is set");
    assert!(settled.routes.given().is_empty());
    assert!(std::ptr::eq(of(&settled, 0), &settled.options));
}

#[test]
fn the_value_of_the_inner_route_goes_before_that_of_the_outer_one() {
    fn inner(attribute: &mut Attribute<'_>) {
        attribute.max_inbox(|| 2);
        outer(attribute);
    }
    fn outer(attribute: &mut Attribute<'_>) {
        attribute.max_inbox(|| unreachable!());
        attribute.max_streams(|| 3);
    }
    let settled = Draft::default().finish([route("/a/b", inner)]).expect("all are right");
    let own = of(&settled, 0);
    assert_eq!((own.max_inbox, own.max_streams), (2, 3));
}

#[test]
fn the_outbox_of_a_route_grows_with_its_largest_message_unless_either_sets_it() {
    let larger = |attribute: &mut Attribute<'_>| attribute.max_send_size(|| 1 << 20);
    let settled = Draft::default().finish([route("/", larger)]).expect("it is right");
    assert!(of(&settled, 0).max_outbox > 1 << 20);
    assert_eq!(settled.options.max_outbox, 262_144);

    let mut draft = Draft::default();
    draft.max_outbox.set(Source::Builder, 1_000);
    let both = |attribute: &mut Attribute<'_>| {
        attribute.max_send_size(|| 1 << 20);
        attribute.max_outbox(|| 2_000);
    };
    let settled = draft.finish([route("/a", larger), route("/b", both)]).expect("they are right");
    assert_eq!([0, 1].map(|number| of(&settled, number).max_outbox), [1_000, 2_000]);
}

#[cfg(feature = "compression")]
#[test]
fn the_oldest_messages_of_a_route_are_not_dropped_where_later_ones_refer_to_them() {
    let drops = |attribute: &mut Attribute<'_>| attribute.slow(|| "drop_oldest".into());
    let mut draft = Draft::default();
    draft.compression.set(Source::Builder, Compression::ContextTakeover.into());
    let error =
        draft.finish([route("/prices", drops), route("/", nothing)]).err().expect("they exclude each other");
    assert_eq!(error.iter().count(), 1, "{error}");
    let error = error.to_string();
    assert!(
        error.contains("(from `.compression(…)`)") && error.contains("(from `#[route(\"/prices\")]`)"),
        "{error}"
    );

    let refers = |attribute: &mut Attribute<'_>| attribute.compression(|| "context_takeover".into());
    let mut draft = Draft::default();
    draft.slow.set(Source::Builder, Slow::DropOldest.into());
    let error = draft.finish([route("/files", refers)]).err().expect("they exclude each other").to_string();
    assert!(
        error.contains("(from `#[route(\"/files\")]`)") && error.contains("(from `.slow(…)`)"),
        "{error}"
    );

    let both = |attribute: &mut Attribute<'_>| {
        attribute.slow(|| "drop_oldest".into());
        attribute.compression(|| "on".into());
    };
    let mut draft = Draft::default();
    draft.compression.set(Source::Builder, Compression::ContextTakeover.into());
    assert!(draft.finish([route("/prices", both)]).is_ok());
}
