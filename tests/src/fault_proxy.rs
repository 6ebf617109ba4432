//! A loopback HTTP proxy in front of a real service that does to chosen calls what networks and overloaded services do.
//!
//! Requests pass byte for byte, host included, so that signatures hold. Each is noted by its name, such as
//! `dynamodb.GetItem`, `sts.AssumeRole`, `s3.PutObject` or `search._search`: how often a call was attempted can be asserted.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use crate::exchange::{Request, Response};

/// What becomes of a call.
#[derive(Debug, Clone)]
pub enum Fault {
    /// It reaches the service this much later.
    Late(Duration),
    /// It is taken and never answered; the service does not hear of it.
    Hang,
    /// The service does not hear of it, and this is the answer, in the form in which that service tells of errors.
    Error { status: u16, code: &'static str },
    /// The service does not hear of it, and this is the answer.
    Answer { status: u16, body: String },
    /// The connection ends before the service hears of it.
    CutBefore,
    /// The service does it; the connection ends before the answer.
    CutAfter,
    /// The service does it; the connection ends in the middle of the answer's body.
    CutWithin,
    /// The service does it; the second half of the answer's body never comes.
    StallWithin,
    /// The service does it; the answer's body is this instead.
    Garbage(&'static str),
    /// The service does it; one byte in the middle of the answer's body is another.
    Flip,
}

impl Fault {
    /// Too many requests, as `service` says it.
    pub fn throttled(service: &str) -> Self {
        let (status, code) = match service {
            "s3" => (503, "SlowDown"),
            "sts" | "sns" => (400, "Throttling"),
            "search" => (429, "rejected_execution_exception"),
            _ => (400, "ThrottlingException"),
        };
        Self::Error { status, code }
    }

    /// A missing right, as `service` says it.
    pub fn denied(service: &str) -> Self {
        let (status, code) = match service {
            "s3" | "sts" => (403, "AccessDenied"),
            "sns" => (403, "AuthorizationError"),
            "search" => (403, "security_exception"),
            _ => (400, "AccessDeniedException"),
        };
        Self::Error { status, code }
    }

    /// A failure of the service itself.
    pub const BROKEN: Self = Self::Error { status: 500, code: "InternalServerError" };
}

/// Which calls a fault is done to.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The start of their names: `glue.` are all calls of Glue.
    on: &'static str,
    about: String,
    after: usize,
    times: usize,
    fault: Fault,
}

impl Rule {
    /// All calls whose name starts with `on`.
    pub fn on(on: &'static str, fault: Fault) -> Self {
        Self { on, about: String::new(), after: 0, times: usize::MAX, fault }
    }

    /// Only those in whose path or body `text` stands.
    #[must_use]
    pub fn about(mut self, text: &str) -> Self {
        text.clone_into(&mut self.about);
        self
    }

    /// Not the first `calls` of them.
    #[must_use]
    pub fn after(mut self, calls: usize) -> Self {
        self.after = calls;
        self
    }

    /// Only `calls` of them.
    #[must_use]
    pub fn times(mut self, calls: usize) -> Self {
        self.times = calls;
        self
    }

