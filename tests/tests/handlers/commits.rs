//! Commits of Iceberg writers whose answer is lost: the writer must not take them for failed.

use axum::http::StatusCode;
use mesh_core::{
    error::StoreError,
    fakes::{Fault, Moment},
    table_catalog::TableCatalog,
};

use crate::{requests, service::Service};

#[tokio::test]
async fn a_commit_of_which_nobody_knows_whether_it_was_applied_is_told_so() {
    let service = Service::new().await;
    let saved = service.world.saved();
    let script = service.world.script.clone();
    let commit = requests::to(&service, "icebergCommit");
    // The first request compiles the policies; those that follow make a call less.
    service.send(commit.function, &commit.sent).await;
    service.world.restore(&saved);
    script.again();
    let done = service.send(commit.function, &commit.sent).await;
    assert_eq!(done.status, StatusCode::OK);
    let swap = script.calls().iter().position(|call| *call == "TableCatalog::swap").unwrap() + 1;
    for moment in Moment::ALL {
        service.world.restore(&saved);
        script.again_at(swap, moment, Fault::Fail(|| StoreError::unavailable("Glue", "no answer")));
        let answer = service.send(commit.function, &commit.sent).await;
        // Iceberg's clients delete the files of a commit that failed by any status but 500, 502 and 504.
        assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR, "{}", answer.body);
        assert_eq!(answer.body["error"]["type"], "CommitStateUnknownException");
        let table = service.world.catalog.table("mesh_operations", "flights__daily__v1").await.unwrap().unwrap();
        let moved = table.version_id.as_deref() == Some("2");
        assert_eq!(moved, moment == Moment::After);
    }
}
