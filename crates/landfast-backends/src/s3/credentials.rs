//! Where credentials come from: the order is that of terraform and of AWS's own tools.

use std::fmt;
use std::path::PathBuf;
use std::pin::Pin;
use std::time::Duration;

use reqsign_aws_v4::{Credential, ECSCredentialProvider, IMDSv2CredentialProvider, SSOCredentialProvider};
use reqsign_core::{Context, Error, ProvideCredential};

use super::attributes::{Attributes, Flag, wrong};
use super::profile::Profiles;
use super::sts::TokenService;
use crate::error::StoreError;
use crate::open::Environment;

/// How long a program that gives credentials may take.
const PROCESS_TIME: Duration = Duration::from_secs(60);

/// Keys as they are configured.
#[derive(Clone)]
pub(super) struct Keys {
    pub(super) id: String,
    pub(super) secret: String,
    pub(super) token: Option<String>,
}

/// A role that is to be assumed.
#[derive(Clone)]
pub(super) struct Role {
    pub(super) arn: String,
    pub(super) session_name: String,
    pub(super) external_id: Option<String>,
    pub(super) seconds: Option<u64>,
    pub(super) policy: Option<String>,
    pub(super) policy_arns: Vec<String>,
    pub(super) tags: Vec<(String, String)>,
    pub(super) transitive_tag_keys: Vec<String>,
    pub(super) source_identity: Option<String>,
}

impl Role {
    pub(super) fn new(arn: String) -> Self {
        Self {
            arn,
            session_name: "landfast".to_owned(),
            external_id: None,
            seconds: None,
            policy: None,
            policy_arns: Vec::new(),
            tags: Vec::new(),
            transitive_tag_keys: Vec::new(),
            source_identity: None,
        }
    }
}

/// A role that is assumed with a token of somebody else's.
#[derive(Clone)]
pub(super) struct WebIdentity {
    pub(super) role: Role,
    pub(super) token: Token,
}

impl WebIdentity {
    pub(super) fn from_file(file: PathBuf, role: Role) -> Self {
        Self { role, token: Token::File(file) }
    }
}

/// A token of an identity provider.
#[derive(Clone)]
pub(super) enum Token {
    Given(String),
    /// Read whenever it is needed: who runs us replaces it.
    File(PathBuf),
}

/// Where credentials come from.
#[derive(Clone)]
pub(super) enum Source {
    Keys(Keys),
    Assumed {
        base: Box<Source>,
        role: Box<Role>,
    },
    WebIdentity(Box<WebIdentity>),
    /// A program that prints them.
    Process(String),
    /// A login in the browser that was made before.
    Sso {
        account: String,
        role: String,
        region: String,
        token: String,
    },
    /// The task or pod that this runs in.
    Container,
    /// The machine that this runs on.
    Instance,
    /// Nothing is configured, and the metadata service is not to be asked.
    Nowhere,
}

impl Source {
    /// Keys in the environment.
    pub(super) fn of_environment(environment: &Environment) -> Option<Self> {
        let first = |names: &[&str]| names.iter().find_map(|name| environment.get(name)).map(str::to_owned);
        Some(Self::Keys(Keys {
            id: first(&["AWS_ACCESS_KEY_ID", "AWS_ACCESS_KEY"])?,
            secret: first(&["AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY"])?,
            token: first(&["AWS_SESSION_TOKEN"]),
        }))
    }
}

impl Source {
    /// Whether a metadata service is asked.
    pub(super) fn asks_metadata(&self) -> bool {
        match self {
            Self::Assumed { base, .. } => base.asks_metadata(),
            Self::Container | Self::Instance => true,
            _ => false,
        }
    }
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Keys(_) => f.write_str("Keys"),
            Self::Assumed { base, role } => write!(f, "Assumed({}, {base:?})", role.arn),
            Self::WebIdentity(web) => write!(f, "WebIdentity({})", web.role.arn),
            Self::Process(_) => f.write_str("Process"),
            Self::Sso { role, .. } => write!(f, "Sso({role})"),
            Self::Container => f.write_str("Container"),
            Self::Instance => f.write_str("Instance"),
            Self::Nowhere => f.write_str("Nowhere"),
        }
    }
}

