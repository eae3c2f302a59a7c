/**
 * The client of a ws-runtime server that speaks named messages, for browsers, and for Node from version 22.
 *
 *     import { connect } from '/client.js';
 *
 *     const socket = connect('/lobby');
 *     socket.on('said', ({ from, text }) => show(from, text));         // the server pushes
 *     socket.answer('confirm', ({ question }) => confirm(question));   // the server asks
 *     socket.notify('say', { text: 'hello' });                         // no reply is needed
 *     const seat = await socket.call('sit', { table: 7 });             // one reply, or an error is thrown
 *     for await (const score of socket.stream('watch')) show(score);   // many replies; `break` cancels
 *
 * A lost connection is replaced. To the server the new one is a new peer: what each connection needs first (to sign in,
 * to watch) belongs into a listener of the event `open`.
 */

/**
 * @typedef {object} Options Times are in milliseconds.
 * @property {string | (() => string | null | undefined | Promise<string | null | undefined>)} [token] Says who the peer
 *   is: the server reads it as `Bearer`. A function is asked before each attempt to connect.
 * @property {string[]} [protocols] Subprotocols to offer.
 * @property {number} [timeout] The limit for a call, the wait for a connection included: 30,000. 0: none.
 * @property {number} [maxWaiting] How many messages may wait for a connection: 100. Further ones fail.
 * @property {number} [maxItems] How many items of a stream may wait for the loop that takes them: 1,000.
 * @property {number} [pingInterval] How long the server may be quiet before it is sent `$ping`: 20,000. 0: for ever.
 * @property {number} [pingTimeout] How long it may take to answer that, or the handshake: 10,000. Then the connection
 *   counts as lost.
 * @property {number} [reconnectDelay] The longest wait before a new attempt: 1,000, doubled with each that fails. The
 *   wait is a random part of it, so that clients do not come back all at once.
 * @property {number} [reconnectDelayMax] Where the doubling ends: 30,000.
 * @property {(code: number, reason: string) => boolean} [reconnect] Whether to connect again after this close. By default
 *   not after 1000, 1008 and 4000 to 4999, with which a server says no. But after 4408, 4429 and 4500 to 4599 (4000 + an
 *   HTTP status that may pass), and once after 4401 if `token` is a function: it may have a new one.
 * @property {{ type?: string, id?: string, data?: string }} [keys] The envelope's keys, where the server renames them.
 * @property {typeof WebSocket} [WebSocket] Where none is built in: that of the package `ws`, for example.
 */

/** The server's answer is an error. Thrown by a function given to `answer`, it is what the server is told. */
export class Refused extends Error {
  name = 'Refused';

  /** @param {string} code @param {string} [message] @param {any} [data] */
  constructor(code, message = code, data = undefined) {
    super(message);
    this.code = code;
    this.data = data;
  }
}

/**
 * There is no answer, or not all of it. `code` is `timeout`, `disconnected`, `closed` (for good), `too_many_waiting` or
 * `too_many_items`. If `sent`, the server may have done what it was asked to.
 */
export class Unanswered extends Error {
  name = 'Unanswered';

  /** @param {string} code @param {string} message @param {boolean} sent */
  constructor(code, message, sent) {
    super(message);
    this.code = code;
    this.sent = sent;
  }
}

/**
 * Connects to a server, and again whenever the connection is lost.
 *
 * @param {string} [url] A path on the page's own server, or a `wss:` address.
 * @param {Options} [options]
 */
export const connect = (url = '/', options = {}) => new Socket(url, options);

/**
 * A connection that is kept up. Its events:
 *
 * * `open`: connected. What its listeners send goes ahead of what waited for the connection.
 * * `close` (`code`, `reason`, `retryIn`): lost, or not even made. The next attempt is in `retryIn` milliseconds; null
 *   means never. Browsers tell a page no more of a refused handshake than the code 1006.
 * * `error` (`error`): what no call can throw: a message of `notify` was refused or not sent, or `token` threw. What its
 *   own listeners send by `notify` fails without another event.
 * * `message` (`data`): a text or binary message that is no envelope.
 */
