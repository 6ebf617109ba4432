//! What a domain store promises.

use futures::future::join_all;

use super::{
    assert_conflict, assert_invalid_cursor, assert_too_large, follow,
    samples::{at, audit, domain, domain_name, envelope, owner, principal},
    winners,
};
use crate::{
    audit::AuditLog,
    domain::{Domain, DomainStore},
    principal::Role,
};

/// Runs every promise of [`DomainStore`] on stores of its own.
pub async fn domain_store<S: DomainStore + AuditLog>(make: impl AsyncFn() -> S) {
    a_domain_reads_as_it_was_written(&make().await).await;
    stale_writes_are_refused(&make().await).await;
    memberships_follow_the_members(&make().await).await;
    a_binding_belongs_to_one_domain(&make().await).await;
    a_deleted_domain_leaves_nothing(&make().await).await;
    of_rivals_one_wins(&make().await).await;
    pages_hold_every_domain_once(&make().await).await;
    more_than_a_transaction_is_refused(&make().await).await;
}

async fn create(store: &impl DomainStore, domain: &Domain) {
    store.put_domain(None, domain, &audit(domain.id.as_str(), "domain.created", at(0))).await.unwrap();
}

/// `before` changed by `change`, at the next revision.
fn changed(before: &Domain, change: impl FnOnce(&mut Domain)) -> Domain {
    let mut after = Domain { revision: before.revision + 1, updated_at: at(1), ..before.clone() };
    change(&mut after);
    after
}

async fn a_domain_reads_as_it_was_written<S: DomainStore + AuditLog>(store: &S) {
    assert_eq!(store.domain(&domain_name("operations")).await.unwrap(), None);
    let first = domain("operations", &["alice", "bob"]);
    create(store, &first).await;
    assert_eq!(store.domain(&first.id).await.unwrap(), Some(first.clone()));

    let second = changed(&first, |domain| domain.envelope = Some(envelope("operations")));
    let entry = audit("operations", "domain.bound", at(1));
    store.put_domain(Some(&first), &second, &entry).await.unwrap();
    assert_eq!(store.domain(&first.id).await.unwrap(), Some(second));
    let log = store.entries("operations", 10).await.unwrap();
    assert_eq!(log.first(), Some(&entry));
    assert_eq!(log.len(), 2);
}

async fn stale_writes_are_refused<S: DomainStore + AuditLog>(store: &S) {
    let first = domain("operations", &["alice"]);
    create(store, &first).await;
    let entry = audit("operations", "domain.changed", at(1));
    assert_conflict(store.put_domain(None, &first, &entry).await);

    let second = changed(&first, |domain| domain.description = "Flights".to_owned());
    store.put_domain(Some(&first), &second, &entry).await.unwrap();
    let stale = changed(&first, |domain| domain.members.push(owner("mallory")));
    assert_conflict(store.put_domain(Some(&first), &stale, &entry).await);
    assert_conflict(store.delete_domain(&first, &entry).await);
    assert_eq!(store.domain(&first.id).await.unwrap(), Some(second));
    assert_eq!(store.memberships(&principal("mallory")).await.unwrap(), [], "a refused write left a membership");
    assert_eq!(store.entries("operations", 10).await.unwrap().len(), 2, "a refused write left an audit entry");

    let ghost = domain("ghost", &[]);
    assert_conflict(store.put_domain(Some(&ghost), &ghost, &entry).await);
}

async fn memberships_follow_the_members(store: &impl DomainStore) {
    let operations = domain("operations", &["alice", "bob"]);
    create(store, &operations).await;
    create(store, &domain("weather", &["alice"])).await;
    let domains = async |name: &str| -> Vec<String> {
        let memberships = store.memberships(&principal(name)).await.unwrap();
        memberships.iter().map(|membership| membership.domain.to_string()).collect()
    };
    assert_eq!(domains("alice").await, ["operations", "weather"]);
    assert_eq!(domains("bob").await, ["operations"]);
    assert_eq!(domains("carol").await, [""; 0]);

    let second = changed(&operations, |domain| {
        domain.members = vec![owner("carol"), owner("alice")];
        domain.members[1].roles = [Role::Consumer, Role::Approver("data-protection".to_owned())].into();
    });
    store.put_domain(Some(&operations), &second, &audit("operations", "domain.changed", at(1))).await.unwrap();
    assert_eq!(domains("bob").await, [""; 0]);
    assert_eq!(domains("carol").await, ["operations"]);
    let alice = store.memberships(&principal("alice")).await.unwrap();
    assert_eq!(alice[0].roles, second.members[1].roles);
    assert!(alice[0].revision > 1, "a changed membership keeps its revision");
}

