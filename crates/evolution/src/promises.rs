//! Changes of what a port promises. A promise that is loosened breaks the contracts that agreed on more, and no others.

use std::{collections::BTreeSet, fmt::Display};

use mesh_manifest::{Days, Schedule, Sla, Weekday};

use crate::{
    change::{ChangeKind, Changes, Loosened, place},
    code::Code,
};

/// The codes of one promise, and what a contract loses by it.
struct Promise {
    name: &'static str,
    loosened: Code,
    tightened: Code,
    /// What it means that less is promised, and more.
    reasons: (&'static str, &'static str),
}

const AVAILABILITY: Promise = Promise {
    name: "availability",
    loosened: Code::AvailabilityLoosened,
    tightened: Code::AvailabilityTightened,
    reasons: (
        "the port is promised to be readable for less of the time",
        "the port is promised to be readable for more of the time",
    ),
};
const COMPLETENESS: Promise = Promise {
    name: "completeness",
    loosened: Code::CompletenessLoosened,
    tightened: Code::CompletenessTightened,
    reasons: ("less of what happened is promised to be there", "more of what happened is promised to be there"),
};
const LATENCY: Promise = Promise {
    name: "latency",
    loosened: Code::LatencyLoosened,
    tightened: Code::LatencyTightened,
    reasons: ("reads may take longer", "reads are promised to be faster"),
};

/// Adds the changes of a port's promises, which stand at `pointer`; `retentions` are how long its data was kept and is now.
pub fn changes(before: &Sla, after: &Sla, retentions: (Days, Days), pointer: &str, changes: &mut Changes<'_>) {
    let Sla { freshness, availability, completeness, latency, retention, processing, schedule } = before;
    if after.freshness > *freshness {
        let reason = "contracts that agreed on fresher data are broken";
        let change = changes.push(Code::FreshnessLoosened, ChangeKind::Major, format!("{pointer}/freshness"), reason);
        change
            .values(Some(freshness), Some(after.freshness))
            .remedy("agree on it with the consumers who rely on the tighter promise");
        change.loosened = Some(Loosened::Freshness(after.freshness));
    } else if after.freshness < *freshness {
        let pointer = format!("{pointer}/freshness");
        let change = changes.push(Code::FreshnessTightened, ChangeKind::Minor, pointer, "fresher data is promised");
        change.values(Some(freshness), Some(after.freshness));
    }
    // No promise is the loosest one: `None` is less than any share.
    let less = (after.availability < *availability).then_some(Loosened::Availability(after.availability));
    one(&AVAILABILITY, *availability, after.availability, less, pointer, changes);
    let less = (after.completeness < *completeness).then_some(Loosened::Completeness(after.completeness));
    one(&COMPLETENESS, *completeness, after.completeness, less, pointer, changes);
    let slower = match (latency, after.latency) {
        (Some(before), Some(after)) => after > *before,
        (Some(_), None) => true,
        (None, _) => false,
    };
    one(&LATENCY, *latency, after.latency, slower.then_some(Loosened::Latency(after.latency)), pointer, changes);
    retention_changes(*retention, after.retention, retentions, pointer, changes);
    if *processing != after.processing {
        let pointer = place(format!("{pointer}/processing"), after.processing.is_some());
        let reason = "what readers are promised is the freshness, whatever it takes";
        let change = changes.push(Code::ProcessingChanged, ChangeKind::Patch, pointer, reason);
        change.values(*processing, after.processing);
    }
    schedule_changes(schedule.as_ref(), after.schedule.as_ref(), pointer, changes);
}

fn one<T: Display + PartialEq + Copy>(
    promise: &Promise,
    before: Option<T>,
    after: Option<T>,
    loosened: Option<Loosened>,
    pointer: &str,
    changes: &mut Changes<'_>,
) {
    if before == after {
        return;
    }
    let pointer = place(format!("{pointer}/{}", promise.name), after.is_some());
    match loosened {
        Some(loosened) => {
            let change = changes.push(promise.loosened, ChangeKind::Major, pointer, promise.reasons.0);
            change.values(before, after).remedy("agree on it with the consumers who rely on the tighter promise");
            change.loosened = Some(loosened);
        }
        None => {
            changes.push(promise.tightened, ChangeKind::Minor, pointer, promise.reasons.1).values(before, after);
        }
    }
}

/// How long the port's data is kept: by its own promise, else by the product's.
fn retention_changes(
    own: Option<Days>,
    own_now: Option<Days>,
    (before, after): (Days, Days),
    pointer: &str,
    changes: &mut Changes<'_>,
) {
    let at = match own_now {
        Some(_) => format!("{pointer}/retention"),
        None if own.is_some() => pointer.to_owned(),
        None => "/retention".to_owned(),
    };
    if after < before {
        let reason = "contracts that agreed on data for longer are broken";
        let change = changes.push(Code::RetentionShortened, ChangeKind::Major, at, reason);
        change.values(Some(before), Some(after)).remedy("agree on it with the consumers who go back further");
        change.loosened = Some(Loosened::Retention(after));
    } else if after > before {
        let change = changes.push(Code::RetentionLengthened, ChangeKind::Minor, at, "data stays for longer");
        change.values(Some(before), Some(after));
    } else if own != own_now {
        let reason = "data is kept for as long as before";
        changes.push(Code::RetentionLengthened, ChangeKind::Patch, at, reason).values(own, own_now);
    }
}

fn schedule_changes(before: Option<&Schedule>, after: Option<&Schedule>, pointer: &str, changes: &mut Changes<'_>) {
    if before == after {
        return;
    }
    let told = |schedule: Option<&Schedule>| {
        schedule.map(|Schedule { at, on, watermark }| {
            let days: Vec<_> = on.iter().map(|day| day.as_str()).collect();
            let days = if days.is_empty() { String::new() } else { format!(" on {}", days.join(", ")) };
            let watermark = watermark.as_ref().map(|field| format!(", watermark {field}")).unwrap_or_default();
            format!("at {}{days}{watermark}", at.join(", "))
        })
    };
    let at = place(format!("{pointer}/schedule"), after.is_some());
    // Without a schedule, data is due all the time.
    let fewer = match (before, after) {
        (_, None) => false,
        (None, Some(_)) => true,
        (Some(before), Some(after)) => !due(before).is_subset(&due(after)),
    };
    if fewer {
        let reason = "data is due less often than contracts agreed on";
        let change = changes.push(Code::ScheduleLoosened, ChangeKind::Major, at, reason);
        change.values(told(before), told(after)).remedy("agree on it with the consumers who rely on the other times");
        change.loosened = Some(Loosened::Schedule);
    } else {
        let (code, kind, reason) = match (before, after) {
            (Some(before), Some(after)) if due(before) == due(after) => {
                if before.watermark == after.watermark {
                    (Code::Reordered, ChangeKind::Patch, "data is due as before")
                } else {
                    let reason = "data is due as before, and how its age is told is another matter";
                    (Code::ScheduleReworded, ChangeKind::Minor, reason)
                }
            }
            _ => (Code::ScheduleTightened, ChangeKind::Minor, "data is due more often"),
        };
        changes.push(code, kind, at, reason).values(told(before), told(after));
    }
}

/// Every day and time of a week at which data is due.
fn due(schedule: &Schedule) -> BTreeSet<(Weekday, &str)> {
    let days: &[Weekday] = if schedule.on.is_empty() { &Weekday::ALL } else { &schedule.on };
    days.iter().flat_map(|day| schedule.at.iter().map(|at| (*day, at.as_str()))).collect()
}
