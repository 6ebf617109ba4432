//! Terraform's calls: each decodes its values, runs the author's code, and answers with a result, messages or both.

use super::registry::{Service, decode, encode, fit, wholly_known};
use crate::plan::{first_write_only, propose, require_replacements};
use crate::{Action, Change, Context, Diagnostic, Diagnostics, Plan, Provider, Schema, Value, wire};

/// What there is to say to the user, whether or not the call went through.
type Said = Result<Diagnostics, Diagnostics>;

fn said(outcome: Said) -> Vec<wire::Diagnostic> {
    match outcome {
        Ok(diagnostics) | Err(diagnostics) => diagnostics.into(),
    }
}

impl<P: Provider> Service<P> {
    pub async fn validate_provider(&self, request: wire::ValidateProviderRequest) -> wire::ValidateProviderResponse {
        let outcome = async {
            let config = decode(request.config.as_ref(), &self.schema.ty)?;
            Ok(self.schema.locate(self.check(self.provider.validate(&config)).await))
        };
        wire::ValidateProviderResponse { diagnostics: said(outcome.await) }
    }

    pub async fn validate_resource(&self, request: wire::ValidateRequest) -> wire::DiagnosticsResponse {
        let outcome = async {
            let offer = self.resource(&request.type_name)?;
            let config = decode(request.config.as_ref(), &offer.schema.ty)?;
            let mut found = self.check(offer.item.validate(&config)).await;
            // An older Terraform would store the value in its state.
            if !request.client_capabilities.unwrap_or_default().write_only_attributes_allowed
                && let Some(path) = first_write_only(&offer.schema.fields, &config)
            {
                found.push(Diagnostic::error("write-only arguments need Terraform 1.11 or later").at(path));
            }
            Ok(offer.schema.locate(found))
        };
        wire::DiagnosticsResponse { diagnostics: said(outcome.await) }
    }

    pub async fn validate_data_source(&self, request: wire::ValidateRequest) -> wire::DiagnosticsResponse {
        let outcome = async {
            let offer = self.data_source(&request.type_name)?;
            let config = decode(request.config.as_ref(), &offer.schema.ty)?;
            Ok(offer.schema.locate(self.check(offer.item.validate(&config)).await))
        };
        wire::DiagnosticsResponse { diagnostics: said(outcome.await) }
    }

    pub async fn validate_ephemeral(&self, request: wire::ValidateRequest) -> wire::DiagnosticsResponse {
        let outcome = async {
            let offer = self.ephemeral(&request.type_name)?;
            let config = decode(request.config.as_ref(), &offer.schema.ty)?;
            Ok(offer.schema.locate(self.check(offer.item.validate(&config)).await))
        };
        wire::DiagnosticsResponse { diagnostics: said(outcome.await) }
    }

    pub async fn configure(&self, request: wire::ConfigureRequest) -> wire::DiagnosticsResponse {
        let outcome = async {
            let config = decode(request.config.as_ref(), &self.schema.ty)?;
            let cx = self.bare_context(&request.terraform_version);
            if let Some(client) = cx.guard(self.provider.configure(&cx, &config)).await {
                self.set_client(client, &request.terraform_version);
            }
            Ok(self.schema.locate(cx.take_diagnostics()))
        };
        wire::DiagnosticsResponse { diagnostics: said(outcome.await) }
    }

    pub async fn upgrade_state(&self, request: wire::UpgradeStateRequest) -> wire::UpgradeStateResponse {
        let mut response = wire::UpgradeStateResponse::default();
        let outcome = async {
            let offer = self.resource(&request.type_name)?;
            let mut json = request.raw_state.unwrap_or_default().json;
            if json.is_empty() {
                return Err(Diagnostic::error(
                    "the state was written by a Terraform older than 0.12 and cannot be read",
                )
                .into());
            }
            let unreadable =
                |error: String| Diagnostic::error("the stored state does not fit the schema").detail(error);
            let cx = self.bare_context("");
            // Only what needs it goes through the hook: its JSON numbers are doubles.
            if request.version != offer.schema.version {
                let state = serde_json::from_slice(&json).map_err(|error| unreadable(error.to_string()))?;
                let Some(upgraded) = cx.guard(async { offer.item.upgrade(request.version, state) }).await else {
                    return Ok(offer.schema.locate(cx.take_diagnostics()));
                };
                json = upgraded.to_string().into_bytes();
            }
            let state =
                Value::from_state_json(&json, &offer.schema.ty).map_err(|error| unreadable(error.to_string()))?;
            response.upgraded_state = Some(encode(&state, &offer.schema)?);
            Ok(offer.schema.locate(cx.take_diagnostics()))
        };
        response.diagnostics = said(outcome.await);
        response
    }

