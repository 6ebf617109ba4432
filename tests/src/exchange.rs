//! HTTP/1.1 messages as the fault proxy passes them on: read whole, told apart, written again.

use std::io;

use tokio::{
    io::{AsyncRead, AsyncReadExt},
    net::TcpStream,
};

/// Where a message's head ends.
const END: &[u8] = b"\r\n\r\n";

/// Lines without their ends, the first of which is not a header; and the body.
#[derive(Debug, Clone)]
struct Message {
    head: Vec<String>,
    body: Vec<u8>,
}

impl Message {
    async fn read(stream: &mut (impl AsyncRead + Unpin), bodiless: bool) -> io::Result<Self> {
        let (mut read, mut buffer) = (Vec::new(), vec![0; 64 * 1024]);
        let end = loop {
            if let Some(end) = read.windows(END.len()).position(|window| window == END) {
                break end;
            }
            match stream.read(&mut buffer).await? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                length => read.extend(buffer.iter().take(length)),
            }
        };
        let body = read.split_off(end + END.len());
        read.truncate(end);
        let head = String::from_utf8_lossy(&read).split("\r\n").map(str::to_owned).collect();
        let mut message = Self { head, body };
        if bodiless {
            return Ok(message);
        }
        let length: Option<usize> = message.header("content-length").and_then(|length| length.parse().ok());
        let chunked = message.header("transfer-encoding").is_some();
        if length.is_none() && !chunked && message.is_request() {
            return Ok(message);
        }
        while length.is_none_or(|length| message.body.len() < length) {
            match stream.read(&mut buffer).await? {
                // Without a length, a body ends with its connection.
                0 if length.is_none() => break,
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                length => message.body.extend(buffer.iter().take(length)),
            }
        }
        if chunked {
            message.body = unchunked(&message.body).ok_or(io::ErrorKind::InvalidData)?;
            message.head.retain(|line| !line.to_ascii_lowercase().starts_with("transfer-encoding:"));
        }
        Ok(message)
    }

    fn is_request(&self) -> bool {
        !self.first().starts_with("HTTP/")
    }

    fn first(&self) -> &str {
        self.head.first().map_or("", String::as_str)
    }

    fn header(&self, name: &str) -> Option<&str> {
        let value = |line: &'_ String| {
            let (key, _) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then_some(key.len() + 1)
        };
        self.head.iter().skip(1).find_map(|line| Some(line.get(value(line)?..)?.trim()))
    }

    /// The head without its line of `names`, and with `lines` more.
    fn bytes(&self, names: &[&str], lines: &[String]) -> Vec<u8> {
        let dropped = |line: &&String| {
            line.split_once(':').is_some_and(|(key, _)| names.iter().any(|name| key.eq_ignore_ascii_case(name)))
        };
        let kept: Vec<&str> = self.head.iter().filter(|line| !dropped(line)).map(String::as_str).collect();
        let lines = lines.iter().map(String::as_str);
        let mut bytes = kept.into_iter().chain(lines).collect::<Vec<_>>().join("\r\n").into_bytes();
        bytes.extend_from_slice(END);
        bytes
    }
}

/// The content of a chunked body.
fn unchunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|window| window == b"\r\n")?;
        let (size, after) = rest.split_at_checked(end)?;
        let size = usize::from_str_radix(std::str::from_utf8(size).ok()?.split(';').next()?.trim(), 16).ok()?;
        if size == 0 {
            return Some(body);
        }
        let (chunk, after) = after.get(2..)?.split_at_checked(size)?;
        body.extend_from_slice(chunk);
        rest = after.get(2..)?;
    }
}

/// A request to a service.
#[derive(Debug)]
pub(crate) struct Request(Message);

impl Request {
    pub(crate) async fn read(client: &mut TcpStream) -> io::Result<Self> {
        let message = Message::read(client, false).await?;
        // Nothing here sends such, and passing it on needs care.
        if message.header("expect").is_some() {
            return Err(io::ErrorKind::Unsupported.into());
        }
        Ok(Self(message))
    }

    /// As it came, but for the connection, which ends with the answer.
    pub(crate) fn forwarded(&self) -> Vec<u8> {
        let mut bytes = self.0.bytes(&["connection"], &["connection: close".to_owned()]);
        bytes.extend_from_slice(&self.0.body);
        bytes
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.0.body
    }

    pub(crate) fn is_head(&self) -> bool {
        self.method() == "HEAD"
    }

    fn method(&self) -> &str {
        self.0.first().split(' ').next().unwrap_or_default()
    }

    /// With its query.
    pub(crate) fn path(&self) -> &str {
        self.0.first().split(' ').nth(1).unwrap_or_default()
    }

    /// The service by the scope of the signature, and the operation as that service names it.
    pub(crate) fn name(&self) -> String {
        let scope = self.0.header("authorization").and_then(|text| text.split_once("Credential="));
        let service = scope.and_then(|(_, scope)| scope.split('/').nth(3)).unwrap_or("search");
        format!("{service}.{}", self.operation(service))
    }

    fn operation(&self, service: &str) -> String {
        if let Some((_, operation)) = self.0.header("x-amz-target").and_then(|target| target.split_once('.')) {
            return operation.to_owned();
        }
        let body = String::from_utf8_lossy(&self.0.body);
        if let Some(action) = body.split('&').find_map(|pair| pair.strip_prefix("Action=")) {
            return action.to_owned();
        }
        let (path, query) = self.path().split_once('?').unwrap_or((self.path(), ""));
        match (service, self.method()) {
            ("s3", "GET") if query.contains("encryption") => "GetBucketEncryption".to_owned(),
            ("s3", "GET") if query.contains("list-type") => "ListObjectsV2".to_owned(),
            ("s3", "GET") => "GetObject".to_owned(),
            ("s3", "PUT") => "PutObject".to_owned(),
            ("search", method) => path
                .split('/')
                .find(|part| part.starts_with('_'))
                .map_or_else(|| format!("{method} index"), str::to_owned),
            (_, method) => format!("{method} {path}"),
        }
    }
}

