//! The document: requests of each operation, how often it is done in a month, and what that comes to.

use anyhow::{Context, Result};
use std::fmt::Write;

use super::count::{Counted, Counts};
use super::prices::{self, ALL};

/// Sizes of mesh, in products.
const SIZES: [f64; 3] = [100.0, 5_000.0, 50_000.0];

/// Days and hours of a month, and runs of a schedule of five minutes.
const DAYS: f64 = 30.0;
const HOURS: f64 = 24.0 * DAYS;
const RUNS: f64 = HOURS * 12.0;

/// Products that the requirements' mesh has, and those of each of its domains.
const PRODUCTS: f64 = 5_000.0;
const PRODUCTS_OF_DOMAIN: f64 = 50.0;

/// Domains that the example's products are in, and products that were made for counting.
const EXAMPLE_DOMAINS: f64 = 4.0;
const MADE: f64 = 2.0;

/// Access checks by product and month, of which a tenth are questions and the rest reads, half of files and half of tables.
const CHECKS: f64 = 10_000.0 * HOURS / PRODUCTS;
const READS: f64 = CHECKS * 0.9 / 2.0;

/// One line of the document: an operation, how often in a month for each product, and why.
struct Line {
    name: &'static str,
    monthly: f64,
    why: &'static str,
    /// Gigabytes of memory, and seconds that an invocation is charged.
    memory: f64,
    seconds: f64,
}

const fn line(name: &'static str, monthly: f64, why: &'static str, memory: f64, seconds: f64) -> Line {
    Line { name, monthly, why, memory, seconds }
}

/// Assumed: what an answer of a function takes.
const ANSWER: f64 = 0.1;

/// Every operation that somebody asks for.
const LINES: &[Line] = &[
    line("plan", 20.0, "ten plans for each change", 0.25, ANSWER),
    line("register, new", 1.0 / 24.0, "a product lives for two years", 0.25, ANSWER),
    line("register, changed", 2.0, "two changes a month", 0.25, ANSWER),
    line("contract, asked and approved", 0.2 / 12.0, "a fifth of the products, renewed each year", 0.25, ANSWER),
    line("search", 1_000.0 * DAYS / PRODUCTS, "1,000 a day", 0.25, ANSWER),
    line("policy check", CHECKS * 0.1, "a tenth of 10,000 checks an hour", 0.25, ANSWER),
    line("read, decided", READS / 2.0, "half of the reads of files", 0.25, ANSWER),
    line("read, by a kept grant", READS / 2.0, "the other half", 0.25, ANSWER),
    line("table loaded, decided", READS / 2.0, "half of the reads of tables", 0.5, ANSWER),
    line("table loaded, by a kept grant", READS / 2.0, "the other half", 0.5, ANSWER),
    line("write, decided", HOURS / 2.0, "files each hour, half with new credentials", 0.25, ANSWER),
    line("write, by a kept grant", HOURS / 2.0, "the other half", 0.25, ANSWER),
    line("commit", HOURS, "a table each hour", 0.5, ANSWER),
];

/// A scheduled run: its name before and after the counted products were made, its memory and the seconds that a product takes.
const SCHEDULED: &[(&str, &str, &str, f64, f64)] = &[
    ("probe", "probe before", "probe after", 0.25, 0.01),
    ("provisioner's sweep", "provisioner's sweep before", "provisioner's sweep after", 0.5, 0.02),
    ("indexer's sweep", "indexer's sweep before", "indexer's sweep after", 0.25, 0.005),
];

/// What does not grow with products, by the month. The alarms and metrics are those of the infrastructure's files.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// Metrics that alarms watch.
    pub watched: f64,
    /// Series of the functions' own metrics.
    pub series: f64,
}

/// The document as it is kept.
pub fn document(counts: &Counts, standing: Standing) -> Result<String> {
    let mut text = String::from(INTRODUCTION);
    requests(&mut text, counts)?;
    monthly(&mut text, counts, standing)?;
    text.push_str("\n## Prices\n\n| what | price | read at | as of |\n|---|---|---|---|\n");
    for price in ALL {
        let _ = writeln!(text, "| {} | {} | {} | {} |", price.what, price.quoted, price.source, price.as_of);
    }
    text.push_str(REMARKS);
    Ok(text)
}

