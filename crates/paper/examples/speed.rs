//! Pages per second of the 予診票 and of its checks, beside krilla drawing as many runs on as many pages.
//!
//! `cargo run --release -p paper --example speed -- [sheets]`. Processor time is given too, since wall time says
//! little on a machine that others use.

use std::time::{Duration, Instant};

use domain::Date;
use domain::ids::{AddresseeNumber, PostalCode, SheetNumber};
use domain::schedule::{Series, Sex};
use paper::questionnaire::{self, Birth, QuestionnaireFacts};
use paper::{Delivery, FontSet, Issuer, MailTo, RenderedFile, check};

/// A file as the campaign makes it.
const SHEETS_PER_FILE: usize = 500;
/// What the target of design.md counts: text runs and rules of one form.
const RUNS: usize = 60;
const RULES: usize = 24;
const STACK_BYTES: usize = 16 << 20;

fn main() {
    let sheets = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(4_000);
    let fonts = FontSet::load_standard().expect("the fonts of README's first step");
    let facts: Vec<_> = (0..sheets).map(person).collect();
    let chunks: Vec<&[QuestionnaireFacts]> = facts.chunks(SHEETS_PER_FILE).collect();

    let (files, _) = measure("sesshu, 1 thread", sheets, || run(1, &chunks, |chunk| render(&fonts, chunk)));
    let bytes: usize = files.iter().map(|file| file.pdf.len()).sum();
    println!("  {} files, {} bytes a page", files.len(), bytes / sheets);
    measure("sesshu, 2 threads", sheets, || run(2, &chunks, |chunk| render(&fonts, chunk)));
    for threads in [1, 2] {
        let (findings, _) = measure(&format!("check, {threads} thread(s)"), sheets, || {
            run(threads, &files.iter().collect::<Vec<_>>(), |file| {
                check::questionnaires(&file.pdf, &file.pages)
            })
        });
        assert!(findings.iter().all(Vec::is_empty), "the files are good");
    }
    let path = "/usr/share/fonts/opentype/ipaexfont-gothic/ipaexg.ttf";
    let font = yardstick::Font::load(path);
    for threads in [1, 2] {
        let (files, _) = measure(&format!("krilla, {threads} thread(s)"), sheets, || {
            run(threads, &chunks, |chunk| yardstick::render(&font, chunk))
        });
        println!("  {} bytes a page", files.iter().map(Vec::len).sum::<usize>() / sheets);
    }
}

fn render(fonts: &FontSet, chunk: &[QuestionnaireFacts]) -> RenderedFile {
    let file = questionnaire::render(fonts, &issuer(), chunk).expect("the samples are printable");
    assert!(file.withheld.is_empty(), "{:?}", file.withheld);
    file
}

/// Files in their order, made on plain threads that take the next chunk when they are free.
fn run<T: Sync, R: Send>(threads: usize, work: &[T], make: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let next = std::sync::atomic::AtomicUsize::new(0);
    let done = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..threads {
            let worker = || {
                while let Some(item) = work.get(next.fetch_add(1, std::sync::atomic::Ordering::Relaxed)) {
                    let made = make(item);
                    done.lock().expect("no worker panics with the lock").push(made);
                }
            };
            std::thread::Builder::new()
                .stack_size(STACK_BYTES)
                .spawn_scoped(scope, worker)
                .expect("a thread starts");
        }
    });
    done.into_inner().expect("all workers are done")
}

fn measure<T>(what: &str, pages: usize, work: impl FnOnce() -> T) -> (T, Duration) {
    let (start, processor) = (Instant::now(), processor_ms());
    let result = work();
    let (wall, processor) = (start.elapsed(), processor_ms() - processor);
    println!(
        "{what}: {:.0} pages/s, {:.3} ms of processor a page",
        pages as f64 / wall.as_secs_f64(),
        processor as f64 / pages as f64
    );
    (result, wall)
}

/// User and system time of this process (proc(5), fields 14 and 15, in hundredths of a second).
fn processor_ms() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields = stat.rsplit(") ").next().expect("a name in parentheses");
    fields.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u64>().expect("a number") * 10).sum()
}

fn issuer() -> Issuer {
    Issuer {
        municipality: "東京都北区".into(),
        kind: '区',
        section: "健康部 保健予防課".into(),
        postal_code: PostalCode::parse("114-8508").expect("seven digits"),
        address: "北区王子本町一丁目15番22号".into(),
        telephone: "03-0000-0000".into(),
        hours: "平日 午前8時30分から午後5時まで".into(),
    }
}

