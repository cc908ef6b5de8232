//! The header about a person: the same on every page, with every warning.

use crate::ledger::{Resident, ResidentClass};
use domain::{Date, age, schedule::Sex};
use ui::{Banner, BannerKind, Chip, PersonHeader, Tone, dates};

/// 性別 in words.
pub const fn sex_ja(sex: Sex) -> &'static str {
    match sex {
        Sex::Male => "男",
        Sex::Female => "女",
        Sex::Unknown => "不明",
    }
}

/// Builds the header. `is_heading` where the page is the person's own.
pub fn header(person: &Resident, today: Date, is_heading: bool) -> PersonHeader {
    let is_exact = person.has_exact_birth_date();
    PersonHeader {
        name: person.name_kanji.clone(),
        kana: person.name_kana.clone(),
        alias: (!person.alias_name.is_empty()).then(|| person.alias_name.clone()),
        addressee_number: person.addressee_number.clone(),
        birth_date: is_exact.then_some(person.birth_date),
        birth_text: unknown_birth(person),
        age: if is_exact && person.class != ResidentClass::Dead {
            age_text(person.birth_date, today)
        } else {
            String::new()
        },
        sex_ja: sex_ja(person.sex).to_owned(),
        address: (!person.address_protected).then(|| full_address(person)),
        warnings: warnings(person),
        href: (!is_heading).then(|| format!("/residents/{}", person.resident_id)),
        is_heading,
    }
}

fn full_address(person: &Resident) -> String {
    format!("〒{} {} {}", postal(&person.postal_code), person.address, person.building).trim_end().to_owned()
}

/// 1140002 → 114-0002.
fn postal(code: &str) -> String {
    match code.split_at_checked(3) {
        Some((town, rest)) if code.len() == 7 => format!("{town}-{rest}"),
        _ => code.to_owned(),
    }
}

/// `3歳4か月`; from ten years on the months no longer matter.
pub fn age_text(birth: Date, today: Date) -> String {
    match age::years_and_months(birth, today) {
        (0, months) => format!("0歳{months}か月"),
        (years @ 1..10, months) => format!("{years}歳{months}か月"),
        (years, _) => format!("{years}歳"),
    }
}

fn unknown_birth(person: &Resident) -> String {
    let birth = person.birth_date;
    match person.birth_date_unknown {
        1 => format!("{}年{}月 日は不詳", birth.year(), birth.month()),
        2 => format!("{}年 月日は不詳", birth.year()),
        _ => "不詳".to_owned(),
    }
}

fn warnings(person: &Resident) -> Vec<Banner> {
    let mut warnings = Vec::new();
    if person.address_protected {
        warnings.push(
            Banner::new(BannerKind::AddressProtection, "支援措置の対象者です")
                .line("住所・転出先・発送先を本人以外に伝えないでください。住所は画面に表示せず、発送の対象からも除いています。"),
        );
    }
    let since = |day: Option<Date>| day.map_or_else(String::new, |day| format!("({})", dates::both(day)));
    match person.class {
        ResidentClass::Dead => {
            warnings.push(Banner::new(
                BannerKind::Deceased,
                format!("亡くなられています{}", since(person.resident_until)),
            ));
        }
        ResidentClass::MovedOut => {
            let mut banner =
                Banner::new(BannerKind::MovedOut, format!("転出しています{}", since(person.resident_until)));
            if !person.address_protected && !person.confirmed_move_address.is_empty() {
                banner = banner.line(format!("転出先: {}", person.confirmed_move_address));
            }
            warnings.push(banner);
        }
        ResidentClass::Struck => {
            let title = format!("職権消除されています{}", since(person.resident_until));
            warnings.push(
                Banner::new(BannerKind::MovedOut, title)
                    .line("住所に住んでいません。行き先は分かっていません。"),
            );
        }
        ResidentClass::Resident | ResidentClass::Unregistered => {}
    }
    if person.memo_flag || !person.memo.is_empty() {
        warnings.push(Banner::new(BannerKind::Memo, "住民情報のメモがあります").line(person.memo.clone()));
    }
    warnings
}

/// The one word that matters most in a list.
pub fn flag(person: &Resident) -> Option<Chip> {
    if person.address_protected {
        return Some(Chip::new(Tone::Stop, "支援措置"));
    }
    match person.class {
        ResidentClass::Dead => Some(Chip::new(Tone::Off, "死亡")),
        ResidentClass::MovedOut => Some(Chip::new(Tone::Off, "転出")),
        ResidentClass::Struck => Some(Chip::new(Tone::Off, "職権消除")),
        ResidentClass::Unregistered => Some(Chip::new(Tone::Waiting, "住登外")),
        ResidentClass::Resident if person.memo_flag => Some(Chip::new(Tone::Warning, "メモ")),
        ResidentClass::Resident => None,
    }
}
