//! Where credentials come from: moto is the token service, and a server that remembers what it was
//! asked tells by which credentials it was.

use std::net::SocketAddr;
use std::path::Path;

use landfast_backends::{Environment, ErrorClass, StateAddress, StateKey, StateStore as _, StoreError};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::moto;
use super::requests::{Heads, remembering};
use crate::live::stub::answering;

/// A server that remembers, and what a store on it is opened with.
struct Asked {
    s3: SocketAddr,
    heads: Heads,
    home: tempfile::TempDir,
}

impl Asked {
    async fn new() -> Self {
        let (s3, heads) = remembering().await;
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join(".aws")).unwrap();
        Self { s3, heads, home }
    }

    fn home(&self) -> &Path {
        self.home.path()
    }

    fn profiles(&self, config: &str) {
        std::fs::write(self.home().join(".aws/config"), config).unwrap();
    }

    /// The head of the one request that reading sends, or why none was sent.
    async fn read(&self, sts: SocketAddr, more: &Value, variables: &[(&str, &str)]) -> Result<String, StoreError> {
        let mut attributes = json!({
            "bucket": "states", "key": "a", "region": "eu-west-1", "use_path_style": true,
            "endpoints": {"s3": format!("http://{}", self.s3), "sts": format!("http://{sts}")},
        });
        attributes.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let pairs = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let home = ("HOME".to_owned(), self.home().display().to_string());
        let environment: Environment = pairs.chain([home]).collect();
        let address = StateAddress::from_backend("s3", attributes.as_object().unwrap(), "default").unwrap();
        let store = landfast_backends::S3Store::from_address(&address, &environment)?;
        self.heads.lock().unwrap().clear();
        store.read(&StateKey::new("a")).await?;
        let heads = self.heads.lock().unwrap();
        assert_eq!(heads.len(), 1, "{heads:?}");
        Ok(heads[0].clone())
    }
}

const KEYS: [(&str, &str); 2] = [("AWS_ACCESS_KEY_ID", "FROMENV"), ("AWS_SECRET_ACCESS_KEY", "CANARY-env")];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_order_is_that_of_terraform() {
    let asked = Asked::new().await;
    let sts = asked.s3;
    asked.profiles(
        "[default]\naws_access_key_id = DEFAULT\naws_secret_access_key = CANARY\n\
         [profile other]\naws_access_key_id = OTHER\naws_secret_access_key = CANARY\naws_session_token = the-token\n\
         [profile tool]\ncredential_process = echo '{\"Version\":1,\"AccessKeyId\":\"PRINTED\",\"SecretAccessKey\":\"CANARY\"}'\n",
    );
    let process_env = [KEYS[0], KEYS[1], ("AWS_PROFILE", "other")];
    for (more, variables, id) in [
        (json!({}), &[][..], "default"),
        (json!({}), &[("AWS_PROFILE", "other")][..], "other"),
        (json!({}), &process_env[..], "fromenv"),
        (json!({"profile": "other"}), &KEYS[..], "other"),
        (json!({"profile": "tool"}), &KEYS[..], "printed"),
        (json!({"access_key": "STATIC", "secret_key": "CANARY"}), &process_env[..], "static"),
    ] {
        let head = asked.read(sts, &more, variables).await.unwrap();
        assert!(head.contains(&format!("authorization: aws4-hmac-sha256 credential={id}/")), "{more} {id}: {head}");
        assert_eq!(head.contains("x-amz-security-token: the-token"), id == "other", "{head}");
        assert!(head.contains("/eu-west-1/s3/aws4_request"), "{head}");
    }
}

