//! 北区's towns with their postal codes (the post office's own table), buildings, and places outside the ward.

/// 町名, its postal code, the number of 丁目 (0: none) and how many people live there, roughly.
pub struct Town {
    pub name: &'static str,
    pub postal: u32,
    pub chome: u8,
    pub weight: u32,
}

const fn town(name: &'static str, postal: u32, chome: u8, weight: u32) -> Town {
    Town { name, postal, chome, weight }
}

pub const TOWNS: &[Town] = &[
    town("王子", 1_140_002, 6, 20),
    town("王子本町", 1_140_022, 3, 8),
    town("岸町", 1_140_021, 2, 5),
    town("十条台", 1_140_033, 2, 3),
    town("十条仲原", 1_140_031, 4, 11),
    town("上十条", 1_140_034, 5, 14),
    town("中十条", 1_140_032, 4, 10),
    town("東十条", 1_140_001, 6, 18),
    town("豊島", 1_140_003, 8, 30),
    town("堀船", 1_140_004, 4, 11),
    town("栄町", 1_140_005, 0, 3),
    town("上中里", 1_140_016, 3, 4),
    town("中里", 1_140_015, 3, 6),
    town("昭和町", 1_140_011, 3, 4),
    town("田端", 1_140_014, 6, 16),
    town("田端新町", 1_140_012, 3, 8),
    town("東田端", 1_140_013, 2, 5),
    town("西ケ原", 1_140_024, 4, 14),
    town("滝野川", 1_140_023, 7, 30),
    town("赤羽", 1_150_045, 3, 9),
    town("赤羽南", 1_150_044, 2, 8),
    town("赤羽西", 1_150_055, 6, 21),
    town("赤羽北", 1_150_052, 3, 15),
    town("赤羽台", 1_150_053, 4, 10),
    town("西が丘", 1_150_056, 3, 8),
    town("桐ケ丘", 1_150_054, 2, 8),
    town("岩淵町", 1_150_041, 0, 4),
    town("志茂", 1_150_042, 5, 21),
    town("神谷", 1_150_043, 3, 15),
    town("浮間", 1_150_051, 5, 22),
];

/// 方書: the part of a building's name that stands with the town's name (`{町}` is replaced).
pub const BUILDINGS: &[&str] = &[
    "コーポ{町}",
    "{町}ハイツ",
    "メゾン{町}",
    "{町}マンション",
    "グランドメゾン{町}",
    "パークハイム{町}",
    "ライフステージ{町}",
    "ヴィラ{町}",
    "{町}コート",
    "サンハイム{町}",
    "第二{町}荘",
    "レジデンス{町}",
    "{町}スカイタワー",
    "シャトー{町}",
    "フローラ{町}",
    "カーサ・デル・ソーレ{町}ノースウイング",
    "都営{町}第２アパート",
    "ＵＲ{町}パークタウン",
];

/// 施設 whose residents are registered there.
pub const FACILITIES: &[&str] = &[
    "特別養護老人ホーム{町}の里",
    "介護老人保健施設{町}苑",
    "グループホーム{町}",
    "サービス付き高齢者住宅{町}の家",
];

/// Places people come from and go to: whole address up to 丁目, postal code.
pub const OUTSIDE: &[(&str, u32, u32)] = &[
    ("東京都板橋区板橋", 1_730_004, 30),
    ("東京都板橋区本町", 1_730_001, 16),
    ("東京都豊島区東池袋", 1_700_013, 18),
    ("東京都荒川区荒川", 1_160_002, 14),
    ("東京都荒川区西日暮里", 1_160_013, 12),
    ("東京都足立区中央本町", 1_200_011, 18),
    ("東京都文京区千駄木", 1_130_022, 10),
    ("東京都練馬区石神井台", 1_770_045, 10),
    ("東京都世田谷区成城", 1_570_066, 8),
    ("東京都杉並区高円寺南", 1_660_003, 10),
    ("埼玉県さいたま市浦和区本太", 3_300_052, 12),
    ("埼玉県川口市芝塚原", 3_330_856, 20),
    ("埼玉県戸田市喜沢南", 3_350_014, 14),
    ("北海道札幌市北区北二十五条西", 10_025, 4),
    ("宮城県仙台市青葉区花壇", 9_800_815, 5),
    ("新潟県新潟市中央区緑町", 9_518_014, 4),
];

/// Where people who leave Japan say they go.
pub const ABROAD: &[&str] = &[
    "アメリカ合衆国",
    "中華人民共和国",
    "シンガポール共和国",
    "ドイツ連邦共和国",
    "ベトナム社会主義共和国",
    "大韓民国",
];

const DIGITS: [&str; 10] = ["", "一", "二", "三", "四", "五", "六", "七", "八", "九"];

/// 丁目 as addresses write it; never more than nine in these towns.
pub fn chome(number: u8) -> String {
    match number {
        0 => String::new(),
        number => format!("{}丁目", DIGITS[usize::from(number)]),
    }
}
