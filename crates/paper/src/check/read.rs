//! Reads what a page really shows: its text with the place of every run. Uses another library than the one that
//! wrote the file, so that a mistake of the writer is not repeated by the reader.

use std::collections::HashMap;

use lopdf::content::{Content, Operation};
use lopdf::{Dictionary, Document, Object, ObjectId};

use crate::geometry::{POINTS_PER_MM, Rect};

/// A run of text as it stands on the page.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub text: String,
    pub area: Rect,
}

/// What a content stream draws itself, and the shared forms it calls.
#[derive(Default)]
pub(super) struct Drawn {
    pub runs: Vec<Run>,
    pub forms: Vec<ObjectId>,
    /// The bits of the images drawn in the stream itself: our QR codes.
    pub images: Vec<Vec<u8>>,
}

/// One embedded font, as a viewer understands it.
pub(super) struct Font {
    pub name: String,
    pub is_embedded: bool,
    widths: HashMap<u16, f32>,
    default_width: f32,
    texts: HashMap<u16, String>,
}

/// A file opened for reading; fonts are read once however many pages use them.
pub(super) struct Reader {
    document: Document,
    fonts: HashMap<ObjectId, Font>,
}

/// The page is not made as a viewer expects. Says where.
pub(super) type Broken = &'static str;

impl Reader {
    pub fn open(pdf: &[u8]) -> Result<Reader, Broken> {
        let document = Document::load_mem(pdf).map_err(|_| "the file is damaged")?;
        Ok(Reader { document, fonts: HashMap::new() })
    }

    pub fn pages(&self) -> Vec<ObjectId> {
        self.document.get_pages().into_values().collect()
    }

    pub fn fonts(&self) -> impl Iterator<Item = &Font> {
        self.fonts.values()
    }

    pub fn page_size(&self, page: ObjectId) -> Result<(f32, f32), Broken> {
        let dict = self.document.get_dictionary(page).map_err(|_| "page dictionary")?;
        let media = self.follow(dict, b"MediaBox")?.as_array().map_err(|_| "MediaBox")?;
        match numbers(media).as_slice() {
            [left, bottom, right, top] => {
                Ok(((right - left) / POINTS_PER_MM, (top - bottom) / POINTS_PER_MM))
            }
            _ => Err("MediaBox"),
        }
    }

    pub fn page(&mut self, page: ObjectId, height_mm: f32) -> Result<Drawn, Broken> {
        let dict = self.document.get_dictionary(page).map_err(|_| "page dictionary")?.clone();
        let content = self.document.get_page_content(page);
        if content.is_empty() {
            return Err("page content");
        }
        self.draw(&dict, &content, height_mm)
    }

    pub fn form(&mut self, form: ObjectId, height_mm: f32) -> Result<Drawn, Broken> {
        let object = self.document.get_object(form).map_err(|_| "form")?;
        let stream = object.as_stream().map_err(|_| "form")?;
        let content = stream.decompressed_content().map_err(|_| "form content")?;
        let dict = stream.dict.clone();
        self.draw(&dict, &content, height_mm)
    }

    fn follow<'a>(&'a self, dict: &'a Dictionary, key: &[u8]) -> Result<&'a Object, Broken> {
        let object = dict.get(key).map_err(|_| "missing entry")?;
        let (_, object) = self.document.dereference(object).map_err(|_| "missing object")?;
        Ok(object)
    }

    /// The object a resource name stands for.
    fn resource(&self, owner: &Dictionary, kind: &[u8], name: &[u8]) -> Result<ObjectId, Broken> {
        let resources = self.follow(owner, b"Resources")?.as_dict().map_err(|_| "Resources")?;
        let names = self.follow(resources, kind)?.as_dict().map_err(|_| "resource names")?;
        names.get(name).and_then(Object::as_reference).map_err(|_| "resource")
    }

