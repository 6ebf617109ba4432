//! Every way in which a value is not of its shape, each with its place and what to do about it.

use crate::{
    code::Code,
    diagnostic::{Diagnostic, shown},
    pointer,
    shape::{Member, Shape},
    suggest::nearest,
    text_rule::TextRule,
    tree::{Content, Entry, Node, Place},
};
use indexmap::IndexMap;

/// The problems of `node` against `shape` in the order of the walk, which ends after `most`.
pub fn check(node: &Node, shape: &Shape, most: usize) -> Vec<Diagnostic> {
    let mut walk = Walk { most, pointer: String::new(), problems: Vec::new() };
    walk.value(node, shape, node.place);
    walk.problems
}

struct Walk {
    most: usize,
    pointer: String,
    problems: Vec<Diagnostic>,
}

impl Walk {
    fn full(&self) -> bool {
        self.problems.len() >= self.most
    }

    fn problem(&mut self, code: Code, place: Place, message: impl Into<String>, remedy: Option<String>) {
        if !self.full() {
            let problem = Diagnostic::error(code, self.pointer.as_str(), message).at(place);
            self.problems.push(Diagnostic { remedy, ..problem });
        }
    }

    /// Visits what lies under `token`.
    fn below(&mut self, token: &str, visit: impl FnOnce(&mut Self)) {
        let length = self.pointer.len();
        self.pointer.push_str(token);
        visit(self);
        self.pointer.truncate(length);
    }

    /// `place` is where a problem with a whole list or mapping is told of: its key, if it has one.
    fn value(&mut self, node: &Node, shape: &Shape, place: Place) {
        if self.full() {
            return;
        }
        match (shape, &node.content) {
            (Shape::Any, _) => {}
            (Shape::Named(named), _) => self.value(node, named.shape(), place),
            (Shape::Number { whole, min }, Content::Number(text)) => self.number(text, *whole, *min, node.place),
            (Shape::Optional(_), Content::Null) => {}
            (Shape::Optional(shape), _) => self.value(node, shape, place),
            (Shape::Object { fields, further }, Content::Mapping(entries)) => {
                self.object(entries, fields, further.as_deref(), place)
            }
            (Shape::List { items, min, max }, Content::List(values)) => {
                self.length(values.len(), *min, *max, "entry", "entries", place);
                for (index, value) in values.iter().enumerate() {
                    self.below(&format!("/{index}"), |walk| walk.value(value, items, value.place));
                    if self.full() {
                        return;
                    }
                }
            }
            (Shape::Text { rule, min, max }, Content::Text(text)) => self.text(text, *rule, *min, *max, node.place),
            (Shape::Choice(choices), Content::Text(text)) => self.choice(text, choices, node.place),
            (Shape::Boolean, Content::Boolean(_)) => {}
            _ => self.mismatch(node, shape, place),
        }
    }

    fn object(&mut self, entries: &[Entry], fields: &IndexMap<String, Member>, further: Option<&Shape>, place: Place) {
        let absent: Vec<&str> =
            fields.keys().map(String::as_str).filter(|name| !entries.iter().any(|entry| entry.key == *name)).collect();
        for entry in entries {
            if self.full() {
                return;
            }
            self.below(&pointer::token(&entry.key), |walk| match (fields.get(&entry.key), further) {
                (Some(member), _) => walk.member(entry, &member.shape),
                (None, Some(shape)) => walk.member(entry, shape),
                (None, None) => walk.unknown(entry, fields, &absent),
            });
        }
        for name in absent {
            if let Some(member) = fields.get(name).filter(|member| member.required) {
                let example = example(&member.shape).map(|example| format!(": {example}")).unwrap_or_default();
                let remedy = format!("add `{name}{example}`: {}", lower_first(&member.description));
                self.problem(Code::MissingField, place, format!("`{name}` is missing"), Some(remedy));
            }
        }
    }

