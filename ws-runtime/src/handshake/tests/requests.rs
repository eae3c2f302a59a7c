//! Table tests: bytes and the expected result.

use super::rows::{Row, Verdict};
use super::*;

/// Checks the result of each row, with all bytes in one read and byte by byte.
async fn hold(rows: Vec<Row>) {
    let mut wrong = Vec::new();
    for (what, bytes, expected) in rows {
        for sizes in [Vec::new(), vec![1; bytes.len()]] {
            let became = become_in(&bytes, sizes, LIMITS, &Origins::same()).await;
            let as_expected = match (&became, expected) {
                (Became::Handshake(_), Verdict::Accepted)
                | (Became::Request(_), Verdict::Plain)
                | (Became::Closed, Verdict::Closed) => true,
                (Became::Refused(refusal), Verdict::Refused(status, words)) => {
                    refusal.status() == status && refusal.to_string().contains(words)
                }
                _ => false,
            };
            if !as_expected {
                wrong.push(format!("{what}: {became:?}, not {expected:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test]
async fn handshakes_are_accepted_in_every_form_that_the_rfcs_allow() {
    hold(rows::accepted()).await;
    hold(rows::spare_bits()).await;
}

#[tokio::test]
async fn a_request_without_websocket_in_it_is_plain() {
    hold(rows::plain()).await;
}

#[tokio::test]
async fn bytes_that_are_not_http_are_refused() {
    hold(rows::not_http()).await;
}

#[tokio::test]
async fn a_handshake_that_breaks_a_rule_is_refused() {
    hold(rows::wrong_handshakes()).await;
}

#[tokio::test]
async fn a_plain_request_that_breaks_a_rule_is_refused() {
    hold(rows::wrong_plain()).await;
}

#[tokio::test]
async fn subprotocols_are_a_list_of_different_tokens() {
    hold(rows::subprotocols()).await;
}

#[tokio::test]
async fn each_limit_holds_at_n_and_breaks_at_n_plus_1() {
    hold(rows::limits()).await;
}

#[tokio::test]
async fn pages_of_other_origins_are_refused() {
    hold(rows::origins()).await;
}
