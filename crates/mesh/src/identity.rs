//! From a verified principal to the caller of a request: which domain it acts for, in which roles.

use std::sync::Arc;

use mesh_manifest::DomainName;

use crate::{
    domain::DomainStore,
    error::UseCaseError,
    principal::{Caller, Principal},
};

/// Resolves principals to callers.
#[derive(Debug, Clone)]
pub struct Identity {
    pub domains: Arc<dyn DomainStore>,
}

impl Identity {
    /// The caller behind `principal`, acting for the domain it names (the `Mesh-Domain` header), else for its only one.
    ///
    /// One consistent query; a principal without membership is refused.
    pub async fn caller(&self, principal: Principal, acting: Option<&str>) -> Result<Caller, UseCaseError> {
        let acting: Option<DomainName> = acting
            .map(|text| {
                text.parse().map_err(|error| {
                    UseCaseError::invalid("request.invalid_domain", "/headers/Mesh-Domain", format!("{error}"))
                })
            })
            .transpose()?;
        let mut memberships = self.domains.memberships(&principal).await?;
        let chosen = match acting {
            Some(domain) => {
                memberships.into_iter().find(|membership| membership.domain == domain).ok_or_else(|| {
                    UseCaseError::forbidden(
                        "identity.not_a_member",
                        format!("`{principal}` is no member of the domain `{domain}`"),
                        format!(
                            "name a domain of yours (the header Mesh-Domain; Terraform's `acting_domain`), or have the platform team add you to `{domain}`"
                        ),
                    )
                })?
            }
            None if memberships.len() > 1 => {
                return Err(UseCaseError::AmbiguousDomain {
                    domains: memberships.into_iter().map(|membership| membership.domain).collect(),
                });
            }
            None => memberships.pop().ok_or_else(|| {
                UseCaseError::forbidden(
                    "identity.no_membership",
                    format!("`{principal}` is no member of any domain"),
                    "have the platform team add you to the members of your domain",
                )
            })?,
        };
        Ok(Caller { principal, domain: chosen.domain, roles: chosen.roles, membership_revision: chosen.revision })
    }
}
