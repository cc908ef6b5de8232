// `kill -9` at any moment under load: nothing acknowledged is lost, nothing is doubled, and the ward is soon back.
// `node tests/kill.mjs PROGRAM DIR [CYCLES [SEED]]`: PROGRAM is the built sesshu, DIR an empty folder that other users may enter.
//
// Several people write at once. Whatever is answered is written down outside, on the disk, before the next is sent. Then one
// of the ward's processes, or all, are killed. What had no answer is sent again with its key; then both are compared.
import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { check, released, Staff, tell, until, Ward } from './ward.mjs';

const [program, dir] = process.argv.slice(2, 4).map((one) => path.resolve(one));
const cycles = Number(process.argv[4] ?? 20);
const seed = Number(process.argv[5] ?? Date.now() % 1_000_000);
// The promise is ten seconds; a machine full of compilers shows nothing about it.
const readyMsMax = () => (loadavg()[0] < 1.5 * cpus().length ? 10_000 : 60_000);
const ward = new Ward(program, path.join(dir, 'ward'), cycles > 50 ? 1500 : 400);
const book = openSync(path.join(dir, 'acknowledged'), 'wx');

/** Chance that can be repeated (mulberry32). */
let state = seed;
function chance() {
  state = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
}

function acknowledge(line) {
  writeSync(book, `${line}\n`);
  fsyncSync(book);
}

/** Somebody who sends one form after the other. `next(n)` gives the form, or nothing when there is no more to do. */
class Lane {
  constructor(name, next, found) {
    Object.assign(this, { name, next, found, sent: [], waiting: null });
  }

  async signIn(demo) {
    this.staff = await new Staff(demo, 'clerk').signIn();
    // The session's token; each sending brings a key of its own.
    this.token = this.staff.csrf.split('.')[0];
  }

  /** Sends it, first or once more. Acknowledged is what leads somewhere; a broken line or a busy server is no answer. */
  async send(one) {
    let answer;
    try {
      answer = await this.post(one);
    } catch {
      return false;
    }
    if (answer.status >= 500 || answer.status === 429) return false;
    // The session died with its database: nothing was taken, and that is said.
    const to = answer.headers.get('location') ?? '';
    if (answer.status === 303 && to.includes('/sign-in')) return false;
    check(answer.status === 303, `${this.name} ${one.id} is answered ${answer.status}: ${/<main[^]*?<\/main>/.exec(await answer.text())?.[0].replace(/<[^>]*>|\s+/g, ' ')}`);
    check(one.to === undefined || one.to === to, `${this.name} ${one.id}: ${to} instead of ${one.to}`);
    one.to = to;
    return true;
  }

  async post({ place, fields, key }) {
    const csrf = `${this.token}.${key}`;
    const form = fields.file ? new FormData() : new URLSearchParams();
    form.append('csrf', csrf);
    for (const [name, value] of Object.entries(fields)) {
      if (name === 'file') form.append(name, new Blob([value.text]), value.name);
      else form.append(name, value);
    }
    return fetch(new URL(place, this.staff.base), {
      method: 'POST',
      redirect: 'manual',
      headers: { cookie: [...this.staff.jar].map((pair) => pair.join('=')).join('; '), origin: new URL(this.staff.base).origin },
      body: form,
      signal: AbortSignal.timeout(20_000),
    });
  }

  begin() {
    this.goes = true;
    this.work = (async () => {
      while (this.goes) {
        const one = this.waiting ?? this.next(this.sent.length);
        if (!one) return;
        if (!this.waiting) {
          this.waiting = { ...one, key: randomUUID().replaceAll('-', '') };
          this.sent.push(this.waiting);
        }
        await this.again();
        await pause(5);
      }
    })();
  }

  /** Sends what has no answer yet. */
  async again() {
    if (this.waiting && await this.send(this.waiting)) {
      acknowledge(`${this.name} ${this.waiting.id}`);
      this.waiting = null;
      return true;
    }
    return !this.waiting;
  }

  async end() {
    this.goes = false;
    await this.work;
  }

  /** Everything sent has its answer by now; so everything is there, once. */
  compare() {
    const found = new Map(this.found().map(([id, count]) => [id, Number(count)]));
    const lost = this.sent.filter(({ id }) => !found.has(id)).map(({ id }) => id);
    const doubled = this.sent.filter(({ id }) => found.get(id) > 1).map(({ id }) => id);
    const strange = found.size - (this.sent.length - lost.length);
    check(lost.length === 0 && doubled.length === 0 && strange === 0,
      `${this.name}: lost ${lost.join() || 0}, doubled ${doubled.join() || 0}, unasked ${strange} (seed ${seed})`);
  }
}

