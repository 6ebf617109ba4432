//! `mesh_domain`: a domain and its members.

use async_trait::async_trait;
use mesh_api::types::{Domain, DomainInput, Member};
use mesh_client::Client;
use serde::Deserialize;
use tfplugin::{Attribute, Change, Context, Diagnostics, Nesting, Plan, Resource, Schema, Type, Value};

use crate::connection::Mesh;
use crate::problem::{diagnose, diagnose_fields, is_gone};

/// The domain whose members manage domains.
pub const PLATFORM: &str = "platform";

/// The resource `mesh_domain`.
#[derive(Debug)]
pub struct DomainResource;

#[derive(Deserialize)]
struct Wanted {
    name: mesh_manifest::DomainName,
    description: String,
    members: Vec<Member>,
}

#[async_trait]
impl Resource<Mesh> for DomainResource {
    fn schema(&self) -> Schema {
        let member = [
            Attribute::string("principal").required().describe("`issuer|subject`, as the principal's tokens say."),
            Attribute::new("roles", Type::set(Type::String))
                .required()
                .describe("`owner`, `steward`, `producer`, `consumer`, or the name of an approver role."),
        ];
        Schema::new(
            "A domain of the mesh. Only owners of the domain `platform` create and delete domains.",
            [
                Attribute::string("id").computed().use_state_for_unknown().describe("The name."),
                Attribute::string("name").required().requires_replace().describe(
                    "Lower-case letters, digits and hyphens, 20 characters at most. Changing it makes another domain.",
                ),
                Attribute::string("description").required().describe("What the domain is about, 1 to 2000 characters."),
                Attribute::nested("members", Nesting::Set, member)
                    .required()
                    .describe("Who belongs to the domain, in which roles."),
                Attribute::string("external_id")
                    .computed()
                    .use_state_for_unknown()
                    .describe("What the domain's IAM roles must ask of whoever assumes them (`sts:ExternalId`)."),
            ],
        )
    }

    async fn validate(&self, config: &Value) -> Diagnostics {
        valid_name(config, "name")
    }

    async fn modify_plan(&self, _cx: &Context<Mesh>, plan: &mut Plan) -> Result<(), Diagnostics> {
        let name = plan.planned().get("name").clone();
        plan.set("id", name);
        Ok(())
    }

    async fn create(&self, cx: &Context<Mesh>, change: &Change) -> Result<Value, Diagnostics> {
        let created = client(cx)?.create_domain(&input(&change.planned)?).await;
        created.map(|domain| state(&domain)).map_err(|error| diagnose_fields(&error, &["description", "members"]))
    }

    async fn read(&self, cx: &Context<Mesh>, state: &Value) -> Result<Option<Value>, Diagnostics> {
        let name = state.get("name").as_str().unwrap_or_default();
        let domain = client(cx)?.domain(name).await.map_err(|error| diagnose(&error))?;
        Ok(domain.as_ref().map(self::state))
    }

    async fn update(&self, cx: &Context<Mesh>, change: &Change) -> Result<Value, Diagnostics> {
        let updated = client(cx)?.update_domain(&input(&change.planned)?).await;
        updated.map(|domain| state(&domain)).map_err(|error| diagnose_fields(&error, &["description", "members"]))
    }

    async fn delete(&self, cx: &Context<Mesh>, state: &Value) -> Result<(), Diagnostics> {
        match client(cx)?.delete_domain(state.get("name").as_str().unwrap_or_default()).await {
            Err(error) if !is_gone(&error) => Err(diagnose(&error)),
            _ => Ok(()),
        }
    }

    async fn import(&self, _cx: &Context<Mesh>, id: &str) -> Result<Value, Diagnostics> {
        imported(id)?;
        Ok(Value::object([("id", id), ("name", id)]))
    }
}

/// Checks an attribute that names a domain, where it is known.
pub fn valid_name(config: &Value, attribute: &str) -> Diagnostics {
    let Some(name) = config.get(attribute).as_str() else { return Diagnostics::new() };
    match name.parse::<mesh_manifest::DomainName>() {
        Ok(_) => Diagnostics::new(),
        Err(error) => tfplugin::Diagnostic::error(error.to_string()).at(attribute).into(),
    }
}

/// Checks the id of an import, which is a domain's name.
pub fn imported(id: &str) -> Result<(), Diagnostics> {
    id.parse::<mesh_manifest::DomainName>()
        .map(|_| ())
        .map_err(|error| tfplugin::Diagnostic::error(error.to_string()).into())
}

fn client(cx: &Context<Mesh>) -> Result<Client, Diagnostics> {
    cx.client().acting_by_default_for(PLATFORM)
}

fn input(planned: &Value) -> Result<DomainInput, Diagnostics> {
    let [name, description, members] = ["name", "description", "members"].map(|name| (name, planned.get(name).clone()));
    let Wanted { name, description, members } = Value::object([name, description, members]).read()?;
    Ok(DomainInput { id: name, description, members })
}

fn state(domain: &Domain) -> Value {
    let member = |member: &Member| {
        Value::object([("principal", Value::from(member.principal.as_str())), ("roles", member.roles.clone().into())])
    };
    Value::object([
        ("id", domain.id.as_str().into()),
        ("name", domain.id.as_str().into()),
        ("description", domain.description.as_str().into()),
        ("members", Value::List(domain.members.iter().map(member).collect())),
        ("external_id", domain.external_id.as_str().into()),
    ])
}
