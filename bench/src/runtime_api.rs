//! Lambda's Runtime API on the loopback interface: as much of it as a function needs to start and to be invoked.

use std::{net::SocketAddr, sync::Arc, time::Instant};

use anyhow::{Context, Result, bail};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    sync::{
        Mutex,
        mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel},
    },
};

/// What a function said.
#[derive(Debug)]
enum Said {
    /// It is ready for an invocation, since then.
    Ready(Instant),
    /// Its answer.
    Answered(Vec<u8>),
    /// It failed to start, or at an invocation.
    Failed(String),
}

/// The API of one function's process.
#[derive(Debug)]
pub struct RuntimeApi {
    pub address: SocketAddr,
    events: UnboundedSender<String>,
    said: UnboundedReceiver<Said>,
}

impl RuntimeApi {
    /// Listens on a free port.
    pub async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (events, waiting) = unbounded_channel();
        let (saying, said) = unbounded_channel();
        let waiting = Arc::new(Mutex::new(waiting));
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let (waiting, saying) = (waiting.clone(), saying.clone());
                tokio::spawn(async move {
                    // A connection ends with the process behind it.
                    let _ = serve(connection, &waiting, &saying).await;
                });
            }
        });
        Ok(Self { address, events, said })
    }

    /// When the function asked for its first invocation: its start is over then.
    pub async fn ready(&mut self) -> Result<Instant> {
        match self.said.recv().await.context("nobody serves the runtime API any more")? {
            Said::Ready(at) => Ok(at),
            Said::Answered(_) => bail!("a function that was not invoked answered"),
            Said::Failed(why) => bail!("the function failed: {why}"),
        }
    }

    /// Invokes the function and waits for its answer and until it is ready again.
    pub async fn invoke(&mut self, event: &str) -> Result<Vec<u8>> {
        self.events.send(event.to_owned())?;
        let answer = match self.said.recv().await.context("nobody serves the runtime API any more")? {
            Said::Answered(answer) => answer,
            Said::Ready(_) => bail!("the function asked for another invocation without an answer"),
            Said::Failed(why) => bail!("the function failed: {why}"),
        };
        self.ready().await?;
        Ok(answer)
    }
}

async fn serve(
    connection: TcpStream,
    waiting: &Mutex<UnboundedReceiver<String>>,
    saying: &UnboundedSender<Said>,
) -> Result<()> {
    connection.set_nodelay(true)?;
    let mut connection = BufReader::new(connection);
    let mut invocation = 0_u64;
    loop {
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            if connection.read_line(&mut head).await? == 0 {
                return Ok(());
            }
        }
        let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
        let body = body(&mut connection, &head).await?;
        let answer = if path.ends_with("/invocation/next") {
            saying.send(Said::Ready(Instant::now()))?;
            let Some(event) = waiting.lock().await.recv().await else { return Ok(()) };
            invocation += 1;
            format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\
                 lambda-runtime-aws-request-id: 00000000-0000-0000-0000-{invocation:012}\r\n\
                 lambda-runtime-deadline-ms: 4102444800000\r\n\
                 lambda-runtime-invoked-function-arn: arn:aws:lambda:us-east-1:000000000000:function:bench\r\n\
                 lambda-runtime-trace-id: Root=1-00000000-000000000000000000000000\r\n\r\n{event}",
                event.len()
            )
        } else {
            saying.send(match path.rsplit('/').next() {
                Some("response") => Said::Answered(body),
                _ => Said::Failed(format!("{path}: {}", String::from_utf8_lossy(&body))),
            })?;
            "HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n".to_owned()
        };
        connection.write_all(answer.as_bytes()).await?;
    }
}

/// A request's body, whole or in chunks.
async fn body(connection: &mut BufReader<TcpStream>, head: &str) -> Result<Vec<u8>> {
    let header = |name: &str| {
        head.lines().filter_map(|line| line.split_once(':')).find(|(found, _)| found.eq_ignore_ascii_case(name))
    };
    if let Some((_, length)) = header("content-length") {
        let mut body = vec![0; length.trim().parse()?];
        connection.read_exact(&mut body).await?;
        return Ok(body);
    }
    let mut whole = Vec::new();
    if header("transfer-encoding").is_some() {
        loop {
            let mut size = String::new();
            connection.read_line(&mut size).await?;
            let mut chunk = vec![0; usize::from_str_radix(size.trim(), 16)? + "\r\n".len()];
            connection.read_exact(&mut chunk).await?;
            chunk.truncate(chunk.len() - "\r\n".len());
            if chunk.is_empty() {
                break;
            }
            whole.extend(chunk);
        }
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_function_is_served_its_events_and_heard() {
        let mut api = RuntimeApi::start().await.unwrap();
        let mut function = BufReader::new(TcpStream::connect(api.address).await.unwrap());
        let next = b"GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nhost: x\r\n\r\n";
        let answers = async {
            function.write_all(next).await.unwrap();
            let mut line = String::new();
            while !line.contains("\r\n\r\n") {
                function.read_line(&mut line).await.unwrap();
            }
            assert!(line.contains("content-length: 7\r\n"), "{line}");
            let mut event = [0; 7];
            function.read_exact(&mut event).await.unwrap();
            assert_eq!(&event, b"{\"a\":1}");
            let chunked = "POST /2018-06-01/runtime/invocation/1/response HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n\
                           2\r\n{}\r\n1\r\n \r\n0\r\n\r\n";
            function.write_all(chunked.as_bytes()).await.unwrap();
            function.write_all(next).await.unwrap();
        };
        let asks = async {
            api.ready().await.unwrap();
            api.invoke("{\"a\":1}").await.unwrap()
        };
        assert_eq!(tokio::join!(answers, asks).1, b"{} ");
    }
}
