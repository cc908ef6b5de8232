//! Characters → glyphs of one file: which glyphs it uses, how wide they are, and which text each one stands for.
//!
//! Japanese forms need no shaping: one character is one glyph, or two with its variation selector (IVS).
//! So this looks up `cmap` itself and *knows* when a glyph is missing, where a shaper would draw a box.

use std::collections::HashMap;

use skrifa::charmap::{Charmap, MapVariant};
use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::{FontRef, GlyphId, MetadataProvider};

use crate::fonts::{FontSet, Typeface};

/// A character, with its variation selector if it has one: what one glyph stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Cluster {
    pub base: char,
    pub selector: Option<char>,
}

impl Cluster {
    pub fn text(self) -> String {
        [Some(self.base), self.selector].into_iter().flatten().collect()
    }
}

/// One glyph ready to be drawn: `cid` numbers the clusters of the file in the order they came.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Glyph {
    pub face: Typeface,
    pub cid: u16,
    /// In thousandths of the font size.
    pub advance: f32,
    pub base: char,
}

/// What the file has to say about a glyph when it embeds the font.
pub(crate) struct UsedGlyph {
    pub gid: u16,
    pub advance: f32,
    pub cluster: Cluster,
}

/// One font's glyphs used in the file at hand.
pub(crate) struct FaceInUse<'f> {
    charmap: Charmap<'f>,
    advances: GlyphMetrics<'f>,
    units_per_em: f32,
    known: HashMap<Cluster, Option<u16>>,
    /// Index = CID. CID 0 is `.notdef` and never drawn.
    pub used: Vec<UsedGlyph>,
}

impl<'f> FaceInUse<'f> {
    fn new(font: &FontRef<'f>) -> Self {
        let units_per_em = f32::from(font.metrics(Size::unscaled(), LocationRef::default()).units_per_em);
        let notdef =
            UsedGlyph { gid: 0, advance: 1000.0, cluster: Cluster { base: '\u{fffd}', selector: None } };
        FaceInUse {
            charmap: Charmap::new(font),
            advances: GlyphMetrics::new(font, Size::unscaled(), LocationRef::default()),
            units_per_em,
            known: HashMap::new(),
            used: vec![notdef],
        }
    }

    fn cid(&mut self, cluster: Cluster) -> Option<u16> {
        if let Some(known) = self.known.get(&cluster) {
            return *known;
        }
        let cid = self.find(cluster).and_then(|glyph| {
            let gid = u16::try_from(glyph.to_u32()).ok().filter(|gid| *gid != 0)?;
            let cid = u16::try_from(self.used.len()).ok()?;
            let advance = self.advances.advance_width(glyph)? * 1000.0 / self.units_per_em;
            self.used.push(UsedGlyph { gid, advance, cluster });
            Some(cid)
        });
        self.known.insert(cluster, cid);
        cid
    }

    /// A selector the font does not know is not dropped: the plain form may be another person's name.
    fn find(&self, cluster: Cluster) -> Option<GlyphId> {
        match cluster.selector {
            None => self.charmap.map(cluster.base),
            Some(selector) => match self.charmap.map_variant(cluster.base, selector)? {
                MapVariant::UseDefault => self.charmap.map(cluster.base),
                MapVariant::Variant(glyph) => Some(glyph),
            },
        }
    }
}

/// The glyphs of one file being made.
pub(crate) struct Typesetter<'f> {
    fonts: &'f FontSet,
    faces: [FaceInUse<'f>; 3],
}

impl<'f> Typesetter<'f> {
    pub fn new(fonts: &'f FontSet) -> Self {
        let faces = Typeface::ALL.map(|face| {
            let font = FontRef::new(fonts.bytes(face)).expect("FontSet::load read this font before");
            FaceInUse::new(&font)
        });
        Typesetter { fonts, faces }
    }

    pub fn fonts(&self) -> &'f FontSet {
        self.fonts
    }

    pub fn face(&self, face: Typeface) -> &FaceInUse<'f> {
        &self.faces[face as usize]
    }

    /// The glyphs of `text`, or the first character that no font here can draw.
    pub fn shape(&mut self, face: Typeface, text: &str) -> Result<Vec<Glyph>, String> {
        let mut glyphs = Vec::with_capacity(text.len() / 3 + 1);
        let mut chars = text.chars().peekable();
        while let Some(base) = chars.next() {
            let selector = chars.next_if(|next| is_selector(*next));
            let cluster = Cluster { base, selector };
            let glyph = self.glyph(face, cluster).filter(|_| !is_combining(base));
            glyphs.push(glyph.ok_or_else(|| cluster.text())?);
        }
        Ok(glyphs)
    }

    /// The glyph in the wanted font, else in the next of the same style.
    fn glyph(&mut self, face: Typeface, cluster: Cluster) -> Option<Glyph> {
        let order: &[Typeface] = match face {
            Typeface::Gothic => &[Typeface::Gothic, Typeface::Names],
            Typeface::Names => &[Typeface::Names, Typeface::Mincho],
            Typeface::Mincho => &[Typeface::Mincho, Typeface::Names],
        };
        order.iter().find_map(|face| {
            let in_use = &mut self.faces[*face as usize];
            let cid = in_use.cid(cluster)?;
            Some(Glyph {
                face: *face,
                cid,
                advance: in_use.used[usize::from(cid)].advance,
                base: cluster.base,
            })
        })
    }
}