    /// Whether the fault is to be done to this call; counts it if so.
    fn takes(&mut self, call: &Call) -> bool {
        let meant =
            call.name.starts_with(self.on) && (call.path.contains(&self.about) || call.body.contains(&self.about));
        if !meant || self.times == 0 {
            return false;
        }
        if self.after > 0 {
            self.after -= 1;
            return false;
        }
        self.times -= 1;
        true
    }
}

/// A call that was attempted.
#[derive(Debug, Clone)]
pub struct Call {
    pub name: String,
    pub path: String,
    pub body: String,
    /// What the service answered, if it was asked and did, whatever the caller got of it.
    pub answer: Option<String>,
}

#[derive(Debug, Default)]
struct Shared {
    /// Counts healings: an answer that comes after one belongs to no call that is still known.
    era: usize,
    rules: Vec<Rule>,
    calls: Vec<Call>,
}

/// A proxy in front of one service; gone when dropped.
#[derive(Debug)]
pub struct FaultProxy {
    address: SocketAddr,
    shared: Arc<Mutex<Shared>>,
    server: JoinHandle<()>,
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl FaultProxy {
    /// A proxy in front of `upstream`, such as `http://127.0.0.1:4566`; without rules it changes nothing.
    pub async fn in_front_of(upstream: &str) -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let upstream: Arc<str> = upstream.trim_start_matches("http://").trim_end_matches('/').into();
        let shared = Arc::new(Mutex::new(Shared::default()));
        let kept = shared.clone();
        let server = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let (upstream, shared) = (upstream.clone(), shared.clone());
                // A connection that breaks is what this is for.
                tokio::spawn(async move { drop(serve(client, &upstream, &shared).await) });
            }
        });
        Ok(Self { address, shared: kept, server })
    }

    /// Where to send requests instead.
    pub fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on, until [`Self::heal`]; of several rules for a call, the one told first counts.
    pub fn fail(&self, rule: Rule) {
        lock(&self.shared).rules.push(rule);
    }

    /// Lets everything pass again, and forgets which calls there were.
    pub fn heal(&self) {
        let mut shared = lock(&self.shared);
        *shared = Shared { era: shared.era + 1, ..Shared::default() };
    }

    /// The calls since the beginning or the last [`Self::heal`] whose names start with `name`, in their order.
    pub fn calls(&self, name: &str) -> Vec<Call> {
        lock(&self.shared).calls.iter().filter(|call| call.name.starts_with(name)).cloned().collect()
    }
}

/// One request and its answer; then the connection ends.
async fn serve(mut client: TcpStream, upstream: &str, shared: &Mutex<Shared>) -> io::Result<()> {
    client.set_nodelay(true)?;
    let request = Request::read(&mut client).await?;
    let call = Call {
        name: request.name(),
        path: request.path().to_owned(),
        body: String::from_utf8_lossy(request.body()).into_owned(),
        answer: None,
    };
    let service = call.name.split('.').next().unwrap_or_default().to_owned();
    let (fault, era, index) = {
        let mut shared = lock(shared);
        let fault = shared.rules.iter_mut().find_map(|rule| rule.takes(&call).then(|| rule.fault.clone()));
        shared.calls.push(call);
        (fault, shared.era, shared.calls.len() - 1)
    };
    match &fault {
        Some(Fault::Hang) => return wait_for_end(&mut client).await,
        Some(Fault::CutBefore) => return Ok(()),
        Some(Fault::Error { status, code }) => {
            return client.write_all(&Response::error(&service, *status, code).bytes()).await;
        }
        Some(Fault::Answer { status, body }) => {
            return client.write_all(&Response::new(*status, "application/json", body.as_bytes()).bytes()).await;
        }
        Some(Fault::Late(by)) => tokio::time::sleep(*by).await,
        _ => {}
    }
    let mut response = exchange(upstream, &request).await?;
    {
        let mut shared = lock(shared);
        let known = shared.era == era;
        if let Some(call) = shared.calls.get_mut(index).filter(|_| known) {
            call.answer = Some(String::from_utf8_lossy(response.body()).into_owned());
        }
    }
    match fault {
        Some(Fault::CutAfter) => Ok(()),
        Some(Fault::CutWithin) => client.write_all(&response.first_half()).await,
        Some(Fault::StallWithin) => {
            client.write_all(&response.first_half()).await?;
            wait_for_end(&mut client).await
        }
        Some(Fault::Garbage(body)) => {
            response.set_body(body.as_bytes().to_vec());
            client.write_all(&response.bytes()).await
        }
        Some(Fault::Flip) => {
            response.flip();
            client.write_all(&response.bytes()).await
        }
        _ => client.write_all(&response.bytes()).await,
    }
}

/// Until the caller loses patience.
async fn wait_for_end(client: &mut TcpStream) -> io::Result<()> {
    let mut rest = [0; 64];
    while client.read(&mut rest).await? > 0 {}
    Ok(())
}

async fn exchange(upstream: &str, request: &Request) -> io::Result<Response> {
    let mut service = TcpStream::connect(upstream).await?;
    service.set_nodelay(true)?;
    service.write_all(&request.forwarded()).await?;
    Response::read(&mut service, request.is_head()).await
}
