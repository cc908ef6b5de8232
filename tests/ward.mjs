// What the tests of crash, kill and restore share: a ward on a folder of its own, and people at its screens.
import { freshCode } from './totp.mjs';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const began = Date.now();

export function check(condition, sentence) {
  if (!condition) throw new Error(sentence);
}

export function tell(sentence) {
  console.log(`${((Date.now() - began) / 1000).toFixed(1).padStart(5)} s  ${sentence}`);
}

/** Tries again until there is an answer. */
export async function until(what, look, most = 60_000) {
  for (const end = Date.now() + most; Date.now() < end; await pause(20)) {
    const answer = await look();
    if (answer) return answer;
  }
  throw new Error(`${what} does not come`);
}

/** A demo ward that can be started, killed and started again on the same folder. */
export class Ward {
  constructor(program, dir, residents) {
    Object.assign(this, { program, dir, residents, facts: path.join(dir, 'demo.json') });
    process.on('exit', () => { if (this.child?.exitCode === null) this.child.kill('SIGINT'); });
  }

  /** Starts the process; `said` collects its words. */
  start() {
    rmSync(this.facts, { force: true });
    const child = spawn(this.program, ['demo', '--residents', String(this.residents), '--port', '0', '--dir', this.dir], { stdio: ['ignore', 'ignore', 'pipe'] });
    child.said = '';
    child.stderr.on('data', (bytes) => { child.said += bytes; });
    this.child = child;
    return child;
  }

  async isUp() {
    await until('the ward', () => {
      check(this.child.exitCode === null && this.child.signalCode === null, `the ward did not come up:\n${this.child.said}`);
      return existsSync(this.facts);
    });
    this.demo = JSON.parse(readFileSync(this.facts, 'utf8'));
    return this.demo;
  }

  async ends(signal) {
    const child = this.child;
    if (child.exitCode !== null || child.signalCode !== null) return;
    const gone = new Promise((done) => { child.once('exit', done); });
    child.kill(signal);
    await gone;
  }

  /** Ids of the database's processes: their working directory is the cluster's. */
  databaseProcesses() {
    const home = path.join(this.dir, 'postgresql-data/pgdata');
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).filter((id) => {
      try { return readlinkSync(`/proc/${id}/cwd`).startsWith(home); } catch { return false; }
    });
  }

  postmaster() {
    return Number(readFileSync(path.join(this.dir, 'postgresql-data/pgdata/postmaster.pid'), 'utf8').split('\n')[0]);
  }

  /** What the database answers, past every wall: one array a row. */
  ask(sql, database = 'sesshu_health') {
    return query(this.dir, sql, database);
  }
}

function psql() {
  const places = [process.env.SESSHU_POSTGRES_BIN, ...[18, 17, 16, 15].map((major) => `/usr/lib/postgresql/${major}/bin`)];
  return places.filter(Boolean).map((place) => path.join(place, 'psql')).find(existsSync) ?? 'psql';
}

export function query(dir, sql, database = 'sesshu_health') {
  const args = ['-h', path.join(dir, 'postgresql-data/run'), '-U', 'sesshu_admin', '-d', database, '-v', 'ON_ERROR_STOP=1', '-XAtF', '\t', '-c', sql];
  const text = execFileSync(psql(), args, { encoding: 'utf8', maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'pipe'] }).trimEnd();
  return text === '' ? [] : text.split('\n').map((line) => line.split('\t'));
}

/** A person at the screen, without a browser. */
export class Staff {
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
    // A session outlives the server, and a code works once in thirty seconds: who is still signed in goes on.
    this.jar = new Map(sessions.get(this.who.login));
    const home = this.jar.size ? await this.ask('/') : undefined;
    if (home?.status === 200) {
      this.csrf = /name="csrf" value="([^"]+)"/.exec(await home.text())?.[1];
      return this;
    }
    this.jar = new Map();
    const door = new URL((await this.ask('/sign-in')).headers.get('location'));
    const way = Object.fromEntries(door.searchParams);
    await this.ask(`${door.origin}/sign-in`, { ...way, login: this.who.login, password: this.who.password });
    const inside = await this.ask(`${door.origin}/sign-in/code`, { code: await freshCode(this.who.totp) });
    await this.ask(inside.headers.get('location'));
    await this.page('/');
    sessions.set(this.who.login, this.jar);
    return this;
  }
}

/** Whose cookies were good when last looked at. */
const sessions = new Map();

/** A released list, ready to print: its place and how many are on it. */
export async function released(demo) {
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

/** A list of a campaign as text, taken as two persons allow it: asked for by `clerk`, approved by the approver. */
export async function approvedList(demo, clerk, place, list) {
  const campaign = place.split('/').at(-1);
  await clerk.page(`/exports/new?campaign=${campaign}&list=${list}`);
  const due_on = new Date().toLocaleDateString('sv-SE', { timeZone: 'Asia/Tokyo' });
  const asked = (await clerk.ask('/exports/new', { campaign, list, purpose: '枚数の照合', place: 'office', recipient: '封入の担当', recipient_key: '', due_on })).headers.get('location');
  check(asked?.startsWith('/approvals/'), `the list is not asked for: ${asked}`);
  const approver = await new Staff(demo, 'approver').signIn();
  await approver.page(asked);
  await approver.ask(`${asked}/export`, { answer: 'approve', reason: '行数を確かめた' });
  const at = /href="(\/exports\/[^"]+)"/.exec(await clerk.page(asked))[1];
  await clerk.page(at);
  return (await clerk.ask((await clerk.ask(`${at}/take`, {})).headers.get('location'))).text();
}