/// The metadata service as EC2 has it: a token first, and nothing without it. moto's leaves out the `Code` that EC2 sends.
async fn metadata() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut head = vec![0; 4096];
            let read = stream.read(&mut head).await.unwrap();
            let head = String::from_utf8_lossy(&head[..read]).to_lowercase();
            let with_token = head.contains("x-aws-ec2-metadata-token: a-token");
            let roles = "/latest/meta-data/iam/security-credentials/";
            let body = match head.split(' ').take(2).collect::<Vec<_>>()[..] {
                ["put", "/latest/api/token"] => Some("a-token"),
                ["get", path] if with_token && path == roles => Some("machine"),
                ["get", path] if with_token && path.strip_prefix(roles) == Some("machine") => Some(
                    "{\"Code\":\"Success\",\"AccessKeyId\":\"MACHINE\",\"SecretAccessKey\":\"CANARY\",\
                     \"Token\":\"machine-token\",\"Expiration\":\"2099-01-01T00:00:00Z\"}",
                ),
                _ => None,
            };
            let (status, body) = body.map_or(("401 Unauthorized", ""), |body| ("200 OK", body));
            let length = body.len();
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{body}");
            stream.write_all(answer.as_bytes()).await.unwrap();
        }
    });
    url
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn machines_and_tasks_have_credentials() {
    let asked = Asked::new().await;
    let (sts, endpoint) = (asked.s3, metadata().await);
    let head = asked.read(sts, &json!({}), &[("AWS_EC2_METADATA_SERVICE_ENDPOINT", &endpoint)]).await.unwrap();
    assert!(head.contains("credential=machine/") && head.contains("x-amz-security-token: machine-token"), "{head}");
    let more = json!({"ec2_metadata_service_endpoint": format!("{endpoint}/")});
    assert!(asked.read(sts, &more, &[]).await.unwrap().contains("credential=machine/"));

    let task = json!({
        "AccessKeyId": "TASK", "SecretAccessKey": "CANARY", "Token": "task-token", "Expiration": "2099-01-01T00:00:00Z",
    });
    let container = format!("http://{}/credentials", answering("200 OK", "", &task.to_string()).await);
    let head = asked.read(sts, &json!({}), &[("AWS_CONTAINER_CREDENTIALS_FULL_URI", &container)]).await.unwrap();
    assert!(head.contains("credential=task/") && head.contains("x-amz-security-token: task-token"), "{head}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn roles_are_assumed() {
    let (asked, moto) = (Asked::new().await, moto());
    let arn = "arn:aws:iam::123456789012:role/states";
    let token = asked.home().join("token");
    std::fs::write(&token, "a-web-identity\n").unwrap();
    asked.profiles(&format!(
        "[profile base]\naws_access_key_id = BASE\naws_secret_access_key = CANARY\n\
         [profile states]\nrole_arn = {arn}\nsource_profile = base\n"
    ));
    let role = json!({
        "role_arn": arn, "session_name": "drift", "duration": "1h", "external_id": "corp", "policy": "{}",
        "tags": {"team": "a b"}, "transitive_tag_keys": ["team"],
    });
    let web = json!({"role_arn": arn, "web_identity_token_file": token});
    let from_environment = [("AWS_ROLE_ARN", arn), ("AWS_WEB_IDENTITY_TOKEN_FILE", token.to_str().unwrap())];
    for (more, variables) in [
        (json!({"assume_role": role}), &KEYS[..]),
        (json!({"assume_role": [{"role_arn": arn}]}), &KEYS[..]),
        (json!({"role_arn": arn, "session_name": "drift", "assume_role_duration_seconds": 900}), &KEYS[..]),
        (json!({"profile": "states"}), &[][..]),
        (json!({"assume_role_with_web_identity": web}), &[][..]),
        (json!({}), &from_environment[..]),
        // One role leads to the next.
        (json!({"assume_role_with_web_identity": web, "assume_role": {"role_arn": arn}}), &[][..]),
    ] {
        let head = asked.read(moto.address, &more, variables).await.unwrap();
        assert!(head.contains("credential=asia") && head.contains("x-amz-security-token: "), "{more}: {head}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_can_be_allowed_and_forbidden() {
    let (asked, moto) = (Asked::new().await, moto());
    let account = "123456789012";
    assert!(asked.read(moto.address, &json!({"allowed_account_ids": [account]}), &KEYS).await.is_ok());
    for more in [json!({"allowed_account_ids": ["999999999999"]}), json!({"forbidden_account_ids": [account]})] {
        let error = asked.read(moto.address, &more, &KEYS).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::PermissionDenied);
        assert!(error.to_string().contains("the credentials are of the account 123456789012"), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_there_are_none_it_is_said_without_secrets() {
    let asked = Asked::new().await;
    let denied = "<ErrorResponse><Error><Code>AccessDenied</Code><Message>not you</Message></Error></ErrorResponse>";
    let sts = answering("403 Forbidden", "", denied).await;
    let role = json!({"assume_role": {"role_arn": "arn:aws:iam::123456789012:role/x"}});
    asked.profiles("[profile broken]\ncredential_process = echo CANARY\n");
    let nowhere = [("AWS_EC2_METADATA_SERVICE_ENDPOINT", "http://127.0.0.1:1")];
    let gone = json!({"assume_role_with_web_identity": {"role_arn": "x", "web_identity_token_file": "/nowhere/token"}});
    for (more, variables, class, message) in [
        (
            json!({"skip_metadata_api_check": true}),
            &[][..],
            ErrorClass::Unauthenticated,
            "there are no credentials in the settings",
        ),
        (json!({}), &nowhere[..], ErrorClass::Unauthenticated, "the metadata service of EC2 gave none"),
        (
            role,
            &KEYS[..],
            ErrorClass::PermissionDenied,
            "assuming the role arn:aws:iam::123456789012:role/x was answered with 403 Forbidden: AccessDenied: not you",
        ),
        (json!({"profile": "broken"}), &[][..], ErrorClass::Unauthenticated, "printed something else than credentials"),
        (gone, &[][..], ErrorClass::Configuration, "/nowhere/token: the file cannot be read"),
    ] {
        let error = asked.read(sts, &more, variables).await.unwrap_err();
        let shown = format!("{error} {error:?}");
        assert_eq!(error.class, class, "{shown}");
        assert!(error.to_string().contains(message), "{error}");
        assert!(!shown.contains("CANARY"), "{shown}");
    }
    assert!(asked.heads.lock().unwrap().is_empty(), "nobody was asked for a state");
}