/// Where credentials come from, and whose they must be.
#[derive(Debug)]
pub(super) struct CredentialSettings {
    pub(super) source: Source,
    pub(super) metadata_endpoint: Option<String>,
    pub(super) allowed_accounts: Vec<String>,
    pub(super) forbidden_accounts: Vec<String>,
}

pub(super) fn settings(
    attributes: &Attributes<'_>,
    environment: &Environment,
    profiles: &Profiles,
) -> Result<CredentialSettings, StoreError> {
    let mut source = base(attributes, environment, profiles)?;
    if let Some(block) = attributes.block("assume_role_with_web_identity", "assume_role_with_web_identity.")? {
        source = Source::WebIdentity(Box::new(web_identity(&block, environment)?));
    }
    if let Some(role) = role(attributes)? {
        source = Source::Assumed { base: Box::new(source), role: Box::new(role) };
    }
    let metadata_endpoint = attributes
        .text("ec2_metadata_service_endpoint")?
        .or_else(|| environment.get("AWS_EC2_METADATA_SERVICE_ENDPOINT").map(str::to_owned));
    let mode = attributes
        .text("ec2_metadata_service_endpoint_mode")?
        .or_else(|| environment.get("AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE").map(str::to_owned));
    let metadata_endpoint = match mode {
        Some(mode) if metadata_endpoint.is_none() && mode.eq_ignore_ascii_case("ipv6") => {
            Some("http://[fd00:ec2::254]".to_owned())
        }
        _ => metadata_endpoint,
    };
    Ok(CredentialSettings {
        source,
        metadata_endpoint: metadata_endpoint.map(|url| url.trim_end_matches('/').to_owned()),
        allowed_accounts: attributes.texts("allowed_account_ids")?,
        forbidden_accounts: attributes.texts("forbidden_account_ids")?,
    })
}

