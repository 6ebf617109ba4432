//! The product's own members.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value, json};

use crate::{
    address::PortAddress,
    code::Code,
    diagnostic::shown,
    endpoint::check_contact,
    model::{Access, Classification, Input, Lifecycle, Owner, Support, Terms},
    quantity::Days,
    text_rule::TextRule,
};

use super::{
    super::custom,
    notes::{At, Notes},
    sla::Part,
    value::{canonical, is_true, object, objects, text, version},
};

/// What a product is made of that custom properties may hold. Who it is stands in the standard's own members.
pub const PRODUCT: &[&str] = &[
    "description",
    "status",
    "owner",
    "support",
    "terms",
    "classification",
    "retention",
    "mutability",
    "access",
    "tags",
    "properties",
    "inputs",
];

/// The members that a contract may tell too, where the product does not.
const SHARED: &[&str] = &["owner", "classification", "retention", "mutability", "access"];

/// How long data is kept where neither document says it.
const RETENTION: &str = "365d";

/// The product's members, its output ports left out.
pub fn product(
    product: &Map<String, Value>,
    contracts: &BTreeMap<String, Value>,
    notes: &mut Notes,
) -> Map<String, Value> {
    let mut read = Map::new();
    read.insert("apiVersion".to_owned(), "mesh/v1".into());
    read.insert("kind".to_owned(), "DataProduct".into());
    // Contracts that describe no port of the product are carried, and say nothing of it.
    let ids: HashSet<&str> = objects(product, "outputPorts").filter_map(|(_, port)| text(port, "contractId")).collect();
    let contracts =
        contracts.iter().filter(|(id, _)| ids.contains(id.as_str())).map(|(id, it)| (id.as_str(), it)).collect();
    Reader { product, contracts, at: At::default(), notes }.members(&mut read);
    settle(&mut read);
    read
}

/// Each member as the manifest writes it, so that equal ones are equal.
fn settle(read: &mut Map<String, Value>) {
    type Form = fn(Value) -> Value;
    let forms: [(&str, Form); 7] = [
        ("owner", canonical::<Owner>),
        ("support", canonical::<Vec<Support>>),
        ("terms", canonical::<Terms>),
        ("retention", canonical::<Days>),
        ("access", canonical::<Access>),
        ("inputs", canonical::<Vec<Input>>),
        ("version", canonical::<semver::Version>),
    ];
    for (member, form) in forms {
        if let Some(value) = read.get_mut(member) {
            *value = form(value.take());
        }
    }
    // What goes without saying is not written.
    read.retain(|member, value| match member.as_str() {
        "status" => value.as_str() != Some(Lifecycle::Active.as_str()),
        "support" | "tags" | "inputs" => value.as_array().is_none_or(|list| !list.is_empty()),
        "properties" => value.as_object().is_none_or(|properties| !properties.is_empty()),
        _ => true,
    });
}

struct Reader<'a, 'n> {
    product: &'a Map<String, Value>,
    contracts: BTreeMap<&'a str, &'a Value>,
    at: At,
    notes: &'n mut Notes,
}

impl Reader<'_, '_> {
    fn members(&mut self, read: &mut Map<String, Value>) {
        self.identity(read);
        let mut put = |name: &str, value: Option<Value>| {
            if let Some(value) = value {
                read.insert(name.to_owned(), value);
            }
        };
        put("description", self.description());
        put("status", self.status());
        put("owner", Some(self.owner()));
        put("support", some(support(self.product).into_iter().map(|(_, entry)| entry).collect()));
        put("terms", self.terms());
        put("classification", Some(self.classification()));
        put("retention", Some(self.retention()));
        put("mutability", Some("append-only".into()));
        put("access", Some(self.access()));
        put("tags", some(tags(self.product).into_iter().map(Value::String).collect()));
        let properties = custom::plain(self.product, PRODUCT);
        put("properties", (!properties.is_empty()).then(|| properties.into()));
        put("inputs", some(inputs(self.product).into_iter().map(|(_, input)| input).collect()));
        for (member, place) in [
            ("tags", "tags"),
            ("properties", custom::MEMBER),
            ("inputs", "inputPorts"),
            ("support", "support"),
            ("terms", "description"),
        ] {
            self.notes.came_from(&self.at.step(member, place));
        }
        for (index, (place, _)) in inputs(self.product).into_iter().enumerate() {
            self.notes.came_from(&self.at.step(&format!("inputs/{index}"), &format!("inputPorts/{place}")));
        }
        for (index, (place, _)) in support(self.product).into_iter().enumerate() {
            self.notes.came_from(&self.at.step(&format!("support/{index}"), &format!("support/{place}")));
        }
        self.overridden(read);
    }