/// An answer of a service.
#[derive(Debug)]
pub(crate) struct Response(Message);

impl Response {
    pub(crate) async fn read(service: &mut TcpStream, to_head: bool) -> io::Result<Self> {
        Ok(Self(Message::read(service, to_head).await?))
    }

    pub(crate) fn new(status: u16, media_type: &str, body: &[u8]) -> Self {
        let head = vec![format!("HTTP/1.1 {status} Told"), format!("content-type: {media_type}")];
        Self(Message { head, body: body.to_vec() })
    }

    /// An error in the form in which `service` tells of errors.
    pub(crate) fn error(service: &str, status: u16, code: &str) -> Self {
        let told = "made up by a test";
        match service {
            "s3" => {
                let body = format!("<Error><Code>{code}</Code><Message>{told}</Message></Error>");
                Self::new(status, "application/xml", body.as_bytes())
            }
            "sts" | "sns" => {
                let error = format!("<Error><Type>Sender</Type><Code>{code}</Code><Message>{told}</Message></Error>");
                let body = format!("<ErrorResponse>{error}<RequestId>1</RequestId></ErrorResponse>");
                Self::new(status, "text/xml", body.as_bytes())
            }
            "search" => {
                let body = serde_json::json!({ "error": { "type": code, "reason": told }, "status": status });
                Self::new(status, "application/json", body.to_string().as_bytes())
            }
            _ => {
                let body = serde_json::json!({ "__type": format!("com.amazonaws#{code}"), "message": told });
                Self::new(status, "application/x-amz-json-1.1", body.to_string().as_bytes())
            }
        }
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.0.body
    }

    pub(crate) fn set_body(&mut self, body: Vec<u8>) {
        self.0.body = body;
    }

    /// Another byte in the middle.
    pub(crate) fn flip(&mut self) {
        let middle = self.0.body.len() / 2;
        if let Some(byte) = self.0.body.get_mut(middle) {
            *byte ^= 1;
        }
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut bytes = self.head();
        bytes.extend_from_slice(&self.0.body);
        bytes
    }

    /// The head, which promises the whole body, and half of that.
    pub(crate) fn first_half(&self) -> Vec<u8> {
        let mut bytes = self.head();
        bytes.extend(self.0.body.iter().take(self.0.body.len() / 2));
        bytes
    }

    fn head(&self) -> Vec<u8> {
        // An answer to HEAD says how long the body would be.
        let length = match self.0.header("content-length").filter(|_| self.0.body.is_empty()) {
            Some(length) => length.to_owned(),
            None => self.0.body.len().to_string(),
        };
        let lines = [format!("content-length: {length}"), "connection: close".to_owned()];
        self.0.bytes(&["connection", "content-length"], &lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn request(text: &str) -> Request {
        Request(Message::read(&mut text.as_bytes(), false).await.unwrap())
    }

    fn signed(service: &str, first: &str, rest: &str) -> String {
        format!(
            "{first}\r\nHost: 127.0.0.1:1\r\nauthorization: AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/{service}/aws4_request, S\r\n{rest}"
        )
    }

    #[tokio::test]
    async fn calls_are_told_apart_by_service_and_operation() {
        let target = "X-Amz-Target: DynamoDB_20120810.GetItem\r\nContent-Length: 2\r\n\r\n{}";
        let form = "Content-Length: 37\r\n\r\nAction=AssumeRole&Version=2011-06-15&";
        let cases = [
            (signed("dynamodb", "POST / HTTP/1.1", target), "dynamodb.GetItem"),
            (signed("sts", "POST / HTTP/1.1", form), "sts.AssumeRole"),
            (signed("s3", "GET /b/?list-type=2&prefix=p HTTP/1.1", "\r\n"), "s3.ListObjectsV2"),
            (signed("s3", "GET /b/?encryption HTTP/1.1", "\r\n"), "s3.GetBucketEncryption"),
            (signed("s3", "GET /b/k?x-id=GetObject HTTP/1.1", "\r\n"), "s3.GetObject"),
            ("POST /i/_search?preference=a HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(), "search._search"),
            ("PUT /i HTTP/1.1\r\nHost: h\r\n\r\n".to_owned(), "search.PUT index"),
        ];
        for (text, name) in cases {
            assert_eq!(request(&text).await.name(), name);
        }
    }

    #[tokio::test]
    async fn what_is_signed_passes_unchanged() {
        let text = signed(
            "s3",
            "PUT /b/k HTTP/1.1",
            "x-amz-date: 20260101\r\ncontent-length: 4\r\nConnection: keep-alive\r\n\r\nrows",
        );
        let forwarded = String::from_utf8(request(&text).await.forwarded()).unwrap();
        assert_eq!(forwarded, text.replace("Connection: keep-alive\r\n\r\n", "connection: close\r\n\r\n"));
    }

    #[tokio::test]
    async fn a_half_answer_promises_the_whole() {
        let text = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nabcd\r\n2\r\nef\r\n0\r\n\r\n";
        let response = Response(Message::read(&mut text.as_bytes(), false).await.unwrap());
        assert_eq!(response.body(), b"abcdef");
        let half = String::from_utf8(response.first_half()).unwrap();
        assert!(half.contains("content-length: 6") && half.ends_with("\r\n\r\nabc"), "{half}");
    }
}
