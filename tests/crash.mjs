// `kill -9` in the middle of an import and in the middle of printing: nothing lost, nothing twice.
// `node tests/crash.mjs PROGRAM DIR`: PROGRAM is the built sesshu, DIR an empty folder that other users may enter.
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const [program, dir] = process.argv.slice(2).map((one) => path.resolve(one));
const facts = path.join(dir, 'demo.json');
const began = Date.now();
let ward;

process.on('exit', () => { if (ward?.exitCode === null) ward.kill('SIGINT'); });

function check(condition, sentence) {
  if (!condition) throw new Error(sentence);
}

function tell(sentence) {
  console.log(`${((Date.now() - began) / 1000).toFixed(1).padStart(5)} s  ${sentence}`);
}

/** Tries again until there is an answer. */
async function until(what, look, most = 60_000) {
  for (const end = Date.now() + most; Date.now() < end; await pause(20)) {
    const answer = await look();
    if (answer) return answer;
  }
  throw new Error(`${what} does not come`);
}

/** Starts the ward on the same folder; `said` collects its words. */
function start() {
  rmSync(facts, { force: true });
  const child = spawn(program, ['demo', '--residents', '1500', '--port', '0', '--dir', dir], { stdio: ['ignore', 'ignore', 'pipe'] });
  child.said = '';
  child.stderr.on('data', (bytes) => { child.said += bytes; });
  ward = child;
  return child;
}

async function dies(child) {
  const gone = new Promise((done) => { child.once('exit', done); });
  child.kill('SIGKILL');
  await gone;
}

async function up(child) {
  await until('the ward', () => {
    check(child.exitCode === null, `the ward did not come up:\n${child.said}`);
    return existsSync(facts);
  });
  return JSON.parse(readFileSync(facts, 'utf8'));
}

/** A person at the screen, without a browser. */
class Staff {
  constructor(demo, role) {
    this.base = demo.urls.health.replace(/\/$/, '');
    this.jar = new Map();
    this.who = demo.sign_ins.find((one) => one.role === role);
  }

  /** Asks like a browser: cookies are kept by name, places are paths of 健康管理システム or whole addresses. */
  async ask(place, fields) {
    const url = new URL(place, this.base);
    const answer = await fetch(url, {
      method: fields ? 'POST' : 'GET',
      redirect: 'manual',
      headers: { cookie: [...this.jar].map((pair) => pair.join('=')).join('; '), ...(fields && { 'content-type': 'application/x-www-form-urlencoded', origin: url.origin }) },
      body: fields && new URLSearchParams({ csrf: this.csrf ?? '', ...fields }).toString(),
    });
    check(answer.status < 400, `${url.pathname} answers ${answer.status}`);
    for (const line of answer.headers.getSetCookie()) {
      const [, name, value] = /^([^=]+)=([^;]*)/.exec(line);
      this.jar.set(name, value);
    }
    return answer;
  }

  async page(place) {
    const text = await (await this.ask(place)).text();
    this.csrf = /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? this.csrf;
    return text;
  }

  /** Through the hub's door and on with its ticket. */
  async signIn() {
    this.jar = new Map();
    const door = new URL((await this.ask('/sign-in')).headers.get('location'));
    const way = Object.fromEntries(door.searchParams);
    const inside = await this.ask(`${door.origin}/sign-in`, { ...way, login: this.who.login, password: this.who.password });
    await this.ask(inside.headers.get('location'));
    await this.page('/');
    return this;
  }
}

/** A figure that the import said: 追加1500件. */
const figure = (line, word) => Number(new RegExp(`${word}([\\d,]+)件`).exec(line)?.[1].replaceAll(',', ''));

