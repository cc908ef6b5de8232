//! The questions, in our own words. They ask what 予防接種実施規則 第4条 and 第6条 let a doctor judge by: today's health,
//! fever, illnesses, allergies, earlier reactions, and other vaccines.

use domain::schedule::Series;

/// One row of the questionnaire.
#[derive(Clone, Copy)]
pub(super) struct Question {
    pub text: &'static str,
    pub answer: Answer,
}

/// What the row offers to tick: the answer that needs no talk with the doctor stands right, as on all wards' forms.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Answer {
    /// はい is the harmless answer.
    YesIsFine,
    /// いいえ is the harmless answer.
    NoIsFine,
}

const fn yes(text: &'static str) -> Question {
    Question { text, answer: Answer::YesIsFine }
}

const fn no(text: &'static str) -> Question {
    Question { text, answer: Answer::NoIsFine }
}

const READ: Question = yes("今日受ける予防接種について、説明の書面を読み、効果と副反応が分かりましたか");
const WELL: Question =
    no("今日、体の具合の悪いところがありますか（どこが:　　　　　　　　　　　　　　　　　　　）");
const ILL_LATELY: Question =
    no("この1か月の間に、病気にかかったり熱を出したりしましたか（病名:　　　　　　　　　　）");
const AROUND: Question =
    no("この1か月に、家族や身近な人に、はしか・風しん・水ぼうそう・おたふくかぜの人がいましたか");
const OTHER_VACCINE: Question =
    no("この4週間の間に、ほかの予防接種を受けましたか（種類:　　　　　　　　　接種日:　　月　　日）");
const DISEASES: Question =
    no("心臓・腎臓・肝臓・脳神経・血液・免疫などの病気がありますか（病名:　　　　　　　　）");
const DOCTOR_AGREED: Question =
    yes("前の質問が「はい」の方: その病気の主治医は、今日の接種を受けてよいと言いましたか");
const CONVULSION: Question =
    no("ひきつけ（けいれん）を起こしたことがありますか（　　歳　　か月ごろ・回数　　回）");
const ALLERGY: Question =
    no("薬や食べ物で、じんましんなどが出たことがありますか（薬・食品名:　　　　　　　）");
const IMMUNITY: Question = no("本人または近い親族に、生まれつき免疫の働きに問題があると言われた人がいますか");
const REACTION: Question =
    no("これまでの予防接種で、具合が悪くなったことがありますか（種類・症状:　　　　　　　　　　）");
const FAMILY_REACTION: Question = no("近い親族に、予防接種を受けて具合が悪くなった人がいますか");
const BLOOD_PRODUCT: Question =
    no("この6か月の間に、輸血やガンマグロブリンの注射を受けましたか（受けた日:　　月　　日）");
const ASK: Question = no("今日の予防接種について、医師に聞きたいことがありますか");
const BIRTH: Question =
    no("出産のときや生まれた後、乳児健診などで、異常があると言われましたか（出生体重　　　　g）");
const MOTHER_HBV: Question = no("母親がB型肝炎ウイルスを持っていて、出生直後にワクチンを受けましたか");
const BOWEL: Question = no("腸重積症にかかったことや、腸の手術・生まれつきの腸の病気がありますか");
const BCG_CONTACT: Question = no("家族など身近な人に、結核にかかった人がいますか");
const KELOID: Question = no("けがや注射のあとが、赤く盛り上がって残ったこと（ケロイド）がありますか");
const HAD_IT: Question = no("今日の予防接種の病気に、これまでにかかったことがありますか（　　歳ごろ）");
const STEROID: Question =
    no("免疫をおさえる薬（ステロイドなど）や抗がん剤を使っていますか（薬の名前:　　　　　　）");
const FAINTING: Question = no("注射や採血のときに、気分が悪くなったり気を失ったりしたことがありますか");
const HPV_EARLIER: Question =
    no("これまでにHPVワクチンを受けましたか（種類:　　価　　回・最後の接種日:　　年　　月　　日）");
