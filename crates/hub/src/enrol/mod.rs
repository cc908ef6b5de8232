//! 登録コード: how somebody comes to their first passkey, or to the password that was granted to them.

pub mod case;
pub mod web;
