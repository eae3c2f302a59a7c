//! Named messages: calls and their replies, pushes, questions.

use std::panic::Location;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use tokio_tungstenite::tungstenite;

use super::TestClient;
use super::envelope::{Content, Envelope};
use super::error::{Cause, Error, shown};
use super::pump::Outgoing;
use super::stream::Items;

impl TestClient {
    /// Sends a named message and waits for its reply. What arrives in between stays for other steps.
    ///
    /// `T` is the type of the reply's data: `()` for `null`, `serde_json::Value` for anything. The server may take a
    /// second of virtual time; if the handler needs longer, see [`set_patience`](Self::set_patience) or
    /// [`begin`](Self::begin).
    ///
    /// ```
    /// # use ws_runtime::prelude::*;
    /// # use serde::Serialize;
    /// #[ws_server]
    /// mod game {
    /// #   use super::*;
    ///     #[push]
    ///     #[derive(Serialize)]
    ///     struct Moved { cell: u8 }
    ///
    ///     #[on("move")]
    ///     fn play(Json(cell): Json<u8>, server: &Server) -> Result<&'static str, Reject> {
    ///         if cell > 8 {
    ///             return Err(Reject::bad_request().with_code("no_cell"));
    ///         }
    ///         server.broadcast(Moved { cell });
    ///         Ok("well done")
    ///     }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> ws_runtime::test::Result {
    /// let server = game::server().test().await?;
    /// let (mut ann, mut bob) = (server.connect("/").await?, server.connect("/").await?);
    /// assert_eq!(ann.call::<String>("move", 4).await?, "well done");
    /// let moved: serde_json::Value = bob.expect("moved").await?;
    /// assert_eq!(moved["cell"], 4);
    /// assert_eq!(ann.call::<String>("move", 9).await.unwrap_err().code(), Some("no_cell"));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`Error`]: with the server's error in [`refused`](Error::refused) if the reply is one; if the data is no `T`; if
    /// the connection is closed; if no reply comes.
    #[track_caller]
    pub fn call<T: DeserializeOwned>(
        &mut self,
        name: &str,
        data: impl Serialize + Send,
    ) -> impl Future<Output = Result<T, Error>> + Send {
        let at = Location::caller();
        let written = self.write_call(name, data);
        async move {
            let id = self.send_call(at, written).await?;
            let step = format!("no reply to `{name}` (id {id})");
            self.wait_for_reply(at, id, step).await
        }
    }

    /// Sends a named message and does not wait: gives the `id` for [`reply`](Self::reply), [`items`](Self::items) and
    /// [`cancel`](Self::cancel).
    ///
    /// # Errors
    ///
    /// As [`send_utf8`](Self::send_utf8); also if the data cannot be written as JSON.
    #[track_caller]
    pub fn begin(
        &mut self,
        name: &str,
        data: impl Serialize + Send,
    ) -> impl Future<Output = Result<u64, Error>> + Send {
        let at = Location::caller();
        let written = self.write_call(name, data);
        self.send_call(at, written)
    }

    /// Waits for the reply to the message with this `id`.
    ///
    /// # Errors
    ///
    /// As [`call`](Self::call).
    #[track_caller]
    pub fn reply<T: DeserializeOwned>(&mut self, id: u64) -> impl Future<Output = Result<T, Error>> + Send {
        self.wait_for_reply(Location::caller(), id, format!("no reply to id {id}"))
    }

    /// Sends a named message without an `id`. A value or an error that the server replies all the same is taken by
    /// [`expect`](Self::expect) with the message's name.
    ///
    /// # Errors
    ///
    /// As [`begin`](Self::begin).
    #[track_caller]
    pub fn notify(
        &mut self,
        name: &str,
        data: impl Serialize + Send,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        let at = Location::caller();
        let written = self.keys.write(name, None, Some((self.keys.data, data)));
        self.send_written(at, written.map_err(Cause::Unserializable))
    }

