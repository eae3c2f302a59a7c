// A page that the router around `parity` serves over HTTP/2, in a real browser: its WebSockets are streams of the same
// connection, opened by extended CONNECT (RFC 8441).
import assert from 'node:assert/strict';
import { launch } from './chromium.mjs';

const { PORT } = process.env;
const browser = await launch();
const context = await browser.newContext({ ignoreHTTPSErrors: true });

/** A tab with the page. */
async function tab() {
  const page = await context.newPage();
  page.setDefaultTimeout(10_000);
  await page.goto(`https://localhost:${PORT}/page`);
  return page;
}

/** Opens a WebSocket in a tab, asks what is to be asked, and closes it: the answers, and how it has ended. */
const conversation = (page, { path = '/', offered = [], questions = [], close }) =>
  page.evaluate(
    ({ path, offered, questions, close }) =>
      new Promise((resolve) => {
        const socket = new WebSocket(`wss://${location.host}${path}`, offered);
        const heard = [];
        const seen = () => ({ heard, subprotocol: socket.protocol, extensions: socket.extensions });
        socket.onopen = () => {
          questions.forEach((question) => socket.send(question));
          if (!questions.length) socket.close(...close);
        };
        socket.onmessage = ({ data }) => {
          heard.push(data);
          if (heard.length === questions.length && close) socket.close(...close);
        };
        socket.onclose = ({ code, reason, wasClean }) => resolve({ ...seen(), end: [code, reason, wasClean] });
      }),
    { path, offered, questions, close },
  );

const bye = [3000, 'bye'];

const tests = {
  async 'the page comes over HTTP/2'() {
    const page = await tab();
    const protocol = await page.evaluate(() => performance.getEntriesByType('navigation')[0].nextHopProtocol);
    assert.equal(protocol, 'h2');
  },
  async 'a WebSocket is a stream of the connection of the page, opened by CONNECT'() {
    const questions = ['!request-line', 'ünïcödé ✓ 𝄞', 'x'.repeat(65536)];
    const { heard, end, subprotocol } = await conversation(await tab(), {
      offered: ['other', 'parity.v1'],
      questions,
      close: bye,
    });
    assert.deepEqual(heard, ['CONNECT HTTP/2.0', ...questions.slice(1)]);
    assert.deepEqual(end, [3000, 'bye', true]);
    assert.equal(subprotocol, 'parity.v1');
  },
  async 'a hundred messages come back in order, compressed'() {
    const questions = Array.from({ length: 100 }, (_, number) => `${number} `.repeat(1000));
    const { heard, extensions } = await conversation(await tab(), { questions, close: bye });
    assert.deepEqual(heard, questions);
    assert.match(extensions, /^permessage-deflate/);
  },
  async 'two tabs share a connection'() {
    const [one, two] = [await tab(), await tab()];
    const peers = await Promise.all(
      [one, two].map((page) => conversation(page, { questions: ['!peer'], close: bye })),
    );
    assert.match(peers[0].heard[0], /^127\.0\.0\.1:\d+$/);
    assert.deepEqual(peers[0].heard, peers[1].heard);
  },
  async 'the code of a close is seen on both sides'() {
    const page = await tab();
    await conversation(page, { close: [4001, 'the end of it'] });
    const { heard } = await conversation(page, { questions: ['!last-close'], close: bye });
    assert.deepEqual(heard, ['4001 the end of it the peer']);
    const { end } = await conversation(page, { questions: ['!disconnect 4242 that was ünïcödé'] });
    assert.deepEqual(end, [4242, 'that was ünïcödé', true]);
  },
  async 'a connection that is cut ends with 1006, and the next one opens'() {
    const page = await tab();
    const { end } = await conversation(page, { questions: ['!cut'] });
    assert.deepEqual(end, [1006, '', false]);
    const { heard } = await conversation(page, { questions: ['still here'], close: bye });
    assert.deepEqual(heard, ['still here']);
  },
  async 'a refusal is a failure'() {
    const page = await tab();
    const answered = page.waitForEvent('console', (message) => message.text().includes('WebSocket'));
    const { heard, end } = await conversation(page, { path: '/refused' });
    assert.deepEqual([heard, end], [[], [1006, '', false]]);
    assert.match((await answered).text(), /403/);
  },
  async 'a page of another origin is refused'() {
    const page = await context.newPage();
    await page.goto(`https://127.0.0.1:${PORT}/page`);
    const end = await page.evaluate(
      (port) =>
        new Promise((resolve) => {
          const socket = new WebSocket(`wss://localhost:${port}/`);
          socket.onopen = () => resolve('admitted');
          socket.onclose = ({ code }) => resolve(code);
        }),
      PORT,
    );
    assert.equal(end, 1006);
  },
  async 'a shutdown closes with 1001'() {
    const page = await tab();
    const { heard, end } = await conversation(page, { questions: ['!shutdown'] });
    assert.deepEqual(heard, ['last words']);
    assert.equal(end[0], 1001);
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
await browser.close();