const fn is_selector(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Marks that belong on top of the character before them. Drawn beside it they would spell another name.
const fn is_combining(c: char) -> bool {
    matches!(c, '\u{0300}'..='\u{036f}' | '\u{3099}' | '\u{309a}' | '\u{20d0}'..='\u{20ff}') || is_selector(c)
}

/// The width of a run, in thousandths of the font size.
pub(crate) fn width(glyphs: &[Glyph]) -> f32 {
    glyphs.iter().map(|glyph| glyph.advance).sum()
}

/// How a text that may be long is set in its box: sizes in points.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fit {
    pub size_max: f32,
    /// Down to here a single line is preferred to wrapping.
    pub single_min: f32,
    pub size_min: f32,
    pub lines_max: usize,
}

impl Fit {
    pub const fn single(size_max: f32, size_min: f32) -> Fit {
        Fit { size_max, single_min: size_min, size_min, lines_max: 1 }
    }
}

const SIZE_STEP: f32 = 0.5;
/// Line distance as a multiple of the size.
pub(crate) const LEADING: f32 = 1.16;

/// The largest size at which `glyphs` fits the box, and where its lines end. `None`: it does not fit, and since
/// nothing is ever cut off, a person has to look at it.
pub(crate) fn fit(glyphs: &[Glyph], width_pt: f32, height_pt: f32, rule: Fit) -> Option<(f32, Vec<usize>)> {
    let whole = width(glyphs) / 1000.0;
    let mut size = rule.size_max;
    while size >= rule.single_min {
        if whole * size <= width_pt && size <= height_pt {
            return Some((size, vec![glyphs.len()]));
        }
        size -= SIZE_STEP;
    }
    let mut size = rule.size_max;
    while size >= rule.size_min {
        if let Some(ends) = break_lines(glyphs, width_pt / size * 1000.0)
            && ends.len() <= rule.lines_max
            && (ends.len() as f32 - 1.0).mul_add(LEADING, 1.0) * size <= height_pt
        {
            return Some((size, ends));
        }
        size -= SIZE_STEP;
    }
    None
}

/// Fills lines greedily; returns the index after each line's last glyph.
fn break_lines(glyphs: &[Glyph], limit: f32) -> Option<Vec<usize>> {
    let mut ends = Vec::new();
    let mut start = 0;
    while start < glyphs.len() {
        let mut used = 0.0;
        let mut end = start;
        while end < glyphs.len() && used + glyphs[end].advance <= limit {
            used += glyphs[end].advance;
            end += 1;
        }
        // A space that ends a line hangs over its edge instead of opening the next.
        while glyphs.get(end).is_some_and(|glyph| end > start && glyph.base.is_whitespace()) {
            end += 1;
        }
        if end < glyphs.len() {
            end = (start + 1..=end).rev().find(|at| may_break(glyphs[at - 1].base, glyphs[*at].base))?;
        }
        if end == start {
            return None;
        }
        ends.push(end);
        start = end;
    }
    Some(ends)
}

/// 行頭禁則, and Roman words stay whole.
fn may_break(before: char, after: char) -> bool {
    const NOT_FIRST: &str = "、。，．・ー）」』］ぁぃぅぇぉっゃゅょァィゥェォッャュョ々-－〜)";
    const NOT_LAST: &str = "（「『［(";
    let in_word = |c: char| c.is_ascii_graphic() || ('\u{00c0}'..='\u{024f}').contains(&c);
    !(NOT_FIRST.contains(after) || NOT_LAST.contains(before) || in_word(before) && in_word(after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn glyphs(text: &str) -> Vec<Glyph> {
        text.chars()
            .map(|base| Glyph {
                face: Typeface::Names,
                cid: 1,
                advance: if base.is_ascii() { 500.0 } else { 1000.0 },
                base,
            })
            .collect()
    }

    const RULE: Fit = Fit { size_max: 10.0, single_min: 8.0, size_min: 5.0, lines_max: 2 };

    #[test]
    fn a_short_text_keeps_its_size_and_a_longer_one_shrinks_then_wraps() {
        assert_eq!(fit(&glyphs("北区王子本町"), 60.0, 24.0, RULE), Some((10.0, vec![6])));
        assert_eq!(fit(&glyphs("北区王子本町一"), 60.0, 24.0, RULE), Some((8.5, vec![7])));
        assert_eq!(fit(&glyphs("北区王子本町一丁目十五番"), 60.0, 24.0, RULE), Some((10.0, vec![6, 12])));
    }

    #[test]
    fn what_does_not_fit_is_refused_and_never_cut() {
        assert_eq!(fit(&glyphs(&"字".repeat(40)), 60.0, 24.0, RULE), None);
    }

    #[test]
    fn roman_words_and_small_kana_do_not_begin_a_line() {
        let (_, ends) = fit(&glyphs("MARIA CHRISTINA"), 48.0, 24.0, RULE).unwrap();
        assert_eq!(ends, vec![6, 15]);
        let (_, ends) =
            fit(&glyphs("ああああああっい"), 60.0, 24.0, Fit { single_min: 9.5, ..RULE }).unwrap();
        assert_eq!(ends, vec![5, 8]);
    }
}
