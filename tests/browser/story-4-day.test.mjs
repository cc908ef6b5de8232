// Step 7 of a clerk's day: what waits, what runs, how far the ward is. And how the pages stand on other windows and paper.
import { check, demo, good, signIn, test } from './harness.mjs';
import { follow, health, press, says, settled, then, town, when, write } from './clerk.mjs';

if (await demo()) {
  test('story 7: the home page shows what waits, the work done, and the coverage', async ({ page }) => {
    await when('the clerk comes back to the home page', () => signIn(page, 'clerk'));
    await then('counts, jobs and the chart stand there', async () => {
      await page.waitForFunction(() => document.querySelector('[data-drawn]'));
      check(await page.locator('.s-card__number').count(), 'something waits');
      await says(page, '取込みの確認待ち', '最近の処理', '接種率', '接種完了率');
      await good(page, 'story-7-clerk');
    });
    await when('counting anew', async () => {
      await follow(page, 'form[action="/coverage"] button');
      await settled(page);
    });
    await then('the work has ended well', () => says(page, '接種率の集計', '完了'));
  });

  test('story 7: the approver sees how many lists wait for a release', async ({ page }) => {
    await when('the approver signs in', () => signIn(page, 'approver'));
    await then('the waiting lists are counted', async () => {
      await says(page, '発送の承認');
      await good(page, 'story-7-approver');
    });
  });

  test('the page of a person shows the name and the timeline on a small screen, and prints whole', async ({ page }) => {
    const child = (await town()).find((one) => one['生年月日'] > '2023-01-01' && !one['住民でなくなった日'] && one['DV区分'] !== '1');
    await signIn(page, 'clerk');
    await page.goto(`${await health()}/residents`);
    await write(page, '#number', child['宛名番号']);
    await press(page);
    await page.setViewportSize({ width: 1366, height: 768 });
    await page.screenshot({ path: new URL('../../target/screenshots/story-fold.png', import.meta.url).pathname });
    await then('name and timeline begin above the fold', async () => {
      for (const part of ['.s-person__name', 'svg.s-tl']) {
        const box = await page.locator(part).first().boundingBox();
        check(box.y < 768 - 100, `${part} begins at ${box.y}`);
      }
    });
    await page.emulateMedia({ media: 'print' });
    await page.setViewportSize({ width: 794, height: 1123 });
    await then('nothing is cut off on paper', async () => {
      const beyond = await page.evaluate(() => document.scrollingElement.scrollWidth - innerWidth);
      check(beyond <= 0, `${beyond}px are cut off`);
    });
    await page.screenshot({ path: new URL('../../target/screenshots/story-print.png', import.meta.url).pathname, fullPage: true });
  });
} else {
  console.log('skip  story-4-day.test.mjs: no demo.json given');
}
