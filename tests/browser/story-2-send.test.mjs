// Steps 3 and 4 of a clerk's day: who is due, two persons' eyes, and paper. By keyboard alone.
import { readFile } from 'node:fs/promises';
import { Decrypter, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { check, demo, equal, good, signIn, test } from './harness.mjs';
import { choose, day, download, follow, followWords, given, health, pdfPages, pdfWords, press, rows, says, settled, then, today, town, wareki, when, wide, words, write } from './clerk.mjs';

/** Orders an extraction for today and waits until the list is frozen. */
async function extract(page, programme) {
  await page.goto(`${await health()}/campaigns/new`);
  await choose(page, 'programme', programme);
  await follow(page, 'form.s-form button[type=submit]');
  await says(page, '抽出条件の確認');
  await follow(page, 'form.s-form button[type=submit]');
  await settled(page);
}

/** The number on the card of those who are due. */
async function due(page) {
  return Number((await page.locator('.s-card__number').first().innerText()).replace(/\D/g, ''));
}

if (await demo()) {
  test('story 3: who is due for MR2 is frozen with counts, reasons and age edges; the maker cannot release it', async ({ page }) => {
    await signIn(page, 'clerk');
    await when('opening the empty list and the order', async () => {
      await page.goto(`${await health()}/campaigns`);
      await good(page, 'story-3-list-empty');
      await followWords(page, '対象者を抽出する');
      await good(page, 'story-3-order');
    });
    await when('sending the order with a day that does not exist', async () => {
      await choose(page, 'programme', 'MR2');
      await write(page, '#base_date', 'R8.2.30');
      await follow(page, 'form.s-form button[type=submit]');
    });
    await then('the error is named and the programme stays chosen', async () => {
      await says(page, '2月に30日はありません');
      equal(await page.inputValue('#programme'), 'MR2', 'programme');
    });
    await when('ordering it for today', () => extract(page, 'MR2'));
    await then('the list is frozen with its counts', async () => {
      day.sent = page.url();
      day.due = await due(page);
      check(day.due > 0, 'somebody is due');
      await says(page, '除外の理由', '接種済', '作成した本人は承認できません');
      await good(page, 'story-3-frozen');
    });
    for (const [tab, name] of [['対象者', 'people'], ['除外者', 'excluded'], ['境の確認', 'edges']]) {
      await when(`opening ${tab}`, () => followWords(page, tab, '.s-tabs'));
      await then('the table is good', () => good(page, `story-3-${name}`));
    }
    await when('the maker tries the door of the release', () => page.goto(`${day.sent}/release`));
    await then('the page says why not', async () => {
      check(/承認できません|権限/.test(await words(page)), 'it is refused in words');
      await good(page, 'story-3-same-person');
    });
  });

  test('story 3: other programmes are extracted as well, and a second run shows the difference', async ({ page }) => {
    await signIn(page, 'clerk');
    for (const programme of ['PPV', 'FLU', 'HEPB', 'DPT', 'JE1', 'HPV', 'MR1']) {
      await when(`extracting ${programme}`, () => extract(page, programme));
      await then('it is frozen', () => says(page, '除外の理由', '基準日'));
    }
    await when('extracting MR1 again', () => extract(page, 'MR1'));
    await then('the difference is zero', () => says(page, '＋0人', '−0人'));
    await good(page, 'story-3-difference');
    await page.goto(`${await health()}/campaigns`);
    await good(page, 'story-3-list');
  });

  test('story 3: a second person releases the list by typing how many', async ({ page }) => {
    await given('a frozen list', () => check(day.sent, 'the first part of story 3 did not come so far'));
    await signIn(page, 'approver');
    await good(page, 'story-3-approver-home');
    await when('opening the list and its release', async () => {
      await page.goto(day.sent);
      await followWords(page, '内容を確かめて承認する');
      await good(page, 'story-3-release');
    });
    await when('typing a wrong number', async () => {
      await write(page, '#count', String(day.due + 1));
      await press(page);
    });
    await then('nothing is released', async () => {
      check(await page.locator('#errors').count(), 'an error is named');
      await good(page, 'story-3-release-wrong');
    });
    await when('typing the right number, with full-width digits', async () => {
      await write(page, '#count', wide(String(day.due)));
      await press(page);
    });
    await then('it is released', async () => {
      await says(page, '承認');
      check(!(await page.locator('#errors').count()), 'no error');
      await good(page, 'story-3-released');
    });
  });

  test('story 4: the list is printed and checked, and its manifest is asked for', async ({ page }) => {
    await given('a released list', () => check(day.sent, 'story 3 did not come so far'));
    await signIn(page, 'clerk');
    await page.goto(day.sent);
    await when('printing', () => follow(page, 'form[action$="/print"] button'));
    await then('the work shows its progress', () => good(page, 'story-4-printing'));
    await settled(page);
    await when('opening the files', () => followWords(page, '印刷ファイル', '.s-tabs'));
    await then('each file says that it was checked', async () => {
      await good(page, 'story-4-files');
      check((await page.locator('main tbody tr td:last-child').allInnerTexts()).every((text) => text.trim()), 'each file has its checks');
    });
    day.withheld = await page.locator('[aria-labelledby=withheld] tbody tr').count();
    await when('asking for the manifest with nothing filled in', async () => {
      await followWords(page, '発送明細の持出しを申請する');
      await good(page, 'story-4-export-form');
      await follow(page, 'form.s-form button[type=submit]');
    });
    await then('each missing field has its sentence', async () => {
      await says(page, '利用目的を入力してください', '受取人を入力してください', '使う場所を選択してください');
      await good(page, 'story-4-export-errors');
    });
    await when('asking for it for use in the office', async () => {
      await write(page, '#purpose', '印刷の枚数の照合');
      await choose(page, 'place', 'office');
      await write(page, '#recipient', '保健予防課 封入の担当');
      await write(page, '#due_on', wareki(today()));
      await follow(page, 'form.s-form button[type=submit]');
    });
    await then('it waits for somebody else', async () => {
      day.asked = page.url();
      await says(page, '承認待ち', '自分の申請は承認できません', 'ファイルの照合値');
      check(!(await page.locator('button[value=approve]').count()), 'whoever asked has no button to approve');
      await good(page, 'story-4-export-asked');
    });
  });

  test('story 4: a second person approves the list, and only then is it taken', async ({ page }) => {
    await given('an application', () => check(day.asked, 'story 4 did not come so far'));
    await signIn(page, 'approver');
    await when('finding it on the first page', async () => {
      await good(page, 'story-4-approver-home');
      await followWords(page, '二人承認');
      await good(page, 'story-4-approvals');
      await page.goto(day.asked);
      await good(page, 'story-4-decide');
    });
    await when('approving it with a reason', async () => {
      await write(page, '#reason', '行数と受取人を確かめた');
      await follow(page, 'button[value=approve]');
    });
    await then('it is approved', async () => {
      await says(page, '承認済み', '行数と受取人を確かめた');
      await good(page, 'story-4-approved');
    });
  });

  test('story 4: what stands on paper is what stands in the list', async ({ page }) => {
    await given('an approved list', () => check(day.asked, 'story 4 did not come so far'));
    await signIn(page, 'clerk');
    await page.goto(day.asked);
    await followWords(page, '対象の画面を開く');
    await good(page, 'story-4-export');
    const manifest = await when('taking the manifest', () => download(page, 'form[action$="/take"] button'));
    day.sheets = rows(await readFile(manifest, 'utf8'));
    await page.goto(`${await health()}/exports`);
    await then('the ledger waits for the report', async () => {
      await says(page, '持出し中', '保健予防課');
      await good(page, 'story-4-ledger');
    });
    await page.goto(day.sent);
    await followWords(page, '印刷ファイル', '.s-tabs');
    await then('it names one page for each person, sorted by postal code', async () => {
      equal(day.sheets.length, day.due - day.withheld, 'sheets');
      equal(new Set(day.sheets.map((sheet) => sheet['用紙番号'])).size, day.sheets.length, 'different numbers');
      const codes = day.sheets.map((sheet) => sheet['郵便番号']);
      equal(codes, [...codes].sort(), 'order');
    });
    const pdf = await when('saving the PDF', () => download(page, 'a[href*="/files/"]'));
    await then('each page carries the number and the name of its person', async () => {
      const people = new Map((await town()).map((one) => [one['宛名番号'], one]));
      const name = await page.locator('a[href*="/files/"]').first().innerText();
      const inFile = day.sheets.filter((sheet) => sheet['ファイル'] === name.trim());
      equal(await pdfPages(pdf), inFile.length, 'pages');
      for (const sheet of [inFile[0], inFile.at(-1)]) {
        const text = await pdfWords(pdf, sheet['ページ']);
        const person = people.get(sheet['宛名番号']);
        // Family and given name may stand on lines of their own.
        for (const word of [...person['漢字氏名'].split(/\s/), ...person['カナ氏名'].split(/\s/), sheet['宛名番号']]) {
          check(text.includes(word), `${word} does not stand on page ${sheet['ページ']}: ${text.slice(0, 200)}`);
        }
      }
    });
    await when('opening a person who was written to', async () => {
      await page.goto(`${await health()}/residents`);
      await page.locator('#number').focus();
      await page.keyboard.type(day.sheets[0]['宛名番号']);
      await press(page);
      await followWords(page, '発送履歴', '.s-tabs');
    });
    await then('the sheet stands in 発送履歴', async () => {
      await says(page, '予診票', day.sheets[0]['用紙番号']);
      await good(page, 'story-4-sent');
    });
  });

  test('story 4: the sheet of a protected person is asked for, approved and printed alone', async ({ page }) => {
    await given('a printed list', () => check(day.sheets, 'story 4 did not come so far'));
    await signIn(page, 'clerk');
    await page.goto(`${day.sent}/protected`);
    await good(page, 'story-4-protected');
    const asks = page.getByRole('link', { name: '印刷を申請する' });
    if (!(await asks.count())) return;
    await followWords(page, '印刷を申請する');
    await good(page, 'story-4-protected-form');
    await choose(page, 'hand_over', 'counter');
    await write(page, '#reason', '本人が窓口に来ることを電話で確かめた');
    await follow(page, 'form.s-form button[type=submit]');
    const asked = page.url();
    await signIn(page, 'approver');
    await page.goto(asked);
    await says(page, '支援措置対象者の用紙です');
    await good(page, 'story-4-protected-decide');
    await write(page, '#reason', '渡し方を確かめた');
    await follow(page, 'button[value=approve]');
    await signIn(page, 'clerk');
    await page.goto(`${day.sent}/protected`);
    await follow(page, 'form[action$="/print"] button');
    await good(page, 'story-4-protected-printed');
    const pdf = await download(page, 'main a[href*="/files/"]');
    const text = await pdfWords(pdf, 1);
    for (const word of ['取扱注意', '窓口でお渡しします', '記載を省略しています']) check(text.includes(word), `${word}: ${text.slice(0, 300)}`);
    equal(await pdfPages(pdf), 1, 'pages');
  });

  test('story 4: a list for outside opens with the recipient\'s key alone, in another program', async ({ page }) => {
    await given('a printed list', () => check(day.sheets, 'story 4 did not come so far'));
    const identity = await generateX25519Identity();
    await signIn(page, 'clerk');
    await page.goto(`${day.sent}/people`);
    await followWords(page, '一覧の持出しを申請する');
    await write(page, '#purpose', '委託先での架電');
    await choose(page, 'place', 'outside');
    await write(page, '#recipient', '委託先 運用の担当');
    await write(page, '#recipient_key', await identityToRecipient(identity));
    await write(page, '#due_on', wareki(today()));
    await follow(page, 'form.s-form button[type=submit]');
    const asked = page.url();
    await signIn(page, 'approver');
    await page.goto(asked);
    await good(page, 'story-4-outside-decide');
    await write(page, '#reason', '受取人と項目を確かめた');
    await follow(page, 'button[value=approve]');
    await signIn(page, 'clerk');
    await page.goto(asked);
    await followWords(page, '対象の画面を開く');
    const sealed = await readFile(await download(page, 'form[action$="/take"] button'));
    check(!sealed.includes('宛名番号'), 'the file is not sealed');
    const reader = new Decrypter();
    reader.addIdentity(identity);
    const people = rows(await reader.decrypt(sealed, 'text'));
    check(people.length >= day.due && people.every((one) => one['宛名番号']), `${people.length} people`);
  });

  test('story 4: records are provided on paper once, on a ground, after a second person', async ({ page }) => {
    await given('a printed list', () => check(day.sheets, 'story 4 did not come so far'));
    await signIn(page, 'clerk');
    await page.goto(`${await health()}/provisions/new`);
    await good(page, 'story-4-provision-form');
    await page.locator('#recipient_kind').selectOption('police');
    await write(page, '#recipient', '王子警察署 生活安全課 担当');
    await write(page, '#letter', '第123号');
    await choose(page, 'basis', 'investigation');
    await write(page, '#purpose', '捜査関係事項照会への回答');
    await write(page, '#people', day.sheets[0]['宛名番号']);
    for (const item of ['name', 'birth', 'records']) await page.locator(`[name=item-${item}]`).check();
    await choose(page, 'means', 'paper');
    await follow(page, 'form.s-form button[type=submit]');
    const asked = page.url();
    await signIn(page, 'approver');
    await page.goto(asked);
    await says(page, '刑事訴訟法197条2項');
    await good(page, 'story-4-provision-decide');
    await write(page, '#reason', '照会の文書と根拠を確かめた');
    await follow(page, 'button[value=approve]');
    await signIn(page, 'clerk');
    await page.goto(asked);
    await followWords(page, '対象の画面を開く');
    await good(page, 'story-4-provision');
    const pdf = await download(page, 'form[action$="/hand"] button');
    const text = await pdfWords(pdf, 1);
    for (const word of ['王子警察署', '取扱注意']) check(text.includes(word), `${word}: ${text.slice(0, 300)}`);
    await page.goto(`${await health()}/provisions`);
    await good(page, 'story-4-provisions');
  });

  test('story 4: the print files disappear when two persons say so', async ({ page }) => {
    await given('a printed list', () => check(day.sheets, 'story 4 did not come so far'));
    await signIn(page, 'clerk');
    await page.goto(`${day.sent}/files`);
    await followWords(page, '印刷ファイルの消去');
    await good(page, 'story-4-erasure-form');
    await write(page, '#reason', '発送と差替えが終わったため');
    await follow(page, 'form.s-form button[type=submit]');
    const asked = page.url();
    await signIn(page, 'approver');
    await page.goto(asked);
    await says(page, '最後の印刷から30日たっていません');
    await good(page, 'story-4-erasure-decide');
    await write(page, '#reason', '発送の完了を確かめた');
    await follow(page, 'button[value=approve]');
    await signIn(page, 'clerk');
    await page.goto(`${day.sent}/erasure`);
    await good(page, 'story-4-erasure');
    await follow(page, 'form[action$="/erase"] button');
    // The job has its moment: whoever wants to see its end looks again.
    for (let looks = 0; !(await page.locator('main').innerText()).includes('消去済み'); looks += 1) {
      check(looks < 40, 'the files are not gone after 20 s');
      await page.waitForTimeout(500);
      await page.reload();
    }
    await good(page, 'story-4-erased');
    check(!(await page.locator('main a[href*="/files/"]').count()), 'no file is offered');
  });
} else {
  console.log('skip  story-2-send.test.mjs: no demo.json given');
}
