//! Where things are on paper: millimetres from the upper left corner, as a form's designer measures them.

/// A rectangle on a page, in millimetres from the upper left corner.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rect {
    pub left: f32,
    pub top: f32,
    pub width: f32,
    pub height: f32,
}

impl Rect {
    pub const fn new(left: f32, top: f32, width: f32, height: f32) -> Rect {
        Rect { left, top, width, height }
    }

    pub const fn right(&self) -> f32 {
        self.left + self.width
    }

    pub const fn bottom(&self) -> f32 {
        self.top + self.height
    }

    /// Whether `other` lies wholly inside.
    pub fn contains(&self, other: &Rect) -> bool {
        other.left >= self.left
            && other.top >= self.top
            && other.right() <= self.right()
            && other.bottom() <= self.bottom()
    }

    pub fn touches(&self, other: &Rect) -> bool {
        other.left < self.right()
            && other.right() > self.left
            && other.top < self.bottom()
            && other.bottom() > self.top
    }

    /// The same rectangle, smaller by a margin on the left and right, and on top and below.
    pub(crate) const fn inset(&self, x: f32, y: f32) -> Rect {
        Rect::new(self.left + x, self.top + y, self.width - 2.0 * x, self.height - 2.0 * y)
    }
}

/// A sheet of paper (用紙).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paper {
    pub width: f32,
    pub height: f32,
}

/// A4 upright.
pub const A4: Paper = Paper { width: 210.0, height: 297.0 };
/// 通常はがき, the size of the Japanese postcard.
pub const POSTCARD: Paper = Paper { width: 100.0, height: 148.0 };

/// Points of PDF per millimetre.
pub(crate) const POINTS_PER_MM: f32 = 72.0 / 25.4;

/// The window envelope (窓あき封筒, 長形3号, 235 × 120 mm) that an A4 sheet folded in three (210 × 99 mm) is put into.
///
/// The folded sheet is smaller than its envelope and slides in it. So two rectangles on the sheet matter: what
/// shows through the window wherever the sheet has slid to ([`ADDRESS_BLOCK`]), and what may show in some
/// position ([`MAY_SHOW`]). The address stands in the first; nothing else stands in the second, since
/// a vaccine's name seen through a window tells the neighbours about somebody's health.
pub mod window {
    use super::{A4, Rect};

    pub const ENVELOPE_WIDTH: f32 = 235.0;
    pub const ENVELOPE_HEIGHT: f32 = 120.0;
    /// The window, measured on the envelope's face. An office that buys other envelopes changes this line.
    pub const WINDOW: Rect = Rect::new(22.0, 12.0, 90.0, 45.0);
    /// 三つ折り: the creases are at one and at two thirds of A4.
    pub const FOLD: f32 = A4.height / 3.0;

    const SLIDE_X: f32 = ENVELOPE_WIDTH - A4.width;
    const SLIDE_Y: f32 = ENVELOPE_HEIGHT - FOLD;

    /// Seen through the window in every position of the sheet: 65 × 24 mm.
    pub const ADDRESS_BLOCK: Rect =
        Rect::new(WINDOW.left, WINDOW.top, WINDOW.width - SLIDE_X, WINDOW.height - SLIDE_Y);
    /// May be seen through the window in some position of the sheet.
    pub const MAY_SHOW: Rect = Rect::new(0.0, 0.0, WINDOW.right(), WINDOW.bottom());
}
