//! An issuer whose keys cannot be had.

use std::time::Duration;

use mesh_e2e::fault_proxy::{Fault, FaultProxy, Rule};
use mesh_http::{
    issuer::{Issuer, KeySource},
    testing::{ISSUER, SCOPE, TestIssuer},
    token::{TokenError, Verifier},
};

/// An endpoint that hands out the keys of `issuer`, until it is told otherwise.
struct Endpoint {
    proxy: FaultProxy,
    issuer: TestIssuer,
}

impl Endpoint {
    async fn new() -> Self {
        // Nothing stands behind it: every answer is one of the rules'.
        let proxy = FaultProxy::in_front_of("http://127.0.0.1:9").await.unwrap();
        let endpoint = Self { proxy, issuer: TestIssuer::new() };
        endpoint.answers().await;
        endpoint
    }

    async fn answers(&self) {
        let keys = serde_json::to_string(&self.issuer.keys("").await.unwrap()).unwrap();
        self.proxy.heal();
        self.proxy.fail(Rule::on("search.", Fault::Answer { status: 200, body: keys }));
    }

    fn fails(&self, fault: Fault) {
        self.proxy.heal();
        self.proxy.fail(Rule::on("search.", fault));
    }

    fn verifier(&self) -> Verifier {
        let jwks_uri = format!("{}/keys", self.proxy.endpoint());
        Verifier::over_http(vec![Issuer { issuer: ISSUER.to_owned(), jwks_uri, scope: SCOPE.to_owned() }])
    }

    async fn verify(&self, verifier: &Verifier) -> Result<(), TokenError> {
        let header = format!("Bearer {}", self.issuer.token("olga"));
        verifier.principal(Some(&header)).await.map(drop)
    }
}

#[tokio::test]
async fn keys_that_are_known_serve_without_their_issuer() {
    let endpoint = Endpoint::new().await;
    let verifier = endpoint.verifier();
    endpoint.verify(&verifier).await.unwrap();
    endpoint.fails(Fault::Hang);
    for _ in 0..20 {
        endpoint.verify(&verifier).await.unwrap();
    }
    assert!(endpoint.proxy.calls("").is_empty());
}

#[tokio::test]
async fn unknown_keys_are_an_outage_that_is_told_fast_and_asked_about_once() {
    let faults = [
        Fault::Hang,
        Fault::CutBefore,
        Fault::BROKEN,
        Fault::Answer { status: 200, body: "garbage".to_owned() },
        Fault::Answer { status: 200, body: r#"{"keys":"garbage"}"#.to_owned() },
    ];
    for fault in faults {
        let endpoint = Endpoint::new().await;
        endpoint.fails(fault.clone());
        let verifier = endpoint.verifier();
        let start = std::time::Instant::now();
        let asked = (0..10).map(|_| endpoint.verify(&verifier));
        for answer in futures::future::join_all(asked).await {
            assert!(matches!(answer, Err(TokenError::Keys(_))), "{fault:?}: {answer:?}");
        }
        assert!(start.elapsed() < Duration::from_secs(8), "{fault:?}: {:?}", start.elapsed());
        assert_eq!(endpoint.proxy.calls("").len(), 1, "{fault:?}");
    }
}
