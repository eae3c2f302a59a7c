// The example `rpc` in a real browser: calls, a stream that is left, and a question.
import assert from 'node:assert/strict';
import { launch } from './chromium.mjs';

const { PORT } = process.env;
const browser = await launch();

/** A tab, whose user answers questions as the last argument says. */
async function tab(confirms = true) {
  const page = await browser.newPage();
  page.setDefaultTimeout(10_000);
  page.asked = [];
  page.on('dialog', (dialog) => {
    page.asked.push(dialog.message());
    return confirms ? dialog.accept() : dialog.dismiss();
  });
  await page.goto(`http://127.0.0.1:${PORT}/`);
  await page.getByText('Connected.').waitFor();
  return page;
}

async function add(page, text) {
  await page.getByLabel('A note').fill(text);
  await page.getByRole('button', { name: 'Add' }).click();
}

async function search(page, word) {
  await page.getByLabel('A word').fill(word);
  await page.getByRole('button', { name: 'Search' }).click();
}

const clear = (page) => page.getByRole('button', { name: 'Delete all' }).click();

const tests = {
  async 'a call has a reply and the others are told'() {
    const [ann, bob] = [await tab(), await tab()];
    await ann.getByText('0 notes').waitFor();
    await add(ann, 'buy <b>milk</b>');
    await ann.getByText('This is note 1.').waitFor();
    await bob.getByText('1 notes').waitFor();
    await add(bob, 'buy tea');
    await bob.getByText('This is note 2.').waitFor();
    await ann.getByText('2 notes').waitFor();
    await ann.close();
    await bob.close();
  },
  async 'a call that is refused says why'() {
    const ann = await tab();
    await add(ann, 'x'.repeat(101));
    await ann.getByText('Not done: a note has 1 to 100 characters.').waitFor();
    await ann.close();
  },
  async 'results come one by one, and a new search ends the last'() {
    const ann = await tab();
    await search(ann, 'buy');
    await ann.getByText('Found 2.').waitFor();
    const found = ann.getByRole('listitem');
    assert.deepEqual(await found.allTextContents(), ['buy <b>milk</b>', 'buy tea']);
    await search(ann, 'buy');
    await search(ann, 'tea');
    await ann.getByText('Found 1.').waitFor();
    assert.deepEqual(await found.allTextContents(), ['buy tea']);
    await ann.close();
  },
  async 'the server asks before it deletes'() {
    const [ann, bob] = [await tab(false), await tab(true)];
    await clear(ann);
    await ann.getByText('Not done: nothing was deleted.').waitFor();
    assert.deepEqual(ann.asked, ['Delete all 2 notes?']);
    await ann.getByText('2 notes').waitFor();
    await clear(bob);
    await bob.getByText('Deleted 2.').waitFor();
    await ann.getByText('0 notes').waitFor();
    await ann.close();
    await bob.close();
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