/// The run of a schedule as it grows: for one usual product, and for one domain.
fn scheduled(counts: &Counts, before: &str, after: &str) -> Result<(Counted, Counted)> {
    let of = |name: &str| counts.operations.get(name).with_context(|| format!("`{name}` was not counted"));
    let (before, after) = (of(before)?, of(after)?);
    let product = after.minus(before).times(1.0 / MADE);
    let domain = before.minus(&product.times(counts.products)).times(1.0 / EXAMPLE_DOMAINS);
    Ok((product, domain))
}

fn requests(text: &mut String, counts: &Counts) -> Result<()> {
    text.push_str("\n## Counted\n\n| operation | invocations | read units | write units | other requests | log, KB |\n|---|--:|--:|--:|---|--:|\n");
    let mut row = |name: &str, counted: &Counted| {
        let others: Vec<String> = counted
            .requests
            .iter()
            .filter(|(_, number)| **number > 0.0)
            .map(|(action, number)| format!("{} {action}", figure(*number)))
            .collect();
        let _ = writeln!(
            text,
            "| {name} | {} | {} | {} | {} | {} |",
            figure(counted.invocations),
            figure(counted.read_units),
            figure(counted.write_units),
            others.join(", "),
            figure((counted.log_bytes / 100.0).round() / 10.0)
        );
    };
    for line in LINES {
        row(line.name, counts.operations.get(line.name).with_context(|| format!("`{}` was not counted", line.name))?);
    }
    for (name, before, after, ..) in SCHEDULED {
        let (product, domain) = scheduled(counts, before, after)?;
        row(&format!("{name}, for each product"), &product);
        row(&format!("{name}, for each domain"), &domain);
    }
    Ok(())
}

fn monthly(text: &mut String, counts: &Counts, standing: Standing) -> Result<()> {
    let [small, usual, large] = SIZES;
    let _ = writeln!(
        text,
        "\n## A month\n\n| | for each product | {} products | {} | {} |\n|---|---|--:|--:|--:|",
        thousands(small),
        thousands(usual),
        thousands(large)
    );
    let mut sums = [0.0; SIZES.len()];
    let mut row = |name: &str, why: &str, of: &dyn Fn(f64) -> f64| {
        let figures: Vec<f64> = SIZES.iter().map(|size| of(*size)).collect();
        for (sum, figure) in sums.iter_mut().zip(&figures) {
            *sum += figure;
        }
        let shown: Vec<String> = figures.iter().map(|figure| money(*figure)).collect();
        let _ = writeln!(text, "| {name} | {why} | {} |", shown.join(" | "));
    };
    for line in LINES {
        let counted = counts.operations.get(line.name).with_context(|| format!("`{}` was not counted", line.name))?;
        let time = counted.invocations * line.memory * line.seconds * prices::GB_SECOND.dollars;
        let each = prices::dollars(counted) + time;
        row(line.name, &format!("{} times: {}", figure(line.monthly), line.why), &|size| each * line.monthly * size);
    }
    for (name, before, after, memory, seconds) in SCHEDULED {
        let (product, domain) = scheduled(counts, before, after)?;
        let run = prices::START.dollars + prices::INVOCATION.dollars;
        let each = prices::dollars(&product) + memory * seconds * prices::GB_SECOND.dollars;
        row(name, "every five minutes", &|size| {
            RUNS * (run + each * size + prices::dollars(&domain) * (size / PRODUCTS_OF_DOMAIN))
        });
    }
    let tokens = HOURS * prices::TOKEN.dollars + prices::CLIENT.dollars;
    row("tokens", "a client for each domain, and a token an hour", &|size| tokens * (size / PRODUCTS_OF_DOMAIN));
    let search = 3.0 * HOURS * prices::SEARCH_HOUR.dollars + 150.0 * prices::SEARCH_GB.dollars;
    row("search domain", "three nodes, whatever the size", &|_| search);
    let keys = prices::KEY.dollars;
    row("keys", "the platform's, and one for each domain", &|size| keys * (1.0 + size / PRODUCTS_OF_DOMAIN));
    let watching = standing.watched * prices::ALARM.dollars + standing.series * prices::METRIC.dollars;
    let of_what = format!("{} alarmed metrics, {} own ones at most", figure(standing.watched), figure(standing.series));
    row("alarms and metrics", &of_what, &|_| watching);
    let shown: Vec<String> = sums.iter().map(|sum| format!("**{}**", money(*sum))).collect();
    let _ = writeln!(text, "| **all** | | {} |", shown.join(" | "));
    let each: Vec<String> = sums.iter().zip(SIZES).map(|(sum, size)| money(sum / size)).collect();
    let _ = writeln!(text, "| for each product | | {} |", each.join(" | "));
    Ok(())
}

