//! Promises on data that is due at certain times only: nobody is late while nothing is due.

use jiff::{SignedDuration, Timestamp, civil, tz::TimeZone};
use mesh_manifest::{Minutes, Schedule, Weekday};

use crate::verdict::{Observation, Verdict, verdict};

/// A week, so that every schedule has a run among them, and the day before.
const DAYS: i64 = 9;

/// Judges `observation` as [`verdict`] does, where data is due at the times of `schedule` only: the data of the last run whose promised
/// time is over has to be there.
pub fn verdict_on(
    schedule: Option<&Schedule>,
    promise: Minutes,
    observation: Observation,
    now: Timestamp,
    active_since: Timestamp,
) -> Verdict {
    let judged = verdict(promise, observation, now, active_since);
    let Some(schedule) = schedule else { return judged };
    // At the end of that run's time, data as old as promised is the run's own. Before the first run is due, nothing is.
    let end = last_end(schedule, promise, now).unwrap_or(active_since);
    let kind = verdict(promise, observation, end, active_since).kind;
    Verdict { kind, due_in_minutes: None, ..judged }
}

/// When the promised time of the last run was over.
fn last_end(schedule: &Schedule, promise: Minutes, now: Timestamp) -> Option<Timestamp> {
    let promised = SignedDuration::from_mins(i64::try_from(promise.0).ok()?);
    let latest = now.checked_sub(promised).ok()?;
    let today = latest.to_zoned(TimeZone::UTC).date();
    let days = (0..DAYS).filter_map(|back| today.checked_sub(jiff::Span::new().days(back)).ok());
    let runs = days.filter(|day| is_on(schedule, day.weekday())).flat_map(|day| {
        schedule.at.iter().filter_map(move |at| {
            let (hour, minute) = at.split_once(':')?;
            let time = civil::Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()?;
            Some(day.to_datetime(time).to_zoned(TimeZone::UTC).ok()?.timestamp())
        })
    });
    runs.filter(|run| *run <= latest).max()?.checked_add(promised).ok()
}

fn is_on(schedule: &Schedule, day: civil::Weekday) -> bool {
    let day = match day {
        civil::Weekday::Monday => Weekday::Monday,
        civil::Weekday::Tuesday => Weekday::Tuesday,
        civil::Weekday::Wednesday => Weekday::Wednesday,
        civil::Weekday::Thursday => Weekday::Thursday,
        civil::Weekday::Friday => Weekday::Friday,
        civil::Weekday::Saturday => Weekday::Saturday,
        civil::Weekday::Sunday => Weekday::Sunday,
    };
    schedule.on.is_empty() || schedule.on.contains(&day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::VerdictKind;

    fn kind(newest: Option<&str>, now: &str) -> VerdictKind {
        let weekdays = [Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday];
        let schedule = Schedule { at: vec!["06:00".to_owned()], on: weekdays.to_vec(), watermark: None };
        let newest = newest.map(|text| text.parse().unwrap());
        // Registered on a Monday at noon; an hour for each run.
        let since = "2026-11-23T12:00:00Z".parse().unwrap();
        verdict_on(Some(&schedule), Minutes(60), Observation::Seen { newest }, now.parse().unwrap(), since).kind
    }

    #[test]
    fn the_data_of_the_last_run_has_to_be_there_once_its_time_is_over() {
        // Friday's run, over the weekend and until Monday's is due.
        for now in ["2026-11-27T07:00:00Z", "2026-11-28T12:00:00Z", "2026-11-29T23:00:00Z", "2026-11-30T06:59:00Z"] {
            assert_eq!(kind(Some("2026-11-27T06:30:00Z"), now), VerdictKind::Kept, "{now}");
        }
        assert_eq!(kind(Some("2026-11-27T06:30:00Z"), "2026-11-30T07:00:00Z"), VerdictKind::Broken);
        assert_eq!(kind(Some("2026-11-26T06:30:00Z"), "2026-11-27T06:59:00Z"), VerdictKind::Kept);
        assert_eq!(kind(Some("2026-11-26T06:30:00Z"), "2026-11-27T07:00:00Z"), VerdictKind::Broken);
    }

    #[test]
    fn a_new_port_is_not_late_before_its_first_run() {
        assert_eq!(kind(None, "2026-11-23T18:00:00Z"), VerdictKind::Kept);
        assert_eq!(kind(None, "2026-11-24T06:59:00Z"), VerdictKind::Kept);
        assert_eq!(kind(None, "2026-11-24T07:00:00Z"), VerdictKind::Broken);
    }

    #[test]
    fn without_a_schedule_data_is_due_all_the_time_and_what_cannot_be_read_is_unknown() {
        let (now, since) = ("2026-11-24T12:00:00Z".parse().unwrap(), "2026-11-23T12:00:00Z".parse().unwrap());
        let seen = Observation::Seen { newest: Some(since) };
        assert_eq!(verdict_on(None, Minutes(60), seen, now, since), verdict(Minutes(60), seen, now, since));
        let schedule = Schedule { at: vec!["06:00".to_owned()], on: Vec::new(), watermark: None };
        let unread = verdict_on(Some(&schedule), Minutes(60), Observation::Unreadable, now, since);
        assert_eq!(unread.kind, VerdictKind::Unknown);
    }
}
