//! Page after page, every product once.

use std::collections::BTreeSet;

use mesh_core::search_index::{SearchError, SearchIndex, SearchQuery};

use crate::catalogue::{Catalogue, product, words};

#[tokio::test]
async fn pages_hold_every_product_once_in_one_order() {
    // Some score alike, some do not.
    let documents: Vec<_> =
        (0..25).map(|n| product(&format!("shop.p{n}"), &format!("Orders{}", " and orders".repeat(n % 3)))).collect();
    let catalogue = Catalogue::holding(&documents).await;
    for text in ["orders", ""] {
        let query = SearchQuery { limit: 10, ..words(text) };
        let mut found = Vec::new();
        let mut sizes = Vec::new();
        let mut cursor = None;
        loop {
            let page = catalogue.search(SearchQuery { cursor, ..query.clone() }).await;
            assert_eq!(page.total, 25);
            sizes.push(page.hits.len());
            found.extend(page.hits.into_iter().map(|hit| hit.document.product_id));
            cursor = page.cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(sizes, [10, 10, 5], "{text}");
        assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), 25, "{text}");
        let whole = catalogue.search(SearchQuery { limit: 100, ..query }).await;
        let at_once: Vec<_> = whole.hits.into_iter().map(|hit| hit.document.product_id).collect();
        assert_eq!(found, at_once, "{text}");
    }
    catalogue.remove().await;
}

#[tokio::test]
async fn a_last_page_that_is_full_has_no_successor() {
    let documents: Vec<_> = (0..4).map(|n| product(&format!("shop.p{n}"), "Orders")).collect();
    let catalogue = Catalogue::holding(&documents).await;
    let first = catalogue.search(SearchQuery { limit: 2, ..words("orders") }).await;
    let second = catalogue.search(SearchQuery { limit: 2, cursor: first.cursor, ..words("orders") }).await;
    assert_eq!((second.hits.len(), second.cursor), (2, None));
    catalogue.remove().await;
}

#[tokio::test]
async fn a_page_is_bounded() {
    let documents: Vec<_> = (0..103).map(|n| product(&format!("shop.p{n}"), "Orders")).collect();
    let catalogue = Catalogue::holding(&documents).await;
    let page = catalogue.search(SearchQuery { limit: 100_000, ..words("orders") }).await;
    assert_eq!(page.hits.len(), 100);
    assert!(page.cursor.is_some());
    assert_eq!(catalogue.search(SearchQuery { limit: 0, ..words("orders") }).await.hits.len(), 1);
    catalogue.remove().await;
}

#[tokio::test]
async fn a_cursor_holds_for_its_own_search_only() {
    let documents: Vec<_> = (0..3).map(|n| product(&format!("shop.p{n}"), "Orders")).collect();
    let catalogue = Catalogue::holding(&documents).await;
    let query = SearchQuery { limit: 1, ..words("orders") };
    let cursor = catalogue.search(query.clone()).await.cursor;
    assert!(cursor.is_some());
    let longer_page = SearchQuery { limit: 2, cursor: cursor.clone(), ..query.clone() };
    assert_eq!(catalogue.search(longer_page).await.hits.len(), 2, "the page's size may change");
    let other_searches = [
        SearchQuery { text: "order".to_owned(), cursor: cursor.clone(), ..query.clone() },
        SearchQuery { acting: Some("shop".parse().unwrap()), cursor: cursor.clone(), ..query.clone() },
        SearchQuery { sla_minutes: Some(60), cursor, ..query },
    ];
    for other in other_searches {
        let answer = catalogue.index.search(&other).await;
        assert!(matches!(answer, Err(SearchError::InvalidCursor)), "{answer:?}");
    }
    catalogue.remove().await;
}
