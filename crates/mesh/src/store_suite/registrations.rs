//! What a registration promises: all of it or nothing, and only on what was read.

use futures::future::join_all;
use mesh_manifest::PortAddress;

use super::{
    assert_conflict, assert_too_large,
    samples::{at, audit, contract, first_registration, next_registration, port, remembered, schema},
    winners,
};
use crate::{
    audit::AuditLog,
    contract::ContractStore,
    error::StoreError,
    idempotency::IdempotencyStore,
    product::{Product, ProductStore, Registration, Status},
    schema_registry::SchemaStore,
};

/// Runs every promise of [`ProductStore::register`] on stores of its own.
pub async fn registration<S>(make: impl AsyncFn() -> S)
where
    S: ProductStore + SchemaStore + ContractStore + IdempotencyStore + AuditLog,
{
    everything_is_written_together(&make().await).await;
    nothing_is_written_of_a_refused_one(&make().await).await;
    ports_inputs_and_schemas_follow(&make().await).await;
    what_others_wrote_is_kept(&make().await).await;
    of_rivals_one_wins(&make().await).await;
    a_contract_that_came_first_refuses_it(&make().await).await;
    what_it_is_made_from_is_there_and_knows(&make().await).await;
    an_answered_key_refuses_it(&make().await).await;
    more_than_a_transaction_or_an_item_is_refused(&make().await).await;
}

async fn current(store: &impl ProductStore, id: &str) -> Product {
    store.product(&id.parse().unwrap()).await.unwrap().unwrap()
}

fn address(text: &str) -> PortAddress {
    text.parse().unwrap()
}

async fn everything_is_written_together<S>(store: &S)
where
    S: ProductStore + SchemaStore + IdempotencyStore + AuditLog,
{
    let mut registration = first_registration("operations.flights");
    registration.inputs = vec![address("weather.hourly/observations@1"), address("weather.hourly/observations@1")];
    registration.remember = Some(remembered("key", "2100-01-01T00:00:00Z".parse().unwrap()));
    store.register(&registration).await.unwrap();

    let product = &registration.product;
    assert_eq!(store.product(&product.id).await.unwrap().as_ref(), Some(product));
    assert_eq!(store.history(&product.id, None, 10).await.unwrap().items, std::slice::from_ref(product));
    assert_eq!(store.ports(&product.id).await.unwrap(), registration.ports);
    let schema = &registration.schemas[0];
    assert_eq!(store.versions(&schema.subject).await.unwrap(), std::slice::from_ref(schema));
    assert_eq!(store.schema(&schema.id).await.unwrap().as_ref(), Some(schema));
    assert_eq!(store.downstream(&registration.inputs[0]).await.unwrap(), std::slice::from_ref(&product.id));
    assert_eq!(store.entries("operations.flights", 10).await.unwrap(), [registration.audit]);
    assert_eq!(store.remembered("key").await.unwrap(), registration.remember);
}

async fn nothing_is_written_of_a_refused_one<S>(store: &S)
where
    S: ProductStore + SchemaStore + IdempotencyStore + AuditLog,
{
    store.register(&first_registration("operations.flights")).await.unwrap();
    let mut second = first_registration("operations.flights");
    second.product.status_detail = Some("another".to_owned());
    second.ports.push(port("operations.flights/hourly@1", 1));
    second.schemas = vec![schema("operations.flights/hourly", "1.0.0")];
    second.inputs = vec![address("weather.hourly/observations@1")];
    second.remember = Some(remembered("key", "2100-01-01T00:00:00Z".parse().unwrap()));
    assert_conflict(store.register(&second).await);

    assert_eq!(current(store, "operations.flights").await, first_registration("operations.flights").product);
    assert_eq!(store.ports(&second.product.id).await.unwrap().len(), 1);
    assert_eq!(store.versions("operations.flights/hourly").await.unwrap(), []);
    assert_eq!(store.downstream(&second.inputs[0]).await.unwrap(), []);
    assert_eq!(store.entries("operations.flights", 10).await.unwrap().len(), 1);
    assert_eq!(store.remembered("key").await.unwrap(), None);

    // What was never registered cannot be followed, and a schema's version never changes.
    let ghost = first_registration("operations.ghost").product;
    assert_conflict(store.register(&next_registration(&ghost)).await);
    let mut third = next_registration(&current(store, "operations.flights").await);
    third.schemas = vec![schema("operations.flights/daily", "1.0.0")];
    assert_conflict(store.register(&third).await);
}

