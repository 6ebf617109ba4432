//! Who would have to leave a port that is being left.

use serde_json::Value;

use super::Registrar;
use crate::{
    contract::Contract,
    deprecation::{DeprecatedPort, Leaving, Reader},
    error::StoreError,
};

/// Entries of the audit log looked through for reads of one port.
const ENTRIES: usize = 200;

impl Registrar {
    /// Who would have to leave each port that is being left.
    pub(super) async fn deprecated_ports(
        &self,
        leaving: &Leaving,
        live: &[Contract],
    ) -> Result<Vec<DeprecatedPort>, StoreError> {
        let ports = leaving.deprecated.iter().map(|(address, deprecation)| async move {
            let resource = address.to_string();
            let (downstream, entries) =
                futures::join!(self.products.downstream(address), self.audit.entries(&resource, ENTRIES));
            let downstream = downstream?;
            // Who read it last is good to know, and no reason against a plan.
            let entries = entries.unwrap_or_else(|error| {
                tracing::warn!(port = resource, error = &error as &dyn std::error::Error, "reads cannot be told");
                Vec::new()
            });
            let readers = live.iter().filter(|contract| contract.port == *address).map(|contract| {
                let reads = entries.iter().filter(|entry| {
                    entry.action == "access.read"
                        && entry.at >= deprecation.announced_at
                        && entry.domain == contract.consumer_domain.as_str()
                        && entry.detail.get("allow") == Some(&Value::Bool(true))
                });
                let acknowledged =
                    contract.acknowledged.as_ref().is_some_and(|known| known.sunset == deprecation.sunset);
                Reader {
                    contract: contract.id.to_string(),
                    consumer_domain: contract.consumer_domain.to_string(),
                    contact: contract.contact.clone(),
                    acknowledged,
                    last_read: reads.map(|entry| entry.at).max(),
                }
            });
            Ok(DeprecatedPort {
                port: address.clone(),
                deprecation: deprecation.clone(),
                readers: readers.collect(),
                downstream,
            })
        });
        futures::future::try_join_all(ports).await
    }
}
