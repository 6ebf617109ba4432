//! What a plan can say of a product before anything is registered: by the strict parser, and by the platform's dry run.

use mesh_client::ClientError;
use mesh_manifest::Manifest;
use tfplugin::{Action, Context, Diagnostic, Diagnostics, Plan, Value};

use crate::connection::Mesh;
use crate::findings;
use crate::problem::diagnose_manifest;
use crate::sentence::sentence;

/// What a registration changes besides what the manifest itself says.
const REGISTERED: [&str; 4] = ["status", "revision", "digest", "ports"];

/// The code by which the dry run says that an input is not registered.
const INPUT_UNKNOWN: &str = "input.unknown";

/// Plans identity and version, and refuses what registration would refuse.
pub async fn refine(cx: &Context<Mesh>, plan: &mut Plan) -> Result<(), Diagnostics> {
    if plan.action() == Action::Destroy {
        return Ok(());
    }
    let Some(text) = plan.planned().get("manifest").as_str().map(str::to_owned) else {
        // Not known yet: everything that follows from it is unknown by default.
        return Ok(());
    };
    let manifest = findings::parse(&text)?;
    let registered = is_registered(plan, &manifest);
    identify(plan, &manifest);
    for attribute in REGISTERED {
        let value = if registered { plan.prior().get(attribute).clone() } else { Value::unknown() };
        plan.set(attribute, value);
    }
    if registered { Ok(()) } else { judge(cx, plan.action(), &manifest, &text).await }
}

/// Whether the platform has equal content already, and has made it available.
fn is_registered(plan: &Plan, manifest: &Manifest) -> bool {
    let prior = |attribute: &str| plan.prior().get(attribute).as_str();
    prior("digest") == Some(&manifest.digest()) && prior("status") == Some("active")
}

fn identify(plan: &mut Plan, manifest: &Manifest) {
    plan.set("id", manifest.id().to_string());
    plan.set("domain", manifest.domain.as_str());
    plan.set("name", manifest.name.as_str());
    plan.set("version", manifest.version.to_string());
    // A product cannot be renamed: its name is part of every address.
    for attribute in ["domain", "name"] {
        if plan.action() == Action::Update && plan.changes(attribute) {
            plan.require_replace(attribute);
        }
    }
}

/// The dry run: read-only, and by the same code and policies as registration.
async fn judge(cx: &Context<Mesh>, action: Action, manifest: &Manifest, text: &str) -> Result<(), Diagnostics> {
    if !cx.client().is_known() {
        cx.report(not_judged("the provider's configuration is not known yet"));
        return Ok(());
    }
    match cx.client().acting_for(manifest.domain.as_str())?.plan(text).await {
        Ok(mut plan) => {
            // An input may be registered by the very same apply, before this product: registration refuses it if it is not.
            let (awaited, refused) = plan.violations.into_iter().partition(|one| one.code == INPUT_UNKNOWN);
            plan.violations = refused;
            plan.warnings.extend::<Vec<_>>(awaited);
            let found = findings::of_plan(&plan);
            if found.has_errors() {
                return Err(found);
            }
            found.into_iter().for_each(|diagnostic| cx.report(diagnostic));
            Ok(())
        }
        Err(error) if action == Action::Create && may_come_yet(&error) => {
            cx.report(not_judged(&error.to_string()));
            Ok(())
        }
        Err(error) => Err(diagnose_manifest(&error)),
    }
}

/// Whether the domain, the membership or the storage may be made in the same apply.
fn may_come_yet(error: &ClientError) -> bool {
    error.problem().is_some_and(|problem| matches!(problem.status, 403 | 404) || problem.code == "domain.no_envelope")
}

fn not_judged(reason: &str) -> Diagnostic {
    Diagnostic::warning("the manifest was not judged in the plan")
        .detail(format!("{} Registration will judge it.", sentence(reason)))
        .at("manifest")
}
