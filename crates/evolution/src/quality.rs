//! Changes of quality rules, matched by name. What a rule promises, readers rely on, where its severity is error.

use std::cmp::Ordering;

use mesh_manifest::{Amount, Expectation, MetricUnit, QualityRule, RuleSeverity};

use crate::{
    change::{ChangeKind, Changes, place},
    code::Code,
};

/// Adds the changes of the rules at `pointer`, which are over `field` or over rows.
pub fn changes(
    before: &[QualityRule],
    after: &[QualityRule],
    field: Option<&str>,
    pointer: &str,
    changes: &mut Changes<'_>,
) {
    let unchanged = changes.list.len();
    let mut push = |code, kind, at: String, reason: &str, before: Option<&str>, after: Option<&str>| {
        let change = changes.push(code, kind, at, reason);
        change.values(before, after);
        change.field = field.map(str::to_owned);
    };
    let promised = |rule: &QualityRule| rule.severity == RuleSeverity::Error;
    for rule in before {
        let now = after.iter().enumerate().find(|(_, now)| now.name == rule.name);
        let (code, kind, reason, at, name) = match now {
            Some((_, now)) if now == rule => continue,
            None if promised(rule) => (
                Code::QualityLoosened,
                ChangeKind::Major,
                "readers rely on what the rule promised",
                place(pointer, !after.is_empty()),
                None,
            ),
            None => (
                Code::QualityReworded,
                ChangeKind::Minor,
                "the rule only warned",
                place(pointer, !after.is_empty()),
                None,
            ),
            Some((index, now)) => {
                let at = format!("{pointer}/{index}");
                let (code, kind, reason) = judged(rule, now);
                (code, kind, reason, at, Some(now.name.as_str()))
            }
        };
        push(code, kind, at, reason, Some(&rule.name), name);
    }
    for (index, rule) in after.iter().enumerate() {
        if !before.iter().any(|old| old.name == rule.name) {
            let at = format!("{pointer}/{index}");
            push(Code::QualityTightened, ChangeKind::Minor, at, "more is promised", None, Some(&rule.name));
        }
    }
    if changes.list.len() == unchanged && before != after {
        changes.push(Code::Reordered, ChangeKind::Patch, pointer, "the order of rules means nothing");
    }
}

fn judged(before: &QualityRule, after: &QualityRule) -> (Code, ChangeKind, &'static str) {
    let QualityRule { name: _, description: _, dimension: _, metric, query, unit, expect, severity, properties: _ } =
        before;
    let counted = |unit: Option<MetricUnit>| unit.unwrap_or(MetricUnit::Rows);
    let same_number = *metric == after.metric && *query == after.query && counted(*unit) == counted(after.unit);
    if same_number && *expect == after.expect && *severity == after.severity {
        return (Code::TextChanged, ChangeKind::Patch, "only people read this text");
    }
    if *severity == RuleSeverity::Warning {
        return match after.severity {
            RuleSeverity::Warning => (Code::QualityReworded, ChangeKind::Minor, "the rule only warns"),
            RuleSeverity::Error => (Code::QualityTightened, ChangeKind::Minor, "more is promised"),
        };
    }
    if same_number && after.severity == RuleSeverity::Error && implies(&after.expect, expect) {
        return (Code::QualityTightened, ChangeKind::Minor, "more is promised");
    }
    (Code::QualityLoosened, ChangeKind::Major, "readers rely on what the rule promised")
}

/// Whether every number that `after` allows is one that `before` allows.
fn implies(after: &Expectation, before: &Expectation) -> bool {
    let (after, before) = (Allowed::by(after), Allowed::by(before));
    let kept = after.least.is_at_least(before.least, Ordering::Greater)
        && after.most.is_at_least(before.most, Ordering::Less)
        && before.but.is_none_or(|but| after.but.is_some_and(|own| same(own, but)) || !after.holds(but));
    // Where no number is allowed, all of them are within whatever it was.
    after.is_empty() || kept
}

/// The numbers that an expectation allows: those of a range, but for one.
struct Allowed<'a> {
    least: Bound<'a>,
    most: Bound<'a>,
    but: Option<&'a Amount>,
}

/// One end of a range, if it has one, and whether it is part of it.
#[derive(Clone, Copy)]
struct Bound<'a>(Option<(&'a Amount, bool)>);

