//! What operators rely on, held to its promise in the files: alarms with runbooks, metrics by their one list, least privilege.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "a test that cannot go on fails")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

use mesh_core::metrics::{METRICS, named};

/// The Terraform files below `folder` of the repository, by path, without their comments.
fn terraform(folder: &str) -> BTreeMap<PathBuf, String> {
    let root = PathBuf::from("..");
    let (mut found, mut pending) = (BTreeMap::new(), vec![root.join(folder)]);
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            let path = entry.path();
            if path.is_dir() && !entry.file_name().to_string_lossy().starts_with('.') {
                pending.push(path);
            } else if path.extension().is_some_and(|extension| extension == "tf") {
                let text = fs::read_to_string(&path).unwrap();
                let code = text
                    .lines()
                    .map(|line| line.split(" #").next().unwrap())
                    .filter(|line| !line.trim_start().starts_with('#'));
                found.insert(path.strip_prefix(&root).unwrap().to_owned(), code.collect::<Vec<_>>().join("\n"));
            }
        }
    }
    assert!(!found.is_empty(), "no Terraform files below `{folder}`");
    found
}

fn infra() -> String {
    terraform("infra").into_values().collect::<Vec<_>>().join("\n")
}

/// The blocks that open with `head`, such as `resource "aws_lambda_permission"`: all between their braces.
fn blocks<'a>(text: &'a str, head: &str) -> Vec<&'a str> {
    let starts = text.match_indices(head).map(|(at, _)| at + text[at..].find('{').expect("a block has a brace"));
    starts.map(|start| &text[start..=end_of_block(text, start)]).collect()
}

fn end_of_block(text: &str, start: usize) -> usize {
    let mut depth = 0;
    for (at, letter) in text[start..].char_indices() {
        match letter {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return start + at;
        }
    }
    panic!("a block does not end: {}", &text[start..text.len().min(start + 80)]);
}

/// What follows `before` up to the next quote, wherever `before` stands.
fn quoted_after<'a>(text: &'a str, before: &str) -> Vec<&'a str> {
    text.split(before).skip(1).map(|rest| rest.split('"').next().unwrap()).collect()
}

fn runbooks() -> BTreeMap<String, String> {
    let folder = PathBuf::from("../docs/runbooks");
    let pages = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    pages
        .map(|page| (page.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(page).unwrap()))
        .collect()
}

#[test]
fn every_alarm_names_a_runbook_that_exists_and_every_runbook_is_reached() {
    let infra = infra();
    let mut named: BTreeSet<&str> = quoted_after(&infra, "runbook = \"").into_iter().collect();
    named.extend(
        infra.split("${var.runbooks_url}/").skip(1).filter_map(|rest| rest.split_once(".md")).map(|(page, _)| page),
    );
    named.remove("${each.value.runbook}");
    let pages = runbooks();
    let index = &pages["README"];
    for page in &named {
        assert!(pages.contains_key(*page), "an alarm names docs/runbooks/{page}.md, which does not exist");
    }
    let without_alarm = index.split("## Without an alarm").nth(1).expect("the index lists pages without an alarm");
    for page in pages.keys().filter(|page| *page != "README") {
        assert!(index.contains(&format!("({page}.md)")), "the index does not list {page}");
        let elsewhere = without_alarm.contains(&format!("({page}.md)"));
        assert!(
            named.contains(page.as_str()) != elsewhere,
            "{page}: either an alarm leads to it, or the index says none"
        );
    }
}

#[test]
fn every_alarm_says_what_to_do() {
    let infra = infra();
    for kind in ["aws_cloudwatch_metric_alarm", "aws_cloudwatch_composite_alarm"] {
        let alarms = blocks(&infra, &format!("resource \"{kind}\""));
        assert!(!alarms.is_empty());
        for alarm in alarms {
            let description =
                alarm.lines().find(|line| line.contains("alarm_description")).expect("an alarm is described");
            assert!(description.contains("What to do: ${var.runbooks_url}/"), "{description}");
        }
    }
    // Whatever the map of alarms holds says something and has a page: one entry in the map is one of each.
    let map = blocks(&infra, "alarms = merge(\n    {").len();
    assert_eq!(map, 1, "the alarms are one map");
    let says: Vec<_> = infra.lines().filter(|line| line.trim_start().starts_with("says ")).collect();
    assert!(!says.is_empty() && says.iter().all(|line| line.contains("runbook = \"")), "{says:#?}");
    assert_eq!(says.len(), infra.matches("runbook = \"").count());
}

