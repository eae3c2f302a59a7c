// What `client.js` must do, the same in Node and in a page. Each case gets the module, `open` to connect, and `server`,
// whose process can be stopped, started, paused and resumed.

/** Fails unless both are the same as JSON. */
function equal(actual, expected) {
  const [left, right] = [actual, expected].map((value) => JSON.stringify(value));
  if (left !== right) throw new Error(`${left} instead of ${right}`);
}

/** The error that a promise is rejected with: some of its properties. */
async function failure(promise, ...properties) {
  try {
    await promise;
  } catch (error) {
    return properties.map((property) => error[property]);
  }
  throw new Error('there was no error');
}

const next = (target, type) => new Promise((resolve) => target.addEventListener(type, resolve, { once: true }));
const sleep = (time) => new Promise((resolve) => setTimeout(resolve, time));

/** Waits for a reply that is as expected. */
async function until(socket, type, expected) {
  for (let tries = 0; tries < 100; tries++) {
    const actual = await socket.call(type);
    if (JSON.stringify(actual) === JSON.stringify(expected)) return;
    await sleep(20);
  }
  throw new Error(`${type} never was ${JSON.stringify(expected)}`);
}

export const cases = {
  async 'calls get their replies'({ open }) {
    const socket = open();
    equal(await socket.call('add', [1, 2]), 3);
    equal(await socket.call('nothing'), null);
    const values = ['ünï ✓ 𝄞 "\n', { a: [null, 1.5] }, false, 0, ''];
    equal(await Promise.all(values.map((value) => socket.call('echo', value))), values);
  },

  async 'calls run side by side and each gets its own reply'({ open }) {
    const socket = open();
    const order = [];
    const slow = socket.call('sleep', 0.2).then(() => order.push('slow'));
    await Promise.all([slow, socket.call('sleep', 0.05).then(() => order.push('fast'))]);
    equal(order, ['fast', 'slow']);
  },

  async 'an error reply is thrown as Refused'({ open, Refused }) {
    const socket = open();
    const call = socket.call('refuse');
    equal(await failure(call, 'name', 'code', 'message', 'data'), ['Refused', 'taken', 'by another one', { by: 'ann' }]);
    equal(await call.catch((error) => error instanceof Refused && error instanceof Error), true);
    equal(await failure(socket.call('fail'), 'code'), ['internal']);
    equal(await failure(socket.call('add', 'x'), 'code'), ['bad_data']);
    equal(await failure(socket.call('unknown'), 'code'), ['not_found']);
    equal(await socket.call('add', [1, 2]), 3);
  },

  async 'a call without a reply in time fails and is cancelled'({ open, Unanswered }) {
    const socket = open();
    const call = socket.call('sleep', 60, { timeout: 100 });
    equal(await failure(call, 'name', 'code', 'sent'), ['Unanswered', 'timeout', true]);
    equal(await call.catch((error) => error instanceof Unanswered), true);
    await until(socket, 'running', [0, 0]);
  },

  async 'a signal cancels a call'({ open }) {
    const socket = open();
    equal(await failure(socket.call('sleep', 60, { signal: AbortSignal.abort() }), 'name'), ['AbortError']);
    const abort = new AbortController();
    const call = socket.call('sleep', 60, { signal: abort.signal });
    await until(socket, 'running', [0, 1]);
    abort.abort();
    equal(await failure(call, 'name'), ['AbortError']);
    await until(socket, 'running', [0, 0]);
  },

  async 'a message without an id is refused by an event'({ open }) {
    const socket = open();
    const seen = [];
    socket.on('add', (sum) => seen.push(sum));
    socket.notify('nothing');
    socket.notify('add', [2, 2]);
    const refused = next(socket, 'error');
    socket.notify('refuse');
    equal((await refused).error.code, 'taken');
    equal(seen, [4]);
  },

  async 'what cannot be written as JSON is refused at once'({ open }) {
    const socket = open();
    equal(await failure(socket.call('echo', 1n), 'name'), ['TypeError']);
    const refused = next(socket, 'error');
    socket.notify('echo', 1n);
    equal((await refused).error.name, 'TypeError');
    equal(await socket.call('echo', 1), 1);
  },

  async 'a stream ends'({ open }) {
    const socket = open();
    const items = [];
    for await (const item of socket.stream('count', 500)) items.push(item);
    equal(items, [...Array(500).keys()]);
    for await (const item of socket.stream('count', 0)) throw new Error(`item ${item} of none`);
  },

  async 'leaving a stream cancels it'({ open }) {
    const socket = open();
    for await (const item of socket.stream('forever')) {
      if (item === 0) equal(await socket.call('running'), [1, 0]);
      if (item === 3) break;
    }
    await until(socket, 'running', [0, 0]);
    const abort = new AbortController();
    const items = [];
    const loop = async () => {
      for await (const item of socket.stream('forever', null, { signal: abort.signal })) {
        items.push(item);
        await sleep(50);
        abort.abort();
      }
    };
    equal(await failure(loop(), 'name'), ['AbortError']);
    equal(items, [0]);
    await until(socket, 'running', [0, 0]);
  },

  async 'a stream that fails throws after its items'({ open }) {
    const socket = open();
    const items = [];
    const loop = async () => {
      for await (const item of socket.stream('breaks')) items.push(item);
    };
    equal(await failure(loop(), 'name', 'code'), ['Refused', 'over']);
    equal(items, [1]);
    const refused = async () => {
      for await (const item of socket.stream('refuse')) items.push(item);
    };
    equal(await failure(refused(), 'code'), ['taken']);
  },

  async 'a loop that is too slow gets what waited and then an error'({ open }) {
    const socket = open();
    const items = [];
    const loop = async () => {
      for await (const item of socket.stream('forever', null, { maxItems: 10 })) {
        if (item === 0) await sleep(300);
        items.push(item);
      }
    };
    equal(await failure(loop(), 'name', 'code'), ['Unanswered', 'too_many_items']);
    equal(items, [...Array(11).keys()]);
    await until(socket, 'running', [0, 0]);
  },

  async 'pushes reach every listener until it is removed'({ open }) {
    const [ann, bob] = [open(), open()];
    await Promise.all([ann.call('nothing'), bob.call('nothing')]);
    const seen = [];
    const remove = ann.on('moved', ({ cell }) => seen.push(['first', cell]));
    ann.on('moved', ({ cell }) => seen.push(['second', cell]));
    bob.on('moved', ({ cell }) => seen.push(['bob', cell]));
    await bob.call('move', 1);
    await ann.call('nothing');
    remove();
    await ann.call('move', 2);
    await bob.call('nothing');
    seen.sort();
    equal(seen, [['bob', 1], ['bob', 2], ['first', 1], ['second', 1], ['second', 2]]);
  },

  async 'questions are answered'({ open, Refused }) {
    const socket = open();
    const no = 'the peer does not answer: ';
    equal(await socket.call('ask', 'sure?'), `${no}not_found: this client does not answer confirm`);
    const texts = [];
    socket.answer('confirm', ({ text }) => {
      texts.push(text);
      return true;
    });
    equal(await socket.call('ask', 'ünï?'), 'true');
    equal(texts, ['ünï?']);
    socket.answer('confirm', async () => {
      await socket.call('nothing');
      return false;
    });
    equal(await socket.call('ask', ''), 'false');
    socket.answer('confirm', () => {
      throw new Refused('busy', 'not now');
    });
    equal(await socket.call('ask', ''), `${no}busy: not now`);
    socket.answer('confirm', async () => {
      throw new RangeError('a mistake');
    });
    equal(await socket.call('ask', ''), `${no}internal: RangeError: a mistake`);
    socket.answer('confirm', () => 1n);
    equal((await socket.call('ask', '')).startsWith(`${no}internal: TypeError`), true);
    socket.answer('confirm', () => {});
    equal((await socket.call('ask', '')).startsWith('the answer does not fit: invalid type: null'), true);
  },

  async 'an answer does not go over a newer connection'({ open }) {
    const socket = open({ reconnectDelay: 1 });
    const errors = [];
    socket.addEventListener('error', ({ error }) => errors.push(error.message));
    let asked;
    const question = new Promise((resolve) => (asked = resolve));
    const answered = new Promise((resolve) => {
      socket.answer('confirm', async () => {
        asked();
        await next(socket, 'close');
        await next(socket, 'open');
        setTimeout(resolve);
        return true;
      });
    });
    const call = failure(socket.call('ask', ''), 'code');
    await question;
    socket.notify('cut');
    equal(await call, ['disconnected']);
    await answered;
    await socket.call('nothing');
    equal(errors, []);
  },

  async 'a quiet server is sent $ping and the connection stays'({ open }) {
    const socket = open({ pingInterval: 20, pingTimeout: 500 });
    const events = [];
    for (const type of ['error', 'close', 'message']) socket.addEventListener(type, () => events.push(type));
    socket.on('$pong', () => events.push('push'));
    await socket.call('nothing');
    await sleep(700);
    equal([socket.state, events], ['open', []]);
  },

  async 'a server that does not answer $ping is left and found again'({ open, server }) {
    const socket = open({ pingInterval: 100, pingTimeout: 300, reconnectDelay: 50, reconnectDelayMax: 50 });
    await socket.call('nothing');
    const call = failure(socket.call('sleep', 60), 'code', 'sent');
    await server.pause();
    const { code, reason } = await next(socket, 'close');
    equal([code, reason], [1006, 'the server does not answer $ping']);
    equal(await call, ['disconnected', true]);
    const waits = socket.call('add', [1, 2]);
    equal((await next(socket, 'close')).reason, 'the server does not answer the handshake');
    await server.resume();
    equal(await waits, 3);
  },

  async 'a page that comes online again connects at once'({ open, server }) {
    // Node has no such event.
    if (!globalThis.addEventListener) return;
    const socket = open({ reconnectDelay: 3_600_000, reconnectDelayMax: 3_600_000, pingTimeout: 300 });
    await socket.call('nothing');
    socket.notify('cut');
    await next(socket, 'close');
    globalThis.dispatchEvent(new Event('online'));
    equal(await socket.call('add', [1, 2]), 3);
    await server.pause();
    globalThis.dispatchEvent(new Event('online'));
    equal((await next(socket, 'close')).reason, 'the server does not answer $ping');
    await server.resume();
  },

  async 'the keys of the envelope may have other names'({ open, server }) {
    await server.stop();
    await server.start('renamed');
    const socket = open({ keys: { type: 'event', id: 'ref', data: 'payload' }, pingInterval: 20 });
    socket.answer('twice', (number) => 2 * number);
    equal(await socket.call('double', 21), 42);
    const items = [];
    for await (const item of socket.stream('count', 3)) items.push(item);
    equal(items, [0, 1, 2]);
    equal(await failure(socket.call('double', 'x'), 'code'), ['bad_data']);
    await sleep(100);
    equal(socket.state, 'open');
    socket.close();
    await server.stop();
    await server.start();
  },

  async 'a text that is no envelope is an event'({ open }) {
    const socket = open();
    const message = next(socket, 'message');
    socket.notify('plain');
    equal((await message).data, 'no envelope');
  },

  async 'calls wait for a connection'({ open, server }) {
    const socket = open({ maxWaiting: 3, reconnectDelay: 50 });
    equal(await socket.call('add', [1, 2]), 3);
    await server.stop();
    if (socket.state === 'open') await next(socket, 'close');
    const expired = failure(socket.call('add', [0, 0], { timeout: 50 }), 'code', 'sent');
    const calls = [1, 2].map((number) => socket.call('add', [number, number]));
    equal(await failure(socket.call('add', [3, 3]), 'code', 'sent'), ['too_many_waiting', false]);
    equal(await expired, ['timeout', false]);
    await server.start();
    equal(await Promise.all(calls), [2, 4]);
  },

  async 'calls without a reply fail when the connection is lost'({ open, server }) {
    const socket = open({ reconnectDelay: 50 });
    const stream = (async () => {
      for await (const _ of socket.stream('forever'));
    })();
    const calls = [socket.call('sleep', 60), stream].map((call) => failure(call, 'name', 'code', 'sent'));
    await until(socket, 'running', [1, 1]);
    // Noted at once: the next attempt may begin soon.
    const closed = next(socket, 'close').then(({ code, retryIn }) => [code, retryIn <= 50, socket.state]);
    await server.kill();
    equal(await Promise.all(calls), [1, 2].map(() => ['Unanswered', 'disconnected', true]));
    equal(await closed, [1006, true, 'waiting']);
    await server.start();
    equal(await socket.call('add', [1, 2]), 3);
  },

  async 'after a shutdown it connects to the next server'({ open, server }) {
    const socket = open({ reconnectDelay: 50 });
    await socket.call('nothing');
    const closed = next(socket, 'close');
    await server.stop();
    equal((await closed).code, 1001);
    // It may be open before the start is reported to a browser.
    const opened = next(socket, 'open');
    await server.start();
    await opened;
    equal(await socket.call('add', [1, 2]), 3);
  },

  async 'what listeners of open send goes first'({ open, server }) {
    const socket = open({ reconnectDelay: 50 });
    const order = [];
    const call = (name) => socket.call('echo', name).then((name) => order.push(name));
    socket.addEventListener('open', () => call('first'));
    await call('waited');
    equal(order, ['first', 'waited']);
  },

  async 'waits double up to a limit and are a random part of that'({ open, server }) {
    await server.stop();
    const { random } = Math;
    try {
      const socket = open({ reconnectDelay: 8, reconnectDelayMax: 50 });
      const waits = [];
      for (const part of [0.5, 0.25, 0.999, 0.5, 0]) {
        Math.random = () => part;
        waits.push((await next(socket, 'close')).retryIn);
      }
      equal(waits, [4, 4, 0.999 * 32, 25, 0]);
    } finally {
      Math.random = random;
    }
    await server.start();
  },

  async 'a close that says no is the last'({ open }) {
    for (const code of [1000, 1008, 4000, 4001, 4403, 4404, 4401, 4600, 4999]) {
      const socket = open({ reconnectDelay: 1 });
      const call = failure(socket.call('sleep', 60), 'code', 'sent');
      socket.notify('disconnect', [code, 'the reason']);
      const event = await next(socket, 'close');
      equal([event.code, event.reason, event.retryIn, socket.state], [code, 'the reason', null, 'closed']);
      equal(await call, ['closed', true]);
      equal(await failure(socket.call('nothing'), 'code', 'sent'), ['closed', false]);
    }
  },

  async 'a close that may pass is not'({ open }) {
    for (const code of [1001, 1003, 1011, 1012, 1013, 4408, 4429, 4500, 4503]) {
      const socket = open({ reconnectDelay: 1 });
      socket.notify('disconnect', [code, '']);
      equal((await next(socket, 'close')).code, code);
      equal(await socket.call('add', [1, 2]), 3);
      socket.close();
    }
    const socket = open({ reconnectDelay: 1 });
    socket.notify('cut');
    equal((await next(socket, 'close')).code, 1006);
    equal(await socket.call('add', [1, 2]), 3);
  },

  async 'an option decides otherwise'({ open }) {
    const asked = [];
    const socket = open({
      reconnectDelay: 1,
      reconnect: (code, reason) => {
        asked.push([code, reason]);
        return code === 4001;
      },
    });
    socket.notify('disconnect', [4001, 'again']);
    equal((await next(socket, 'close')).retryIn <= 1, true);
    socket.notify('disconnect', [1011, 'enough']);
    equal((await next(socket, 'close')).retryIn, null);
    equal(asked, [[4001, 'again'], [1011, 'enough']]);
  },

  async 'a token is sent as a subprotocol, and a function is asked before each attempt'({ open }) {
    const token = 'ab+/=?>~.'.repeat(9);
    equal(await open({ token }).call('token'), token);
    equal(await open().call('token'), null);
    let asked = 0;
    const socket = open({ reconnectDelay: 1, token: async () => `token-${++asked}` });
    equal(await socket.call('token'), 'token-1');
    socket.notify('cut');
    await next(socket, 'close');
    equal(await socket.call('token'), 'token-2');
    equal(await open({ token: () => null }).call('token'), null);
  },

  async 'a token that has expired is asked for once more'({ open }) {
    const tokens = ['expired', 'good', 'expired'];
    const socket = open({ reconnectDelay: 10, token: () => tokens.shift() });
    equal((await next(socket, 'close')).code, 4401);
    equal(await socket.call('token'), 'good');
    // After a connection that has lasted it may expire again.
    await sleep(150);
    socket.notify('disconnect', [4401, '']);
    for (const last of [false, true]) {
      const { code, retryIn } = await next(socket, 'close');
      equal([code, retryIn === null], [4401, last]);
    }
    const fixed = open({ token: 'expired' });
    equal((await next(fixed, 'close')).retryIn, null);
  },

  async 'without a token it tries again'({ open }) {
    let asked = 0;
    const token = () => {
      if (++asked === 1) throw new Error('no network');
      return 'late';
    };
    const socket = open({ reconnectDelay: 1, token });
    equal((await next(socket, 'error')).error.message, 'no network');
    equal(await socket.call('token'), 'late');
    const forged = open({ reconnectDelay: 1, token: 'forged' });
    const { code, retryIn } = await next(forged, 'close');
    equal([code, retryIn <= 1], [1006, true]);
  },

  async 'closes'({ open }) {
    const socket = open();
    await socket.call('nothing');
    const call = failure(socket.call('sleep', 60), 'code', 'message', 'sent');
    const closed = next(socket, 'close');
    socket.close(4100, 'bye');
    equal(await call, ['closed', 'this client has closed the connection', true]);
    const { code, reason, retryIn } = await closed;
    equal([code, reason, retryIn, socket.state], [4100, 'bye', null, 'closed']);
  },

  async 'closes while it connects'({ open }) {
    const socket = open();
    const call = failure(socket.call('nothing'), 'code', 'sent');
    const closed = next(socket, 'close');
    socket.close();
    equal(await call, ['closed', false]);
    equal((await closed).retryIn, null);
    let give;
    const token = new Promise((resolve) => (give = resolve));
    const late = open({ token: () => token });
    await sleep(20);
    late.close();
    give('too late');
    await sleep(50);
    equal(late.state, 'closed');
  },

  async 'a bad address is refused at once'({ open }) {
    equal(await failure((async () => open({}, 'http://[')).call(), 'name'), ['TypeError']);
  },

  async 'times without an end are no times of a millisecond'({ open }) {
    const socket = open({ WebSocket: Silent, pingInterval: Infinity, pingTimeout: Infinity });
    await sleep(20);
    Silent.last.onopen();
    let ended = false;
    socket.call('add', [1, 2], { timeout: Infinity }).catch(() => (ended = true));
    await sleep(50);
    equal([ended, Silent.last.sent.length, socket.state], [false, 1, 'open']);
  },

  async 'whatever an answer throws is an answer'({ open, Refused }) {
    const socket = open({ WebSocket: Silent });
    await sleep(20);
    Silent.last.onopen();
    const cycle = {};
    cycle.cycle = cycle;
    for (const thrown of [Object.create(null), new Refused('busy', 'not now', cycle), new Refused('busy', 'no', 1n)]) {
      socket.answer('confirm', () => {
        throw thrown;
      });
      Silent.last.onmessage({ data: '{"type":"confirm","ask":1}' });
      await sleep(5);
      equal(JSON.parse(Silent.last.sent.pop()).error, {
        code: 'internal',
        message: 'the error cannot be written as JSON',
      });
    }
  },

  async 'a listener of error may send something that fails too'({ open }) {
    const socket = open({ WebSocket: Silent });
    let errors = 0;
    socket.addEventListener('error', () => {
      if (++errors < 1000) socket.notify('report');
    });
    socket.notify('first');
    socket.close();
    equal(errors, 1);
    socket.notify('second');
    equal(errors, 2);
  },
};

/** A connection whose server says what the case says. */
class Silent {
  sent = [];

  constructor() {
    Silent.last = this;
  }

  send(text) {
    this.sent.push(text);
  }

  close() {}
}