    fn member(&mut self, entry: &Entry, shape: &Shape) {
        let place = match entry.value.content {
            Content::List(_) | Content::Mapping(_) | Content::Null => entry.place,
            _ => entry.value.place,
        };
        self.value(&entry.value, shape, place);
    }

    fn unknown(&mut self, entry: &Entry, fields: &IndexMap<String, Member>, absent: &[&str]) {
        let remedy = match nearest(&entry.key, absent.iter().copied()) {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!(
                "remove it; known here: {}",
                fields.keys().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
            ),
        };
        self.problem(
            Code::UnknownField,
            entry.place,
            format!("`{}` is not known here", shown(&entry.key)),
            Some(remedy),
        );
    }

    fn text(&mut self, text: &str, rule: Option<TextRule>, min: usize, max: usize, place: Place) {
        if let Some(rule) = rule
            && let Err(message) = rule.check(text)
        {
            let remedy = rule.suggestion(text).map(|fixed| format!("did you mean `{fixed}`?"));
            return self.problem(Code::InvalidValue, place, message, remedy);
        }
        self.length(text.chars().count(), min, max, "character", "characters", place);
        if min > 0 && !text.is_empty() && text.trim().is_empty() {
            self.problem(
                Code::Length,
                place,
                "the text is blank",
                Some("write something that a reader can use".to_owned()),
            );
        }
    }

    fn length(&mut self, length: usize, min: usize, max: usize, one: &str, many: &str, place: Place) {
        if length < min {
            let unit = if min == 1 { one } else { many };
            self.problem(Code::Length, place, format!("at least {min} {unit} needed, {length} given"), None);
        } else if length > max {
            self.problem(Code::Length, place, format!("at most {max} {many} allowed, {length} given"), None);
        }
    }

    fn number(&mut self, text: &str, whole: bool, min: Option<i64>, place: Place) {
        let number: Option<f64> = text.parse().ok().filter(|number: &f64| number.is_finite());
        let is_whole = text.parse::<i64>().is_ok();
        // Ids and the like are kept in 32 bits.
        let fits = !whole || text.parse::<u32>().is_ok();
        match number {
            Some(number) if (!whole || is_whole) && min.is_none_or(|min| number >= min as f64) && fits => {}
            _ => {
                let least = min.map(|min| format!(" of {min} or more")).unwrap_or_default();
                let what = if whole { "whole number" } else { "number" };
                self.problem(
                    Code::InvalidValue,
                    place,
                    format!("`{}` is not a {what}{least} that can be kept", shown(text)),
                    Some(format!("write a {what}{least}")),
                );
            }
        }
    }

    fn choice(&mut self, text: &str, choices: &[String], place: Place) {
        if choices.iter().any(|choice| choice == text) {
            return;
        }
        let list = listed(choices);
        let message = format!("`{}` is not a value of this field: write {list}", shown(text));
        let remedy =
            nearest(text, choices.iter().map(String::as_str)).map(|choice| format!("did you mean `{choice}`?"));
        self.problem(Code::NotAChoice, place, message, remedy);
    }

