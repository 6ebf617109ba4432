//! Output ports, each with the schema object of the contract that describes it.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value, json};

use crate::{
    code::Code,
    diagnostic::shown,
    model::{Format, OutputPort, Schema},
    pointer,
};

use super::{
    super::custom,
    field,
    notes::{At, Notes},
    quality, server,
    sla::{self, Part},
    value::{canonical, is_true, object, objects, port_name, text, version},
};

/// What an output port of the manifest is made of.
pub const PORT: &[&str] = &["name", "version", "description", "format", "sla", "endpoint", "sunset", "adopt", "schema"];

/// What a schema is made of beside its fields.
pub const SCHEMA: &[&str] = &["primaryKey", "partitionBy", "quality", "source"];

/// The most ports of a product. One more is read, so that there being more is told of.
const MAX_PORTS: usize = 50;

/// The custom property of an output port whose contract has several objects: by the object's name, what is merged over its port; nothing
/// where the object is no port.
pub const OBJECTS: &str = "objects";

/// A port of the manifest, and where it stands in the documents.
#[derive(Debug, Clone)]
pub struct Port {
    pub json: Map<String, Value>,
    /// The index among the product's output ports.
    pub output: usize,
    /// The contract's id.
    pub contract: String,
    /// The index among the contract's schema objects, and whether there are several.
    pub object: Option<usize>,
    pub several: bool,
    /// The object's name.
    pub object_name: String,
}

/// The ports that the product's output ports and their contracts tell of.
pub fn ports(product: &Map<String, Value>, contracts: &BTreeMap<String, Value>, notes: &mut Notes) -> Vec<Port> {
    let mut taken = HashSet::new();
    let mut found: Vec<Port> = Vec::new();
    for (output, port) in objects(product, "outputPorts") {
        let at = At { pointer: format!("/outputPorts/{output}"), ..At::default() };
        let Some(id) = text(port, "contractId") else {
            let message =
                format!("the output port `{}` has no `contractId`", shown(text(port, "name").unwrap_or_default()));
            let remedy = "add the id of the contract that describes the port, and give that contract";
            notes.refuse(Code::StandardContractMissing, &at, message, remedy.to_owned());
            continue;
        };
        let Some(contract) = contracts.get(id).and_then(Value::as_object) else {
            let known: Vec<_> = contracts.keys().take(5).map(|id| format!("`{}`", shown(id))).collect();
            let message = format!("the contract `{}` is not among those that are given", shown(id));
            let remedy = match known.as_slice() {
                [] => "give the contract's document beside the product's".to_owned(),
                known => format!("give its document too, or name one of {}", known.join(", ")),
            };
            notes.refuse(Code::StandardContractMissing, &at.within("contractId"), message, remedy);
            continue;
        };
        let parts: Vec<_> = objects(contract, "schema").collect();
        let several = parts.len() > 1;
        let parts = if parts.is_empty() { vec![None] } else { parts.into_iter().map(Some).collect() };
        for part in parts {
            if found.len() > MAX_PORTS {
                return found;
            }
            let object_name = part.and_then(|(_, part)| text(part, "name")).unwrap_or_default().to_owned();
            if several && left_out(port, &object_name) {
                continue;
            }
            let manifest = format!("/outputPorts/{}", found.len());
            let mut reader = Reader {
                port,
                contract,
                part,
                several,
                product: At { manifest: manifest.clone(), ..at.clone() },
                described: At { manifest, source: Some(id.to_owned()), pointer: String::new() },
                notes,
            };
            let mut json = reader.read();
            reader.notes.came_from(&At {
                manifest: json_pointer(&reader.product.manifest, "contract"),
                ..at.within("contractId")
            });
            let name = json.get("name").and_then(Value::as_str).unwrap_or_default().to_owned();
            let major = json
                .get("version")
                .and_then(Value::as_str)
                .and_then(|v| v.split('.').next())
                .unwrap_or_default()
                .to_owned();
            // Two output ports on one contract: the objects are told apart by the port's name.
            if several && !taken.insert((name.clone(), major.clone())) {
                let both = port_name(&format!("{}-{name}", text(port, "name").unwrap_or_default()));
                taken.insert((both.clone(), major));
                json.insert("name".to_owned(), both.into());
            } else {
                taken.insert((name, major));
            }
            found.push(Port {
                json,
                output,
                contract: id.to_owned(),
                object: part.map(|(index, _)| index),
                several,
                object_name,
            });
        }
    }
    if objects(product, "outputPorts").next().is_none() {
        let remedy = "add `outputPorts` with at least one port and the `contractId` of its contract".to_owned();
        let message = "there is no output port, without which a product cannot be registered".to_owned();
        notes.refuse(Code::StandardIncomplete, &At::default().within("outputPorts"), message, remedy);
    }
    found
}

