//! The AWS provider on moto: objects that terraform made are read, changed ones as they are, gone ones as gone.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use landfast_state::{StateFile, StateInstance, Value};
use landfast_tfplugin::{
    CallError, DataOutcome, DiagnosticSeverity, ImportId, ImportOutcome, ProviderReader, ProviderSchemas, ReadOutcome,
    ResourceState, SchemaScope, StartOptions, StoredState,
};

use super::tools::{Moto, aws, members, tools};

/// A configuration for terraform of any version: what is asked of which provider is written elsewhere.
fn configuration(moto: &Moto) -> String {
    let url = &moto.url;
    format!(
        r#"
provider "aws" {{
  region                      = "eu-central-1"
  access_key                  = "fixture"
  secret_key                  = "fixture"
  s3_force_path_style         = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  endpoints {{
    ec2 = "{url}"
    iam = "{url}"
    s3  = "{url}"
    sqs = "{url}"
    sts = "{url}"
  }}
}}

resource "aws_vpc" "main" {{
  cidr_block = "10.30.0.0/16"
  tags = {{
    Owner = "shop"
  }}
}}

resource "aws_security_group" "web" {{
  name   = "web"
  vpc_id = "${{aws_vpc.main.id}}"
  ingress {{
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }}
}}

resource "aws_s3_bucket" "logs" {{
  bucket = "shop-logs"
  tags = {{
    Owner = "shop"
  }}
}}

resource "aws_iam_user" "deploy" {{
  name = "deploy"
}}

resource "aws_iam_access_key" "deploy" {{
  user = "${{aws_iam_user.deploy.name}}"
}}

resource "aws_sqs_queue" "jobs" {{
  name = "jobs"
}}
"#
    )
}

/// A folder in which a terraform was applied.
pub(super) struct Deployment {
    folder: tempfile::TempDir,
}

impl Deployment {
    fn apply(terraform: &Path, init: &[&str], configuration: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("main.tf"), configuration).unwrap();
        let deployment = Self { folder };
        deployment.run(terraform, &[&["init", "-input=false"], init].concat());
        deployment.run(terraform, &["apply", "-input=false", "-auto-approve"]);
        deployment
    }

    fn run(&self, terraform: &Path, arguments: &[&str]) -> String {
        let output = Command::new(terraform)
            .args(arguments)
            .arg("-no-color")
            .current_dir(self.folder.path())
            .env("TF_CLI_CONFIG_FILE", tools().join("terraform.rc"))
            .env("CHECKPOINT_DISABLE", "1")
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .output()
            .unwrap();
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "{arguments:?}: {}{}", text(&output.stdout), text(&output.stderr));
        text(&output.stdout)
    }

    /// Everything, made by the terraform of this machine with the provider of version 3.39.0.
    pub(super) fn newest(moto: &Moto) -> Self {
        let required = r#"terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "3.39.0"
    }
  }
}
"#;
        Self::apply(Path::new("terraform"), &[], &format!("{required}{}", configuration(moto)))
    }

    /// The text of the state.
    pub(super) fn state(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("terraform.tfstate")).unwrap()
    }

    /// Every instance of the state, by type.
    fn instances(&self) -> BTreeMap<String, StateInstance> {
        let state =
            StateFile::read(self.state().into(), "terraform.tfstate", &landfast_state::Limits::default()).unwrap();
        let of_resource = |resource: &landfast_state::StateResource| {
            let kind = resource.address.type_name.to_string();
            resource.instances.first().map(|instance| (kind, instance.clone()))
        };
        state.resources().iter().filter_map(of_resource).collect()
    }
}

/// The provider of version 3.39.0, ready to read.
async fn ready(moto: &Moto) -> (ProviderReader, ProviderSchemas) {
    let reader = ProviderReader::start(&aws(), &StartOptions::default()).await.unwrap();
    let schemas = reader.schemas(&SchemaScope::Everything).await.unwrap().value;
    reader.configure(&schemas.provider, moto.provider_config()).await.unwrap();
    (reader, schemas)
}

async fn upgrade(
    (reader, schemas): (&ProviderReader, &ProviderSchemas),
    kind: &str,
    instance: &StateInstance,
) -> ResourceState {
    let stored = StoredState::of_instance(instance).unwrap();
    reader.upgrade(&schemas.resources[kind], &stored).await.unwrap().value
}

