use super::builder::Residents;
use crate::support::{ITABASHI, KITA, Stage, stage};
use health::imports::{FeedState, FeedSummary, Options, Weight, case::take_residents};
use kit::Role;

async fn take(stage: &Stage, content: impl AsRef<[u8]>) -> FeedSummary {
    let acting = stage.staff(KITA, Role::Clerk).await;
    take_residents(&stage.app, &acting, &stage.file(content), Options::default()).await.unwrap()
}

fn errors(feed: &FeedSummary) -> Vec<String> {
    feed.faults.iter().filter(|fault| fault.weight == Weight::Error).map(ToString::to_string).collect()
}

/// A file that is refused with exactly these faults, and of which nothing remains but its refusal.
async fn refused(content: impl AsRef<[u8]>, expected: &[&str]) {
    let stage = stage().await;
    let feed = take(&stage, content).await;
    assert_eq!(errors(&feed), expected);
    assert_eq!(feed.state, FeedState::Refused);
    assert_eq!(stage.value::<i64>("select count(*) from residents").await, 0);
    assert_eq!(stage.value::<String>("select state from feeds").await, "refused");
    assert_eq!(stage.value::<i64>("select count(*) from feed_errors").await, feed.faults.len() as i64);
}

#[tokio::test]
async fn a_complete_file_is_taken_and_counted() {
    let stage = stage().await;
    let feed = take(&stage, Residents::example().text()).await;
    assert_eq!(feed.state, FeedState::Applied, "{feed:?}");
    assert_eq!((feed.counts.read, feed.counts.added, feed.errors, feed.warnings), (8, 8, 0, 0));
    assert!(feed.counts.add_up());
    let name: String = stage
        .value("select name_kanji || '/' || kana_key || '/' || address_key from residents where addressee_number = '000000000100001'")
        .await;
    assert_eq!(name, "髙橋　健一/タカハシケンイチ/王子1-5-12");
    assert_eq!(
        stage
            .value::<String>("select detail->>'added' from audit_entries where action = 'import_residents'")
            .await,
        "8"
    );
}

#[tokio::test]
async fn a_differential_file_changes_adds_and_keeps_what_was() {
    let stage = stage().await;
    take(&stage, Residents::example().text()).await;
    let mut diff = Residents::with(0, "住民区分", "2").set(0, "住民でなくなった日", "2026-11-22").set(
        0,
        "更新年月日",
        "2026-11-22",
    );
    diff.extent = "差分";
    diff.as_of = "2026-11-23";
    diff.rows.truncate(2);
    let newborn = Residents::with(2, "宛名番号", "000000000100010").rows.swap_remove(2);
    diff.rows.push(newborn);
    let feed = take(&stage, diff.text()).await;
    assert_eq!(
        (feed.counts.read, feed.counts.added, feed.counts.changed, feed.counts.unchanged),
        (3, 1, 1, 1)
    );
    let moved: String = stage
        .value("select resident_class || '/' || resident_until || '/' || version from residents where addressee_number = '000000000100001'")
        .await;
    assert_eq!(moved, "2/2026-11-22/2");
    let before: String = stage
        .value("select version || '/' || (body->>'resident_class') || '/' || (body->>'name_kanji') from resident_versions")
        .await;
    assert_eq!(before, "1/1/髙橋　健一");
    assert_eq!(stage.value::<i64>("select count(*) from residents").await, 9);
}

#[tokio::test]
async fn who_is_missing_in_a_complete_file_stays_and_is_named() {
    let stage = stage().await;
    take(&stage, Residents::example().text()).await;
    let mut next = Residents::example();
    next.as_of = "2026-11-22";
    next.rows.pop();
    let feed = take(&stage, next.text()).await;
    assert_eq!((feed.state, feed.counts.absent, feed.counts.unchanged), (FeedState::Applied, 1, 7));
    assert_eq!(
        feed.faults[0].sentence,
        "宛名番号000000000100008の人が、全件のファイルにありません。台帳からは消していません。送付元に確かめてください。"
    );
    assert_eq!(stage.value::<i64>("select count(*) from residents").await, 8);
}

