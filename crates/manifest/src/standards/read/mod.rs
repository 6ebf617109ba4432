//! From documents to a manifest, as JSON that is checked afterwards.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

pub mod field;
pub mod notes;
pub mod port;
pub mod product;
pub mod quality;
pub mod server;
pub mod sla;
mod types;
pub mod value;

use notes::Notes;
use port::Port;

/// A manifest to be, and what was noted while it was read.
pub struct Draft {
    pub product: Map<String, Value>,
    pub ports: Vec<Port>,
    pub notes: Notes,
}

impl Draft {
    /// Reads a product's document with its contracts by their ids.
    pub fn read(product: &Map<String, Value>, contracts: &BTreeMap<String, Value>) -> Self {
        let mut notes = Notes::default();
        let ports = port::ports(product, contracts, &mut notes);
        let product = product::product(product, contracts, &mut notes);
        Self { product, ports, notes }
    }

    /// The manifest, without the documents that it came from.
    pub fn manifest(&self) -> Value {
        let mut manifest = self.product.clone();
        let ports = self.ports.iter().map(|port| {
            let mut json = port.json.clone();
            let mut contract = Map::from_iter([("id".to_owned(), port.contract.clone().into())]);
            if port.several {
                contract.insert("object".to_owned(), port.object_name.clone().into());
            }
            json.insert("contract".to_owned(), contract.into());
            Value::Object(json)
        });
        manifest.insert("outputPorts".to_owned(), ports.collect());
        manifest.into()
    }
}
