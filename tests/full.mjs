// Full disks, one after the other: where backups go, where print files lie, and where the data are. What cannot be written is
// said in a sentence, nothing is left half written, and the work goes on by itself once there is room.
// `node tests/full.mjs PROGRAM DIR`: needs root, since each folder becomes a small disk of its own (tmpfs).
import { execFile, execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, rmSync, writeSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { check, released, Staff, tell, until, Ward } from './ward.mjs';

const [program, dir] = process.argv.slice(2).map((one) => path.resolve(one));
const run = (...args) => promisify(execFile)(program, args, { encoding: 'utf8' });
const ward = new Ward(program, path.join(dir, 'ward'), 400);
const disks = [];
process.on('exit', () => disks.forEach((place) => { try { execFileSync('umount', ['--lazy', place]); } catch { /* Not mounted. */ } }));

/** A folder on a disk of its own. */
function smallDisk(place, size) {
  mkdirSync(place, { recursive: true, mode: 0o711 });
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size},mode=711`, 'tmpfs', place]);
  disks.push(place);
}

/** Fills a disk to its last byte; gives back how to make room again. */
function fill(place) {
  const file = path.join(place, 'filler');
  const to = openSync(file, 'w');
  const piece = Buffer.alloc(1 << 16);
  for (let size = piece.length; size > 0;) {
    try { writeSync(to, piece, 0, size); } catch { size = Math.floor(size / 2); }
  }
  closeSync(to);
  return () => rmSync(file);
}

let noted = 0;
/** Notes a fact; says how it was answered. */
async function note(staff, resident) {
  noted += 1;
  const fields = { csrf: staff.csrf.split('.')[0], kind: 'memo', memo_value: `full ${noted}`, from_on: '', until_on: '' };
  const answer = await fetch(new URL(`/residents/${resident}/facts`, staff.base), {
    method: 'POST', redirect: 'manual', body: new URLSearchParams(fields),
    headers: { cookie: [...staff.jar].map((pair) => pair.join('=')).join('; '), origin: new URL(staff.base).origin },
  });
  return [answer.status, (await answer.text()).replace(/<[^>]*>|\s+/g, ' ')];
}

async function backupsDisk(staff, resident) {
  const out = path.join(dir, 'out');
  smallDisk(out, '64m');
  const { stdout } = await run('backup', '--new-key', path.join(dir, 'key.txt'));
  const take = ['backup', '--dir', ward.dir, '--out', `${out}/`, '--recipient', stdout.trim()];
  await run(...take);
  const empty = fill(out);
  const before = readdirSync(out).join();
  const refused = await run(...take).catch((error) => error);
  check(refused.code === 1 && refused.stderr.includes('空き容量'), `a backup on a full disk: ${refused.stderr ?? 'was taken'}`);
  check(readdirSync(out).join() === before, `a half backup is left: ${readdirSync(out)}`);
  const [status] = await note(staff, resident);
  check(status === 303, `the counter was answered ${status} while the backups' disk was full`);
  const [[last]] = ward.ask('select pg_walfile_name(pg_switch_wal())');
  empty();
  const folder = path.join(out, readdirSync(out).find((name) => name.startsWith('wal-')));
  await until('the log after there was room', () => readdirSync(folder).some((name) => name.startsWith(last) && name.endsWith('.age')));
  check(!readdirSync(folder).some((name) => name.endsWith('.part')), 'a half segment is left');
  tell("backups' disk full: refused in a sentence, nothing half, the counter went on, the log followed by itself");
}

async function printDisk(demo) {
  const files = path.join(ward.dir, 'files');
  const [place] = await released(demo);
  smallDisk(files, '4m');
  const empty = fill(files);
  const clerk = await new Staff(demo, 'clerk').signIn();
  await clerk.page(place);
  await clerk.ask(`${place}/print`, {});
  const said = await until('the end of printing', () => ward.ask("select message from jobs where kind like '%print%' and state = 'failed'")[0]?.[0]);
  check(said.includes('空き容量'), `printing on a full disk said: ${said}`);
  check(ward.ask("select count(*) from sheets where state = 'printed'")[0][0] === '0', 'sheets without a file are said to be printed');
  empty();
  await clerk.page(place);
  await clerk.ask(`${place}/print`, {});
  await until('the printed list', async () => /印刷済/.test(await clerk.page(place)));
  tell(`print disk full: the job said 「${said}」, and printed when asked again`);
}

async function dataDisk(staff, resident) {
  const empty = fill(ward.dir);
  let answers = new Map();
  for (let n = 0; n < 40; n += 1) {
    const [status, text] = await note(staff, resident).catch(() => [0, '']);
    answers.set(status, (answers.get(status) ?? 0) + 1);
    check([303, 500, 503, 0].includes(status), `answered ${status}: ${text.slice(0, 300)}`);
    if (status >= 500) check(text.includes('登録されていません') || text.includes('保存できない') || text.includes('もう一度'), `no sentence: ${text.slice(0, 400)}`);
    if (status === 0) break;
  }
  empty();
  const kept = answers.get(303) ?? 0;
  tell(`data disk full: answers ${[...answers].map(([status, count]) => `${status} ×${count}`).join(', ')}`);
  if (ward.child.exitCode !== null) {
    check(ward.child.said.includes('ディスクの空き'), `the ward ended and said:\n${ward.child.said.slice(-500)}`);
    tell('the database had ended, so the ward ended and said why');
    ward.start();
    await ward.isUp();
    staff = await new Staff(ward.demo, 'clerk').signIn();
  }
  await until('a note after there was room', async () => (await note(staff, resident).catch(() => [0]))[0] === 303, 30_000);
  return kept;
}

smallDisk(ward.dir, '700m');
ward.start();
let demo = await ward.isUp();
await until('the end of the jobs', () => ward.ask("select 1 from jobs where state in ('waiting', 'running')").length === 0);
const [[resident]] = ward.ask('select resident_id from residents order by 1 limit 1');
const staff = await new Staff(demo, 'clerk').signIn();
await backupsDisk(staff, resident);
await printDisk(demo);
const before = Number(ward.ask("select count(*) from resident_facts where value like 'full %'")[0][0]);
const kept = await dataDisk(staff, resident);
const found = Number(ward.ask("select count(*) from resident_facts where value like 'full %'")[0][0]);
check(found === before + kept + 1, `${found} notes are there, ${before + kept + 1} were acknowledged`);
tell(`whole: ${found} notes, each acknowledged`);
await ward.ends('SIGINT');