async fn a_binding_belongs_to_one_domain(store: &impl DomainStore) {
    let (operations, weather) = (domain("operations", &[]), domain("weather", &[]));
    create(store, &operations).await;
    create(store, &weather).await;
    let entry = audit("operations", "domain.bound", at(1));
    let bound = changed(&operations, |domain| domain.envelope = Some(envelope("operations")));
    store.put_domain(Some(&operations), &bound, &entry).await.unwrap();

    // Each of the bound resources is refused, even where the others are free.
    let taken = envelope("operations");
    for part in 0..6 {
        let mut wanted = envelope("weather");
        match part {
            0 => wanted.bucket.clone_from(&taken.bucket),
            1 => wanted.key_arn.clone_from(&taken.key_arn),
            2 => wanted.glue_database.clone_from(&taken.glue_database),
            3 => wanted.reader_role_arn.clone_from(&taken.reader_role_arn),
            4 => wanted.producer_role_arn.clone_from(&taken.producer_role_arn),
            _ => wanted.observer_role_arn.clone_from(&taken.observer_role_arn),
        }
        let after = changed(&weather, |domain| domain.envelope = Some(wanted));
        assert_conflict(store.put_domain(Some(&weather), &after, &entry).await);
    }
    assert_eq!(store.domain(&weather.id).await.unwrap(), Some(weather.clone()));

    // A change that keeps the envelope keeps its bindings; unbinding frees them.
    let renamed = changed(&bound, |domain| domain.description = "Flights".to_owned());
    store.put_domain(Some(&bound), &renamed, &entry).await.unwrap();
    let stolen = changed(&weather, |domain| domain.envelope = Some(taken));
    assert_conflict(store.put_domain(Some(&weather), &stolen, &entry).await);
    let unbound = changed(&renamed, |domain| domain.envelope = None);
    store.put_domain(Some(&renamed), &unbound, &entry).await.unwrap();
    store.put_domain(Some(&weather), &stolen, &entry).await.unwrap();
}

async fn a_deleted_domain_leaves_nothing(store: &impl DomainStore) {
    let entry = audit("operations", "domain.deleted", at(1));
    let operations =
        changed(&domain("operations", &["alice"]), |domain| domain.envelope = Some(envelope("operations")));
    create(store, &operations).await;
    store.delete_domain(&operations, &entry).await.unwrap();
    assert_eq!(store.domain(&operations.id).await.unwrap(), None);
    assert_eq!(store.memberships(&principal("alice")).await.unwrap(), []);
    assert_eq!(store.domains(None, 10).await.unwrap().items, []);
    assert_conflict(store.delete_domain(&operations, &entry).await);
    let heir = changed(&domain("weather", &[]), |domain| domain.envelope = Some(envelope("operations")));
    create(store, &heir).await;
}

async fn of_rivals_one_wins(store: &impl DomainStore) {
    let first = domain("operations", &[]);
    let entry = audit("operations", "domain.created", at(0));
    let answers = join_all((0..5).map(|_| store.put_domain(None, &first, &entry))).await;
    assert_eq!(winners(answers), 1);

    // Domains that want the same bucket at the same time.
    let rivals: Vec<Domain> = (0..5)
        .map(|n| changed(&domain(&format!("rival{n}"), &[]), |domain| domain.envelope = Some(envelope("contested"))))
        .collect();
    let answers = join_all(rivals.iter().map(|rival| store.put_domain(None, rival, &entry))).await;
    assert_eq!(winners(answers), 1);
}

async fn pages_hold_every_domain_once(store: &impl DomainStore) {
    // In the order of ids `a` comes before `a-b`, which comes before `a0`.
    let names = ["a", "a-b", "a0", "b", "c", "d", "e"];
    for name in ["d", "a0", "e", "a", "c", "b", "a-b"] {
        create(store, &domain(name, &["alice"])).await;
    }
    let (found, pages) = follow(3, async |cursor: Option<&str>| store.domains(cursor, 3).await).await;
    assert_eq!(found.iter().map(|domain| domain.id.as_str()).collect::<Vec<_>>(), names);
    assert!(pages >= 3, "{pages} pages");
    assert_eq!(found[0], domain("a", &["alice"]));
    for bad in ["", "nonsense", "e30", "!"] {
        assert_invalid_cursor(store.domains(Some(bad), 3).await);
    }
}

async fn more_than_a_transaction_is_refused(store: &impl DomainStore) {
    let members: Vec<String> = (0..120).map(|n| format!("member{n}")).collect();
    let names: Vec<&str> = members.iter().map(String::as_str).collect();
    let crowd = domain("crowd", &names);
    let entry = audit("crowd", "domain.created", at(0));
    assert_too_large(store.put_domain(None, &crowd, &entry).await);
    assert_eq!(store.domain(&crowd.id).await.unwrap(), None);

    // Only what changes is written, so that a domain may grow past that in steps.
    let part = domain("crowd", &names[..60]);
    store.put_domain(None, &part, &entry).await.unwrap();
    let whole = changed(&part, |domain| domain.members.clone_from(&crowd.members));
    store.put_domain(Some(&part), &whole, &entry).await.unwrap();
    assert_eq!(store.memberships(&principal("member119")).await.unwrap().len(), 1);
}