    /// Domain, name and version are what registration goes by: they are never made up.
    fn identity(&mut self, read: &mut Map<String, Value>) {
        for (member, rule) in
            [("domain", TextRule::DomainName), ("name", TextRule::ProductName), ("version", TextRule::Version)]
        {
            let Some(given) = text(self.product, member) else {
                let message = format!("`{member}` is missing, without which a product cannot be registered");
                let example = match member {
                    "domain" => "add `domain` with the name of the domain that owns the product, such as `operations`",
                    "name" => "add `name` with the product's name, such as `flights`",
                    _ => "add `version` with the product's semantic version, such as `1.0.0`",
                };
                self.notes.refuse(Code::StandardIncomplete, &self.at, message, example.to_owned());
                continue;
            };
            let value = if member == "version" { version(given) } else { given.to_owned() };
            let at = self.at.step(member, member);
            self.notes.came_from(&at);
            match rule.check(&value) {
                Ok(()) => drop(read.insert(member.to_owned(), value.into())),
                Err(message) => {
                    let remedy = match suggestion(rule, given) {
                        Some(fixed) => format!("did you mean `{fixed}`?"),
                        None => "correct it".to_owned(),
                    };
                    self.notes.refuse(Code::StandardIncomplete, &at, message, remedy);
                }
            }
        }
    }

    fn defaulted(&mut self, member: &str, what: String) {
        if SHARED.contains(&member) && self.shared(member).is_some() || custom::get(self.product, member).is_some() {
            return;
        }
        let remedy = format!(
            "say it by a custom property `{}`, or by the member of the standard that tells it",
            custom::key(member)
        );
        self.notes.warn(Code::StandardDefaulted, &self.at, what, &remedy);
    }

    fn description(&mut self) -> Option<Value> {
        let description = object(self.product, "description");
        for member in ["purpose", "usage", "limitations"] {
            if let Some(text) = description.and_then(|description| text(description, member)) {
                self.notes.came_from(&self.at.step("description", &format!("description/{member}")));
                return Some(text.into());
            }
        }
        let of_contract =
            self.contracts.values().find_map(|contract| text(contract.get("description")?.as_object()?, "purpose"));
        let text = of_contract.or_else(|| text(self.product, "name"))?;
        self.defaulted("description", format!("`description.purpose` is missing, so that it is `{}`", shown(text)));
        Some(text.into())
    }

    fn status(&mut self) -> Option<Value> {
        self.notes.came_from(&self.at.step("status", "status"));
        if is_true(self.product, "deprecated") {
            return Some(Lifecycle::Deprecated.as_str().into());
        }
        let stated = text(self.product, "status")?;
        let known = match stated.trim().to_ascii_lowercase().as_str() {
            "proposed" | "draft" | "development" | "in development" | "experimental" => Lifecycle::Draft,
            "deprecated" | "retired" | "sunset" => Lifecycle::Deprecated,
            "active" | "production" | "current" | "released" | "live" => Lifecycle::Active,
            _ => {
                let what = format!(
                    "the status `{}` is none of draft, active and deprecated, so that it is `active`",
                    shown(stated)
                );
                self.defaulted("status", what);
                Lifecycle::Active
            }
        };
        Some(known.as_str().into())
    }

