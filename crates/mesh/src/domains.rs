//! Domains: created and bound to their storage by the platform team, described and staffed by their owners.

use std::{collections::BTreeSet, sync::Arc};

use mesh_manifest::DomainName;
use serde_json::json;

use crate::{
    audit::{AuditEntry, new_id},
    clock::Clock,
    domain::{Domain, DomainStore, Envelope, Member},
    error::{StoreError, UseCaseError, Violation},
    page::Page,
    principal::{Caller, PLATFORM, Role},
    product::ProductStore,
};

/// The most members a domain may have: what one transaction can hold beside the domain itself.
pub const MAX_MEMBERS: usize = 40;

/// Manages domains.
#[derive(Debug, Clone)]
pub struct Domains {
    pub domains: Arc<dyn DomainStore>,
    pub products: Arc<dyn ProductStore>,
    pub clock: Arc<dyn Clock>,
}

/// What a domain's owner may set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DomainInput {
    pub id: DomainName,
    pub description: String,
    pub members: Vec<Member>,
}

impl Domains {
    /// Creates a domain; for the platform's members only.
    pub async fn create(&self, caller: &Caller, input: DomainInput) -> Result<Domain, UseCaseError> {
        self.require_platform(caller, "create domains")?;
        if input.id.as_str() == PLATFORM {
            return Err(UseCaseError::conflict(
                "domain.reserved",
                "`platform` is reserved for the platform itself",
                "choose another name",
            ));
        }
        check(&input)?;
        let now = self.clock.now();
        let domain = Domain {
            id: input.id,
            description: input.description,
            members: input.members,
            external_id: format!("mesh-{}", new_id()),
            envelope: None,
            revision: 1,
            created_at: now,
            updated_at: now,
        };
        let audit = AuditEntry::new(now, &domain.id, "domain.created", caller, json!({ "members": domain.members }));
        match self.domains.put_domain(None, &domain, &audit).await {
            Ok(()) => Ok(domain),
            Err(StoreError::Conflict) => Err(UseCaseError::conflict(
                "domain.exists",
                format!("the domain `{}` exists already", domain.id),
                "choose another name, or update the domain",
            )),
            Err(error) => Err(error.into()),
        }
    }

    /// The domain, for any member of the mesh; its external id only for those who manage it.
    pub async fn read(&self, caller: &Caller, id: &DomainName) -> Result<Domain, UseCaseError> {
        let mut domain = self.existing(id).await?;
        self.redact(caller, &mut domain);
        Ok(domain)
    }

    /// The domains in order of their names.
    pub async fn list(
        &self,
        caller: &Caller,
        cursor: Option<&str>,
        limit: usize,
    ) -> Result<Page<Domain>, UseCaseError> {
        let mut page = self.domains.domains(cursor, limit).await?;
        for domain in &mut page.items {
            self.redact(caller, domain);
        }
        Ok(page)
    }

    /// Sets description and members; for the platform's owners and the domain's own.
    pub async fn update(&self, caller: &Caller, input: DomainInput) -> Result<Domain, UseCaseError> {
        let of_platform = caller.is_platform() && caller.roles.contains(&Role::Owner);
        if !of_platform && !caller.has(&input.id, &[Role::Owner]) {
            return Err(UseCaseError::forbidden(
                "domain.not_owner",
                format!("only owners of `{}` and of the platform domain may change it", input.id),
                "ask an owner of the domain",
            ));
        }
        check(&input)?;
        let before = self.existing(&input.id).await?;
        if before.description == input.description && before.members == input.members {
            return Ok(before);
        }
        let now = self.clock.now();
        let after = Domain {
            description: input.description,
            members: input.members,
            revision: before.revision + 1,
            updated_at: now,
            ..before.clone()
        };
        let detail = json!({ "members_before": before.members, "members": after.members });
        let audit = AuditEntry::new(now, &after.id, "domain.updated", caller, detail);
        self.domains.put_domain(Some(&before), &after, &audit).await.map_err(|error| raced(error, &after.id))?;
        Ok(after)
    }