#[tokio::test]
async fn who_returns_keeps_the_number_and_is_a_resident_again() {
    let stage = stage().await;
    let gone = Residents::with(0, "住民区分", "2").set(0, "住民でなくなった日", "2026-03-31");
    take(&stage, gone.text()).await;
    let mut back = Residents::with(0, "住民になった日", "2026-11-20").set(0, "異動事由", "11").set(
        0,
        "更新年月日",
        "2026-11-20",
    );
    back.as_of = "2026-11-22";
    let feed = take(&stage, back.text()).await;
    assert_eq!((feed.counts.changed, feed.counts.unchanged), (1, 7));
    let row: String = stage
        .value("select resident_class || '/' || resident_from || '/' || coalesce(resident_until::text, '-') from residents where addressee_number = '000000000100001'")
        .await;
    assert_eq!(row, "1/2026-11-20/-");
}

#[tokio::test]
async fn an_older_row_in_a_newer_file_changes_nothing() {
    let stage = stage().await;
    take(&stage, Residents::example().text()).await;
    let mut next = Residents::with(0, "漢字氏名", "古い　名前").set(0, "更新年月日", "2018-01-01");
    next.as_of = "2026-11-22";
    let feed = take(&stage, next.text()).await;
    assert_eq!((feed.counts.changed, feed.counts.unchanged, feed.warnings), (0, 8, 1));
    assert_eq!(
        stage
            .value::<String>("select name_kanji from residents where addressee_number = '000000000100001'")
            .await,
        "髙橋　健一"
    );
}

#[tokio::test]
async fn names_with_variant_characters_survive_as_they_are() {
    let stage = stage().await;
    take(&stage, Residents::example().text()).await;
    let stored: Vec<String> =
        sqlx::query_scalar("select name_kanji from residents order by addressee_number")
            .fetch_all(&stage.db.superuser_pool())
            .await
            .unwrap();
    let sent: Vec<String> = Residents::example().rows.iter().map(|row| row[2].clone()).collect();
    assert_eq!(stored, sent);
    assert!(stored.contains(&"辻\u{E0100}　フミ".to_owned()), "the variation selector is there");
    assert!(stored.contains(&"𠮷田　桜".to_owned()), "a character outside the BMP is there");
}

#[tokio::test]
async fn shift_jis_does_not_spoil_a_name_that_is_known_better() {
    let stage = stage().await;
    take(&stage, Residents::example().text()).await;
    let mut next = Residents::example();
    next.as_of = "2026-11-22";
    let feed = take(&stage, next.cp932()).await;
    assert_eq!(
        (feed.state, feed.counts.unchanged, feed.counts.changed),
        (FeedState::Applied, 8, 0),
        "{feed:?}"
    );
    // 𠮷 is not in CP932 and comes as 〓: pointed out, and the stored name stays.
    assert!(feed.faults.iter().any(|fault| fault.sentence.starts_with("「〓」")));
}

#[tokio::test]
async fn shift_jis_alone_is_read_and_improved_by_the_next_file() {
    let stage = stage().await;
    let feed = take(&stage, Residents::example().cp932()).await;
    assert_eq!((feed.state, feed.counts.added), (FeedState::Applied, 8), "{feed:?}");
    let name = "select name_kanji from residents where addressee_number = '000000000100007'";
    assert_eq!(stage.value::<String>(name).await, "〓田　桜");
    let mut next = Residents::example();
    next.as_of = "2026-11-22";
    let feed = take(&stage, next.text()).await;
    assert_eq!(feed.counts.changed, 2, "𠮷田 and 辻 with its selector");
    assert_eq!(stage.value::<String>(name).await, "𠮷田　桜");
}

#[tokio::test]
async fn a_byte_order_mark_and_an_excel_control_line_are_taken() {
    let stage = stage().await;
    let text =
        Residents::example().text().replacen("2026-11-21,8", &format!("2026-11-21,8{}", ",".repeat(48)), 1);
    let feed = take(&stage, format!("\u{FEFF}{text}")).await;
    assert_eq!((feed.state, feed.counts.added), (FeedState::Applied, 8), "{feed:?}");
}