    fn owner(&mut self) -> Value {
        let documents: Vec<&Map<String, Value>> = std::iter::once(self.product)
            .chain(self.contracts.values().filter_map(|contract| contract.as_object()))
            .collect();
        let members = |document: &Map<String, Value>| -> Vec<Map<String, Value>> {
            let team =
                object(document, "team").map(|team| objects(team, "members").map(|(_, it)| it.clone()).collect());
            team.unwrap_or_else(|| objects(document, "team").map(|(_, it)| it.clone()).collect())
        };
        let is_owner = |member: &Map<String, Value>| {
            text(member, "role").is_some_and(|role| role.to_ascii_lowercase().contains("owner"))
                && text(member, "dateOut").is_none()
        };
        let named = documents
            .iter()
            .find_map(|document| text(object(document, "team")?, "name").map(str::to_owned))
            .or_else(|| {
                documents
                    .iter()
                    .flat_map(|document| members(document))
                    .find(is_owner)
                    .and_then(|owner| text(&owner, "name").or_else(|| text(&owner, "username")).map(str::to_owned))
            });
        let domain = text(self.product, "domain").unwrap_or("product").to_owned();
        let team = named.unwrap_or_else(|| {
            self.defaulted(
                "owner",
                format!("no team is named, so that it is that of the domain, `{}`", shown(&domain)),
            );
            domain.clone()
        });
        let mut contacts = documents.iter().flat_map(|document| {
            let mut support: Vec<_> = objects(document, "support").map(|(_, entry)| entry).collect();
            support.sort_by_key(|entry| text(entry, "tool") != Some("email"));
            let channels = support.into_iter().filter_map(|entry| text(entry, "url").map(str::to_owned));
            let owners = members(document)
                .into_iter()
                .filter(is_owner)
                .filter_map(|it| text(&it, "username").map(str::to_owned));
            channels.chain(owners).collect::<Vec<_>>()
        });
        let contact = contacts.find(|contact| contact.len() <= 320 && check_contact(contact).is_ok());
        drop(contacts);
        let contact = contact.unwrap_or_else(|| {
            let label = if TextRule::DomainName.check(&domain).is_ok() { domain.as_str() } else { "owner" };
            let contact = format!("unknown@{label}.invalid");
            let what = format!(
                "no support channel or owner has an e-mail address or https URL, so that the contact is `{contact}`"
            );
            self.defaulted("owner", what);
            contact
        });
        self.notes.came_from(&self.at.step("owner", "team"));
        self.notes.came_from(&self.at.step("owner/contact", "support"));
        canonical::<Owner>(json!({ "team": team, "contact": contact }))
    }

    fn terms(&mut self) -> Option<Value> {
        let description = object(self.product, "description");
        let mut terms = Map::new();
        for member in ["usage", "limitations"] {
            if let Some(text) = description.and_then(|description| text(description, member)) {
                terms.insert(member.to_owned(), text.into());
                self.notes.came_from(&self.at.step(&format!("terms/{member}"), &format!("description/{member}")));
            }
        }
        let definitions = [description, Some(self.product)].into_iter().flatten();
        let url =
            definitions.flat_map(|holder| objects(holder, "authoritativeDefinitions")).find_map(|(_, definition)| {
                let kind = text(definition, "type")?.to_ascii_lowercase();
                let url = text(definition, "url")?;
                let fits = url.starts_with("https://") && url.len() <= 2000 && check_contact(url).is_ok();
                (matches!(kind.as_str(), "terms" | "termsofuse" | "license") && fits).then_some(url)
            });
        if let Some(url) = url {
            terms.insert("url".to_owned(), url.into());
        }
        (!terms.is_empty()).then(|| canonical::<Terms>(terms.into()))
    }

    /// The most sensitive classification of the contracts' properties, and at least `internal`.
    fn classification(&mut self) -> Value {
        let mut highest = None;
        let mut open: Vec<&Value> = self.contracts.values().filter_map(|contract| contract.get("schema")).collect();
        while let Some(value) = open.pop() {
            match value {
                Value::Array(list) => open.extend(list),
                Value::Object(members) => {
                    let stated = text(members, "classification").map(|stated| stated.trim().to_ascii_lowercase());
                    let known = stated.and_then(|stated| serde_json::from_value::<Classification>(stated.into()).ok());
                    highest = highest.max(known);
                    open.extend(
                        ["properties", "items", "map", "key", "value"].iter().filter_map(|name| members.get(*name)),
                    );
                }
                _ => {}
            }
        }
        let read = highest.filter(|known| *known > Classification::Internal).unwrap_or(Classification::Internal);
        if highest.is_none() {
            self.defaulted("classification", format!("no classification is given, so that it is `{}`", read.as_str()));
        }
        read.as_str().into()
    }

