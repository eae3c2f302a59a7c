// The page of a template in a real browser: what is sent is shown, in two tabs where there are two people.
import { launch } from './chromium.mjs';

const { KIND, PORT } = process.env;
const browser = await launch();

async function open() {
  const page = await browser.newPage();
  page.setDefaultTimeout(10_000);
  page.on('pageerror', (error) => {
    throw error;
  });
  await page.goto(`http://127.0.0.1:${PORT}/`);
  return page;
}

async function send(page, text) {
  await page.getByRole('textbox').fill(text);
  await page.getByRole('button').click();
}

async function shows(page, ...lines) {
  for (const line of lines) await page.getByRole('log').filter({ hasText: line }).waitFor();
}

const ann = await open();
if (KIND === 'minimal') {
  await send(ann, 'hello, <b>Ann</b>');
  await shows(ann, '← hello, <b>Ann</b>');
} else {
  await send(ann, 'Ann');
  await shows(ann, KIND === 'chat' ? 'Ann joined.' : 'Here: Ann');
  const bob = await open();
  await send(bob, 'Bob');
  await shows(bob, KIND === 'chat' ? 'Here: 1' : 'Here: Ann, Bob');
  await send(bob, 'hello, <b>Ann</b>');
  await shows(ann, 'Bob: hello, <b>Ann</b>');
  await send(ann, 'hello, Bob');
  await shows(bob, 'Ann: hello, Bob');
}
await browser.close();
