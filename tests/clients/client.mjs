// What the example `parity` offers, asked for by Node's `ws`.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { WebSocket } from 'ws';

const { TRANSPORT, PORT, SOCKET, CERTIFICATE } = process.env;
const tricky = ['', 'a', '\0', 'ünïcödé ✓ 𝄞', 'line\r\nline', '"\'<>&;--', '!', 'x'.repeat(126), 'x'.repeat(65535)];

/** An admitted client: `say` sends, `hear` gives the next message, `end` the close code and reason. */
async function client(path = '/', subprotocols = []) {
  const address = {
    tcp: () => `ws://localhost:${PORT}${path}`,
    tls: () => `wss://localhost:${PORT}${path}`,
    unix: () => `ws+unix://${SOCKET}:${path}`,
  }[TRANSPORT]();
  const options = { family: 4, perMessageDeflate: false };
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
    const [one, two] = [await client(), await client()];
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

for (const [name, test] of Object.entries(tests)) {
  try {
    await test();
    console.log(`ok ${name}`);
  } catch (error) {
    console.error(error);
    console.log(`not ok ${name}`);
    process.exitCode = 1;
  }
}