/// Where credentials come from before any role of the backend is assumed.
fn base(attributes: &Attributes<'_>, environment: &Environment, profiles: &Profiles) -> Result<Source, StoreError> {
    match (attributes.text("access_key")?, attributes.text("secret_key")?) {
        (Some(id), Some(secret)) => return Ok(Source::Keys(Keys { id, secret, token: attributes.text("token")? })),
        (None, None) => {}
        (Some(_), None) => return Err(wrong("secret_key", "is missing beside access_key")),
        (None, Some(_)) => return Err(wrong("access_key", "is missing beside secret_key")),
    }
    // A profile that the backend names comes before keys of the environment; one that the environment names comes after.
    if attributes.text("profile")?.is_none() {
        if let Some(keys) = Source::of_environment(environment) {
            return Ok(keys);
        }
        if let (Some(file), Some(arn)) =
            (environment.get("AWS_WEB_IDENTITY_TOKEN_FILE"), environment.get("AWS_ROLE_ARN"))
        {
            let mut role = Role::new(arn.to_owned());
            role.session_name = environment.get("AWS_ROLE_SESSION_NAME").map_or(role.session_name, str::to_owned);
            return Ok(Source::WebIdentity(Box::new(WebIdentity::from_file(file.into(), role))));
        }
    }
    if let Some(source) = profiles.source(environment)? {
        return Ok(source);
    }
    let container = ["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "AWS_CONTAINER_CREDENTIALS_FULL_URI"];
    if container.iter().any(|name| environment.get(name).is_some()) {
        return Ok(Source::Container);
    }
    let disabled = attributes.flag("skip_metadata_api_check")? == Some(Flag::On)
        || environment.get("AWS_EC2_METADATA_DISABLED").is_some_and(|value| value.eq_ignore_ascii_case("true"));
    Ok(if disabled { Source::Nowhere } else { Source::Instance })
}

/// The role of the block `assume_role`, or of the attributes that were there before it.
fn role(attributes: &Attributes<'_>) -> Result<Option<Role>, StoreError> {
    if let Some(block) = attributes.block("assume_role", "assume_role.")? {
        block.only(&[
            "role_arn",
            "duration",
            "external_id",
            "policy",
            "policy_arns",
            "session_name",
            "source_identity",
            "tags",
            "transitive_tag_keys",
        ])?;
        let mut role = Role::new(block.text("role_arn")?.ok_or_else(|| block.wrong("role_arn", "is missing"))?);
        role.session_name = block.text("session_name")?.unwrap_or(role.session_name);
        role.external_id = block.text("external_id")?;
        role.seconds = duration(&block)?;
        role.policy = block.text("policy")?;
        role.policy_arns = block.texts("policy_arns")?;
        role.tags = block.map("tags")?;
        role.transitive_tag_keys = block.texts("transitive_tag_keys")?;
        role.source_identity = block.text("source_identity")?;
        return Ok(Some(role));
    }
    let Some(arn) = attributes.text("role_arn")? else { return Ok(None) };
    let mut role = Role::new(arn);
    role.session_name = attributes.text("session_name")?.unwrap_or(role.session_name);
    role.external_id = attributes.text("external_id")?;
    role.seconds = attributes
        .text("assume_role_duration_seconds")?
        .map(|text| text.parse().map_err(|_| wrong("assume_role_duration_seconds", "must be a number of seconds")))
        .transpose()?;
    role.policy = attributes.text("assume_role_policy")?;
    role.policy_arns = attributes.texts("assume_role_policy_arns")?;
    role.tags = attributes.map("assume_role_tags")?;
    role.transitive_tag_keys = attributes.texts("assume_role_transitive_tag_keys")?;
    Ok(Some(role))
}

fn web_identity(block: &Attributes<'_>, environment: &Environment) -> Result<WebIdentity, StoreError> {
    block.only(&[
        "role_arn",
        "duration",
        "policy",
        "policy_arns",
        "session_name",
        "web_identity_token",
        "web_identity_token_file",
    ])?;
    let setting = |name: &str, variable: &str| -> Result<Option<String>, StoreError> {
        Ok(block.text(name)?.or_else(|| environment.get(variable).map(str::to_owned)))
    };
    let arn = setting("role_arn", "AWS_ROLE_ARN")?.ok_or_else(|| block.wrong("role_arn", "is missing"))?;
    let mut role = Role::new(arn);
    role.session_name = setting("session_name", "AWS_ROLE_SESSION_NAME")?.unwrap_or(role.session_name);
    role.seconds = duration(block)?;
    role.policy = block.text("policy")?;
    role.policy_arns = block.texts("policy_arns")?;
    let token = match block.text("web_identity_token")? {
        Some(token) => Token::Given(token),
        None => setting("web_identity_token_file", "AWS_WEB_IDENTITY_TOKEN_FILE")?
            .map(|file| Token::File(file.into()))
            .ok_or_else(|| block.wrong("web_identity_token_file", "is missing, and so is web_identity_token"))?,
    };
    Ok(WebIdentity { role, token })
}

/// A duration as Go writes it, such as `1h30m`, in seconds.
fn duration(block: &Attributes<'_>) -> Result<Option<u64>, StoreError> {
    let Some(text) = block.text("duration")? else { return Ok(None) };
    let must = "must be a duration in hours, minutes and seconds, such as 1h30m";
    let mut seconds = 0_u64;
    let mut number = String::new();
    for character in text.chars() {
        let unit = match character {
            'h' => 3600,
            'm' => 60,
            's' => 1,
            _ => {
                number.push(character);
                continue;
            }
        };
        let count: u64 = std::mem::take(&mut number).parse().map_err(|_| block.wrong("duration", must))?;
        seconds = count.checked_mul(unit).and_then(|part| seconds.checked_add(part)).unwrap_or(u64::MAX);
    }
    if number.is_empty() { Ok(Some(seconds)) } else { Err(block.wrong("duration", must)) }
}

/// Gives credentials, anew whenever the old ones expire.
#[derive(Debug)]
pub(super) struct Chain {
    pub(super) settings: CredentialSettings,
    pub(super) service: TokenService,
    /// What the metadata services are asked through.
    pub(super) metadata: Context,
}

type Given<'a> = Pin<Box<dyn Future<Output = reqsign_core::Result<Credential>> + Send + 'a>>;

impl Chain {
    fn give<'a>(&'a self, context: &'a Context, source: &'a Source) -> Given<'a> {
        Box::pin(async move {
            match source {
                Source::Keys(keys) => Ok(Credential {
                    access_key_id: keys.id.clone(),
                    secret_access_key: keys.secret.clone(),
                    session_token: keys.token.clone(),
                    expires_in: None,
                }),
                Source::Assumed { base, role } => {
                    let base = self.give(context, base).await?;
                    self.service.assume(context, &base, role).await
                }
                Source::WebIdentity(web) => self.service.assume_with_token(context, web).await,
                Source::Process(command) => process(command.clone()).await,
                Source::Sso { account, role, region, token } => {
                    let provider = SSOCredentialProvider::new()
                        .with_account_id(account)
                        .with_role_name(role)
                        .with_region(region)
                        .with_start_url(token);
                    there(provider.provide_credential(context).await?)
                }
                Source::Container => there(ECSCredentialProvider::new().provide_credential(&self.metadata).await?),
                Source::Instance => self.of_instance().await,
                Source::Nowhere => there(None),
            }
        })
    }

    async fn of_instance(&self) -> reqsign_core::Result<Credential> {
        let mut provider = IMDSv2CredentialProvider::new();
        if let Some(endpoint) = &self.settings.metadata_endpoint {
            provider = provider.with_endpoint(endpoint);
        }
        match provider.provide_credential(&self.metadata).await {
            Ok(credential) => there(credential),
            // Nearly always this is no machine of EC2, and nothing else is configured.
            Err(error) => {
                Err(Error::credential_invalid(format!("{NONE}, and the metadata service of EC2 gave none: {error}")))
            }
        }
    }
}