async fn read(
    (reader, schemas): (&ProviderReader, &ProviderSchemas),
    kind: &str,
    state: &ResourceState,
) -> ReadOutcome {
    reader.read(&schemas.resources[kind], state).await.unwrap().value
}

fn found(outcome: ReadOutcome) -> ResourceState {
    match outcome {
        ReadOutcome::Found(state) => *state,
        other => panic!("{other:?}"),
    }
}

/// The attributes whose text differs, sensitive ones by what they hold.
fn differences(a: &ResourceState, b: &ResourceState) -> Vec<String> {
    let names = a.members().iter().filter(|(name, value)| b.members().get(*name) != Some(value));
    names.map(|(name, _)| name.clone()).collect()
}

#[tokio::test]
async fn what_is_there_changed_and_gone_is_read_and_imported() {
    let moto = Moto::start();
    let deployment = Deployment::newest(&moto);
    let instances = deployment.instances();
    assert_eq!(instances.len(), 6);
    let (reader, schemas) = ready(&moto).await;
    let both = (&reader, &schemas);

    // All at once, and nothing has changed but what moto and the provider are known to disagree on.
    let mut states = BTreeMap::new();
    for (kind, instance) in &instances {
        states.insert(kind.clone(), upgrade(both, kind, instance).await);
    }
    let reads = states.iter().map(|(kind, state)| async move { (kind.clone(), read(both, kind, state).await) });
    for (kind, outcome) in join_all(reads).await {
        let state = found(outcome);
        let differing = differences(&states[&kind], &state);
        let known: &[&str] = match &*kind {
            // An empty text is read back as none.
            "aws_security_group" => &["ingress", "tags"],
            _ => &["tags"],
        };
        assert!(differing.iter().all(|name| known.contains(&&**name)), "{kind}: {differing:?}");
        assert!(!state.private().is_empty() || states[&kind].private().is_empty(), "{kind}");
    }
    // A secret of the schema is one of ours.
    let key = states["aws_iam_access_key"].members();
    assert!(matches!(key["secret"], Value::Sensitive(_)), "{:?}", key["secret"]);
    assert!(!format!("{:?}", states["aws_iam_access_key"]).contains("\"secret\": String"));

    let vpc = match &states["aws_vpc"].members()["id"] {
        Value::String(id) => id.clone(),
        other => panic!("{other}"),
    };
    moto.boto3(&format!(
        "client('ec2').create_tags(Resources=['{vpc}'], Tags=[dict(Key='Owner', Value='other')])\n\
         client('s3').delete_bucket(Bucket='shop-logs')"
    ));
    let changed = found(read(both, "aws_vpc", &states["aws_vpc"]).await);
    assert_eq!(changed.members()["tags"].to_string(), r#"{"Owner": "other"}"#);
    assert_eq!(differences(&states["aws_vpc"], &changed), ["tags", "tags_all"]);
    assert!(matches!(read(both, "aws_s3_bucket", &states["aws_s3_bucket"]).await, ReadOutcome::Gone));

    // The same object, known by its id alone.
    let imported = reader.import(&schemas, "aws_vpc", &ImportId::Text(vpc.clone())).await.unwrap().value;
    let ImportOutcome::Found(imported) = imported else { panic!("{imported:?}") };
    assert_eq!(imported.len(), 1);
    let by_id = found(read(both, &imported[0].type_name, &imported[0].state).await);
    assert_eq!(differences(&changed, &by_id), [""; 0]);

    // And among all of its kind.
    let data = reader.read_data(&schemas.data_sources["aws_vpcs"], members(r#"{"tags": {"Owner": "other"}}"#)).await;
    let DataOutcome::Found(vpcs) = data.unwrap().value else { panic!("deferred") };
    assert_eq!(vpcs["ids"].to_string(), format!("[\"{vpc}\"]"));
    reader.close().await;
}

#[tokio::test]
async fn states_of_old_terraforms_and_an_old_provider_are_brought_up_to_date() {
    let plugins = tools().join("plugins-legacy");
    let plugins = ["-plugin-dir", plugins.to_str().unwrap()];
    for version in ["0.11", "0.12"] {
        let terraform = tools().join(format!("bin/terraform-{version}"));
        let moto = Moto::start();
        let instances = Deployment::apply(&terraform, &plugins, &configuration(&moto)).instances();
        let (reader, schemas) = ready(&moto).await;
        let both = (&reader, &schemas);
        assert_eq!(instances.len(), 6, "{version}");
        for (kind, instance) in &instances {
            let state = upgrade(both, kind, instance).await;
            let read = found(read(both, kind, &state).await);
            assert_eq!(read.members()["id"], state.members()["id"], "{version} {kind}");
            // What the new provider adds is not there before it reads; it names the owner where the old one left it out.
            let known = ["ingress", "arn"];
            let mut differing = differences(&state, &read);
            differing.retain(|name| state.members()[name] != Value::Null);
            assert!(differing.iter().all(|name| known.contains(&&**name)), "{version} {kind}: {differing:?}");
        }
        let bucket = upgrade(both, "aws_s3_bucket", &instances["aws_s3_bucket"]).await;
        assert!(matches!(&bucket.members()["tags"], Value::Object(tags) if tags.len() == 1), "{version}");
        reader.close().await;
    }
}

#[tokio::test]
async fn what_cannot_be_read_says_why() {
    let moto = Moto::start();
    let (reader, schemas) = ready(&moto).await;
    let stored = StoredState::json(1, br#"{"id": ["not", "a", "text"]}"#[..].into());
    match reader.upgrade(&schemas.resources["aws_vpc"], &stored).await {
        Ok(answer) => panic!("{answer:?}"),
        Err(error @ CallError::Refused { .. }) => {
            assert!(error.to_string().contains("UpgradeResourceState of aws_vpc"), "{error}");
        }
        Err(other) => panic!("{other}"),
    }
    let error = reader.import(&schemas, "aws_vpc", &ImportId::Text("vpc-0".to_owned())).await;
    if let Ok(answer) = error {
        // It is found by its id, and gone when it is looked at.
        let ImportOutcome::Found(objects) = answer.value else { panic!("deferred") };
        let schema = &schemas.resources["aws_vpc"];
        assert!(matches!(reader.read(schema, &objects[0].state).await.unwrap().value, ReadOutcome::Gone));
    }
    let Err(CallError::Refused { diagnostics, .. }) =
        reader.import(&schemas, "aws_no_such_thing", &ImportId::Text("x".to_owned())).await
    else {
        panic!("imported")
    };
    assert_eq!(diagnostics[0].severity, DiagnosticSeverity::Error);
    reader.close().await;
}

#[tokio::test]
async fn a_configuration_is_checked_and_its_secrets_are_masked() {
    let reader = ProviderReader::start(&aws(), &StartOptions::default()).await.unwrap();
    let schemas = reader.schemas(&SchemaScope::Types(["aws_vpc".to_owned()].into())).await.unwrap().value;
    assert_eq!(schemas.resources.keys().collect::<Vec<_>>(), ["aws_vpc"]);
    let error = reader.configure(&schemas.provider, members(r#"{"region": ["eu-central-1"]}"#)).await.unwrap_err();
    assert_eq!(error.to_string(), "terraform-provider-aws_v3.39.0_x5: its configuration does not fit the schema");
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(source, "region: a string is expected, and a list is there");
    let unknown = reader.configure(&schemas.provider, members(r#"{"endpoint": []}"#)).await.unwrap_err();
    assert!(std::error::Error::source(&unknown).unwrap().to_string().contains("\"endpoint\""));
    let invalid = reader.configure(&schemas.provider, members(r#"{"region": "nowhere-1"}"#)).await.unwrap_err();
    assert!(matches!(invalid, CallError::Refused { .. }), "{invalid}");
    reader.close().await;
}

async fn join_all<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    use std::pin::Pin;
    use std::task::Poll;
    let mut futures: Vec<Pin<Box<dyn Future<Output = T> + '_>>> =
        futures.map(|it| Box::pin(it) as Pin<Box<dyn Future<Output = T> + '_>>).collect();
    let mut done: Vec<Option<T>> = futures.iter().map(|_| None).collect();
    std::future::poll_fn(move |context| {
        for (future, done) in futures.iter_mut().zip(&mut done) {
            if done.is_none()
                && let Poll::Ready(value) = future.as_mut().poll(context)
            {
                *done = Some(value);
            }
        }
        if done.iter().all(Option::is_some) {
            Poll::Ready(done.iter_mut().flat_map(Option::take).collect())
        } else {
            Poll::Pending
        }
    })
    .await
}
