//! The marketplace: search over HTTP.

use std::sync::Arc;

use axum::{
    Router,
    extract::{FromRef, State},
};
use mesh_api::{
    routes::{self, Function},
    types,
};
use mesh_core::{
    domain::DomainStore,
    identity::Identity,
    marketplace::{Marketplace, SearchInput},
    search_index::{Hit, SearchIndex},
};
use mesh_http::{Authenticated, Failure, Gate, Json, Query, Routes, token::Verifier};
use serde::Deserialize;

/// What the marketplace needs of the outside.
#[derive(Debug, Clone)]
pub struct Deps {
    pub domains: Arc<dyn DomainStore>,
    pub search: Arc<dyn SearchIndex>,
    pub verifier: Verifier,
}

#[derive(Debug, Clone)]
struct Service {
    gate: Gate,
    marketplace: Marketplace,
}

impl FromRef<Service> for Gate {
    fn from_ref(service: &Service) -> Self {
        service.gate.clone()
    }
}

/// The marketplace's router.
pub fn router(deps: Deps) -> Router {
    let service = Service {
        gate: Gate { verifier: deps.verifier, identity: Identity { domains: deps.domains } },
        marketplace: Marketplace { search: deps.search },
    };
    Routes::of(Function::Marketplace).serve(&routes::SEARCH, search).finish(service)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SearchParameters {
    q: Option<String>,
    domain: Option<String>,
    sla_minutes: Option<u64>,
    classification: Option<String>,
    format: Option<String>,
    cursor: Option<String>,
    limit: Option<usize>,
}

async fn search(
    State(service): State<Service>,
    Authenticated(caller): Authenticated,
    Query(parameters): Query<SearchParameters>,
) -> Result<Json<types::SearchAnswer>, Failure> {
    let SearchParameters { q, domain, sla_minutes, classification, format, cursor, limit } = parameters;
    let input = SearchInput { q, domain, sla_minutes, classification, format, cursor, limit };
    let answer = service.marketplace.search(&caller, input).await?;
    Ok(Json(types::SearchAnswer {
        total: answer.total,
        items: answer.hits.into_iter().map(hit).collect(),
        facets: answer.facets,
        cursor: answer.cursor,
    }))
}

fn hit(hit: Hit) -> types::SearchHit {
    let document = hit.document;
    types::SearchHit {
        product: document.product_id.to_string(),
        domain: document.domain.to_string(),
        name: document.name,
        version: document.version,
        description: document.description,
        owner_team: document.owner_team,
        owner_contact: document.owner_contact,
        classification: document.classification.as_str().to_owned(),
        tags: document.tags,
        status: document.status,
        sla_minutes: document.sla_minutes,
        compliance: document.compliance,
        ports: document
            .ports
            .into_iter()
            .map(|port| types::SearchPort {
                id: port.address,
                format: port.format.as_str().to_owned(),
                sla_minutes: port.sla_minutes,
            })
            .collect(),
        score: hit.score,
        highlights: hit.highlights,
    }
}