    pub async fn read_resource(&self, request: wire::ReadResourceRequest) -> wire::ReadResourceResponse {
        let mut response = wire::ReadResourceResponse {
            new_state: request.current_state.clone(),
            private: request.private.clone(),
            diagnostics: Vec::new(),
        };
        let outcome = async {
            let offer = self.resource(&request.type_name)?;
            let state = decode(request.current_state.as_ref(), &offer.schema.ty)?;
            let cx = self.context(request.private)?;
            if let Some(read) = cx.guard(offer.item.read(&cx, &state)).await {
                let state = fit(read.unwrap_or(Value::Null), &offer.schema).and_then(wholly_known)?;
                response.new_state = Some(encode(&state, &offer.schema)?);
                response.private = cx.private();
            }
            Ok(offer.schema.locate(cx.take_diagnostics()))
        };
        response.diagnostics = said(outcome.await);
        response
    }

    pub async fn plan(&self, request: wire::PlanRequest) -> wire::PlanResponse {
        let mut response =
            wire::PlanResponse { planned_private: request.prior_private.clone(), ..wire::PlanResponse::default() };
        let outcome = async {
            let offer = self.resource(&request.type_name)?;
            let [config, prior, proposed] = [&request.config, &request.prior_state, &request.proposed_new_state]
                .map(|sent| decode(sent.as_ref(), &offer.schema.ty));
            let mut plan = propose(&offer.schema, config?, prior?, proposed?);
            let cx = self.context(request.prior_private)?;
            if cx.guard(offer.item.modify_plan(&cx, &mut plan)).await.is_some() {
                require_replacements(&offer.schema, &mut plan);
                let planned = fit(plan.planned, &offer.schema)?;
                response.planned_state = Some(encode(&planned, &offer.schema)?);
                response.requires_replace = plan.replace.iter().map(Into::into).collect();
                response.planned_private = cx.private();
            }
            Ok(offer.schema.locate(cx.take_diagnostics()))
        };
        response.diagnostics = said(outcome.await);
        response
    }

    pub async fn apply(&self, request: wire::ApplyRequest) -> wire::ApplyResponse {
        let mut response = wire::ApplyResponse {
            new_state: request.prior_state.clone(),
            private: request.planned_private.clone(),
            diagnostics: Vec::new(),
        };
        let outcome = async {
            let offer = self.resource(&request.type_name)?;
            let [config, prior, planned] = [&request.config, &request.prior_state, &request.planned_state]
                .map(|sent| decode(sent.as_ref(), &offer.schema.ty));
            let plan = Plan { config: config?, prior: prior?, planned: planned?, replace: Vec::new() };
            let cx = self.context(request.planned_private)?;
            let action = plan.action();
            let change = Change { config: plan.config, prior: plan.prior, planned: plan.planned };
            let new = match action {
                Action::Destroy => {
                    let gone = cx.guard(offer.item.delete(&cx, &change.prior)).await.is_some() && !cx.has_errors();
                    gone.then_some(Value::Null)
                }
                Action::Create => {
                    let made = cx.guard(offer.item.create(&cx, &change)).await;
                    settle(&cx, made, &change, &offer.schema)
                }
                Action::Update => {
                    let made = cx.guard(offer.item.update(&cx, &change)).await;
                    settle(&cx, made, &change, &offer.schema)
                }
            };
            if let Some(state) = new {
                response.new_state = Some(encode(&state, &offer.schema)?);
            }
            response.private = cx.private();
            Ok(offer.schema.locate(cx.take_diagnostics()))
        };
        response.diagnostics = said(outcome.await);
        response
    }

