// A file handed over and its rows decided, in a running demo. Needs demo.json; without it this file adds no test.
import { readFile } from 'node:fs/promises';
import { check, demo, equal, good, root, signIn, test } from './harness.mjs';

/** Opens the page of imports as the clerk. */
async function imports(page) {
  const base = await signIn(page, 'clerk');
  await page.goto(`${base}/imports`);
  return base;
}

/** Waits until the job of the feed on the page has ended; the page renews itself. */
async function ended(page) {
  await page.getByRole('status').or(page.locator('main')).first().waitFor();
  await page.waitForFunction(() => !document.querySelector('progress'), undefined, { timeout: 60_000 });
}

if (await demo()) {
  test('the list of imports is good, by axe and by eye', async ({ page }) => {
    await imports(page);
    await good(page, 'imports');
    check(await page.getByText('宛名管理情報（全件）').count(), 'the demo came in by the ordinary door');
  });

  test('a bad file is tried, and every fault is shown', async ({ page }) => {
    await imports(page);
    const example = await readFile(`${root}/docs/formats/example-residents.csv`, 'utf8');
    // The demo's own file is of today: an older one would be refused for that alone.
    const today = new Date().toLocaleDateString('sv-SE', { timeZone: 'Asia/Tokyo' });
    const text = example.replace('全件,2026-11-21', `全件,${today}`);
    await page.locator('#kind').check();
    await page.locator('#mode').check();
    await page.setInputFiles('#file', { name: '週次.csv', mimeType: 'text/csv', buffer: Buffer.from(text.replaceAll('1990-07-15', '1990-02-30')) });
    await page.locator('main form button[type=submit]').last().focus();
    await Promise.all([page.waitForURL(/\/imports\/[0-9a-f-]{36}$/), page.keyboard.press('Enter')]);
    await ended(page);
    await good(page, 'imports-refused');
    check(await page.getByText('取り込みませんでした').count(), 'it says that nothing was taken in');
    check(await page.getByText('2月に30日はありません').count(), 'it says what is wrong with the row');
  });

  test('a form without a file says so beside the field', async ({ page }) => {
    await imports(page);
    await page.locator('main form button[type=submit]').last().focus();
    await Promise.all([page.waitForLoadState('load'), page.keyboard.press('Enter')]);
    await page.locator('#errors').waitFor();
    await good(page, 'imports-form-errors');
    equal(await page.locator('#file').getAttribute('aria-invalid'), 'true');
  });

  test('a row that waits stands beside the people it may mean', async ({ page }) => {
    const base = await imports(page);
    await page.goto(`${base}/imports/review`);
    await good(page, 'imports-review');
    await page.locator('main table a').first().focus();
    await Promise.all([page.waitForURL(/\/imports\/review\/.+/), page.keyboard.press('Enter')]);
    await good(page, 'imports-review-item');
    await page.locator('button.s-button--stop').focus();
    await Promise.all([page.waitForLoadState('load'), page.keyboard.press('Enter')]);
    await page.locator('#errors').waitFor();
    await good(page, 'imports-review-errors');
  });

  test('the arrivals board is good', async ({ page }) => {
    const base = await imports(page);
    await page.goto(`${base}/imports/arrivals`);
    await good(page, 'imports-arrivals');
  });
} else {
  console.log('skip  imports.test.mjs: no demo.json given');
}
