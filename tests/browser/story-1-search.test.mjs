// Steps 1 and 2 of a clerk's day: through the door, and to the right person. By keyboard alone.
import { check, demo, equal, fill, good, signIn, test } from './harness.mjs';
import { choose, follow, followWords, given, health, press, says, then, today, town, wareki, when, wide, words, write, years } from './clerk.mjs';

/** A small child who lives here, alone with its kana, in a household of several. */
async function child() {
  const people = await town();
  const now = today();
  const here = people.filter((one) => !one['住民でなくなった日'] && one['DV区分'] !== '1' && !one['生年月日不詳区分']);
  const found = here.find((one) => one['生年月日'] > years(now, -3) && one['生年月日'] < years(now, -1)
    && here.filter((other) => other['カナ氏名'] === one['カナ氏名']).length === 1
    && here.filter((other) => other['世帯番号'] === one['世帯番号']).length > 2);
  check(found, 'the ward has a small child');
  return found;
}

const hiragana = (kana) => kana.replace(/[ァ-ヶ]/g, (one) => String.fromCharCode(one.charCodeAt(0) - 0x60));

/** Asks on the search page, from an empty form. */
async function ask(page, fields) {
  await page.goto(`${await health()}/residents`);
  for (const [field, text] of Object.entries(fields)) await write(page, `#${field}`, text);
  await press(page);
}

/** The numbers of those who were found. */
function found(page) {
  return page.locator('main table tbody tr td:first-child').allInnerTexts();
}

