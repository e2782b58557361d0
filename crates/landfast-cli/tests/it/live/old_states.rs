//! States that old terraforms wrote with an old provider are read with a new one.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

use super::drift::attribute;
use super::odd::{count, resource};
use crate::live_terraform::deployment::{Moto, boto3, tools};
use crate::run::{Scratch, finish, landfast};

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

/// What differs though nobody changed it, and why. Terraform calls all of that drift too.
const KNOWN: [(&str, &str, &str); 5] = [
    ("aws_vpc", "arn", "the old provider left the owner out, having been told not to ask for it"),
    // Only of 0.11: format 3 leaves out what is null, so that nobody can tell an attribute that was null from one that is new.
    ("aws_cloudwatch_event_rule", "event_bus_name", "an attribute of the new provider"),
    ("aws_iam_access_key", "create_date", "an attribute of the new provider"),
    ("aws_s3_bucket", "tags_all", "an attribute of the new provider"),
    ("aws_vpc", "tags_all", "an attribute of the new provider"),
];

/// Everything that differs and is not known to, with its attribute; none for an object that is gone.
fn differing(report: &Value) -> BTreeSet<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut found = BTreeSet::new();
    for resource in report["resources"].as_array().unwrap() {
        let kind = text(&resource["type"]);
        match resource["status"].as_str().unwrap() {
            "in_sync" => {}
            "drifted" => {
                let paths = resource["changes"].as_array().unwrap().iter().map(|change| attribute(&change["path"]));
                let unknown = paths.filter(|it| !KNOWN.iter().any(|(of, known, _)| (*of, *known) == (&kind, it)));
                found.extend(unknown.map(|attribute| (text(&resource["address"]), attribute)));
            }
            status => drop(found.insert((text(&resource["address"]), format!("({status})")))),
        }
    }
    found
}

#[test]
fn states_of_old_terraforms_and_an_old_provider_are_in_sync() {
    for (version, format) in [("0.11", 3), ("0.12", 4)] {
        let moto = Moto::start();
        let scratch = Scratch::new();
        std::fs::create_dir(scratch.path("stack")).unwrap();
        scratch.file("stack/main.tf", CONFIGURATION.replace("URL", &moto.url));
        let terraform = |arguments: &[&str]| {
            let mut command = Command::new(tools().join(format!("bin/terraform-{version}")));
            let command = command.args(arguments).arg("-no-color").current_dir(scratch.path("stack"));
            let command = command.env("TF_CLI_CONFIG_FILE", "/dev/null").env("CHECKPOINT_DISABLE", "1");
            let run = finish(command.env("AWS_EC2_METADATA_DISABLED", "true"));
            assert_eq!(run.code, 0, "{version} {arguments:?}: {}{}", run.out, run.err);
        };
        let plugins = tools().join("plugins-legacy");
        terraform(&["init", "-input=false", "-plugin-dir", plugins.to_str().unwrap()]);
        terraform(&["apply", "-input=false", "-auto-approve"]);
        let state = std::fs::read_to_string(scratch.path("stack/terraform.tfstate")).unwrap();
        let written: Value = serde_json::from_str(&state).unwrap();
        assert_eq!(written["version"], format, "{version}");

        let check = |more: &[&str]| {
            let mut command = landfast();
            command
                .args(["check", "--format", "json", "--provider-dir"])
                .arg(tools().join("mirror"))
                .args(more)
                .current_dir(scratch.path(""))
                .env("TF_CLI_CONFIG_FILE", "/dev/null")
                .env("AWS_EC2_METADATA_DISABLED", "true")
                .env("XDG_CONFIG_HOME", scratch.path("configuration"));
            let run = finish(&mut command);
            let report: Value = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{version}: {}", run.err));
            (run.code, report, run.err)
        };
        let (code, report, err) = check(&["stack", "--strict"]);
        assert_eq!((differing(&report), err.as_str()), (BTreeSet::new(), ""), "{version}: {report}");
        assert_eq!(code, 2, "{version}");
        // Format 4 has every attribute that the old provider knew: the others are no drift by a rule.
        let drifted = if format == 3 { 4 } else { 1 };
        assert_eq!(
            (count(&report, "in_sync"), count(&report, "drifted")),
            (10 - drifted, drifted),
            "{version}: {report}"
        );
        if format == 4 {
            let normalised = resource(&report, "aws_iam_access_key.deploy")["normalised"].to_string();
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
        let (code, report, err) = check(&["stack", "--strict"]);
        assert_eq!((code, err.as_str()), (2, ""), "{version}");
        let expected = [("aws_sqs_queue.jobs", "(missing)"), ("aws_vpc.main", "tags")];
        let expected = expected.map(|(address, attribute)| (address.to_owned(), attribute.to_owned()));
        assert_eq!(differing(&report), expected.into(), "{version}");
    }
}
