// A list from the order to the printed file, by keyboard: two people, every page good. Needs demo.json.
import { check, demo, fill, go, good, openPage, signIn, tabTo, test } from './harness.mjs';

/** Reloads until the page says it, as somebody without script would. */
async function until(page, words) {
  for (let look = 0; look < 120; look += 1) {
    if ((await page.locator('main').innerText()).includes(words)) return;
    await page.waitForTimeout(500);
    await page.reload();
  }
  throw new Error(`${page.url()} does not come to say ${words}`);
}

if (await demo()) {
  test('a list is ordered, released by a second person and printed, by keyboard', async ({ page, browser }) => {
    const url = await signIn(page, 'clerk');
    await page.goto(`${url}/campaigns`);
    await good(page, 'campaigns');
    await go(page, 'a[href="/campaigns/new"]');
    await good(page, 'campaign-new');
    await fill(page, '#base_date', '令和8年2月30日');
    await go(page, 'main button[type=submit]');
    await good(page, 'campaign-new-errors');
    await tabTo(page, '#programme');
    await page.selectOption('#programme', 'MR1');
    await fill(page, '#base_date', new Date().toLocaleDateString('sv-SE', { timeZone: 'Asia/Tokyo' }));
    await go(page, 'main button[type=submit]');
    await good(page, 'campaign-confirm');
    await go(page, 'main button[type=submit]');
    await until(page, '承認待ち');
    await good(page, 'campaign-frozen');
    const room = page.url();
    for (const part of ['included', 'excluded', 'edges']) {
      await page.goto(`${room}/people?part=${part}`);
      await good(page, `campaign-people-${part}`);
    }

    const second = await openPage(browser);
    await signIn(second, 'approver');
    await second.goto(`${room}/release`);
    await good(second, 'campaign-release');
    const count = (await second.locator('.s-card__number').first().innerText()).replace(/\D/g, '');
    await fill(second, '#count', '0');
    await go(second, 'main form button[type=submit]');
    await good(second, 'campaign-release-wrong');
    await fill(second, '#count', count);
    if (await second.locator('#difference_seen').count()) await second.locator('#difference_seen').check();
    await go(second, 'main form button[type=submit]');
    await until(second, '承認済み');
    await second.goto(`${room}/cancel`);
    await good(second, 'campaign-cancel');
    await second.context().close();

    await page.goto(room);
    await go(page, 'form[action$="/print"] button');
    await until(page, '印刷済み');
    await good(page, 'campaign-printed');
    await page.goto(`${room}/files`);
    await good(page, 'campaign-files');
    const file = await page.request.get(await page.locator('th a[href*="/files/"]').first().evaluate((link) => link.href));
    check((await file.body()).subarray(0, 5).toString() === '%PDF-', 'the first file is no PDF');
  });
} else {
  console.log('skip  campaigns.test.mjs: no demo.json given');
}
