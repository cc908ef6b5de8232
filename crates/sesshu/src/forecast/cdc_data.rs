//! Reads CDC's supporting data (XML) into the domain's prepared form. No rule is applied here, and nothing is guessed:
//! a word this reader does not know is an error that names the file and the series.

use anyhow::{Context, Result, bail, ensure};
use domain::Date;
use domain::age::Days;
use domain::schedule::Sex;
use domain::schedule::cdc::data::*;
use domain::schedule::cdc::{Cdc, Pack, parse_span};
use domain::schedule::interpreter::{IntervalRule, ProductSet, Since, Span};
use roxmltree::{Document, Node};
use std::cmp::Ordering;
use std::path::Path;

/// A supporting-data file is below 500 kB; more is not one.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// Reads every `ScheduleSupportingData*.xml` and `AntigenSupportingData*.xml` of a folder.
pub fn read(folder: &Path) -> Result<Cdc> {
    let mut schedule = None;
    let mut antigens = Vec::new();
    let entries =
        std::fs::read_dir(folder).with_context(|| format!("{}: フォルダーを開けません", folder.display()))?;
    for entry in entries {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if !name.ends_with(".xml") {
            continue;
        }
        if name.starts_with("ScheduleSupportingData") {
            schedule = Some(text_of(&path)?);
        } else if name.starts_with("AntigenSupportingData") {
            antigens.push((name.to_owned(), text_of(&path)?));
        }
    }
    // The order of a folder is not fixed; answers must not depend on it.
    antigens.sort();
    let schedule =
        schedule.with_context(|| format!("{}: ScheduleSupportingData.xml がありません", folder.display()))?;
    ensure!(!antigens.is_empty(), "{}: AntigenSupportingData が1つもありません", folder.display());
    let mut reader = Reader::default();
    reader.schedule(&Document::parse(&schedule).context("ScheduleSupportingData.xml")?)?;
    for (name, text) in &antigens {
        let document = Document::parse(text).with_context(|| name.clone())?;
        reader.antigen(&document).with_context(|| name.clone())?;
    }
    reader.finish()
}

fn text_of(path: &Path) -> Result<String> {
    let named = || path.display().to_string();
    let size = std::fs::metadata(path).with_context(named)?.len();
    ensure!(size <= FILE_BYTES_MAX, "{}: 大きすぎます ({size} バイト)", path.display());
    std::fs::read_to_string(path).with_context(named)
}

/// The text of a child element; empty and "n/a" are nothing.
fn text<'d>(node: Node<'d, '_>, tag: &str) -> Option<&'d str> {
    let text = child(node, tag)?.text()?.trim();
    (!text.is_empty() && !text.eq_ignore_ascii_case("n/a")).then_some(text)
}

fn child<'d, 'i>(node: Node<'d, 'i>, tag: &str) -> Option<Node<'d, 'i>> {
    node.children().find(|child| child.has_tag_name(tag))
}

/// Child elements that say something (`<interval/>` says nothing).
fn children<'d, 'i>(node: Node<'d, 'i>, tag: &'static str) -> impl Iterator<Item = Node<'d, 'i>> {
    let named = node.children().filter(move |child| child.has_tag_name(tag));
    named.filter(|child| child.first_element_child().is_some())
}

fn needed<'d>(node: Node<'d, '_>, tag: &str) -> Result<&'d str> {
    text(node, tag).with_context(|| format!("<{tag}> がありません"))
}

fn is_yes(node: Node, tag: &str) -> Result<bool> {
    match text(node, tag) {
        Some("Yes" | "Y") => Ok(true),
        Some("No" | "N") | None => Ok(false),
        Some(other) => bail!("<{tag}>: {other}"),
    }
}

fn span(node: Node, tag: &str) -> Result<Option<Span>> {
    text(node, tag).map(|text| parse_span(text).with_context(|| format!("<{tag}>"))).transpose()
}

