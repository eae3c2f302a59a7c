//! An auction: bids that are refused, errors that the peer is told, and a gong.
//!
//! ```text
//! cargo run --example auction
//! ```
//!
//! Connect with `python3 -m websockets "ws://localhost:8080/?name=Ann"`, and send `{"type":"bid","id":1,"data":10}`.

// ANCHOR: auction
use std::{fs, io};

use serde::{Deserialize, Serialize};
use ws_runtime::prelude::*;

#[ws_server(listen = 8080)]
mod auction {
    use super::*;

    /// What is sold.
    #[state]
    #[derive(Default)]
    struct Lot {
        highest: u32,
        leader: Option<String>,
        is_sold: bool,
        gong: Timer,
    }

    /// `ws://localhost:8080/?name=Ann`
    #[session]
    #[derive(Deserialize)]
    struct Bidder {
        name: String,
    }

    /// Why a bid is refused.
    #[derive(Reject)]
    enum BidError {
        #[reject(409, "bid more than {highest}")]
        TooLow { highest: u32 },
        #[reject(410, "the lot is sold")]
        Sold,
    }

    #[push]
    #[derive(Serialize)]
    struct Raised<'a> {
        to: u32,
        by: &'a str,
    }

    #[push]
    #[derive(Serialize)]
    struct Sold<'a> {
        to: Option<&'a str>,
        price: u32,
    }

    #[on(handshake)]
    fn enter(Query(bidder): Query<Bidder>) -> Bidder {
        bidder
    }

    #[on("bid")]
    fn bid(Json(bid): Json<u32>, bidder: &Bidder, lot: &mut Lot, server: &Server) -> Result<(), BidError> {
        if lot.is_sold {
            return Err(BidError::Sold);
        }
        if bid <= lot.highest {
            return Err(BidError::TooLow { highest: lot.highest });
        }
        lot.highest = bid;
        lot.leader = Some(bidder.name.clone());
        lot.gong.start(10);
        server.broadcast(Raised { to: bid, by: &bidder.name });
        Ok(())
    }

    /// Ten seconds without a bid.
    #[timer(gong)]
    fn strike(lot: &mut Lot, server: &Server) {
        lot.is_sold = true;
        server.broadcast(Sold { to: lot.leader.as_deref(), price: lot.highest });
    }

    #[on("rules")]
    fn rules() -> io::Result<String> {
        fs::read_to_string("rules.txt")
    }
}

fn main() -> ws_runtime::Result<()> {
    auction::server().start()
}
// ANCHOR_END: auction

// ANCHOR: tests
#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use ws_runtime::test::Result;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn the_highest_bid_gets_the_lot() -> Result {
        let server = auction::server().test().await?;
        let mut ann = server.connect("/?name=Ann").await?;
        let mut bob = server.connect("/?name=Bob").await?;

        ann.call::<()>("bid", 10).await?;
        server.advance(9.9).await;
        bob.call::<()>("bid", 12).await?;
        server.advance(10).await;

        for client in [&mut ann, &mut bob] {
            client.expect::<Value>("raised").await?;
            client.expect::<Value>("raised").await?;
            assert_eq!(client.expect::<Value>("sold").await?, json!({"to": "Bob", "price": 12}));
        }
        assert_eq!(ann.call::<()>("bid", 99).await.unwrap_err().code(), Some("sold"));
        Ok(())
    }

    #[tokio::test(start_paused = true)]
    async fn a_bidder_has_a_name() -> Result {
        let server = auction::server().test().await?;
        let refusal = server.connect("/").await.unwrap_err();
        assert_eq!((refusal.status(), refusal.text().as_str()), (400, "missing field `name`"));
        Ok(())
    }
}
// ANCHOR_END: tests

#[cfg(test)]
mod shown {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn it_does_what_the_book_shows() -> ws_runtime::test::Result {
        examples::transcript::play("replies-and-errors.md", "auction", &auction::server().test().await?)
            .await?;
        examples::transcript::play("timers.md", "auction", &auction::server().test().await?).await
    }
}
