//! What is there beside what is recorded.

use std::collections::BTreeMap;

use super::drift::{check, deploy};
use super::odd::resource;
use crate::live_terraform::deployment::{Moto, boto3};

/// A network with a group, and a bucket.
const CONFIGURATION: &str = r#"
variable "endpoint" {
  type = string
}

provider "aws" {
  region                      = "eu-central-1"
  access_key                  = "fixture"
  secret_key                  = "fixture"
  max_retries                 = 1
  s3_force_path_style         = true
  skip_credentials_validation = true
  skip_metadata_api_check     = true
  skip_requesting_account_id  = true

  endpoints {
    ec2                      = var.endpoint
    s3                       = var.endpoint
    sts                      = var.endpoint
    autoscaling              = var.endpoint
    apigateway               = ENDPOINT
    dynamodb                 = var.endpoint
    resourcegroupstaggingapi = var.endpoint
  }
}

resource "aws_vpc" "main" {
  cidr_block = "10.30.0.0/16"
}

resource "aws_security_group" "web" {
  name   = "web"
  vpc_id = aws_vpc.main.id
}

resource "aws_s3_bucket" "logs" {
  bucket = "shop-logs"
  tags   = { Owner = "shop" }
}
"#;

#[test]
fn what_was_made_beside_the_state_is_unmanaged_and_what_aws_makes_is_folded() {
    let moto = Moto::start();
    let head = "terraform {\n  required_providers {\n    aws = {\n      source  = \"hashicorp/aws\"\n      version = \
                \"3.39.0\"\n    }\n  }\n}\n";
    let configuration = format!("{head}{CONFIGURATION}");
    let deployment = deploy(&moto, &configuration.replace("ENDPOINT", "var.endpoint"));
    let (code, report, err) = check(&deployment, &["--strict", "--unmanaged"]);
    assert_eq!((code, err.as_str()), (0, ""), "{report}");
    let folded = BTreeMap::from([
        ("aws-default-vpc", "aws_vpc"),
        ("aws-default-subnets", "aws_subnet"),
        ("aws-default-security-groups", "aws_security_group"),
        ("aws-main-route-tables", "aws_route_table"),
        ("aws-default-network-acls", "aws_network_acl"),
    ]);
    for resource in report["resources"].as_array().unwrap() {
        match resource["status"].as_str().unwrap() {
            "in_sync" => {}
            "suppressed" => {
                let rule = resource["rules"][0]["id"].as_str().unwrap();
                assert_eq!(Some(folded[rule]), resource["type"].as_str(), "{resource}");
            }
            other => panic!("{other}: {resource}"),
        }
    }
    for rule in folded.keys() {
        assert!(report.to_string().contains(&format!("\"id\":\"{rule}\"")), "{rule}: {report}");
    }

    let ids = deployment.path("ids");
    boto3(
        &moto,
        &format!(
            "ec2, s3 = client('ec2'), client('s3')\n\
             image = ec2.describe_images()['Images'][0]['ImageId']\n\
             instance = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)['Instances'][0]\n\
             group = ec2.create_security_group(GroupName='beside', Description='x')['GroupId']\n\
             s3.create_bucket(Bucket='beside', CreateBucketConfiguration={{'LocationConstraint': 'eu-central-1'}})\n\
             s3.put_bucket_tagging(Bucket='beside', Tagging={{'TagSet': [{{'Key': 'a', 'Value': 'b'}}]}})\n\
             volume = instance['BlockDeviceMappings'][0]['Ebs']['VolumeId']\n\
             open({ids:?}, 'w').write(' '.join([instance['InstanceId'], group, volume]))\n"
        ),
    );
    let ids = std::fs::read_to_string(ids).unwrap();
    let [instance, group, volume] = ids.split(' ').collect::<Vec<_>>()[..] else { panic!("{ids}") };
    let (code, report, err) = check(&deployment, &["--strict", "--unmanaged"]);
    assert_eq!((code, err.as_str()), (2, ""), "{report}");
    let mut unmanaged: Vec<_> = [
        ("aws_instance", instance),
        ("aws_security_group", group),
        ("aws_s3_bucket", "beside"),
        // Its instance's.
        ("aws_ebs_volume", volume),
    ]
    .map(|(kind, id)| format!("{kind}.unmanaged[\"{id}\"]"))
    .into();
    unmanaged.sort();
    let found = super::odd::statuses(&report);
    let found: Vec<_> = found.iter().filter(|(_, status)| *status == "unmanaged").map(|(address, _)| address).collect();
    assert_eq!(found, unmanaged.iter().collect::<Vec<_>>());
    assert_eq!(resource(&report, &unmanaged[2])["type"], "aws_s3_bucket");
    assert_eq!((&report["scan"]["end"], &report["scan"]["unowned"]["found"]), (&"complete".into(), &4.into()));
    let said = |report: &serde_json::Value, kind: &str| {
        let entries = report["not_listed"].as_array().unwrap();
        entries.iter().find(|it| it["resource_type"] == kind).map(|it| it["reason"].as_str().unwrap().to_owned())
    };
    // A bucket without a tag is not among them, and that is said.
    assert_eq!(said(&report, "aws_s3_bucket").unwrap(), "not listed are buckets that never had a tag");

    // What another state owns is managed.
    let other = format!(
        r#"{{"version": 4, "serial": 1, "lineage": "other", "resources": [{{"mode": "managed", "type": "aws_instance",
            "name": "x", "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]",
            "instances": [{{"schema_version": 1, "attributes": {{"id": "{instance}"}}}}]}}]}}"#
    );
    std::fs::write(deployment.path("other.tfstate"), other).unwrap();
    // The configuration of the provider is that of the settings then.
    let url = &moto.url;
    let settings = format!(
        "[providers.\"hashicorp/aws\"]\nregion = \"eu-central-1\"\naccess_key = \"fixture\"\nsecret_key = \"fixture\"\n\
         max_retries = 1\ns3_force_path_style = true\nskip_credentials_validation = true\nskip_metadata_api_check = true\n\
         skip_requesting_account_id = true\nendpoints = [{{ ec2 = {url:?}, s3 = {url:?}, sts = {url:?}, dynamodb = {url:?}, \
         autoscaling = {url:?}, apigateway = \"http://127.0.0.1:1\", resourcegroupstaggingapi = {url:?} }}]\n"
    );
    std::fs::write(deployment.path("landfast.toml"), settings).unwrap();
    let run = deployment.landfast(&[
        "check",
        "--recorded",
        "stack/terraform.tfstate",
        "--recorded",
        "other.tfstate",
        "--unmanaged",
        "--format",
        "json",
    ]);
    assert_eq!(run.code, 2, "{}", run.err);
    let report: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert!(!report.to_string().contains("aws_instance.unmanaged"), "{report}");
    assert_eq!(resource(&report, &unmanaged[3])["status"], "unmanaged");
    // A list that fails says so.
    let why = said(&report, "aws_apigatewayv2_api").unwrap();
    assert!(why.starts_with("ReadDataSource of aws_apigatewayv2_apis: ") && why.contains("refused"), "{why}");
}
