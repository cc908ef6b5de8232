// Passkeys: a form that names its use (`data-passkey`: get or create) and where its challenge comes from (`data-begin`).
// The device's answer goes into the form's field `credential`, and the form is sent like any other.
'use strict';
(() => {
  if (!window.PublicKeyCredential) return;
  const bytes = (text) => Uint8Array.from(atob(text.replace(/-/g, '+').replace(/_/g, '/')), (c) => c.charCodeAt(0));
  const text = (buffer) => btoa(String.fromCharCode(...new Uint8Array(buffer))).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
  const listed = (list) => list?.map((one) => ({ ...one, id: bytes(one.id) }));

  const create = async ({ publicKey }) => {
    const answer = await navigator.credentials.create({ publicKey: {
      ...publicKey, challenge: bytes(publicKey.challenge), excludeCredentials: listed(publicKey.excludeCredentials),
      user: { ...publicKey.user, id: bytes(publicKey.user.id) },
    } });
    return { ...common(answer), response: {
      attestationObject: text(answer.response.attestationObject), clientDataJSON: text(answer.response.clientDataJSON),
      transports: answer.response.getTransports?.() ?? null,
    } };
  };
  const get = async ({ publicKey }) => {
    const answer = await navigator.credentials.get({ publicKey: {
      ...publicKey, challenge: bytes(publicKey.challenge), allowCredentials: listed(publicKey.allowCredentials),
    } });
    return { ...common(answer), response: {
      authenticatorData: text(answer.response.authenticatorData), clientDataJSON: text(answer.response.clientDataJSON),
      signature: text(answer.response.signature),
      userHandle: answer.response.userHandle ? text(answer.response.userHandle) : null,
    } };
  };
  const common = (answer) => ({ id: answer.id, rawId: text(answer.rawId), type: answer.type, extensions: {} });

  const WHY = {
    NotAllowedError: '端末で本人の確認ができなかったか、時間が切れました。もう一度ボタンを押してください。',
    InvalidStateError: 'この端末のパスキーは登録済みです。別の端末を使ってください。',
  };
  const run = async (form) => {
    const place = form.querySelector('[data-passkey-error]');
    place.hidden = true;
    const say = (sentence) => { place.textContent = sentence; place.hidden = false; };
    try {
      const asked = await fetch(form.dataset.begin, { method: 'POST', body: new URLSearchParams(new FormData(form)) });
      if (!asked.ok) { say('今は受け付けられません。画面を開き直してください。'); return; }
      const told = await asked.json();
      if (told.go) { location.assign(told.go); return; }
      if (told.error) { say(told.error); return; }
      form.elements.credential.value = JSON.stringify(await (form.dataset.passkey === 'create' ? create(told) : get(told)));
      form.submit();
    } catch (error) {
      say(WHY[error.name] ?? 'この端末ではパスキーを使えません。ID管理者に相談してください。');
    }
  };
  for (const form of document.querySelectorAll('form[data-passkey]')) {
    form.hidden = false;
    // Before the page's own listener, which lets a form be sent once only.
    form.addEventListener('submit', (event) => { event.preventDefault(); event.stopPropagation(); run(form); });
  }
})();
