// A record keyed by keyboard alone, corrected and withdrawn, in a running demo. Needs demo.json; without it this file
// adds no test.
import { check, demo, equal, good, signIn, test } from './harness.mjs';

/** Presses Enter and waits for the next page. */
async function enter(page) {
  await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
}

/** The id of somebody of the demo: the first row of a search for a town. */
async function somebody(page) {
  const base = await signIn(page, 'clerk');
  await page.goto(`${base}/residents`);
  await page.locator('#address').fill('王子');
  await page.locator('#address').focus();
  await enter(page);
  const href = await page.locator('main tbody a').first().getAttribute('href');
  return { base, id: href.split('/').at(-1) };
}

if (await demo()) {
  test('the desk waits for a scanner, and a number that is none is answered at once', async ({ page }) => {
    const base = await signIn(page, 'clerk');
    await page.goto(`${base}/records`);
    equal(await page.evaluate(() => document.activeElement.id), 'number', 'focus');
    await good(page, 'records-desk');
    await page.locator('#number').focus();
    await page.keyboard.type('123456789012');
    await enter(page);
    await page.locator('#errors').waitFor();
    await good(page, 'records-desk-error');
    equal(await page.locator('#number').inputValue(), '123456789012', 'what was typed');
  });

  test('a dose is keyed, confirmed, corrected and withdrawn by keyboard', async ({ page }) => {
    const { base, id } = await somebody(page);
    await page.goto(`${base}/records/new?resident=${id}`);
    equal(await page.evaluate(() => document.activeElement.id), 'on', 'focus');
    await good(page, 'records-form');
    await page.locator('#on').focus();
    await enter(page);
    await page.locator('#errors').waitFor();
    await good(page, 'records-form-errors');

    // おたふくかぜ stands in no programme: nobody of the ward is too old for it.
    const day = new Date(Date.now() - 86_400_000 * (1 + Math.floor(Math.random() * 300))).toISOString().slice(0, 10);
    await page.locator('#on').focus();
    await page.keyboard.type(day);
    await page.keyboard.press('Tab');
    await page.keyboard.type('MUMPS');
    equal(await page.locator('#vaccine').inputValue(), 'MUMPS', 'the choice by typing');
    await page.locator('#lot').focus();
    await page.keyboard.type('ab123');
    await page.locator('#clinic').focus();
    await page.keyboard.type(await page.locator('#clinic-list option').first().getAttribute('value'));
    await page.keyboard.press('Tab');
    await page.waitForFunction(() => document.getElementById('clinic-echo').textContent.length > 2);
    await page.locator('#basis-2').check();
    await page.locator('#on').focus();
    await enter(page);
    await good(page, 'records-confirm');
    check(await page.getByText('AB123').count(), 'the lot in capitals');
    await page.getByRole('button', { name: '登録する' }).focus();
    await enter(page);
    await good(page, 'records-record');
    const record = page.url().split('?')[0];

    await page.goto(`${record}/correct`);
    await page.locator('#lot').fill('ZZ999');
    await page.locator('#change_reason').fill('ロット番号の読み違い');
    await page.locator('#change_reason').focus();
    await enter(page);
    await good(page, 'records-correct-confirm');
    await page.getByRole('button', { name: '訂正する' }).focus();
    await enter(page);
    await good(page, 'records-corrected');
    check(await page.getByText('AB123→ZZ999').count(), 'what was changed');

    await page.goto(`${record}/withdraw`);
    await good(page, 'records-withdraw');
    await page.locator('#reason').focus();
    await page.keyboard.type('見本の登録だった');
    await enter(page);
    check(await page.getByText('接種記録を取り消しました').count(), 'the record is withdrawn');
    await page.goto(`${base}/records`);
    await good(page, 'records-desk-list');
  });
}