/// `20250827` or `01/01/1957`.
fn day(node: Node, tag: &str) -> Result<Option<Date>> {
    let Some(text) = text(node, tag) else { return Ok(None) };
    let format = if text.contains('/') { "%m/%d/%Y" } else { "%Y%m%d" };
    let date = Date::strptime(format, text).with_context(|| format!("<{tag}>: {text}"))?;
    Ok(Some(date))
}

#[derive(Default)]
struct Reader {
    pack: Pack,
    /// Which antigens have been read.
    read: Vec<bool>,
}

impl Reader {
    fn finish(self) -> Result<Cdc> {
        for (antigen, read) in self.pack.antigens.iter().zip(&self.read) {
            ensure!(*read, "{} の AntigenSupportingData がありません", antigen.name);
        }
        Ok(Cdc::new(self.pack))
    }

    fn schedule(&mut self, document: &Document) -> Result<()> {
        let root = document.root_element();
        let part = |tag: &str| child(root, tag).with_context(|| format!("<{tag}> がありません"));
        for map in children(part("vaccineGroupToAntigenMap")?, "vaccineGroupMap") {
            let mut group = Group { name: needed(map, "name")?.to_owned(), ..Group::default() };
            for name in map.children().filter(|child| child.has_tag_name("antigen")) {
                let name = name.text().unwrap_or_default().trim().to_owned();
                group.antigens.push(self.pack.antigens.len() as AntigenIndex);
                self.pack.antigens.push(Antigen { name, ..Antigen::default() });
            }
            self.pack.groups.push(group);
        }
        self.read = vec![false; self.pack.antigens.len()];
        ensure!(self.pack.antigens.len() <= ANTIGENS_MAX, "抗原が多すぎます");
        for node in children(part("vaccineGroups")?, "vaccineGroup") {
            let name = needed(node, "name")?;
            let group = self.pack.groups.iter_mut().find(|group| group.name == name);
            group.with_context(|| format!("{name}: 抗原が分かりません"))?.full =
                is_yes(node, "administerFullVaccineGroup")?;
        }
        for node in children(part("observations")?, "observation") {
            let title = text(node, "observationTitle").unwrap_or_default();
            self.pack.observations.push((needed(node, "observationCode")?.to_owned(), title.to_owned()));
        }
        for map in children(part("cvxToAntigenMap")?, "cvxMap") {
            self.vaccine(map)?;
        }
        for node in children(part("liveVirusConflicts")?, "liveVirusConflict") {
            self.conflict(node)?;
        }
        ensure!(self.pack.vaccines.len() <= VACCINES_MAX, "ワクチンが多すぎます");
        Ok(())
    }

    fn vaccine(&mut self, map: Node) -> Result<()> {
        let name = text(map, "shortDescription").unwrap_or_default();
        let mut vaccine = Vaccine::new(needed(map, "cvx")?, name);
        for node in children(map, "association") {
            let name = needed(node, "antigen")?;
            vaccine.associations.push(Association {
                antigen: self.antigen_index(name)?,
                age: self.age_range(node, "associationBeginAge", "associationEndAge")?,
            });
        }
        self.pack.vaccines.push(vaccine);
        Ok(())
    }

    fn conflict(&mut self, node: Node) -> Result<()> {
        let previous = self.conflicting(node, "previous")?;
        let current = self.conflicting(node, "current")?;
        let length = |tag: &str| span(node, tag)?.with_context(|| format!("<{tag}> がありません"));
        let conflict = Conflict {
            previous,
            begin: length("conflictBeginInterval")?,
            end_min: length("minConflictEndInterval")?,
            end: length("conflictEndInterval")?,
        };
        let vaccine = &mut self.pack.vaccines[usize::from(current)];
        vaccine.conflicting = vaccine.conflicting.with(previous);
        vaccine.conflicts.push(conflict);
        Ok(())
    }

