//! Runs a provider as the process that Terraform started: from the handshake to the orderly end.

mod calls;
mod handshake;
mod registry;
mod router;
mod tls;

use std::io::Write;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::UnixListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::{mpsc, watch};
use tonic::codegen::tokio_stream::wrappers::ReceiverStream;

use crate::{Provider, log};
use handshake::{Invitation, Socket};
use registry::Service;

/// How long open connections may take to end after the order to stop; go-plugin kills after two seconds.
const GRACE: Duration = Duration::from_millis(500);
/// How often to look whether Terraform is still there.
const PARENT_CHECK: Duration = Duration::from_secs(1);

/// Serves `provider` to the Terraform that started this process, until it says to stop, SIGTERM comes or Terraform is gone.
///
/// Started by hand, it explains itself on standard error and fails.
pub fn serve<P: Provider>(provider: P) -> ExitCode {
    match Invitation::from_env().and_then(|invitation| run(provider, &invitation)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            // Nobody is left to tell if standard error is closed.
            let _ = writeln!(std::io::stderr(), "{reason}");
            ExitCode::FAILURE
        }
    }
}

/// Why the provider could not be served, for whoever started it.
type Failure = String;

fn run<P: Provider>(provider: P, invitation: &Invitation) -> Result<(), Failure> {
    log::start();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(4)
        .enable_all()
        .build()
        .map_err(|error| format!("cannot start the runtime: {error}"))?;
    let outcome = runtime.block_on(listen(provider, invitation));
    runtime.shutdown_timeout(GRACE);
    outcome
}

async fn listen<P: Provider>(provider: P, invitation: &Invitation) -> Result<(), Failure> {
    let (end, ending) = watch::channel(false);
    let end = Arc::new(end);
    let identity = tls::Identity::new(invitation.client_certificate.clone())
        .map_err(|error| format!("cannot set up TLS: {error}"))?;
    let socket =
        Socket::bind(invitation.socket_folder.as_deref()).map_err(|error| format!("cannot open a socket: {error}"))?;
    watch_for_the_end(&end)?;
    announce(&handshake::line(&socket.path, &identity.certificate))?;

    let (accepted, connections) = mpsc::channel(1);
    tokio::spawn(accept(socket.listener, identity.acceptor, accepted));
    let service = Arc::new(Service::new(provider));
    let stopping = service.clone();
    let routes = router::routes(service, end);
    let serving = tonic::transport::Server::builder().serve_with_incoming_shutdown(
        routes,
        ReceiverStream::new(connections),
        ended(ending.clone()),
    );
    tokio::select! {
        result = serving => result.map_err(|error| format!("serving failed: {error}")),
        () = async {
            ended(ending).await;
            stopping.stop();
            tokio::time::sleep(GRACE).await;
        } => Ok(()),
    }
}

/// Standard output carries this one line and nothing else.
fn announce(line: &str) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    writeln!(stdout, "{line}")
        .and_then(|()| stdout.flush())
        .map_err(|error| format!("cannot answer Terraform: {error}"))
}

async fn ended(mut ending: watch::Receiver<bool>) {
    // A closed channel is an end as well.
    let _ = ending.wait_for(|end| *end).await;
}

async fn accept(
    listener: UnixListener,
    acceptor: tokio_rustls::TlsAcceptor,
    accepted: mpsc::Sender<std::io::Result<tls::Connection>>,
) {
    while let Ok((stream, _)) = listener.accept().await {
        let (acceptor, accepted) = (acceptor.clone(), accepted.clone());
        // Each on its own, so that a client that says nothing cannot hold up another.
        tokio::spawn(async move {
            match acceptor.accept(stream).await {
                Ok(stream) => drop(accepted.send(Ok(tls::Connection(stream))).await),
                Err(error) => tracing::warn!(%error, "a connection was refused"),
            }
        });
    }
}

fn watch_for_the_end(end: &Arc<watch::Sender<bool>>) -> Result<(), Failure> {
    let listen_to = |kind| signal(kind).map_err(|error| format!("cannot handle signals: {error}"));
    // Ctrl-C reaches the whole process group. Terraform then asks the provider to stop in its own way, so the signal itself is
    // taken and ignored.
    let mut interrupt = listen_to(SignalKind::interrupt())?;
    tokio::spawn(async move { while interrupt.recv().await.is_some() {} });

    let mut terminate = listen_to(SignalKind::terminate())?;
    let on_signal = end.clone();
    tokio::spawn(async move {
        terminate.recv().await;
        on_signal.send_replace(true);
    });

    let orphaned = end.clone();
    let parent = std::os::unix::process::parent_id();
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(PARENT_CHECK);
        while std::os::unix::process::parent_id() == parent {
            ticks.tick().await;
        }
        orphaned.send_replace(true);
    });
    Ok(())
}
