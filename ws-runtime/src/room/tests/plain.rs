//! Rooms without a state.

use super::super::plain::PlainRooms;
use super::*;

#[tokio::test(start_paused = true)]
async fn a_room_without_a_state_is_gone_with_its_last_connection() {
    let running = server::server().bind().await.unwrap();
    let rooms: Arc<PlainRooms> = Arc::default();
    let enter = |path: &str| {
        let (stream, _) = tokio::io::duplex(64);
        let conn = running.server().new_conn(Address::Memory, Some(&Stream::over(stream)));
        let member = rooms.enter(&conn, path);
        conn.become_ready();
        (conn, member)
    };
    let (ann, ann_member) = enter("/a");
    let (bob, bob_member) = enter("/a");
    let (cid, _cid_member) = enter("/b");
    assert_eq!(ann.room(), bob.room());
    assert_eq!(ann.room_of::<()>(), ann.room());
    assert!(ann.room_of::<Table>().is_none());
    assert_eq!((rooms.len(), ann.room().unwrap().len(), cid.room().unwrap().path()), (2, 2, "/b"));
    drop(ann_member);
    assert_eq!(rooms.len(), 2);
    drop(bob_member);
    assert_eq!(rooms.len(), 1);
    for conn in [ann, bob, cid] {
        running.server().unregister(&conn);
    }
}

#[tokio::test(start_paused = true)]
async fn rooms_of_a_route_without_rooms_are_nowhere() {
    let world = World::new(rules(0, 10)).await;
    let (stream, _) = tokio::io::duplex(64);
    let conn = world.server().new_conn(Address::Memory, Some(&Stream::over(stream)));
    let none = RouteRooms::<Table>::None;
    let member = none.enter(&conn, "/a", || async { Err(Reject::forbidden()) }).await;
    assert!(matches!(member, Ok(Member::Nowhere)));
    assert_eq!(conn.room(), None);
}