/// Whether the output port is not read as a port for the object of this name.
fn left_out(output: &Map<String, Value>, name: &str) -> bool {
    custom::get(output, OBJECTS).is_some_and(|(_, patches)| patches.get(name).is_some_and(Value::is_null))
}

fn json_pointer(manifest: &str, member: &str) -> String {
    format!("{manifest}{}", pointer::token(member))
}

struct Reader<'a, 'n> {
    port: &'a Map<String, Value>,
    contract: &'a Map<String, Value>,
    part: Option<(usize, &'a Map<String, Value>)>,
    several: bool,
    /// The output port in the product's document.
    product: At,
    /// The contract's document.
    described: At,
    notes: &'n mut Notes,
}

impl Reader<'_, '_> {
    fn read(&mut self) -> Map<String, Value> {
        let mut read = Map::new();
        let at_part = match self.part {
            Some((index, _)) => self.described.within(&format!("schema/{index}")),
            None => self.described.clone(),
        };
        self.notes.came_from(&self.product);
        read.insert("name".to_owned(), self.name(&at_part).into());
        let stated = text(self.port, "version").unwrap_or_default();
        read.insert("version".to_owned(), version(stated).into());
        self.notes.came_from(&self.product.step("version", "version"));
        if let Some(description) = self.description(&at_part) {
            read.insert("description".to_owned(), description.into());
        }
        let format = self.format();
        read.insert("format".to_owned(), format.as_str().into());
        self.notes.came_from(&self.product.step("format", "type"));
        if let Some((index, endpoint)) = server::endpoint(self.contract, format) {
            read.insert("endpoint".to_owned(), endpoint.into());
            let at = self.described.within(&format!("servers/{index}"));
            self.notes.came_from(&At { manifest: json_pointer(&at.manifest, "endpoint"), ..at });
        }
        let part = Part { contract: self.contract, object: self.part.map(|(_, part)| part) };
        read.insert("sla".to_owned(), sla::promise(part, &self.described, self.notes).into());
        if let Some((index, date)) = part.date(&["endoflife", "el"]) {
            read.insert("sunset".to_owned(), date.into());
            let at = self.described.within(&format!("slaProperties/{index}/value"));
            self.notes.came_from(&At { manifest: json_pointer(&at.manifest, "sunset"), ..at });
        }
        let schema = self.schema(&at_part);
        read.insert("schema".to_owned(), schema.into());
        self.overridden(&mut read, &at_part);
        match canonical::<OutputPort>(Value::Object(read)) {
            Value::Object(read) => read,
            _ => Map::new(),
        }
    }

    fn name(&mut self, at_part: &At) -> String {
        let of_object = self.part.filter(|_| self.several).and_then(|(_, part)| text(part, "name"));
        let (given, at) = match of_object {
            Some(name) => (name, at_part.within("name")),
            None => (text(self.port, "name").unwrap_or_default(), self.product.within("name")),
        };
        self.notes.came_from(&At { manifest: json_pointer(&self.product.manifest, "name"), ..at.clone() });
        let name = port_name(given);
        if name == given {
            return name;
        }
        let message = format!("`{}` is no name of a port, so that it is called `{name}`", shown(given));
        let remedy = "use lower-case ASCII letters, digits and single hyphens, starting with a letter";
        self.notes.warn(Code::StandardRenamed, &at, message, remedy);
        name
    }

    fn description(&mut self, at_part: &At) -> Option<String> {
        let of_port = text(self.port, "description").map(|text| (text, self.product.within("description")));
        let of_object =
            self.part.and_then(|(_, part)| text(part, "description")).map(|text| (text, at_part.within("description")));
        let (description, at) = if self.several { of_object.or(of_port) } else { of_port.or(of_object) }?;
        self.notes.came_from(&At { manifest: json_pointer(&self.product.manifest, "description"), ..at });
        Some(description.to_owned())
    }

