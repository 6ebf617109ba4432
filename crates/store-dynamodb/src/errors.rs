//! What DynamoDB's errors mean to the mesh, and patience where it asks for some.

use std::{
    hash::{BuildHasher, RandomState},
    time::Duration,
};

use aws_sdk_dynamodb::{
    error::{ProvideErrorMetadata, SdkError},
    operation::transact_write_items::TransactWriteItemsError,
};
use mesh_core::error::StoreError;

/// The service as errors name it.
pub(crate) const SERVICE: &str = "DynamoDB";

/// How often a contended call is made in all: each rival that wins is gone, so that asking again is soon of use.
const CONTENDED_ATTEMPTS: u32 = 8;

/// How often a throttled call is made in all: what is overloaded does not get more load. Throttling of a whole call is tried
/// again by the SDK, as often, and not here as well.
const THROTTLED_ATTEMPTS: u32 = 3;

/// The longest pause between two attempts.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Why one attempt failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Asking again is of no use.
    Final(StoreError),
    /// A transaction was under way on the same items: worth another attempt.
    Contended(StoreError),
    /// Capacity ran out for a part of what was asked: worth few more attempts.
    Throttled(StoreError),
}

/// Makes attempts until one succeeds or fails for good, with growing, random pauses between them.
pub(crate) async fn patiently<T, F, A>(attempt: F) -> Result<T, StoreError>
where
    F: Fn() -> A,
    A: Future<Output = Result<T, Failure>>,
{
    let mut made = 0;
    loop {
        made += 1;
        match attempt().await {
            Ok(answer) => return Ok(answer),
            Err(Failure::Final(error)) => return Err(error),
            Err(Failure::Contended(error)) if made >= CONTENDED_ATTEMPTS => return Err(error),
            Err(Failure::Throttled(error)) if made >= THROTTLED_ATTEMPTS => return Err(error),
            Err(Failure::Contended(error) | Failure::Throttled(error)) => {
                tracing::debug!(attempt = made, %error, "trying again");
                pause(made).await;
            }
        }
    }
}

/// Waits before attempt `made + 1`: a random part of a span that doubles each time, so that rivals part.
async fn pause(made: u32) {
    let span = Duration::from_millis(20).saturating_mul(1 << made.min(10)).min(LONGEST_PAUSE);
    // A fresh hasher is randomly keyed: enough chance for this, and no generator to carry around.
    let chance = RandomState::new().hash_one(made) % 1000;
    tokio::time::sleep(span.mul_f64(chance as f64 / 1000.0)).await;
}

/// What a failed call means.
pub(crate) fn failure<E>(error: SdkError<E>) -> Failure
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    let message = error.message().unwrap_or_default().to_owned();
    match error.code() {
        Some("ConditionalCheckFailedException") => Failure::Final(StoreError::Conflict),
        Some("AccessDeniedException" | "ResourceNotFoundException" | "UnrecognizedClientException") => {
            Failure::Final(StoreError::denied(SERVICE, message))
        }
        Some("ValidationException") if is_too_large(&message) => {
            Failure::Final(StoreError::TooLarge { detail: message })
        }
        Some("TransactionConflictException") => Failure::Contended(StoreError::unavailable(SERVICE, error)),
        _ => Failure::Final(StoreError::unavailable(SERVICE, error)),
    }
}

/// What a failed call means where no further attempt is made.
pub(crate) fn error<E>(failed: SdkError<E>) -> StoreError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    match failure(failed) {
        Failure::Final(error) | Failure::Contended(error) | Failure::Throttled(error) => error,
    }
}

/// What a failed transaction means: a condition that did not hold outweighs everything else.
pub(crate) fn transaction_failure(error: SdkError<TransactWriteItemsError>) -> Failure {
    let Some(TransactWriteItemsError::TransactionCanceledException(canceled)) = error.as_service_error() else {
        return failure(error);
    };
    let reasons = canceled.cancellation_reasons();
    let has = |wanted: &[&str]| reasons.iter().any(|reason| reason.code().is_some_and(|code| wanted.contains(&code)));
    if has(&["ConditionalCheckFailed"]) {
        return Failure::Final(StoreError::Conflict);
    }
    if let Some(detail) = reasons.iter().filter_map(|reason| reason.message()).find(|message| is_too_large(message)) {
        return Failure::Final(StoreError::TooLarge { detail: detail.to_owned() });
    }
    if has(&["ThrottlingError", "ProvisionedThroughputExceeded"]) {
        return Failure::Throttled(StoreError::unavailable(SERVICE, error));
    }
    if has(&["TransactionConflict"]) {
        return Failure::Contended(StoreError::unavailable(SERVICE, error));
    }
    Failure::Final(StoreError::unavailable(SERVICE, error))
}

fn is_too_large(message: &str) -> bool {
    message.contains("exceeded the maximum allowed size") || message.contains("cannot exceed 4 MB")
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    /// How often a call is made that always fails like this.
    async fn attempts(failure: fn(StoreError) -> Failure) -> u32 {
        let calls = AtomicU32::new(0);
        let answer: Result<(), _> = patiently(|| {
            calls.fetch_add(1, Ordering::SeqCst);
            async { Err(failure(StoreError::unavailable(SERVICE, "busy"))) }
        })
        .await;
        assert!(matches!(answer, Err(StoreError::Unavailable { .. })));
        calls.load(Ordering::SeqCst)
    }

    #[tokio::test]
    async fn contention_is_tried_again_and_given_up_in_the_end() {
        let calls = AtomicU32::new(0);
        let answer = patiently(|| {
            let call = calls.fetch_add(1, Ordering::SeqCst);
            async move { if call < 3 { Err(Failure::Contended(StoreError::Conflict)) } else { Ok(call) } }
        });
        assert_eq!(answer.await.unwrap(), 3);
        assert_eq!(attempts(Failure::Contended).await, CONTENDED_ATTEMPTS);
    }

    #[tokio::test]
    async fn throttling_is_not_answered_with_more_load() {
        assert_eq!(attempts(Failure::Throttled).await, THROTTLED_ATTEMPTS);
        assert_eq!(attempts(Failure::Final).await, 1);
    }
}
