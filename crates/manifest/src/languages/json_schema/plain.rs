//! Texts, numbers and truth values of a JSON Schema.

use super::JsonSchema;
use crate::{
    code::Code,
    diagnostic::shown,
    field_type::FieldType,
    languages::reading::At,
    model::{Element, Enumeration},
    tree::{Content, Node},
};

impl JsonSchema<'_> {
    /// A value of a type without parts; an empty `kind` where it follows from the values that there are.
    pub(super) fn plain(&mut self, node: &Node, kind: &str, at: &At) -> Option<Element> {
        if let Some(values) =
            node.get("enum").map(Node::list).or_else(|| node.get("const").map(|it| Some(std::slice::from_ref(it))))
        {
            let Some(values) = values else {
                self.syntax(at, "`enum` is a list");
                return None;
            };
            return self.listed(node, kind, values, at);
        }
        match kind {
            "boolean" => Some(Element::of(FieldType::Boolean)),
            "string" => Some(self.text(node, at)),
            "number" => Some(Element::of(number(node))),
            "integer" => self.integer(node, at).map(Element::of),
            _ => {
                self.syntax(at, format!("`{}` is not a type", shown(kind)));
                None
            }
        }
    }

    fn text(&mut self, node: &Node, at: &At) -> Element {
        if matches!(node.text_of("contentEncoding"), Some("base64" | "base64url")) {
            return Element::of(FieldType::Binary);
        }
        let field_type = match node.text_of("format") {
            Some("date") => FieldType::Date,
            // The format asks for an offset, so that the instant is known.
            Some("date-time") => FieldType::Timestamptz,
            Some("local-date-time") => FieldType::Timestamp,
            Some(format) => {
                let mut element = Element::of(FieldType::String);
                self.reading.property(at, &mut element.properties, "format", format.to_owned());
                return element;
            }
            None => FieldType::String,
        };
        Element::of(field_type)
    }

    fn integer(&mut self, node: &Node, at: &At) -> Option<FieldType> {
        let bound = |key: &str, step: i128| {
            let text = node.get(key)?.number()?;
            let whole = text.parse::<i128>().ok();
            // Casts of floats saturate.
            whole.or_else(|| text.parse::<f64>().ok().map(|it| it as i128)).map(|it| it.saturating_add(step))
        };
        let least = [bound("minimum", 0), bound("exclusiveMinimum", 1)].into_iter().flatten().max();
        let most = [bound("maximum", 0), bound("exclusiveMaximum", -1)].into_iter().flatten().min();
        let exceeds = |range: std::ops::RangeInclusive<i128>| {
            [least, most].into_iter().flatten().any(|bound| !range.contains(&bound))
        };
        if exceeds(i64::MIN.into()..=i64::MAX.into()) {
            let message = "the values need more than 64 bits";
            self.reading.refuse(Code::SourceUnsupported, at, message, "bound them closer, or use a string");
            return None;
        }
        let is_int = least.is_some() && most.is_some() && !exceeds(i32::MIN.into()..=i32::MAX.into());
        Some(if is_int || node.text_of("format") == Some("int32") { FieldType::Int } else { FieldType::Long })
    }

    /// A value that is one of a few; null among them means that it may be missing.
    fn listed(&mut self, node: &Node, kind: &str, values: &[Node], at: &At) -> Option<Element> {
        let is_null = |value: &&Node| matches!(value.content, Content::Null);
        let nullable = values.iter().any(|value| is_null(&value));
        let values: Vec<&Node> = values.iter().filter(|value| !is_null(value)).collect();
        let texts: Option<Vec<String>> = values.iter().map(|value| value.text().map(str::to_owned)).collect();
        let numbers: Option<Vec<String>> = values
            .iter()
            .map(|value| value.number().filter(|text| text.parse::<i64>().is_ok()).map(str::to_owned))
            .collect();
        let truths = values.iter().filter(|value| matches!(value.content, Content::Boolean(_))).count();
        let (field_type, values) = match (kind, texts, numbers) {
            ("" | "boolean", _, _) if truths == 2 && values.len() == 2 => {
                return Some(Element { required: !nullable, ..Element::of(FieldType::Boolean) });
            }
            ("" | "string", Some(texts), _) if !texts.is_empty() => (FieldType::String, texts),
            ("" | "integer", _, Some(numbers)) if !numbers.is_empty() => {
                let wide = numbers.iter().any(|number| number.parse::<i32>().is_err());
                let bounded =
                    node.get("minimum").is_some() || node.get("maximum").is_some() || node.get("format").is_some();
                let field_type = if bounded { self.integer(node, at)? } else { FieldType::Int };
                (if wide { FieldType::Long } else { field_type }, numbers)
            }
            _ => {
                let message =
                    "the values that there are have no type of fields: they are texts or whole numbers, all alike";
                self.unsupported(at, message, "list texts or whole numbers that fit `type`");
                return None;
            }
        };
        self.reading.enumeration(at, &values).then(|| Element {
            required: !nullable,
            enumeration: Some(Enumeration { values, open: false }),
            ..Element::of(field_type)
        })
    }
}

/// Decimals are numbers of whole steps of a power of ten, below another one: the bounds say which.
fn number(node: &Node) -> FieldType {
    match node.text_of("format") {
        Some("float") => return FieldType::Float,
        Some("double") => return FieldType::Double,
        _ => {}
    }
    let value = |key: &str| node.get(key)?.number()?.parse::<f64>().ok();
    let power = |value: f64, sign: &str| {
        (0..=38u8).find(|power| format!("1e{sign}{power}").parse::<f64>().is_ok_and(|it| it == value))
    };
    let decimal = || {
        let scale = power(value("multipleOf")?, "-")?;
        let whole = power(value("exclusiveMaximum")?, "")?;
        let symmetric = value("exclusiveMinimum")? == -value("exclusiveMaximum")?;
        let precision = whole.checked_add(scale).filter(|precision| (1..=38).contains(precision))?;
        symmetric.then_some(FieldType::Decimal { precision, scale })
    };
    decimal().unwrap_or(FieldType::Double)
}