#[tokio::test]
async fn columns_may_come_in_any_order() {
    let stage = stage().await;
    let mut file = Residents::example();
    file.header.reverse();
    file.rows.iter_mut().for_each(|row| row.reverse());
    let feed = take(&stage, file.text()).await;
    assert_eq!((feed.state, feed.counts.added), (FeedState::Applied, 8), "{feed:?}");
}

#[tokio::test]
async fn a_dry_run_counts_and_changes_nothing() {
    let stage = stage().await;
    let acting = stage.staff(KITA, Role::Clerk).await;
    let file = stage.file(Residents::example().text());
    let options = Options { dry_run: true, ..Options::default() };
    let feed = take_residents(&stage.app, &acting, &file, options).await.unwrap();
    assert_eq!((feed.state, feed.counts.added), (FeedState::DryRun, 8));
    assert_eq!(
        feed.sentence(),
        "8件を確認し、追加8件、変更0件、変更なし0件。試し取込みのため、何も変更していません。"
    );
    assert_eq!(stage.value::<i64>("select count(*) from residents").await, 0);
    let feed = take_residents(&stage.app, &acting, &file, Options::default()).await.unwrap();
    assert_eq!(feed.state, FeedState::Applied, "the same file may then be taken");
}

#[tokio::test]
async fn the_same_file_is_not_taken_twice() {
    let stage = stage().await;
    take(&stage, Residents::example().text()).await;
    let feed = take(&stage, Residents::example().text()).await;
    assert_eq!(
        errors(&feed),
        [
            "同じファイルを令和8年11月23日12時00分に取込み済みです。二度は取り込みません。送付元から新しいファイルを受け取ってください。"
        ]
    );
}

#[tokio::test]
async fn last_weeks_file_after_this_weeks_is_refused() {
    let stage = stage().await;
    take(&stage, Residents::example().text()).await;
    let mut old = Residents::example();
    old.as_of = "2026-11-20";
    let feed = take(&stage, old.text()).await;
    assert_eq!(
        errors(&feed),
        [
            "1行目「基準日」：基準日2026-11-20のファイルです。基準日2026-11-21のファイルを取込み済みのため、古い内容で上書きしないよう取り込みません。最新のファイルを選んでください。"
        ]
    );
    let mut same_day = Residents::with(0, "連絡先", "090-0000-9999");
    same_day.extent = "差分";
    assert_eq!(
        take(&stage, same_day.text()).await.state,
        FeedState::Applied,
        "another file of the same day is taken"
    );
}

#[tokio::test]
async fn a_file_of_another_municipality_or_of_tomorrow_is_refused() {
    let mut file = Residents::example();
    file.municipality = "131199";
    refused(
        file.text(),
        &["1行目「自治体コード」：自治体コード131199のファイルです。この自治体（131172）のファイルではないため取り込みません。送付元に確かめてください。"],
    )
    .await;
    let mut file = Residents::example();
    file.as_of = "2026-11-24";
    refused(
        file.text(),
        &["1行目「基準日」：基準日（2026-11-24）が今日（2026-11-23）より後です。送付元に正しい基準日を確かめてください。"],
    )
    .await;
}

#[tokio::test]
async fn every_bad_cell_of_every_row_is_told_at_once() {
    let file = Residents::with(0, "生年月日", "1990-02-30")
        .set(0, "性別", "4")
        .set(1, "生年月日", "2026-11-22")
        .set(1, "住民になった日", "2026-11-22")
        .set(2, "宛名番号", "000000000100001")
        .set(3, "郵便番号", "1234567890123")
        .set(4, "宛名番号", "=\"000000000100005\"")
        .set(5, "漢字氏名", "=HYPERLINK(\"http://example.invalid\")")
        .set(6, "住所", "北区\u{7}王子")
        .set(7, "住民でなくなった日", "1949-12-31")
        .set(7, "更新時刻", "25:00:00");
    refused(
        file.text(),
        &[
            "3行目「生年月日」：1990年2月に30日はありません。日は1から28までで入力してください。",
            "3行目「性別」：「4」というコードはありません。1、2、3のいずれかにしてください。",
            "4行目「生年月日」：生年月日（2026-11-22）が基準日（2026-11-21）より後です。正しい生年月日を送付元に確かめてください。",
            "5行目「宛名番号」：同じ宛名番号が3行目にもあります。一人につき1行にして、送り直してもらってください。",
            "6行目「郵便番号」：郵便番号は7桁で入力してください。",
            "7行目「宛名番号」：「=」で始まる値は表計算ソフトの数式です。数式ではなく値を入れて、送り直してもらってください。",
            "9行目「漢字氏名」：「=」で始まる値は表計算ソフトの数式です。数式ではなく値を入れて、送り直してもらってください。",
            "10行目「住所」：制御文字（U+0007）があります。取り除いて、送り直してもらってください。",
            "11行目「住民でなくなった日」：死亡日（1949-12-31）が生年月日（1950-01-01）より前です。正しい日を送付元に確かめてください。",
            "11行目「住民でなくなった日」：住民でなくなった日（1949-12-31）が住民になった日（1962-05-10）より前です。正しい日を送付元に確かめてください。",
            "11行目「更新時刻」：時刻は「13:20:00」の形で、00:00:00から23:59:59までにしてください。",
        ],
    )
    .await;
}