export class Socket extends EventTarget {
  /** To be read only. `waiting` is for the next attempt. @type {'connecting' | 'open' | 'waiting' | 'closed'} */
  state = 'connecting';
  #url;
  #options;
  #keys;
  /** @type {WebSocket | null} */
  #ws = null;
  /** Each state waits for one thing at most: a handshake, the server's silence, the next attempt. @type {any} */
  #timer;
  #failures = 0;
  /** With which the last connection ended. */
  #lastCode = 0;
  #openedAt = 0;
  #lastId = 0;
  /** While open: what waits for replies. Otherwise: what waits to be sent. @type {Map<number, Request>} */
  #requests = new Map();
  #failing = false;
  #pushes = new EventTarget();
  /** @type {Map<string, (data: any) => any>} */
  #answers = new Map();

  /** @param {string} url @param {Options} options */
  constructor(url, options) {
    super();
    this.#url = new URL(url, globalThis.location?.href).href.replace(/^http/, 'ws');
    this.#options = { ...defaults, ...options };
    this.#keys = { type: 'type', id: 'id', data: 'data', ...options.keys };
    if (!this.#options.WebSocket) throw new TypeError('there is no WebSocket here: pass one as the option `WebSocket`');
    globalThis.addEventListener?.('online', this.#wake);
    globalThis.document?.addEventListener('visibilitychange', this.#wake);
    // Not before its user can add listeners.
    this.#after(0, () => this.#connect());
  }

  /**
   * Sends a message and returns the data of its reply. Throws `Refused` or `Unanswered`.
   *
   * Without a connection it waits for one. If the connection is lost after it was sent, it fails: it is not repeated, as
   * the server may have done it. At its time limit, and when the signal aborts, the server is sent `$cancel`.
   *
   * @param {string} type @param {any} [data] @param {{ timeout?: number, signal?: AbortSignal }} [options]
   * @returns {Promise<any>}
   */
  call(type, data, { timeout = this.#options.timeout, signal } = {}) {
    return new Promise((resolve, reject) => {
      const item = (reply, request) => {
        resolve(reply);
        this.#end(request);
      };
      const end = (error) => (error ? reject(error) : resolve(undefined));
      this.#request(type, data, { item, end, timeout, signal });
    });
  }

  /**
   * Sends a message whose reply is not needed. Without a connection it waits for one, as long as a call. A value that the
   * server replies with goes to the listeners of `type`.
   *
   * @param {string} type @param {any} [data]
   */
  notify(type, data) {
    const end = (error) => error && this.#fail(error);
    try {
      this.#request(type, data, { end, timeout: this.#options.timeout });
    } catch (error) {
      end(error);
    }
  }

  /**
   * Sends a message once the loop begins, and yields the data of each reply. Leaving the loop sends `$cancel`. Throws
   * `Refused` or `Unanswered`. A page cannot slow a server down: if more than `maxItems` wait for the loop, the stream is
   * cancelled, and the loop gets those items and then the error.
   *
   * @param {string} type @param {any} [data] @param {{ maxItems?: number, signal?: AbortSignal }} [options]
   * @returns {AsyncGenerator<any, void, void>}
   */
  async *stream(type, data, { maxItems = this.#options.maxItems, signal } = {}) {
    const items = [];
    let over = false;
    let failure;
    let wake = () => {};
    const item = (reply, request) => {
      if (items.length < maxItems) items.push(reply);
      else this.#cancel(request, new Unanswered('too_many_items', `${maxItems} items of ${type} wait`, true));
      wake();
    };
    const end = (error) => {
      over = true;
      failure = error;
      wake();
    };
    const request = this.#request(type, data, { item, end, timeout: 0, signal });
    try {
      while (items.length || !over) {
        if (signal?.aborted) break;
        if (items.length) yield items.shift();
        else await new Promise((resolve) => (wake = () => resolve(undefined)));
      }
      if (failure) throw failure;
    } finally {
      this.#cancel(request);
    }
  }

  /**
   * Calls the listener with the data of each push of this type. Returns a function that removes it.
   *
   * @param {string} type @param {(data: any) => void} listener
   */
  on(type, listener) {
    const wrapped = (event) => listener(event.data);
    this.#pushes.addEventListener(type, wrapped);
    return () => this.#pushes.removeEventListener(type, wrapped);
  }

  /**
   * Answers questions of this type with what the function returns, or with the error that it throws.
   *
   * @param {string} type @param {(data: any) => any} handler May be `async`. It replaces an earlier one.
   */
  answer(type, handler) {
    this.#answers.set(type, handler);
  }

  /** Closes for good. Calls without an answer fail. */
  close(code = 1000, reason = '') {
    if (this.state === 'closed') return;
    const [ws, isOpen] = [this.#ws, this.state === 'open'];
    this.#stop('this client has closed the connection');
    // The event follows when the server has closed too.
    if (isOpen) return ws?.close(code, reason);
    discard(ws);
    emit(this, 'close', { code, reason, retryIn: null });
  }

  async #connect() {
    this.state = 'connecting';
    const { token, protocols, pingTimeout, WebSocket } = this.#options;
    try {
      const bearer = typeof token === 'function' ? await token() : token;
      if (this.state !== 'connecting') return;
      const ws = new WebSocket(this.#url, bearer ? [...protocols, 'bearer', base64url(bearer)] : protocols);
      ws.onopen = () => this.#opened();
      ws.onmessage = ({ data }) => this.#received(ws, data);
      ws.onclose = ({ code, reason }) => this.#lost(code, reason);
      // In Node, `close` does not always follow.
      ws.onerror = () => this.state === 'connecting' && this.#drop('the handshake has failed');
      ws.binaryType = 'arraybuffer';
      this.#ws = ws;
      this.#after(pingTimeout, () => this.#drop('the server does not answer the handshake'));
    } catch (error) {
      emit(this, 'error', { error });
      if (this.state === 'connecting') this.#lost(1006, 'not connected');
    }
  }

  #opened() {
    this.state = 'open';
    this.#openedAt = Date.now();
    this.#heard();
    const waiting = [...this.#requests.values()];
    emit(this, 'open');
    for (const request of waiting) if (this.#requests.has(request.id)) this.#transmit(request);
  }

  #received(ws, frame) {
    if (this.state !== 'open') return;
    this.#heard();
    const message = parse(frame);
    const { [this.#keys.type]: type, [this.#keys.id]: id, [this.#keys.data]: data, ask, error, done } = message ?? {};
    const refused = error && new Refused(error.code, error.message, error.data);
    const request = this.#requests.get(id);
    if (typeof type !== 'string') emit(this, 'message', { data: frame });
    else if (ask !== undefined) this.#asked(ws, type, ask, data);
    else if (request) error || done ? this.#end(request, refused) : request.item?.(data, request);
    else if (error && id === undefined) emit(this, 'error', { error: refused });
    // A reply to nobody is one to a call that was cancelled.
    else if (id === undefined && type !== '$pong') emit(this.#pushes, type, { data });
  }

  async #asked(ws, type, ask, question) {
    let answer;
    try {
      const handler = this.#answers.get(type);
      if (!handler) throw new Refused('not_found', `this client does not answer ${type}`);
      answer = this.#pack({ type, ask, data: (await handler(question)) ?? null });
    } catch (thrown) {
      answer = this.#pack({ type, ask, error: told(thrown) });
    }
    // Not over a newer connection: there the same number may be another question.
    ws.send(answer);
  }

  #lost(code, reason) {
    const { reconnect = this.#passes, reconnectDelay, reconnectDelayMax } = this.#options;
    const why = `the connection has ended with ${code}${reason && `: ${reason}`}`;
    // Only a connection that has lasted shows that the server is well.
    if (this.state === 'open' && Date.now() - this.#openedAt > 10 * reconnectDelay) this.#failures = this.#lastCode = 0;
    const retries = this.state !== 'closed' && reconnect(code, reason);
    let retryIn = null;
    this.#lastCode = code;
    if (retries) {
      if (this.state === 'open') this.#endAll('disconnected', why, true);
      retryIn = Math.random() * Math.min(reconnectDelay * 2 ** this.#failures++, reconnectDelayMax);
      this.state = 'waiting';
      this.#ws = null;
      this.#after(retryIn, () => this.#connect());
    } else {
      this.#stop(why);
    }
    emit(this, 'close', { code, reason, retryIn });
  }

  /** Whether what a close code says may pass. */
  #passes = (code) => {
    if (code === 4401) return typeof this.#options.token === 'function' && this.#lastCode !== 4401;
    if (code >= 4000) return code === 4408 || code === 4429 || (code >= 4500 && code < 4600);
    return code !== 1000 && code !== 1008;
  };

  #drop(reason) {
    discard(this.#ws);
    this.#lost(1006, reason);
  }

  #stop(why) {
    const sent = this.state === 'open';
    // First: what is told that it has ended may send something else.
    this.state = 'closed';
    this.#endAll('closed', why, sent);
    this.#ws = null;
    clearTimeout(this.#timer);
    globalThis.removeEventListener?.('online', this.#wake);
    globalThis.document?.removeEventListener('visibilitychange', this.#wake);
  }

  /** Online again, or seen by the user again: timers may have slept. */
  #wake = () => {
    if (globalThis.document?.hidden) return;
    if (this.state === 'open') this.#ping();
    if (this.state === 'waiting') this.#after(0, () => this.#connect());
  };

  #heard() {
    this.#after(this.#options.pingInterval, () => this.#ping());
  }

  #ping() {
    if (!this.#options.pingInterval) return;
    this.#ws?.send(this.#pack({ type: '$ping' }));
    this.#after(this.#options.pingTimeout, () => this.#drop('the server does not answer $ping'));
  }

  #after(time, then) {
    clearTimeout(this.#timer);
    this.#timer = later(then, time);
  }

  /**
   * @typedef {object} Request
   * @property {string} text
   * @property {number} id
   * @property {(data: any, request: Request) => void} [item] Takes a reply. Without it, a message that was sent is over.
   * @property {(error: any) => void} end Takes the error, if it is one that ends it.
   *
   * @param {string} type @param {any} data @param {any} how
   */
  #request(type, data, { item, end, timeout, signal }) {
    const { maxWaiting } = this.#options;
    signal?.throwIfAborted();
    if (this.state === 'closed') throw new Unanswered('closed', 'the connection is closed', false);
    if (this.state !== 'open' && this.#requests.size >= maxWaiting) {
      throw new Unanswered('too_many_waiting', `${maxWaiting} messages wait for a connection`, false);
    }
    const id = ++this.#lastId;
    const cleanUp = (error) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      end(error);
    };
    const request = { text: this.#pack({ type, id: item && id, data }), id, item, end: cleanUp };
    const late = () => new Unanswered('timeout', `no reply to ${type} in ${timeout} ms`, this.state === 'open');
    const timer = timeout && later(() => this.#cancel(request, late()), timeout);
    const abort = () => this.#cancel(request, signal.reason);
    signal?.addEventListener('abort', abort);
    this.#requests.set(id, request);
    if (this.state === 'open') this.#transmit(request);
    return request;
  }

  #transmit(request) {
    this.#ws?.send(request.text);
    if (!request.item) this.#end(request);
  }

  #cancel(request, error) {
    const { id } = request;
    if (this.state === 'open' && this.#requests.has(id)) this.#ws?.send(this.#pack({ type: '$cancel', id }));
    this.#end(request, error);
  }

  #end(request, error) {
    if (this.#requests.delete(request.id)) request.end(error);
  }

  #endAll(code, why, sent) {
    // Not what is added meanwhile.
    for (const request of [...this.#requests.values()]) this.#end(request, new Unanswered(code, why, sent));
  }

  /** Tells listeners of an error, but not of one that they cause: they could do that without end. */
  #fail(error) {
    if (this.#failing) return;
    this.#failing = true;
    emit(this, 'error', { error });
    this.#failing = false;
  }

  /** @param {any} message */
  #pack({ type, id, data, ...others }) {
    return JSON.stringify({ [this.#keys.type]: type, [this.#keys.id]: id, ...others, [this.#keys.data]: data });
  }
}

const defaults = {
  protocols: [],
  timeout: 30_000,
  maxWaiting: 100,
  maxItems: 1_000,
  pingInterval: 20_000,
  pingTimeout: 10_000,
  reconnectDelay: 1_000,
  reconnectDelayMax: 30_000,
  WebSocket: globalThis.WebSocket,
};

const emit = (target, type, properties) => target.dispatchEvent(Object.assign(new Event(type), properties));

/** A longer time than `setTimeout` can wait would be none at all. */
const later = (then, time) => setTimeout(then, Math.min(time, 2 ** 31 - 1));

/** What the server is told of an error, whatever was thrown. */
function told(thrown) {
  try {
    const { code, message, data } = thrown instanceof Refused ? thrown : new Refused('internal', String(thrown));
    return JSON.parse(JSON.stringify({ code, message, data }));
  } catch {
    return { code: 'internal', message: 'the error cannot be written as JSON' };
  }
}

/** A subprotocol must not have all the characters that a token may have. */
const base64url = (token) => btoa(token).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');

/** Gives a connection up without waiting for its end. */
function discard(ws) {
  if (!ws) return;
  ws.onopen = ws.onmessage = ws.onclose = null;
  // The package `ws` throws an error that nobody listens for.
  ws.onerror = () => {};
  ws.close();
}

function parse(frame) {
  try {
    return JSON.parse(frame);
  } catch {
    return null;
  }
}
