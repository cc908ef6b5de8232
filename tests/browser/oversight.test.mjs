// The auditor: a look at one's own household is found and decided on; months and notices have their pages.
import { check, demo, good, signIn, test } from './harness.mjs';
import { choose, given, health, press, says, settled, then, town, when, write } from './clerk.mjs';

/** Tabs to the button with these words and presses it. */
async function push(page, words) {
  const button = page.locator('main').getByRole('button', { name: words, exact: true }).first();
  await button.focus();
  await press(page);
}

if (await demo()) {
  test('an auditor finds a look at a colleague’s own household, decides on it, and sees months and notices', async ({ page }) => {
    const people = await town();
    const here = people.filter((one) => !one['住民でなくなった日'] && one['DV区分'] !== '1');
    const one = here.find((each) => here.filter((other) => other['世帯番号'] === each['世帯番号']).length > 1);
    const other = here.find((each) => each !== one && each['世帯番号'] === one['世帯番号']);
    check(one && other, 'the ward has a household of two');
    await given('a clerk whose own number an auditor has noted', async () => {
      // Whoever has never been here is not in the directory.
      await signIn(page, 'clerk');
      await page.context().clearCookies();
      await signIn(page, 'auditor');
      await page.goto(`${await health()}/audit/staff-residents`);
      await page.selectOption('#staff', { label: '窓口 はなこ' });
      await page.fill('#number', 'ABC');
      await push(page, '登録する');
      await good(page, 'audit-staff-residents-errors');
      await page.selectOption('#staff', { label: '窓口 はなこ' });
      await write(page, '#number', one['宛名番号']);
      await push(page, '登録する');
      await says(page, one['宛名番号']);
      await good(page, 'audit-staff-residents');
    });
    await when('the clerk looks at somebody of that household', async () => {
      await page.context().clearCookies();
      await signIn(page, 'clerk');
      await page.goto(`${await health()}/residents`);
      await write(page, '#number', other['宛名番号']);
      await press(page);
      await says(page, other['漢字氏名']);
    });
    await then('the auditor finds it, without the name, and decides', async () => {
      await page.context().clearCookies();
      await signIn(page, 'auditor');
      await page.goto(`${await health()}/audit/findings`);
      await push(page, '今すぐ点検する');
      await settled(page);
      await says(page, '職員と同じ住所の方', '窓口 はなこ');
      const text = await page.locator('body').innerText();
      check(!text.includes(other['漢字氏名']), 'no name of a resident stands on the page');
      await good(page, 'audit-findings');
      await page.locator('main').getByRole('link', { name: /^開く/ }).first().focus();
      await press(page);
      await good(page, 'audit-finding');
      await push(page, '判断を登録する');
      await says(page, '判断を選択してください', '判断の理由を選択してください');
      await good(page, 'audit-finding-errors');
      await choose(page, 'decision', 'asking');
      await choose(page, 'ground', 'asked_chief');
      await push(page, '判断を登録する');
      await says(page, '所属長を通じて尋ねている');
      await good(page, 'audit-finding-decided');
      await page.goto(`${await health()}/`);
      await good(page, 'audit-home');
    });
    await then('the present month has its figures, and the notices their rules', async () => {
      const month = new Date().toLocaleDateString('sv-SE', { timeZone: 'Asia/Tokyo' }).slice(0, 7);
      await page.goto(`${await health()}/audit/months`);
      await good(page, 'audit-months');
      await page.goto(`${await health()}/audit/months/${month}`);
      await says(page, 'この月が終わると署名できます', '操作ごとの件数');
      await good(page, 'audit-month');
      await page.goto(`${await health()}/audit/intrusions`);
      await says(page, '通知の決め方');
      await good(page, 'audit-intrusions');
    });
  });
}