    /// Deletes a domain that has no products; for the platform only.
    pub async fn delete(&self, caller: &Caller, id: &DomainName) -> Result<(), UseCaseError> {
        self.require_platform(caller, "delete domains")?;
        let before = self.existing(id).await?;
        if id.as_str() == PLATFORM {
            return Err(UseCaseError::conflict("domain.reserved", "the platform domain cannot be deleted", "leave it"));
        }
        let mut cursor = None;
        loop {
            let page = self.products.products(Some(id), cursor.as_deref(), 100).await?;
            if let Some(product) = page.items.iter().find(|product| product.status != crate::product::Status::Retired) {
                return Err(UseCaseError::conflict(
                    "domain.has_products",
                    format!("the domain `{id}` still has products, such as `{}`", product.id),
                    "retire its products first",
                ));
            }
            match page.cursor {
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
        let audit = AuditEntry::new(self.clock.now(), id, "domain.deleted", caller, json!({}));
        self.domains.delete_domain(&before, &audit).await.map_err(|error| raced(error, id))
    }

    /// Binds a domain to its storage, each resource to one domain only; for the platform only.
    pub async fn bind_envelope(
        &self,
        caller: &Caller,
        id: &DomainName,
        envelope: Option<Envelope>,
    ) -> Result<Domain, UseCaseError> {
        self.require_platform(caller, "bind envelopes")?;
        if let Some(envelope) = &envelope {
            check_envelope(envelope)?;
        }
        let before = self.existing(id).await?;
        if before.envelope == envelope {
            return Ok(before);
        }
        let now = self.clock.now();
        let after = Domain { envelope, revision: before.revision + 1, updated_at: now, ..before.clone() };
        let action = if after.envelope.is_some() { "domain.envelope_bound" } else { "domain.envelope_released" };
        let audit = AuditEntry::new(now, id, action, caller, json!({ "envelope": after.envelope }));
        match self.domains.put_domain(Some(&before), &after, &audit).await {
            Ok(()) => Ok(after),
            Err(StoreError::Conflict) => Err(UseCaseError::conflict(
                "domain.envelope_conflict",
                format!(
                    "the envelope of `{id}` could not be bound: another domain holds one of its resources, or the domain changed meanwhile"
                ),
                "give each domain its own bucket, key, database and roles, and try again",
            )),
            Err(error) => Err(error.into()),
        }
    }

    async fn existing(&self, id: &DomainName) -> Result<Domain, UseCaseError> {
        self.domains.domain(id).await?.ok_or_else(|| UseCaseError::not_found("domain", id))
    }

    fn require_platform(&self, caller: &Caller, what: &str) -> Result<(), UseCaseError> {
        if caller.is_platform() && caller.roles.contains(&Role::Owner) {
            return Ok(());
        }
        Err(UseCaseError::forbidden(
            "domain.platform_only",
            format!("only owners of the platform domain may {what}"),
            "ask the platform team, or name `platform` in Mesh-Domain if you belong to it",
        ))
    }

    /// Members and the external id are nobody's business but the domain's and of those who oversee the platform.
    fn redact(&self, caller: &Caller, domain: &mut Domain) {
        if !caller.oversees() && caller.domain != domain.id {
            domain.external_id = String::new();
            domain.members = Vec::new();
            domain.envelope = None;
        }
    }
}

fn raced(error: StoreError, id: &DomainName) -> UseCaseError {
    match error {
        StoreError::Conflict => UseCaseError::conflict(
            "domain.changed_meanwhile",
            format!("the domain `{id}` was changed by somebody else meanwhile"),
            "read it again and retry",
        ),
        error => error.into(),
    }
}

fn check(input: &DomainInput) -> Result<(), UseCaseError> {
    let mut violations = Vec::new();
    if input.description.trim().is_empty() || input.description.chars().count() > 2000 {
        violations.push(Violation::new(
            "domain.description",
            "/description",
            "the description must have 1 to 2000 characters",
        ));
    }
    if input.members.len() > MAX_MEMBERS {
        violations.push(
            Violation::new(
                "domain.too_many_members",
                "/members",
                format!("a domain has at most {MAX_MEMBERS} members"),
            )
            .with_remedy("make groups of your identity provider members instead of persons"),
        );
    }
    let mut seen = BTreeSet::new();
    for (index, member) in input.members.iter().enumerate() {
        if member.roles.is_empty() {
            violations.push(Violation::new(
                "domain.member_without_role",
                format!("/members/{index}/roles"),
                "a member needs at least one role",
            ));
        }
        if !seen.insert(&member.principal) {
            violations.push(Violation::new(
                "domain.duplicate_member",
                format!("/members/{index}/principal"),
                format!("`{}` is listed twice", member.principal),
            ));
        }
    }
    if !input.members.iter().any(|member| member.roles.contains(&Role::Owner)) {
        violations.push(Violation::new(
            "domain.no_owner",
            "/members",
            "a domain needs at least one member with the role owner",
        ));
    }
    if violations.is_empty() { Ok(()) } else { Err(UseCaseError::Invalid(violations)) }
}

fn check_envelope(envelope: &Envelope) -> Result<(), UseCaseError> {
    let mut violations = Vec::new();
    let mut require = |ok: bool, field: &str, expected: &str, value: &str| {
        if !ok {
            let shown: String = value.chars().take(120).collect();
            violations.push(Violation::new(
                "domain.envelope_invalid",
                format!("/{field}"),
                format!("`{shown}` is not {expected}"),
            ));
        }
    };
    let bucket = &envelope.bucket;
    let bucket_ok = (3..=63).contains(&bucket.len())
        && bucket.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    require(bucket_ok, "bucket", "a bucket name of lower-case letters, digits and hyphens", bucket);
    let database = &envelope.glue_database;
    let database_ok = !database.is_empty()
        && database.len() <= 255
        && database.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    require(
        database_ok,
        "glue_database",
        "a Glue database name of lower-case letters, digits and underscores",
        database,
    );
    for (field, value, service) in [
        ("key_arn", &envelope.key_arn, "kms"),
        ("reader_role_arn", &envelope.reader_role_arn, "iam"),
        ("producer_role_arn", &envelope.producer_role_arn, "iam"),
        ("observer_role_arn", &envelope.observer_role_arn, "iam"),
        ("alert_topic_arn", &envelope.alert_topic_arn, "sns"),
    ] {
        require(is_arn(value, service), field, &format!("an ARN of {service}"), value);
    }
    let mut bindings: Vec<_> = envelope.bindings().into();
    bindings.sort();
    bindings.dedup();
    if bindings.len() < 6 {
        violations.push(Violation::new(
            "domain.envelope_invalid",
            "",
            "reader, producer and observer must be three different roles",
        ));
    }
    if violations.is_empty() { Ok(()) } else { Err(UseCaseError::Invalid(violations)) }
}

/// Whether `text` is `arn:PARTITION:SERVICE:…` of plain characters: nothing that widens a policy that it is put into.
fn is_arn(text: &str, service: &str) -> bool {
    let mut parts = text.split(':');
    parts.next() == Some("arn")
        && parts.next().is_some_and(|partition| partition.starts_with("aws"))
        && parts.next() == Some(service)
        && parts.count() >= 3
        && text.len() <= 300
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b":/-_+=,.@".contains(&b))
}