    /// Waits for the next push of this name, and takes its data. Other messages stay for other steps.
    ///
    /// # Errors
    ///
    /// [`Error`] if the data is no `T`, if the connection is closed, or if none comes within a second; with the
    /// server's error in [`refused`](Error::refused) if it is the reply to a message without an `id`.
    #[track_caller]
    pub fn expect<T: DeserializeOwned>(
        &mut self,
        name: &str,
    ) -> impl Future<Output = Result<T, Error>> + Send {
        let at = Location::caller();
        async move {
            let step = format!("no push `{name}`");
            let is_push = |envelope: &Envelope| {
                envelope.kind == name && envelope.id.is_none() && envelope.ask.is_none()
            };
            let content = self.wait_for(at, &step, is_push).await?.content;
            self.data(at, step, content)
        }
    }

    /// Sends a named message whose reply is a stream.
    ///
    /// ```
    /// # use ws_runtime::prelude::*;
    /// # #[ws_server] mod game {
    /// #     use ws_runtime::prelude::*;
    /// #     #[on("count")]
    /// #     fn count(Json(to): Json<u32>) -> impl Stream<Item = u32> { futures_util::stream::iter(0..to) }
    /// # }
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> ws_runtime::test::Result {
    /// # let server = game::server().test().await?;
    /// # let mut ann = server.connect("/").await?;
    /// let mut items = ann.stream::<u32>("count", 3).await?;
    /// assert_eq!(items.next().await?, Some(0));
    /// assert_eq!(items.all().await?, [1, 2]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`begin`](Self::begin).
    #[track_caller]
    pub fn stream<T: DeserializeOwned>(
        &mut self,
        name: &str,
        data: impl Serialize + Send,
    ) -> impl Future<Output = Result<Items<'_, T>, Error>> + Send {
        let at = Location::caller();
        let written = self.write_call(name, data);
        async move {
            let id = self.send_call(at, written).await?;
            Ok(Items::new(self, id))
        }
    }

