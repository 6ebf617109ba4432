//! Figures: what was measured, beside what, and whether it is as it should be; as a table and as JSON.

use anyhow::{Context, Result};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fmt::Write;

/// The middle and the end of many samples.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    pub p50: f64,
    pub p99: f64,
}

impl Spread {
    /// Of `samples`, by nearest ranks.
    pub fn of(mut samples: Vec<f64>) -> Result<Self> {
        samples.sort_by(f64::total_cmp);
        let at = |percent: usize| {
            let rank = (samples.len() * percent).div_ceil(100).max(1);
            samples.get(rank - 1).copied().context("nothing was measured")
        };
        Ok(Self { p50: at(50)?, p99: at(99)? })
    }

    /// Of something that has one value.
    pub fn one(value: f64) -> Self {
        Self { p50: value, p99: value }
    }
}

/// What a figure should be.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Aim {
    /// Ours at most so many times the floor.
    Ratio(f64),
    /// Ours at most so much, in the figure's unit.
    AtMost(f64),
}

/// One figure. The programs of `bench/` print them in this shape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Figure {
    pub name: String,
    pub unit: String,
    pub ours: Spread,
    /// None where nothing can be measured beside it.
    pub floor: Option<Spread>,
    pub aim: Option<Aim>,
    /// What was measured beside what.
    pub detail: String,
}

impl Figure {
    /// The middle of ours by the middle of the floor.
    pub fn ratio(&self) -> Option<f64> {
        self.floor.map(|floor| self.ours.p50 / floor.p50)
    }

    /// Whether it is as it should be; none where nobody said how.
    pub fn is_met(&self) -> Option<bool> {
        match self.aim? {
            Aim::Ratio(most) => self.ratio().map(|ratio| ratio <= most),
            Aim::AtMost(most) => Some(self.ours.p50 <= most),
        }
    }
}

/// All figures as a file holds them.
pub fn document(figures: &[Figure]) -> serde_json::Value {
    let figure = |figure: &Figure| {
        json!({
            "name": figure.name,
            "unit": figure.unit,
            "ours": figure.ours.p50,
            "floor": figure.floor.map(|floor| floor.p50),
            "ratio": figure.ratio(),
        })
    };
    json!({ "figures": figures.iter().map(figure).collect::<Vec<_>>() })
}

/// All figures, a line each, and under them what was measured.
pub fn table(figures: &[Figure]) -> String {
    let mut table = format!(
        "\n{:<24} {:<5} {:>9} {:>9} {:>9} {:>9} {:>7}  {:<10} {}\n",
        "figure", "unit", "ours p50", "p99", "floor p50", "p99", "ratio", "aim", ""
    );
    for figure in figures {
        let Figure { name, unit, ours, floor, .. } = figure;
        let number = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), shown);
        let aim = figure.aim.map_or_else(String::new, |aim| match aim {
            Aim::Ratio(most) => format!("<= {most}x"),
            Aim::AtMost(most) => format!("<= {most} {unit}"),
        });
        let word = figure.is_met().map_or("", |met| if met { "ok" } else { "MISSED" });
        let row = format!(
            "{name:<24} {unit:<5} {:>9} {:>9} {:>9} {:>9} {:>7}  {aim:<10} {word}",
            shown(ours.p50),
            shown(ours.p99),
            number(floor.map(|floor| floor.p50)),
            number(floor.map(|floor| floor.p99)),
            figure.ratio().map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}")),
        );
        let _ = writeln!(table, "{}", row.trim_end());
    }
    table.push('\n');
    let mut told = "";
    for figure in figures {
        // Those of one kind say the same of themselves.
        if figure.detail != told {
            let _ = writeln!(table, "{}: {}", figure.name, figure.detail);
            told = &figure.detail;
        }
    }
    table
}

/// Three digits or more, of which as many as are worth something.
fn shown(value: f64) -> String {
    match value {
        value if value >= 100.0 => format!("{value:.0}"),
        value if value >= 10.0 => format!("{value:.1}"),
        value => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(name: &str, ours: f64, floor: Option<f64>, aim: Option<Aim>) -> Figure {
        let floor = floor.map(Spread::one);
        let detail = "what is written beside what is written".to_owned();
        Figure { name: name.to_owned(), unit: "ms".to_owned(), ours: Spread::one(ours), floor, aim, detail }
    }

    #[test]
    fn an_aim_is_met_missed_or_nobodys() {
        assert_eq!(figure("a", 15.0, Some(10.0), Some(Aim::Ratio(1.5))).is_met(), Some(true));
        assert_eq!(figure("a", 15.1, Some(10.0), Some(Aim::Ratio(1.5))).is_met(), Some(false));
        assert_eq!(figure("a", 60.1, None, Some(Aim::AtMost(60.0))).is_met(), Some(false));
        assert_eq!(figure("a", 15.0, Some(10.0), None).is_met(), None);
        assert_eq!(figure("a", 15.0, None, None).ratio(), None);
    }

    #[test]
    fn the_document_holds_middles_and_their_ratio() {
        let document = document(&[figure("a", 15.0, Some(10.0), None), figure("b", 2.0, None, None)]);
        let expected = json!({ "figures": [
            { "name": "a", "unit": "ms", "ours": 15.0, "floor": 10.0, "ratio": 1.5 },
            { "name": "b", "unit": "ms", "ours": 2.0, "floor": null, "ratio": null },
        ] });
        assert_eq!(document, expected);
    }

    #[test]
    fn a_missed_aim_shows() {
        let table = table(&[
            figure("one", 20.0, Some(10.0), Some(Aim::Ratio(1.5))),
            figure("two", 12.0, Some(10.0), Some(Aim::Ratio(1.5))),
        ]);
        let line = |name: &str| table.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
        assert!(line("one ").ends_with("2.00  <= 1.5x    MISSED"), "{table}");
        assert!(line("two ").ends_with("1.20  <= 1.5x    ok"), "{table}");
        assert_eq!(table.matches("what is written").count(), 2, "told once, under the table: {table}");
    }

    #[test]
    fn what_the_programs_print_is_read_strictly() {
        let printed =
            r#"{"name":"a","unit":"ms","ours":{"p50":1.0,"p99":2.0},"floor":null,"aim":{"ratio":1.5},"detail":"x"}"#;
        let figure: Figure = serde_json::from_str(printed).unwrap();
        assert_eq!(figure.aim, Some(Aim::Ratio(1.5)));
        assert!(serde_json::from_str::<Figure>(&printed.replace("\"floor\":null,", "\"flor\":null,")).is_err());
    }
}
