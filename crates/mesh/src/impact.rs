//! What lies downstream of a change: products that are made from a port, directly or through others.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::try_join_all;
use mesh_evolution::{Change, ChangeKind};
use mesh_manifest::{PortAddress, ProductId, Visibility};

use crate::{
    error::StoreError,
    principal::Caller,
    product::{Product, ProductStore, Status},
};

/// The most products that are told of.
const MAX_DOWNSTREAM: usize = 500;
/// The most look-ups that one plan makes for it.
const MAX_LOOK_UPS: usize = 1000;
/// How many look-ups are under way at once.
const AT_ONCE: usize = 50;

/// A product that is made from a port that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Downstream {
    pub product: ProductId,
    /// The port that changes.
    pub port: PortAddress,
    /// The product through which it is reached; none where it uses the port itself.
    pub through: Option<ProductId>,
}

/// The ports whose readers a change may break.
pub(crate) fn broken_ports(changes: &[Change]) -> BTreeSet<PortAddress> {
    let major = changes.iter().filter(|change| change.kind == ChangeKind::Major);
    major.filter_map(|change| change.port.clone()).collect()
}

/// The products that are made from `ports`, each once for a port, those that use it themselves first.
///
/// Those that use it themselves are named to whoever answers for the port; of what lies behind them, only what the caller may know of.
pub(crate) async fn downstream(
    products: &dyn ProductStore,
    caller: &Caller,
    ports: &BTreeSet<PortAddress>,
) -> Result<Vec<Downstream>, StoreError> {
    let may_know = |product: &Product| {
        caller.oversees()
            || caller.domain == product.id.domain
            || product.manifest.access.visibility == Visibility::Company
    };
    let (mut found, mut looked) = (Vec::new(), 0);
    for changed in ports {
        // Product → through which it is reached.
        let mut seen: BTreeMap<ProductId, Option<ProductId>> = BTreeMap::new();
        let mut next: Vec<(PortAddress, Option<ProductId>)> = vec![(changed.clone(), None)];
        while !next.is_empty() && found.len() + seen.len() < MAX_DOWNSTREAM && looked < MAX_LOOK_UPS {
            let batch: Vec<_> = next.drain(..next.len().min(AT_ONCE)).collect();
            let users = try_join_all(batch.iter().map(|(port, _)| products.downstream(port))).await?;
            looked += batch.len();
            let mut new = Vec::new();
            for ((_, through), users) in batch.iter().zip(users) {
                for user in users {
                    let is_new = user != changed.product && !seen.contains_key(&user);
                    if is_new && found.len() + seen.len() < MAX_DOWNSTREAM {
                        seen.insert(user.clone(), through.clone());
                        new.push(user);
                    }
                }
            }
            for some in new.chunks(AT_ONCE) {
                let made = try_join_all(some.iter().map(|id| products.product(id))).await?;
                looked += some.len();
                for (id, product) in some.iter().zip(made) {
                    let Some(product) = product.filter(|product| product.status != Status::Retired) else {
                        seen.remove(id);
                        continue;
                    };
                    let is_direct = seen.get(id).is_some_and(Option::is_none);
                    // What lies behind something that may not be known is not told either: it would be named by it.
                    if may_know(&product) {
                        let ports = product.manifest.output_ports.iter().map(|port| product.manifest.address(port));
                        next.extend(ports.map(|port| (port, Some(product.id.clone()))));
                    } else if !is_direct {
                        seen.remove(id);
                    }
                }
            }
        }
        let mut reached: Vec<_> = seen.into_iter().collect();
        reached.sort_by_key(|(_, through)| through.is_some());
        found.extend(reached.into_iter().map(|(product, through)| Downstream {
            product,
            port: changed.clone(),
            through,
        }));
    }
    found.truncate(MAX_DOWNSTREAM);
    Ok(found)
}
