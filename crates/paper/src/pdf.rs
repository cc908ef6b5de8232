//! One finished file: pages, the forms they share, and the fonts, embedded as subsets.

use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Filter, Finish, Name, Pdf, Rect as PdfRect, Ref, Str, TextStr};
use skrifa::instance::{LocationRef, Size};
use skrifa::{FontRef, MetadataProvider};
use std::io::Write;
use subsetter::GlyphRemapper;
use thiserror::Error;

use crate::fonts::Typeface;
use crate::geometry::{POINTS_PER_MM, Paper};
use crate::typeset::{FaceInUse, Typesetter};

/// Pages differ little from each other; the fastest level is within 15 % of the best on them.
const DEFLATE_LEVEL: u32 = 1;

/// Why a whole file could not be made.
#[derive(Debug, Error)]
pub enum PdfError {
    #[error("フォント {0} を PDF に組み込めません。パッケージを入れ直してください。")]
    Subset(&'static str),
    #[error("1つのファイルは{max}枚までです。{wanted}枚を分けて印刷してください。")]
    TooManyPages { wanted: usize, max: usize },
    #[error(
        "様式の固定文言「{text}」に印刷できない文字があります。自治体名・問い合わせ先の設定を直してください。"
    )]
    Form { text: String },
    #[error(
        "「{text}」を印刷できません。印刷用フォントにない文字があるか、長すぎます。手書きで作ってください。"
    )]
    Unset { text: String },
}

/// Collects compressed streams; the file is put together at the end, when all glyphs are known.
pub(crate) struct FileBuilder {
    paper: Paper,
    pages: Vec<Vec<u8>>,
    forms: Vec<Vec<u8>>,
}

impl FileBuilder {
    pub fn new(paper: Paper) -> Self {
        FileBuilder { paper, pages: Vec::new(), forms: Vec::new() }
    }

    pub fn page(&mut self, content: &[u8]) {
        self.pages.push(deflate(content));
    }

    /// Adds a part that many pages show and returns its number for [`Canvas::form`](crate::canvas::Canvas::form).
    pub fn form(&mut self, content: &[u8]) -> usize {
        self.forms.push(deflate(content));
        self.forms.len() - 1
    }

    pub fn page_count(&self) -> usize {
        self.pages.len()
    }

    pub fn finish(self, type_: &Typesetter<'_>, title: &str) -> Result<Vec<u8>, PdfError> {
        let size: usize = self.pages.iter().map(|page| page.len() + 400).sum();
        let mut pdf = Pdf::with_capacity(size + 512 * 1024);
        let mut refs = Refs(0);
        let (catalog, tree, info, resources) = (refs.next(), refs.next(), refs.next(), refs.next());

        let mut root = pdf.catalog(catalog);
        root.pages(tree).lang(TextStr("ja"));
        // 100 %: a form that the driver shrinks no longer meets the window nor the scanner's template.
        root.viewer_preferences().display_doc_title(true).pair(Name(b"PrintScaling"), Name(b"None"));
        root.finish();
        pdf.document_info(info).title(TextStr(title)).producer(TextStr("sesshu"));

        let media =
            PdfRect::new(0.0, 0.0, self.paper.width * POINTS_PER_MM, self.paper.height * POINTS_PER_MM);
        let fonts = self.write_fonts(&mut pdf, &mut refs, type_)?;
        let forms: Vec<Ref> = self
            .forms
            .iter()
            .map(|content| {
                let id = refs.next();
                let mut form = pdf.form_xobject(id, content);
                form.filter(Filter::FlateDecode);
                form.bbox(media).pair(Name(b"Resources"), resources);
                id
            })
            .collect();
        let mut dict = pdf.indirect(resources).dict();
        let mut names = dict.insert(Name(b"Font")).dict();
        for (face, id) in &fonts {
            names.pair(Name(font_name(*face).as_bytes()), *id);
        }
        names.finish();
        let mut names = dict.insert(Name(b"XObject")).dict();
        for (index, id) in forms.iter().enumerate() {
            names.pair(Name(format!("X{index}").as_bytes()), *id);
        }
        names.finish();
        dict.finish();

        let kids: Vec<Ref> = self
            .pages
            .iter()
            .map(|content| {
                let (page, stream) = (refs.next(), refs.next());
                pdf.page(page)
                    .parent(tree)
                    .media_box(media)
                    .contents(stream)
                    .pair(Name(b"Resources"), resources);
                pdf.stream(stream, content).filter(Filter::FlateDecode);
                page
            })
            .collect();
        pdf.pages(tree).count(kids.len() as i32).kids(kids);
        Ok(pdf.finish())
    }

