//! From a manifest to documents: those that it came from, with what was changed since, and new ones for what has none.
//!
//! Each document is read again while it is written: a member that says what the manifest does is left alone, one that differs
//! is overwritten where the standard has it, and what is still not said is carried in custom properties. So what is written always
//! reads back as the manifest.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::{
    address::PortAddress,
    model::{Manifest, OutputPort},
};

use super::{
    custom,
    read::{
        Draft,
        notes::Notes,
        port::{self, OBJECTS, PORT, Port},
        value::{object, objects, text},
    },
    version::Standard,
};

mod field;
mod means;
mod port_members;
mod product;
mod quality;

/// The documents of one manifest.
pub struct Written {
    pub product: Value,
    contracts: BTreeMap<String, Value>,
    /// The contract of each port.
    ports: Vec<(PortAddress, String)>,
}

/// Sets a member, or removes it where there is nothing.
fn set_text(holder: &mut Map<String, Value>, name: &str, value: Option<&Value>) {
    match value {
        Some(value) => drop(holder.insert(name.to_owned(), value.clone())),
        None => drop(holder.shift_remove(name)),
    }
}

/// A port of the manifest as JSON, with what documents tell of.
struct Wanted<'a> {
    port: &'a OutputPort,
    json: Map<String, Value>,
}

impl Written {
    /// The documents of `manifest`.
    pub fn of(manifest: &Manifest) -> Self {
        let members = match serde_json::to_value(Manifest { origin: None, ..manifest.clone() }) {
            Ok(Value::Object(members)) => members,
            _ => Map::new(),
        };
        let ports = members.get("outputPorts").and_then(Value::as_array).cloned().unwrap_or_default();
        let wanted: Vec<Wanted<'_>> = manifest
            .output_ports
            .iter()
            .zip(ports)
            .filter_map(|(port, json)| {
                let Value::Object(mut json) = json else { return None };
                json.shift_remove("contract");
                Some(Wanted { port, json })
            })
            .collect();
        let (product, contracts) = given(manifest);
        let mut documents = Documents { product, contracts };
        let ports = documents.arrange(manifest, &wanted);
        documents.write_ports(&wanted, &ports);
        product::write(&mut documents.product, &documents.contracts, &members);
        let addressed = documents
            .draft()
            .ports
            .into_iter()
            .zip(&ports)
            .filter_map(|(port, index)| Some((manifest.address(wanted.get((*index)?)?.port), port.contract)));
        let ports = addressed.collect();
        Self { product: documents.product.into(), contracts: documents.contracts, ports }
    }

    /// The contract of the port at `address`.
    pub fn into_contract(mut self, address: &PortAddress) -> Option<Value> {
        let (_, id) = self.ports.iter().find(|(known, _)| known == address)?;
        self.contracts.remove(id)
    }
}

/// The documents that the manifest came from, or a bare one of the product; what is not valid is no document.
fn given(manifest: &Manifest) -> (Map<String, Value>, BTreeMap<String, Value>) {
    let origin = manifest.origin.as_ref();
    let valid = |standard: Standard, document: &Value| standard.check(document).is_empty();
    let product =
        origin.and_then(|origin| origin.product.as_ref()).filter(|document| valid(Standard::Product, document));
    let product = product.and_then(Value::as_object).cloned().unwrap_or_else(|| {
        Map::from_iter([
            ("apiVersion".to_owned(), Standard::Product.newest().into()),
            ("kind".to_owned(), Standard::Product.kind().into()),
            ("id".to_owned(), manifest.id().to_string().into()),
            ("domain".to_owned(), manifest.domain.as_str().into()),
            ("name".to_owned(), manifest.name.as_str().into()),
            ("version".to_owned(), manifest.version.to_string().into()),
            ("status".to_owned(), manifest.status.as_str().into()),
        ])
    });
    let contracts = origin.map(|origin| &origin.contracts).into_iter().flatten();
    let contracts = contracts.filter(|(id, document)| {
        document.get("id").and_then(Value::as_str) == Some(id) && valid(Standard::Contract, document)
    });
    (product, contracts.map(|(id, document)| (id.clone(), document.clone())).collect())
}

/// An output port, and for each of its contract's objects, which of the wanted ports it is.
struct Output {
    places: Vec<(String, Option<usize>)>,
    json: Value,
}

impl Output {
    fn first(&self) -> Option<usize> {
        self.places.iter().filter_map(|(_, place)| *place).min()
    }

    /// Says of objects that are no port any more, and stay for the ports of others, that they are none.
    fn leave_out(&mut self, contracts: &BTreeMap<String, Value>) {
        let Some(output) = self.json.as_object_mut() else { return };
        let contract = text(output, "contractId").and_then(|id| contracts.get(id)).and_then(Value::as_object);
        let kept = |name: &str| {
            contract.is_some_and(|contract| objects(contract, "schema").any(|(_, it)| text(it, "name") == Some(name)))
        };
        let gone: Vec<&String> =
            self.places.iter().filter(|(name, place)| place.is_none() && kept(name)).map(|(name, _)| name).collect();
        if gone.is_empty() {
            return;
        }
        let mut patches = custom::get(output, OBJECTS).map_or_else(|| json!({}), |(_, patches)| patches.clone());
        if let Some(patches) = patches.as_object_mut() {
            patches.extend(gone.into_iter().map(|name| (name.clone(), Value::Null)));
        }
        custom::set(output, OBJECTS, Some(patches));
    }

