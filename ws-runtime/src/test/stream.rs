//! The replies of a handler that returns a stream.

use std::fmt;
use std::marker::PhantomData;
use std::panic::Location;

use serde::de::DeserializeOwned;

use super::TestClient;
use super::envelope::Content;
use super::error::Error;

/// The items of a stream, made by [`TestClient::stream`] or [`TestClient::items`]. Dropping it does not end the stream.
pub struct Items<'c, T> {
    client: &'c mut TestClient,
    id: u64,
    items: PhantomData<fn() -> T>,
}

impl<'c, T: DeserializeOwned> Items<'c, T> {
    pub(super) fn new(client: &'c mut TestClient, id: u64) -> Self {
        Self { client, id, items: PhantomData }
    }

    /// The `id` of the message that the stream answers.
    #[must_use]
    pub fn id(&self) -> u64 {
        self.id
    }

    /// Waits for the next item; `None` at the end of the stream.
    ///
    /// # Errors
    ///
    /// As [`TestClient::call`].
    #[expect(clippy::should_implement_trait, reason = "the word for it, as in `StreamExt::next`")]
    #[track_caller]
    pub fn next(&mut self) -> impl Future<Output = Result<Option<T>, Error>> + Send {
        self.wait(Location::caller())
    }

    /// Waits for all that is left, and for the end of the stream.
    ///
    /// # Errors
    ///
    /// As [`TestClient::call`]. Each item may take a second.
    #[track_caller]
    pub fn all(mut self) -> impl Future<Output = Result<Vec<T>, Error>> + Send
    where
        T: Send,
    {
        let at = Location::caller();
        async move {
            let mut all = Vec::new();
            while let Some(item) = self.wait(at).await? {
                all.push(item);
            }
            Ok(all)
        }
    }

    /// Asks the server to end the stream, and waits for the end. Items before it are dropped.
    ///
    /// # Errors
    ///
    /// As [`TestClient::call`].
    #[track_caller]
    pub fn cancel(self) -> impl Future<Output = Result<(), Error>> + Send {
        let at = Location::caller();
        let Self { client, id, .. } = self;
        async move {
            client.cancel(id).await?;
            loop {
                let step = format!("no end of the stream (id {id})");
                match client.wait_for_id(at, id, &step).await? {
                    Content::Done => return Ok(()),
                    Content::Data(_) => {}
                    error @ Content::Error(_) => return client.data(at, step, error),
                }
            }
        }
    }

    async fn wait(&mut self, at: &'static Location<'static>) -> Result<Option<T>, Error> {
        let id = self.id;
        let step = format!("no item of the stream (id {id})");
        match self.client.wait_for_id(at, id, &step).await? {
            Content::Done => Ok(None),
            content @ (Content::Data(_) | Content::Error(_)) => self.client.data(at, step, content).map(Some),
        }
    }
}

impl<T> fmt::Debug for Items<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Items").field("id", &self.id).finish_non_exhaustive()
    }
}
