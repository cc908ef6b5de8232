// Every sample of `ui` in Chromium: axe, 400 %, policy, screenshots; and what its script and keyboard do.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { check, equal, fill, go, good, isFocusVisible, quiet, root, tabTo, test } from './harness.mjs';

let server;

async function start() {
  if (process.env.SESSHU_GALLERY_URL) return process.env.SESSHU_GALLERY_URL;
  server = spawn('cargo', ['run', '--quiet', '--locked', '--package', 'ui', '--example', 'gallery'], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: server.stdout })) return line.trim();
  throw new Error('the gallery did not start');
}

export function end() {
  server?.kill();
}

const base = (await start()).replace(/\/$/, '');
const samples = (await (await fetch(`${base}/samples.txt`)).text()).split('\n');

for (const path of samples) {
  test(`the sample ${path} passes axe and fits at 400 %`, async ({ page }) => {
    await page.goto(base + path);
    const charts = await page.locator('[data-chart]').count();
    if (charts) await page.waitForFunction((count) => document.querySelectorAll('[data-drawn]').length === count, charts);
    await good(page, `ui${path.replaceAll('/', '-').replace(/-$/, '-index')}`);
  });
}

test('the tables behind charts and timelines pass axe when they are open', async ({ page }) => {
  for (const path of ['/dashboard', '/resident']) {
    await page.goto(base + path);
    await page.evaluate(() => document.querySelectorAll('details').forEach((one) => { one.open = true; }));
    await good(page, `ui${path.replace('/', '-')}-open`);
  }
});

test('the error summary has the focus and leads to the field', async ({ page }) => {
  await page.goto(`${base}/entry-error`);
  equal(await page.evaluate(() => document.activeElement.id), 'errors', 'focus');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Enter');
  await page.keyboard.type('x');
  check((await page.inputValue('#on')).includes('x'), 'Enter on the first error leads into its field');
  check((await page.title()).startsWith('エラー：'), 'the page title says that there are errors');
});

test('the first Tab offers to skip to the content', async ({ page }) => {
  await page.goto(`${base}/resident`);
  await page.keyboard.press('Tab');
  equal(await page.evaluate(() => document.activeElement.textContent), '本文へ移動', 'first stop');
  await page.keyboard.press('Enter');
  equal(await page.evaluate(() => document.activeElement.id), 'main', 'focus after the skip link');
});

test('a date is echoed in both calendars', async ({ page }) => {
  await page.goto(`${base}/entry`);
  equal(await page.textContent('#on-echo'), '2026年11月20日（令和8年11月20日）', 'echo from the server');
  await tabTo(page, '#on');
  await page.keyboard.press('Control+A');
  await page.keyboard.type('2024-04-01');
  await page.keyboard.press('Tab');
  await page.waitForFunction(() => document.getElementById('on-echo').textContent.includes('令和6年4月1日'));
  quiet(page);
});

test('every stop of the search page can be seen while it has the focus, forwards and backwards', async ({ page }) => {
  await page.goto(`${base}/search`);
  const reached = new Set();
  for (const [key, times] of [['Tab', 75], ['Shift+Tab', 60]]) {
    for (let press = 0; press < times; press += 1) {
      await page.keyboard.press(key);
      const at = await page.evaluate(() => document.activeElement.outerHTML.slice(0, 90));
      check(await isFocusVisible(page), `covered after ${key}: ${at}`);
      reached.add(at);
    }
  }
  check(reached.size > 60, `only ${reached.size} stops were reached`);
});

test('a search is done by keyboard alone', async ({ page }) => {
  await page.goto(`${base}/search-empty`);
  await fill(page, '#kana', 'たきのがわ');
  await go(page, '.s-search button');
  equal(new URL(page.url()).searchParams.get('kana'), 'たきのがわ', 'what was asked');
});

test('a form is sent once, however often it is clicked', async ({ page }) => {
  await page.goto(`${base}/confirm`);
  let sent = 0;
  await page.route('**/confirm', async (route) => {
    sent += 1;
    await new Promise((done) => { setTimeout(done, 300); });
    await route.fulfill({ status: 204 });
  });
  await page.locator('main button').dblclick();
  await page.locator('main button').click();
  equal(sent, 1, 'requests');
});

test('a running job shows its progress by itself and stops asking when it has ended', async ({ page }) => {
  await page.goto(`${base}/progress`);
  await page.waitForFunction(() => document.querySelector('#job progress').value === 100);
  equal(await page.locator('#job').getAttribute('hx-get'), null, 'next question');
  equal(await page.locator('#job').count(), 1, 'bars');
  quiet(page);
});

test('pages are whole without script', async ({ browser }) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  const page = await context.newPage();
  await page.goto(`${base}/resident`);
  check(await page.locator('svg.s-tl').isVisible(), 'the timeline is there');
  await page.goto(`${base}/dashboard`);
  check(await page.locator('#coverage summary').isVisible(), 'the table behind the chart can be opened');
  await context.close();
});
