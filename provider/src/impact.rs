//! `mesh_impact`: what registering a manifest would change, for whom, and why it would be refused. Read in the plan.

use async_trait::async_trait;
use mesh_api::ProblemError;
use mesh_api::types::{AffectedContract, Change, Plan};
use tfplugin::{Attribute, Context, DataSource, Diagnostics, Nesting, Schema, Type, Value};

use crate::connection::Mesh;
use crate::findings;
use crate::problem::diagnose_manifest;

/// The data source `mesh_impact`.
#[derive(Debug)]
pub struct ImpactLookup;

#[async_trait]
impl DataSource<Mesh> for ImpactLookup {
    fn schema(&self) -> Schema {
        let text = |name: &str, what: &str| Attribute::string(name).computed().describe(what);
        let texts = |name: &str, what: &str| Attribute::new(name, Type::list(Type::String)).computed().describe(what);
        let change = [
            text("code", "Stable code, such as `evolution.field_removed`."),
            text("kind", "`patch`, `minor` or `major`."),
            text("pointer", "JSON pointer into the manifest."),
            text("port", "The port's address."),
            text("field", "The field's name."),
            text("before", "What was."),
            text("after", "What would be."),
            text("reason", "Why it is of this kind."),
        ];
        let finding = [
            text("severity", "`error` or `warning`."),
            text("code", "Stable code of the rule."),
            text("pointer", "JSON pointer into the manifest."),
            Attribute::number("line").computed().describe("Line in the manifest, from 1."),
            Attribute::number("column").computed().describe("Column in the line, from 1."),
            text("detail", "What is wrong."),
            text("remedy", "What to do about it."),
        ];
        let affected = [
            text("contract", "The contract's id."),
            text("consumer_domain", "Who would be broken."),
            text("contact", "Where the consumer is reached; shown to owners and producers of the product only."),
            text("port", "The port's address."),
            texts("fields", "The fields in question that the consumer uses; empty where it is the whole port."),
            texts("codes", "The codes of the changes."),
        ];
        Schema::new(
            "The platform's judgement of a manifest before it is registered, by the same code and policies. Nothing is written.",
            [
                Attribute::string("manifest").required().describe("The manifest, YAML or JSON."),
                Attribute::bool("allow_refused")
                    .optional()
                    .describe("`true` reports a refusal in `accepted` and `findings` instead of failing the plan."),
                text("product", "The product's id."),
                text("version", "The version in the manifest."),
                Attribute::bool("accepted").computed().describe("Whether registration would accept the manifest."),
                Attribute::bool("unchanged").computed().describe("Whether equal content is registered already."),
                text("change", "The class of the change as a whole: `new`, `none`, `patch`, `minor` or `major`."),
                Attribute::nested("changes", Nesting::List, change)
                    .computed()
                    .describe("Every difference from what is registered."),
                Attribute::nested("findings", Nesting::List, finding)
                    .computed()
                    .describe("What stands against the manifest, and warnings."),
                Attribute::nested("affected", Nesting::List, affected)
                    .computed()
                    .describe("Live contracts that would be broken."),
                text("findings_digest", "For `mesh_data_product`'s `findings_digest`."),
                text("policy_revision", "The revision of the policies that judged."),
            ],
        )
    }

    async fn validate(&self, config: &Value) -> Diagnostics {
        config.get("manifest").as_str().map(findings::parse).and_then(Result::err).unwrap_or_default()
    }

    async fn read(&self, cx: &Context<Mesh>, config: &Value) -> Result<Value, Diagnostics> {
        let text = config.get("manifest").as_str().unwrap_or_default();
        let manifest = findings::parse(text)?;
        let client = cx.client().acting_for(manifest.domain.as_str())?;
        let plan = client.plan(text).await.map_err(|error| diagnose_manifest(&error))?;
        if !plan.accepted && config.get("allow_refused").as_bool() != Some(true) {
            return Err(findings::of_plan(&plan));
        }
        let found = plan
            .violations
            .iter()
            .map(|v| finding("error", v))
            .chain(plan.warnings.iter().map(|w| finding("warning", w)));
        Ok(Value::object([
            ("manifest", text.into()),
            ("allow_refused", config.get("allow_refused").clone()),
            ("product", plan.product.as_str().into()),
            ("version", plan.version.as_str().into()),
            ("accepted", plan.accepted.into()),
            ("unchanged", plan.unchanged.into()),
            ("change", class(&plan).into()),
            ("changes", Value::List(plan.changes.iter().map(change).collect())),
            ("findings", Value::List(found.collect())),
            ("affected", Value::List(plan.affected.iter().map(affected).collect())),
            ("findings_digest", plan.findings_digest.as_str().into()),
            ("policy_revision", plan.policy_revision.as_str().into()),
        ]))
    }
}

/// The gravest kind of all changes.
fn class(plan: &Plan) -> &'static str {
    let any = |kind: &str| plan.changes.iter().any(|change| change.kind == kind);
    match () {
        () if any("major") => "major",
        () if any("minor") => "minor",
        () if any("patch") => "patch",
        () if plan.unchanged => "none",
        () => "new",
    }
}

fn change(change: &Change) -> Value {
    Value::object([
        ("code", Value::from(change.code.as_str())),
        ("kind", change.kind.as_str().into()),
        ("pointer", change.pointer.as_str().into()),
        ("port", change.port.clone().into()),
        ("field", change.field.clone().into()),
        ("before", change.before.clone().into()),
        ("after", change.after.clone().into()),
        ("reason", change.reason.as_str().into()),
    ])
}

fn finding(severity: &str, error: &ProblemError) -> Value {
    let position = |number: Option<usize>| Value::from(number.and_then(|number| u64::try_from(number).ok()));
    Value::object([
        ("severity", Value::from(severity)),
        ("code", error.code.as_str().into()),
        ("pointer", error.pointer.as_str().into()),
        ("line", position(error.line)),
        ("column", position(error.column)),
        ("detail", error.detail.as_str().into()),
        ("remedy", error.remedy.clone().into()),
    ])
}

fn affected(contract: &AffectedContract) -> Value {
    Value::object([
        ("contract", Value::from(contract.contract.as_str())),
        ("consumer_domain", contract.consumer_domain.as_str().into()),
        ("contact", contract.contact.as_str().into()),
        ("port", contract.port.as_str().into()),
        ("fields", contract.fields.clone().into()),
        ("codes", contract.codes.clone().into()),
    ])
}