    /// The replies to the message with this `id`, whose reply is a stream.
    pub fn items<T: DeserializeOwned>(&mut self, id: u64) -> Items<'_, T> {
        Items::new(self, id)
    }

    /// Asks the server to end the stream, or the concurrent handler, of the message with this `id`.
    ///
    /// # Errors
    ///
    /// As [`send_utf8`](Self::send_utf8).
    #[track_caller]
    pub fn cancel(&mut self, id: u64) -> impl Future<Output = Result<(), Error>> + Send {
        let at = Location::caller();
        let text = self.keys.write("$cancel", Some((self.keys.id, id)), None::<(&str, ())>);
        self.send_written(at, text.map_err(Cause::Unserializable))
    }

    /// Waits for a question of this name. Gives its number, for [`answer`](Self::answer), and its data.
    ///
    /// ```
    /// # use ws_runtime::prelude::*;
    /// # use serde::Serialize;
    /// # #[ws_server] mod game {
    /// #     use super::*;
    /// #     #[push(answer = bool)] #[derive(Serialize)] struct Confirm { text: &'static str }
    /// #     #[on("leave")]
    /// #     async fn leave(conn: &Conn) -> bool { conn.ask(Confirm { text: "sure?" }).await.unwrap_or(false) }
    /// # }
    /// # #[tokio::main(flavor = "current_thread", start_paused = true)]
    /// # async fn main() -> ws_runtime::test::Result {
    /// # let server = game::server().test().await?;
    /// # let mut ann = server.connect("/").await?;
    /// let leaving = ann.begin("leave", ()).await?;
    /// let (ask, question) = ann.question::<serde_json::Value>("confirm").await?;
    /// assert_eq!(question["text"], "sure?");
    /// ann.answer(ask, true).await?;
    /// assert_eq!(ann.reply::<bool>(leaving).await?, true);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`expect`](Self::expect).
    #[track_caller]
    pub fn question<T: DeserializeOwned>(
        &mut self,
        name: &str,
    ) -> impl Future<Output = Result<(u64, T), Error>> + Send {
        let at = Location::caller();
        async move {
            let step = format!("no question `{name}`");
            let is_question = |envelope: &Envelope| envelope.kind == name && envelope.ask.is_some();
            let Envelope { kind, ask, content, .. } = self.wait_for(at, &step, is_question).await?;
            let ask = ask.unwrap_or_default();
            self.asked.insert(ask, kind);
            Ok((ask, self.data(at, step, content)?))
        }
    }

    /// Answers a question. It may be called again, for a test of second answers.
    ///
    /// # Errors
    ///
    /// As [`begin`](Self::begin); also if [`question`](Self::question) has not returned this number.
    #[track_caller]
    pub fn answer(
        &mut self,
        ask: u64,
        data: impl Serialize + Send,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        let text = self.write_answer(ask, self.keys.data, data);
        self.send_written(Location::caller(), text)
    }

    /// Refuses to answer a question, with a code and a message.
    ///
    /// # Errors
    ///
    /// As [`answer`](Self::answer).
    #[track_caller]
    pub fn refuse(
        &mut self,
        ask: u64,
        code: impl AsRef<str>,
        message: impl AsRef<str>,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        let error = serde_json::json!({ "code": code.as_ref(), "message": message.as_ref() });
        let text = self.write_answer(ask, "error", error);
        self.send_written(Location::caller(), text)
    }

    fn write_answer(&self, ask: u64, key: &str, content: impl Serialize) -> Result<String, Cause> {
        let name = self.asked.get(&ask).ok_or(Cause::NotAsked(ask))?;
        self.keys.write(name, Some(("ask", ask)), Some((key, content))).map_err(Cause::Unserializable)
    }

    /// Writes a message to a handler, with a new `id`.
    fn write_call(&mut self, name: &str, data: impl Serialize) -> Result<(String, u64), Cause> {
        let id = self.last_id + 1;
        let text = self.keys.write(name, Some((self.keys.id, id)), Some((self.keys.data, data)));
        let text = text.map_err(Cause::Unserializable)?;
        self.last_id = id;
        Ok((text, id))
    }

    async fn send_call(
        &mut self,
        at: &'static Location<'static>,
        written: Result<(String, u64), Cause>,
    ) -> Result<u64, Error> {
        let (text, id) = written.map_err(|cause| self.error(at, "not sent", cause))?;
        self.send_text(at, text).await?;
        Ok(id)
    }

    async fn send_written(
        &mut self,
        at: &'static Location<'static>,
        written: Result<String, Cause>,
    ) -> Result<(), Error> {
        let text = written.map_err(|cause| self.error(at, "not sent", cause))?;
        self.send_text(at, text).await
    }

    fn send_text(
        &mut self,
        at: &'static Location<'static>,
        text: String,
    ) -> impl Future<Output = Result<(), Error>> + Send {
        self.send(at, Outgoing::Message(tungstenite::Message::text(text)))
    }

    async fn wait_for_reply<T: DeserializeOwned>(
        &mut self,
        at: &'static Location<'static>,
        id: u64,
        step: String,
    ) -> Result<T, Error> {
        let content = self.wait_for_id(at, id, &step).await?;
        self.data(at, step, content)
    }

    /// Waits for a message with this `id`.
    pub(super) async fn wait_for_id(
        &mut self,
        at: &'static Location<'static>,
        id: u64,
        step: &str,
    ) -> Result<Content, Error> {
        let id = id.to_string();
        Ok(self.wait_for(at, step, |envelope| envelope.id.as_ref() == Some(&id)).await?.content)
    }

    async fn wait_for(
        &mut self,
        at: &'static Location<'static>,
        step: &str,
        is_wanted: impl Fn(&Envelope) -> bool + Send,
    ) -> Result<Envelope, Error> {
        let keys = self.keys;
        self.wait(at, step, move |mailbox| mailbox.take_named(&keys, &is_wanted)).await
    }

    /// The data of a message.
    pub(super) fn data<T: DeserializeOwned>(
        &self,
        at: &'static Location<'static>,
        step: impl Into<String>,
        content: Content,
    ) -> Result<T, Error> {
        let json: Box<RawValue> = match content {
            Content::Data(json) => json,
            Content::Error(refused) => return Err(self.error(at, step, Cause::Refused(refused))),
            Content::Done => {
                return Err(self.error(at, step, Cause::Unexpected("the end of a stream".to_owned())));
            }
        };
        serde_json::from_str(json.get())
            .map_err(|source| self.error(at, step, Cause::Unfit { json: shown(&json), source }))
    }
}
