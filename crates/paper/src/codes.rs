//! Machine-readable sheet ids: a QR code for cameras, a Code 128 for the counter's bar code scanner.

use qrcode::{EcLevel, QrCode};

/// A QR code's modules, row by row; `true` is dark.
pub(crate) struct QrModules {
    pub side: usize,
    pub dark: Vec<bool>,
}

impl QrModules {
    /// The modules as a PDF image mask: rows of whole bytes, a 0 bit paints.
    pub fn mask(&self) -> Vec<u8> {
        let rows = self.dark.chunks(self.side).flat_map(|row| row.chunks(8));
        rows.map(|byte| {
            !byte.iter().enumerate().fold(0u8, |bits, (at, dark)| bits | u8::from(*dark) << (7 - at))
        })
        .collect()
    }
}

/// Level Q: a quarter of the symbol may be soiled or stamped over, as happens on a clinic's desk.
pub(crate) fn qr(digits: &str) -> Option<QrModules> {
    let code = QrCode::with_error_correction_level(digits, EcLevel::Q).ok()?;
    let side = code.width();
    let dark = code.to_colors().iter().map(|color| *color == qrcode::Color::Dark).collect();
    Some(QrModules { side, dark })
}

/// Widths of bars and spaces of Code 128 (JIS X 0504), symbol values 0 to 106; 106 is the stop.
#[rustfmt::skip]
const CODE128: [&[u8]; 107] = [
    b"212222", b"222122", b"222221", b"121223", b"121322", b"131222", b"122213", b"122312", b"132212", b"221213",
    b"221312", b"231212", b"112232", b"122132", b"122231", b"113222", b"123122", b"123221", b"223211", b"221132",
    b"221231", b"213212", b"223112", b"312131", b"311222", b"321122", b"321221", b"312212", b"322112", b"322211",
    b"212123", b"212321", b"232121", b"111323", b"131123", b"131321", b"112313", b"132113", b"132311", b"211313",
    b"231113", b"231311", b"112133", b"112331", b"132131", b"113123", b"113321", b"133121", b"313121", b"211331",
    b"231131", b"213113", b"213311", b"213131", b"311123", b"311321", b"331121", b"312113", b"312311", b"332111",
    b"314111", b"221411", b"431111", b"111224", b"111422", b"121124", b"121421", b"141122", b"141221", b"112214",
    b"112412", b"122114", b"122411", b"142112", b"142211", b"241211", b"221114", b"413111", b"241112", b"134111",
    b"111242", b"121142", b"121241", b"114212", b"124112", b"124211", b"411212", b"421112", b"421211", b"212141",
    b"214121", b"412121", b"111143", b"111341", b"131141", b"114113", b"114311", b"411113", b"411311", b"113141",
    b"114131", b"311141", b"411131", b"211412", b"211214", b"211232", b"2331112",
];
const START_C: u8 = 105;
const STOP: u8 = 106;

/// The bars of an even number of digits as (first module, modules wide), and the width of the whole in modules.
/// Two digits share a symbol (code set C), so twelve take 101 modules.
pub(crate) fn code128(digits: &str) -> (Vec<(u16, u16)>, u16) {
    let digits: Vec<u8> = digits.bytes().map(|byte| byte - b'0').collect();
    let mut symbols = vec![START_C];
    symbols.extend(digits.as_chunks::<2>().0.iter().map(|pair| pair[0] * 10 + pair[1]));
    let weighted = symbols.iter().enumerate().map(|(index, value)| index.max(1) as u32 * u32::from(*value));
    symbols.push((weighted.sum::<u32>() % 103) as u8);
    symbols.push(STOP);

    let mut bars = Vec::new();
    let mut at = 0;
    for symbol in symbols {
        for (index, width) in CODE128[usize::from(symbol)].iter().enumerate() {
            let width = u16::from(width - b'0');
            if index % 2 == 0 {
                bars.push((at, width));
            }
            at += width;
        }
    }
    (bars, at)
}