#[test]
fn a_runbook_says_what_shows_what_it_means_where_to_look_how_to_clear_it_and_how_to_verify() {
    for (page, text) in runbooks().iter().filter(|(page, _)| *page != "README") {
        let headings: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        assert_eq!(headings, ["Symptom", "Meaning", "Look here", "Clear it", "Verify"], "{page}");
        assert!(text.contains("```sh\n"), "{page} has no command");
        for (_, link) in text
            .match_indices("](")
            .map(|(at, _)| text[at + 2..].split_at(text[at + 2..].find(')').unwrap()).0)
            .map(|link| ((), link))
        {
            let known = link.starts_with("https://") || runbooks().contains_key(link.trim_end_matches(".md"));
            assert!(known, "{page} points at `{link}`");
        }
    }
}

#[test]
fn alarms_and_dashboard_use_the_metrics_of_the_list_and_leave_none_out() {
    let infra = infra();
    let word = |rest: &str| rest.chars().take_while(char::is_ascii_alphanumeric).collect::<String>();
    let used: BTreeSet<String> = infra.split("local.metric.").skip(1).map(word).collect();
    for name in &used {
        assert!(named(name).is_some(), "`{name}` is no metric");
    }
    for metric in METRICS {
        assert!(used.contains(metric.name), "nobody looks at `{}`", metric.name);
    }
    assert!(
        quoted_after(&infra, "metric = \"").iter().all(|name| named(name).is_none()),
        "own metrics go by local.metric"
    );
}

#[test]
fn no_permission_has_a_wildcard_in_its_action() {
    for (path, text) in ["infra", "modules"].into_iter().flat_map(terraform) {
        for (at, _) in text.match_indices("*\"") {
            let literal = text[..at].rsplit('"').next().unwrap();
            let Some((service, action)) = literal.split_once(':') else { continue };
            let is_action = service.chars().all(|letter| letter.is_ascii_lowercase() || letter == '-')
                && action.chars().all(|letter| letter.is_ascii_alphanumeric());
            if !is_action {
                continue;
            }
            // What is denied may be all there is.
            let statement = text[..at]
                .rfind("statement")
                .map(|start| &text[start..=end_of_block(&text, start + text[start..].find('{').unwrap())]);
            let denies = statement.is_some_and(|statement| statement.contains("\"Deny\""));
            assert!(denies, "{}: `{literal}*`", path.display());
        }
    }
}

#[test]
fn wildcards_in_actions_would_be_found() {
    let text = "statement {\n  actions = [\"s3:Get*\"]\n}";
    let at = text.match_indices("*\"").next().unwrap().0;
    assert_eq!(text[..at].rsplit('"').next().unwrap(), "s3:Get");
}

#[test]
fn the_gateway_may_start_the_functions_of_its_routes_and_nothing_else() {
    let infra = infra();
    let permissions = blocks(&infra, "resource \"aws_lambda_permission\"");
    let [permission] = permissions.as_slice() else { panic!("{} permissions", permissions.len()) };
    let value = |name: &str| {
        let line = permission.lines().find(|line| line.trim_start().starts_with(name)).unwrap();
        line.split_once('=').unwrap().1.trim().to_owned()
    };
    assert_eq!(value("for_each"), "local.http_functions");
    assert_eq!(value("action"), "\"lambda:InvokeFunction\"");
    assert_eq!(value("principal"), "\"apigateway.amazonaws.com\"");
    assert_eq!(value("source_arn"), "\"${aws_apigatewayv2_api.this.execution_arn}/*/*\"");
    let routes = fs::read_to_string("../infra/routes.json").unwrap();
    for scheduled in ["provisioner", "indexer", "sla-probe"] {
        assert!(!routes.contains(&format!("\"{scheduled}\"")), "`{scheduled}` has no route");
    }
}

#[test]
fn schedules_may_start_their_functions_and_nothing_else() {
    let infra = infra();
    let documents = blocks(&infra, "data \"aws_iam_policy_document\" \"scheduler\"");
    let [document] = documents.as_slice() else { panic!("{} documents", documents.len()) };
    let flat = document.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(
        flat,
        "{ statement { actions = [\"lambda:InvokeFunction\"] resources = distinct([for schedule in local.schedules : module.function[schedule.function].arn]) } }"
    );
    let trusts = blocks(&infra, "data \"aws_iam_policy_document\" \"scheduler_trust\"");
    assert!(
        trusts[0].contains("\"scheduler.amazonaws.com\"") && trusts[0].contains("\"aws:SourceAccount\""),
        "{}",
        trusts[0]
    );
    let attached = blocks(&infra, "resource \"aws_iam_role_policy\" \"scheduler\"");
    assert!(attached[0].contains("data.aws_iam_policy_document.scheduler.json"));
    assert!(!infra.contains("aws_iam_role_policy_attachment"), "roles have exactly the policies that stand here");
}