    fn draw(&mut self, owner: &Dictionary, content: &[u8], height_mm: f32) -> Result<Drawn, Broken> {
        let content = Content::decode(content).map_err(|_| "content stream")?;
        let mut drawn = Drawn::default();
        let mut state = State::default();
        let mut saved = Vec::new();
        let mut named: HashMap<Vec<u8>, ObjectId> = HashMap::new();
        for Operation { operator, operands } in &content.operations {
            match (operator.as_str(), operands.as_slice()) {
                ("q", _) => saved.push(state.clone()),
                ("Q", _) => state = saved.pop().ok_or("unbalanced Q")?,
                ("cm", matrix) => state.ctm = Matrix::from(matrix)?.then(&state.ctm),
                ("BT", _) => state.text = Matrix::IDENTITY,
                ("Tm", matrix) => state.text = Matrix::from(matrix)?,
                ("Td", [x, y]) => {
                    let step = Matrix([1.0, 0.0, 0.0, 1.0, number(x), number(y)]);
                    state.text = step.then(&state.text);
                }
                ("Tf", [Object::Name(name), size]) => {
                    let id = match named.get(name) {
                        Some(id) => *id,
                        None => {
                            let id = self.resource(owner, b"Font", name)?;
                            named.insert(name.clone(), id);
                            id
                        }
                    };
                    self.load_font(id)?;
                    state.font = Some((id, number(size)));
                }
                ("Tj", [Object::String(codes, _)]) => {
                    let (id, size) = state.font.ok_or("text without a font")?;
                    let run = show(&self.fonts[&id], size, codes, &mut state, height_mm);
                    drawn.runs.push(run);
                }
                ("BI", [Object::Stream(image)]) => drawn.images.push(image.content.clone()),
                // Our files use none of these; a file that does is not ours and is not passed by guessing.
                ("TJ" | "'" | "\"" | "T*" | "TD" | "Tz" | "Ts" | "Tc" | "Tw", _) => {
                    return Err("unexpected text operator");
                }
                ("Do", [Object::Name(name)]) => drawn.forms.push(self.resource(owner, b"XObject", name)?),
                _ => {}
            }
        }
        Ok(drawn)
    }

    fn load_font(&mut self, id: ObjectId) -> Result<(), Broken> {
        if !self.fonts.contains_key(&id) {
            let font = self.read_font(id)?;
            self.fonts.insert(id, font);
        }
        Ok(())
    }

    fn read_font(&self, id: ObjectId) -> Result<Font, Broken> {
        let font = self.document.get_dictionary(id).map_err(|_| "font")?;
        let name = font.get(b"BaseFont").and_then(Object::as_name).map_err(|_| "BaseFont")?;
        let descendants = self.follow(font, b"DescendantFonts")?.as_array().map_err(|_| "DescendantFonts")?;
        let (_, cid_font) = self
            .document
            .dereference(descendants.first().ok_or("DescendantFonts")?)
            .map_err(|_| "CID font")?;
        let cid_font = cid_font.as_dict().map_err(|_| "CID font")?;
        let to_unicode = self.follow(font, b"ToUnicode")?.as_stream().map_err(|_| "ToUnicode")?;
        let cmap = to_unicode.decompressed_content().map_err(|_| "ToUnicode")?;
        let default_width = cid_font.get(b"DW").map_or(1000.0, number);
        Ok(Font {
            name: String::from_utf8_lossy(name).into_owned(),
            is_embedded: self.is_embedded(cid_font),
            widths: read_widths(self.follow(cid_font, b"W")?.as_array().map_err(|_| "W")?),
            default_width,
            texts: read_to_unicode(&cmap),
        })
    }

    /// An embedded font has a file, and the file has more than a header.
    fn is_embedded(&self, cid_font: &Dictionary) -> bool {
        let Ok(descriptor) =
            self.follow(cid_font, b"FontDescriptor").and_then(|it| it.as_dict().map_err(|_| ""))
        else {
            return false;
        };
        [b"FontFile2".as_slice(), b"FontFile3"].into_iter().any(|key| {
            let file = self.follow(descriptor, key).and_then(|it| it.as_stream().map_err(|_| ""));
            file.is_ok_and(|stream| stream.content.len() > 100)
        })
    }
}