    /// One side of a conflict. BCG and others stand here only: they count for no antigen, but stand in the way.
    fn conflicting(&mut self, node: Node, tag: &str) -> Result<VaccineIndex> {
        let side = child(node, tag).with_context(|| format!("<{tag}> がありません"))?;
        let cvx = needed(side, "cvx")?;
        if let Ok(known) = self.vaccine_index(cvx) {
            return Ok(known);
        }
        self.pack.vaccines.push(Vaccine::new(cvx, text(side, "vaccineType").unwrap_or_default()));
        Ok((self.pack.vaccines.len() - 1) as VaccineIndex)
    }

    fn antigen(&mut self, document: &Document) -> Result<()> {
        let root = document.root_element();
        let name =
            needed(children(root, "series").next().context("<series> がありません")?, "targetDisease")?;
        let index = usize::from(self.antigen_index(name)?);
        ensure!(!std::mem::replace(&mut self.read[index], true), "{name} が2つあります");
        let mut antigen = Antigen { name: name.to_owned(), ..Antigen::default() };
        if let Some(node) = child(root, "immunity") {
            antigen.immunity = self.immunity(node)?;
        }
        if let Some(node) = child(root, "contraindications") {
            self.contraindications(node, &mut antigen)?;
        }
        for node in children(root, "series") {
            let name = needed(node, "seriesName")?;
            antigen.series.push(self.series(node).with_context(|| name.to_owned())?);
        }
        self.pack.antigens[index] = antigen;
        Ok(())
    }

    fn immunity(&mut self, node: Node) -> Result<Immunity> {
        let mut immunity = Immunity::default();
        for history in children(node, "clinicalHistory") {
            immunity.history.push(self.observation_index(needed(history, "guidelineCode")?)?);
        }
        for birth in children(node, "dateOfBirth") {
            let exclusions = children(birth, "exclusion")
                .map(|exclusion| self.observation_index(needed(exclusion, "exclusionCode")?));
            immunity.births.push(BirthImmunity {
                before: day(birth, "immunityBirthDate")?.context("<immunityBirthDate> がありません")?,
                country: text(birth, "birthCountry").map(str::to_owned),
                exclusions: exclusions.collect::<Result<_>>()?,
            });
        }
        Ok(immunity)
    }

    fn contraindications(&mut self, node: Node, antigen: &mut Antigen) -> Result<()> {
        for sign in children(node, "vaccineGroup").flat_map(|group| children(group, "contraindication")) {
            let observation = self.observation_index(needed(sign, "observationCode")?)?;
            let age = self.age_range(sign, "beginAge", "endAge")?;
            antigen.contraindications.push(Indication { observation, age });
        }
        for sign in children(node, "vaccine").flat_map(|vaccine| children(vaccine, "contraindication")) {
            let observation = self.observation_index(needed(sign, "observationCode")?)?;
            let mut vaccines = Vec::new();
            for vaccine in children(sign, "contraindicatedVaccine") {
                let age = self.age_range(vaccine, "beginAge", "endAge")?;
                vaccines.push((self.vaccine_index(needed(vaccine, "cvx")?)?, age));
            }
            antigen.vaccine_contraindications.push(VaccineContraindication { observation, vaccines });
        }
        Ok(())
    }

