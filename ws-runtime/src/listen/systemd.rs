//! Sockets that systemd passes to the process.

use listenfd::ListenFd;

use super::error::ListenError;
use super::listener::{Listener, Prepared};

/// Takes all passed sockets. A second call finds none.
pub(super) fn take() -> Result<Vec<Listener>, ListenError> {
    adopt_all(&mut ListenFd::from_env())
}

fn adopt_all(passed: &mut ListenFd) -> Result<Vec<Listener>, ListenError> {
    let mut listeners = Vec::with_capacity(passed.len());
    for position in 0..passed.len() {
        let listener = take_one(passed, position)?.adopt().map_err(|error| match error {
            ListenError::Prepared { source } => ListenError::PassedSocket { position, source },
            error => error,
        })?;
        listeners.push(listener);
    }
    if listeners.is_empty() {
        return Err(ListenError::NoPassedSocket);
    }
    Ok(listeners)
}

fn take_one(passed: &mut ListenFd, position: usize) -> Result<Prepared, ListenError> {
    if let Ok(Some(listener)) = passed.take_tcp_listener(position) {
        return Ok(Prepared::Tcp(listener));
    }
    match passed.take_unix_listener(position) {
        Ok(Some(listener)) => Ok(Prepared::Unix(listener)),
        Ok(None) => Err(ListenError::NoPassedSocket),
        Err(source) => Err(ListenError::PassedSocket { position, source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_socket_from_systemd_the_error_says_how_to_get_one() {
        let error = adopt_all(&mut ListenFd::empty()).unwrap_err();
        assert!(error.to_string().contains("LISTEN_FDS"), "{error}");
    }
}