function lanes(residents) {
  const memo = { kind: 'memo', from_on: '', until_on: '' };
  const yesterday = new Date(Date.now() - 86_400_000).toLocaleDateString('sv-SE', { timeZone: 'Asia/Tokyo' });
  let sheets = [];
  const [[clinic]] = ward.ask('select clinic_code from clinics order by 1 limit 1');
  const dose = { version: '1', judgement: 'given', on: yesterday, vaccine: 'FLU', lot: 'KILL1', expires: '', volume: '0.5', clinic, clinic_name: '', doctor: '王子　一郎', basis: '1', explanation: '予診票のとおり入力したため', change_reason: '' };
  return [
    new Lane('note', (n) => ({ id: `note ${n}`, place: `/residents/${residents[n % residents.length]}/facts`, fields: { ...memo, memo_value: `note ${n}` } }),
      () => ward.ask("select value, count(*) from resident_facts where value like 'note %' group by 1")),
    new Lane('other note', (n) => ({ id: `other ${n}`, place: `/residents/${residents[n % residents.length]}/facts`, fields: { ...memo, memo_value: `other ${n}` } }),
      () => ward.ask("select value, count(*) from resident_facts where value like 'other %' group by 1")),
    new Lane('import', (n) => ({ id: `feed-${n}.csv`, place: '/imports', fields: { kind: 'clinics', mode: 'trial', file: { name: `feed-${n}.csv`, text: `01,${n}` } } }),
      () => ward.ask("select file_name, count(*) from feeds where file_name like 'feed-%' group by 1")),
    new Lane('record', (n) => {
      if (sheets.length <= n) sheets = ward.ask("select sheet_id from sheets where state in ('printed', 'used') order by sheet_number").map(([id]) => id);
      return sheets[n] && { id: sheets[n], place: '/records', fields: { sheet: sheets[n], ...dose, key: randomUUID() } };
    }, () => ward.ask("select sheet_id, count(*) from vaccination_records where lot_number = 'KILL1' and state = 'current' group by 1")),
  ];
}

const VICTIMS = ['the server', 'everything', 'the database', 'one of its processes'];

async function killed(victim) {
  const signal = (id) => { try { process.kill(id, 'SIGKILL'); } catch { /* It has gone by itself. */ } };
  if (victim === 'the server') return ward.ends('SIGKILL');
  if (victim === 'the database') {
    signal(ward.postmaster());
    // The ward sees it and ends by itself.
    return until('the end of a ward without database', () => ward.child.exitCode !== null, 30_000);
  }
  const home = ward.databaseProcesses();
  if (victim === 'one of its processes') {
    const others = home.filter((id) => id !== ward.postmaster());
    return signal(others[Math.floor(chance() * others.length)]);
  }
  const gone = ward.ends('SIGKILL');
  home.forEach(signal);
  return gone;
}

async function back() {
  const began = Date.now();
  ward.start();
  const demo = await ward.isUp();
  return [demo, Date.now() - began];
}

async function run() {
  console.log(`seed ${seed}, ${cycles} cycles`);
  let [demo] = await back();
  const [place, people] = await released(demo);
  const clerk = await new Staff(demo, 'clerk').signIn();
  await clerk.page(place);
  await clerk.ask(`${place}/print`, {});
  const writers = lanes(ward.ask('select resident_id from residents order by 1').map(([id]) => id));
  await until('the first sheets', () => ward.ask("select 1 from sheets where state = 'printed' limit 1").length === 1);
  let [slowest, resent] = [0, 0];
  const counts = new Map(VICTIMS.map((victim) => [victim, 0]));
  for (let cycle = 1; cycle <= cycles; cycle += 1) {
    for (const lane of writers) await lane.signIn(demo);
    writers.forEach((lane) => lane.begin());
    await pause(50 + chance() * (cycles > 50 ? 2950 : 1000));
    const victim = VICTIMS[Math.floor(chance() * VICTIMS.length)];
    counts.set(victim, counts.get(victim) + 1);
    await killed(victim);
    await Promise.all(writers.map((lane) => lane.end()));
    if (victim !== 'one of its processes') {
      let took;
      [demo, took] = await back();
      slowest = Math.max(slowest, took);
      check(took <= readyMsMax(), `ready after ${took} ms (seed ${seed}, cycle ${cycle})`);
    } else {
      await until('the database', () => { try { return ward.ask('select 1'); } catch { return false; } });
    }
    resent += writers.filter((lane) => lane.waiting).length;
    for (const lane of writers) {
      await until('a signed-in session', () => lane.signIn(demo).then(() => true, () => false));
      await until(`an answer to ${lane.name} ${lane.waiting?.id}`, () => lane.again(), 30_000);
      lane.compare();
    }
  }
  const sent = writers.map((lane) => `${lane.sent.length} of ${lane.name}`).join(', ');
  tell(`${cycles} kills (${[...counts].map(([victim, count]) => `${victim} ${count}`).join(', ')}): ${sent}; 0 lost, 0 doubled`);
  tell(`${resent} had no answer and were sent again; back after ${slowest} ms at most`);
  await until('the end of printing', () => ward.ask(`select 1 from jobs where state in ('waiting', 'running')`).length === 0, 120_000);
  const [[sheets, persons]] = ward.ask('select count(*), count(distinct resident_id) from sheets');
  check(sheets === persons && Number(sheets) === people, `${sheets} sheets for ${persons} of ${people} people`);
  tell(`one sheet for each of ${people} people`);
  await ward.ends('SIGINT');
  closeSync(book);
}

await run();
