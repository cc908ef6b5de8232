// Helpers of the browser tests. A test file calls `test(name, async ({ page }) => …)`; `run.mjs` runs them all.
import { chromium } from 'playwright-core';
import { mkdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import path from 'node:path';
import { freshCode } from '../totp.mjs';

export const root = fileURLToPath(new URL('../../', import.meta.url));
const shots = path.join(root, 'target', 'screenshots');
const axeSource = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** WCAG 2.2 AA, all levels below it, and what axe calls best practice. */
const AXE_TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];

export const tests = [];

/** Registers a test. It gets a page of its own, in a context without cookies. */
export function test(name, run) {
  tests.push({ name, run });
}

/** Fails with a sentence. */
export function check(condition, sentence) {
  if (!condition) throw new Error(sentence);
}

export function equal(actual, expected, what = 'value') {
  const [a, e] = [JSON.stringify(actual), JSON.stringify(expected)];
  check(a === e, `${what}: expected ${e}, got ${a}`);
}

export function launch() {
  return chromium.launch({
    executablePath: process.env.SESSHU_CHROMIUM ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync'],
  });
}

/** A page that remembers every script error and every breach of the content security policy. */
export async function openPage(browser) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: 'ja-JP', timezoneId: 'Asia/Tokyo', reducedMotion: 'reduce' });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.complaints = [];
  page.on('pageerror', (error) => page.complaints.push(`script: ${error.message}`));
  page.on('console', (line) => {
    if (/Content Security Policy/i.test(line.text())) page.complaints.push(`policy: ${line.text()}`);
  });
  return page;
}

/** What `sesshu demo` wrote: `SESSHU_DEMO_JSON` names the file. `undefined` where no demo runs. */
export async function demo() {
  const file = process.env.SESSHU_DEMO_JSON;
  if (!file) return undefined;
  const town = JSON.parse(await readFile(file, 'utf8'));
  for (const system of Object.keys(town.urls)) town.urls[system] = town.urls[system].replace(/\/$/, '');
  return town;
}

/** Who has signed in already: a code works once, and thirty seconds are long for every test. */
const kept = new Map();

/** Signs in to 健康管理システム as `role` of demo.json's `sign_ins` (clerk, approver, …), by keyboard the first time. */
export async function signIn(page, role) {
  const town = await demo();
  check(town, 'set SESSHU_DEMO_JSON to the demo.json of a running `sesshu demo`');
  if (kept.has(role)) {
    await page.context().addCookies(kept.get(role));
    await page.goto(`${town.urls.health}/`);
    if (page.url() === `${town.urls.health}/`) return town.urls.health;
    await page.context().clearCookies();
  }
  await typeIn(page, town, `${town.urls.health}/sign-in`, role);
  kept.set(role, await page.context().cookies());
  return town.urls.health;
}

/** Signs in at the page `door` by keyboard: id, password, then the code of the authenticator app. */
export async function typeIn(page, town, door, role) {
  const { login, password, totp } = town.sign_ins.find((one) => one.role === role) ?? {};
  check(login, `demo.json has no sign-in for ${role}`);
  await page.goto(door);
  await page.locator('#login').focus();
  await page.keyboard.type(login);
  await page.keyboard.press('Tab');
  await page.keyboard.type(password);
  await Promise.all([page.waitForURL((url) => url.pathname === '/sign-in/code'), page.keyboard.press('Enter')]);
  await page.keyboard.type(await freshCode(totp));
  await Promise.all([page.waitForURL((url) => !url.pathname.startsWith('/sign-in')), page.keyboard.press('Enter')]);
}

/** Fails on any violation that axe finds on the page as it is. */
export async function axe(page) {
  await page.evaluate(axeSource);
  const { violations } = await page.evaluate((tags) => window.axe.run(document, { runOnly: tags, resultTypes: ['violations'] }), AXE_TAGS);
  const lines = violations.flatMap((rule) => rule.nodes.map((node) => `  ${rule.id}: ${node.target.join(' ')} – ${node.failureSummary?.split('\n').slice(1).join(' ').trim()}`));
  check(!lines.length, `axe finds ${lines.length} on ${page.url()}\n${lines.slice(0, 12).join('\n')}`);
}

/** Screenshots of the whole page at 1280 px, and at 200 % (which is a window of half the width). */
export async function shot(page, name) {
  await mkdir(shots, { recursive: true });
  await page.evaluate(() => document.fonts.ready);
  await page.screenshot({ path: path.join(shots, `${name}.png`), fullPage: true });
  await page.setViewportSize({ width: 640, height: 450 });
  await page.screenshot({ path: path.join(shots, `${name}-200.png`), fullPage: true });
  await page.setViewportSize({ width: 1280, height: 900 });
}

/** At 400 % (320 CSS pixels) the page must not scroll sideways; only marked parts may (WCAG 1.4.10). */
export async function reflows(page) {
  await page.setViewportSize({ width: 320, height: 256 });
  const beyond = await page.evaluate(() => document.scrollingElement.scrollWidth - innerWidth);
  const culprit = beyond > 0 && await page.evaluate(() => [...document.querySelectorAll('body *')].find((e) => e.getBoundingClientRect().right > innerWidth + 1 && !e.closest('.s-scroll') && !e.closest('.s-vh'))?.outerHTML.slice(0, 120));
  await page.setViewportSize({ width: 1280, height: 900 });
  check(beyond <= 0, `at 400 % the page is ${beyond}px too wide: ${culprit}`);
}

/** Nothing was blocked by the policy and no script failed. */
export function quiet(page) {
  check(!page.complaints.length, page.complaints.join('\n'));
}

/** What a page must always pass. */
export async function good(page, name) {
  await axe(page);
  await reflows(page);
  quiet(page);
  await shot(page, name);
}

/** Presses Tab until `selector` has the focus. Fails if it cannot be reached, or if focus is out of sight. */
export async function tabTo(page, selector, most = 80) {
  for (let press = 0; press < most; press += 1) {
    await page.keyboard.press('Tab');
    if (await page.evaluate((one) => document.activeElement?.matches(one), selector)) {
      check(await isFocusVisible(page), `${selector} has the focus but is covered or out of sight`);
      return press + 1;
    }
  }
  throw new Error(`${selector} is not reached with ${most} presses of Tab on ${page.url()}`);
}

/** Focus not obscured (WCAG 2.4.11): what is drawn where the focused element begins is that element. */
export function isFocusVisible(page) {
  return page.evaluate(() => {
    const element = document.activeElement;
    if (element === document.body) return true;
    const box = element.getBoundingClientRect();
    // A region may be taller than the window: then its upper edge counts.
    const x = Math.min(Math.max(box.left + Math.min(box.width / 2, 20), 0), innerWidth - 1);
    const y = Math.min(Math.max(box.top + Math.min(box.height / 2, 12), 0), innerHeight - 1);
    const drawn = document.elementFromPoint(x, y);
    return Boolean(drawn) && (element.contains(drawn) || drawn.contains(element));
  });
}

/** Tabs to a control and types into it. */
export async function fill(page, selector, text) {
  await tabTo(page, selector);
  await page.keyboard.press('Control+A');
  await page.keyboard.type(text);
}

/** Tabs to a button or link and presses Enter; waits for the page that follows. */
export async function go(page, selector) {
  await tabTo(page, selector);
  await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
}
