//! The option `rate`: messages beyond it wait, and get no error.

use std::time::Duration;

use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Message;
use ws_runtime::prelude::*;
use ws_runtime::{Rate, Running};
use ws_tests::Client;

#[ws_server(listen = "127.0.0.1:0", rate = (2, 10), silence_max = 0)]
mod paced {
    use super::*;

    #[on(utf8)]
    fn plain(text: &str) -> &str {
        text
    }

    #[on(binary)]
    async fn awaited(data: Bytes) -> Bytes {
        tokio::task::yield_now().await;
        data
    }
}

#[ws_server(listen = "127.0.0.1:0", rate = 4, silence_max = 0)]
mod named {
    use super::*;

    #[on("add", concurrent = 2)]
    async fn add(Json((a, b)): Json<(i32, i32)>) -> i32 {
        tokio::task::yield_now().await;
        a + b
    }

    #[on("sub")]
    async fn sub(Json((a, b)): Json<(i32, i32)>) -> i32 {
        a - b
    }
}

/// When each of so many replies came, in seconds.
async fn times(client: &mut Client, replies: usize) -> Vec<f64> {
    let start = Instant::now();
    let mut times = Vec::new();
    for _ in 0..replies {
        client.next().await;
        times.push((start.elapsed().as_secs_f64() * 100.0).round() / 100.0);
    }
    times
}

#[tokio::test(start_paused = true)]
async fn messages_beyond_the_rate_wait_whatever_their_handler() {
    let running = paced::server().bind().await.unwrap();
    let texts: Vec<Message> = (0..5).map(|number| Message::text(number.to_string())).collect();
    let data: Vec<Message> = (0..5_u8).map(|number| Message::binary(vec![number])).collect();
    let mixed: Vec<Message> =
        texts.iter().zip(&data).flat_map(|(one, other)| [one.clone(), other.clone()]).collect();
    for messages in [texts.clone(), data, mixed.into_iter().take(5).collect()] {
        let mut client = Client::connect(&running).await;
        for message in messages {
            client.send(message).await;
        }
        assert_eq!(times(&mut client, 5).await, [0.0, 0.0, 5.0, 10.0, 15.0]);
    }
}

#[tokio::test(start_paused = true)]
async fn named_messages_count_too_and_the_bucket_fills_again() {
    let running = named::server().bind().await.unwrap();
    let mut client = Client::connect(&running).await;
    for round in 0..2 {
        for number in 0..6 {
            let name = if number % 2 == 0 { "add" } else { "sub" };
            client.send(format!("{{\"type\":\"{name}\",\"id\":{number},\"data\":[3,2]}}")).await;
        }
        assert_eq!(times(&mut client, 6).await, [0.0, 0.0, 0.0, 0.0, 0.25, 0.5], "round {round}");
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn pings_are_answered_while_messages_wait() {
    let running = paced::server().bind().await.unwrap();
    let mut client = Client::connect(&running).await;
    for number in 0..3 {
        client.send(number.to_string()).await;
    }
    client.send(Message::Ping("still there?".into())).await;
    let start = Instant::now();
    assert_eq!(client.text().await, "0");
    assert_eq!(client.text().await, "1");
    assert_eq!(client.next().await, Message::Pong("still there?".into()));
    assert!(start.elapsed() < Duration::from_secs(1), "{:?}", start.elapsed());
    assert_eq!(client.text().await, "2");
    assert!(start.elapsed() >= Duration::from_secs(5), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn pings_of_the_envelope_take_no_token_and_overtake() {
    let running = named::server().bind().await.unwrap();
    let mut client = Client::connect(&running).await;
    for number in 0..5 {
        client.send(format!("{{\"type\":\"sub\",\"id\":{number},\"data\":[3,2]}}")).await;
    }
    client.send(r#"{"type":"$ping","id":9}"#).await;
    let mut replies = Vec::new();
    for _ in 0..6 {
        replies.push(client.text().await);
    }
    let pong = replies.iter().position(|reply| reply.contains("$pong")).unwrap();
    let last = replies.iter().position(|reply| reply.contains("\"id\":4")).unwrap();
    assert!(pong < last, "{replies:?}");
}

#[tokio::test(start_paused = true)]
async fn an_inbox_that_is_full_meanwhile_loses_nothing() {
    let running = paced::server().rate((2, 0.2)).max_inbox(4).bind().await.unwrap();
    let mut client = Client::connect(&running).await;
    for number in 0..40 {
        client.send(number.to_string()).await;
    }
    for number in 0..40 {
        assert_eq!(client.text().await, number.to_string());
    }
}

#[tokio::test(start_paused = true)]
async fn a_shutdown_handles_what_has_arrived_without_a_pause() {
    let running: Running = paced::server().rate((1, 3600)).bind().await.unwrap();
    let mut client = Client::connect(&running).await;
    let start = Instant::now();
    for number in 0..3 {
        client.send(number.to_string()).await;
    }
    client.send(Message::Ping("all here?".into())).await;
    assert_eq!(client.text().await, "0");
    assert_eq!(client.next().await, Message::Pong("all here?".into()));
    running.server().shutdown();
    assert_eq!(client.text().await, "1");
    assert_eq!(client.text().await, "2");
    assert_eq!(u16::from(client.closed().await.code), 1001);
    assert!(start.elapsed() < Duration::from_secs(60), "{:?}", start.elapsed());
}

#[tokio::test]
async fn the_builder_takes_a_rate_and_refuses_what_is_none() {
    assert!(paced::server().rate(Rate::from(0.5)).bind().await.is_ok());
    for rate in [Rate::from(0), Rate::from(-1), Rate::from((5, 0)), Rate::from(f64::NAN)] {
        let error = paced::server().rate(rate).bind().await.err().unwrap().to_string();
        assert!(error.contains("rate"), "{error}");
        assert!(error.contains("a number above 0, or `30/60` for 30 in 60 seconds"), "{error}");
    }
}