impl<'a> Allowed<'a> {
    fn by(expectation: &'a Expectation) -> Self {
        let Expectation {
            must_be,
            must_not_be,
            must_be_greater_than,
            must_be_greater_or_equal_to,
            must_be_less_than,
            must_be_less_or_equal_to,
        } = expectation;
        let bound =
            |amount: &'a Option<Amount>, included: bool| Bound(amount.as_ref().map(|amount| (amount, included)));
        let tightest = |bounds: [Bound<'a>; 3], tighter: Ordering| {
            let tightest = |one: Bound<'a>, other: Bound<'a>| if one.is_at_least(other, tighter) { one } else { other };
            bounds.into_iter().fold(Bound(None), tightest)
        };
        let exact = bound(must_be, true);
        let above = [exact, bound(must_be_greater_than, false), bound(must_be_greater_or_equal_to, true)];
        let below = [exact, bound(must_be_less_than, false), bound(must_be_less_or_equal_to, true)];
        let (least, most) = (tightest(above, Ordering::Greater), tightest(below, Ordering::Less));
        let but = must_not_be.as_ref();
        // An end that is left out is a range without that end.
        let without = |end: Bound<'a>| match (end.0, but) {
            (Some((at, true)), Some(but)) if same(at, but) => Bound(Some((at, false))),
            _ => end,
        };
        Self { least: without(least), most: without(most), but }
    }

    fn is_empty(&self) -> bool {
        self.least.0.zip(self.most.0).is_some_and(|((least, with_least), (most, with_most))| {
            let order = least.compare(most);
            order.is_gt() || order.is_eq() && !(with_least && with_most)
        })
    }

    fn holds(&self, number: &Amount) -> bool {
        let within = |end: Bound<'_>, outside: Ordering| {
            end.0.is_none_or(|(at, included)| match number.compare(at) {
                Ordering::Equal => included,
                order => order != outside,
            })
        };
        within(self.least, Ordering::Less) && within(self.most, Ordering::Greater)
    }
}

impl Bound<'_> {
    /// Whether this end leaves out all that `other` does, where that which is `tighter` leaves out more.
    fn is_at_least(self, other: Self, tighter: Ordering) -> bool {
        match (self.0, other.0) {
            (_, None) => true,
            (None, Some(_)) => false,
            (Some((at, included)), Some((other, other_included))) => match at.compare(other) {
                Ordering::Equal => other_included || !included,
                order => order == tighter,
            },
        }
    }
}

fn same(one: &Amount, other: &Amount) -> bool {
    one.compare(other).is_eq()
}

#[cfg(test)]
mod tests {
    use mesh_manifest::{Amount, Expectation};

    use super::implies;

    fn amount(whole: i64) -> Amount {
        serde_json::Number::from(whole).into()
    }

    /// Whether `half`, in halves, is allowed: each line by itself.
    fn allows(expectation: &Expectation, half: i64) -> bool {
        let number = half as f64 / 2.0;
        let holds = |bound: &Option<Amount>, fits: fn(f64, f64) -> bool| {
            bound.as_ref().is_none_or(|bound| fits(number, bound.as_f64()))
        };
        holds(&expectation.must_be, |a, b| a == b)
            && holds(&expectation.must_not_be, |a, b| a != b)
            && holds(&expectation.must_be_greater_than, |a, b| a > b)
            && holds(&expectation.must_be_greater_or_equal_to, |a, b| a >= b)
            && holds(&expectation.must_be_less_than, |a, b| a < b)
            && holds(&expectation.must_be_less_or_equal_to, |a, b| a <= b)
    }

    /// Every expectation of one or two lines over a few whole numbers, and of three over fewer.
    fn expectations() -> Vec<Expectation> {
        let lines: [fn(&mut Expectation, Amount); 6] = [
            |it, amount| it.must_be = Some(amount),
            |it, amount| it.must_not_be = Some(amount),
            |it, amount| it.must_be_greater_than = Some(amount),
            |it, amount| it.must_be_greater_or_equal_to = Some(amount),
            |it, amount| it.must_be_less_than = Some(amount),
            |it, amount| it.must_be_less_or_equal_to = Some(amount),
        ];
        let mut all = vec![Expectation::default()];
        let mut steps = vec![(0, Expectation::default(), 2)];
        while let Some((from, base, width)) = steps.pop() {
            for (index, line) in lines.iter().enumerate().skip(from) {
                for whole in -width..=width {
                    let mut next = base.clone();
                    line(&mut next, amount(whole));
                    all.push(next.clone());
                    let lines_given = serde_json::to_value(&next).unwrap().as_object().unwrap().len();
                    if lines_given < 3 {
                        steps.push((index + 1, next, if lines_given == 1 { 2 } else { 1 }));
                    }
                }
            }
        }
        all
    }

    #[test]
    fn what_is_implied_is_what_every_number_shows() {
        // Halves beyond all bounds show every difference of ranges with whole bounds.
        let halves: Vec<i64> = (-10..=10).collect();
        let all = expectations();
        let masks: Vec<u32> = all
            .iter()
            .map(|it| {
                let bits = halves.iter().enumerate().filter(|(_, half)| allows(it, **half));
                bits.fold(0, |mask, (bit, _)| mask | 1 << bit)
            })
            .collect();
        let mut implied = 0;
        for (after, allowed_after) in all.iter().zip(&masks) {
            for (before, allowed_before) in all.iter().zip(&masks) {
                let told = implies(after, before);
                assert_eq!(told, allowed_after & !allowed_before == 0, "{after:?} implies {before:?}");
                implied += usize::from(told);
            }
        }
        assert!(all.len() > 500 && implied > all.len(), "{} expectations, {implied} implied", all.len());
    }

    #[test]
    fn numbers_that_doubles_do_not_tell_apart_are_apart() {
        let at_least = |text: &str| Expectation {
            must_be_greater_or_equal_to: Some(serde_json::from_str(text).unwrap()),
            ..Expectation::default()
        };
        let (less, more) = (at_least("9007199254740992"), at_least("9007199254740993"));
        assert!(implies(&more, &less) && !implies(&less, &more));
    }
}
