//! The methods of a connection's handle for this crate itself.

use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use super::{Conn, Extras, Message, Rare, SendError};
use crate::conn::dispatch::catch_now;
use crate::conn::send::{
    Bound, CancelLevel, CorkedFrames, Deflation, Fixable, Phase, SendGuard, SendLock, SendPath,
};
use crate::conn::span;
use crate::event::{Close, ClosedBy};
use crate::message::{Answer, Push, Questions};
use crate::options::{Options, OptionsOf};
use crate::proxy::Client;
use crate::route::Reach;
use crate::server::Memberships;
use crate::stats::{self, Direction, Kind};
#[cfg(feature = "tower")]
use crate::transport::Stream;
use crate::transport::WriteHalf;
use crate::wire::{Agreement, FrameKind, Payload};

impl Conn {
    /// The options of the connection: its route's once that is known, until then the server's.
    #[inline]
    pub(crate) fn options(&self) -> &Options {
        self.server().options_of(OptionsOf::from_bits(self.0.options_of.load(Ordering::Relaxed)))
    }

    /// The connection is for the route with this number: it has the options of that from now on. Before the 101,
    /// once. What the program has set on the connection itself stays.
    pub(in crate::conn) fn enter_route(&self, number: usize) {
        // Routes beyond the first 65,000 are counted as one.
        self.0.route.store(u16::try_from(number).unwrap_or(u16::MAX), Ordering::Relaxed);
        let of = self.server().route_options().of_route(number);
        if of == OptionsOf::SERVER {
            return;
        }
        // The lock orders this with what another task sets meanwhile.
        let mut send_path = self.send_path();
        self.0.options_of.store(of.to_bits(), Ordering::Relaxed);
        let options = self.options();
        let fixed = send_path.enter_route(options);
        if !fixed.contains(Fixable::MaxSendSize) {
            self.0.max_send_size.store(options.max_send_size, Ordering::Relaxed);
        }
        if !fixed.contains(Fixable::MaxRecvSize) {
            self.0.max_recv_size.store(options.max_recv_size, Ordering::Relaxed);
        }
        if !fixed.contains(Fixable::Nodelay) {
            self.0.nodelay.store(options.nodelay, Ordering::Relaxed);
        }
    }

    /// The number of its route; 0 until that is known.
    #[inline]
    pub(crate) fn route(&self) -> usize {
        self.0.route.load(Ordering::Relaxed).into()
    }

    /// Adds up what its own task, which runs on this thread, has counted.
    #[inline]
    pub(in crate::conn) fn add_up(&self) {
        stats::add_up(self.server().counters(), self.route());
    }

    /// Counts messages or control frames of one kind, of `bytes` in all.
    pub(in crate::conn) fn count(&self, direction: Direction, kind: Kind, bytes: usize) {
        self.server().counters().count(self.route(), direction, kind, 1, bytes as u64);
    }

