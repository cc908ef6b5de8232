// The codes of an authenticator app (RFC 6238), for tests that sign in.
import { createHmac } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

function bytes(key) {
  const bits = [...key].map((letter) => LETTERS.indexOf(letter).toString(2).padStart(5, '0')).join('');
  return Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
}

export function codeOf(key, step) {
  const count = Buffer.alloc(8);
  count.writeBigUInt64BE(BigInt(step));
  const digest = createHmac('sha1', bytes(key)).update(count).digest();
  const at = digest[19] & 15;
  return String((digest.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

const used = new Map();

/** A code that has not been used by this process: each works once. One step early is taken as well as the present one. */
export async function freshCode(key) {
  for (;;) {
    const now = Math.floor(Date.now() / 30_000);
    const step = Math.max(now, (used.get(key) ?? 0) + 1);
    if (step <= now + 1) {
      used.set(key, step);
      return codeOf(key, step);
    }
    await pause(500);
  }
}
