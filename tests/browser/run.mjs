// Runs the browser tests: `node run.mjs [demo.json] [WORD …]`. Words choose files or titles; `demo.json` is what a
// running `sesshu demo` wrote (or set SESSHU_DEMO_JSON). Without it, only what needs no demo runs.
import { readdir } from 'node:fs/promises';
import path from 'node:path';

const words = process.argv.slice(2).filter((word) => !word.endsWith('.json'));
const demoFile = process.argv.slice(2).find((word) => word.endsWith('.json')) ?? process.env.SESSHU_DEMO;
if (demoFile) process.env.SESSHU_DEMO_JSON = path.resolve(demoFile);
const { launch, openPage, tests } = await import('./harness.mjs');

const files = (await readdir(new URL('.', import.meta.url))).filter((file) => file.endsWith('.test.mjs')).sort();
const cleanups = [];
for (const file of files) {
  const before = tests.length;
  const module = await import(`./${file}`);
  if (module.end) cleanups.push(module.end);
  for (const one of tests.slice(before)) one.file = file;
}

const browser = await launch();
let [passed, failed] = [0, 0];
for (const { name, run, file } of tests) {
  if (words.length && !words.some((word) => file.includes(word) || name.includes(word))) continue;
  const page = await openPage(browser);
  try {
    await run({ page, browser });
    passed += 1;
    console.log(`ok    ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAIL  ${name}\n${String(error.message).replace(/^/gm, '      ')}`);
  } finally {
    await page.context().close();
  }
}
await browser.close();
for (const end of cleanups) await end();
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed || !passed ? 1 : 0;