const PREGNANT: Question = no("現在、妊娠している、またはその可能性がありますか（妊娠　　週）");
const PREGNANCY_COURSE: Question =
    no("今回の妊娠の経過に、異常があると言われましたか（内容:　　　　　　　　　）");
const WEEKS: Question = yes("今日は、妊娠28週0日から36週6日までの間ですか（今日:　　週　　日）");
const ANTICOAGULANT: Question =
    no("血をさらさらにする薬を飲んでいますか。または血が止まりにくい病気がありますか");
const LUNGS: Question = no("間質性肺炎、気管支ぜんそくなど、呼吸器の病気と言われたことがありますか");
const EGG: Question = no("鶏卵・鶏肉にアレルギーがあると言われたことがありますか");
const PPV_EARLIER: Question =
    no("これまでに肺炎球菌ワクチンを受けましたか（種類:　　　　　　最後の接種日:　　年　　月）");
const ZOSTER_EARLIER: Question =
    no("これまでに帯状疱疹ワクチンを受けましたか（種類:　　　　最後の接種日:　　年　　月）");
const CARDITIS: Question = no("心筋炎や心膜炎にかかったことがありますか（　　年ごろ）");
const SEASON: Question = no("今年度、この予防接種をすでに受けましたか（受けた日:　　年　　月　　日）");
const ANTIBODY: Question =
    yes("抗体検査を受け、抗体が十分でないと言われましたか（検査日:　　年　　月　　日）");

const INFANT: [Question; 12] = [
    READ,
    WELL,
    ILL_LATELY,
    AROUND,
    OTHER_VACCINE,
    BIRTH,
    DISEASES,
    DOCTOR_AGREED,
    CONVULSION,
    ALLERGY,
    IMMUNITY,
    REACTION,
];
const ADULT: [Question; 9] =
    [READ, WELL, ILL_LATELY, OTHER_VACCINE, DISEASES, DOCTOR_AGREED, CONVULSION, ALLERGY, REACTION];

/// The rows of a series' sheet: those of its group, with what the vaccine in question needs.
pub(super) fn questions(series: Series) -> Vec<Question> {
    let (group, own): (&[Question], &[Question]) = match series {
        Series::HepB => (&INFANT, &[MOTHER_HBV, ASK]),
        Series::Rota => (&INFANT, &[BOWEL, ASK]),
        Series::Bcg => (&INFANT, &[BCG_CONTACT, KELOID]),
        Series::Dpt | Series::Hib | Series::Pcv => (&INFANT, &[FAMILY_REACTION, ASK]),
        Series::Mr1 | Series::Var => (&INFANT, &[BLOOD_PRODUCT, ASK]),
        Series::Mr2 => (&INFANT, &[BLOOD_PRODUCT, STEROID]),
        Series::Je1 | Series::Je2 | Series::Dt2 => (&INFANT, &[STEROID, ASK]),
        Series::Hpv => (&ADULT, &[IMMUNITY, FAINTING, HPV_EARLIER, PREGNANT, ASK]),
        Series::Rsv => (&ADULT, &[WEEKS, PREGNANCY_COURSE, ANTICOAGULANT, FAINTING, ASK]),
        Series::Flu => (&ADULT, &[EGG, LUNGS, IMMUNITY, SEASON, ASK]),
        Series::Covid => (&ADULT, &[CARDITIS, ANTICOAGULANT, IMMUNITY, SEASON, ASK]),
        Series::Ppv => (&ADULT, &[PPV_EARLIER, LUNGS, ANTICOAGULANT, IMMUNITY, ASK]),
        Series::Zoster => (&ADULT, &[ZOSTER_EARLIER, HAD_IT, STEROID, BLOOD_PRODUCT, ASK]),
        Series::Rubella5 => (&ADULT, &[ANTIBODY, HAD_IT, STEROID, BLOOD_PRODUCT, ASK]),
    };
    [group, own].concat()
}