if (await demo()) {
  for (const [role, ja, sees, not] of [
    ['clerk', '事務担当者', '住民検索', '操作ログ'],
    ['approver', '承認者', '対象者抽出・発送', '操作ログ'],
    ['id_manager', 'ID管理者', 'ホーム', '住民検索'],
    ['auditor', '監査者', '操作ログ', '住民検索'],
  ]) {
    test(`story 1: the ${role} signs in and sees the own work only`, async ({ page }) => {
      await when('signing in with the own password', () => signIn(page, role));
      await then('the home page is good and offers what the role may do', async () => {
        await good(page, `story-1-home-${role}`);
        const offered = await words(page, '.s-nav');
        check((await words(page, '.s-header')).includes(ja), `the header says ${ja}`);
        check(offered.includes(sees) && !offered.includes(not), `the menu is ${offered}`);
      });
    });
  }

  test('story 2: a person is found by number, kana in both scripts, birth date in both calendars, address', async ({ page }) => {
    const one = await given('a small child of the ward', child);
    const [number, kana, birth] = [one['宛名番号'], one['カナ氏名'], one['生年月日']];
    const surname = kana.split('　')[0];
    await signIn(page, 'clerk');
    for (const typed of [number, wide(number)]) {
      await when(`typing the number ${typed}`, () => ask(page, { number: typed }));
      await then('the person opens at once', () => says(page, one['漢字氏名'], number));
    }
    for (const typed of [kana, hiragana(kana), hiragana(kana).replace('　', ' '), kana.replace('　', ''), surname, hiragana(surname)]) {
      await when(`typing the kana ${typed} with the birth date`, () => ask(page, { kana: typed, birth: wareki(birth) }));
      await then('the person is found', async () => check((await found(page)).includes(number), `found ${await found(page)}`));
    }
    await good(page, 'story-2-found');
    for (const typed of [birth, birth.replaceAll('-', ''), wareki(birth), wide(wareki(birth))]) {
      await when(`typing the birth date ${typed}`, () => ask(page, { birth: typed }));
      await then('the person is found', async () => check((await found(page)).includes(number), `found ${await found(page)}`));
    }
    const place = one['住所'].replace('東京都北区', '');
    const figures = place.replace(/[一二三四五六七八九十]+丁目/, (many) => `${'一二三四五六七八九'.indexOf(many[0]) + 1}-`).replace(/番/, '-').replace('号', '');
    for (const typed of [place, one['住所'], figures]) {
      await when(`typing the address ${typed}`, () => ask(page, { address: typed, kana: surname }));
      await then('the person is found', async () => check((await found(page)).includes(number), `found ${await found(page)}`));
    }
  });

  test('story 2: what cannot be searched is answered with what to do, and what was typed stays', async ({ page }) => {
    await signIn(page, 'clerk');
    await when('asking for nothing', () => ask(page, { number: '' }));
    await then('the form says what to type', () => says(page, 'どれかを入力してください'));
    await good(page, 'story-2-empty');
    await when('typing sixteen digits and a day that does not exist', () => ask(page, { number: '1234567890123456', birth: 'R8.2.30' }));
    await then('both errors stand there at once, and the summary has the focus', async () => {
      await says(page, '2月に30日はありません');
      equal(await page.locator('#errors li').count(), 2, 'errors');
      equal(await page.evaluate(() => document.activeElement.id), 'errors', 'focus');
      equal([await page.inputValue('#number'), await page.inputValue('#birth')], ['1234567890123456', 'R8.2.30'], 'typed');
    });
    await good(page, 'story-2-errors');
    await when('asking for someone who does not live here', () => ask(page, { kana: 'ヴヴヴヴ' }));
    await then('the page says what else to try', () => says(page, '該当する住民はいません'));
    await good(page, 'story-2-nobody');
    await when('going back to the result of a sent form and asking again', async () => {
      await ask(page, { kana: 'さとう' });
      await page.goto(`${await health()}/residents`);
      await page.goBack();
    });
    await then('the browser shows the result or the form, never an error page', async () => {
      check(await page.locator('#kana').count(), `there is no search form: ${await page.title()}`);
    });
  });

  test('story 2: all pages about a child, a fact noted and withdrawn, and the own look in the log', async ({ page }) => {
    const one = await child();
    await signIn(page, 'clerk');
    await when('opening the child', () => ask(page, { number: one['宛名番号'] }));
    await then('the page shows the timeline and what is next with reasons', async () => {
      await good(page, 'story-2-child');
      check(await page.locator('svg.s-tl').count(), 'there is a timeline');
      check(await page.locator('#next').count(), 'there is what comes next');
      await says(page, '次の接種と理由', '接種記録', '基本情報');
    });
    for (const [tab, name, sentence] of [['判定の理由', 'explain', '規定'], ['世帯', 'household', one['宛名番号']], ['発送履歴', 'sheets', '発送']]) {
      await when(`opening ${tab}`, () => followWords(page, tab, '.s-tabs'));
      await then('the page is good', async () => {
        await says(page, sentence);
        await good(page, `story-2-child-${name}`);
      });
    }
    await when('opening 事項 and registering nothing', async () => {
      await followWords(page, '事項', '.s-tabs');
      await follow(page, 'form.s-form button[type=submit]');
    });
    await then('the form says what to choose', () => says(page, '登録する事項を選択してください'));
    await when('noting that the child had measles', async () => {
      await choose(page, 'kind', 'had_disease');
      await choose(page, 'had_disease_value', await page.locator('#had_disease_value option').nth(1).getAttribute('value'));
      await follow(page, 'form.s-form button[type=submit]');
    });
    await then('the fact is listed', async () => {
      await says(page, '罹患した疾病', '窓口はなこ');
      await good(page, 'story-2-child-facts');
    });
    await when('withdrawing it with a reason', async () => {
      await fill(page, 'input[name^=reason-]', '別の方の届出だったため');
      await press(page);
    });
    await then('the fact stays with the reason', () => says(page, '取消し: 別の方の届出だったため'));
    await when('opening 閲覧履歴', () => followWords(page, '閲覧履歴', '.s-tabs'));
    await then('the own look stands there', async () => {
      await says(page, '窓口はなこ', '閲覧');
      await good(page, 'story-2-child-views');
    });
  });
} else {
  console.log('skip  story-1-search.test.mjs: no demo.json given');
}
