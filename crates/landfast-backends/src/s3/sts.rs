//! The token service: roles, and whose credentials these are.

use bytes::Bytes;
use reqsign_aws_v4::{Credential, RequestSigner};
use reqsign_core::hash::hex_sha256;
use reqsign_core::{Context, Error, ErrorKind, SignRequest};
use reqwest::Url;
use serde::Deserialize;

use super::credentials::{Role, Token, WebIdentity};
use super::endpoint::escaped;

/// A client of the token service.
#[derive(Debug)]
pub(super) struct TokenService {
    pub(super) endpoint: Url,
    pub(super) region: String,
}

#[derive(Deserialize)]
struct Assumed {
    #[serde(rename = "AssumeRoleResult", alias = "AssumeRoleWithWebIdentityResult")]
    result: AssumedResult,
}

#[derive(Deserialize)]
struct AssumedResult {
    #[serde(rename = "Credentials")]
    credentials: Credentials,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Credentials {
    access_key_id: String,
    secret_access_key: String,
    session_token: String,
    expiration: String,
}

#[derive(Deserialize)]
struct Caller {
    #[serde(rename = "GetCallerIdentityResult")]
    result: CallerResult,
}

#[derive(Deserialize)]
struct CallerResult {
    #[serde(rename = "Account")]
    account: String,
}

#[derive(Deserialize)]
struct Refused {
    #[serde(rename = "Error")]
    error: RefusedError,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct RefusedError {
    code: String,
    #[serde(default)]
    message: String,
}

impl TokenService {
    pub(super) async fn assume(
        &self,
        context: &Context,
        base: &Credential,
        role: &Role,
    ) -> reqsign_core::Result<Credential> {
        let mut form = form("AssumeRole", role);
        if let Some(id) = &role.external_id {
            form.push(("ExternalId".to_owned(), id.clone()));
        }
        for (number, (key, value)) in (1..).zip(&role.tags) {
            form.push((format!("Tags.member.{number}.Key"), key.clone()));
            form.push((format!("Tags.member.{number}.Value"), value.clone()));
        }
        for (number, key) in (1..).zip(&role.transitive_tag_keys) {
            form.push((format!("TransitiveTagKeys.member.{number}"), key.clone()));
        }
        if let Some(identity) = &role.source_identity {
            form.push(("SourceIdentity".to_owned(), identity.clone()));
        }
        let told = format!("assuming the role {}", role.arn);
        credential(&told, &self.ask(context, &told, form, Some(base)).await?)
    }

    pub(super) async fn assume_with_token(
        &self,
        context: &Context,
        web: &WebIdentity,
    ) -> reqsign_core::Result<Credential> {
        let token = match &web.token {
            Token::Given(token) => token.clone(),
            Token::File(file) => context.file_read_as_string(&file.to_string_lossy()).await.map_err(|error| {
                Error::config_invalid(format!("the web identity token {}: {error}", file.display()))
            })?,
        };
        let mut form = form("AssumeRoleWithWebIdentity", &web.role);
        form.push(("WebIdentityToken".to_owned(), token.trim().to_owned()));
        let told = format!("assuming the role {} with a web identity", web.role.arn);
        credential(&told, &self.ask(context, &told, form, None).await?)
    }

    /// The account that credentials belong to.
    pub(super) async fn account(&self, context: &Context, credential: &Credential) -> reqsign_core::Result<String> {
        let told = "asking whose the credentials are";
        let form =
            vec![("Action".to_owned(), "GetCallerIdentity".to_owned()), ("Version".to_owned(), VERSION.to_owned())];
        let answer = self.ask(context, told, form, Some(credential)).await?;
        let caller: Caller = quick_xml::de::from_str(&answer).map_err(|_| no_answer(told))?;
        Ok(caller.result.account)
    }

    async fn ask(
        &self,
        context: &Context,
        told: &str,
        form: Vec<(String, String)>,
        credential: Option<&Credential>,
    ) -> reqsign_core::Result<String> {
        let pairs: Vec<_> = form.iter().map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect();
        let body = Bytes::from(pairs.join("&"));
        let request = http::Request::post(self.endpoint.as_str())
            .header("content-type", "application/x-www-form-urlencoded; charset=utf-8")
            .header("x-amz-content-sha256", hex_sha256(&body))
            .body(body)
            .map_err(|_| Error::config_invalid("the endpoint of the token service is no URL"))?;
        let (mut head, body) = request.into_parts();
        if credential.is_some() {
            RequestSigner::new("sts", &self.region).sign_request(context, &mut head, credential, None).await?;
        }
        let answer = context
            .http_send(http::Request::from_parts(head, body))
            .await
            .map_err(|error| Error::unexpected(format!("{told}: {error}")).set_retryable(error.is_retryable()))?;
        let status = answer.status();
        let text = String::from_utf8_lossy(answer.body()).into_owned();
        if status.is_success() {
            return Ok(text);
        }
        let refused = quick_xml::de::from_str::<Refused>(&text).ok().map(|refused| refused.error);
        let (code, message) = refused.map_or_else(|| (String::new(), String::new()), |it| (it.code, it.message));
        let kind = match code.as_str() {
            "AccessDenied" => ErrorKind::PermissionDenied,
            "ValidationError" | "MalformedPolicyDocument" | "PackedPolicyTooLarge" | "RegionDisabledException" => {
                ErrorKind::ConfigInvalid
            }
            "Throttling" | "IDPCommunicationError" => ErrorKind::RateLimited,
            _ if status.is_server_error() => ErrorKind::RateLimited,
            _ => ErrorKind::CredentialInvalid,
        };
        let detail = super::client::told(&code, &message);
        Err(Error::new(kind, format!("{told} was answered with {status}{detail}")))
    }
}

const VERSION: &str = "2011-06-15";

/// What both ways of assuming a role have in common.
fn form(action: &str, role: &Role) -> Vec<(String, String)> {
    let mut form = vec![
        ("Action".to_owned(), action.to_owned()),
        ("Version".to_owned(), VERSION.to_owned()),
        ("RoleArn".to_owned(), role.arn.clone()),
        ("RoleSessionName".to_owned(), role.session_name.clone()),
    ];
    if let Some(seconds) = role.seconds {
        form.push(("DurationSeconds".to_owned(), seconds.to_string()));
    }
    if let Some(policy) = &role.policy {
        form.push(("Policy".to_owned(), policy.clone()));
    }
    for (number, arn) in (1..).zip(&role.policy_arns) {
        form.push((format!("PolicyArns.member.{number}.arn"), arn.clone()));
    }
    form
}

fn credential(told: &str, answer: &str) -> reqsign_core::Result<Credential> {
    let assumed: Assumed = quick_xml::de::from_str(answer).map_err(|_| no_answer(told))?;
    let Credentials { access_key_id, secret_access_key, session_token, expiration } = assumed.result.credentials;
    let expires_in = expiration.parse().map_err(|_| no_answer(told))?;
    Ok(Credential {
        access_key_id,
        secret_access_key,
        session_token: Some(session_token),
        expires_in: Some(expires_in),
    })
}

/// The answer may hold credentials: it is not shown.
fn no_answer(told: &str) -> Error {
    Error::unexpected(format!("{told} was answered with something else than credentials"))
}
