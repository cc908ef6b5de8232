// 権限の点検: the ID manager starts it, the chief decides and signs by keyboard, the ID manager closes it. And the moves.
import { check, demo, good, openPage, tabTo, test, typeIn } from './harness.mjs';
import { choose, follow, followWords, given, press, says, then, when, write } from './clerk.mjs';

const town = await demo();

if (town) {
  const { hub } = town.urls;

  /** Ends a review that an earlier run or the demo has left open, so that this story can start its own. */
  async function closeOpen(page) {
    await page.goto(`${hub}/reviews`);
    const open = page.locator('tr', { hasText: '進行中' }).getByRole('link', { name: /状況/ });
    if (!await open.count()) return;
    await open.first().click();
    for (const reason of await page.locator('[name^="reason-"]').all()) await reason.fill('次の点検を始めるため');
    await page.getByRole('button', { name: '点検を終了する' }).click();
    await page.waitForURL('**/report');
  }

  test('a review is started, confirmed role by role with the keyboard, signed and closed', async ({ page, browser }) => {
    const own = await openPage(browser);
    try {
      await given('an ID manager without a review under way', async () => {
        await typeIn(page, town, `${hub}/sign-in`, 'id_manager');
        await page.goto(`${hub}/`);
        await good(page, 'reviews-home-manager');
        await closeOpen(page);
      });
      const name = `点検 ${Date.now()}`;
      await when('the ID manager starts one', async () => {
        await page.goto(`${hub}/reviews/new`);
        await write(page, '#name', '');
        await choose(page, 'kind', 'as_needed');
        await tabTo(page, 'main button[type=submit]');
        await press(page);
        await says(page, '点検の名称を60文字以内で入力してください');
        await good(page, 'reviews-form-wrong');
        await write(page, '#name', name);
        await tabTo(page, 'main button[type=submit]');
        await press(page);
        await says(page, name, '署名の進み具合', '名簿ごとの状況');
        await good(page, 'reviews-progress');
      });
      await then('it waits on the chief\'s home page', async () => {
        await typeIn(own, town, `${hub}/sign-in`, 'chief');
        await own.goto(`${hub}/`);
        await says(own, '権限の点検が届いています');
        await good(own, 'reviews-home-chief');
        await followWords(own, '点検を開く');
        await followWords(own, /確かめる/);
        await says(own, '名簿の版', '職員と権限');
        await good(own, 'reviews-list');
      });
      await when('the chief decides about all but one, and goes on', async () => {
        const fields = await own.locator('input[type=radio][value=keep]').evaluateAll((all) => all.map((one) => one.name));
        check(fields.length > 1, 'there are roles to confirm');
        for (const field of fields.slice(1)) await choose(own, field, 'keep');
        await tabTo(own, 'button[value=sign]', 200);
        await press(own);
        await says(own, '「継続」か「削除」を選択してください');
        await good(own, 'reviews-list-open');
        await choose(own, fields[0], 'keep');
        await tabTo(own, 'button[value=sign]', 200);
        await press(own);
        await own.waitForURL('**/sign');
        await says(own, '署名する版', `${fields.length}件を確かめ`);
        await good(own, 'reviews-sign');
        await write(own, '#count', String(fields.length));
        await press(own);
      });
      await then('the list is signed, and the choices are gone', async () => {
        await says(own, '署名済み');
        check(!await own.locator('input[type=radio]').count(), 'a signed list cannot be changed');
        await good(own, 'reviews-signed');
      });
      await when('the ID manager closes the review', async () => {
        await page.reload();
        await says(page, '署名済み');
        await follow(page, 'form[action$="/close"] button');
        if (await page.locator('[name^="reason-"]').count()) {
          await says(page, '署名のないまま終了する理由を入力するか');
          await good(page, 'reviews-close-wrong');
          for (const reason of await page.locator('[name^="reason-"]').all()) {
            await write(page, `#${await reason.getAttribute('id')}`, '所属長がいないため');
          }
          await follow(page, 'form[action$="/close"] button');
        }
      });
      await then('the report tells who signed what', async () => {
        await page.waitForURL('**/report');
        await says(page, name, '課長 みどり', '署名した版', '固定した名簿・署名した内容と一致');
        await good(page, 'reviews-report');
        await page.emulateMedia({ media: 'print' });
        await page.setViewportSize({ width: 794, height: 1123 });
        const beyond = await page.evaluate(() => document.scrollingElement.scrollWidth - innerWidth);
        check(beyond <= 0, `${beyond}px are cut off on paper`);
      });
      await when('the chief looks at unused accounts and at a transfer', async () => {
        await own.goto(`${hub}/staff/unused`);
        await says(own, '入力 いちろう', '委託契約が');
        await good(own, 'unused');
        await followWords(own, /異動・退職/);
        await good(own, 'moves');
        await tabTo(own, 'form[action$="/transfer"] button');
        await press(own);
        await says(own, '異動先の所属を選択してください', '異動日を、');
        await good(own, 'moves-wrong');
      });
    } finally {
      await own.context().close();
    }
  });
} else {
  console.log('skip  reviews.test.mjs: no demo.json given');
}
