//! The DynamoDB table of locks and digests.

use bytes::Bytes;
use reqwest::Method;
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use serde_json::{Value, json};

use super::Inner;
use super::client::{Call, Service, told};
use crate::error::{ErrorClass, StoreError};
use crate::wire::{self, Answer, Effect, SMALL};

const TARGET: HeaderName = HeaderName::from_static("x-amz-target");
const JSON: HeaderValue = HeaderValue::from_static("application/x-amz-json-1.0");

/// Whether a condition of a write was met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Met {
    Yes,
    No,
}

/// What an item with a digest is called.
pub(super) fn digest_id(lock_id: &str) -> String {
    format!("{lock_id}-md5")
}

impl Inner {
    /// Puts a lock where there is none.
    pub(super) async fn put_lock_item(
        &self,
        place: &str,
        table: &str,
        id: &str,
        info: &str,
    ) -> Result<Met, StoreError> {
        let request = json!({
            "TableName": table,
            "Item": {"LockID": {"S": id}, "Info": {"S": info}},
            "ConditionExpression": "attribute_not_exists(LockID)",
        });
        self.write_item(place, table, "PutItem", &request).await
    }

    /// Deletes a lock, where it is exactly this one.
    pub(super) async fn delete_lock_item(
        &self,
        place: &str,
        table: &str,
        id: &str,
        info: &str,
    ) -> Result<Met, StoreError> {
        let request = json!({
            "TableName": table,
            "Key": {"LockID": {"S": id}},
            "ConditionExpression": "Info = :info",
            "ExpressionAttributeValues": {":info": {"S": info}},
        });
        self.write_item(place, table, "DeleteItem", &request).await
    }

    /// Records the digest of a state.
    pub(super) async fn put_digest(&self, place: &str, table: &str, id: &str, digest: &str) -> Result<(), StoreError> {
        let request = json!({
            "TableName": table,
            "Item": {"LockID": {"S": digest_id(id)}, "Digest": {"S": digest}},
        });
        self.write_item(place, table, "PutItem", &request).await.map(drop)
    }

    /// A text of an item; `None` when there is no such item, or it has no such text.
    pub(super) async fn item_text(
        &self,
        place: &str,
        table: &str,
        id: &str,
        name: &str,
    ) -> Result<Option<String>, StoreError> {
        let request = json!({"TableName": table, "Key": {"LockID": {"S": id}}, "ConsistentRead": true});
        let answer = self.ask_table(place, Effect::Reads, "GetItem", &request).await?;
        if !answer.status.is_success() {
            return Err(refused(place, Effect::Reads, table, "GetItem", &answer));
        }
        let item: Value = serde_json::from_slice(&answer.body).map_err(|_| {
            StoreError::new(ErrorClass::Corrupt, place, format!("the table {table} gives something that is no item"))
        })?;
        let text = item.get("Item").and_then(|item| item.get(name)).and_then(|value| value.get("S"));
        Ok(text.and_then(Value::as_str).map(str::to_owned))
    }

    async fn write_item(&self, place: &str, table: &str, action: &str, request: &Value) -> Result<Met, StoreError> {
        let answer = self.ask_table(place, Effect::Writes, action, request).await?;
        if answer.status.is_success() {
            return Ok(Met::Yes);
        }
        if refusal(&answer).0 == "ConditionalCheckFailedException" {
            return Ok(Met::No);
        }
        Err(refused(place, Effect::Writes, table, action, &answer))
    }

    async fn ask_table(
        &self,
        place: &str,
        effect: Effect,
        action: &str,
        request: &Value,
    ) -> Result<Answer, StoreError> {
        let target = HeaderValue::from_str(&format!("DynamoDB_20120810.{action}")).map_err(|error| {
            StoreError::new(ErrorClass::Configuration, place, "no valid name of an action").because(error)
        })?;
        let call = Call {
            service: Service::DynamoDb,
            effect,
            method: Method::POST,
            url: self.settings.endpoints.dynamodb.clone(),
            headers: vec![(CONTENT_TYPE, JSON), (TARGET, target)],
            body: Bytes::from(request.to_string()),
            limit: SMALL,
        };
        self.client.send(place, call).await
    }
}

/// Code and message of a refusal.
fn refusal(answer: &Answer) -> (String, String) {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let text = |names: &[&str]| names.iter().find_map(|name| body.get(*name)?.as_str()).unwrap_or_default().to_owned();
    let code = text(&["__type"]);
    (code.rsplit_once('#').map_or(code.clone(), |(_, code)| code.to_owned()), text(&["message", "Message"]))
}

fn refused(place: &str, effect: Effect, table: &str, action: &str, answer: &Answer) -> StoreError {
    let (code, message) = refusal(answer);
    let class = match code.as_str() {
        "ResourceNotFoundException" => Some(ErrorClass::NotFound),
        "UnrecognizedClientException"
        | "InvalidSignatureException"
        | "ExpiredTokenException"
        | "MissingAuthenticationTokenException"
        | "IncompleteSignatureException" => Some(ErrorClass::Unauthenticated),
        "AccessDeniedException" => Some(ErrorClass::PermissionDenied),
        "ProvisionedThroughputExceededException"
        | "ThrottlingException"
        | "RequestLimitExceeded"
        | "TransactionConflictException"
        | "InternalServerError" => Some(ErrorClass::Transient),
        "ValidationException" => Some(ErrorClass::Configuration),
        _ => None,
    };
    let doing = format!("{action} on the DynamoDB table {table}");
    let detail = told(&code, &message);
    let mut error = wire::refused(place, effect, answer.status, &doing, detail.trim_start_matches(": "));
    error.class = class.unwrap_or(error.class);
    error
}