async fn what_it_is_made_from_is_there_and_knows<S: ProductStore>(store: &S) {
    let upstream = first_registration("weather.hourly");
    store.register(&upstream).await.unwrap();
    let mut delays = first_registration("operations.delays");
    delays.upstream = vec![upstream.product.clone()];
    store.register(&delays).await.unwrap();
    assert_eq!(current(store, "weather.hourly").await.contracts_revision, 1);

    // Whoever judged the upstream product before has to look again.
    let mut stale = next_registration(&upstream.product);
    stale.product.status = Status::Retired;
    assert_conflict(store.register(&stale).await);
    let mut retired = next_registration(&current(store, "weather.hourly").await);
    retired.product.status = Status::Retired;
    store.register(&retired).await.unwrap();

    // And nothing is made from what moved on, or is not there.
    for used in [upstream.product, current(store, "weather.hourly").await, first_registration("weather.ghost").product]
    {
        let mut flights = first_registration("operations.flights");
        flights.upstream = vec![used];
        assert_conflict(store.register(&flights).await);
    }
    assert_eq!(store.product(&"operations.flights".parse().unwrap()).await.unwrap(), None);
    assert_eq!(store.product(&"weather.ghost".parse().unwrap()).await.unwrap(), None, "a count made a product");
}

async fn ports_inputs_and_schemas_follow<S: ProductStore + SchemaStore>(store: &S) {
    let mut first = first_registration("operations.flights");
    first.ports.push(port("operations.flights/hourly@1", 1));
    first.inputs = vec![address("weather.hourly/observations@1"), address("fleet.aircraft/planes@2")];
    store.register(&first).await.unwrap();

    let mut second = next_registration(&first.product);
    second.ports.push(port("operations.flights/daily@2", 2));
    second.removed_ports = vec![address("operations.flights/hourly@1")];
    second.schemas = vec![
        schema("operations.flights/daily", "10.0.0"),
        schema("operations.flights/daily", "2.0.0-rc.1"),
        schema("operations.flights/daily", "2.0.0"),
    ];
    second.inputs = vec![address("fleet.aircraft/planes@2")];
    second.removed_inputs = vec![address("weather.hourly/observations@1")];
    store.register(&second).await.unwrap();

    let ports = store.ports(&first.product.id).await.unwrap();
    assert_eq!(ports, second.ports);
    let versions = store.versions("operations.flights/daily").await.unwrap();
    let versions: Vec<String> = versions.iter().map(|schema| schema.version.to_string()).collect();
    assert_eq!(versions, ["1.0.0", "2.0.0-rc.1", "2.0.0", "10.0.0"]);
    assert_eq!(store.downstream(&address("weather.hourly/observations@1")).await.unwrap(), []);
    assert_eq!(store.downstream(&address("fleet.aircraft/planes@2")).await.unwrap(), [first.product.id.clone()]);
    assert_eq!(store.schema("sch_unknown").await.unwrap(), None);

    // A product elsewhere that uses the same port is listed beside it, in order.
    let mut other = first_registration("insights.delays");
    other.inputs = second.inputs.clone();
    store.register(&other).await.unwrap();
    let downstream = store.downstream(&address("fleet.aircraft/planes@2")).await.unwrap();
    assert_eq!(downstream, [other.product.id, first.product.id]);
}

async fn what_others_wrote_is_kept<S: ProductStore + ContractStore>(store: &S) {
    let first = first_registration("operations.flights");
    store.register(&first).await.unwrap();
    let id = &first.product.id;
    assert!(store.set_provisioned(id, 1, Status::Active, None).await.unwrap());
    assert!(store.set_indexed(id, 1).await.unwrap());
    let agreed = contract("operations.flights/daily@1", "insights", 0);
    store.put_contract(None, &agreed, None, &audit("operations.flights", "contract.requested", at(0))).await.unwrap();

    // The registration carries the numbers that it read; nobody moved them since, and it must not either.
    let read = current(store, "operations.flights").await;
    assert_eq!((read.provisioned_revision, read.indexed_revision, read.contracts_revision), (1, 1, 1));
    let mut second = next_registration(&read);
    second.product.provisioned_revision = 0;
    second.product.indexed_revision = 0;
    second.product.contracts_revision = 0;
    second.product.manifest_text = "changed".to_owned();
    store.register(&second).await.unwrap();
    let after = current(store, "operations.flights").await;
    assert_eq!((after.provisioned_revision, after.indexed_revision, after.contracts_revision), (1, 1, 1));
    assert_eq!((after.revision, after.status, after.status_detail.as_deref()), (2, Status::Provisioning, None));
    assert_eq!((after.manifest_text.as_str(), after.registered_at), ("changed", at(60)));
}

