//! 認証手段: passkeys as the rule, a password with 認証アプリ by exception, and how often one may be wrong.

pub mod attempts;
pub mod case;
pub mod ceremony;
pub mod passkey;
pub mod password;
pub mod sql;
pub mod totp;
pub mod web;
