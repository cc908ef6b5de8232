//! 認証アプリ: one-time codes of RFC 6238 as every authenticator app reads them (SHA-1, 30 seconds, 6 digits).

use crate::App;
use hmac::{Hmac, KeyInit, Mac};
use jiff::Timestamp;
use kit::Municipality;
use qrcode::{QrCode, render::svg};
use sha1::Sha1;
use uuid::Uuid;
use zeroize::Zeroizing;

const STEP_SECONDS: i64 = 30;
/// Steps by which a telephone's clock may be wrong, either way.
const STEPS_OFF_MAX: i64 = 1;
/// RFC 4226, 4 R6: 160 bits.
const SECRET_BYTES: usize = 20;

/// The secret that the server and somebody's app share.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    pub fn new() -> Secret {
        let mut bytes = Zeroizing::new(vec![0; SECRET_BYTES]);
        getrandom::fill(&mut bytes).expect("the system's random source works");
        Secret(bytes)
    }

    /// The step that `at` lies in.
    fn step(at: Timestamp) -> i64 {
        at.as_second().div_euclid(STEP_SECONDS)
    }

    fn code_of(&self, step: i64) -> String {
        let mut mac = Hmac::<Sha1>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.update(&step.to_be_bytes());
        let digest: [u8; 20] = mac.finalize().into_bytes().into();
        let at = usize::from(digest[19] & 0x0f);
        let four = [digest[at], digest[at + 1], digest[at + 2], digest[at + 3]];
        format!("{:06}", (u32::from_be_bytes(four) & 0x7fff_ffff) % 1_000_000)
    }

    /// The code that an app shows at `at`.
    pub fn code(&self, at: Timestamp) -> String {
        self.code_of(Self::step(at))
    }

    /// The step whose code this is: near `at`, and after the last that was used.
    pub fn matching_step(&self, code: &str, at: Timestamp, last_used: i64) -> Option<i64> {
        use subtle::ConstantTimeEq;
        let now = Self::step(at);
        (now - STEPS_OFF_MAX..=now + STEPS_OFF_MAX)
            .filter(|step| *step > last_used)
            .find(|step| bool::from(self.code_of(*step).as_bytes().ct_eq(code.as_bytes())))
    }

    /// The secret as an app takes it by hand (RFC 4648 base 32).
    pub fn key(&self) -> String {
        const LETTERS: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
        let bit = |at: usize| self.0.get(at / 8).is_some_and(|byte| byte >> (7 - at % 8) & 1 == 1);
        let letter = |from: usize| (from..from + 5).fold(0, |value, at| value << 1 | usize::from(bit(at)));
        (0..self.0.len() * 8).step_by(5).map(|from| char::from(LETTERS[letter(from)])).collect()
    }

    /// The secret behind such a key; `None` where it is none.
    pub fn of_key(key: &str) -> Option<Secret> {
        let values = key.bytes().map(|letter| match letter {
            b'A'..=b'Z' => Some(letter - b'A'),
            b'2'..=b'7' => Some(letter - b'2' + 26),
            _ => None,
        });
        let values = values.collect::<Option<Vec<u8>>>()?;
        let bit = |at: usize| values.get(at / 5).is_some_and(|value| value >> (4 - at % 5) & 1 == 1);
        let byte = |from: usize| (from..from + 8).fold(0, |value, at| value << 1 | u8::from(bit(at)));
        Some(Secret(Zeroizing::new((0..values.len() * 5 / 8).map(|at| byte(at * 8)).collect())))
    }

    /// The picture that an app reads it from.
    pub fn picture(&self, municipality: &str, login: &str) -> anyhow::Result<String> {
        let escape = |text: &str| text.bytes().map(|byte| format!("%{byte:02X}")).collect::<String>();
        let address = format!(
            "otpauth://totp/{}:{}?secret={}&issuer={}",
            escape(municipality),
            escape(login),
            self.key(),
            escape(municipality)
        );
        let drawn = QrCode::new(address)?.render::<svg::Color<'_>>().min_dimensions(220, 220).build();
        // In a page, not in a file of its own.
        Ok(drawn.split_once("?>").map_or(drawn.clone(), |(_, svg)| svg.to_owned()))
    }

    /// To whom a sealed secret belongs: in another row it does not open.
    fn bound_to(municipality: Municipality, staff_id: Uuid) -> Vec<u8> {
        let mut bytes = b"sesshu totp 1\0".to_vec();
        bytes.extend(municipality.0.to_be_bytes());
        bytes.extend(staff_id.as_bytes());
        bytes
    }

    pub fn seal(&self, app: &App, municipality: Municipality, staff_id: Uuid) -> anyhow::Result<Vec<u8>> {
        Ok(app.keys.seal(&Self::bound_to(municipality, staff_id), &self.0)?)
    }

    pub fn open(
        app: &App,
        municipality: Municipality,
        staff_id: Uuid,
        sealed: &[u8],
    ) -> anyhow::Result<Secret> {
        Ok(Secret(app.keys.unseal(&Self::bound_to(municipality, staff_id), sealed)?))
    }
}

impl Default for Secret {
    fn default() -> Self {
        Secret::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_standard() {
        let secret = Secret(Zeroizing::new(b"12345678901234567890".to_vec()));
        // RFC 6238, appendix B, the last six of eight digits.
        for (second, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let at = Timestamp::from_second(second).expect("a moment");
            assert_eq!(secret.code(at), code);
        }
        assert_eq!(secret.key(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
    }

    #[test]
    fn a_code_serves_one_step_early_or_late_and_once() {
        let secret = Secret::new();
        let at = Timestamp::from_second(1_800_000_000).expect("a moment");
        let step = Secret::step(at);
        for (off, found) in [(-2, false), (-1, true), (0, true), (1, true), (2, false)] {
            assert_eq!(secret.matching_step(&secret.code_of(step + off), at, 0).is_some(), found, "{off}");
        }
        assert_eq!(secret.matching_step(&secret.code_of(step), at, step), None, "twice");
        assert_eq!(secret.matching_step("", at, 0), None);
    }
}
