// Runs the browser tests: `node run.mjs [WORD …]` runs those whose file or title contains a word.
import { readdir } from 'node:fs/promises';
import { launch, openPage, tests } from './harness.mjs';

const words = process.argv.slice(2);
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
