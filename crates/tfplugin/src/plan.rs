//! What will happen to a resource: the default planning that every resource gets, and the plan that its hook may refine.

use crate::schema::{Attribute, Nesting, Schema};
use crate::{Path, Value};

/// What a plan is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    Create,
    /// Also where nothing changes; and the first of the calls by which Terraform plans a replacement.
    Update,
    Destroy,
}

/// A planned change, open to refinement by [`Resource::modify_plan`](crate::Resource::modify_plan).
///
/// Terraform asks several times for one change (twice for a creation, three times for a replacement, again during apply).
#[derive(Debug, Clone)]
pub struct Plan {
    pub(crate) config: Value,
    pub(crate) prior: Value,
    pub(crate) planned: Value,
    pub(crate) replace: Vec<Path>,
}

impl Plan {
    #[must_use]
    pub fn action(&self) -> Action {
        if self.planned.is_null() {
            Action::Destroy
        } else if self.prior.is_null() {
            Action::Create
        } else {
            Action::Update
        }
    }

    /// The configuration, with write-only values; null when destroying.
    #[must_use]
    pub fn config(&self) -> &Value {
        &self.config
    }

    /// The state before; null when creating.
    #[must_use]
    pub fn prior(&self) -> &Value {
        &self.prior
    }

    /// The state that apply is to reach; null when destroying.
    #[must_use]
    pub fn planned(&self) -> &Value {
        &self.planned
    }

    /// Whether anything but write-only values will be different.
    #[must_use]
    pub fn changes_anything(&self) -> bool {
        self.prior != self.planned
    }

    #[must_use]
    pub fn changes(&self, path: impl Into<Path>) -> bool {
        let path = path.into();
        self.prior.at(&path) != self.planned.at(&path)
    }

    /// Plans a value. Terraform accepts that only for attributes that are computed and not configured.
    pub fn set(&mut self, path: impl Into<Path>, value: impl Into<Value>) {
        self.planned.put(&path.into(), value.into());
    }

    /// Plans that an attribute is known only after apply.
    pub fn set_unknown(&mut self, path: impl Into<Path>) {
        self.set(path, Value::unknown());
    }

    /// Plans a replacement because of this attribute, which must differ from the state.
    pub fn require_replace(&mut self, path: impl Into<Path>) {
        self.replace.push(path.into());
    }
}

/// The plan before the resource's hook: write-only values removed, defaults filled in, and computed values unknown if anything changes.
pub(crate) fn propose(schema: &Schema, config: Value, prior: Value, proposed: Value) -> Plan {
    let mut planned = proposed;
    if !planned.is_null() {
        forget_write_only(&schema.fields, &mut planned);
        fill_defaults(&schema.fields, &config, &mut planned);
        if planned != prior {
            mark_computed(&schema.fields, &config, &prior, &mut planned);
        }
    }
    Plan { config, prior, planned, replace: Vec::new() }
}

/// Adds the replacements that the schema asks for.
pub(crate) fn require_replacements(schema: &Schema, plan: &mut Plan) {
    if plan.action() == Action::Update {
        collect_replacements(&schema.fields, &plan.prior, &plan.planned, &Path::root(), &mut plan.replace);
    }
}

/// Sets every write-only value to null.
pub(crate) fn forget_write_only(fields: &[Attribute], object: &mut Value) {
    visit(fields, Beside::default(), object, &mut |field, _, value| {
        if field.write_only {
            *value = Value::Null;
        }
        true
    });
}

/// The first write-only attribute that has a value.
pub(crate) fn first_write_only(fields: &[Attribute], object: &Value) -> Option<Path> {
    fields.iter().find_map(|field| {
        let value = object.get(&field.name);
        if field.write_only && !value.is_null() {
            return Some(Path::new(&field.name));
        }
        let (nesting, nested) = field.nested_fields()?;
        let inside = match nesting {
            Nesting::Single => first_write_only(nested, value),
            Nesting::List | Nesting::Set => {
                value.elements().iter().find_map(|element| first_write_only(nested, element))
            }
            Nesting::Map => members(value).find_map(|(_, element)| first_write_only(nested, element)),
        };
        inside.map(|_| Path::new(&field.name))
    })
}

