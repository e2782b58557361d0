//! The settings of a container: terraform's attributes and variables of the backend `azurerm`.

use http::Uri;
use reqsign_azure_storage::{
    AzureCliCredentialProvider, ClientSecretCredentialProvider, Credential, ImdsCredentialProvider, RequestSigner,
    StaticCredentialProvider, WorkloadIdentityCredentialProvider,
};

use crate::address::StateAddress;
use crate::attributes::Attributes;
use crate::error::StoreError;
use crate::open::Environment;
use crate::signing::SignedWire;
use crate::wire::Wire;

/// Attributes that are read, and those that change nothing here.
const KNOWN: &[&str] = &[
    "storage_account_name",
    "container_name",
    "key",
    "snapshot",
    "environment",
    "access_key",
    "sas_token",
    "use_azuread_auth",
    "tenant_id",
    "client_id",
    "client_id_file_path",
    "client_secret",
    "client_secret_file_path",
    "use_oidc",
    "use_aks_workload_identity",
    "oidc_token",
    "oidc_token_file_path",
    "use_msi",
    "msi_endpoint",
    "endpoint",
    "use_cli",
    // Ours: where the service of the account is, for accounts whose host does not follow from their name.
    "blob_endpoint",
    // For looking up keys and for other services, which is not done.
    "use_microsoft_graph",
    "subscription_id",
    "resource_group_name",
    // Refused where they are used.
    "metadata_host",
    "lookup_blob_endpoint",
    "client_certificate",
    "client_certificate_path",
    "client_certificate_password",
    "oidc_request_token",
    "oidc_request_url",
    "ado_pipeline_service_connection_id",
];

/// What differs between Microsoft's clouds.
struct Cloud {
    suffix: &'static str,
    authority: &'static str,
}

/// Whether a snapshot is made before each write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Snapshots {
    Made,
    NotMade,
}

/// The settings of a container.
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) account: String,
    pub(super) container: String,
    /// Where the blobs of the account are, without a slash at the end.
    pub(super) base: String,
    pub(super) snapshots: Snapshots,
    pub(super) wire: SignedWire<Credential>,
}

impl Settings {
    pub(super) fn of(address: &StateAddress, environment: &Environment) -> Result<Self, StoreError> {
        let attributes = Attributes::new(address, environment);
        attributes.only(KNOWN)?;
        let account = attributes.required("storage_account_name", &[])?;
        let container = attributes.required("container_name", &[])?;
        for (name, text, allowed) in [("storage_account_name", &account, ""), ("container_name", &container, "-$")] {
            if !text.chars().all(|character| character.is_ascii_alphanumeric() || allowed.contains(character)) {
                return Err(attributes.wrong(format!("the attribute {name} holds characters that it cannot hold")));
            }
        }
        let cloud = cloud(&attributes)?;
        let endpoint = attributes.text("blob_endpoint", &["LANDFAST_AZURE_BLOB_ENDPOINT"])?;
        if endpoint.is_none() {
            for (name, variables) in [
                ("metadata_host", &["ARM_METADATA_HOSTNAME", "ARM_METADATA_HOST"][..]),
                ("lookup_blob_endpoint", &["ARM_USE_DNS_ZONE_ENDPOINT"][..]),
            ] {
                let used = match name {
                    "lookup_blob_endpoint" => attributes.flag(name, variables)? == Some(true),
                    _ => attributes.text(name, variables)?.is_some(),
                };
                if used {
                    let message = format!(
                        "the attribute {name} is not supported: set blob_endpoint or LANDFAST_AZURE_BLOB_ENDPOINT instead"
                    );
                    return Err(attributes.wrong(message));
                }
            }
        }
        let base = endpoint.unwrap_or_else(|| format!("https://{account}.blob.{}", cloud.suffix));
        let base = base.trim_end_matches('/').to_owned();
        let uri = base.parse::<Uri>().ok().filter(|uri| uri.authority().is_some() && uri.query().is_none());
        if !uri.is_some_and(|uri| matches!(uri.scheme_str(), Some("http" | "https"))) {
            return Err(attributes.wrong("the attribute blob_endpoint is no http or https URL"));
        }
        let snapshots = match attributes.flag("snapshot", &["ARM_SNAPSHOT"])? {
            Some(true) => Snapshots::Made,
            _ => Snapshots::NotMade,
        };
        let wire = Wire::new("backend azurerm", |builder| builder)?;
        let wire = sign(&attributes, environment, &account, &cloud, wire)?;
        Ok(Self { account, container, base, snapshots, wire })
    }
}

