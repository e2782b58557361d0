//! States that old terraforms wrote with an old provider are read with a new one.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::drift::{Recorded, assert_same, ours, theirs};
use super::odd::{count, resource};
use crate::live_terraform::deployment::{Deployment, Moto, boto3, tools};
use crate::run::finish;

/// What every terraform understands.
const CONFIGURATION: &str = r#"
provider "aws" {
  region                      = "eu-central-1"
  access_key                  = "fixture"
  secret_key                  = "fixture"
  s3_force_path_style         = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true
  endpoints {
    ec2              = "URL"
    iam              = "URL"
    s3               = "URL"
    sqs              = "URL"
    sts              = "URL"
    dynamodb         = "URL"
    cloudwatchevents = "URL"
  }
}

resource "aws_vpc" "main" {
  cidr_block = "10.30.0.0/16"
  tags = {
    Owner = "shop"
  }
}

resource "aws_security_group" "web" {
  count  = 2
  name   = "web-${count.index}"
  vpc_id = "${aws_vpc.main.id}"
  ingress {
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

resource "aws_s3_bucket" "logs" {
  bucket = "shop-logs"
  tags = {
    Owner = "shop"
  }
  versioning {
    enabled = true
  }
}

resource "aws_iam_user" "deploy" {
  name = "deploy"
}

resource "aws_iam_access_key" "deploy" {
  user = "${aws_iam_user.deploy.name}"
}

resource "aws_sqs_queue" "jobs" {
  name = "jobs"
}

resource "aws_dynamodb_table" "carts" {
  name           = "carts"
  read_capacity  = 1
  write_capacity = 1
  hash_key       = "id"
  attribute {
    name = "id"
    type = "S"
  }
}

resource "aws_cloudwatch_event_rule" "daily" {
  name                = "daily"
  schedule_expression = "rate(1 day)"
}

resource "aws_cloudwatch_event_target" "queue" {
  rule = "${aws_cloudwatch_event_rule.daily.name}"
  arn  = "${aws_sqs_queue.jobs.arn}"
}
"#;

/// The names of what an object has, those of its blocks with the names of these before them.
fn names(before: &str, value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, value) in members {
                let name = if before.is_empty() { name.clone() } else { format!("{before}.{name}") };
                names(&name, value, found);
                found.insert(name);
            }
        }
        Value::Array(elements) => elements.iter().for_each(|element| names(before, element, found)),
        _ => {}
    }
}

/// What a state has, by address; nothing for format 3, which leaves out what is null too.
fn recorded(state: &Value) -> Recorded {
    let mut found = Recorded::new();
    for resource in state["resources"].as_array().into_iter().flatten() {
        for instance in resource["instances"].as_array().unwrap() {
            let mut attributes = BTreeSet::new();
            names("", &instance["attributes"], &mut attributes);
            let text = |member: &str| resource[member].as_str().unwrap();
            let index = instance["index_key"].as_u64().map(|index| format!("[{index}]")).unwrap_or_default();
            let address = format!("{}.{}{index}", text("type"), text("name"));
            found.insert(address, attributes);
        }
    }
    found
}

/// All that differs for us: an object and an attribute, or an object that is gone.
fn differing(report: &Value) -> BTreeSet<(String, String)> {
    let mut found = BTreeSet::new();
    for (address, attributes) in ours(report).0 {
        if attributes.is_empty() {
            found.insert((address.clone(), String::from("(missing)")));
        }
        found.extend(attributes.into_iter().map(|attribute| (address.clone(), attribute)));
    }
    found
}

/// Applies the configuration with a terraform of old and the provider of its time.
fn apply(folder: &Path, version: &str) {
    let plugins = tools().join("plugins-legacy");
    for arguments in
        [&["init", "-input=false", "-plugin-dir", plugins.to_str().unwrap()][..], &["apply", "-auto-approve"]]
    {
        let mut command = Command::new(tools().join(format!("bin/terraform-{version}")));
        let command = command.args(arguments).arg("-no-color").current_dir(folder);
        let command = command.env("TF_CLI_CONFIG_FILE", "/dev/null").env("CHECKPOINT_DISABLE", "1");
        let run = finish(command.env("AWS_EC2_METADATA_DISABLED", "true"));
        assert_eq!(run.code, 0, "{version} {arguments:?}: {}{}", run.out, run.err);
    }
}

