//! A product's inputs: they exist, are under contract, and never lead back to the product itself.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::try_join_all;
use jiff::Timestamp;
use mesh_manifest::{Manifest, ProductId};

use crate::{
    contract::Contract,
    contracts::may_know,
    error::{StoreError, UseCaseError, Violation},
    findings::Findings,
    principal::Caller,
    product::{Product, Status},
    registration::Registrar,
};

/// The most products upstream that are looked through for circles.
const MAX_UPSTREAM: usize = 1000;
/// How many of them are read at once.
const AT_ONCE: usize = 50;

/// Product → the products that it is made from.
type Upstream = BTreeMap<ProductId, BTreeSet<ProductId>>;

/// An input's product, if it is registered, and the contracts on it.
pub(crate) type Input = (Option<Product>, Vec<Contract>);

impl Registrar {
    /// What is registered of the manifest's inputs, in their order.
    pub(crate) async fn inputs(&self, manifest: &Manifest) -> Result<Vec<Input>, StoreError> {
        let look_ups = manifest.inputs.iter().map(|input| async move {
            let id = &input.port.product;
            futures::try_join!(self.products.product(id), self.contracts.of_product(id))
        });
        try_join_all(look_ups).await
    }

    /// Inputs must exist and not lead back to the product; across domains a missing contract is a warning, since reads are denied until
    /// there is one. Returns the products of the inputs.
    pub(crate) async fn check_inputs(
        &self,
        caller: &Caller,
        manifest: &Manifest,
        direct: Vec<Input>,
        now: Timestamp,
        findings: &mut Findings,
    ) -> Result<Vec<Product>, UseCaseError> {
        let id = manifest.id();
        let known = direct.iter().filter_map(|(product, _)| product.as_ref());
        let Some(upstream) = self.upstream(&id, known).await? else {
            let detail = format!("more than {MAX_UPSTREAM} products lie upstream of `{id}`");
            findings.refuse(
                Violation::new("input.too_many_upstream", "/inputs", detail)
                    .with_remedy("take inputs from fewer products, or from products nearer to the source"),
            );
            return Ok(Vec::new());
        };
        let mut products = Vec::new();
        let circular = leading_to(&id, &upstream);
        for (index, (input, (product, contracts))) in manifest.inputs.iter().zip(direct).enumerate() {
            let pointer = format!("/inputs/{index}/port");
            let known = product
                .filter(|product| product.status != Status::Retired && may_know(caller, product, &contracts, now));
            let Some(known) = known.filter(|product| product.manifest.port(&input.port).is_some()) else {
                let violation =
                    Violation::new("input.unknown", pointer, format!("the input `{}` does not exist", input.port));
                findings
                    .refuse(violation.with_remedy("name a port of a registered product, as the marketplace shows it"));
                continue;
            };
            products.push(known);
            // Whatever lies between may be hidden from the caller: it is not named.
            if circular.contains(&input.port.product) {
                let detail = format!("`{}` is itself made from `{id}`, directly or through others", input.port.product);
                findings.refuse(
                    Violation::new("input.cycle", pointer, detail)
                        .with_remedy("drop the input, or take the data from a product further upstream"),
                );
                continue;
            }
            let covered = contracts.iter().any(|contract| {
                contract.consumer_domain == manifest.domain
                    && contract.port == input.port
                    && contract.purpose == input.purpose
                    && contract.is_live(now)
            });
            if input.port.product.domain != manifest.domain && !covered {
                let detail = format!(
                    "`{}` has no live contract on `{}` for `{}`: reading it is denied until there is one",
                    manifest.domain, input.port, input.purpose
                );
                findings.warn(
                    Violation::new("input.no_contract", pointer, detail).with_remedy("ask for a consumption contract"),
                );
            }
        }
        Ok(products)
    }

    /// All that `direct` are made from, without what lies upstream of `id` itself; none where that is too much to look through.
    async fn upstream<'a>(
        &self,
        id: &ProductId,
        direct: impl Iterator<Item = &'a Product>,
    ) -> Result<Option<Upstream>, StoreError> {
        let mut upstream: Upstream = direct.map(|product| (product.id.clone(), made_from(product))).collect();
        loop {
            let named: BTreeSet<_> = upstream.values().flatten().cloned().collect();
            let next: Vec<_> = named.into_iter().filter(|next| next != id && !upstream.contains_key(next)).collect();
            if next.is_empty() {
                return Ok(Some(upstream));
            }
            if upstream.len() + next.len() > MAX_UPSTREAM {
                return Ok(None);
            }
            for some in next.chunks(AT_ONCE) {
                let products = try_join_all(some.iter().map(|id| self.products.product(id))).await?;
                let inputs = products.iter().map(|product| product.as_ref().map(made_from).unwrap_or_default());
                upstream.extend(some.iter().cloned().zip(inputs));
            }
        }
    }
}

/// The products that a product is made from; a retired one is made no more.
fn made_from(product: &Product) -> BTreeSet<ProductId> {
    let inputs = product.manifest.inputs.iter().filter(|_| product.status != Status::Retired);
    inputs.map(|input| input.port.product.clone()).collect()
}

/// The products that are made from `id`, directly or through others.
fn leading_to(id: &ProductId, upstream: &Upstream) -> BTreeSet<ProductId> {
    let mut found = BTreeSet::from([id.clone()]);
    loop {
        let more: Vec<_> = upstream
            .iter()
            .filter(|(product, inputs)| !found.contains(*product) && !inputs.is_disjoint(&found))
            .map(|(product, _)| product.clone())
            .collect();
        if more.is_empty() {
            found.remove(id);
            return found;
        }
        found.extend(more);
    }
}