async fn of_rivals_one_wins(store: &impl ProductStore) {
    let registrations: Vec<Registration> = (0..6)
        .map(|n| {
            let mut registration = first_registration("operations.flights");
            registration.product.manifest_text = format!("# rival {n}");
            registration
        })
        .collect();
    let answers = join_all(registrations.iter().map(|registration| store.register(registration))).await;
    assert_eq!(winners(answers), 1);

    for revision in 1..5 {
        let read = current(store, "operations.flights").await;
        assert_eq!(read.revision, revision);
        let registrations = [next_registration(&read), next_registration(&read), next_registration(&read)];
        let answers = join_all(registrations.iter().map(|registration| store.register(registration))).await;
        assert_eq!(winners(answers), 1);
    }
}

async fn a_contract_that_came_first_refuses_it<S: ProductStore + ContractStore>(store: &S) {
    store.register(&first_registration("operations.flights")).await.unwrap();
    let read = current(store, "operations.flights").await;
    let agreed = contract("operations.flights/daily@1", "insights", 0);
    let entry = audit("operations.flights", "contract.requested", at(0));
    store.put_contract(None, &agreed, None, &entry).await.unwrap();
    assert_conflict(store.register(&next_registration(&read)).await);

    // Both at once: the contract is always made; the registration wins only where it was first.
    for _ in 0..5 {
        let read = current(store, "operations.flights").await;
        let agreed = contract("operations.flights/daily@1", "insights", 0);
        let registration = next_registration(&read);
        let (registered, agreed) =
            futures::join!(store.register(&registration), store.put_contract(None, &agreed, None, &entry));
        agreed.unwrap();
        let after = current(store, "operations.flights").await;
        assert_eq!(after.contracts_revision, read.contracts_revision + 1);
        match registered {
            Ok(()) => assert_eq!(after.revision, read.revision + 1),
            Err(StoreError::Conflict) => assert_eq!(after.revision, read.revision),
            Err(other) => panic!("{other:?}"),
        }
    }
}

async fn an_answered_key_refuses_it<S: ProductStore + IdempotencyStore>(store: &S) {
    let live = "2100-01-01T00:00:00Z".parse().unwrap();
    store.remember(&remembered("live", live)).await.unwrap();
    let mut registration = first_registration("operations.flights");
    registration.remember = Some(remembered("live", live));
    assert_conflict(store.register(&registration).await);
    assert_eq!(store.product(&registration.product.id).await.unwrap(), None);

    store.remember(&remembered("expired", "2020-01-01T00:00:00Z".parse().unwrap())).await.unwrap();
    registration.remember = Some(remembered("expired", live));
    store.register(&registration).await.unwrap();
    assert_eq!(store.remembered("expired").await.unwrap(), registration.remember);
}

async fn more_than_a_transaction_or_an_item_is_refused(store: &impl ProductStore) {
    let ports = |count: usize| (0..count).map(|n| port(&format!("operations.flights/p{n}@1"), 1)).collect();
    let mut registration = first_registration("operations.flights");
    registration.ports = ports(97);
    assert_too_large(store.register(&registration).await);
    assert_eq!(store.product(&registration.product.id).await.unwrap(), None);
    assert_eq!(store.ports(&registration.product.id).await.unwrap(), []);
    // Product, history, schema and audit entry take four of the hundred.
    registration.ports = ports(96);
    store.register(&registration).await.unwrap();
    assert_eq!(store.ports(&registration.product.id).await.unwrap().len(), 96);

    let mut registration = first_registration("operations.large");
    registration.product.manifest_text = "#".repeat(256 * 1024);
    assert_too_large(store.register(&registration).await);
    registration.product.manifest_text = "#".repeat(250 * 1024);
    store.register(&registration).await.unwrap();
    assert_eq!(current(store, "operations.large").await.manifest_text.len(), 250 * 1024);
}
