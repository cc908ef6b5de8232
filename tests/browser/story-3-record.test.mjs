// Steps 5 and 6 of a clerk's day: returned sheets become records, and who is still missing is reminded. By keyboard.
import { check, demo, equal, good, openPage, signIn, test, typeIn } from './harness.mjs';
import { choose, clinic, day, follow, followWords, given, health, press, says, settled, then, today, town, wareki, when, words, write, years } from './clerk.mjs';

/** Holds a sheet under the scanner, which types its number and Enter. */
async function scan(page, number) {
  await page.goto(`${await health()}/records`);
  await page.waitForFunction(() => document.activeElement?.id === 'number');
  await page.keyboard.type(number);
  await press(page);
}

/** Types what stands on the paper, in its order, and asks for the confirmation. */
async function enter(page, fields) {
  for (const [name, value] of Object.entries(fields)) {
    if (name === 'vaccine') await choose(page, name, value);
    else await write(page, `#${name}`, value);
  }
  await press(page);
}

const tomorrow = () => new Date(Date.parse(`${today()}T12:00:00Z`) + 86_400_000).toISOString().slice(0, 10);

if (await demo()) {
  test('story 5: a returned sheet becomes a record; what is wrong is said at once and typing is kept', async ({ page }) => {
    await given('printed sheets', () => check(day.sheets?.length > 2, 'story 4 did not come so far'));
    const people = new Map((await town()).map((one) => [one['宛名番号'], one]));
    const person = people.get(day.sheets[0]['宛名番号']);
    const { code, name } = await clinic();
    await signIn(page, 'clerk');
    await when('scanning a number with a wrong digit', () => scan(page, '000000000019'));
    await then('the desk says what to do', async () => {
      await says(page, '検査数字が合いません');
      await good(page, 'story-5-scan-wrong');
    });
    await when('scanning the sheet', () => scan(page, day.sheets[0]['用紙番号']));
    await then('the person of the paper stands there', async () => {
      await says(page, person['漢字氏名'], '麻しん風しん第2期');
      await good(page, 'story-5-form');
    });
    await when('typing nonsense everywhere', () => enter(page, { on: 'R8.2.30', lot: 'あいう', volume: 'たくさん', clinic: '1234' }));
    await then('all errors stand there at once, with what was typed', async () => {
      await says(page, '2月に30日はありません', 'ロット番号は', '接種量は', '医療機関コードは');
      equal(await page.evaluate(() => document.activeElement.id), 'errors', 'focus');
      for (const [field, typed] of [['on', 'R8.2.30'], ['lot', 'あいう'], ['volume', 'たくさん'], ['clinic', '1234']]) {
        equal(await page.inputValue(`#${field}`), typed, field);
      }
      await good(page, 'story-5-errors');
    });
    await when('typing a day that is still to come, and one before the birth', async () => {
      await enter(page, { on: wareki(tomorrow()), vaccine: 'MR', lot: 'Y123', volume: '', clinic: code });
      await says(page, '今日以前の日付を入力してください');
      await enter(page, { on: wareki(years(person['生年月日'], -1)) });
    });
    await then('both are refused', () => says(page, '生年月日以後の日付を入力してください'));
    await when('typing what the paper says', () => enter(page, { on: wareki(today()), doctor: '王子　一郎' }));
    await then('the confirmation says that it counts', async () => {
      await says(page, '定期接種として有効です', name, 'Y123', '標準の量');
      await good(page, 'story-5-confirm');
    });
    await when('pressing Enter twice on the button', async () => {
      await page.keyboard.press('Enter');
      await page.keyboard.press('Enter').catch(() => {});
      await page.waitForURL(/\/records\?done=/);
    });
    await then('it is registered once', async () => {
      await says(page, 'を登録しました');
      equal(await page.locator('main table tbody tr', { hasText: 'Y123' }).count(), 1, 'records of this lot');
      await good(page, 'story-5-desk');
    });
    // The confirmation is kept nowhere: the browser asks before it sends again what was typed.
    // Its own page about that may come after goBack has already failed.
    const asked = () => page.waitForURL(/^chrome-error:/, { timeout: 5000 }).catch(() => {});
    await when('going back to the sent form', () => page.goBack().catch(asked));
    await then('it cannot be sent a second time', async () => {
      await scan(page, day.sheets[0]['用紙番号']);
      await says(page, '登録済み');
    });
  });

  test('story 5: an irregular dose needs an explanation, and a correction makes a new version', async ({ page }) => {
    await given('printed sheets', () => check(day.sheets?.length > 2, 'story 4 did not come so far'));
    await signIn(page, 'clerk');
    await when('scanning the next sheet', () => scan(page, day.sheets[1]['用紙番号']));
    await then('clinic and day of the bundle are filled in', async () => {
      equal(await page.inputValue('#clinic'), (await clinic()).code, 'clinic');
      equal(await page.inputValue('#lot'), 'Y123', 'lot');
    });
    const early = `${Number(today().slice(0, 4)) - (today().slice(5) < '04-01' ? 1 : 0)}-03-20`;
    await when('typing a day before the first day of the law', () => enter(page, { on: wareki(early) }));
    await then('each broken rule stands there with its source', async () => {
      await says(page, '確認が必要な点', '特別の事情・備考');
      await good(page, 'story-5-irregular');
    });
    await when('registering it without a word', () => follow(page, 'form.s-form button[type=submit]:not([formaction])'));
    await then('it is not taken', async () => {
      await says(page, '特別の事情を');
      await good(page, 'story-5-unexplained');
    });
    await when('explaining it', async () => {
      await write(page, '#explanation', '医療機関に電話で確認した。海外渡航のため早く接種した。');
      await follow(page, 'form.s-form button[type=submit]:not([formaction])');
    });
    await then('it is registered', () => says(page, 'を登録しました'));
    await when('opening the record and correcting its lot', async () => {
      await followWords(page, '開く');
      await good(page, 'story-5-record');
      await followWords(page, '訂正する');
      await good(page, 'story-5-correct');
      await enter(page, { lot: 'Y124', change_reason: 'ロット番号の読み違い' });
    });
    await then('the change is shown before it is made', async () => {
      await says(page, 'Y123', 'Y124');
      await good(page, 'story-5-correct-confirm');
    });
    await when('making it', () => follow(page, 'form.s-form button[type=submit]:not([formaction])'));
    await then('both versions stand there with who, when and why', async () => {
      await says(page, '訂正しました', '第1版', '第2版', 'ロット番号の読み違い', '窓口はなこ');
      await good(page, 'story-5-versions');
    });
  });

  test('story 5: whoever leaves the desk hides the page, and finds it as it was left', async ({ page }) => {
    await given('printed sheets', () => check(day.sheets?.length > 2, 'story 4 did not come so far'));
    await signIn(page, 'clerk');
    await when('the page is hidden in the middle of a form', async () => {
      await scan(page, day.sheets[2]['用紙番号']);
      await write(page, '#lot', 'Y125');
      await page.evaluate(() => document.querySelector('main').focus());
      await page.locator('[data-lock]').focus();
      await page.keyboard.press('Enter');
    });
    await then('nothing of the person is to be seen', async () => {
      await page.locator('.s-lock h2').waitFor();
      check(!await page.locator('main').isVisible(), 'the page is still to be seen');
      await good(page, 'story-5-locked');
    });
    await when('signing in again in another tab', async () => {
      const other = await page.context().newPage();
      await signIn(other, 'clerk');
      await other.close();
      await page.bringToFront();
      await page.evaluate(() => window.dispatchEvent(new Event('focus')));
    });
    await then('the form is as it was, and can be sent', async () => {
      await page.locator('#lot').waitFor();
      equal(await page.locator('#lot').inputValue(), 'Y125', 'the lot');
      await enter(page, { on: wareki(today()) });
      check(!new URL(page.url()).pathname.startsWith('/sign-in'), `at ${page.url()}`);
    });
  });

  test('story 5: what was sent after the sign-in had ended is kept, and goes on after signing in', async ({ page }) => {
    await given('printed sheets', () => check(day.sheets?.length > 2, 'story 4 did not come so far'));
    await signIn(page, 'clerk');
    await when('the sign-in ends in another tab while a form is typed', async () => {
      await scan(page, day.sheets[2]['用紙番号']);
      const [context, other] = [page.context(), await page.context().newPage()];
      await other.goto(await health());
      const cookies = (await context.cookies()).filter((one) => one.name.startsWith('sesshu-health'));
      // The sign-in has ended everywhere when the hub says so, not when the button is pressed.
      await Promise.all([
        other.waitForURL((url) => url.pathname === '/signed-out'),
        other.locator('form[data-away] button[type=submit]').click(),
      ]);
      await other.close();
      // As when time has ended it: the browser still holds its cookie.
      await context.addCookies(cookies);
      await enter(page, { on: wareki(today()), lot: 'Y125' });
    });
    await then('the door says that it is kept', async () => {
      check(new URL(page.url()).pathname === '/sign-in', `at ${page.url()}`);
      await says(page, '預かっています');
      await good(page, 'story-5-signed-out');
    });
    await then('after signing in it goes on', async () => {
      await typeIn(page, await demo(), page.url(), 'clerk');
      await says(page, '送信されなかった入力があります');
      await good(page, 'story-5-draft');
      await follow(page, 'main form button[type=submit]');
      await says(page, '定期接種として有効です', 'Y125');
      await good(page, 'story-5-draft-sent');
    });
  });

  test('story 5: two tabs with the same sheet make one record', async ({ page }) => {
    await given('printed sheets', () => check(day.sheets?.length > 2, 'story 4 did not come so far'));
    await signIn(page, 'clerk');
    const other = await page.context().newPage();
    const { code } = await clinic();
    await when('entering the same sheet in two tabs', async () => {
      for (const tab of [page, other]) {
        await tab.bringToFront();
        await scan(tab, day.sheets[2]['用紙番号']);
        await enter(tab, { on: wareki(today()), vaccine: 'MR', lot: 'Y126', clinic: code });
      }
      await page.bringToFront();
      await follow(page, 'form.s-form button[type=submit]:not([formaction])');
      await says(page, 'を登録しました');
      await other.bringToFront();
      await follow(other, 'form.s-form button[type=submit]:not([formaction])');
    });
    await then('the second tab says that it is there already', async () => {
      check(/登録済み|登録されています/.test(await words(other, 'body')), await words(other));
    });
  });

  test('story 6: the reminder leaves out who was vaccinated, and whom it reached once', async ({ page }) => {
    await given('records of story 5', () => check(day.sheets?.length > 3, 'somebody is left to remind'));
    await signIn(page, 'clerk');
    const remind = async () => {
      await page.goto(day.sent);
      await followWords(page, '未接種の方に勧奨はがきを作る');
      if (await page.locator('#incomplete_reason').count()) await write(page, '#incomplete_reason', '未着の月は医療機関に確認済み。');
      await follow(page, 'form.s-form button[type=submit]');
      await says(page, '抽出条件の確認');
      await follow(page, 'form.s-form button[type=submit]');
      await settled(page);
    };
    const people = async () => (await page.locator('main table tbody tr td:first-child').allInnerTexts()).map((one) => one.trim());
    await when('making reminders for those who are not vaccinated', remind);
    await then('the list is frozen and names who has the dose already', async () => {
      day.reminder = page.url();
      await says(page, '接種済み');
      await good(page, 'story-6-reminder');
    });
    await then('nobody who was just registered is on it', async () => {
      await followWords(page, '対象者', '.s-tabs');
      const listed = await people();
      check(listed.length > 0, 'somebody is reminded');
      // The second child's dose was before its time and does not count.
      for (const sheet of [day.sheets[0], day.sheets[2]]) check(!listed.includes(sheet['宛名番号']), `${sheet['宛名番号']} would be reminded`);
      day.reminded = listed;
      await good(page, 'story-6-people');
    });
  });

  test('story 6: after the reminder was released and printed, the same notice goes to nobody again', async ({ page, browser }) => {
    await given('a frozen reminder', () => check(day.reminder, 'the first part of story 6 did not come so far'));
    const approver = await openPage(browser);
    await when('the approver releases it', async () => {
      await signIn(approver, 'approver');
      await approver.goto(`${day.reminder}/release`);
      await write(approver, '#count', String(day.reminded.length));
      await press(approver);
      await approver.context().close();
    });
    await signIn(page, 'clerk');
    await when('the clerk prints it', async () => {
      await page.goto(day.reminder);
      await follow(page, 'form[action$="/print"] button');
      await settled(page);
      await good(page, 'story-6-printed');
    });
    await when('asking for the same reminder again', async () => {
      await page.goto(day.sent);
      await followWords(page, '未接種の方に勧奨はがきを作る');
      await write(page, '#incomplete_reason', '未着の月は医療機関に確認済み。');
      await follow(page, 'form.s-form button[type=submit]');
      await follow(page, 'form.s-form button[type=submit]');
      await settled(page);
    });
    await then('everybody is left out because the notice was sent', async () => {
      await says(page, '送付済み');
      equal((await page.locator('.s-card__number').first().innerText()).replace(/\D/g, ''), '0', 'people');
      await good(page, 'story-6-again');
    });
  });
} else {
  console.log('skip  story-3-record.test.mjs: no demo.json given');
}