    fn series(&mut self, node: Node) -> Result<Series> {
        let select = child(node, "selectSeries").context("<selectSeries> がありません")?;
        let mut indications = Vec::new();
        for sign in children(node, "indication") {
            let code = child(sign, "observationCode").and_then(|observation| text(observation, "code"));
            // An indication without a code is for a clinician's eyes only (Table 5-4, "unknown").
            let Some(code) = code else { continue };
            let observation = self.observation_index(code)?;
            indications.push(Indication { observation, age: self.age_range(sign, "beginAge", "endAge")? });
        }
        let doses = children(node, "seriesDose").map(|dose| {
            self.dose(dose).with_context(|| text(dose, "doseNumber").unwrap_or_default().to_owned())
        });
        let doses = doses.collect::<Result<Vec<_>>>()?;
        ensure!((1..=TARGETS_MAX).contains(&doses.len()), "接種回の数が想定外です: {}", doses.len());
        Ok(Series {
            name: needed(node, "seriesName")?.to_owned(),
            kind: match needed(node, "seriesType")? {
                "Standard" => SeriesKind::Standard,
                "Risk" => SeriesKind::Risk,
                "Evaluation Only" => SeriesKind::EvaluationOnly,
                other => bail!("<seriesType>: {other}"),
            },
            sexes: sexes(node)?,
            indications,
            is_default: is_yes(select, "defaultSeries")?,
            is_product: is_yes(select, "productPath")?,
            group_name: text(select, "seriesGroupName").unwrap_or_default().to_owned(),
            group: series_group(needed(select, "seriesGroup")?)?,
            equivalents: equivalents(node)?,
            priority: text(select, "seriesPriority")
                .map_or(u8::MAX, |priority| priority.as_bytes()[0] - b'A'),
            preference: text(select, "seriesPreference").map_or(Ok(u8::MAX), str::parse)?,
            start_from: self.age(select, "minAgeToStart")?,
            start_until: self.age(select, "maxAgeToStart")?,
            doses,
        })
    }

    fn dose(&mut self, node: Node) -> Result<SeriesDose> {
        let mut dose = SeriesDose::new(is_yes(node, "recurringDose")?);
        for ages in children(node, "age") {
            dose.ages.push(Ages {
                absolute_min: self.age(ages, "absMinAge")?,
                min: self.age(ages, "minAge")?,
                recommended_from: self.age(ages, "earliestRecAge")?,
                recommended_until: self.age(ages, "latestRecAge")?,
                max: self.age(ages, "maxAge")?,
                in_force: in_force(ages)?,
            });
        }
        for interval in children(node, "interval") {
            dose.intervals.push(self.interval(interval)?);
        }
        for interval in children(node, "allowableInterval") {
            dose.allowable_intervals.push(self.interval(interval)?);
        }
        for vaccine in children(node, "preferableVaccine") {
            dose.preferable.push(self.dose_vaccine(vaccine)?);
        }
        for vaccine in children(node, "allowableVaccine") {
            dose.allowable.push(self.dose_vaccine(vaccine)?);
        }
        dose.preferable_set = dose.preferable.iter().map(|listed| listed.vaccine).collect();
        dose.allowable_set = dose.allowable.iter().map(|listed| listed.vaccine).collect();
        for vaccine in children(node, "inadvertentVaccine") {
            dose.inadvertent = dose.inadvertent.with(self.vaccine_index(needed(vaccine, "cvx")?)?);
        }
        for skip in children(node, "conditionalSkip") {
            dose.skips.push(self.skip(skip)?);
        }
        for season in children(node, "seasonalRecommendation") {
            dose.season = Some(Days {
                from: day(season, "startDate")?.unwrap_or(Date::MIN),
                until: day(season, "endDate")?.unwrap_or(Date::MAX),
            });
        }
        dose.delays = self.delays(&dose.preferable);
        Ok(dose)
    }

    /// What given vaccines delay a dose with these preferable vaccines, by length of the delay.
    fn delays(&self, preferable: &[DoseVaccine]) -> Vec<(ProductSet, Span)> {
        let mut delays: Vec<(ProductSet, Span)> = Vec::new();
        let conflicts =
            preferable.iter().flat_map(|listed| &self.pack.vaccines[usize::from(listed.vaccine)].conflicts);
        for conflict in conflicts {
            match delays.iter_mut().find(|(_, end)| *end == conflict.end) {
                Some((vaccines, _)) => *vaccines = vaccines.with(conflict.previous),
                None => delays.push((ProductSet::NONE.with(conflict.previous), conflict.end)),
            }
        }
        delays
    }