    /// The longest that any contract promises.
    fn retention(&mut self) -> Value {
        let contracts = self.contracts.values().filter_map(|contract| contract.as_object());
        let parts = contracts.flat_map(|contract| {
            let whole = std::iter::once(Part { contract, object: None });
            whole.chain(objects(contract, "schema").map(move |(_, object)| Part { contract, object: Some(object) }))
        });
        let longest = parts.filter_map(|part| part.level("retention")?.1.parse::<Days>().ok()).max();
        match longest {
            Some(days) => days.to_string().into(),
            None => {
                self.defaulted("retention", format!("no retention is given, so that it is `{RETENTION}`"));
                RETENTION.into()
            }
        }
    }

    fn access(&mut self) -> Value {
        self.defaulted("access", "nothing tells who may know of the product, so that it is its `domain`".to_owned());
        canonical::<Access>(json!({ "visibility": "domain" }))
    }

    fn shared(&self, member: &str) -> Option<(String, usize, Value)> {
        self.contracts.iter().find_map(|(id, contract)| {
            let (index, patch) = custom::get(contract.as_object()?, member)?;
            Some(((*id).to_owned(), index, patch.clone()))
        })
    }

    fn overridden(&mut self, read: &mut Map<String, Value>) {
        for member in SHARED {
            if let Some((id, index, patch)) = self.shared(member) {
                custom::merge_member(read, member, &patch);
                let at = At { source: Some(id), ..At::default() };
                self.notes.came_from(&at.step(member, &format!("customProperties/{index}/value")));
            }
        }
        for member in PRODUCT {
            if let Some((index, patch)) = custom::get(self.product, member) {
                custom::merge_member(read, member, patch);
                self.notes.came_from(&self.at.step(member, &format!("customProperties/{index}/value")));
            }
        }
    }
}

fn some(list: Vec<Value>) -> Option<Value> {
    (!list.is_empty()).then(|| list.into())
}

fn suggestion(rule: TextRule, given: &str) -> Option<String> {
    rule.suggestion(given).or_else(|| {
        let name = super::value::port_name(given);
        (rule != TextRule::Version && rule.check(&name).is_ok()).then_some(name)
    })
}

/// The tags that are fit to search by, each once; others are carried.
pub fn tags(product: &Map<String, Value>) -> Vec<String> {
    let mut seen = HashSet::new();
    let list = product.get("tags").and_then(Value::as_array).into_iter().flatten();
    let fit = |tag: &&str| (1..=60).contains(&tag.chars().count()) && !tag.trim().is_empty();
    let texts = list.filter_map(Value::as_str).filter(fit);
    texts.filter(|tag| seen.insert((*tag).to_owned())).take(50).map(str::to_owned).collect()
}

/// The channels at which readers are reached, each with its index; others are carried.
pub fn support(product: &Map<String, Value>) -> Vec<(usize, Value)> {
    let found = objects(product, "support").filter_map(|(index, entry)| {
        let channel = text(entry, "channel").filter(|channel| channel.chars().count() <= 200)?;
        let url = text(entry, "url").filter(|url| url.chars().count() <= 320 && check_contact(url).is_ok())?;
        let mut support = Map::from_iter([("channel".to_owned(), channel.into()), ("url".to_owned(), url.into())]);
        if let Some(description) = text(entry, "description").filter(|text| text.chars().count() <= 1000) {
            support.insert("description".to_owned(), description.into());
        }
        Some((index, support.into()))
    });
    found.take(20).collect()
}

/// The input ports whose `contractId`, or custom property `dataMeshPort`, is a port's address, each with its index; others are carried.
pub fn inputs(product: &Map<String, Value>) -> Vec<(usize, Value)> {
    let mut seen = HashSet::new();
    let found = objects(product, "inputPorts").filter_map(|(index, input)| {
        let given =
            custom::get(input, "port").and_then(|(_, value)| value.as_str()).or_else(|| text(input, "contractId"))?;
        let address = given.parse::<PortAddress>().ok()?;
        let stated =
            custom::get(input, "purpose").and_then(|(_, value)| value.as_str()).or_else(|| text(input, "name"));
        let purpose: String =
            stated.filter(|text| !text.trim().is_empty()).unwrap_or("input").chars().take(60).collect();
        seen.insert(address.clone()).then(|| (index, json!({ "port": address.to_string(), "purpose": purpose })))
    });
    found.take(100).collect()
}