#[tokio::test]
async fn a_birth_on_the_as_of_day_is_taken_and_one_a_day_later_is_not() {
    let stage = stage().await;
    let born = |day: &str| Residents::with(2, "生年月日", day).set(2, "住民になった日", day).text();
    assert_eq!(take(&stage, born("2026-11-22")).await.state, FeedState::Refused);
    assert_eq!(take(&stage, born("2026-11-21")).await.state, FeedState::Applied);
}

#[tokio::test]
async fn a_truncated_file_is_refused() {
    let mut file = Residents::example();
    file.announced = Some(20_000);
    refused(
        file.text(),
        &["1行目「件数」：制御行の件数は20000件ですが、データは8件しかありません。ファイルが途中で切れています。送付元に送り直しを依頼してください。"],
    )
    .await;
    let text = Residents::example().text();
    let stage = stage().await;
    let feed = take(&stage, &text[..text.len() - 60]).await;
    assert_eq!(feed.state, FeedState::Refused, "cut within the last row");
}

#[tokio::test]
async fn a_file_in_another_character_code_is_refused() {
    let text = Residents::example().text();
    let utf16: Vec<u8> =
        [0xFF, 0xFE].into_iter().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect();
    refused(utf16, &["文字コードがUTF-16（Unicode）です。UTF-8またはShift_JISで保存し直してください。"])
        .await;
    let (euc, _, _) = encoding_rs::EUC_JP.encode(&text);
    refused(euc, &["文字コードがEUC-JPです。UTF-8またはShift_JISで保存し直してください。"]).await;
    let mut broken = text.into_bytes();
    let at = broken.len() - 100;
    broken.splice(at..at, [0xFF, 0xFF]);
    refused(
        broken,
        &["11行目：11行目にUTF-8として読めない文字があります。文字コードをUTF-8またはShift_JISにそろえて、送り直してもらってください。"],
    )
    .await;
    refused("", &["ファイルが空です。送付元に送り直しを依頼してください。"]).await;
}

#[tokio::test]
async fn gaiji_of_shift_jis_is_named_with_its_field() {
    let mut bytes = Residents::example().cp932();
    let name = super::builder::cp932("山﨑　昇");
    let at = bytes.windows(name.len()).position(|window| window == name).unwrap();
    bytes.splice(at..at + 2, [0xF0, 0x40]);
    refused(
        bytes,
        &["11行目「漢字氏名」：外字（U+E000）があります。外字は取り込めません。文字情報基盤の文字か「〓」に置き換えて、送り直してもらってください。"],
    )
    .await;
}

#[tokio::test]
async fn a_line_of_ten_megabytes_is_refused_in_a_sentence() {
    let long = "あ".repeat(10 * 1024 * 1024 / 3);
    refused(
        Residents::with(3, "メモ", &long).text(),
        &["6行目：1行が長すぎます（16KBまで）。引用符（\"）の閉じ忘れや改行の欠けがないか、送付元に確かめてください。"],
    )
    .await;
    // Without any line break or quote either.
    refused(
        "x".repeat(10 * 1024 * 1024),
        &["1行目：1行が長すぎます（16KBまで）。引用符（\"）の閉じ忘れや改行の欠けがないか、送付元に確かめてください。"],
    )
    .await;
}

