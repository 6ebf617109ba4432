//! Where the bearer token comes from: given, or by OAuth2 client credentials, kept until shortly before it ends.

use std::{
    fmt,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde::Deserialize;

use crate::error::ClientError;

/// A token is renewed this long before it ends.
const MARGIN: Duration = Duration::from_secs(60);

/// A machine client's credentials. Debug output shows no secret.
#[derive(Clone)]
pub struct ClientCredentials {
    pub client_id: String,
    pub client_secret: String,
    /// The OAuth2 token endpoint.
    pub token_url: String,
    pub scope: String,
}

impl fmt::Debug for ClientCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCredentials")
            .field("client_id", &self.client_id)
            .field("token_url", &self.token_url)
            .finish_non_exhaustive()
    }
}

/// Where tokens come from.
pub struct TokenSource {
    kind: Kind,
    cached: Mutex<Option<(String, Instant)>>,
}

enum Kind {
    Given(String),
    Client(ClientCredentials),
}

impl fmt::Debug for TokenSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.kind {
            Kind::Given(_) => f.write_str("TokenSource::Given"),
            Kind::Client(client) => f.debug_tuple("TokenSource::Client").field(client).finish(),
        }
    }
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    #[serde(default)]
    expires_in: Option<u64>,
}

impl TokenSource {
    /// A token that somebody else obtained.
    pub fn given(token: String) -> Self {
        Self { kind: Kind::Given(token), cached: Mutex::new(None) }
    }

    /// Tokens by client credentials.
    pub fn client(credentials: ClientCredentials) -> Self {
        Self { kind: Kind::Client(credentials), cached: Mutex::new(None) }
    }

    /// A token that is good for a while yet.
    pub async fn token(&self, http: &reqwest::Client) -> Result<String, ClientError> {
        let client = match &self.kind {
            Kind::Given(token) => return Ok(token.clone()),
            Kind::Client(client) => client,
        };
        if let Some((token, until)) = &*self.cached.lock().unwrap_or_else(PoisonError::into_inner)
            && Instant::now() < *until
        {
            return Ok(token.clone());
        }
        let form = [("grant_type", "client_credentials"), ("scope", client.scope.as_str())];
        let request =
            http.post(&client.token_url).basic_auth(&client.client_id, Some(&client.client_secret)).form(&form);
        let response = request.send().await.map_err(|error| ClientError::unreachable(&client.token_url, error))?;
        let status = response.status();
        if !status.is_success() {
            return Err(ClientError::Token(format!(
                "`{}` answered with HTTP status {status} for the client `{}`: check its id, secret and scope",
                client.token_url, client.client_id
            )));
        }
        let answer: Answer = response
            .json()
            .await
            .map_err(|_| ClientError::Token("the token endpoint's answer holds no token".to_owned()))?;
        let life = Duration::from_secs(answer.expires_in.unwrap_or(300));
        let until = Instant::now() + life.saturating_sub(MARGIN);
        *self.cached.lock().unwrap_or_else(PoisonError::into_inner) = Some((answer.access_token.clone(), until));
        Ok(answer.access_token)
    }

    /// Drops a token that was refused.
    pub(crate) fn forget(&self) {
        *self.cached.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}