fn cloud(attributes: &Attributes<'_>) -> Result<Cloud, StoreError> {
    let name = attributes.text("environment", &["ARM_ENVIRONMENT"])?.unwrap_or_default();
    match name.to_ascii_lowercase().as_str() {
        "" | "public" | "global" | "canary" | "azurecloud" => {
            Ok(Cloud { suffix: "core.windows.net", authority: "https://login.microsoftonline.com" })
        }
        "usgovernment" | "usgov" | "usgovernmentl4" | "usgovernmentl5" | "dod" | "azureusgovernment" => {
            Ok(Cloud { suffix: "core.usgovcloudapi.net", authority: "https://login.microsoftonline.us" })
        }
        "china" | "azurechinacloud" => {
            Ok(Cloud { suffix: "core.chinacloudapi.cn", authority: "https://login.chinacloudapi.cn" })
        }
        _ => Err(attributes.wrong("the attribute environment is none of public, usgovernment and china")),
    }
}

/// Chooses where credentials come from, in terraform's order.
fn sign(
    attributes: &Attributes<'_>,
    environment: &Environment,
    account: &str,
    cloud: &Cloud,
    wire: Wire,
) -> Result<SignedWire<Credential>, StoreError> {
    let signs = RequestSigner::new;
    if let Some(key) = attributes.text("access_key", &["ARM_ACCESS_KEY"])? {
        let provider = StaticCredentialProvider::new_shared_key(account, &key);
        return Ok(SignedWire::new(wire, environment, "the access key", provider, signs()));
    }
    if let Some(token) = attributes.text("sas_token", &["ARM_SAS_TOKEN"])? {
        let provider = StaticCredentialProvider::new_sas_token(token.trim().trim_start_matches('?'));
        return Ok(SignedWire::new(wire, environment, "the SAS token", provider, signs()));
    }
    if attributes.flag("use_azuread_auth", &["ARM_USE_AZUREAD"])? != Some(true) {
        return Err(attributes.wrong(
            "there are no credentials: access_key, sas_token or use_azuread_auth is needed (a key is not looked up by \
             resource group)",
        ));
    }
    for (name, variables) in [
        ("client_certificate", &["ARM_CLIENT_CERTIFICATE"][..]),
        ("client_certificate_path", &["ARM_CLIENT_CERTIFICATE_PATH"][..]),
    ] {
        if attributes.text(name, variables)?.is_some() {
            return Err(attributes.wrong(format!("the attribute {name} is not supported")));
        }
    }
    let from_file = |name: &str, variable: &str, file_name: &str, file_variable: &str| {
        let text = attributes.text(name, &[variable])?;
        match (text, attributes.text(file_name, &[file_variable])?) {
            (None, Some(path)) => attributes.file(file_name, &path).map(Some),
            (text, _) => Ok(text),
        }
    };
    let workload = attributes.flag("use_aks_workload_identity", &["ARM_USE_AKS_WORKLOAD_IDENTITY"])? == Some(true);
    let aks = |variable: &str| environment.get(variable).filter(|_| workload).map(str::to_owned);
    let tenant = attributes.text("tenant_id", &["ARM_TENANT_ID"])?.or_else(|| aks("AZURE_TENANT_ID"));
    let client = from_file("client_id", "ARM_CLIENT_ID", "client_id_file_path", "ARM_CLIENT_ID_FILE_PATH")?
        .or_else(|| aks("AZURE_CLIENT_ID"));
    let secret =
        from_file("client_secret", "ARM_CLIENT_SECRET", "client_secret_file_path", "ARM_CLIENT_SECRET_FILE_PATH")?;
    if let Some(secret) = secret {
        let (Some(tenant), Some(client)) = (tenant, client) else {
            return Err(attributes.wrong("a client_secret needs client_id and tenant_id"));
        };
        let provider = ClientSecretCredentialProvider::new()
            .with_tenant_id(tenant)
            .with_client_id(client)
            .with_client_secret(secret)
            .with_authority_host(cloud.authority);
        return Ok(SignedWire::new(wire, environment, "the client secret", provider, signs()));
    }
    if workload || attributes.flag("use_oidc", &["ARM_USE_OIDC"])? == Some(true) {
        let (Some(tenant), Some(client)) = (tenant, client) else {
            return Err(attributes.wrong("OpenID Connect needs client_id and tenant_id"));
        };
        let provider = WorkloadIdentityCredentialProvider::new()
            .with_tenant_id(tenant)
            .with_client_id(client)
            .with_authority_host(cloud.authority);
        let token = attributes.text("oidc_token", &["ARM_OIDC_TOKEN"])?;
        let file = attributes
            .text("oidc_token_file_path", &["ARM_OIDC_TOKEN_FILE_PATH"])?
            .or_else(|| aks("AZURE_FEDERATED_TOKEN_FILE"));
        let provider = match (token, file) {
            (Some(token), _) => provider.with_subject_token(token.trim()),
            (None, Some(file)) => provider.with_federated_token_file(file),
            (None, None) => {
                return Err(attributes.wrong(
                    "OpenID Connect needs oidc_token or oidc_token_file_path (a token is not asked for at a request URL)",
                ));
            }
        };
        return Ok(SignedWire::new(wire, environment, "OpenID Connect", provider, signs()));
    }
    // Only what is meant by these attributes, and not what a variable of another program says.
    let mut variables: Vec<(String, String)> = ["HOME", "AZURE_MSI_SECRET"]
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), environment.get(name)?.to_owned())))
        .collect();
    if attributes.flag("use_msi", &["ARM_USE_MSI"])? == Some(true) {
        variables.extend(client.map(|client| ("AZURE_CLIENT_ID".to_owned(), client)));
        let mut provider = ImdsCredentialProvider::new();
        let endpoint = attributes.text("msi_endpoint", &["ARM_MSI_ENDPOINT"])?;
        if let Some(endpoint) = endpoint.or(attributes.text("endpoint", &[])?) {
            provider = provider.with_endpoint(endpoint);
        }
        let environment = variables.into_iter().collect();
        return Ok(SignedWire::new(wire, &environment, "the machine's managed identity", provider, signs()));
    }
    if attributes.flag("use_cli", &["ARM_USE_CLI"])? == Some(false) {
        return Err(attributes.wrong("use_azuread_auth is set, and nothing says where its credentials come from"));
    }
    let environment = variables.into_iter().collect();
    Ok(SignedWire::new(wire, &environment, "the command az", AzureCliCredentialProvider::new(), signs()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorClass;

    fn settings(attributes: serde_json::Value, variables: &[(&str, &str)]) -> Result<Settings, StoreError> {
        let mut all = serde_json::json!({"storage_account_name": "acc", "container_name": "states", "key": "k"});
        all.as_object_mut().unwrap().extend(attributes.as_object().cloned().unwrap());
        let address = StateAddress::from_backend("azurerm", all.as_object().unwrap(), "default").unwrap();
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Settings::of(&address, &variables.collect())
    }

    #[test]
    fn hosts_and_credentials_are_terraforms() {
        let public = settings(serde_json::json!({}), &[("ARM_ACCESS_KEY", "hunter2")]).unwrap();
        assert_eq!(public.base, "https://acc.blob.core.windows.net");
        assert!(!format!("{public:?}").contains("hunter2"));
        let china = settings(serde_json::json!({"sas_token": "?s=1"}), &[("ARM_ENVIRONMENT", "china")]).unwrap();
        assert_eq!(china.base, "https://acc.blob.core.chinacloudapi.cn");
        for (attributes, source) in [
            (serde_json::json!({"client_id": "c", "tenant_id": "t", "client_secret": "hunter2"}), "client secret"),
            (serde_json::json!({"client_id": "c", "tenant_id": "t", "use_oidc": true, "oidc_token": "x"}), "OpenID"),
            (serde_json::json!({"use_msi": true}), "managed identity"),
            (serde_json::json!({}), "the command az"),
        ] {
            let found = settings(attributes, &[("ARM_USE_AZUREAD", "true")]).unwrap();
            assert!(format!("{found:?}").contains(source), "{found:?}");
            assert!(!format!("{found:?}").contains("hunter2"), "{found:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_said_without_values() {
        for (attributes, message) in [
            (serde_json::json!({"resource_group_name": "hunter2"}), "there are no credentials"),
            (serde_json::json!({"access_key": "hunter2", "environment": "hunter2"}), "environment is none of"),
            (
                serde_json::json!({"access_key": "hunter2", "metadata_host": "hunter2"}),
                "metadata_host is not supported",
            ),
            (serde_json::json!({"access_key": "k", "blob_endpoint": "hunter2"}), "blob_endpoint is no http"),
            (serde_json::json!({"access_key": "k", "container_name": "a/hunter2"}), "container_name holds"),
            (serde_json::json!({"use_azuread_auth": true, "client_certificate": "hunter2"}), "is not supported"),
            (serde_json::json!({"use_azuread_auth": true, "client_secret": "hunter2"}), "needs client_id"),
        ] {
            let error = settings(attributes, &[]).unwrap_err();
            assert_eq!(error.class, ErrorClass::Configuration);
            assert!(error.to_string().contains(message), "{error}");
            assert!(!error.to_string().contains("hunter2"), "{error}");
        }
    }
}