#[tokio::test]
async fn a_wrong_header_names_what_is_missing_and_what_is_unknown() {
    let mut file = Residents::example();
    file.header[2] = "氏名".to_owned();
    refused(
        file.text(),
        &["2行目：項目「漢字氏名」がありません。項目「氏名」は様式にありません。項目名の行を様式に合わせて、送り直してもらってください。"],
    )
    .await;
    let mut file = Residents::example();
    file.header.push("個人番号".to_owned());
    refused(
        file.text(),
        &["2行目：個人番号の列があります。個人番号はこのファイルでは受け取れません。ファイルを安全に廃棄し、個人番号を除いて送り直してもらってください。"],
    )
    .await;
}

#[tokio::test]
async fn numbers_that_a_spreadsheet_spoilt_are_padded_or_refused() {
    let stage = stage().await;
    let feed = take(&stage, Residents::with(0, "宛名番号", "1234567890123").text()).await;
    assert_eq!(feed.state, FeedState::Applied);
    let told = feed.faults.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert!(
        told.contains(
            &"3行目「宛名番号」：宛名番号が13桁です。先頭に0を補って15桁で取り込みます。".to_owned()
        )
    );
    let exponent = Residents::with(0, "宛名番号", "1.00E+14");
    let feed = take(&stage, exponent.text()).await;
    assert_eq!(
        errors(&feed),
        [
            "3行目「宛名番号」：表計算ソフトが番号を指数（E+）に変えています。この列を「文字列」の書式で保存し直してもらってください。"
        ]
    );
}

#[tokio::test]
async fn unknown_birth_dates_keep_their_deemed_day_and_say_what_is_unknown() {
    let stage = stage().await;
    take(&stage, Residents::example().text()).await;
    let row: String = stage
        .value("select birth_date || '/' || birth_date_unknown from residents where addressee_number = '000000000100005'")
        .await;
    assert_eq!(row, "1936-03-01/1");
}

#[tokio::test]
async fn an_import_that_is_killed_leaves_nothing() {
    let stage = stage().await;
    let acting = stage.staff(KITA, Role::Clerk).await;
    let mut file = Residents::example();
    let first = file.rows[0].clone();
    for number in 0..20_000 {
        let mut row = first.clone();
        row[0] = format!("{:015}", 200_000 + number);
        file.rows.push(row);
    }
    let path = stage.file(file.text());
    let progress = std::sync::Arc::new(health::imports::Progress::default());
    let options = Options { progress: progress.clone(), ..Options::default() };
    let (app, job, again) = (stage.app.clone(), acting.clone(), path.clone());
    let import = tokio::spawn(async move { take_residents(&app, &job, &again, options).await });
    while progress.get().0 == 0 && !import.is_finished() {
        tokio::task::yield_now().await;
    }
    import.abort();
    assert!(import.await.unwrap_err().is_cancelled());
    assert_eq!(stage.value::<i64>("select count(*) from residents").await, 0);
    assert_eq!(stage.value::<i64>("select count(*) from feeds").await, 0);
    let feed = take_residents(&stage.app, &acting, &path, Options::default()).await.unwrap();
    assert_eq!(feed.counts.added, 20_008, "and the next attempt takes all of it");
}

#[tokio::test]
async fn without_the_right_nothing_is_read_and_the_attempt_is_logged() {
    let stage = stage().await;
    let auditor = stage.staff(KITA, Role::Auditor).await;
    let file = stage.file(Residents::example().text());
    let refused = take_residents(&stage.app, &auditor, &file, Options::default()).await;
    assert!(matches!(refused, Err(kit::Failure::Refused(_))));
    assert_eq!(
        stage.value::<String>("select outcome from audit_entries where action = 'import_residents'").await,
        "refused"
    );
}

#[tokio::test]
async fn one_municipality_does_not_see_the_others_people() {
    let stage = stage().await;
    take(&stage, Residents::example().text()).await;
    let mut tx = kit::db::begin(&stage.app.kit.pool, ITABASHI).await.unwrap();
    let seen: i64 = sqlx::query_scalar("select count(*) from residents").fetch_one(&mut *tx).await.unwrap();
    assert_eq!(seen, 0);
}
