//! Foreign residents: nationalities, roman names with kana, 在留資格. One in twelve people of the ward.

/// Roman, kana.
type Names = &'static [(&'static str, &'static str)];

/// One nationality: ISO code, weight, family names and given names (roman, kana), and whether 通称 is usual.
pub struct Nation {
    pub code: &'static str,
    pub weight: u32,
    pub families: Names,
    pub men: Names,
    pub women: Names,
    /// 通称 in kanji for some, per mille.
    pub alias_per_mille: u32,
    /// 特別永住者, per mille.
    pub special_permanent_per_mille: u32,
}

pub const NATIONS: &[Nation] = &[
    Nation {
        code: "CHN",
        weight: 46,
        families: &[
            ("WANG", "ワン"),
            ("LI", "リ"),
            ("ZHANG", "チャン"),
            ("LIU", "リュウ"),
            ("CHEN", "チン"),
            ("YANG", "ヨウ"),
        ],
        men: &[("WEI", "ウェイ"), ("JUNJIE", "ジュンジエ"), ("HAO", "ハオ"), ("ZIXUAN", "ズシュエン")],
        women: &[("FANG", "ファン"), ("XIAOLI", "シャオリー"), ("YUTONG", "ユートン"), ("JING", "ジン")],
        alias_per_mille: 120,
        special_permanent_per_mille: 0,
    },
    Nation {
        code: "KOR",
        weight: 16,
        families: &[("KIM", "キム"), ("LEE", "イ"), ("PARK", "パク"), ("CHOI", "チェ")],
        men: &[("MINJUN", "ミンジュン"), ("JIHO", "ジホ"), ("SUNGHO", "ソンホ")],
        women: &[("SEOYEON", "ソヨン"), ("JIWOO", "ジウ"), ("MIYOUNG", "ミヨン")],
        alias_per_mille: 550,
        special_permanent_per_mille: 400,
    },
    Nation {
        code: "VNM",
        weight: 10,
        families: &[("NGUYEN", "グエン"), ("TRAN", "チャン"), ("LE", "レ"), ("PHAM", "ファム")],
        men: &[("VAN MINH", "ヴァン　ミン"), ("QUANG HUY", "クアン　フイ"), ("DUC ANH", "ドゥック　アイン")],
        women: &[
            ("THI LAN", "ティ　ラン"),
            ("THI NGOC ANH", "ティ　ゴック　アイン"),
            ("THU HA", "トゥー　ハー"),
        ],
        alias_per_mille: 20,
        special_permanent_per_mille: 0,
    },
    Nation {
        code: "NPL",
        weight: 8,
        families: &[("SHRESTHA", "シュレスタ"), ("GURUNG", "グルン"), ("TAMANG", "タマン")],
        men: &[("RAJ KUMAR", "ラジ　クマル"), ("BIBEK", "ビベク")],
        women: &[("SITA DEVI", "シタ　デビ"), ("ANJALI", "アンジャリ")],
        alias_per_mille: 0,
        special_permanent_per_mille: 0,
    },
    Nation {
        code: "BGD",
        weight: 6,
        families: &[("RAHMAN", "ラハマン"), ("HOSSAIN", "ホセイン"), ("ISLAM", "イスラム")],
        men: &[("MOHAMMAD ABDUL", "モハマド　アブドゥル"), ("MD SHAHIDUL", "エムディ　シャヒドゥル")],
        women: &[("FATEMA", "ファテマ"), ("NASRIN AKTER", "ナスリン　アクテル")],
        alias_per_mille: 0,
        special_permanent_per_mille: 0,
    },
    Nation {
        code: "PHL",
        weight: 6,
        families: &[
            ("FERNANDEZ DE LA CRUZ", "フェルナンデス　デ　ラ　クルス"),
            ("SANTOS", "サントス"),
            ("REYES", "レイエス"),
        ],
        men: &[("JOSE MARIA", "ホセ　マリア"), ("MARK ANTHONY", "マーク　アンソニー")],
        women: &[
            ("MARIA GUADALUPE CONCEPCION", "マリア　グアダルーペ　コンセプシオン"),
            ("JENNIFER", "ジェニファー"),
        ],
        alias_per_mille: 60,
        special_permanent_per_mille: 0,
    },
    Nation {
        code: "USA",
        weight: 3,
        families: &[("O'BRIEN", "オブライエン"), ("SMITH-JONES", "スミスジョーンズ"), ("MILLER", "ミラー")],
        men: &[("JOHN PATRICK", "ジョン　パトリック"), ("LIAM", "リアム")],
        women: &[("EMMA", "エマ"), ("MARY ANN", "メアリー　アン")],
        alias_per_mille: 0,
        special_permanent_per_mille: 0,
    },
    Nation {
        code: "MMR",
        weight: 5,
        families: &[("AUNG", "アウン"), ("KYAW", "チョー"), ("THIDA", "ティダ")],
        men: &[("ZAW", "ゾー"), ("MIN THU", "ミン　トゥ")],
        women: &[("SU", "スー"), ("KHIN MAR", "キン　マー")],
        alias_per_mille: 0,
        special_permanent_per_mille: 0,
    },
];

/// 在留資格 of grown-ups, and whether it ends.
pub const STATUSES: &[(&str, u32, bool)] = &[
    ("永住者", 34, false),
    ("技術・人文知識・国際業務", 22, true),
    ("留学", 16, true),
    ("日本人の配偶者等", 6, true),
    ("定住者", 6, true),
    ("特定技能１号", 6, true),
    ("技能", 4, true),
    ("経営・管理", 4, true),
];
