//! 本人の再確認: a second authentication before what is most sensitive, good for ten minutes (個人番号のダブル認証).

pub mod case;
pub mod web;
