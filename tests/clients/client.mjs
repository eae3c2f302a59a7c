// What the example `parity` offers, asked for by Node's `ws`.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { WebSocket } from 'ws';

const { TRANSPORT, PORT, SOCKET, CERTIFICATE, COMPRESSION } = process.env;
const tricky = ['', 'a', '\0', 'ünïcödé ✓ 𝄞', 'line\r\nline', '"\'<>&;--', '!', 'x'.repeat(126), 'x'.repeat(65535)];

/** An admitted client: `say` sends, `hear` gives the next message, `end` the close code and reason. */
async function client(path = '/', subprotocols = [], perMessageDeflate = Boolean(COMPRESSION)) {
  const address = {
    tcp: () => `ws://localhost:${PORT}${path}`,
    tls: () => `wss://localhost:${PORT}${path}`,
    unix: () => `ws+unix://${SOCKET}:${path}`,
  }[TRANSPORT]();
  const options = { family: 4, perMessageDeflate };
  if (TRANSPORT === 'tls') options.ca = readFileSync(CERTIFICATE);
  const socket = new WebSocket(address, subprotocols, options);
  const waiting = [];
  const heard = [];
  const deliver = (message) => (waiting.length ? waiting.shift()(message) : heard.push(message));
  socket.on('message', (data, binary) => deliver(binary ? data : data.toString()));
  const end = new Promise((resolve) => {
    socket.on('close', (code, reason) => resolve([code, reason.toString()]));
  });
  await once(socket, 'open');
  return {
    socket,
    end,
    say: (message) => socket.send(message),
    hear: () => (heard.length ? heard.shift() : new Promise((resolve) => waiting.push(resolve))),
    close: () => socket.terminate(),
  };
}

/** Such a client, once the server knows that it is open: a router tells the client a moment earlier. */
async function known(...how) {
  const opened = await client(...how);
  opened.say('known');
  assert.equal(await opened.hear(), 'known');
  return opened;
}

const tests = {
  async 'echoes tricky strings'() {
    const { say, hear, close } = await client();
    for (const text of tricky) {
      say(text);
      assert.equal(await hear(), text);
    }
    close();
  },
  async 'echoes binary'() {
    const { say, hear, close } = await client();
    for (const data of [...tricky.map((text) => Buffer.from(text)), Buffer.from([...Array(256).keys()])]) {
      say(data);
      assert.deepEqual(await hear(), data);
    }
    close();
  },
  async 'answers pings in order'() {
    const { socket, close } = await client();
    for (const payload of ['one', '']) {
      socket.ping(payload);
      assert.equal((await once(socket, 'pong'))[0].toString(), payload);
    }
    close();
  },
  async 'hears a pong'() {
    const { socket, say, hear, close } = await client();
    socket.pong('beat');
    assert.equal(await hear(), 'pong beat');
    say('!ping and again');
    assert.equal(await hear(), 'pong and again');
    close();
  },
  async 'chooses a subprotocol'() {
    const { socket, close } = await client('/', ['other', 'parity.v1']);
    assert.equal(socket.protocol, 'parity.v1');
    close();
  },
  async 'refuses by status'() {
    await assert.rejects(client('/refused'), /403/);
  },
  async 'broadcasts'() {
    const [one, two] = [await known(), await known()];
    one.say('!broadcast to all');
    assert.deepEqual([await one.hear(), await two.hear()], ['to all', 'to all']);
    one.close();
    two.close();
  },
  async 'watches a pipe'() {
    const { say, hear, close } = await client();
    say('!pipe through');
    assert.deepEqual([await hear(), await hear()], ['through', 'watched 0 and 0']);
    close();
  },
  async 'refuses what is too large'() {
    const { say, end } = await client();
    say('x'.repeat(65537));
    assert.equal((await end)[0], 1009);
  },
  async 'closes with a code and a reason'() {
    const { say, end } = await client();
    say('!disconnect 4242 the reason');
    assert.deepEqual(await end, [4242, 'the reason']);
  },
  async 'answers a close'() {
    const { socket, end } = await client();
    socket.close(4001, 'bye');
    assert.deepEqual(await end, [4001, 'bye']);
  },
  async 'cuts a connection'() {
    const { say, end } = await client();
    say('!cut');
    assert.equal((await end)[0], 1006);
  },
  async 'shuts down'() {
    const { say, hear, end } = await client();
    say('!shutdown');
    assert.equal(await hear(), 'last words');
    assert.equal((await end)[0], 1001);
  },
};

const long = Array.from({ length: 2000 }, (_, number) => `${number} sheep jump over a fence, `).join('');

/** Asks, and tells how many bytes the answer takes on the wire. It must be the question. */
async function size({ socket, say, hear }, question) {
  const before = socket._socket.bytesRead;
  say(question);
  assert.equal(await hear(), question);
  return socket._socket.bytesRead - before;
}

const compressed = {
  async 'agrees on compression'() {
    const { socket, close } = await client();
    assert.ok('permessage-deflate' in socket._extensions, socket.extensions);
    const { server_no_context_takeover: alone } = socket._extensions['permessage-deflate'].params;
    assert.equal(Boolean(alone), COMPRESSION === 'on');
    close();
  },
  async 'sends long texts compressed both ways'() {
    const one = await client();
    for (let times = 0; times < 3; times++) assert.ok((await size(one, long)) < long.length / 4);
    one.close();
  },
  async 'leaves short texts as they are'() {
    const one = await client();
    for (const text of ['short', 'x'.repeat(1023)]) {
      assert.equal(await size(one, text), text.length + (text.length < 126 ? 2 : 4));
    }
    one.close();
  },
  async 'refers back where contexts are taken over'() {
    const one = await client();
    // It repeats itself nowhere, so only the second time is there anything to refer back to.
    const hex = (number) => (Math.imul(number, 2654435761) >>> 0).toString(16).padStart(8, '0');
    const text = Array.from({ length: 375 }, (_, number) => hex(number)).join('');
    const [once, twice] = [await size(one, text), await size(one, text)];
    assert.equal(twice * 4 < once, COMPRESSION === 'context_takeover');
    one.close();
  },
  async 'hears broadcasts compressed'() {
    const [one, two] = [await known(), await known('/', [], false)];
    for (const text of [long, 'short', long]) {
      two.say(`!broadcast ${text}`);
      assert.deepEqual([await one.hear(), await two.hear()], [text, text]);
      await size(one, text);
    }
    assert.ok(one.socket._socket.bytesRead < long.length * 2);
    assert.ok(two.socket._socket.bytesRead > long.length * 2);
    one.close();
    two.close();
  },
  'shuts down': tests['shuts down'],
};

for (const [name, test] of Object.entries(COMPRESSION ? compressed : tests)) {
  try {
    await test();
    console.log(`ok ${name}`);
  } catch (error) {
    console.error(error);
    console.log(`not ok ${name}`);
    process.exitCode = 1;
  }
}
