// `kill -9` in the middle of an import and in the middle of printing: nothing lost, nothing twice.
// `node tests/crash.mjs PROGRAM DIR`: PROGRAM is the built sesshu, DIR an empty folder that other users may enter.
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { approvedList, check, released, Staff, tell, until, Ward } from './ward.mjs';

const [program, dir] = process.argv.slice(2).map((one) => path.resolve(one));
const ward = new Ward(program, dir, 1500);

/** A figure that the import said: 追加1500件. */
const figure = (line, word) => Number(new RegExp(`${word}([\\d,]+)件`).exec(line)?.[1].replaceAll(',', ''));

async function imports() {
  for (const [line, name] of [['医療機関:', 'residents'], ['宛名管理情報:', 'records']]) {
    const child = ward.start();
    await until(`the import of ${name}`, () => {
      check(child.exitCode === null && !existsSync(ward.facts), `the ward was too fast or fell:\n${child.said}`);
      return child.said.includes(line);
    });
    await pause(60);
    await ward.ends('SIGKILL');
    tell(`killed while ${name} came in`);
  }
  const child = ward.start();
  const demo = await ward.isUp();
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

async function prints(demo) {
  const [place, count] = await released(demo);
  let [up, again] = [demo, await new Staff(demo, 'clerk').signIn()];
  await again.ask(`${place}/print`, {});
  await until('printing', async () => {
    const text = await again.page(place);
    check(!text.includes('印刷済み'), 'printing was over before it could be killed');
    return text.includes('印刷中');
  });
  for (const moment of ['in the middle of printing', 'right after it began again']) {
    await ward.ends('SIGKILL');
    ward.start();
    // It came up at other ports.
    up = await ward.isUp();
    again = await new Staff(up, 'clerk').signIn();
    tell(`killed ${moment}, and up again`);
  }
  await until('the printed list', async () => /印刷済/.test(await again.page(place)));
  const manifest = (await approvedList(up, again, place, 'manifest')).trim().split(/\r?\n/).slice(1).map((line) => line.split(','));
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
await ward.ends('SIGINT');