async function imports() {
  for (const [line, name] of [['医療機関:', 'residents'], ['宛名管理情報:', 'records']]) {
    const child = start();
    await until(`the import of ${name}`, () => {
      check(child.exitCode === null && !existsSync(facts), `the ward was too fast or fell:\n${child.said}`);
      return child.said.includes(line);
    });
    await pause(60);
    await dies(child);
    tell(`killed while ${name} came in`);
  }
  const child = start();
  const demo = await up(child);
  // The first line of a file announces how many rows follow.
  const lines = (file) => Number(readFileSync(path.join(dir, 'town', file), 'utf8').split(/\r?\n/)[0].split(',').at(-1));
  const said = child.said.split('\n').find((one) => one.includes('予防接種記録:'));
  check(said, `the records came in at last:\n${child.said}`);
  check(demo.counts.residents === lines('residents.csv'), `${demo.counts.residents} residents of ${lines('residents.csv')}`);
  const [kept, known, review] = ['登録', '登録済み', '確認待ち'].map((word) => figure(said, word));
  check(kept + known + review === lines('records.csv'), `of ${lines('records.csv')} rows: ${said}`);
  check(demo.counts.records === kept, `${demo.counts.records} records, but ${kept} were taken in`);
  tell(`whole: ${demo.counts.residents} residents, ${kept} records, ${review} rows for a person`);
  return demo;
}

/** A released list, ready to print: its place and how many are on it. */
async function released(demo) {
  const clerk = await new Staff(demo, 'clerk').signIn();
  const order = { programme: 'FLU', kind: 'questionnaire', base_date: new Date().toLocaleDateString('sv-SE', { timeZone: 'Asia/Tokyo' }), quiet_months: '12' };
  const asked = await (await clerk.ask('/campaigns/new', order)).text();
  const hidden = Object.fromEntries([...asked.matchAll(/name="(campaign_id|confirmed)" value="([^"]*)"/g)].map((one) => one.slice(1)));
  const place = (await clerk.ask('/campaigns/new', { ...order, ...hidden })).headers.get('location');
  const frozen = await until('the list', async () => {
    const text = await clerk.page(place);
    return text.includes('承認待ち') && text;
  });
  const count = /s-card__number">([\d,]+)/.exec(frozen)[1].replaceAll(',', '');
  const approver = await new Staff(demo, 'approver').signIn();
  await approver.page(`${place}/release`);
  await approver.ask(`${place}/release`, { count });
  tell(`a list of ${count} is released`);
  return [place, Number(count)];
}

async function prints(demo) {
  const [place, count] = await released(demo);
  let again = await new Staff(demo, 'clerk').signIn();
  await again.ask(`${place}/print`, {});
  await until('printing', async () => {
    const text = await again.page(place);
    check(!text.includes('印刷済み'), 'printing was over before it could be killed');
    return text.includes('印刷中');
  });
  for (const moment of ['in the middle of printing', 'right after it began again']) {
    await dies(ward);
    again = await new Staff(await up(start()), 'clerk').signIn();
    tell(`killed ${moment}, and up again`);
  }
  await until('the printed list', async () => /印刷済/.test(await again.page(place)));
  const manifest = (await (await again.ask(`${place}/manifest.csv`)).text()).trim().split(/\r?\n/).slice(1).map((line) => line.split(','));
  const page = await again.page(`${place}/files`);
  const withheld = (/id="withheld"[^]*/.exec(page)?.[0].match(/<tr><td/g) ?? []).length;
  const numbers = new Set(manifest.map((row) => row[2]));
  const people = new Set(manifest.map((row) => row[3]));
  check(numbers.size === manifest.length && people.size === manifest.length, 'somebody has two sheets');
  check(manifest.length + withheld === count, `${manifest.length} sheets and ${withheld} kept back, but ${count} people`);
  let pages = 0;
  for (const [, number] of page.matchAll(/\/files\/(\d+)"/g)) {
    const file = path.join(dir, `${number}.pdf`);
    writeFileSync(file, Buffer.from(await (await again.ask(`${place}/files/${number}`)).arrayBuffer()));
    pages += Number(/^Pages:\s+(\d+)/m.exec(execFileSync('pdfinfo', [file], { encoding: 'utf8' }))[1]);
  }
  check(pages === manifest.length, `${pages} pages for ${manifest.length} sheets`);
  tell(`whole: ${pages} pages, one for each of ${people.size} people, ${withheld} kept back`);
}

await prints(await imports());
const gone = new Promise((done) => { ward.once('exit', done); });
ward.kill('SIGINT');
await gone;
