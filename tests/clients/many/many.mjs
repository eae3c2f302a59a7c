// The short programme of `run`, by the clients that npm has. One line a client: what it has done, or what failed.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect } from 'node:http2';
import faye from 'faye-websocket';
import * as undici from 'undici';
import websocket from 'websocket';
import { WebSocket } from 'ws';

const { TRANSPORT, PORT, CERTIFICATE, MOUNTED } = process.env;
const tls = TRANSPORT === 'tls';
const ca = tls ? readFileSync(CERTIFICATE) : undefined;
const base = `${tls ? 'wss' : 'ws'}://localhost:${PORT}`;
const long = Array.from({ length: 2000 }, (_, number) => `${number} sheep jump over a fence, `).join('');

/**
 * What all clients have: `send`, `hear` (a message, or a code and a reason at the end) and `close`. `fragments` and `ping`
 * are undefined where it has no such thing. `compressed` is whether messages may be compressed, and undefined if it never
 * offers that; `subprotocol` is the one agreed on. One that is refused is rejected by the status.
 */
function client(members) {
  const [waiting, heard] = [[], []];
  const deliver = (message) => (waiting.length ? waiting.shift()(message) : heard.push(message));
  const hear = () => (heard.length ? heard.shift() : new Promise((resolve) => waiting.push(resolve)));
  return { deliver, hear, ...members };
}

/** `ws`, once it is open. */
function byWs(socket) {
  const opened = client({
    subprotocol: socket.protocol,
    compressed: 'permessage-deflate' in socket._extensions,
    send: (message) => socket.send(message),
    fragments: (pieces) =>
      pieces.forEach((piece, number) => socket.send(piece, { fin: number === pieces.length - 1 })),
    async ping(payload) {
      socket.ping(payload);
      assert.deepEqual((await once(socket, 'pong'))[0], payload);
    },
    close: (code, reason) => socket.close(code, reason),
  });
  socket.on('message', (data, binary) => opened.deliver(binary ? data : data.toString()));
  socket.on('close', (code, reason) => opened.deliver([code, reason.toString()]));
  return opened;
}

const clients = {
  async ws(path, offered) {
    const socket = new WebSocket(base + path, offered, { family: 4, ca });
    await new Promise((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('unexpected-response', (_, response) => reject(response.statusCode));
    });
    return byWs(socket);
  },
  async undici(path, protocols) {
    const dispatcher = new undici.Agent({ connect: { ca } });
    const socket = new undici.WebSocket(base + path, { protocols, dispatcher });
    socket.binaryType = 'arraybuffer';
    await new Promise((resolve, reject) => {
      socket.onopen = resolve;
      // As in a browser, it does not tell the status.
      socket.onerror = () => reject('refused');
    });
    const opened = client({
      subprotocol: socket.protocol,
      compressed: socket.extensions.includes('permessage-deflate'),
      send: (message) => socket.send(message),
      // The pong is seen by nobody, but the server takes the ping.
      ping: async (payload) => undici.ping(socket, payload),
      close: (code, reason) => socket.close(code, reason),
    });
    socket.onmessage = ({ data }) => opened.deliver(typeof data === 'string' ? data : Buffer.from(data));
    socket.onclose = ({ code, reason }) => opened.deliver([code, reason]);
    return opened;
  },
  async 'faye-websocket'(path, offered) {
    const socket = new faye.Client(base + path, offered, { ca, tls: { ca } });
    const opened = client({
      send: (message) => socket.send(message),
      ping: (payload) => new Promise((resolve) => socket.ping(payload, resolve)),
      close: (code, reason) => socket.close(code, reason),
    });
    socket.on('message', ({ data }) => opened.deliver(data));
    await new Promise((resolve, reject) => {
      socket.on('open', resolve);
      socket.on('error', () => reject(socket.statusCode));
    });
    socket.on('close', ({ code, reason }) => opened.deliver([code, reason]));
    return { ...opened, subprotocol: socket.protocol };
  },
  async websocket(path, offered) {
    const one = new websocket.client({ fragmentationThreshold: 1000, tlsOptions: { ca } });
    one.connect(base + path, offered);
    const socket = await new Promise((resolve, reject) => {
      one.on('connect', resolve);
      one.on('httpResponse', ({ statusCode }) => reject(statusCode));
      one.on('connectFailed', reject);
    });
    const opened = client({
      subprotocol: socket.protocol,
      send: (message) => socket.send(message),
      // It fragments by itself what is longer than its threshold.
      fragments: (pieces) => socket.send(pieces.join('')),
      async ping(payload) {
        socket.ping(payload);
        assert.deepEqual((await once(socket, 'pong'))[0], payload);
      },
      close: (code, reason) => socket.close(code, reason),
    });
    socket.on('message', ({ utf8Data, binaryData }) => opened.deliver(utf8Data ?? binaryData));
    socket.on('close', (code, reason) => opened.deliver([code, reason]));
    return opened;
  },
};