/// People with names over a good part of the kanji, as a ward has them, so that subsets are as large as in life.
fn person(index: usize) -> QuestionnaireFacts {
    const SURNAMES: &str = "佐藤鈴木高橋田中伊渡辺山本村小林加吉井口松清水斎崎森池阿部石川前岡長谷後近遠青坂福太西三浦原野竹金中上河安宮内島工横今武杉増平大塚丸菅久保新";
    const GIVEN: &str = "翔太蓮陽葵結衣美咲大和悠真凛莉子花愛優香彩奈直樹健一郎誠浩由紀恵久智幸明秀樹和也亮介颯湊樹朝暖芽依杏心紬澪咲良栞琴音";
    let pick = |from: &str, at: usize| {
        let all: Vec<char> = from.chars().collect();
        all[at % all.len()]
    };
    let name = format!(
        "{}{} {}{}",
        pick(SURNAMES, index * 7),
        pick(SURNAMES, index * 13 + 5),
        pick(GIVEN, index * 11),
        pick(GIVEN, index * 17 + 3)
    );
    let address = format!("北区王子本町{}丁目{}番{}号", 1 + index % 6, 1 + index % 41, 1 + index % 29);
    QuestionnaireFacts {
        sheet: SheetNumber::from_serial(1_000_000 + index as u64).expect("small"),
        addressee: AddresseeNumber::new(1 + index as u64).expect("small"),
        name: name.clone(),
        kana: "サトウ ハナコ".into(),
        birth: Birth::On(Date::constant(2025, 1 + (index % 12) as i8, 1 + (index % 28) as i8)),
        sex: if index.is_multiple_of(2) { Sex::Male } else { Sex::Female },
        address: Some(address.clone()),
        delivery: Delivery::Mail(MailTo {
            postal_code: PostalCode::parse("114-0022").expect("seven digits"),
            address: format!("東京都{address}"),
            building: format!("王子コーポ{}号室", 101 + index % 900),
            name,
        }),
        series: Series::Mr1,
        dose: 1,
        base_date: Date::constant(2026, 11, 23),
        valid_until: Date::constant(2027, 3, 31),
        with_care: false,
    }
}

/// The same work with krilla: `RUNS` runs of twelve characters, `RULES` rules and a QR code on each page.
mod yardstick {
    use super::{QuestionnaireFacts, RULES, RUNS};
    use krilla::Document;
    use krilla::geom::{PathBuilder, Point, Rect};
    use krilla::page::PageSettings;
    use krilla::text::{GlyphId, KrillaGlyph};
    use qrcode::{EcLevel, QrCode};
    use skrifa::MetadataProvider;

    pub struct Font {
        bytes: Vec<u8>,
        font: krilla::text::Font,
    }

    impl Font {
        pub fn load(path: &str) -> Font {
            let bytes = std::fs::read(path).expect("the font is installed");
            let font = krilla::text::Font::new(bytes.clone().into(), 0).expect("a font");
            Font { bytes, font }
        }
    }

    pub fn render(font: &Font, people: &[QuestionnaireFacts]) -> Vec<u8> {
        let charmap = skrifa::FontRef::new(&font.bytes).expect("a font").charmap();
        let mut document = Document::new();
        for facts in people {
            let settings = PageSettings::from_wh(595.0, 842.0).expect("A4");
            let mut page = document.start_page_with(settings);
            let mut surface = page.surface();
            surface.set_fill(Some(krilla::paint::Fill::default()));
            let text = format!("{}接種前に保護者が記入します", facts.name);
            for run in 0..RUNS {
                let glyphs: Vec<KrillaGlyph> = text
                    .char_indices()
                    .skip(run % 4)
                    .take(12)
                    .map(|(at, c)| {
                        let glyph = charmap.map(c).map_or(0, |glyph| glyph.to_u32());
                        KrillaGlyph::new(GlyphId::new(glyph), 1.0, 0.0, 0.0, 0.0, at..at + c.len_utf8(), None)
                    })
                    .collect();
                let point = Point::from_xy(40.0 + 260.0 * (run % 2) as f32, 60.0 + 12.0 * run as f32);
                surface.draw_glyphs(point, &glyphs, font.font.clone(), &text, 9.0, false);
            }
            for rule in 0..RULES {
                let mut path = PathBuilder::new();
                path.push_rect(Rect::from_xywh(40.0, 60.0 + 24.0 * rule as f32, 500.0, 0.5).expect("a rule"));
                surface.draw_path(&path.finish().expect("a path"));
            }
            let code =
                QrCode::with_error_correction_level(facts.sheet.digits(), EcLevel::Q).expect("twelve digits");
            let side = code.width();
            let mut path = PathBuilder::new();
            for (at, color) in code.to_colors().into_iter().enumerate() {
                if color == qrcode::Color::Dark {
                    let (x, y) = ((at % side) as f32, (at / side) as f32);
                    path.push_rect(
                        Rect::from_xywh(500.0 + 2.0 * x, 40.0 + 2.0 * y, 2.0, 2.0).expect("a module"),
                    );
                }
            }
            surface.draw_path(&path.finish().expect("a path"));
            surface.finish();
            page.finish();
        }
        document.finish().expect("krilla writes the file")
    }
}
