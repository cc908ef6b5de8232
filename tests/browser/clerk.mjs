// What a clerk does with a keyboard, and the words of a story: given, when, then.
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { check, demo, tabTo } from './harness.mjs';

const call = promisify(execFile);

/** What one story leaves for the next: the stories of a day follow each other in the order of their files. */
export const day = {};

/** A step of a story. Its words stand before what went wrong in it. */
function step(word) {
  return async (what, run) => {
    try {
      return await run();
    } catch (error) {
      throw new Error(`${word} ${what}: ${error.message}`, { cause: error });
    }
  };
}

export const given = step('given');
export const when = step('when');
// A module with `then` is imported statically only: `await import()` would take it for a promise.
export const then = step('then');

/** Rows of a CSV as objects, named by the cells of its headline. */
export function rows(text, headline = 0) {
  const lines = [[]];
  for (const [, quoted, plain, end] of text.replace(/^\uFEFF/, '').matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    lines.at(-1).push(quoted?.replaceAll('""', '"') ?? plain);
    if (end !== ',') lines.push([]);
  }
  const names = lines[headline];
  return lines.slice(headline + 1).filter((cells) => cells.length === names.length)
    .map((cells) => Object.fromEntries(names.map((name, at) => [name, cells[at]])));
}

/** The residents as `town` wrote them for the demo. */
export async function town() {
  const file = path.join(path.dirname(process.env.SESSHU_DEMO_JSON), 'town', 'residents.csv');
  return rows(await readFile(file, 'utf8'), 1);
}

/** A clinic that the ward has a contract with. */
export async function clinic() {
  const file = path.join(path.dirname(process.env.SESSHU_DEMO_JSON), 'town', 'clinics.csv');
  const [first] = rows(await readFile(file, 'utf8'), 1);
  return { code: first['医療機関コード'], name: first['名称'] };
}

/** The demo's address of 健康管理システム. */
export async function health() {
  return (await demo()).urls.health;
}

/** The day it is in Japan, as files write it. */
export function today() {
  return new Date().toLocaleDateString('sv-SE', { timeZone: 'Asia/Tokyo' });
}

/** 和暦 as people type it: R6.4.1. */
export function wareki(iso) {
  const [year, month, day] = iso.split('-').map(Number);
  const [letter, zero] = iso >= '2019-05-01' ? ['R', 2018] : iso >= '1989-01-08' ? ['H', 1988] : iso >= '1926-12-25' ? ['S', 1925] : ['T', 1911];
  return `${letter}${year - zero}.${month}.${day}`;
}

/** Full-width digits, as an input method leaves them. */
export function wide(digits) {
  return digits.replace(/[0-9]/g, (one) => String.fromCharCode(one.charCodeAt(0) + 0xfee0));
}

/** The same day some years later. */
export function years(iso, number) {
  return `${Number(iso.slice(0, 4)) + number}${iso.slice(4)}`;
}

/** Presses a key and waits for the page that follows, also where its address stays the same. */
export async function press(page, key = 'Enter') {
  await Promise.all([page.waitForNavigation({ waitUntil: 'load' }), page.keyboard.press(key)]);
}

/** Tabs to a link or button and presses Enter. */
export async function follow(page, selector, most = 200) {
  await tabTo(page, selector, most);
  await press(page);
}

/** Tabs to a link with these words and follows it. */
export async function followWords(page, words, within = 'main') {
  const link = page.locator(within).getByRole('link', { name: words }).first();
  await link.waitFor();
  await link.evaluate((one) => { one.dataset.goal = 'yes'; });
  await follow(page, '[data-goal]');
}

/** Tabs to a field and types over what stands there. */
export async function write(page, selector, text, most = 200) {
  await tabTo(page, selector, most);
  await page.keyboard.press('Control+A');
  if (text) await page.keyboard.type(text);
  else await page.keyboard.press('Delete');
}

/** Chooses in a list or among radio buttons with the arrow keys. */
export async function choose(page, name, value) {
  const first = await page.evaluate((one) => {
    const group = [...document.querySelectorAll(`[name="${one}"]`)];
    const stop = group.find((each) => each.checked) ?? group[0];
    stop.dataset.stop = one;
    return stop.tagName;
  }, name);
  await tabTo(page, `[data-stop="${name}"]`, 200);
  const now = () => page.evaluate((one) => {
    const field = document.querySelector(`select[name="${one}"]`) ?? document.querySelector(`[name="${one}"]:checked`);
    return field?.value;
  }, name);
  if (first === 'INPUT' && await now() === undefined) await page.keyboard.press('Space');
  if (first === 'SELECT') await page.keyboard.press('Home');
  for (let turn = 0; await now() !== value; turn += 1) {
    check(turn < 80, `${value} cannot be chosen in ${name}`);
    await page.keyboard.press('ArrowDown');
  }
}

/** Tabs to a link that answers with a file, presses Enter, and gives back where the file lies. */
export async function download(page, selector) {
  await tabTo(page, selector, 200);
  const [file] = await Promise.all([page.waitForEvent('download'), page.keyboard.press('Enter')]);
  return file.path();
}

/** The words of a page, without the white space between them. */
export async function words(page, selector = 'main') {
  return (await page.locator(selector).innerText()).replace(/\s+/g, '');
}

/** The words of one page of a PDF, likewise. */
export async function pdfWords(file, number) {
  const { stdout } = await call('pdftotext', ['-f', number, '-l', number, '-enc', 'UTF-8', file, '-']);
  return stdout.replace(/\s+/g, '');
}

/** How many pages a PDF has. */
export async function pdfPages(file) {
  const { stdout } = await call('pdfinfo', [file]);
  return Number(/^Pages:\s+(\d+)/m.exec(stdout)[1]);
}

/** Says whether the words stand on the page. */
export async function says(page, ...sentences) {
  const text = await words(page, 'body');
  for (const sentence of sentences) {
    check(text.includes(sentence.replace(/\s+/g, '')), `"${sentence}" does not stand on ${page.url()}`);
  }
}

/** Waits until nothing on the page is still being worked on, by looking again as a clerk would. */
export async function settled(page, most = 90_000) {
  const until = Date.now() + most;
  while (await page.locator('main progress').count()) {
    check(Date.now() < until, `the work on ${page.url()} does not end`);
    await page.waitForFunction(() => !document.querySelector('main progress'), undefined, { timeout: 2_000 }).catch(() => {});
    await page.reload();
  }
  await page.reload();
}