/// Up to two digits after the point, and none where there are none.
fn figure(number: f64) -> String {
    let text = format!("{number:.2}");
    let short = text.trim_end_matches('0').trim_end_matches('.');
    if short.is_empty() { "0".to_owned() } else { short.to_owned() }
}

fn money(dollars: f64) -> String {
    format!("${}", if dollars < 10.0 { format!("{dollars:.2}") } else { thousands(dollars) })
}

/// Whole, with commas.
fn thousands(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at) % 3 == 0 {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

const INTRODUCTION: &str = "\
# What the platform costs

Written by `cargo xtask cost`, which does each operation once on the local stack, as `cargo xtask demo` leaves it, and counts the
requests that reach each service (and DynamoDB's units, by the sizes of the items) while the schedules rest. Counts do not depend on
the machine; a run gives the same again, but for the bytes of logs and for how many changes the stream delivers at once. Storage and
traffic of the data itself are not the platform's cost and are not in it.

A usual product has two ports, one a table and one files, of 15 fields each. How often things are done follows the requirements
(5,000 products in 100 domains: 1,000 searches a day, 10,000 access checks an hour, a fifth of the products consumed by other
domains), and where they say nothing, the second table says what was assumed.
";

const REMARKS: &str = "
Prices are list prices of us-east-1 in US dollars, without free tiers, discounts and taxes. Those `from memory` were not read
anew: look them up before you rely on them.

## What to take from it

- **Lambda's time is assumed**, not counted: 0.1 s for an answer; for each product 0.01 s of a probe, 0.02 s and 0.005 s of the
  sweeps. (Half of the answers on the local stack took 21 to 85 ms, by function, in a run of 2026-11-25 without optimisation.)
- **The search domain** is what a small mesh pays for. `search_domain` makes it smaller (infra/README.md).
- **Tokens**: a client that fetches a token for each run instead of keeping it for its hour multiplies that line by the number of its
  runs an hour. With an issuer of your own (`issuer`), the line is zero.
- **Probes and sweeps** grow with the products and with the pace, and cost whether anybody reads or not: `sla_probe_schedule` and
  `sweep_schedule` of 15 minutes cost a third, and a promise shorter than that cannot then be held to account.
- Not in it: tables' storage and backups (about 10 KB a product), Lambda's own metrics (free), support, and what domains pay for
  their buckets.
";

#[cfg(test)]
mod tests {
    use super::*;

    fn counts() -> Counts {
        let one = Counted { api: 1.0, invocations: 1.0, read_units: 2.0, ..Counted::default() };
        let operations = LINES.iter().map(|line| (line.name, one.clone())).collect();
        let mut counts = Counts { operations, products: 6.0 };
        for (_, before, after, ..) in SCHEDULED {
            counts.operations.insert(before, one.times(20.0));
            counts.operations.insert(after, one.times(24.0));
        }
        counts
    }

    #[test]
    fn a_product_and_a_domain_are_told_apart() {
        let (product, domain) = scheduled(&counts(), "probe before", "probe after").unwrap();
        // 4 more for two products; of 20, then, six products take 12 and four domains 8.
        assert!((product.invocations - 2.0).abs() < 1e-9 && (domain.invocations - 2.0).abs() < 1e-9);
    }

    #[test]
    fn the_document_names_every_operation_and_price() {
        let text = document(&counts(), Standing { watched: 10.0, series: 20.0 }).unwrap();
        for line in LINES {
            assert_eq!(text.matches(&format!("| {} |", line.name)).count(), 2, "{}", line.name);
        }
        for price in ALL {
            assert!(text.contains(&format!("| {} | {} |", price.what, price.quoted)), "{}", price.what);
        }
        assert!(document(&Counts::default(), Standing { watched: 0.0, series: 0.0 }).is_err(), "nothing was counted");
    }

    #[test]
    fn figures_are_short() {
        assert_eq!([figure(2.0), figure(0.5), figure(0.0), figure(13.333)], ["2", "0.5", "0", "13.33"]);
        assert_eq!([money(3.456), money(12_345.6)], ["$3.46", "$12,346"]);
        assert_eq!([thousands(50_000.0), thousands(100.0)], ["50,000", "100"]);
    }
}
