// A tablet at a venue and a computer of the office, each with its certificate, at the doors of the demo.
import { check, demo, equal, good, test } from './harness.mjs';
import { freshCode } from '../totp.mjs';
import { choose, clinic, day, follow, given, says, then, today, wareki, when } from './clerk.mjs';

/** A page at the door of a zone that shows the certificate of that zone's terminal, or of another's. */
async function at(browser, zone, terminal = zone) {
  const town = await demo();
  const door = town.doors.find((one) => one.zone === zone);
  const { certificate, key } = town.doors.find((one) => one.zone === terminal).terminal;
  const own = ['health', 'hub'].map((system) => ({ origin: new URL(door.urls[system]).origin, certPath: certificate, keyPath: key }));
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 }, locale: 'ja-JP', timezoneId: 'Asia/Tokyo', reducedMotion: 'reduce',
    // The demo's authority is nobody's but the demo's.
    ignoreHTTPSErrors: true, clientCertificates: own,
  });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  page.complaints = [];
  page.on('pageerror', (error) => page.complaints.push(`script: ${error.message}`));
  return { page, hub: door.urls.hub.replace(/\/$/, ''), health: door.urls.health.replace(/\/$/, ''), town };
}

async function signIn({ page, health, town }, role) {
  const { login, password, totp } = town.sign_ins.find((one) => one.role === role);
  await page.goto(`${health}/sign-in`);
  await page.fill('#login', login);
  await page.fill('#password', password);
  await Promise.all([page.waitForURL((url) => url.pathname === '/sign-in/code'), page.keyboard.press('Enter')]);
  await page.fill('#code', await freshCode(totp));
  await Promise.all([page.waitForURL((url) => !url.pathname.startsWith('/sign-in')), page.keyboard.press('Enter')]);
}

async function status(page, url) {
  return (await page.goto(url)).status();
}

if (await demo()) {
  test('a tablet at a venue has the desk for sheets and finds nobody', async ({ browser }) => {
    const venue = await given('a tablet with its certificate', () => at(browser, 'venue'));
    const { page, hub, health } = venue;
    try {
      await when('a clerk signs in there', () => signIn(venue, 'clerk'));
      await then('the page offers what a venue needs and nothing else', async () => {
        const rooms = await page.locator('nav[aria-label] a').allTextContents();
        check(!rooms.some((room) => /検索|住民|抽出|取込み|操作ログ/.test(room)), `rooms: ${rooms.join(' ')}`);
        await good(page, 'terminals-venue-home');
      });
      await then('searching, lists, imports, the log and the vault are not there', async () => {
        for (const path of ['/residents', '/campaigns', '/imports', '/audit', '/campaigns/new']) {
          equal(await status(page, `${health}${path}`), 404, path);
        }
        for (const path of ['/numbers', '/staff', '/terminals', '/audit', '/rights']) {
          equal(await status(page, `${hub}${path}`), 404, path);
        }
      });
      await then('the desk for sheets is, and it links to nobody', async () => {
        equal(await status(page, `${health}/records`), 200, 'the desk');
        equal(await page.locator('main a[href^="/residents"], main a[href^="/records/"]').count(), 0, 'links to people');
        await good(page, 'terminals-venue-desk');
      });
      await then('its cookies are its own host’s and never travel in clear', async () => {
        const cookies = (await page.context().cookies()).filter((one) => /sesshu-(health|hub)-venue$/.test(one.name));
        equal(cookies.length, 2, 'cookies of a session');
        check(cookies.every((one) => one.secure && one.httpOnly && one.name.startsWith('__Host-')), JSON.stringify(cookies.map(({ name }) => name)));
      });
    } finally {
      await page.context().close();
    }
  });

  test('story 5: a tablet at a venue turns a sheet into a record', async ({ browser }) => {
    const sheet = await given('a printed sheet', () => {
      check(day.sheets?.length > 3, 'story 4 did not come so far');
      return day.sheets.at(-1)['用紙番号'];
    });
    const venue = await at(browser, 'venue');
    const { page, health } = venue;
    try {
      await signIn(venue, 'contractor');
      await when('scanning the sheet', async () => {
        await page.goto(`${health}/records`);
        await page.fill('#number', sheet);
        await Promise.all([page.waitForURL(/\/records\/new/), page.keyboard.press('Enter')]);
      });
      await then('the person of the paper stands there', () => good(page, 'terminals-venue-form'));
      await when('typing what the paper says', async () => {
        await page.fill('#on', wareki(today()));
        await choose(page, 'vaccine', 'MR');
        await page.fill('#lot', 'T001');
        await page.fill('#clinic', (await clinic()).code);
        await page.fill('#doctor', '会場　花子');
        await page.keyboard.press('Enter');
        await says(page, 'T001', '標準の量');
        await good(page, 'terminals-venue-confirm');
      });
      await when('registering it', () => follow(page, 'form.s-form button[type=submit]:not([formaction])'));
      await then('it is registered', async () => {
        await says(page, '接種記録を登録しました');
        await good(page, 'terminals-venue-done');
      });
    } finally {
      await page.context().close();
    }
  });

  test('a tablet of a venue at the door of the office is told where it belongs', async ({ browser }) => {
    const { page, hub } = await at(browser, 'business', 'venue');
    try {
      equal(await status(page, `${hub}/sign-in`), 403, 'the door');
      await page.getByText('別の区画に登録されています').waitFor();
      equal(await page.locator('#login').count(), 0, 'a page to sign in');
      await good(page, 'terminals-wrong-zone');
    } finally {
      await page.context().close();
    }
  });

  test('at a terminal of the office the ID manager sees the register', async ({ browser }) => {
    const office = await at(browser, 'business');
    const { page, hub } = office;
    try {
      await when('the ID manager signs in', () => signIn(office, 'id_manager'));
      equal(await status(page, `${hub}/terminals`), 200, 'the register');
      const rows = await page.locator('tbody tr').allTextContents();
      check(['窓口1番', 'LGWAN端末01', '会場タブレット01'].every((name) => rows.some((row) => row.includes(name))), rows.join('\n'));
      await good(page, 'terminals-list');
      await page.getByRole('link', { name: '会場タブレット01' }).click();
      await page.getByText('登録の経過').waitFor();
      await good(page, 'terminals-show');
      equal(await status(page, `${hub}/numbers`), 403, 'numbers exist here, for those who may');
    } finally {
      await page.context().close();
    }
  });
}