    fn interval(&mut self, node: Node) -> Result<Interval> {
        let observation = child(node, "fromRelevantObs").and_then(|observation| text(observation, "code"));
        let (reference, since) = if is_yes(node, "fromPrevious")? {
            (Reference::Series, Since::PreviousDose)
        } else if let Some(target) = text(node, "fromTargetDose") {
            let target: u8 = target.parse().context("<fromTargetDose>")?;
            ensure!((1..=TARGETS_MAX).contains(&usize::from(target)), "<fromTargetDose>: {target}");
            (Reference::Series, Since::Target(target - 1))
        } else if let Some(codes) = text(node, "fromMostRecent") {
            (Reference::History, Since::MostRecent(self.vaccines(codes)?))
        } else {
            let observation = self.observation_index(observation.context("間隔の起点がありません")?)?;
            (Reference::Observation(observation), Since::PreviousDose)
        };
        Ok(Interval {
            reference,
            rule: IntervalRule {
                since,
                absolute_min: span(node, "absMinInt")?,
                min: span(node, "minInt")?,
                standard_min: span(node, "earliestRecInt")?,
                standard_max: span(node, "latestRecInt")?,
                in_force: in_force(node)?,
            },
            overrides: match text(node, "intervalPriority") {
                Some("override" | "Y") => true,
                None | Some("N") => false,
                Some(other) => bail!("<intervalPriority>: {other}"),
            },
        })
    }

    fn dose_vaccine(&mut self, node: Node) -> Result<DoseVaccine> {
        let maker = text(node, "mvx").map(|mvx| {
            let makers = &mut self.pack.makers;
            let known = makers.iter().position(|maker| maker == mvx).unwrap_or_else(|| {
                makers.push(mvx.to_owned());
                makers.len() - 1
            });
            known as MakerIndex
        });
        Ok(DoseVaccine {
            vaccine: self.vaccine_index(needed(node, "cvx")?)?,
            age: self.age_range(node, "beginAge", "endAge")?,
            maker,
            recommended: is_yes(node, "forecastVaccineType")?,
        })
    }

    fn skip(&mut self, node: Node) -> Result<Skip> {
        let sets = children(node, "set").map(|set| {
            let conditions = children(set, "condition").map(|condition| self.condition(condition));
            Ok(SkipSet {
                conditions: conditions.collect::<Result<_>>()?,
                in_force: in_force(set)?,
                all_conditions: is_all(set, "conditionLogic")?,
            })
        });
        Ok(Skip {
            sets: sets.collect::<Result<_>>()?,
            context: match needed(node, "context")? {
                "Evaluation" => SkipContext::Evaluation,
                "Forecast" => SkipContext::Forecast,
                "Both" => SkipContext::Both,
                other => bail!("<context>: {other}"),
            },
            all_sets: is_all(node, "setLogic")?,
        })
    }

    fn condition(&mut self, node: Node) -> Result<Condition> {
        Ok(match needed(node, "conditionType")?.to_ascii_lowercase().as_str() {
            "age" => Condition::Age(self.age_range(node, "beginAge", "endAge")?),
            "completed series" => Condition::CompletedSeries(series_group(needed(node, "seriesGroups")?)?),
            "interval" => Condition::Interval(span(node, "interval")?.context("<interval> がありません")?),
            "vaccine count by age" | "vaccine count by date" | "vaccine count by date and age" => {
                Condition::Count(Count {
                    age: self.age_range(node, "beginAge", "endAge")?,
                    from: day(node, "startDate")?.unwrap_or(Date::MIN),
                    until: day(node, "endDate")?.unwrap_or(Date::MAX),
                    vaccines: text(node, "vaccineTypes").map(|codes| self.vaccines(codes)).transpose()?,
                    valid_only: match needed(node, "doseType")?.to_ascii_lowercase().as_str() {
                        "valid" => true,
                        "total" => false,
                        other => bail!("<doseType>: {other}"),
                    },
                    compare: match needed(node, "doseCountLogic")?.to_ascii_lowercase().as_str() {
                        "greater than" => Ordering::Greater,
                        "equal to" => Ordering::Equal,
                        "less than" => Ordering::Less,
                        other => bail!("<doseCountLogic>: {other}"),
                    },
                    than: needed(node, "doseCount")?.parse().context("<doseCount>")?,
                })
            }
            other => bail!("<conditionType>: {other}"),
        })
    }

