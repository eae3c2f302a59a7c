// The example `chat` in a real browser: two tabs that talk, and a page of another origin that may not.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { launch } from './chromium.mjs';

const { PORT } = process.env;
const browser = await launch();

/** A tab in which somebody with this nickname is in the room. */
async function guest(nickname) {
  const page = await browser.newPage();
  page.setDefaultTimeout(10_000);
  await page.goto(`http://127.0.0.1:${PORT}/`);
  await page.getByText('What is your nickname?').waitFor();
  await say(page, nickname);
  await page.getByText(`* ${nickname} has come in`).waitFor();
  return page;
}

async function say(page, text) {
  await page.getByRole('textbox').fill(text);
  await page.getByRole('textbox').press('Enter');
}

const tests = {
  async 'two tabs talk'() {
    const [ann, bob] = [await guest('Ann'), await guest('Bob')];
    await say(ann, 'hello, <b>Bob</b> ✓');
    await bob.getByText('Ann: hello, <b>Bob</b> ✓').waitFor();
    await say(bob, 'hello, Ann');
    await ann.getByText('Bob: hello, Ann').waitFor();
    await bob.close();
    await ann.getByText('* Bob has left').waitFor();
    await ann.close();
  },
  async 'long texts go compressed both ways'() {
    const ann = await guest('Ann');
    const long = 'a long tale of many sheep, '.repeat(100).trim();
    const { extensions, heard } = await ann.evaluate(
      (long) =>
        new Promise((resolve) => {
          const socket = new WebSocket(`ws://${location.host}/`);
          socket.onopen = () => {
            socket.send(JSON.stringify({ type: 'join', data: 'Cleo' }));
            socket.send(JSON.stringify({ type: 'say', data: long }));
          };
          socket.onmessage = ({ data }) => {
            if (data.includes(long)) {
              resolve({ extensions: socket.extensions, heard: data });
              socket.close();
            }
          };
          socket.onclose = ({ code }) => resolve({ extensions: socket.extensions, heard: `closed with ${code}` });
        }),
      long,
    );
    assert.match(extensions, /^permessage-deflate/);
    assert.match(heard, /a long tale/);
    await ann.close();
  },
  async 'a page of another origin is refused'() {
    const elsewhere = createServer((_, response) => response.end('<title>elsewhere</title>')).listen(0, '127.0.0.1');
    await once(elsewhere, 'listening');
    const page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${elsewhere.address().port}/`);
    const outcome = await page.evaluate(
      (port) =>
        new Promise((resolve) => {
          const socket = new WebSocket(`ws://127.0.0.1:${port}/`);
          socket.onopen = () => resolve('admitted');
          socket.onclose = ({ code }) => resolve(code);
        }),
      PORT,
    );
    elsewhere.close();
    elsewhere.closeAllConnections();
    assert.equal(outcome, 1006);
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