// The router speaks HTTP/2, too. `undici` can open a WebSocket there, but demands the Sec-WebSocket-Accept that RFC 8441
// does without.
if (MOUNTED && tls) {
  /** `ws` on a stream of Node's own client of HTTP/2. */
  clients['ws over HTTP/2'] = async (path, offered = []) => {
    const session = connect(base.replace('wss', 'https'), { ca });
    await once(session, 'remoteSettings');
    assert.ok(session.remoteSettings.enableConnectProtocol);
    const headers = { ':method': 'CONNECT', ':protocol': 'websocket', ':path': path, 'sec-websocket-version': '13' };
    if (offered.length) headers['sec-websocket-protocol'] = offered.join(', ');
    const stream = session.request(headers);
    stream.once('close', () => session.close());
    const [answer] = await once(stream, 'response');
    if (answer[':status'] !== 200) {
      stream.close();
      throw answer[':status'];
    }
    stream.setNoDelay = stream.setKeepAlive = () => {};
    const socket = new WebSocket(null, undefined, { autoPong: true, closeTimeout: 10_000 });
    socket._isServer = false;
    socket._protocol = answer['sec-websocket-protocol'];
    socket.setSocket(stream, Buffer.alloc(0), { maxPayload: 1 << 20 });
    return { ...byWs(socket), compressed: undefined };
  };
}

async function programme(open, http2, done) {
  const asked = async (client, question) => {
    client.send(question);
    return client.hear();
  };
  done.push('subprotocol');
  let client = await open('/', ['other', 'parity.v1']);
  assert.equal(client.subprotocol, 'parity.v1');

  if (MOUNTED) {
    done.push('version');
    assert.equal(await asked(client, '!request-line'), http2 ? 'CONNECT HTTP/2.0' : 'GET HTTP/1.1');
  }
  done.push('text');
  for (const text of ['a', 'ünïcödé ✓ 𝄞', 'line\r\nline', '\0', 'x'.repeat(125), 'x'.repeat(126)]) {
    assert.equal(await asked(client, text), text);
  }
  done.push('binary');
  for (const data of [Buffer.from([...Array(256).keys()]), Buffer.alloc(1000, 0xff)]) {
    assert.deepEqual(await asked(client, data), data);
  }
  done.push('64 KiB');
  for (const data of ['x'.repeat(65536), Buffer.alloc(65536, 0xfe)]) assert.deepEqual(await asked(client, data), data);

  if (client.fragments) {
    done.push('fragments');
    const pieces = ['a', 'ü', '', '𝄞', 'y'.repeat(3000)];
    client.fragments(pieces);
    assert.equal(await client.hear(), pieces.join(''));
  }
  if (client.ping) {
    done.push('ping');
    await client.ping(Buffer.from('are you there'));
  }
  done.push('pong');
  assert.equal(await asked(client, '!ping and again'), 'pong and again');

  if (client.compressed !== undefined) {
    done.push('compression');
    assert.ok(client.compressed);
    for (let times = 0; times < 2; times++) assert.equal(await asked(client, long), long);
  }
  for (const [code, reason] of [[1000, ''], [3000, 'bye']]) {
    done.push(`close ${code}`);
    client.close(code, reason);
    assert.deepEqual(await client.hear(), [code, reason]);
    client = await open('/');
    while ((await asked(client, '!last-close')) !== `${code} ${reason} the peer`);
  }
  done.push('closed by the server');
  client.send('!disconnect 4242 that was ünïcödé');
  assert.deepEqual(await client.hear(), [4242, 'that was ünïcödé']);

  done.push('refusal');
  await assert.rejects(
    open('/refused'),
    (status) => status === 403 || status === 'refused',
  );
}

for (const [name, open] of Object.entries(clients)) {
  const done = [];
  const late = new Promise((_, reject) => setTimeout(() => reject(new Error('it takes too long')), 10_000).unref());
  try {
    await Promise.race([programme(open, name.endsWith('HTTP/2'), done), late]);
    console.log(`ok ${name}: ${done.join(', ')}`);
  } catch (error) {
    console.error(error);
    console.log(`not ok ${name}: ${done.at(-1)}`);
    process.exitCode = 1;
  }
}
process.exit();