    fn place_of(&self, port: &Port) -> Option<usize> {
        match self.places.as_slice() {
            [(_, only)] => *only,
            _ if port.several => self.places.iter().find(|(name, _)| *name == port.object_name)?.1,
            // Of several objects, one is left.
            _ => self.first(),
        }
    }
}

struct Documents {
    product: Map<String, Value>,
    contracts: BTreeMap<String, Value>,
}

impl Documents {
    fn draft(&self) -> Draft {
        Draft::read(&self.product, &self.contracts)
    }

    /// Brings the documents' ports to those that are wanted: takes away, adds, and orders. Returns, for each port that the documents now
    /// tell of, its index among those that are wanted.
    fn arrange(&mut self, manifest: &Manifest, wanted: &[Wanted<'_>]) -> Vec<Option<usize>> {
        let base = self.draft().ports;
        let matched = matches(&base, wanted);
        let mut outputs: Vec<Output> = Vec::new();
        let list = self.product.get("outputPorts").and_then(Value::as_array).cloned().unwrap_or_default();
        for (index, json) in list.into_iter().enumerate() {
            let of_output = base.iter().zip(&matched).filter(|(port, _)| port.output == index);
            let places: Vec<_> = of_output.map(|(port, place)| (port.object_name.clone(), *place)).collect();
            if places.is_empty() || places.iter().any(|(_, place)| place.is_some()) {
                outputs.push(Output { places, json });
            }
        }
        self.drop_objects(&base, &matched);
        for output in &mut outputs {
            output.leave_out(&self.contracts);
        }
        for (index, port) in wanted.iter().enumerate().filter(|(index, _)| !matched.contains(&Some(*index))) {
            let id = self.contract_for(manifest, port);
            let json = json!({
                "name": port.port.name,
                "version": port.port.version,
                "type": port.port.format,
                "contractId": id,
            });
            outputs.push(Output { places: vec![(String::new(), Some(index))], json });
        }
        if !outputs.iter().filter_map(Output::first).is_sorted() {
            outputs.sort_by_key(|output| output.first().unwrap_or(usize::MAX));
        }
        let list = outputs.iter().map(|output| output.json.clone()).collect();
        self.product.insert("outputPorts".to_owned(), list);
        let now = self.draft().ports;
        now.iter().map(|port| outputs.get(port.output)?.place_of(port)).collect()
    }

    /// Takes away the schema objects that no wanted port is described by.
    fn drop_objects(&mut self, base: &[Port], matched: &[Option<usize>]) {
        for (id, contract) in &mut self.contracts {
            let of_contract = || base.iter().zip(matched).filter(|(port, _)| port.contract == *id);
            let Some(list) = contract.get_mut("schema").and_then(Value::as_array_mut) else { continue };
            if of_contract().next().is_none() || !of_contract().any(|(_, place)| place.is_some()) {
                continue;
            }
            let kept = list.iter().enumerate().filter(|(index, _)| {
                let mut ports =
                    of_contract().filter(|(port, _)| port.object == Some(*index)).map(|(_, place)| *place).peekable();
                ports.peek().is_none() || ports.any(|place| place.is_some())
            });
            *list = kept.map(|(_, object)| object.clone()).collect();
        }
    }

    /// The id of the contract for a port that no output port tells of: its own where it is there, or a new one.
    fn contract_for(&mut self, manifest: &Manifest, wanted: &Wanted<'_>) -> String {
        let port = wanted.port;
        if let Some(own) =
            port.contract.as_ref().filter(|own| own.object.is_none() && self.contracts.contains_key(&own.id))
        {
            return own.id.clone();
        }
        let address = manifest.address(port).to_string();
        let names = (1u32..).map(|number| if number == 1 { address.clone() } else { format!("{address}-{number}") });
        let mut free = names.filter(|name| !self.contracts.contains_key(name));
        let id = free.next().unwrap_or(address);
        let contract = json!({
            "apiVersion": Standard::Contract.newest(),
            "kind": Standard::Contract.kind(),
            "id": id,
            "name": port.name,
            "version": port.version,
            "status": "active",
            "domain": manifest.domain,
            "schema": [{ "name": port.name, "logicalType": "object" }],
        });
        self.contracts.insert(id.clone(), contract);
        id
    }

    fn write_ports(&mut self, wanted: &[Wanted<'_>], places: &[Option<usize>]) {
        if self.says(wanted, places) {
            return;
        }
        let mut described = Vec::new();
        for index in 0..places.len() {
            let draft = self.draft();
            let Some((port, wanted)) =
                draft.ports.get(index).zip(places.get(index).copied().flatten().and_then(|at| wanted.get(at)))
            else {
                continue;
            };
            if port.json == wanted.json {
                described.push((port.contract.clone(), port.object));
                continue;
            }
            let Some(contract) = self.contracts.get_mut(&port.contract).and_then(Value::as_object_mut) else {
                continue;
            };
            let output = self
                .product
                .get_mut("outputPorts")
                .and_then(Value::as_array_mut)
                .and_then(|list| list.get_mut(port.output));
            let Some(output) = output.and_then(Value::as_object_mut) else { continue };
            port_members::write_output(output, contract, port, &wanted.json);
            // Of two ports on one object, the first says what stands there.
            let part = (port.contract.clone(), port.object);
            if !described.contains(&part) {
                port_members::write_contract(contract, port, &wanted.json);
                described.push(part);
            }
        }
        if self.says(wanted, places) {
            return;
        }
        for index in 0..places.len() {
            if let Some(wanted) = places.get(index).copied().flatten().and_then(|at| wanted.get(at)) {
                self.carry_port(index, &wanted.json);
            }
        }
    }

    /// Whether the documents' ports are those that are wanted.
    fn says(&self, wanted: &[Wanted<'_>], places: &[Option<usize>]) -> bool {
        let ports = self.draft().ports;
        let same = |(port, place): (&Port, &Option<usize>)| {
            place.and_then(|at| wanted.get(at)).is_some_and(|wanted| wanted.json == port.json)
        };
        ports.len() == places.len() && ports.iter().zip(places).all(same)
    }

    /// Says in the output port's custom properties what of the port is not said otherwise.
    fn carry_port(&mut self, index: usize, wanted: &Map<String, Value>) {
        let contracts = &self.contracts;
        let product = &self.product;
        let all = port::ports(product, contracts, &mut Notes::default());
        let Some(port) = all.get(index).filter(|port| port.json != *wanted) else { return };
        let Some(outputs) = product.get("outputPorts").and_then(Value::as_array) else { return };
        let Some(mut output) = outputs.get(port.output).and_then(Value::as_object).cloned() else { return };
        let read = |output: &Map<String, Value>| {
            let mut product = product.clone();
            if let Some(slot) =
                product.get_mut("outputPorts").and_then(Value::as_array_mut).and_then(|list| list.get_mut(port.output))
            {
                *slot = output.clone().into();
            }
            port::ports(&product, contracts, &mut Notes::default())
                .into_iter()
                .nth(index)
                .map(|port| port.json)
                .unwrap_or_default()
        };
        if port.several {
            let patches = |output: &Map<String, Value>| {
                custom::get(output, OBJECTS).map(|(_, value)| value.clone()).unwrap_or_else(|| json!({}))
            };
            let with = |output: &Map<String, Value>, patch: Option<Value>| {
                let mut all = patches(output);
                if let Some(all) = all.as_object_mut() {
                    set_text(all, &port.object_name, patch.as_ref());
                }
                let mut output = output.clone();
                let empty =
                    object(&Map::from_iter([("all".to_owned(), all.clone())]), "all").is_some_and(Map::is_empty);
                custom::set(&mut output, OBJECTS, (!empty).then_some(all));
                output
            };
            let bare = with(&output, None);
            let said = read(&bare);
            let mut patch = Map::new();
            for member in PORT.iter().filter(|member| said.get(**member) != wanted.get(**member)) {
                patch.insert((*member).to_owned(), custom::difference(said.get(*member), wanted.get(*member)));
            }
            output = if patch.is_empty() { bare } else { with(&output, Some(patch.into())) };
        } else {
            custom::carry(&mut output, PORT, wanted, read);
        }
        let index = port.output;
        if let Some(slot) =
            self.product.get_mut("outputPorts").and_then(Value::as_array_mut).and_then(|list| list.get_mut(index))
        {
            *slot = output.into();
        }
    }
}

/// For each port of the documents, which of the wanted ones it is: by its contract's object and its name first.
fn matches(base: &[Port], wanted: &[Wanted<'_>]) -> Vec<Option<usize>> {
    type Same = fn(&Port, &Wanted<'_>) -> bool;
    let contract: Same = |base, wanted| {
        wanted.port.contract.as_ref().is_some_and(|contract| {
            contract.id == base.contract && contract.object.as_deref().is_none_or(|object| object == base.object_name)
        })
    };
    let name: Same = |base, wanted| text(&base.json, "name") == Some(wanted.port.name.as_str());
    let major: Same = |base, wanted| {
        let read = text(&base.json, "version").and_then(|version| version.split('.').next()?.parse::<u64>().ok());
        read == Some(wanted.port.version.major)
    };
    let mut matched = vec![None; base.len()];
    let passes: [&[Same]; 4] = [&[contract, name, major], &[contract, name], &[name, major], &[contract]];
    for same in passes {
        for (index, wanted) in wanted.iter().enumerate() {
            if matched.contains(&Some(index)) {
                continue;
            }
            let place = base
                .iter()
                .zip(&matched)
                .position(|(base, taken)| taken.is_none() && same.iter().all(|same| same(base, wanted)));
            if let Some(slot) = place.and_then(|place| matched.get_mut(place)) {
                *slot = Some(index);
            }
        }
    }
    matched
}
