"""Changes what a state records, behind terraform's back: so many changes, chosen by a seed among what can be done to each type.

    change.py URL STATE SEED COUNT

Prints a line for each: the address and what was done. Nothing is chosen that an earlier change made impossible.
"""

import json
import random
import sys

import boto3

url, state, seed, count = sys.argv[1:]
rng = random.Random(int(seed))


def client(service):
    return boto3.client(service, endpoint_url=url, region_name="eu-central-1", aws_access_key_id="fixture",
                        aws_secret_access_key="fixture")


ec2, s3, sqs, sns, iam, ssm = (client(name) for name in ["ec2", "s3", "sqs", "sns", "iam", "ssm"])
logs, dynamodb, kms, ecr = (client(name) for name in ["logs", "dynamodb", "kms", "ecr"])
secrets, alarms = client("secretsmanager"), client("cloudwatch")


def word():
    return "".join(rng.choice("abcdefghij") for _ in range(6))


def tags(as_list=True):
    tag = {rng.choice(["Owner", "Stage", "Extra"]): word()}
    return [{"Key": key, "Value": value} for key, value in tag.items()] if as_list else tag


def policy(actions, effect="Allow"):
    return json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": actions, "Resource": "*"}]})


def trust(service):
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def rule(port, cidr):
    return [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": cidr, "Description": word()}]}]


def closed(a):
    """Takes one of the two networks out of the rule."""
    ranges = ec2.describe_security_groups(GroupIds=[a["id"]])["SecurityGroups"][0]["IpPermissions"]
    https = next(it for it in ranges if it["FromPort"] == 443)
    https = {key: https[key] for key in ["IpProtocol", "FromPort", "ToPort"]} | {"IpRanges": https["IpRanges"][-1:]}
    ec2.revoke_security_group_ingress(GroupId=a["id"], IpPermissions=[https])


def detached(a):
    ec2.detach_internet_gateway(InternetGatewayId=a["id"], VpcId=a["vpc_id"])
    ec2.delete_internet_gateway(InternetGatewayId=a["id"])


def ec2_tags(a):
    ec2.create_tags(Resources=[a["id"]], Tags=tags())


def alarm(a, **changed):
    names = {"AlarmName": "alarm_name", "ComparisonOperator": "comparison_operator", "MetricName": "metric_name",
             "EvaluationPeriods": "evaluation_periods", "Namespace": "namespace", "Period": "period",
             "Statistic": "statistic", "Threshold": "threshold"}
    alarms.put_metric_alarm(**({name: a[attribute] for name, attribute in names.items()} | changed))


def versioning(a):
    now = s3.get_bucket_versioning(Bucket=a["id"]).get("Status") == "Enabled"
    s3.put_bucket_versioning(Bucket=a["id"], VersioningConfiguration={"Status": "Suspended" if now else "Enabled"})


def encrypted(a):
    by_default = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(Bucket=a["id"], ServerSideEncryptionConfiguration={"Rules": [by_default]})


# What is done once to an object at most has no name that repeats for it; what ends with ! takes the object away.
KINDS = {
    "aws_vpc": {
        "tag": ec2_tags,
        "untag": lambda a: ec2.delete_tags(Resources=[a["id"]], Tags=[{"Key": "Owner"}]),
        "dns": lambda a: ec2.modify_vpc_attribute(VpcId=a["id"], EnableDnsHostnames={"Value": rng.random() < 0.5}),
    },
    "aws_subnet": {
        "tag": ec2_tags,
        "public": lambda a: ec2.modify_subnet_attribute(SubnetId=a["id"], MapPublicIpOnLaunch={"Value": True}),
        "delete!": lambda a: ec2.delete_subnet(SubnetId=a["id"]),
    },
    "aws_route_table": {
        "tag": ec2_tags,
        "route once": lambda a: ec2.create_route(
            RouteTableId=a["id"], DestinationCidrBlock="10.99.0.0/16",
            GatewayId=ec2.describe_internet_gateways()["InternetGateways"][0]["InternetGatewayId"]),
    },
    "aws_internet_gateway": {"tag": ec2_tags},
    "aws_security_group": {
        "tag": ec2_tags,
        "open": lambda a: ec2.authorize_security_group_ingress(
            GroupId=a["id"], IpPermissions=rule(rng.randrange(1000, 60000), "0.0.0.0/0")),
        "close once": closed,
        "delete!": lambda a: ec2.delete_security_group(GroupId=a["id"]),
    },
    "aws_s3_bucket": {
        "tag": lambda a: s3.put_bucket_tagging(Bucket=a["id"], Tagging={"TagSet": tags()}),
        "untag": lambda a: s3.delete_bucket_tagging(Bucket=a["id"]),
        "versioning": versioning,
        "encrypt": encrypted,
        "policy": lambda a: s3.put_bucket_policy(Bucket=a["id"], Policy=policy(["s3:GetObject"], "Deny")),
        "delete!": lambda a: s3.delete_bucket(Bucket=a["id"]),
    },
    "aws_sqs_queue": {
        "tag": lambda a: sqs.tag_queue(QueueUrl=a["id"], Tags=tags(False)),
        "timeout": lambda a: sqs.set_queue_attributes(
            QueueUrl=a["id"], Attributes={"VisibilityTimeout": str(rng.randrange(31, 600))}),
        "delay": lambda a: sqs.set_queue_attributes(
            QueueUrl=a["id"], Attributes={"DelaySeconds": str(rng.randrange(1, 900))}),
        "delete!": lambda a: sqs.delete_queue(QueueUrl=a["id"]),
    },
    "aws_sns_topic": {
        "tag": lambda a: sns.tag_resource(ResourceArn=a["id"], Tags=tags()),
        "name": lambda a: sns.set_topic_attributes(TopicArn=a["id"], AttributeName="DisplayName", AttributeValue=word()),
        "delete!": lambda a: sns.delete_topic(TopicArn=a["id"]),
    },
    "aws_iam_user": {
        "tag": lambda a: iam.tag_user(UserName=a["name"], Tags=tags()),
        "untag": lambda a: iam.untag_user(UserName=a["name"], TagKeys=["Team"]),
        "delete!": lambda a: iam.delete_user(UserName=a["name"]),
    },
    "aws_iam_role": {
        "trust": lambda a: iam.update_assume_role_policy(
            RoleName=a["name"], PolicyDocument=trust(rng.choice(["lambda", "ecs"]) + ".amazonaws.com")),
        "duration": lambda a: iam.update_role(RoleName=a["name"], MaxSessionDuration=rng.randrange(2, 12) * 3600),
        "description": lambda a: iam.update_role_description(RoleName=a["name"], Description=word()),
        "inline": lambda a: iam.put_role_policy(
            RoleName=a["name"], PolicyName="extra", PolicyDocument=policy(["s3:*"])),
        "tag": lambda a: iam.tag_role(RoleName=a["name"], Tags=tags()),
        "delete!": lambda a: iam.delete_role(RoleName=a["name"]),
    },
    "aws_iam_policy": {
        "version once": lambda a: iam.create_policy_version(
            PolicyArn=a["arn"], PolicyDocument=policy(["*"]), SetAsDefault=True),
        # The same in another order of its words is no change.
        "tag": lambda a: iam.tag_policy(PolicyArn=a["arn"], Tags=tags()),
    },
    "aws_ssm_parameter": {
        "value": lambda a: ssm.put_parameter(Name=a["name"], Value="CANARY-changed-" + word(), Overwrite=True, Type=a["type"]),
        "tag": lambda a: ssm.add_tags_to_resource(ResourceType="Parameter", ResourceId=a["name"], Tags=tags()),
        "delete!": lambda a: ssm.delete_parameter(Name=a["name"]),
    },
    "aws_cloudwatch_log_group": {
        "retention": lambda a: logs.put_retention_policy(
            logGroupName=a["name"], retentionInDays=rng.choice([1, 3, 14, 30])),
        "forever": lambda a: logs.delete_retention_policy(logGroupName=a["name"]),
        "tag": lambda a: logs.tag_log_group(logGroupName=a["name"], tags=tags(False)),
        "delete!": lambda a: logs.delete_log_group(logGroupName=a["name"]),
    },
    "aws_dynamodb_table": {
        "tag": lambda a: dynamodb.tag_resource(ResourceArn=a["arn"], Tags=tags()),
        "expiry once": lambda a: dynamodb.update_time_to_live(
            TableName=a["name"], TimeToLiveSpecification={"Enabled": True, "AttributeName": "until"}),
        "provisioned": lambda a: dynamodb.update_table(
            TableName=a["name"], BillingMode="PROVISIONED",
            ProvisionedThroughput={"ReadCapacityUnits": rng.randrange(2, 9), "WriteCapacityUnits": rng.randrange(2, 9)}),
    },
    "aws_kms_key": {
        "description": lambda a: kms.update_key_description(KeyId=a["key_id"], Description=word()),
        "rotation": lambda a: kms.enable_key_rotation(KeyId=a["key_id"]),
        "disable": lambda a: kms.disable_key(KeyId=a["key_id"]),
        "tag": lambda a: kms.tag_resource(
            KeyId=a["key_id"], Tags=[{"TagKey": tag["Key"], "TagValue": tag["Value"]} for tag in tags()]),
    },
    "aws_ecr_repository": {
        "immutable": lambda a: ecr.put_image_tag_mutability(repositoryName=a["name"], imageTagMutability="IMMUTABLE"),
        "tag": lambda a: ecr.tag_resource(resourceArn=a["arn"], tags=tags()),
        "delete!": lambda a: ecr.delete_repository(repositoryName=a["name"]),
    },
    "aws_secretsmanager_secret": {
        "tag": lambda a: secrets.tag_resource(SecretId=a["id"], Tags=tags()),
        "description": lambda a: secrets.update_secret(SecretId=a["id"], Description=word()),
    },
    "aws_cloudwatch_metric_alarm": {
        "threshold": lambda a: alarm(a, Threshold=float(rng.randrange(1, 79))),
        "operator": lambda a: alarm(a, ComparisonOperator="LessThanThreshold"),
        "delete!": lambda a: alarms.delete_alarms(AlarmNames=[a["alarm_name"]]),
    },
}

objects = []
for resource in json.load(open(state))["resources"]:
    for instance in resource["instances"]:
        key = f"[{json.dumps(instance['index_key'])}]" if "index_key" in instance else ""
        objects.append((f"{resource['type']}.{resource['name']}{key}", resource["type"], instance["attributes"]))
objects.sort(key=lambda it: it[0])
gone, done = set(), set()
made = 0
while made < int(count):
    address, kind, attributes = rng.choice(objects)
    name = rng.choice(sorted(KINDS[kind]))
    # Too many that are gone leave too little to change.
    if address in gone or (name.endswith("!") and len(gone) >= 8) or (name.endswith("once") and (address, name) in done):
        continue
    KINDS[kind][name](attributes)
    done.add((address, name))
    if name.endswith("!"):
        gone.add(address)
    made += 1
    print(address, name)
