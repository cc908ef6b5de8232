//! A system of two municipalities on a frozen clock, with an empty register.

use domain::{
    Date,
    schedule::{Japan, Settings},
};
use health::App;
use kit::{
    Acting, Clock, Municipality, Role,
    testing::{TestDb, staff},
};
use std::{path::PathBuf, sync::Arc};

pub const KITA: Municipality = Municipality(131_172);
pub const ITABASHI: Municipality = Municipality(131_199);

pub struct Stage {
    pub db: TestDb,
    pub app: App,
    files: PathBuf,
}

/// The system at noon of 2026-11-23.
pub async fn stage() -> Stage {
    let db = TestDb::new(&[kit::MIGRATIONS, health::MIGRATIONS]).await;
    let clock = Clock::frozen(Date::constant(2026, 11, 23));
    let kit = staff::kit("health", &db, clock);
    for (municipality, name) in [(KITA, "北区"), (ITABASHI, "板橋区")] {
        kit::db::put_municipality(&db.owner_pool(), municipality, name, "").await.unwrap();
    }
    let files = std::env::temp_dir().join(format!("sesshu-test-{}", kit.ids.next()));
    std::fs::create_dir_all(&files).unwrap();
    let app = App { kit, engine: Arc::new(Japan::new(Settings::default())), files: files.clone().into() };
    Stage { db, app, files }
}

impl Stage {
    /// A member of staff in one role.
    pub async fn staff(&self, municipality: Municipality, role: Role) -> Acting {
        staff::acting(&self.app.kit, municipality, role.code(), role.ja(), &[role]).await
    }

    /// A file with this content.
    pub fn file(&self, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.files.join(format!("{}.csv", self.app.kit.ids.next()));
        std::fs::write(&path, content).unwrap();
        path
    }

    /// One value, past the municipality's wall.
    pub async fn value<T>(&self, sql: &'static str) -> T
    where
        T: for<'r> sqlx::Decode<'r, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send + Unpin,
    {
        sqlx::query_scalar(sql).fetch_one(&self.db.superuser_pool()).await.unwrap()
    }
}

impl Drop for Stage {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.files).ok();
    }
}