    fn format(&mut self) -> Format {
        server::format(self.port, self.contract).unwrap_or_else(|| {
            let overridden = custom::get(self.port, "format").is_some() || custom::get(self.port, OBJECTS).is_some();
            if !overridden {
                let message =
                    "neither the port's `type` nor a server of the contract tells a format, so that it is `iceberg`";
                let remedy = "write `type: iceberg`, `parquet`, `csv`, `json`, `sql`, `http` or `kafka`";
                self.notes.warn(Code::StandardDefaulted, &self.product, message.to_owned(), remedy);
            }
            Format::Iceberg
        })
    }

    fn schema(&mut self, at_part: &At) -> Map<String, Value> {
        let at = At { manifest: json_pointer(&at_part.manifest, "schema"), ..at_part.clone() };
        match self.part {
            Some((_, part)) => schema(part, &at, self.notes),
            None => {
                self.notes.came_from(&at.within("schema"));
                Map::from_iter([("fields".to_owned(), json!([]))])
            }
        }
    }

    /// What custom properties say: of the schema object, over those of the contract; of the output port, over both.
    fn overridden(&mut self, read: &mut Map<String, Value>, at_part: &At) {
        let at_port = self.product.clone();
        let levels = [
            (Some(self.contract), self.described.clone(), &["format", "sla", "endpoint", "sunset"] as &[&str]),
            (self.part.map(|(_, part)| part), at_part.clone(), PORT),
            (Some(self.port).filter(|_| !self.several), at_port.clone(), PORT),
        ];
        for (holder, at, members) in levels {
            for member in members {
                let Some((index, patch)) = holder.and_then(|holder| custom::get(holder, member)) else { continue };
                custom::merge_member(read, member, patch);
                self.notes.came_from(&at.step(member, &format!("customProperties/{index}/value")));
            }
        }
        let name = self.part.and_then(|(_, part)| text(part, "name")).unwrap_or_default();
        if self.several
            && let Some((index, patches)) = custom::get(self.port, OBJECTS)
            && let Some(patch) = patches.as_object().and_then(|patches| object(patches, name))
        {
            for member in PORT.iter().filter(|member| patch.contains_key(**member)) {
                if let Some(patch) = patch.get(*member) {
                    custom::merge_member(read, member, patch);
                    self.notes.came_from(&at_port.step(member, &format!("customProperties/{index}/value")));
                }
            }
        }
    }
}

/// The schema that one object of a contract tells of.
pub fn schema(part: &Map<String, Value>, at: &At, notes: &mut Notes) -> Map<String, Value> {
    notes.came_from(at);
    let mut schema = Map::new();
    let fields = field::fields(part, at, notes);
    for (member, flag, position) in
        [("primaryKey", "primaryKey", "primaryKeyPosition"), ("partitionBy", "partitioned", "partitionKeyPosition")]
    {
        let names = flagged(part, &fields, flag, position);
        if !names.is_empty() {
            schema.insert(member.to_owned(), names.into());
        }
        notes.came_from(&at.step(member, "properties"));
    }
    let rules = quality::rules(part, false, at, notes);
    if !rules.is_empty() {
        schema.insert("quality".to_owned(), rules.into_iter().map(|(_, rule)| rule).collect());
    }
    schema.insert("fields".to_owned(), fields.into_iter().map(Value::Object).collect());
    for member in SCHEMA {
        if let Some((index, patch)) = custom::get(part, member) {
            custom::merge_member(&mut schema, member, patch);
            notes.came_from(&at.step(member, &format!("customProperties/{index}/value")));
        }
    }
    match canonical::<Schema>(Value::Object(schema)) {
        Value::Object(schema) => schema,
        _ => Map::new(),
    }
}

/// The names of the plain fields whose property has `flag`, by `position`; those without one come last.
fn flagged(part: &Map<String, Value>, fields: &[Map<String, Value>], flag: &str, position: &str) -> Vec<Value> {
    let mut found: Vec<(i64, &Value)> = objects(part, "properties")
        .zip(fields)
        .filter(|((_, property), field)| is_true(property, flag) && !is_nested(field))
        .filter_map(|((_, property), field)| {
            let place = property.get(position).and_then(Value::as_i64).filter(|place| *place >= 0);
            Some((place.unwrap_or(i64::MAX), field.get("name")?))
        })
        .collect();
    found.sort_by_key(|(place, _)| *place);
    found.into_iter().map(|(_, name)| name.clone()).collect()
}

fn is_nested(field: &Map<String, Value>) -> bool {
    field.get("type").and_then(Value::as_str).is_some_and(|name| matches!(name, "struct" | "list" | "map"))
}
