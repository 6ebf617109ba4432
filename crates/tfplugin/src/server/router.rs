//! The gRPC services: Terraform's provider service, and the three that go-plugin expects beside it.

use std::convert::Infallible;
use std::future::Future;
use std::sync::Arc;

use prost::Message;
use tokio::sync::{mpsc, watch};
use tonic::body::Body;
use tonic::codegen::tokio_stream::wrappers::ReceiverStream;
use tonic::server::Grpc;
use tonic_prost::ProstCodec;
use tower::ServiceExt;
use tower::util::{BoxCloneService, service_fn};

use super::registry::Service;
use crate::{Provider, wire};

type Request = http::Request<Body>;
type Response = http::Response<Body>;

/// Terraform's own limit for messages, 256 MiB; tonic's is 4 MiB.
const MAX_MESSAGE: usize = 256 << 20;

/// All services. Sets `end` when Terraform orders the shutdown.
pub(super) fn routes<P: Provider>(
    service: Arc<Service<P>>,
    end: Arc<watch::Sender<bool>>,
) -> BoxCloneService<Request, Response, Infallible> {
    service_fn(move |request: Request| {
        let (service, end) = (service.clone(), end.clone());
        async move { Ok(route(&service, &end, request).await) }
    })
    .boxed_clone()
}

async fn route<P: Provider>(service: &Service<P>, end: &watch::Sender<bool>, request: Request) -> Response {
    let path = request.uri().path().to_owned();
    if let Some(call) = path.strip_prefix("/tfplugin6.Provider/") {
        return provider(service, call, request).await;
    }
    match path.as_str() {
        "/plugin.GRPCController/Shutdown" => {
            unary(request, |()| async {
                end.send_replace(true);
            })
            .await
        }
        "/plugin.GRPCStdio/StreamStdio" => stdio(request, end.subscribe()).await,
        "/grpc.health.v1.Health/Check" => unary(request, |()| async { wire::HealthResponse { status: 1 } }).await,
        _ => tonic::Status::unimplemented(path).into_http(),
    }
}

async fn provider<P: Provider>(service: &Service<P>, call: &str, request: Request) -> Response {
    match call {
        "GetMetadata" => unary(request, |()| async { service.metadata() }).await,
        "GetProviderSchema" => unary(request, |()| async { service.schemas() }).await,
        "GetFunctions" => unary(request, |()| async { wire::GetFunctionsResponse::default() }).await,
        "ValidateProviderConfig" => unary(request, |m| service.validate_provider(m)).await,
        "ValidateResourceConfig" => unary(request, |m| service.validate_resource(m)).await,
        "ValidateDataResourceConfig" => unary(request, |m| service.validate_data_source(m)).await,
        "ValidateEphemeralResourceConfig" => unary(request, |m| service.validate_ephemeral(m)).await,
        "ConfigureProvider" => unary(request, |m| service.configure(m)).await,
        "UpgradeResourceState" => unary(request, |m| service.upgrade_state(m)).await,
        "ReadResource" => unary(request, |m| service.read_resource(m)).await,
        "PlanResourceChange" => unary(request, |m| service.plan(m)).await,
        "ApplyResourceChange" => unary(request, |m| service.apply(m)).await,
        "ImportResourceState" => unary(request, |m| service.import(m)).await,
        "ReadDataSource" => unary(request, |m| service.read_data_source(m)).await,
        "OpenEphemeralResource" => unary(request, |m| service.open_ephemeral(m)).await,
        "RenewEphemeralResource" => unary(request, |m| service.renew_ephemeral(m)).await,
        "CloseEphemeralResource" => unary(request, |m| service.close_ephemeral(m)).await,
        "StopProvider" => {
            unary(request, |()| async {
                service.stop();
                wire::StopResponse::default()
            })
            .await
        }
        _ => tonic::Status::unimplemented(format!("this provider does not implement `{call}`")).into_http(),
    }
}

async fn unary<Q, A, F>(request: Request, call: impl Fn(Q) -> F) -> Response
where
    Q: Message + Default + 'static,
    A: Message + Default + 'static,
    F: Future<Output = A>,
{
    let answer = service_fn(|request: tonic::Request<Q>| {
        let answer = call(request.into_inner());
        async move { Ok::<_, tonic::Status>(tonic::Response::new(answer.await)) }
    });
    Grpc::new(ProstCodec::<A, Q>::default())
        .max_decoding_message_size(MAX_MESSAGE)
        .max_encoding_message_size(MAX_MESSAGE)
        .unary(answer, request)
        .await
}

/// A stream that stays empty and ends with the shutdown: until it ends, go-plugin waits, and kills after two seconds.
async fn stdio(request: Request, ending: watch::Receiver<bool>) -> Response {
    let stream = service_fn(|_: tonic::Request<()>| {
        let (open, lines) = mpsc::channel::<Result<wire::StdioData, tonic::Status>>(1);
        let mut ending = ending.clone();
        tokio::spawn(async move {
            let _ = ending.wait_for(|end| *end).await;
            drop(open);
        });
        async { Ok::<_, tonic::Status>(tonic::Response::new(ReceiverStream::new(lines))) }
    });
    Grpc::new(ProstCodec::<wire::StdioData, ()>::default()).server_streaming(stream, request).await
}