    /// The client that a proxy has connected for, if one has told it.
    pub(crate) fn client(&self) -> Option<Client> {
        *self.0.extras.get()?.client.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A proxy that is believed has connected for this client.
    pub(in crate::conn) fn set_client(&self, client: Client) {
        *self.extras().client.lock().unwrap_or_else(PoisonError::into_inner) = Some(client);
    }

    /// Ends the connection at once, without a Close frame.
    pub(crate) fn cut(&self, by: ClosedBy) {
        self.send_path().cut(Close::abnormal(by));
    }

    /// The stream of a connection that another server has accepted is known now.
    #[cfg(feature = "tower")]
    pub(in crate::conn) fn adopt(&self, stream: &Stream) {
        #[cfg(unix)]
        if let Some(socket) = stream.raw_fd() {
            let _ = self.0.socket.set(socket);
        }
        self.log_nodelay(stream.set_nodelay(self.nodelay()));
    }

    /// Queues a Close frame, after which nothing can be sent.
    pub(super) fn close_as(&self, code: u16, reason: &str, by: ClosedBy) {
        self.send_path().push_close(Close::new(code, reason, by));
    }

    /// Whether the connection has ended already.
    pub(in crate::conn) fn is_cut(&self) -> bool {
        self.phase() == Phase::Gone
    }

    /// Wakes its task, to check its deadlines.
    pub(crate) fn wake(&self) {
        self.send_path().wake();
    }

    /// Handles what has arrived, then closes with the code of the shutdown.
    pub(crate) fn finish(&self) {
        self.send_path().finish(self.server().close_code());
    }

    /// Ends the connection at once and cancels its handlers except `disconnect`: `shutdown_timeout` has passed.
    pub(crate) fn abort(&self) {
        self.send_path().abort(CancelLevel::Handlers);
    }

    /// Ends the connection at once and cancels `disconnect` too: its grace period has passed.
    pub(crate) fn abandon(&self) {
        self.send_path().abort(CancelLevel::Everything);
    }

    /// Drops users' buffers that were written or discarded; returns whether there were any. Only the connection's task
    /// calls it, without a lock.
    #[inline]
    pub(in crate::conn) fn drop_discarded(&self) -> bool {
        let has_discarded = self.0.send_path.has_discarded();
        if has_discarded {
            let discarded = self.0.send_path.with(SendPath::take_discarded);
            discarded.into_iter().flat_map(|discarded| discarded.0).for_each(|bytes| {
                // A panic in a buffer's destructor ends nothing else. The panic hook has run.
                let _ = catch_now(|| drop(bytes));
            });
        }
        has_discarded
    }

    /// Takes over the socket after the handshake, and the 101, which is not sent yet.
    pub(in crate::conn) fn attach(&self, socket: WriteHalf, accepted: Vec<u8>, agreement: Option<Agreement>) {
        if let Some(agreement) = agreement {
            self.0.deflation.get_or_init(|| Deflation::new(agreement, self.options()).into());
        }
        let attached = self.send_path().attach(socket, accepted);
        self.log_nodelay(attached);
    }

    /// Makes the connection ready, and lists it. Does nothing if it was done before.
    ///
    /// Called when the arguments of `ready` are made, and so under the locks that these hold. What others send under
    /// such a lock comes either before that, and this connection does not get it, or after that, and then it is held
    /// back until `ready` has ended.
    pub(crate) fn become_ready(&self) {
        if self.phase() == Phase::Opening && self.send_path().become_ready() {
            self.server().register(self);
            span::begun(self);
        }
    }

    /// Queues what others sent before `ready` has ended, behind its reply.
    pub(in crate::conn) fn release_held_back(&self) {
        let release = || {
            self.send_path().release();
            Ok(())
        };
        // The peer's window will hold these messages in another order than ours.
        let _ = match self.deflation() {
            Some(deflation) => deflation.push_shared(release),
            None => release(),
        };
    }

    pub(in crate::conn) fn log_nodelay(&self, set: io::Result<()>) {
        if let Err(error) = set {
            tracing::debug!(conn = self.id(), %error, "TCP_NODELAY was not set");
        }
    }

    pub(in crate::conn) fn deflation(&self) -> Option<&Deflation> {
        self.0.deflation.get().map(|deflation| &**deflation)
    }

    /// Locks the send path, and moves the corked frames into it: they were accepted before.
    #[inline]
    pub(in crate::conn) fn send_path(&self) -> SendGuard<'_> {
        let mut send_path = self.0.send_path.lock();
        self.take_corked(&mut send_path);
        send_path
    }

    /// The lock of the send path.
    #[inline]
    pub(in crate::conn) fn send_lock(&self) -> &SendLock {
        &self.0.send_path
    }

    /// Moves what this connection's own task has corked to the outbox, as it was accepted before.
    #[inline]
    pub(in crate::conn) fn take_corked(&self, send_path: &mut SendPath) {
        if self.corked().is_corked() {
            self.corked().take(|frames| send_path.queue(frames));
            // The holder of the lock may not write, and the task may not look again by itself.
            send_path.wake();
        }
    }

    /// The frames that this connection's own task has corked.
    #[inline]
    pub(in crate::conn) fn corked(&self) -> &CorkedFrames {
        &self.0.corked
    }

    /// Whether messages can be sent and nothing waits before them. Read without the lock, so it may be out of date.
    #[inline]
    pub(in crate::conn) fn is_free(&self) -> bool {
        self.0.send_path.is_free()
    }

    /// Charges an error reply that the runtime makes. Returns false if the peer has had too many.
    pub(in crate::conn) fn allows_error(&self) -> bool {
        self.rare().errors.charge(self.server().alarms().now().micros())
    }

    pub(super) fn extras(&self) -> &Extras {
        self.0.extras.get_or_init(Box::default)
    }

    pub(super) fn rare(&self) -> &Rare {
        self.extras().rare.get_or_init(Box::default)
    }

    /// What the connection needs rarely, if it has ever needed it.
    pub(super) fn existing_rare(&self) -> Option<&Rare> {
        Some(self.0.extras.get()?.rare.get()?)
    }

