//! 侵入・異常の通知 on screen. What is noticed, and when somebody is told, is `kit::intrusion`'s.

pub mod case;
pub mod web;