    /// `15; 16;88`.
    fn vaccines(&self, codes: &str) -> Result<ProductSet> {
        let codes = codes.split(';').map(str::trim).filter(|code| !code.is_empty());
        codes.map(|code| self.vaccine_index(code)).collect()
    }

    fn age_range(&mut self, node: Node, from: &str, until: &str) -> Result<AgeRange> {
        Ok(AgeRange { from: self.age(node, from)?, until: self.age(node, until)? })
    }

    /// Equal ages share one index.
    fn age(&mut self, node: Node, tag: &str) -> Result<Option<AgeIndex>> {
        let Some(age) = span(node, tag)? else { return Ok(None) };
        let ages = &mut self.pack.ages;
        let known = ages.iter().position(|known| *known == age).unwrap_or_else(|| {
            ages.push(age);
            ages.len() - 1
        });
        Ok(Some(AgeIndex::try_from(known).context("年齢の種類が多すぎます")?))
    }

    fn antigen_index(&self, name: &str) -> Result<AntigenIndex> {
        let index = self.pack.antigens.iter().position(|antigen| antigen.name == name);
        index.map(|index| index as AntigenIndex).with_context(|| format!("知らない抗原です: {name}"))
    }

    fn vaccine_index(&self, cvx: &str) -> Result<VaccineIndex> {
        let index = self.pack.vaccines.iter().position(|vaccine| vaccine.cvx == cvx);
        index.map(|index| index as VaccineIndex).with_context(|| format!("知らない CVX です: {cvx}"))
    }

    fn observation_index(&self, code: &str) -> Result<ObservationIndex> {
        let index = self.pack.observations.iter().position(|(known, _)| known == code);
        index.map(|index| index as ObservationIndex).with_context(|| format!("知らない観察項目です: {code}"))
    }
}

fn sexes(series: Node) -> Result<Vec<Sex>> {
    let genders = series.children().filter(|child| child.has_tag_name("requiredGender"));
    let genders =
        genders.filter_map(|gender| gender.text()).map(str::trim).filter(|gender| !gender.is_empty());
    let sexes = genders.map(|gender| match gender {
        "Female" => Ok(Sex::Female),
        "Male" => Ok(Sex::Male),
        "Unknown" => Ok(Sex::Unknown),
        other => bail!("<requiredGender>: {other}"),
    });
    sexes.collect()
}

fn series_group(text: &str) -> Result<u8> {
    let group: u8 = text.trim().parse().context("<seriesGroup>")?;
    ensure!(group < 32, "<seriesGroup>: {group}");
    Ok(group)
}

fn equivalents(series: Node) -> Result<u32> {
    let groups = text(series, "equivalentSeriesGroups").unwrap_or_default();
    let mut groups = groups.split([';', ',']).filter(|group| !group.trim().is_empty());
    groups.try_fold(0, |bits, group| Ok(bits | 1 << series_group(group)?))
}

/// Must all be met, or one? Where it is not said there is only one.
fn is_all(node: Node, tag: &str) -> Result<bool> {
    match text(node, tag) {
        Some("AND") => Ok(true),
        Some("OR") | None => Ok(false),
        Some(other) => bail!("<{tag}>: {other}"),
    }
}

fn in_force(node: Node) -> Result<Days> {
    Ok(Days {
        from: day(node, "effectiveDate")?.unwrap_or(Date::MIN),
        until: day(node, "cessationDate")?.unwrap_or(Date::MAX),
    })
}
