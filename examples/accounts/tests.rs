//! What a peer may do in each phase, and how often.

// ANCHOR: tests
use std::sync::mpsc::{self, Receiver};

use serde_json::{Value, json};
use ws_runtime::test::{Result, TestClient, TestServer};

use super::accounts;

/// A server whose mail arrives here.
async fn start() -> Result<(TestServer, Receiver<String>)> {
    let (sender, mail) = mpsc::channel();
    let deliver = move |_: &str, code: &str| {
        let _ = sender.send(code.to_owned());
    };
    let server = accounts::server().state(accounts::Mail(Box::new(deliver))).test().await?;
    Ok((server, mail))
}

async fn sign_in(server: &TestServer, mail: &Receiver<String>, address: &str) -> Result<TestClient> {
    let mut client = server.connect("/").await?;
    client.call::<()>("sign_in", address).await?;
    client.call::<()>("code", mail.recv()?).await?;
    Ok(client)
}

#[tokio::test(start_paused = true)]
async fn a_guest_has_to_sign_in_by_the_code_that_was_mailed() -> Result {
    let (server, mail) = start().await?;
    let mut ann = server.connect("/").await?;
    let refused = ann.call::<usize>("post", "hello").await.unwrap_err();
    assert_eq!(refused.refused().unwrap().to_string(), "unauthorized: sign in first");
    assert_eq!(ann.call::<()>("sign_in", "ann").await.unwrap_err().code(), Some("no_address"));

    ann.call::<()>("sign_in", "ann@example.org").await?;
    let refused = ann.call::<usize>("post", "hello").await.unwrap_err();
    assert_eq!(refused.refused().unwrap().to_string(), "unauthorized: send the code that was mailed to you");
    ann.call::<()>("code", mail.recv()?).await?;
    assert_eq!(ann.call::<usize>("post", "hello").await?, 1);
    let posted: Value = ann.expect("posted").await?;
    assert_eq!(posted, json!({"by": "ann@example.org", "text": "hello"}));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_code_is_not_found_by_guessing() -> Result {
    let (server, mail) = start().await?;
    let mut eve = server.connect("/").await?;
    eve.call::<()>("sign_in", "ann@example.org").await?;
    for _ in 0..5 {
        assert_eq!(eve.call::<()>("code", "wrong").await.unwrap_err().code(), Some("wrong_code"));
    }
    let code = mail.recv()?;
    assert_eq!(eve.call::<()>("code", &code).await.unwrap_err().code(), Some("too_many_requests"));
    server.advance(12).await;
    eve.call::<()>("code", &code).await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn members_hear_of_each_other_and_guests_of_nobody() -> Result {
    let (server, mail) = start().await?;
    let mut guest = server.connect("/").await?;
    let mut ann = sign_in(&server, &mail, "ann@example.org").await?;
    let mut bob = sign_in(&server, &mail, "bob@example.org").await?;
    assert_eq!(ann.expect::<Value>("joined").await?["who"], "bob@example.org");
    bob.disconnect(1000, "").await?;
    assert_eq!(ann.expect::<Value>("left").await?["who"], "bob@example.org");
    guest.expect_nothing().await?;
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn the_moderator_bans_an_account_on_all_its_devices() -> Result {
    let (server, mail) = start().await?;
    let mut ann = sign_in(&server, &mail, "ann@example.org").await?;
    let mut phone = sign_in(&server, &mail, "eve@example.org").await?;
    let mut laptop = sign_in(&server, &mail, "eve@example.org").await?;

    let refused = phone.call::<usize>("ban", "ann@example.org").await.unwrap_err();
    assert_eq!(refused.refused().unwrap().to_string(), "forbidden: only the moderator may");
    assert_eq!(ann.call::<usize>("ban", "eve@example.org").await?, 2);
    for device in [&mut phone, &mut laptop] {
        let close = device.closed().await?;
        assert_eq!((close.code, close.reason.as_str()), (4403, "banned"));
    }
    let refused = sign_in(&server, &mail, "eve@example.org").await.unwrap_err();
    assert!(refused.to_string().ends_with("refused: banned: this account is banned"), "{refused}");
    Ok(())
}
// ANCHOR_END: tests
