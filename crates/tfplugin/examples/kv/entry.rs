//! The resource `kv_entry`.

use async_trait::async_trait;
use tfplugin::{
    Action, Attribute, Change, Context, Diagnostic, Diagnostics, Nesting, Path, Plan, Resource, Schema, Type, Value,
};

use crate::store::{Record, Store};

pub struct Entry;

#[async_trait]
impl Resource<Store> for Entry {
    fn schema(&self) -> Schema {
        let owner = [
            Attribute::string("team").required().describe("Who answers for the entry."),
            Attribute::string("contact").optional().describe("An e-mail address."),
        ];
        Schema::new(
            "An entry.",
            [
                Attribute::string("id").computed().use_state_for_unknown(),
                Attribute::string("key").required().requires_replace().describe("Its name."),
                Attribute::string("value").optional().describe("`half`, `crash` and `slow` show failures."),
                Attribute::string("secret").optional().write_only().describe("Stored nowhere but in the service."),
                Attribute::number("secret_version").optional().describe("Raise it to send the secret again."),
                Attribute::number("secret_length").computed(),
                Attribute::number("revision").computed().describe("Counts the changes."),
                Attribute::string("kind").default("plain"),
                Attribute::number("ratio").optional(),
                Attribute::new("tags", Type::set(Type::String)).optional(),
                Attribute::new("extra", Type::Dynamic).optional(),
                Attribute::nested("owner", Nesting::Single, owner).optional(),
            ],
        )
        .version(1)
    }

    async fn validate(&self, config: &Value) -> Diagnostics {
        let contact = Path::new("owner").attribute("contact");
        match config.at(&contact).as_str() {
            Some(address) if !address.contains('@') => {
                Diagnostic::error("not an e-mail address").detail(format!("`{address}` has no @.")).at(contact).into()
            }
            _ => Diagnostics::new(),
        }
    }

    async fn modify_plan(&self, cx: &Context<Store>, plan: &mut Plan) -> Result<(), Diagnostics> {
        if plan.action() == Action::Destroy && plan.prior().get("kind").as_str() == Some("precious") {
            cx.report(Diagnostic::warning("a precious entry will be destroyed"));
        }
        if plan.planned().get("key").as_str().is_some_and(|key| key.starts_with("reserved.")) {
            return Err(Diagnostic::error("the key is reserved")
                .detail("Keys in `reserved.` belong to the service.")
                .at("key")
                .into());
        }
        Ok(())
    }

    async fn create(&self, cx: &Context<Store>, change: &Change) -> Result<Value, Diagnostics> {
        let key = key(&change.planned)?;
        let record = Record { revision: 1, ..wanted(change, None) };
        let taken = cx.client().change(|entries| match entries.get(&key) {
            Some(_) => true,
            None => entries.insert(key.clone(), record.clone()).is_some(),
        })?;
        if taken {
            return Err(Diagnostic::error("the key is taken")
                .detail("Import the entry, or choose another key.")
                .at("key")
                .into());
        }
        let state = with_record(change.planned.clone(), &key, &record);
        cx.set_private(format!("created by Terraform {}", cx.terraform_version()));
        cx.save(state.clone());
        match record.value.as_deref() {
            Some("half") => Err(Diagnostic::error("the entry was made but not finished").into()),
            #[expect(clippy::panic, reason = "to show what becomes of it")]
            Some("crash") => panic!("the value made it crash"),
            Some("slow") => {
                cx.client().note(&format!("waiting {}", std::process::id()))?;
                cx.cancelled().await;
                Err(Diagnostic::error("interrupted before the entry was finished").into())
            }
            _ => Ok(state),
        }
    }

    async fn read(&self, cx: &Context<Store>, state: &Value) -> Result<Option<Value>, Diagnostics> {
        let key = key(state)?;
        Ok(cx.client().get(&key)?.map(|record| {
            let mut state = with_record(state.clone(), &key, &record);
            state.put(&"value".into(), record.value.into());
            if state.get("kind").is_null() {
                state.put(&"kind".into(), "plain".into());
            }
            state
        }))
    }

    async fn update(&self, cx: &Context<Store>, change: &Change) -> Result<Value, Diagnostics> {
        let key = key(&change.planned)?;
        if change.planned.get("value").as_str() == Some("refused") {
            return Err(Diagnostic::error("the service refuses this value").at("value").into());
        }
        if !cx.private().starts_with(b"created by Terraform") && !cx.private().is_empty() {
            return Err(Diagnostic::error("private data was lost").into());
        }
        let record = cx.client().change(|entries| {
            let old = entries.remove(&key);
            let mut record = wanted(change, old.as_ref());
            record.revision = old.map_or(1, |old| old.revision + 1);
            entries.insert(key.clone(), record.clone());
            record
        })?;
        Ok(with_record(change.planned.clone(), &key, &record))
    }

    async fn delete(&self, cx: &Context<Store>, state: &Value) -> Result<(), Diagnostics> {
        if state.get("kind").as_str() == Some("locked") {
            return Err(Diagnostic::error("the entry is locked").into());
        }
        let key = key(state)?;
        cx.client().change(|entries| drop(entries.remove(&key)))
    }

    async fn import(&self, _cx: &Context<Store>, id: &str) -> Result<Value, Diagnostics> {
        Ok(Value::object([("id", id), ("key", id)]))
    }

    fn upgrade(&self, version: i64, mut state: serde_json::Value) -> Result<serde_json::Value, Diagnostics> {
        // Version 0 called the value `text`.
        if let (0, Some(state)) = (version, state.as_object_mut()) {
            let text = state.remove("text").unwrap_or_default();
            state.insert("value".to_owned(), text);
        }
        Ok(state)
    }
}

fn key(state: &Value) -> Result<String, Diagnostics> {
    state.get("key").as_str().map(str::to_owned).ok_or_else(|| Diagnostic::error("the key is missing").at("key").into())
}

/// The record as planned; the secret is taken from the configuration, the only place where it is.
fn wanted(change: &Change, old: Option<&Record>) -> Record {
    let length = change.config.get("secret").as_str().and_then(|secret| u64::try_from(secret.len()).ok());
    Record {
        value: change.planned.get("value").as_str().map(str::to_owned),
        secret_length: length.or(old.and_then(|old| old.secret_length)),
        revision: 0,
    }
}

fn with_record(mut state: Value, key: &str, record: &Record) -> Value {
    state.put(&"id".into(), key.into());
    state.put(&"revision".into(), record.revision.into());
    state.put(&"secret_length".into(), record.secret_length.into());
    state
}
