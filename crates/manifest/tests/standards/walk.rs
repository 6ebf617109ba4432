//! Documents made by a walk through a JSON Schema: mostly valid by it, with every member now and then.

use serde_json::{Map, Value, json};

/// Numbers that follow from a seed.
pub struct Dice(pub u64);

impl Dice {
    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        // SplitMix64.
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % bound
    }

    fn of<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        let index = self.below(choices.len() as u64);
        &choices[usize::try_from(index).unwrap()]
    }
}

/// A walk through one JSON Schema.
pub struct Walk<'a> {
    pub root: &'a Value,
    pub dice: Dice,
}

const TEXTS: &[&str] =
    &["a", "orders", "Two words", "no", "1.0.0", "42", "über", "x_y", "https://example.org/a", "", "#: {}"];

impl Walk<'_> {
    /// A value of the whole schema.
    pub fn document(&mut self) -> Value {
        self.value(&self.root.clone(), 0)
    }

    fn resolved(&self, reference: &str) -> Value {
        self.root.pointer(reference.trim_start_matches('#')).unwrap().clone()
    }

    fn value(&mut self, schema: &Value, depth: u32) -> Value {
        let Some(schema) = schema.as_object() else { return json!("any") };
        if let Some(value) = schema.get("const") {
            return value.clone();
        }
        if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            return self.dice.of(values).clone();
        }
        for choice in ["oneOf", "anyOf"] {
            if let Some(schemas) = schema
                .get(choice)
                .and_then(Value::as_array)
                .filter(|_| !schema.contains_key("properties") && schema.get("type") != Some(&json!("object")))
            {
                let chosen = self.dice.of(schemas).clone();
                return self.value(&chosen, depth);
            }
        }
        let kind = match schema.get("type") {
            Some(Value::String(kind)) => kind.clone(),
            Some(Value::Array(kinds)) => self.dice.of(kinds).as_str().unwrap().to_owned(),
            _ if schema.contains_key("properties") || schema.contains_key("allOf") => "object".to_owned(),
            _ => match schema.get("$ref").and_then(Value::as_str) {
                Some(reference) => {
                    let target = self.resolved(reference);
                    return self.value(&target, depth);
                }
                None => {
                    return self
                        .dice
                        .of(&[json!("x"), json!(1), json!(2.5), json!(true), Value::Null, json!({ "k": [1] })])
                        .clone();
                }
            },
        };
        match kind.as_str() {
            "object" => self.object(schema, depth),
            "array" => {
                let min = schema.get("minItems").and_then(Value::as_u64).unwrap_or(0);
                let max =
                    schema.get("maxItems").and_then(Value::as_u64).unwrap_or(if depth > 8 { min } else { min + 2 });
                let length = min + self.dice.below(max - min + 1);
                let items = schema.get("items").cloned().unwrap_or(json!({}));
                let mut list: Vec<Value> = (0..length).map(|_| self.value(&items, depth + 1)).collect();
                if schema.get("uniqueItems") == Some(&json!(true)) {
                    let numbers = list.iter_mut().enumerate().filter(|(_, item)| item.is_number());
                    numbers.for_each(|(index, item)| *item = json!(index));
                    list.dedup();
                }
                list.into()
            }
            "integer" => json!(1 + self.dice.below(40)),
            "number" => self.dice.of(&[json!(1), json!(2.5), json!(100), json!(0.25)]).clone(),
            "boolean" => json!(self.dice.below(2) == 0),
            "null" => Value::Null,
            _ => self.text(schema),
        }
    }

    fn text(&mut self, schema: &Map<String, Value>) -> Value {
        let format = schema.get("format").and_then(Value::as_str);
        let pattern = schema.get("pattern").and_then(Value::as_str);
        match (format, pattern) {
            (Some("date"), _) => json!("2024-02-29"),
            (Some("date-time"), _) => json!("2026-02-28T23:59:59Z"),
            (_, Some(pattern)) if pattern.contains("sftp") => json!("sftp://files.example.org/a"),
            (Some("uri"), _) => self
                .dice
                .of(&[json!("https://example.org/x"), json!("s3://bucket/{a}"), json!("mailto:a@example.org")])
                .clone(),
            // References to other parts of a contract.
            (_, Some(pattern)) if pattern.contains("yaml") || pattern.contains("ya?ml") => json!("/schema/a"),
            (_, Some(pattern)) if pattern.contains("\\.") && pattern.contains("A-Za-z_") => json!("a.b"),
            (_, Some(_)) => json!(format!("id-{}", self.dice.below(1000))),
            _ => match schema.get("examples").and_then(Value::as_array) {
                Some(examples) if self.dice.below(2) == 0 => self.dice.of(examples).clone(),
                _ => json!(*self.dice.of(TEXTS)),
            },
        }
    }

    fn object(&mut self, schema: &Map<String, Value>, depth: u32) -> Value {
        let mut made = Map::new();
        let mut required = Vec::new();
        self.members(schema, depth, &mut made, &mut required);
        // Options fit one type, and some required members are defined nowhere.
        if !made.contains_key("logicalType") {
            made.remove("logicalTypeOptions");
        }
        for name in required {
            made.entry(name).or_insert(json!("x"));
        }
        made.into()
    }

    /// Adds members that the schema and what it is made of know.
    fn members(
        &mut self,
        schema: &Map<String, Value>,
        depth: u32,
        made: &mut Map<String, Value>,
        required: &mut Vec<String>,
    ) {
        let more = schema.get("required").and_then(Value::as_array).into_iter().flatten();
        required.extend(more.filter_map(Value::as_str).map(str::to_owned));
        for (name, member) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
            // Deep documents are long: the deeper, the fewer.
            let likely = self.dice.below(10) < 5u64.saturating_sub(u64::from(depth) / 3);
            if !made.contains_key(name)
                && (likely || required.contains(name) || (name == "logicalType" && self.dice.below(10) < 9))
            {
                let value = self.value(member, depth + 1);
                made.insert(name.clone(), value);
            }
        }
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let target = self.resolved(reference);
            self.members(target.as_object().unwrap(), depth, made, required);
        }
        if let Some(choices) = schema.get("oneOf").and_then(Value::as_array) {
            let chosen = self.dice.of(choices).clone();
            self.members(chosen.as_object().unwrap(), depth, made, required);
        }
        for part in schema.get("allOf").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_object) {
            match (part.get("if"), part.get("then").and_then(Value::as_object)) {
                (Some(condition), Some(then)) => {
                    if holds(condition, made) {
                        made.retain(|name, _| {
                            name != "logicalTypeOptions" || then.get("properties").and_then(|it| it.get(name)).is_none()
                        });
                        self.members(then, depth, made, required);
                    }
                }
                _ => self.members(part, depth, made, required),
            }
        }
        if let Some(not) = schema.get("not").and_then(|not| not.get("required")).and_then(Value::as_array) {
            made.retain(|name, _| !not.iter().any(|unwanted| unwanted == name));
        }
    }
}

/// Whether the condition, on the constants and types of members, holds.
fn holds(condition: &Value, made: &Map<String, Value>) -> bool {
    if let Some(choices) = condition.get("anyOf").and_then(Value::as_array) {
        return choices.iter().any(|choice| holds(choice, made));
    }
    let required = condition.get("required").and_then(Value::as_array).into_iter().flatten();
    let all_there = required.filter_map(Value::as_str).all(|name| made.contains_key(name));
    let fits = |(name, wanted): (&String, &Value)| match (made.get(name), wanted.get("const")) {
        (Some(value), Some(wanted)) => value == wanted,
        (Some(value), None) => value.is_string(),
        (None, _) => true,
    };
    all_there && condition.get("properties").and_then(Value::as_object).into_iter().flatten().all(fits)
}
