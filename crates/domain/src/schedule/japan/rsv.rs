//! RSウイルス for pregnant women (A類, since 2026-04-01): once in each pregnancy.

use super::rule::*;
use crate::schedule::interpreter::Edge;
use crate::schedule::types::{LegalClass, Series, Sex, Vaccine};

const SOURCE: &str = "予防接種法施行令3条1項(令和8年4月1日改正)";

const ONCE: &[DoseRule] = &[DoseRule::new("1回", &[], SOURCE)];

pub static PROGRAMME: Programme = Programme {
    series: Series::Rsv,
    class: LegalClass::A,
    // 妊娠28週0日から36週6日まで, 分娩予定日 = 40週0日.
    grounds: &[Ground::new("定期", Edge::Gestation(28, 0), Edge::Gestation(36, 6), SOURCE)
        .sex(Sex::Female)
        .if_so(Condition::Pregnant)
        .in_force(since(day(2026, 4, 1)))],
    lines: &[Line {
        products: products(&[Vaccine::Rsv]),
        offers: offers_any,
        // Having had RS as a child takes no mother out.
        excluded_by: diseases(&[]),
        course: |_, _, _| ONCE,
        courses: &[named("妊娠ごと", ONCE)],
        skips: skips_nothing,
    }],
    products: &[ProductRule::new(Vaccine::Rsv, since(day(2026, 4, 1)), SOURCE)],
    born_from: None,
    long_illness: LongIllnessRule::NotCovered,
    early_counts: true,
    unmixed: &[],
    season: Season::None,
    remarks: &[Remark {
        text: "接種後14日以内に出産を予定する者は医師に相談する", source: SOURCE
    }],
    source: SOURCE,
};
