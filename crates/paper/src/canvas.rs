//! A page's content stream, drawn in millimetres from the upper left corner.

use std::io::Write;

use crate::codes;
use crate::fonts::Typeface;
use crate::geometry::{POINTS_PER_MM, Paper, Rect};
use crate::typeset::{Fit, Glyph, LEADING, Typesetter, fit, width};

/// Of the em box of a Japanese font, the part above the baseline.
const ASCENT: f32 = 0.88;

/// Why a text could not be set. Nothing is drawn as a box and nothing is cut: the sheet is withheld.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Unset {
    MissingGlyph { character: String },
    TooLong,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Align {
    Left,
    Centre,
    Right,
}

/// How a text looks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    pub face: Typeface,
    pub size: f32,
    pub bold: bool,
    pub align: Align,
}

impl Style {
    pub const fn gothic(size: f32) -> Style {
        Style { face: Typeface::Gothic, size, bold: false, align: Align::Left }
    }

    pub const fn names(size: f32) -> Style {
        Style { face: Typeface::Names, size, bold: false, align: Align::Left }
    }

    pub const fn bold(self) -> Style {
        Style { bold: true, ..self }
    }

    pub const fn centre(self) -> Style {
        Style { align: Align::Centre, ..self }
    }

    pub const fn right(self) -> Style {
        Style { align: Align::Right, ..self }
    }
}

/// Collects a content stream. The first text that cannot be set is kept and stops the sheet.
pub(crate) struct Canvas<'t, 'f> {
    type_: &'t mut Typesetter<'f>,
    paper: Paper,
    out: Vec<u8>,
    unset: Option<(String, Unset)>,
}

impl<'t, 'f> Canvas<'t, 'f> {
    pub fn new(type_: &'t mut Typesetter<'f>, paper: Paper) -> Self {
        Canvas { type_, paper, out: Vec::with_capacity(8 * 1024), unset: None }
    }

    /// The stream, or the first text that could not be set and why.
    pub fn finish(self) -> Result<Vec<u8>, (String, Unset)> {
        match self.unset {
            None => Ok(self.out),
            Some(unset) => Err(unset),
        }
    }

    fn put(&mut self, operators: std::fmt::Arguments<'_>) {
        self.out.write_fmt(operators).expect("writing to memory does not fail");
    }

    fn y(&self, mm: f32) -> f32 {
        (self.paper.height - mm) * POINTS_PER_MM
    }

    fn shape(&mut self, face: Typeface, text: &str) -> Option<Vec<Glyph>> {
        match self.type_.shape(face, text) {
            Ok(glyphs) => Some(glyphs),
            Err(character) => {
                self.refuse(text, Unset::MissingGlyph { character });
                None
            }
        }
    }

    fn refuse(&mut self, text: &str, unset: Unset) {
        self.unset.get_or_insert_with(|| (text.to_owned(), unset));
    }

    /// One line whose baseline is at `y`; `x` is its left end, centre or right end by the style.
    pub fn text(&mut self, style: Style, x: f32, y: f32, text: &str) {
        let Some(glyphs) = self.shape(style.face, text) else { return };
        let wide = width(&glyphs) / 1000.0 * style.size / POINTS_PER_MM;
        let left = match style.align {
            Align::Left => x,
            Align::Centre => x - wide / 2.0,
            Align::Right => x - wide,
        };
        self.run(style, left, y, &glyphs);
    }

    /// A text inside a box by the rule of `how`, vertically centred. Refuses what does not fit.
    pub fn fitted(&mut self, style: Style, area: Rect, how: Fit, text: &str) {
        let Some(glyphs) = self.shape(style.face, text) else { return };
        let (width_pt, height_pt) = (area.width * POINTS_PER_MM, area.height * POINTS_PER_MM);
        let Some((size, ends)) = fit(&glyphs, width_pt, height_pt, how) else {
            return self.refuse(text, Unset::TooLong);
        };
        let leading = size * LEADING / POINTS_PER_MM;
        let em = size / POINTS_PER_MM;
        let block = leading * (ends.len() as f32 - 1.0) + em;
        let mut baseline = area.top + (area.height - block) / 2.0 + em * ASCENT;
        let mut start = 0;
        for end in ends {
            let line = &glyphs[start..end];
            let wide = width(line) / 1000.0 * em;
            let left = match style.align {
                Align::Left => area.left,
                Align::Centre => area.left + (area.width - wide) / 2.0,
                Align::Right => area.right() - wide,
            };
            self.run(Style { size, ..style }, left, baseline, line);
            baseline += leading;
            start = end;
        }
    }

