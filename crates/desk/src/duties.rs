//! 点検: what waits for an auditor or an ID manager, on the first page of every system.

use crate::{
    findings::{self, sql},
    intrusions, months, page,
};
use askama::Template;
use domain::Date;
use domain::intrusion::Intrusion;
use kit::{
    Acting, Action, Municipality,
    intrusion::{self, Noted, Which},
};
use sqlx::PgConnection;
use ui::{Banner, BannerKind, filters};

/// Notices that each have a banner; the others are counted.
const BANNERS_MAX: usize = 3;
/// Notices that are counted.
const COUNTED_MAX: i64 = 1_000;

struct Card {
    href: &'static str,
    title: &'static str,
    count: i64,
    note: String,
}

/// What waits; shown as `{{ duties }}`.
#[derive(Template)]
#[template(path = "duties.html")]
pub struct Duties {
    noted: Vec<Noted>,
    cards: Vec<Card>,
}

impl Duties {
    /// Asked by the home page, within its own case.
    pub async fn of(
        conn: &mut PgConnection,
        municipality: Municipality,
        acting: &Acting,
        today: Date,
    ) -> sqlx::Result<Duties> {
        let mut duties = Duties { noted: Vec::new(), cards: Vec::new() };
        if acting.may(Action::ViewIntrusions) {
            duties.noted = intrusion::list(conn, municipality, Which::Open, COUNTED_MAX).await?;
        }
        if acting.may(Action::DecideFinding) {
            let count = sql::count_open(conn, municipality, None).await?;
            let note = "一件ずつ確かめて判断してください".to_owned();
            duties.add(Card { href: findings::web::NAV, title: "気になる閲覧", count, note });
        }
        if acting.may(Action::SignMonth) {
            let months = months::case::overdue(conn, municipality, today).await?;
            let oldest = months.last().map(|month| months::web::name(*month)).unwrap_or_default();
            let note = format!("署名の期限を過ぎています。最も古いのは{oldest}です");
            let count = months.len() as i64;
            duties.add(Card {
                href: months::web::NAV, title: "署名していない月次点検", count, note
            });
        }
        Ok(duties)
    }

    fn add(&mut self, card: Card) {
        if card.count > 0 {
            self.cards.push(card);
        }
    }

    fn banners(&self) -> Vec<Banner> {
        let banner = |noted: &Noted| {
            let count = ui::dates::thousands(noted.signs);
            Banner::new(BannerKind::Error, noted.kind.map_or("侵入・異常の通知があります", Intrusion::ja))
                .line(format!("{count}回、最後は{}です。", page::time(noted.last_at)))
                .link(format!("{}/{}", intrusions::web::NAV, noted.intrusion_id), "内容を確かめる")
        };
        let mut banners: Vec<Banner> = self.noted.iter().take(BANNERS_MAX).map(banner).collect();
        if self.noted.len() > BANNERS_MAX {
            let more = self.noted.len() - BANNERS_MAX;
            banners.push(
                Banner::new(BannerKind::Error, format!("ほかに未確認の通知が{more}件あります"))
                    .link(intrusions::web::NAV, "すべての通知を開く"),
            );
        }
        banners
    }
}

impl askama::filters::HtmlSafe for Duties {}
