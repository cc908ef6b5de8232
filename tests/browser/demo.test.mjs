// The door and the first room of a running demo. Needs demo.json; without it this file says so and adds no test.
import { demo, fill, go, good, signIn, test } from './harness.mjs';

if (await demo()) {
  test('a clerk signs in by keyboard and finds the home page good', async ({ page }) => {
    await signIn(page, 'clerk');
    await good(page, 'demo-home');
  });

  test('the door is good, and tells a wrong password what to do', async ({ page }) => {
    const { urls } = await demo();
    await page.goto(`${urls.health}/sign-in`);
    await good(page, 'demo-sign-in');
    await fill(page, '#login', 'clerk');
    await fill(page, '#password', 'wrong');
    await go(page, 'button[type=submit]');
    await good(page, 'demo-sign-in-wrong');
  });
} else {
  console.log('skip  demo.test.mjs: no demo.json given');
}