fn show(font: &Font, size: f32, codes: &[u8], state: &mut State, height_mm: f32) -> Run {
    let mut text = String::with_capacity(codes.len() * 2);
    let mut wide = 0.0;
    for code in codes.as_chunks::<2>().0 {
        let cid = u16::from_be_bytes(*code);
        match font.texts.get(&cid) {
            Some(cluster) => text.push_str(cluster),
            None => text.push('\u{fffd}'),
        }
        wide += font.widths.get(&cid).copied().unwrap_or(font.default_width) / 1000.0 * size;
    }
    let place = state.text.then(&state.ctm);
    // The em box of a Japanese font: 0.88 above the baseline, 0.12 below.
    let (x1, y1) = place.apply(0.0, size * -0.12);
    let (x2, y2) = place.apply(wide, size * 0.88);
    let top = height_mm - y1.max(y2) / POINTS_PER_MM;
    let (width, height) = ((x2 - x1).abs() / POINTS_PER_MM, (y2 - y1).abs() / POINTS_PER_MM);
    let area = Rect::new(x1.min(x2) / POINTS_PER_MM, top, width, height);
    state.text = Matrix([1.0, 0.0, 0.0, 1.0, wide, 0.0]).then(&state.text);
    Run { text, area }
}

#[derive(Clone)]
struct State {
    ctm: Matrix,
    text: Matrix,
    font: Option<(ObjectId, f32)>,
}

impl Default for State {
    fn default() -> Self {
        State { ctm: Matrix::IDENTITY, text: Matrix::IDENTITY, font: None }
    }
}

#[derive(Clone, Copy)]
struct Matrix([f32; 6]);

impl Matrix {
    const IDENTITY: Matrix = Matrix([1.0, 0.0, 0.0, 1.0, 0.0, 0.0]);

    fn from(operands: &[Object]) -> Result<Matrix, Broken> {
        numbers(operands).try_into().map(Matrix).map_err(|_| "matrix")
    }

    fn then(self, next: &Matrix) -> Matrix {
        let ([a, b, c, d, e, f], [g, h, i, j, k, l]) = (self.0, next.0);
        Matrix([
            a * g + b * i,
            a * h + b * j,
            c * g + d * i,
            c * h + d * j,
            e * g + f * i + k,
            e * h + f * j + l,
        ])
    }

    fn apply(&self, x: f32, y: f32) -> (f32, f32) {
        let [a, b, c, d, e, f] = self.0;
        (a * x + c * y + e, b * x + d * y + f)
    }
}

fn number(object: &Object) -> f32 {
    object.as_float().unwrap_or_default()
}

fn numbers(objects: &[Object]) -> Vec<f32> {
    objects.iter().map(number).collect()
}

/// The `W` array: `first [w w w]` or `first last w`.
fn read_widths(entries: &[Object]) -> HashMap<u16, f32> {
    let mut widths = HashMap::new();
    let mut rest = entries;
    loop {
        match rest {
            [first, Object::Array(list), tail @ ..] => {
                let first = number(first) as u16;
                widths.extend((first..).zip(numbers(list)));
                rest = tail;
            }
            [first, last, width, tail @ ..] => {
                let (first, last) = (number(first) as u16, number(last) as u16);
                widths.extend((first..=last).map(|cid| (cid, number(width))));
                rest = tail;
            }
            _ => return widths,
        }
    }
}

/// The `bfchar` lines of a ToUnicode CMap: `<0001> <845BDB40DD02>`.
fn read_to_unicode(cmap: &[u8]) -> HashMap<u16, String> {
    let text = String::from_utf8_lossy(cmap);
    let mut texts = HashMap::new();
    let mut is_inside = false;
    for line in text.lines() {
        let line = line.trim();
        if line.ends_with("beginbfchar") {
            is_inside = true;
        } else if line == "endbfchar" {
            is_inside = false;
        } else if is_inside && let Some((code, target)) = line.split_once(' ') {
            let hex = |part: &str| part.trim().trim_start_matches('<').trim_end_matches('>').to_owned();
            let target = hex(target);
            let units: Option<Vec<u16>> = (0..target.len())
                .step_by(4)
                .map(|at| u16::from_str_radix(target.get(at..at + 4)?, 16).ok())
                .collect();
            if let (Ok(cid), Some(units)) = (u16::from_str_radix(&hex(code), 16), units) {
                texts.insert(cid, String::from_utf16_lossy(&units));
            }
        }
    }
    texts
}