const NONE: &str = "there are no credentials in the settings of the backend, in the environment or in a profile";

fn there(credential: Option<Credential>) -> reqsign_core::Result<Credential> {
    credential.ok_or_else(|| Error::credential_invalid(NONE))
}

impl ProvideCredential for Chain {
    type Credential = Credential;

    async fn provide_credential(&self, context: &Context) -> reqsign_core::Result<Option<Credential>> {
        let credential = self.give(context, &self.settings.source).await?;
        let CredentialSettings { allowed_accounts, forbidden_accounts, .. } = &self.settings;
        if !allowed_accounts.is_empty() || !forbidden_accounts.is_empty() {
            let account = self.service.account(context, &credential).await?;
            let is_allowed = allowed_accounts.is_empty() || allowed_accounts.contains(&account);
            if !is_allowed || forbidden_accounts.contains(&account) {
                return Err(Error::permission_denied(format!(
                    "the credentials are of the account {account}, which the backend does not allow"
                )));
            }
        }
        Ok(Some(credential))
    }
}

/// What a program prints that gives credentials.
#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Printed {
    access_key_id: String,
    secret_access_key: String,
    session_token: Option<String>,
    expiration: Option<String>,
}

/// Runs the command of `credential_process`, in a shell as AWS's tools do.
async fn process(command: String) -> reqsign_core::Result<Credential> {
    let run = tokio::task::spawn_blocking(move || {
        let (shell, flag) = if cfg!(windows) { ("cmd", "/C") } else { ("sh", "-c") };
        std::process::Command::new(shell).arg(flag).arg(command).stdin(std::process::Stdio::null()).output()
    });
    let failed = |what: &str| Error::credential_invalid(format!("the credential_process of the profile {what}"));
    let output = tokio::time::timeout(PROCESS_TIME, run).await.map_err(|_| failed("does not end"))?;
    let output = output.ok().and_then(Result::ok).ok_or_else(|| failed("cannot be run"))?;
    if !output.status.success() {
        return Err(failed("failed"));
    }
    // The output is secret: not even the error of the parser is passed on.
    let printed: Printed =
        serde_json::from_slice(&output.stdout).map_err(|_| failed("printed something else than credentials"))?;
    let expires_in = printed.expiration.map(|text| text.parse()).transpose();
    Ok(Credential {
        access_key_id: printed.access_key_id,
        secret_access_key: printed.secret_access_key,
        session_token: printed.session_token,
        expires_in: expires_in.map_err(|_| failed("printed no valid time of expiry"))?,
    })
}