fn fill_defaults(fields: &[Attribute], config: &Value, object: &mut Value) {
    visit(fields, Beside { config: Some(config), prior: None }, object, &mut |field, beside, value| {
        if let Some(default) = &field.default
            && beside.config.unwrap_or(value).is_null()
        {
            *value = default.clone().conform(&field.value_type()).unwrap_or(Value::Null);
        }
        true
    });
}

fn mark_computed(fields: &[Attribute], config: &Value, prior: &Value, object: &mut Value) {
    visit(fields, Beside { config: Some(config), prior: Some(prior) }, object, &mut |field, beside, value| {
        let configured = !beside.config.unwrap_or(value).is_null();
        if !configured && field.computed && field.default.is_none() {
            *value = match beside.prior {
                Some(before) if field.use_state_for_unknown && !before.is_null() => before.clone(),
                _ => Value::unknown(),
            };
        }
        configured
    });
}

/// The values of the configuration and of the state at the place of a planned value.
///
/// Elements of sets do not correspond: inside them there is neither, and what is null in the plan is taken as not configured.
#[derive(Clone, Copy, Default)]
struct Beside<'a> {
    config: Option<&'a Value>,
    prior: Option<&'a Value>,
}

impl<'a> Beside<'a> {
    fn part(self, part: impl Fn(&'a Value) -> &'a Value) -> Self {
        Self { config: self.config.map(&part), prior: self.prior.map(&part) }
    }
}

/// Applies `change` to every attribute of `object`, outside first; it says whether to go inside.
fn visit(
    fields: &[Attribute],
    beside: Beside<'_>,
    object: &mut Value,
    change: &mut dyn FnMut(&Attribute, Beside<'_>, &mut Value) -> bool,
) {
    let Value::Object(members) = object else { return };
    for field in fields {
        let Some(value) = members.get_mut(&field.name) else { continue };
        let beside = beside.part(|object| object.get(&field.name));
        if !change(field, beside, value) {
            continue;
        }
        let Some((_, nested)) = field.nested_fields() else { continue };
        match value {
            Value::Object(_) => visit(nested, beside, value, change),
            Value::List(elements) => {
                for (index, element) in elements.iter_mut().enumerate() {
                    let place = Path::root().index(index);
                    visit(nested, beside.part(|list| list.at(&place)), element, change);
                }
            }
            Value::Map(members) => {
                for (key, element) in members.iter_mut() {
                    visit(nested, beside.part(|map| map.get(key)), element, change);
                }
            }
            Value::Set(elements) => {
                elements.iter_mut().for_each(|element| visit(nested, Beside::default(), element, change));
                *value = Value::set(std::mem::take(elements));
            }
            _ => {}
        }
    }
}

fn collect_replacements(fields: &[Attribute], prior: &Value, planned: &Value, at: &Path, found: &mut Vec<Path>) {
    for field in fields {
        let (before, after) = (prior.get(&field.name), planned.get(&field.name));
        let path = at.attribute(&field.name);
        if before == after || field.write_only {
            continue;
        }
        if field.requires_replace {
            found.push(path);
        } else if let Some((nesting, nested)) = field.nested_fields() {
            match nesting {
                Nesting::Single if !before.is_null() && !after.is_null() => {
                    collect_replacements(nested, before, after, &path, found)
                }
                Nesting::List => {
                    for (index, (before, after)) in before.elements().iter().zip(after.elements()).enumerate() {
                        collect_replacements(nested, before, after, &path.index(index), found);
                    }
                }
                Nesting::Map => {
                    for (key, before) in members(before).filter(|(key, _)| !after.get(key).is_null()) {
                        collect_replacements(nested, before, after.get(key), &path.key(key), found);
                    }
                }
                Nesting::Single | Nesting::Set => {}
            }
        }
    }
}

fn members(value: &Value) -> Box<dyn Iterator<Item = (&String, &Value)> + '_> {
    match value {
        Value::Map(members) => Box::new(members.iter()),
        _ => Box::new(std::iter::empty()),
    }
}

#[cfg(test)]
mod tests;
