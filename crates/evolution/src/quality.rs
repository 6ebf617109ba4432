//! Changes of quality rules, matched by name. What a rule promises, readers rely on, where its severity is error.

use mesh_manifest::{Amount, Expectation, QualityRule, RuleSeverity};

use crate::{
    change::{ChangeKind, Changes},
    classify::place,
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
    let same_number = *metric == after.metric && *query == after.query && *unit == after.unit;
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

/// Whether every number that `after` allows is one that `before` allows, as far as its bounds show.
fn implies(after: &Expectation, before: &Expectation) -> bool {
    let Expectation {
        must_be,
        must_not_be,
        must_be_greater_than,
        must_be_greater_or_equal_to,
        must_be_less_than,
        must_be_less_or_equal_to,
    } = before;
    let exact = after.must_be.as_ref();
    let kept = |wanted: &Option<Amount>, holds: &dyn Fn(f64) -> bool, by_bounds: bool| {
        wanted.is_none() || by_bounds || exact.is_some_and(|exact| holds(exact.as_f64()))
    };
    let value = |amount: &Option<Amount>| amount.as_ref().map(Amount::as_f64);
    let bound = |now: &Option<Amount>, wanted: &Option<Amount>, fits: fn(f64, f64) -> bool| {
        value(now).zip(value(wanted)).is_some_and(|(now, wanted)| fits(now, wanted))
    };
    let at_least = |now: f64, wanted: f64| now >= wanted;
    let at_most = |now: f64, wanted: f64| now <= wanted;
    let same = |now: &Option<Amount>, wanted: &Option<Amount>| now == wanted;
    let (more, less) = (value(must_be_greater_than), value(must_be_less_than));
    let (least, most) = (value(must_be_greater_or_equal_to), value(must_be_less_or_equal_to));
    kept(must_be, &|_| same(&after.must_be, must_be), false)
        && kept(must_not_be, &|now| value(must_not_be) != Some(now), same(&after.must_not_be, must_not_be))
        && kept(
            must_be_greater_than,
            &|now| more.is_some_and(|more| now > more),
            bound(&after.must_be_greater_than, must_be_greater_than, at_least)
                || bound(&after.must_be_greater_or_equal_to, must_be_greater_than, |now, wanted| now > wanted),
        )
        && kept(
            must_be_greater_or_equal_to,
            &|now| least.is_some_and(|least| now >= least),
            bound(&after.must_be_greater_or_equal_to, must_be_greater_or_equal_to, at_least)
                || bound(&after.must_be_greater_than, must_be_greater_or_equal_to, at_least),
        )
        && kept(
            must_be_less_than,
            &|now| less.is_some_and(|less| now < less),
            bound(&after.must_be_less_than, must_be_less_than, at_most)
                || bound(&after.must_be_less_or_equal_to, must_be_less_than, |now, wanted| now < wanted),
        )
        && kept(
            must_be_less_or_equal_to,
            &|now| most.is_some_and(|most| now <= most),
            bound(&after.must_be_less_or_equal_to, must_be_less_or_equal_to, at_most)
                || bound(&after.must_be_less_than, must_be_less_or_equal_to, at_most),
        )
}