    /// Whether no more can be sent to the connection, now and later.
    pub(crate) fn is_ending(&self) -> bool {
        // The lock makes it exact: who ends the connection looks for its groups after that.
        let _locked = self.send_path();
        matches!(self.phase(), Phase::Closing | Phase::Gone)
    }

    /// The groups that the connection is in.
    pub(crate) fn memberships(&self) -> &Memberships {
        &self.rare().groups
    }

    /// Leaves all groups, as the connection ends.
    pub(crate) fn leave_groups(&self) {
        if let Some(rare) = self.existing_rare() {
            rare.groups.leave_all(self);
        }
    }

    pub(crate) fn questions(&self) -> &Questions {
        &self.rare().questions
    }

    /// Whether the peer was ever asked.
    pub(in crate::conn) fn has_asked(&self) -> bool {
        self.existing_rare().is_some_and(|rare| rare.questions.has_asked())
    }

    /// Passes an answer on. Returns false if it answers no question.
    pub(in crate::conn) fn answered(&self, answer: Answer<'_>) -> bool {
        self.existing_rare().is_some_and(|rare| rare.questions.answer(answer))
    }

    /// Wakes those who wait for answers: none will be received.
    pub(in crate::conn) fn end_questions(&self) {
        if let Some(rare) = self.existing_rare() {
            rare.questions.end();
        }
    }

    /// Says, before the connection is ready, which pushes its route takes.
    pub(in crate::conn) fn set_takes(&self, takes: Reach) {
        self.0.takes.store(takes.to_bits(), Ordering::Release);
    }

    /// Whether the route of the connection takes such pushes. It takes none before it has come to one.
    pub(crate) fn takes(&self, push: Reach) -> bool {
        Reach::from_bits(self.0.takes.load(Ordering::Acquire)).takes(push)
    }

    /// Checks whether the peer knows this push.
    pub(crate) fn check_takes<P: Push>(&self) -> Result<(), SendError> {
        if self.takes(self.server().reach_of::<P>()) {
            return Ok(());
        }
        Err(match self.phase() {
            Phase::Opening => SendError::NotReady,
            Phase::Ready | Phase::Finishing | Phase::Closing | Phase::Gone if self.takes(Reach::EVERY) => {
                SendError::OtherRoute { push: P::NAME }
            }
            Phase::Ready | Phase::Finishing | Phase::Closing | Phase::Gone => SendError::NoEnvelope,
        })
    }

    /// Sends a message that is no push.
    pub(crate) fn send_plain(&self, message: Message<'_>) -> Result<(), SendError> {
        self.send_plain_within(message, Bound::Outbox)
    }

    pub(super) fn send_plain_within(&self, message: Message<'_>, bound: Bound) -> Result<(), SendError> {
        match message {
            Message::Utf8(text) => self.send_message(FrameKind::Text, text.into_payload(), bound),
            Message::Binary(data) => self.send_message(FrameKind::Binary, data.0, bound),
            Message::Ping(data) => self.send_control(FrameKind::Ping, data.0, bound),
            Message::Pong(data) => self.send_control(FrameKind::Pong, data.0, bound),
        }
    }

    /// Sends text that is known to be UTF-8.
    pub(crate) fn send_text(&self, text: Payload<'_>) -> Result<(), SendError> {
        self.send_message(FrameKind::Text, text, Bound::Outbox)
    }

    /// Sends a question, which is not dropped for newer messages.
    pub(crate) fn send_question_text(&self, text: Payload<'_>) -> Result<(), SendError> {
        self.send_message(FrameKind::Text, text, Bound::Question)
    }

    /// How many bytes wait to be written.
    pub(crate) fn unwritten(&self) -> usize {
        self.send_path().unwritten()
    }

    pub(crate) fn max_outbox(&self) -> usize {
        self.options().max_outbox
    }

    /// Whether the outbox is over its limit. Read without the lock.
    pub(in crate::conn) fn is_overfull(&self) -> bool {
        self.0.send_path.is_overfull()
    }

    /// The phase of the connection. Read without the lock.
    pub(in crate::conn) fn phase(&self) -> Phase {
        self.0.send_path.phase()
    }

    /// Whether there is something to write. Read without the lock.
    pub(in crate::conn) fn has_unwritten(&self) -> bool {
        self.0.send_path.has_unwritten()
    }

    /// Identifies the connection as long as a handle exists.
    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }
}
