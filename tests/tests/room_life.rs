//! When rooms are made and emptied, whatever peers and handlers do.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::time::sleep;
use ws_runtime::prelude::*;
use ws_runtime::test::{Result, TestServer};

#[ws_server(listen = "127.0.0.1:0", handshake_timeout = 5, shutdown_timeout = 10)]
mod arcade {
    use super::*;

    #[state]
    #[derive(Default)]
    pub struct Log(pub Arc<Mutex<Vec<String>>>);

    impl Log {
        fn note(&self, what: &str, path: &str) {
            self.0.lock().unwrap().push(format!("{what} {path}"));
        }
    }

    #[identity]
    struct User {
        name: String,
    }

    #[on(handshake)]
    fn who(token: Option<Bearer>) -> Option<User> {
        token.map(|token| User { name: token.0 })
    }

    fn member(user: &User) -> std::result::Result<(), Reject> {
        if user.name == "eve" { Err(Reject::forbidden()) } else { Ok(()) }
    }

    #[route("/slow/{id}", guard = member)]
    mod slow {
        use super::*;

        #[room(keep = 10, max_rooms = 2)]
        struct Table;

        #[on(create)]
        async fn create(
            request: &Handshake,
            Path(id): Path<u64>,
            log: &Log,
        ) -> std::result::Result<Table, Reject> {
            log.note("create", request.path());
            sleep(Duration::from_secs(id)).await;
            match id {
                0 => panic!("no table"),
                1 => Err(Reject::not_found()),
                _ => Ok(Table),
            }
        }

        #[on(handshake)]
        fn sit(user: &User, room: &Room, log: &Log) -> std::result::Result<(), Reject> {
            log.note("sit", room.path());
            if user.name == "bob" { Err(Reject::forbidden()) } else { Ok(()) }
        }

        #[on(ready)]
        fn hello(user: &User, room: &Room<Table>, log: &Log) -> std::result::Result<String, Reject> {
            log.note("ready", room.path());
            if user.name == "dan" { Err(Reject::forbidden()) } else { Ok(format!("{} here", room.len())) }
        }

        #[on(disconnect)]
        async fn bye(room: &Room<Table>, log: &Log) {
            sleep(Duration::from_secs(1)).await;
            log.note("bye", room.path());
        }

        #[on(empty)]
        async fn close(_: Table, room: &Room, log: &Log) {
            log.note("empty", room.path());
            sleep(Duration::from_secs(4)).await;
            log.note("emptied", room.path());
        }
    }
}

/// A server, and what its handlers have done.
struct World {
    server: TestServer,
    log: Arc<Mutex<Vec<String>>>,
}

impl World {
    async fn new() -> Result<Self> {
        let log = Arc::default();
        let server = arcade::server().state(arcade::Log(Arc::clone(&log))).test().await?;
        Ok(Self { server, log })
    }

    fn log(&self) -> Vec<String> {
        std::mem::take(&mut self.log.lock().unwrap())
    }
}