    pub async fn import(&self, request: wire::ImportRequest) -> wire::ImportResponse {
        let mut response = wire::ImportResponse::default();
        let outcome = async {
            let offer = self.resource(&request.type_name)?;
            let cx = self.context(Vec::new())?;
            if let Some(imported) = cx.guard(offer.item.import(&cx, &request.id)).await {
                let state = fit(imported, &offer.schema).and_then(wholly_known)?;
                response.imported_resources.push(wire::ImportedResource {
                    type_name: request.type_name.clone(),
                    state: Some(encode(&state, &offer.schema)?),
                    private: cx.private(),
                });
            }
            Ok(offer.schema.locate(cx.take_diagnostics()))
        };
        let diagnostics = said(outcome.await);
        response.diagnostics = diagnostics;
        response
    }

    pub async fn read_data_source(&self, request: wire::ReadRequest) -> wire::ReadDataSourceResponse {
        let mut response = wire::ReadDataSourceResponse::default();
        let outcome = async {
            let offer = self.data_source(&request.type_name)?;
            let config = decode(request.config.as_ref(), &offer.schema.ty)?;
            let cx = self.context(Vec::new())?;
            if let Some(read) = cx.guard(offer.item.read(&cx, &config)).await {
                let state = fit(read, &offer.schema).and_then(wholly_known)?;
                response.state = Some(encode(&state, &offer.schema)?);
            }
            Ok(offer.schema.locate(cx.take_diagnostics()))
        };
        response.diagnostics = said(outcome.await);
        response
    }

    pub async fn open_ephemeral(&self, request: wire::ReadRequest) -> wire::OpenEphemeralResponse {
        let mut response = wire::OpenEphemeralResponse::default();
        let outcome = async {
            let offer = self.ephemeral(&request.type_name)?;
            let config = decode(request.config.as_ref(), &offer.schema.ty)?;
            let cx = self.context(Vec::new())?;
            if let Some(opened) = cx.guard(offer.item.open(&cx, &config)).await {
                let result = fit(opened.result, &offer.schema).and_then(wholly_known)?;
                response.result = Some(encode(&result, &offer.schema)?);
                response.renew_at = opened.renew_at.map(Into::into);
                response.private = Some(cx.private());
            }
            Ok(offer.schema.locate(cx.take_diagnostics()))
        };
        response.diagnostics = said(outcome.await);
        response
    }

    pub async fn renew_ephemeral(&self, request: wire::EphemeralRequest) -> wire::RenewEphemeralResponse {
        let mut response = wire::RenewEphemeralResponse::default();
        let outcome = async {
            let offer = self.ephemeral(&request.type_name)?;
            let cx = self.context(request.private.unwrap_or_default())?;
            let renewed = cx.guard(offer.item.renew(&cx)).await;
            response.renew_at = renewed.flatten().map(Into::into);
            response.private = Some(cx.private());
            Ok(offer.schema.locate(cx.take_diagnostics()))
        };
        response.diagnostics = said(outcome.await);
        response
    }

    pub async fn close_ephemeral(&self, request: wire::EphemeralRequest) -> wire::DiagnosticsResponse {
        let outcome = async {
            let offer = self.ephemeral(&request.type_name)?;
            let cx = self.context(request.private.unwrap_or_default())?;
            cx.guard(offer.item.close(&cx)).await;
            Ok(offer.schema.locate(cx.take_diagnostics()))
        };
        wire::DiagnosticsResponse { diagnostics: said(outcome.await) }
    }
}

/// The state after a creation or update: what the author returned, else what was saved on the way; none to keep the prior state.
///
/// A result that cannot be stored is an error, but what was made is not forgotten: the planned values are kept.
fn settle<C>(cx: &Context<C>, made: Option<Value>, change: &Change, schema: &Schema) -> Option<Value> {
    let report = |found: Diagnostics| found.into_iter().for_each(|diagnostic| cx.report(diagnostic));
    let (value, complete) = match made {
        Some(value) => (value, true),
        None => (cx.take_saved()?, false),
    };
    let fitted = fit(value, schema).unwrap_or_else(|found| {
        report(found);
        change.planned.clone()
    });
    if complete && !cx.has_errors() {
        let _ = wholly_known(fitted.clone()).map_err(report);
    }
    Some(fitted.unknown_as_null())
}
