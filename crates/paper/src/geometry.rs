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
/// shows through the window wherever the sheet has slid to ([`window::ADDRESS_BLOCK`]), and what may show in some
/// position ([`window::MAY_SHOW`]). The address stands in the first; nothing else stands in the second, since
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

#[cfg(test)]
mod tests {
    use super::window::{ADDRESS_BLOCK, ENVELOPE_HEIGHT, ENVELOPE_WIDTH, FOLD, MAY_SHOW, WINDOW};
    use super::{A4, Rect};

    /// A rectangle of the sheet, seen from the envelope, when the sheet has slid by `x` and `y`.
    fn slid(area: Rect, x: f32, y: f32) -> Rect {
        Rect::new(area.left + x, area.top + y, area.width, area.height)
    }

    #[test]
    fn the_address_is_in_the_window_in_every_position_of_the_sheet() {
        let (x_max, y_max) = (ENVELOPE_WIDTH - A4.width, ENVELOPE_HEIGHT - FOLD);
        for (x, y) in [(0.0, 0.0), (x_max, 0.0), (0.0, y_max), (x_max, y_max)] {
            assert!(WINDOW.contains(&slid(ADDRESS_BLOCK, x, y)), "{x} {y}");
        }
        assert!(!WINDOW.contains(&slid(ADDRESS_BLOCK, x_max + 0.1, 0.0)));
        assert!(!WINDOW.contains(&slid(ADDRESS_BLOCK, 0.0, y_max + 0.1)));
        const { assert!(ADDRESS_BLOCK.width >= 65.0 && ADDRESS_BLOCK.height >= 24.0, "room for an address") };
    }

    #[test]
    fn what_lies_beside_the_area_that_may_show_never_shows() {
        let beside = Rect::new(MAY_SHOW.right(), 0.0, 10.0, 10.0);
        let below = Rect::new(0.0, MAY_SHOW.bottom(), 10.0, 10.0);
        assert!(!WINDOW.touches(&beside) && !WINDOW.touches(&below), "sliding only moves them further away");
        assert!(WINDOW.touches(&slid(beside, -0.1, WINDOW.top)));
    }
}
