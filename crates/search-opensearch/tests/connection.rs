//! How the index behaves towards an engine that is silent, absent or failing, and how requests are signed. No node is needed.
#![expect(clippy::panic, reason = "a test says what came instead")]

use std::time::{Duration, Instant};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use mesh_core::{
    error::StoreError,
    search_index::{SearchError, SearchIndex, SearchQuery},
};
use mesh_search_opensearch::{Auth, ConnectError, OpenSearchIndex};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

/// Answers one request and gives back what was asked.
async fn engine(status: &str, body: &str) -> (String, tokio::task::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    let answer =
        format!("HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len());
    let asked = tokio::spawn(async move {
        let (mut socket, _) = listener.accept().await.expect("a connection");
        let mut request = vec![0; 64 * 1024];
        let length = socket.read(&mut request).await.expect("a request");
        socket.write_all(answer.as_bytes()).await.expect("sent");
        request.truncate(length);
        String::from_utf8_lossy(&request).into_owned()
    });
    (endpoint, asked)
}

fn index(endpoint: &str) -> OpenSearchIndex {
    OpenSearchIndex::connect(endpoint, "mesh-products", Auth::None).expect("the endpoint is a URL")
}

async fn search(index: &OpenSearchIndex) -> Result<(), SearchError> {
    index.search(&SearchQuery { text: "flights".to_owned(), limit: 10, ..Default::default() }).await.map(drop)
}

fn assert_unavailable(answer: Result<(), SearchError>) -> String {
    match answer {
        Err(SearchError::Store(StoreError::Unavailable { service: "OpenSearch", source })) => source.to_string(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn an_absent_engine_is_unavailable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    assert_unavailable(search(&index(&endpoint)).await);
}

#[tokio::test]
async fn a_silent_engine_is_unavailable_after_two_seconds() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
    let start = Instant::now();
    assert_unavailable(search(&index(&endpoint)).await);
    let taken = start.elapsed();
    assert!(taken >= Duration::from_millis(1_900) && taken < Duration::from_millis(3_500), "{taken:?}");
}

#[tokio::test]
async fn a_failing_engine_is_unavailable_with_its_reason_for_the_log() {
    let full = r#"{"error":{"type":"rejected_execution_exception","reason":"full"},"status":429}"#;
    let (endpoint, _) = engine("429 Too Many Requests", full).await;
    let reason = assert_unavailable(search(&index(&endpoint)).await);
    assert!(reason.contains("rejected_execution_exception"), "{reason}");

    let (endpoint, _) = engine("502 Bad Gateway", "<html></html>").await;
    let reason = assert_unavailable(search(&index(&endpoint)).await);
    assert!(reason.contains("502"), "{reason}");

    let half = r#"{"timed_out":true,"_shards":{"failed":0},"hits":{"total":{"value":0},"hits":[]},"aggregations":{}}"#;
    let (endpoint, _) = engine("200 OK", half).await;
    let reason = assert_unavailable(search(&index(&endpoint)).await);
    assert!(reason.contains("cut short"), "half an answer is none: {reason}");
}

#[tokio::test]
async fn documents_that_cannot_be_read_are_not_taken_for_none() {
    let foreign = r#"{"timed_out":false,"_shards":{"failed":0},"hits":{"total":{"value":1},"hits":[
        {"_id":"a.b","_source":{"title":"of another program"},"sort":[1.0,"a.b"]}]},"aggregations":{}}"#;
    let (endpoint, _) = engine("200 OK", foreign).await;
    let reason = assert_unavailable(search(&index(&endpoint)).await);
    assert!(reason.contains("can be read"), "{reason}");
}

#[tokio::test]
async fn requests_are_signed_where_the_endpoint_asks_for_it() {
    let credentials = Credentials::new("AKIDEXAMPLE", "secret", Some("session".to_owned()), None, "test");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-central-1"))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .build();
    let (endpoint, asked) = engine("403 Forbidden", "").await;
    let index = OpenSearchIndex::connect(&endpoint, "mesh-products", Auth::SigV4(Box::new(config)));
    assert_unavailable(search(&index.expect("the configuration can sign")).await);
    let asked = asked.await.expect("a request came");
    assert!(asked.contains("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/"), "{asked}");
    assert!(asked.contains("/eu-central-1/es/aws4_request"), "{asked}");
    assert!(asked.contains("x-amz-security-token: session"), "{asked}");
    assert!(asked.starts_with("POST /mesh-products-"), "{asked}");
}

#[test]
fn what_cannot_be_an_endpoint_is_said_at_once() {
    for endpoint in ["", "localhost:9200", "ftp://example.org", "search.example.org"] {
        let error = OpenSearchIndex::connect(endpoint, "mesh-products", Auth::None).err();
        assert!(matches!(error, Some(ConnectError::Endpoint { .. })), "{endpoint}: {error:?}");
    }
    let nobody = SdkConfig::builder().behavior_version(BehaviorVersion::latest()).build();
    let error = OpenSearchIndex::connect("https://example.org", "mesh-products", Auth::SigV4(Box::new(nobody))).err();
    assert!(matches!(error, Some(ConnectError::Signing(_))), "{error:?}");
}
