//! Going over the whole mesh, domain by domain: what a domain's products share is looked at once, and no more of them is held than
//! is worked on.

use futures::{Stream, TryStreamExt, stream};
use mesh_manifest::DomainName;

use crate::{
    domain::{Domain, DomainStore},
    error::StoreError,
    product::{Product, ProductStore},
};

/// Domains, and products of one, that are listed at once.
const PAGE: usize = 100;

/// Every domain.
pub(crate) fn domains(store: &dyn DomainStore) -> impl Stream<Item = Result<Domain, StoreError>> + '_ {
    let page = move |cursor: Option<Option<String>>| async move {
        let Some(cursor) = cursor else { return Ok(None) };
        let page = store.domains(cursor.as_deref(), PAGE).await?;
        Ok(Some((stream::iter(page.items.into_iter().map(Ok)), page.cursor.map(Some))))
    };
    stream::try_unfold(Some(None), page).try_flatten()
}

/// Every current product of a domain, retired ones among them.
pub(crate) async fn products(store: &dyn ProductStore, domain: &DomainName) -> Result<Vec<Product>, StoreError> {
    let (mut found, mut cursor) = (Vec::new(), None);
    loop {
        let page = store.products(Some(domain), cursor.as_deref(), PAGE).await?;
        found.extend(page.items);
        match page.cursor {
            Some(next) => cursor = Some(next),
            None => return Ok(found),
        }
    }
}
