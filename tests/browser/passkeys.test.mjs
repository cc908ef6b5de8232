// Passkeys with an emulated authenticator: enrolment by code, sign-in, step-up, and refusal without verification.
import { check, demo, good, openPage, quiet, test, typeIn } from './harness.mjs';

const town = await demo();

async function authenticator(page, isUserVerified = true) {
  const session = await page.context().newCDPSession(page);
  await session.send('WebAuthn.enable');
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified, automaticPresenceSimulation: true },
  });
  return { verify: (yes) => session.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: yes }) };
}

if (town) {
  test('a newcomer enrols a passkey with a code, signs in with it and steps up', async ({ page, browser }) => {
    const { hub } = town.urls;
    await typeIn(page, town, `${hub}/sign-in`, 'id_manager');
    await page.goto(`${hub}/staff`);
    const login = `newcomer${Date.now()}`;
    await page.fill('#login', login);
    await page.fill('#name', '新人 みどり');
    await page.selectOption('#section', { index: 1 });
    await page.getByRole('button', { name: '登録する', exact: true }).click();
    const code = /登録コード: ([0-9a-f-]{19})/.exec(await page.locator('[role=status]').textContent())[1];
    await page.getByRole('link', { name: /新人 みどりの認証手段/ }).last().click();
    await good(page, 'means-of-staff');

    const own = await openPage(browser);
    try {
      const device = await authenticator(own);
      await own.goto(`${hub}/enrol`);
      await good(own, 'enrol-code');
      await own.fill('#login', login);
      await own.fill('#code', code);
      await own.keyboard.press('Enter');
      await own.waitForURL('**/enrol/means');
      await good(own, 'enrol-means');
      await own.fill('#device', '窓口1番のパソコン');
      await own.keyboard.press('Enter');
      await own.waitForURL('**/enrol/done');
      await good(own, 'enrol-done');

      await own.goto(`${hub}/sign-in`);
      await good(own, 'sign-in');
      await device.verify(false);
      await own.getByRole('button', { name: 'パスキーでログイン' }).click();
      await own.locator('[data-passkey-error]:visible').waitFor();
      check(new URL(own.url()).pathname.startsWith('/sign-in'), 'nobody comes in without verification');
      await device.verify(true);
      await own.getByRole('button', { name: 'パスキーでログイン' }).click();
      await own.waitForURL(`${hub}/`);
      await good(own, 'hub-home');

      await own.goto(`${hub}/account`);
      await good(own, 'account');
      check(!await own.getByRole('button', { name: /削除する/ }).count(), 'nothing is removed from an open screen');
      await own.getByRole('link', { name: '本人を再確認して' }).click();
      await own.waitForURL('**/step-up?back=/account');
      await good(own, 'step-up');
      await own.getByRole('button', { name: 'パスキーで確認する' }).click();
      await own.waitForURL(`${hub}/account`);
      check(await own.locator('#device').isVisible(), 'a further device may be added');
      await own.getByRole('button', { name: /削除する/ }).click();
      check((await own.textContent('main')).includes('最後の認証手段は削除できません'), 'the last means stays');
      quiet(own);
    } finally {
      await own.context().close();
    }
  });
}