/// The terraform of today, on the state of old with the new provider: it has to be told that `aws` is now `hashicorp/aws`.
const REPLACE: [&str; 5] = [
    "state",
    "replace-provider",
    "-auto-approve",
    "registry.terraform.io/-/aws",
    "registry.terraform.io/hashicorp/aws",
];

#[test]
fn states_of_old_terraforms_and_an_old_provider_differ_as_they_do_for_terraform() {
    for (version, format) in [("0.11", 3), ("0.12", 4)] {
        let moto = Moto::start();
        let configuration = CONFIGURATION.replace("URL", &moto.url);
        let deployment = Deployment::new(&configuration, &tools().join("terraform.rc"));
        let old = deployment.path("old");
        std::fs::create_dir(&old).unwrap();
        std::fs::write(old.join("main.tf"), configuration).unwrap();
        apply(&old, version);
        let state = std::fs::read_to_string(old.join("terraform.tfstate")).unwrap();
        std::fs::write(deployment.folder().join("terraform.tfstate"), &state).unwrap();
        let state: Value = serde_json::from_str(&state).unwrap();
        assert_eq!(state["version"], format, "{version}");
        let recorded = recorded(&state);
        assert_eq!(recorded.len(), if format == 3 { 0 } else { 10 });

        let mirror = tools().join("mirror");
        let check = || {
            let arguments = ["check", "old", "--strict", "--format", "json", "--provider-dir"];
            let run =
                finish(deployment.landfast_command(&arguments).arg(&mirror).env("TF_CLI_CONFIG_FILE", "/dev/null"));
            let report: Value = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{version}: {}", run.err));
            assert_eq!((run.code, run.err.as_str()), (2, ""), "{version}: {report}");
            report
        };
        let unchanged = check();
        assert_same(&unchanged, &theirs(&deployment, &[&REPLACE]), &recorded);
        // The old provider left the owner out of an ARN. Format 4 has every attribute that it knew, so that the others are no drift by
        // a rule; of format 3 nobody can tell an attribute that was null from one that is new.
        let drifted = if format == 3 { 4 } else { 1 };
        assert_eq!(
            (count(&unchanged, "in_sync"), count(&unchanged, "drifted")),
            (10 - drifted, drifted),
            "{version}: {unchanged}"
        );
        if format == 4 {
            let normalised = resource(&unchanged, "aws_iam_access_key.deploy")["normalised"].to_string();
            assert!(normalised.contains(r#"{"normaliser":"unknown-value","path":"create_date""#), "{normalised}");
        }

        // What is changed then is found, and nothing else.
        boto3(
            &moto,
            "ec2 = client('ec2')\n\
             vpc = ec2.describe_vpcs(Filters=[{'Name': 'cidr', 'Values': ['10.30.0.0/16']}])['Vpcs'][0]['VpcId']\n\
             ec2.create_tags(Resources=[vpc], Tags=[{'Key': 'Owner', 'Value': 'nobody'}])\n\
             sqs = client('sqs')\n\
             sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName='jobs')['QueueUrl'])\n",
        );
        let changed = check();
        assert_same(&changed, &theirs(&deployment, &[&REPLACE]), &recorded);
        let expected = [("aws_sqs_queue.jobs", "(missing)"), ("aws_vpc.main", "tags")];
        let expected = expected.map(|(address, attribute)| (address.to_owned(), attribute.to_owned()));
        let new: BTreeSet<_> = differing(&changed).difference(&differing(&unchanged)).cloned().collect();
        assert_eq!(new, expected.into(), "{version}");
    }
}
