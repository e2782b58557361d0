//! What nothing recorded owns, listed, imported and read through the AWS provider on moto.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use landfast_observe::scan::{ObjectReader as _, ReadAnswer};
use landfast_state::Value;
use landfast_tfplugin::StartOptions;
use landfast_tfplugin::live::{EnumerationRules, Imports, LiveReader, Owned};

use super::aws::Deployment;
use super::scan::{One, recorded, wanted};
use super::tools::{Moto, aws};

#[tokio::test]
async fn what_was_made_beside_the_state_is_unmanaged_and_what_aws_makes_is_folded() {
    let moto = Moto::start();
    let deployment = Deployment::newest(&moto);
    let made = moto.boto3(
        "ec2 = client('ec2')\n\
         vpc = ec2.describe_vpcs(Filters=[{'Name': 'isDefault', 'Values': ['true']}])['Vpcs'][0]['VpcId']\n\
         image = ec2.describe_images()['Images'][0]['ImageId']\n\
         instance = ec2.run_instances(ImageId=image, MinCount=1, MaxCount=1)['Instances'][0]['InstanceId']\n\
         group = ec2.create_security_group(GroupName='beside', Description='x', VpcId=vpc)['GroupId']\n\
         s3 = client('s3')\n\
         s3.create_bucket(Bucket='beside', CreateBucketConfiguration={'LocationConstraint': 'eu-central-1'})\n\
         s3.put_bucket_tagging(Bucket='beside', Tagging={'TagSet': [{'Key': 'a', 'Value': 'b'}]})\n\
         print(instance, group, vpc)",
    );
    let [instance, group, vpc] = made.split(' ').collect::<Vec<_>>()[..] else { panic!("{made}") };

    let objects = recorded(&deployment.state());
    let mut owned = Owned::default();
    objects.iter().for_each(|object| owned.add(object));
    let rules = EnumerationRules::embedded();
    let mut wanted = wanted(&objects);
    for (key, types) in &mut wanted {
        types.extend(rules.types(&key.source));
    }
    let setup = One { path: aws(), start: StartOptions::default(), config: moto.provider_config() };
    let reader = Arc::new(LiveReader::start(Arc::new(setup), wanted).await);
    let found = reader.enumerate(&rules, &owned).await;

    assert!(found.failed.is_empty(), "{:?}", found.failed);

    let unowned: BTreeSet<String> = found.unowned.iter().map(|object| object.object.address.to_string()).collect();
    for (kind, id) in [("aws_instance", instance), ("aws_security_group", group), ("aws_s3_bucket", "beside")] {
        assert!(unowned.contains(&format!("{kind}.unmanaged[\"{id}\"]")), "{kind} {id}: {unowned:?}");
    }
    let types: BTreeMap<&str, usize> = found.unowned.iter().fold(BTreeMap::new(), |mut counts, object| {
        *counts.entry(object.type_name()).or_default() += 1;
        counts
    });
    // The volume is that of the instance; nothing of the state is among them, and nothing of the default network.
    assert_eq!(
        types,
        [("aws_ebs_volume", 1), ("aws_instance", 1), ("aws_s3_bucket", 1), ("aws_security_group", 1)].into()
    );

    let folded: BTreeSet<(&str, String)> =
        found.folded.iter().map(|it| (it.rule.as_str(), it.address.instance.resource.type_name.to_string())).collect();
    for (rule, kind) in [
        ("aws-default-vpc", "aws_vpc"),
        ("aws-default-subnets", "aws_subnet"),
        ("aws-default-security-groups", "aws_security_group"),
        ("aws-main-route-tables", "aws_route_table"),
        ("aws-default-network-acls", "aws_network_acl"),
    ] {
        assert!(folded.contains(&(rule, kind.to_owned())), "{rule}: {folded:?}");
    }
    assert!(found.folded.iter().any(|it| it.address.to_string() == format!("aws_vpc.unmanaged[\"{vpc}\"]")));
    assert_eq!(found.not_covered, ["aws_iam_access_key", "aws_iam_user", "aws_sqs_queue"].map(str::to_owned).into());
    assert!(found.blind["aws_s3_bucket"].contains("never had a tag"));

    let imports = Imports(Arc::clone(&reader));
    for object in found.unowned {
        let address = object.object.address.to_string();
        let ReadAnswer::Found { observed, .. } = imports.read(Arc::new(object)).await.answer else {
            panic!("{address}")
        };
        let Value::Object(members) = observed.value() else { panic!("{address}") };
        assert!(address.contains(&members["id"].to_string()), "{address}: {}", members["id"]);
        if address.contains("aws_s3_bucket") {
            assert_eq!(members["tags"].to_string(), r#"{"a": "b"}"#);
        }
    }
    drop(imports);
    Arc::into_inner(reader).unwrap().close().await;
}