#[tokio::test(start_paused = true)]
async fn disconnect_runs_before_empty_and_who_comes_meanwhile_gets_a_new_room() -> Result {
    let world = World::new().await?;
    let mut ann = world.server.connect("/slow/2").bearer("ann").await?;
    assert_eq!(ann.utf8().await?, "1 here");
    drop(ann);
    world.server.advance(14.0).await;
    assert_eq!(
        world.log(),
        ["create /slow/2", "sit /slow/2", "ready /slow/2", "bye /slow/2", "empty /slow/2"]
    );
    let mut cid = world.server.connect("/slow/2").bearer("cid").await?;
    assert_eq!(cid.utf8().await?, "1 here");
    assert_eq!(world.log(), ["emptied /slow/2", "create /slow/2", "sit /slow/2", "ready /slow/2"]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn who_is_refused_after_create_leaves_no_room_behind() -> Result {
    let world = World::new().await?;
    assert_eq!(world.server.connect("/slow/2").bearer("bob").await.unwrap_err().status(), 403);
    world.server.advance(5.0).await;
    assert_eq!(world.log(), ["create /slow/2", "sit /slow/2", "empty /slow/2", "emptied /slow/2"]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn who_is_refused_by_ready_does_not_keep_the_room() -> Result {
    let world = World::new().await?;
    let mut dan = world.server.connect("/slow/2").bearer("dan").await?;
    assert_eq!(dan.closed().await?.code, 4403);
    drop(dan);
    world.server.advance(6.0).await;
    assert_eq!(
        world.log(),
        ["create /slow/2", "sit /slow/2", "ready /slow/2", "bye /slow/2", "empty /slow/2", "emptied /slow/2"]
    );
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_create_that_fails_refuses_its_peer_alone() -> Result {
    let world = World::new().await?;
    for (path, status) in [("/slow/0", 500), ("/slow/1", 404), ("/slow/60", 408)] {
        assert_eq!(world.server.connect(path).bearer("ann").await.unwrap_err().status(), status, "{path}");
        assert_eq!(world.log(), [format!("create {path}")]);
    }
    let _ann = world.server.connect("/slow/2").bearer("ann").await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn who_waits_for_a_create_that_takes_too_long_makes_the_room() -> Result {
    let world = World::new().await?;
    let late = async {
        sleep(Duration::from_secs(3)).await;
        world.server.connect("/slow/6").bearer("cid").await.unwrap_err().status()
    };
    let first = async { world.server.connect("/slow/6").bearer("ann").await.unwrap_err().status() };
    let (first, late) = tokio::join!(first, late);
    assert_eq!((first, late), (408, 408));
    assert_eq!(world.log(), ["create /slow/6", "create /slow/6"]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn peers_who_ask_for_many_paths_make_no_rooms() -> Result {
    let world = World::new().await?;
    for number in 0..1000 {
        let path = format!("/slow/{number}");
        assert_eq!(world.server.connect(&path).bearer("eve").await.unwrap_err().status(), 403);
        assert_eq!(world.server.connect(&path).await.unwrap_err().status(), 401);
    }
    assert_eq!(world.log(), [""; 0]);

    // Whoever may is bound by `max_rooms`. A room that is kept makes way.
    let _ann = world.server.connect("/slow/2").bearer("ann").await?;
    let cid = world.server.connect("/slow/3").bearer("cid").await?;
    assert_eq!(world.server.connect("/slow/4").bearer("ann").await.unwrap_err().status(), 503);
    let _also_ann = world.server.connect("/slow/2").bearer("ann").await?;
    drop(cid);
    world.server.advance(2.0).await;
    world.log();
    let _new = world.server.connect("/slow/4").bearer("ann").await?;
    world.server.advance(1.0).await;
    let log = world.log();
    // Not before `create` has made the new one.
    let create = log.iter().position(|line| line == "create /slow/4");
    let empty = log.iter().position(|line| line == "empty /slow/3");
    assert!(create.is_some() && create < empty, "{log:?}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn shutdown_empties_rooms_with_members_and_those_that_are_kept() -> Result {
    let world = World::new().await?;
    drop(world.server.connect("/slow/2").bearer("ann").await?);
    let _cid = world.server.connect("/slow/3").bearer("cid").await?;
    world.log();
    world.server.stop().await;
    let log = std::mem::take(&mut *world.log.lock().unwrap());
    for room in ["/slow/2", "/slow/3"] {
        let of_room: Vec<_> = log.iter().filter_map(|line| line.strip_suffix(room)).map(str::trim).collect();
        assert!(of_room.ends_with(&["empty", "emptied"]), "{log:?}");
    }
    assert!(
        log.iter().position(|line| line == "bye /slow/3")
            < log.iter().position(|line| line == "empty /slow/3")
    );
    Ok(())
}