    fn write_fonts(
        &self,
        pdf: &mut Pdf,
        refs: &mut Refs,
        type_: &Typesetter<'_>,
    ) -> Result<Vec<(Typeface, Ref)>, PdfError> {
        let mut written = Vec::new();
        for face in Typeface::ALL {
            let in_use = type_.face(face);
            if in_use.used.len() > 1 {
                written.push((face, write_font(pdf, refs, face, type_.fonts().bytes(face), in_use)?));
            }
        }
        Ok(written)
    }
}

fn font_name(face: Typeface) -> String {
    format!("F{}", face as usize)
}

struct Refs(i32);

impl Refs {
    fn next(&mut self) -> Ref {
        self.0 += 1;
        Ref::new(self.0)
    }
}

const IDENTITY: SystemInfo<'static> =
    SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// One font: the subset, its widths, which glyph a CID draws and which text it stands for. A CID is a *cluster*, not
/// a glyph, so that two characters drawn alike still copy and check as what they are.
fn write_font(
    pdf: &mut Pdf,
    refs: &mut Refs,
    face: Typeface,
    bytes: &[u8],
    in_use: &FaceInUse<'_>,
) -> Result<Ref, PdfError> {
    let ids: [Ref; 6] = std::array::from_fn(|_| refs.next());
    let [type0, cid_font, descriptor, file, to_gid, to_unicode] = ids;
    // Six letters mark a subset (ISO 32000-1, 9.6.4).
    let name = format!("SESSHU+{}", face.postscript_name());
    let name = Name(name.as_bytes());

    let mut mapper = GlyphRemapper::new();
    let gids: Vec<u8> = in_use.used.iter().flat_map(|glyph| mapper.remap(glyph.gid).to_be_bytes()).collect();
    let subset =
        subsetter::subset(bytes, 0, &mapper).map_err(|_| PdfError::Subset(face.postscript_name()))?;

    let mut font = pdf.type0_font(type0);
    font.base_font(name).encoding_predefined(Name(b"Identity-H"));
    font.descendant_font(cid_font).to_unicode(to_unicode);
    font.finish();

    let mut cid = pdf.cid_font(cid_font);
    cid.subtype(CidFontType::Type2).base_font(name).system_info(IDENTITY).font_descriptor(descriptor);
    cid.default_width(1000.0).cid_to_gid_map_stream(to_gid);
    cid.widths().consecutive(0, in_use.used.iter().map(|glyph| glyph.advance));
    cid.finish();

    let font = FontRef::new(bytes).map_err(|_| PdfError::Subset(face.postscript_name()))?;
    let metrics = font.metrics(Size::new(1000.0), LocationRef::default());
    let bounds = metrics.bounds.unwrap_or_default();
    let style = if face.is_serif() { FontFlags::SERIF } else { FontFlags::empty() };
    let mut about = pdf.font_descriptor(descriptor);
    about.name(name).flags(FontFlags::SYMBOLIC | style).italic_angle(0.0);
    about.bbox(PdfRect::new(bounds.x_min, bounds.y_min, bounds.x_max, bounds.y_max));
    about
        .ascent(metrics.ascent)
        .descent(metrics.descent)
        .cap_height(metrics.cap_height.unwrap_or(metrics.ascent));
    about.stem_v(80.0).font_file2(file);
    about.finish();

    pdf.stream(file, &deflate(&subset))
        .filter(Filter::FlateDecode)
        .pair(Name(b"Length1"), subset.len() as i32);
    pdf.stream(to_gid, &deflate(&gids)).filter(Filter::FlateDecode);

    let mut cmap = UnicodeCmap::new(Name(b"sesshu"), IDENTITY);
    for (cid, glyph) in in_use.used.iter().enumerate().skip(1) {
        let text = [Some(glyph.cluster.base), glyph.cluster.selector];
        cmap.pair_with_multiple(cid as u16, text.into_iter().flatten());
    }
    pdf.stream(to_unicode, &deflate(&cmap.finish())).filter(Filter::FlateDecode);
    Ok(type0)
}

fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::with_capacity(bytes.len() / 2), Compression::new(DEFLATE_LEVEL));
    encoder.write_all(bytes).expect("compressing into memory does not fail");
    encoder.finish().expect("compressing into memory does not fail")
}
