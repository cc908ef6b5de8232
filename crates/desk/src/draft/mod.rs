//! 送信されなかった入力: goes on after signing in again. And the state that a locked page asks for.

pub mod web;
