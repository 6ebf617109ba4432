//! Bodies that describe a product: a manifest, or documents of the open standards.

use axum::{
    body::Bytes,
    extract::{FromRequest, Request},
    http::header,
};

use crate::{
    answer::{JSON, YAML, bytes, declared},
    problem::Failure,
};

pub use mesh_api::media::{BUNDLE, ODCS_JSON, ODCS_YAML, ODPS_JSON, ODPS_YAML};

/// The most contracts that come with a product: as many as a product has ports.
const MAX_DOCUMENTS: usize = 51;

/// What was sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Documents {
    /// A manifest as text, as it was sent: YAML or JSON, if it is declared as anything.
    Manifest(String),
    /// A product's document of the Open Data Product Standard, and the contracts that come with it.
    Standard { product: String, contracts: Vec<String> },
}

impl Documents {
    /// All that was sent, for what is bound to it.
    pub fn whole(&self) -> String {
        match self {
            Self::Manifest(text) => text.clone(),
            Self::Standard { product, contracts } => {
                let mut whole = product.clone();
                contracts.iter().for_each(|contract| whole.extend(["\n---\n", contract]));
                whole
            }
        }
    }
}

impl<S: Send + Sync> FromRequest<S> for Documents {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        declared(&request, &[YAML, JSON, ODPS_YAML, ODPS_JSON, BUNDLE])?;
        let declared = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let declared = declared.unwrap_or(YAML).to_owned();
        let kind = declared.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        let body = bytes(request, state).await?;
        let texts = match kind.as_str() {
            BUNDLE => parts(&declared, body).await?,
            ODPS_YAML | ODPS_JSON => separated(&text(body)?),
            _ => return text(body).map(Self::Manifest),
        };
        if texts.len() > MAX_DOCUMENTS {
            let detail = format!("{} documents were sent, more than {MAX_DOCUMENTS}", texts.len());
            return Err(Failure::invalid("request.too_many_documents", "", detail));
        }
        let mut texts = texts.into_iter();
        let product = texts.next().ok_or_else(|| {
            Failure::invalid("request.no_documents", "", "no document was sent")
                .with_remedy("send the product's document first, then its contracts")
        })?;
        Ok(Self::Standard { product, contracts: texts.collect() })
    }
}

fn text(bytes: Bytes) -> Result<String, Failure> {
    String::from_utf8(bytes.into()).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        Failure::invalid("request.not_utf8", "", format!("the body is not UTF-8 at byte {at}"))
    })
}

/// The documents of a YAML stream, without empty ones.
fn separated(text: &str) -> Vec<String> {
    let mut documents = vec![String::new()];
    for line in text.lines() {
        if line.trim_end() == "---" {
            documents.push(String::new());
        } else if let Some(document) = documents.last_mut() {
            document.extend([line, "\n"]);
        }
    }
    documents.retain(|document| !document.trim().is_empty());
    documents
}

async fn parts(declared: &str, body: Bytes) -> Result<Vec<String>, Failure> {
    let unreadable = |error: multer::Error| {
        let detail: String = format!("the parts of the body cannot be told apart: {error}").chars().take(300).collect();
        Failure::invalid("request.invalid_parts", "", detail)
            .with_remedy("send parts with the boundary that `Content-Type` names, the product's document first")
    };
    // The parser knows forms only; a bundle is told apart in the same way.
    let parameters = declared.split_once(';').map_or("", |(_, parameters)| parameters);
    let boundary = multer::parse_boundary(format!("multipart/form-data;{parameters}")).map_err(unreadable)?;
    // Nor does it know parts without headers: it would take their text for them.
    let body = text(body)?
        .replace(&format!("--{boundary}\r\n\r\n"), &format!("--{boundary}\r\nContent-Type: text/plain\r\n\r\n"));
    let stream = futures::stream::iter([Ok::<_, std::convert::Infallible>(Bytes::from(body))]);
    let mut parts = multer::Multipart::new(stream, boundary);
    let mut texts = Vec::new();
    while let Some(part) = parts.next_field().await.map_err(unreadable)? {
        texts.push(text(part.bytes().await.map_err(unreadable)?)?);
        if texts.len() > MAX_DOCUMENTS {
            break;
        }
    }
    Ok(texts)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    async fn read(kind: &str, body: &str) -> Result<Documents, Failure> {
        let request = Request::builder().header("content-type", kind).body(Body::from(body.to_owned())).unwrap();
        Documents::from_request(request, &()).await
    }

    fn standard(product: &str, contracts: &[&str]) -> Documents {
        Documents::Standard {
            product: product.to_owned(),
            contracts: contracts.iter().map(|text| (*text).to_owned()).collect(),
        }
    }

    #[tokio::test]
    async fn documents_are_told_apart() {
        assert_eq!(
            read("application/yaml", "a: 1\n---\n").await.unwrap(),
            Documents::Manifest("a: 1\n---\n".to_owned())
        );
        let stream = "---\na: 1\n---\nb: 2\n";
        assert_eq!(read(ODPS_YAML, stream).await.unwrap(), standard("a: 1\n", &["b: 2\n"]));
        let parts = "--x\r\n\r\na: 1\r\n--x\r\nContent-Type: application/odcs+yaml\r\n\r\nb: 2\r\n--x--\r\n";
        for kind in ["multipart/mixed; boundary=x", "Multipart/Mixed; boundary=\"x\""] {
            assert_eq!(read(kind, parts).await.unwrap(), standard("a: 1", &["b: 2"]), "{kind}");
        }
    }

    #[tokio::test]
    async fn what_cannot_be_told_apart_is_refused() {
        for (kind, body, code) in [
            ("multipart/mixed", "--x\r\n\r\na\r\n--x--", "request.invalid_parts"),
            ("multipart/mixed; boundary=x", "--x\r\n\r\na", "request.invalid_parts"),
            ("multipart/mixed; boundary=x", "--x--\r\n", "request.no_documents"),
            (ODPS_YAML, "---\n---\n", "request.no_documents"),
            ("text/plain", "a", "request.unsupported_type"),
            ("multipart/form-data; boundary=x", "--x--", "request.unsupported_type"),
        ] {
            assert_eq!(read(kind, body).await.unwrap_err().0.code, code, "{kind} {body}");
        }
        let many = "---\na: 1\n".repeat(52);
        assert_eq!(read(ODPS_YAML, &many).await.unwrap_err().0.code, "request.too_many_documents");
    }
}