    fn run(&mut self, style: Style, x: f32, y: f32, glyphs: &[Glyph]) {
        if glyphs.is_empty() {
            return;
        }
        let (x, y) = (x * POINTS_PER_MM, self.y(y));
        self.out.extend_from_slice(b"BT ");
        // No bold Japanese font is in the set: a hair of stroke around the outline reads as bold and costs nothing.
        if style.bold {
            self.put(format_args!("2 Tr {:.2} w ", style.size * 0.028));
        }
        self.put(format_args!("1 0 0 1 {x:.2} {y:.2} Tm "));
        for piece in glyphs.chunk_by(|a, b| a.face == b.face) {
            self.put(format_args!("/F{} {} Tf <", piece[0].face as usize, style.size));
            for glyph in piece {
                let [high, low] = glyph.cid.to_be_bytes();
                self.out.extend([hex(high >> 4), hex(high & 15), hex(low >> 4), hex(low & 15)]);
            }
            self.out.extend_from_slice(b"> Tj ");
        }
        self.out.extend_from_slice(if style.bold { b"0 Tr ET\n" } else { b"ET\n" });
    }

    /// A straight line, `weight` in points.
    pub fn line(&mut self, from: (f32, f32), to: (f32, f32), weight: f32) {
        let (x1, y1, x2, y2) = (from.0 * POINTS_PER_MM, self.y(from.1), to.0 * POINTS_PER_MM, self.y(to.1));
        self.put(format_args!("{weight} w {x1:.2} {y1:.2} m {x2:.2} {y2:.2} l S\n"));
    }

    pub fn frame(&mut self, area: Rect, weight: f32) {
        self.put(format_args!("{weight} w "));
        self.path(area);
        self.out.extend_from_slice(b"S\n");
    }

    /// Fills with a grey: 0 is black, 1 is white. The text after it is black again.
    pub fn tint(&mut self, area: Rect, grey: f32) {
        self.put(format_args!("{grey} g "));
        self.path(area);
        self.out.extend_from_slice(b"f 0 g\n");
    }

    fn path(&mut self, area: Rect) {
        let (x, y) = (area.left * POINTS_PER_MM, self.y(area.bottom()));
        let (w, h) = (area.width * POINTS_PER_MM, area.height * POINTS_PER_MM);
        self.put(format_args!("{x:.2} {y:.2} {w:.2} {h:.2} re "));
    }

    /// A QR code filling `area`; the caller leaves the quiet zone of four modules around it.
    pub fn qr(&mut self, area: Rect, digits: &str) {
        let Some(code) = codes::qr(digits) else {
            return self.refuse(digits, Unset::TooLong);
        };
        let (x, y) = (area.left * POINTS_PER_MM, self.y(area.bottom()));
        let (w, h) = (area.width * POINTS_PER_MM, area.height * POINTS_PER_MM);
        // An image mask, not rectangles: rectangles side by side show hairlines in viewers.
        let side = code.side;
        self.put(format_args!(
            "q {w:.2} 0 0 {h:.2} {x:.2} {y:.2} cm BI /W {side} /H {side} /IM true /BPC 1 ID "
        ));
        self.out.extend_from_slice(&code.mask());
        self.out.extend_from_slice(b"\nEI Q\n");
    }

    /// A Code 128 filling `area`; the caller leaves the quiet zone of ten modules at both ends.
    pub fn code128(&mut self, area: Rect, digits: &str) {
        let (bars, total) = codes::code128(digits);
        let module = area.width / f32::from(total);
        for (at, wide) in bars {
            let left = f32::from(at).mul_add(module, area.left);
            self.path(Rect::new(left, area.top, f32::from(wide) * module, area.height));
        }
        self.out.extend_from_slice(b"f\n");
    }

    /// Draws a part prepared once for the file.
    pub fn form(&mut self, index: usize) {
        self.put(format_args!("/X{index} Do\n"));
    }
}

const fn hex(nibble: u8) -> u8 {
    b"0123456789abcdef"[nibble as usize]
}
