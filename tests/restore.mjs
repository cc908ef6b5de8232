// The restore drill: a ward is backed up while it is written to, destroyed, and put back elsewhere to a moment.
// `node tests/restore.mjs PROGRAM DIR`: PROGRAM is the built sesshu, DIR an empty folder that other users may enter.
import { execFile, spawn } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { check, query, Staff, tell, until, Ward } from './ward.mjs';

const [program, dir] = process.argv.slice(2).map((one) => path.resolve(one));
const at = (name) => path.join(dir, name);
const run = (...args) => promisify(execFile)(program, args, { encoding: 'utf8' });
const ward = new Ward(program, at('ward'), 500);

/** Notes facts one after the other until told to stop; each acknowledged one is remembered with its time. */
class Writer {
  constructor(staff, residents) {
    Object.assign(this, { staff, residents, kept: [], next: 0 });
  }

  begin() {
    this.goes = true;
    this.work = (async () => {
      for (; this.goes; await pause(25)) {
        const memo = `drill ${this.next}`;
        const who = this.residents[this.next % this.residents.length];
        this.next += 1;
        const answer = await this.staff.ask(`/residents/${who}/facts`, { kind: 'memo', memo_value: memo, from_on: '', until_on: '' });
        check(answer.status === 303, `a note was answered ${answer.status}`);
        this.kept.push(memo);
      }
    })();
  }

  async pause() {
    this.goes = false;
    await this.work;
    return this.kept.length;
  }
}

/** Rows and digest of every table, but for the places that the log gives by itself a second later. */
function contents(home) {
  const own = new Set(['audit_places', 'audit_heads', 'audit_tiles', 'audit_checkpoints']);
  const tables = query(home, "select relname from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace order by 1")
    .map(([name]) => name).filter((name) => !own.has(name));
  const each = tables.map((name) => `select '${name}', count(*), md5(string_agg(t::text, ',' order by t::text)) from ${name} t`);
  return new Map(query(home, each.join(' union all ')).map(([name, ...rest]) => [name, rest.join(' ')]));
}

const memos = (home) => query(home, "select value from resident_facts where value like 'drill %'").map(([value]) => value).sort();

async function backedUp() {
  ward.start();
  const demo = await ward.isUp();
  await until('the end of the jobs', () => ward.ask("select 1 from jobs where state in ('waiting', 'running')").length === 0);
  const residents = ward.ask('select resident_id from residents order by 1 limit 40').map(([id]) => id);
  const writer = new Writer(await new Staff(demo, 'clerk').signIn(), residents);
  const { stdout } = await run('backup', '--new-key', at('key.txt'));
  await run('backup', '--new-key', at('other.txt'));
  writer.begin();
  await until('the first notes', () => writer.kept.length >= 3);
  const before = writer.kept.length;
  await run('backup', '--dir', ward.dir, '--out', at('out/'), '--recipient', stdout.trim());
  const during = writer.kept.length - before;
  check(during > 0, 'nothing was written while the backup was taken');
  tell(`backed up while ${during} notes were taken`);
  return writer;
}

/** Goes on writing past a moment, sends the log, and destroys everything. */
async function destroyed(writer) {
  await until('more notes', () => writer.kept.length >= 20);
  const count = await writer.pause();
  const then = contents(ward.dir);
  const [[moment]] = ward.ask("select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')");
  writer.begin();
  await until('notes after the moment', () => writer.kept.length >= count + 10);
  const all = await writer.pause();
  const [[last]] = ward.ask('select pg_walfile_name(pg_switch_wal())');
  await until('the log to be sent', () => readdirSync(at('out')).some((name) => name.startsWith('wal-')
    && readdirSync(at(path.join('out', name))).some((file) => file.startsWith(last) && file.endsWith('.age'))));
  await ward.ends('SIGKILL');
  await until('the end of the database', () => ward.databaseProcesses().length === 0);
  rmSync(ward.dir, { recursive: true });
  tell(`destroyed: ${count} notes up to ${moment}, ${all - count} after it`);
  return { moment, count, then };
}

async function restored(writer, { moment, count, then }) {
  const file = at(path.join('out', readdirSync(at('out')).find((name) => name.endsWith('.tar.gz.age'))));
  const before = readdirSync(dir).join();
  const refused = await run('restore', file, '--dir', at('new'), '--key', at('other.txt')).catch((error) => error);
  check(refused.code === 1 && refused.stderr.includes('この鍵では'), `another key: ${refused.stderr}`);
  check(readdirSync(dir).join() === before, 'another key left something behind');

  const began = Date.now();
  const { stdout } = await run('restore', file, '--dir', at('new'), '--key', at('key.txt'), '--until', moment);
  tell(`restored in ${((Date.now() - began) / 1000).toFixed(1)} s: ${stdout.split('\n')[1]}`);
  const serve = spawn(program, ['serve', '--port', '0', '--dir', at('new')], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  serve.stderr.on('data', (bytes) => { said += bytes; });
  try {
    await until('the restored system', () => { check(serve.exitCode === null, said); return said.includes('http://'); });
    const expected = writer.kept.slice(0, count).sort();
    const found = memos(at('new'));
    check(found.join() === expected.join(), `${found.length} notes came back of ${expected.length}`);
    const now = contents(at('new'));
    const different = [...then.keys()].filter((name) => now.get(name) !== then.get(name));
    check(now.size === then.size && different.length === 0, `different tables: ${different}`);
    tell(`whole: ${now.size} tables as they were, ${found.length} notes, none of after the moment`);
  } finally {
    const gone = new Promise((done) => { serve.once('exit', done); });
    serve.kill('SIGINT');
    await gone;
  }
}

const writer = await backedUp();
await restored(writer, await destroyed(writer));