    fn mismatch(&mut self, node: &Node, shape: &Shape, place: Place) {
        let found = match &node.content {
            Content::Null => "nothing".to_owned(),
            Content::Boolean(value) => format!("the truth value `{value}`"),
            Content::Number(number) => format!("the number `{}`", shown(number)),
            Content::Text(text) => format!("the text `{}`", shown(text)),
            Content::List(_) => "a list".to_owned(),
            Content::Mapping(_) => "a mapping".to_owned(),
        };
        let wanted = match shape {
            Shape::Object { .. } => "a mapping of keys to values".to_owned(),
            Shape::List { .. } => "a list".to_owned(),
            Shape::Text { .. } => "a text".to_owned(),
            Shape::Choice(choices) => listed(choices),
            Shape::Boolean => "`true` or `false`".to_owned(),
            Shape::Number { whole: true, .. } => "a whole number".to_owned(),
            Shape::Number { whole: false, .. } => "a number".to_owned(),
            Shape::Any => "a value".to_owned(),
            Shape::Named(named) => return self.mismatch(node, named.shape(), place),
            Shape::Optional(shape) => return self.mismatch(node, shape, place),
        };
        let wants_text = matches!(shape, Shape::Text { .. } | Shape::Choice(_));
        let (code, remedy) = match &node.content {
            Content::Number(text) if wants_text => (Code::Unquoted, quote(text, shape)),
            Content::Boolean(value) if wants_text => (Code::Unquoted, quote(&value.to_string(), shape)),
            Content::Text(text) if matches!(shape, Shape::Boolean) => (Code::WrongType, truth(text)),
            Content::Null => (Code::WrongType, "give a value or remove the key".to_owned()),
            Content::Text(text) if matches!(shape, Shape::List { .. }) => {
                (Code::WrongType, format!("write `[{}]` for a list of one", shown(text)))
            }
            _ => (Code::WrongType, format!("write {wanted}")),
        };
        self.problem(code, place, format!("{wanted} is needed here, not {found}"), Some(remedy));
    }
}

/// What to write in place of a scalar that YAML does not take for a text.
fn quote(text: &str, shape: &Shape) -> String {
    match shape {
        Shape::Text { rule: Some(rule), .. } if rule.check(text).is_err() => match (rule, rule.suggestion(text)) {
            (_, Some(fixed)) => format!("write `{fixed}`"),
            (TextRule::Milliseconds, None) => format!("write a unit, such as `{}ms`", shown(text)),
            (TextRule::Minutes, None) => format!("write a unit, such as `{}m`", shown(text)),
            (TextRule::Days, None) => format!("write a unit, such as `{}d`", shown(text)),
            (TextRule::Percent, None) => format!("write a percent sign, such as `{}%`", shown(text)),
            (_, None) => "write a text of the form that is needed here".to_owned(),
        },
        Shape::Choice(choices) => format!("write {}", listed(choices)),
        _ => format!("quote it: `\"{}\"`", shown(text)),
    }
}

fn truth(text: &str) -> String {
    match text.to_ascii_lowercase().as_str() {
        "yes" | "y" | "on" | "true" | "1" => "write `true` without quotes".to_owned(),
        "no" | "n" | "off" | "false" | "0" => "write `false` without quotes".to_owned(),
        _ => "write `true` or `false` without quotes".to_owned(),
    }
}

/// What a missing value may look like.
fn example(shape: &Shape) -> Option<String> {
    match shape {
        Shape::Choice(choices) => choices.first().cloned(),
        Shape::Text { rule: Some(rule), .. } => Some(
            match rule {
                TextRule::Version => "1.0.0",
                TextRule::Minutes => "60m",
                TextRule::Days => "730d",
                TextRule::Milliseconds => "500ms",
                TextRule::Date => "2027-03-01",
                TextRule::TimeOfDay => "06:00",
                TextRule::Partition => "day(departure)",
                TextRule::Percent => "99.5%",
                TextRule::FieldType => "string",
                TextRule::Category => "email",
                TextRule::PortAddress => "weather.hourly/observations@1",
                TextRule::ProductId => "operations.flights",
                TextRule::DomainName | TextRule::ProductName | TextRule::PortName | TextRule::FieldName => return None,
            }
            .to_owned(),
        ),
        Shape::Boolean => Some("false".to_owned()),
        Shape::Number { .. } => Some("1".to_owned()),
        _ => None,
    }
}

/// `a`, `b` or `c`.
fn listed(choices: &[String]) -> String {
    match choices {
        [] => String::new(),
        [only] => format!("`{only}`"),
        [all @ .., last] => {
            let all: Vec<_> = all.iter().map(|choice| format!("`{choice}`")).collect();
            format!("{} or `{last}`", all.join(", "))
        }
    }
}

fn lower_first(text: &str) -> String {
    let mut chars = text.trim_end_matches('.').chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}
