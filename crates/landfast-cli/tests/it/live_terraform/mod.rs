//! `--via terraform` with the real terraform and the real AWS provider, on what moto stands in for.

pub(crate) mod deployment;

use std::process::Stdio;

use crate::via::{end, files_in, processes_in, wait_until};
use deployment::{Answer, Deployment, LockHolder, Moto, SECRET, boto3, service, tools, wait_for_no_process};

const CONFIGURATION: &str = include_str!("main.tf");

fn deploy(moto: &Moto, configuration: &str) -> Deployment {
    let mut deployment = Deployment::new(configuration, &tools().join("terraform.rc"));
    deployment.variables.insert("TF_VAR_endpoint", moto.url.clone());
    deployment.variables.insert("TF_VAR_iam_endpoint", moto.url.clone());
    deployment.variables.insert("TF_VAR_secret", SECRET.to_owned());
    deployment.terraform(&["apply", "-input=false", "-auto-approve"]);
    deployment
}

/// What a report lists that is not in sync: address, status, severity, impacts.
fn findings(report: &serde_json::Value) -> Vec<(String, String, String, String)> {
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let resources = report["resources"].as_array().unwrap().iter().filter(|it| it["status"] != "in_sync");
    let found = resources.map(|it| {
        let impacts = it["impacts"].as_array().unwrap().iter().map(text).collect::<Vec<_>>().join(" ");
        (text(&it["address"]), text(&it["status"]), text(&it["severity"]), impacts)
    });
    found.collect()
}

fn row(address: &str, status: &str, severity: &str, impacts: &str) -> (String, String, String, String) {
    (address.to_owned(), status.to_owned(), severity.to_owned(), impacts.to_owned())
}

fn the_three() -> Vec<(String, String, String, String)> {
    vec![
        row("aws_instance.web", "missing", "major", "availability"),
        row("aws_security_group.web", "drifted", "major", "security availability"),
        row("aws_vpc.main", "drifted", "minor", ""),
    ]
}

/// The whole story of one deployment, since making it takes the longest: nothing changed, then three things, then a service
/// that refuses.
#[test]
fn what_was_changed_behind_terraform_is_found_and_nothing_else() {
    let moto = Moto::start();
    let mut deployment = deploy(&moto, CONFIGURATION);
    let before = deployment.files();

    // Nothing changed; terraform says that something has.
    let theirs =
        deployment.terraform_command(&["plan", "-refresh-only", "-lock=false", "-detailed-exitcode"]).output().unwrap();
    assert_eq!(theirs.status.code(), Some(2), "{}", String::from_utf8_lossy(&theirs.stdout));
    let (code, report) = deployment.check(&["--strict"]);
    assert_eq!((code, findings(&report)), (0, vec![]));
    assert_eq!(report["resources"].as_array().unwrap().len(), 8);

    boto3(
        &moto,
        &format!(
            "ec2 = client('ec2')\n\
             ec2.create_tags(Resources=[{:?}], Tags=[{{'Key': 'Owner', 'Value': 'nobody'}}])\n\
             ec2.authorize_security_group_ingress(GroupId={:?}, IpPermissions=[{{'IpProtocol': 'tcp', 'FromPort': 22, \
             'ToPort': 22, 'IpRanges': [{{'CidrIp': '0.0.0.0/0'}}]}}])\n\
             ec2.terminate_instances(InstanceIds=[{:?}])\n",
            deployment.id("aws_vpc", "main"),
            deployment.id("aws_security_group", "web"),
            deployment.id("aws_instance", "web"),
        ),
    );
    let (code, report) = deployment.check(&["--strict"]);
    assert_eq!((code, findings(&report)), (2, the_three()));

    while_somebody_holds_the_lock(&deployment);
    whatever_the_environment_asks_for(&mut deployment);
    an_observation_for_later(&deployment);
    one_service_refuses(&mut deployment);
    assert_eq!(deployment.files(), before, "the folder is as it was");
    assert_eq!(files_in(&deployment.temporary()), [""; 0]);
}

fn while_somebody_holds_the_lock(deployment: &Deployment) {
    let holder = LockHolder::new(deployment);
    let theirs = deployment.terraform_command(&["plan"]).output().unwrap();
    assert!(String::from_utf8_lossy(&theirs.stderr).contains("acquiring the state lock"), "the lock is held");
    let (code, report) = deployment.check(&[]);
    assert_eq!((code, findings(&report)), (2, the_three()));
    drop(holder);
}

fn whatever_the_environment_asks_for(deployment: &mut Deployment) {
    let evil = "-destroy -out=evil.plan -lock=true -detailed-exitcode -refresh=false -generate-config-out=evil.tf";
    deployment.variables.insert("TF_CLI_ARGS_plan", evil.to_owned());
    let (code, report) = deployment.check(&["--strict"]);
    assert_eq!((code, findings(&report)), (2, the_three()));

    // A target limits what is read: the rest is a gap, and no drift is no longer said.
    deployment.variables.insert("TF_CLI_ARGS_plan", String::from("-target=aws_sqs_queue.orders"));
    let (code, report) = deployment.check(&["--strict"]);
    let read: Vec<_> = report["resources"].as_array().unwrap().iter().filter(|it| it["status"] == "in_sync").collect();
    assert_eq!((code, read.len(), findings(&report).len()), (4, 1, 7));
    deployment.variables.remove("TF_CLI_ARGS_plan");
}

fn an_observation_for_later(deployment: &Deployment) {
    let file = deployment.path("observed.json");
    let observe = deployment.landfast(&["observe", "stack", "--via", "terraform", "-o", file.to_str().unwrap()]);
    assert_eq!((observe.code, observe.err.as_str()), (0, ""));
    assert!(!std::fs::read_to_string(&file).unwrap().contains(SECRET));
    let later = deployment.landfast(&[
        "check",
        "--recorded",
        "stack/terraform.tfstate",
        "--observed",
        file.to_str().unwrap(),
        "--strict",
        "--format",
        "json",
    ]);
    assert_eq!(later.code, 2, "{}", later.err);
    assert_eq!(findings(&serde_json::from_str(&later.out).unwrap()), the_three());
}

fn one_service_refuses(deployment: &mut Deployment) {
    let moto = deployment.variables.insert("TF_VAR_iam_endpoint", service(Answer::Denied)).unwrap();
    let (code, report) = deployment.check(&["--strict"]);
    let mut expected = the_three();
    expected.insert(0, row("aws_iam_access_key.deployer", "unreadable", "none", ""));
    expected.insert(1, row("aws_iam_user.deployer", "unreadable", "none", ""));
    assert_eq!((code, findings(&report)), (4, expected));
    let text = deployment.landfast(&["check", "stack", "--via", "terraform"]);
    assert!(text.out.contains("AccessDenied: not \\u202e allowed: (sensitive value)"), "{}", text.out);
    assert!(!text.out.contains(SECRET) && !text.err.contains(SECRET), "{}", text.out);
    deployment.variables.insert("TF_VAR_iam_endpoint", moto);
}

#[test]
fn nothing_is_left_of_terraform_when_landfast_is_killed() {
    let moto = Moto::start();
    // Nothing that takes long to make.
    let start = CONFIGURATION.find("resource \"aws_instance\"").unwrap();
    let end_of_it = start + CONFIGURATION[start..].find("\n}\n").unwrap() + 3;
    let configuration = format!("{}{}", &CONFIGURATION[..start], &CONFIGURATION[end_of_it..]);
    let mut deployment = deploy(&moto, &configuration);
    deployment.variables.insert("TF_VAR_iam_endpoint", service(Answer::Silence));
    let (folder, before) = (deployment.folder(), deployment.files());
    for (signal, code) in [("INT", Some(4)), ("TERM", Some(4)), ("KILL", None)] {
        let mut command = deployment.landfast_command(&["check", "stack", "--via", "terraform"]);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let of_provider = || processes_in(&folder).iter().filter(|it| it.contains("terraform-provider-aws")).count();
        wait_until("the provider runs", || of_provider() > 0);
        // It reads by now, and waits for what does not come.
        std::thread::sleep(std::time::Duration::from_millis(1500));
        // Terraform starts it more than once, and for a moment there may be none.
        wait_until("the provider runs again", || of_provider() > 0);
        assert!(child.try_wait().unwrap().is_none());
        assert_eq!(end(&mut child, signal).code(), code, "{signal}");
        let took = wait_for_no_process(&folder);
        assert!(took < std::time::Duration::from_secs(5), "{signal}: {took:?}");
        wait_until("no file is left", || files_in(&deployment.temporary()).is_empty());
    }
    assert_eq!(deployment.files(), before);
}

/// A state that an older provider wrote: terraform upgrades what it compares, and so both sides have the new schema.
#[test]
fn an_upgraded_schema_is_no_drift() {
    let moto = Moto::start();
    let configuration = |version: &str| {
        let events = "resource \"aws_cloudwatch_event_rule\" \"daily\" {\n  name                = \"daily\"\n  \
             schedule_expression = \"rate(1 day)\"\n}\n\nresource \"aws_cloudwatch_event_target\" \"queue\" {\n  \
             rule = aws_cloudwatch_event_rule.daily.name\n  arn  = aws_sqs_queue.orders.arn\n}\n\n\
             resource \"aws_sqs_queue\" \"orders\" {\n  name = \"orders\"\n}\n";
        let head = &CONFIGURATION[..CONFIGURATION.find("resource \"aws_vpc\"").unwrap()];
        let head = head.replace("sts = var.endpoint", "sts = var.endpoint\n    cloudwatchevents = var.endpoint");
        format!("{}{events}", head.replace("3.39.0", version))
    };
    // The two providers in one mirror.
    let scratch = crate::run::Scratch::new();
    let mirror = scratch.path("mirror/registry.terraform.io/hashicorp/aws");
    let (old, new) = (mirror.join("2.70.0/linux_amd64"), mirror.join("3.39.0/linux_amd64"));
    std::fs::create_dir_all(&old).unwrap();
    std::fs::create_dir_all(&new).unwrap();
    let link = |from: &str, to: std::path::PathBuf| std::os::unix::fs::symlink(tools().join(from), to).unwrap();
    let name = "terraform-provider-aws_v2.70.0_x4";
    link(&format!("plugins-legacy/{name}"), old.join(name));
    let name = "terraform-provider-aws_v3.39.0_x5";
    link(&format!("mirror/registry.terraform.io/hashicorp/aws/3.39.0/linux_amd64/{name}"), new.join(name));
    let rc = format!(
        "provider_installation {{\n  filesystem_mirror {{\n    path = \"{}\"\n  }}\n}}\n",
        scratch.path("mirror").display()
    );
    let rc = scratch.file("terraform.rc", rc);

    let mut deployment = Deployment::new(&configuration("2.70.0"), &rc);
    deployment.variables.insert("TF_VAR_endpoint", moto.url.clone());
    deployment.variables.insert("TF_VAR_iam_endpoint", moto.url.clone());
    deployment.variables.insert("TF_VAR_secret", SECRET.to_owned());
    deployment.terraform(&["apply", "-input=false", "-auto-approve"]);
    std::fs::write(deployment.folder().join("main.tf"), configuration("3.39.0")).unwrap();
    deployment.terraform(&["init", "-input=false", "-upgrade"]);
    let schema_versions = |text: &str| text.matches("\"schema_version\": 1").count();
    let state = std::fs::read_to_string(deployment.folder().join("terraform.tfstate")).unwrap();
    assert_eq!(schema_versions(&state), 0, "the state has the old versions");

    // What an observation says has the new schema. The state, which has the old one, differs from it where the upgrade of the
    // target adds an attribute; the record that terraform upgraded does not.
    let file = deployment.path("observed.json");
    let file = file.to_str().unwrap();
    assert_eq!(deployment.landfast(&["observe", "stack", "--via", "terraform", "-o", file]).code, 0);
    let arguments = ["check", "--recorded", "stack/terraform.tfstate", "--observed", file, "--format", "json"];
    let raw: serde_json::Value = serde_json::from_str(&deployment.landfast(&arguments).out).unwrap();
    let addresses = |report: &serde_json::Value| -> Vec<String> {
        findings(report).into_iter().map(|(address, ..)| address).collect()
    };
    // The rule has the same schema version in both; its new attribute is null in the record, whoever tells it.
    let (rule, target) = ("aws_cloudwatch_event_rule.daily", "aws_cloudwatch_event_target.queue");
    assert_eq!(addresses(&raw), [rule, target]);
    assert_eq!(addresses(&deployment.check(&["--strict"]).1), [rule]);
    boto3(
        &moto,
        "events = client('events')\n\
         for target in events.list_targets_by_rule(Rule='daily')['Targets']:\n    \
             events.put_targets(Rule='daily', Targets=[{'Id': target['Id'], 'Arn': target['Arn'], 'Input': '{}'}])\n",
    );
    let (code, report) = deployment.check(&["--strict"]);
    assert_eq!((code, addresses(&report)), (2, vec![rule.to_owned(), target.to_owned()]));
}

#[test]
fn what_terraform_refuses_is_explained() {
    const SMALL: &str = "resource \"terraform_data\" \"a\" {\n  input = 1\n}\n";
    let rc = tools().join("terraform.rc");
    let fails = |deployment: &Deployment, message: &str, hint: &str| {
        let run = deployment.landfast(&["check", "stack", "--via", "terraform"]);
        assert_eq!((run.code, run.out.as_str()), (1, ""), "{}", run.err);
        assert!(run.err.contains(message) && run.err.contains(hint), "{}", run.err);
        assert!(files_in(&deployment.temporary()).is_empty());
    };
    let write = |deployment: &Deployment, text: &str| {
        std::fs::write(deployment.folder().join("main.tf"), text).unwrap();
    };

    let mut deployment = Deployment::new(SMALL, &rc);
    fails(&deployment, "stack: nothing is recorded there", "TF_WORKSPACE");
    deployment.terraform(&["apply", "-input=false", "-auto-approve"]);
    assert_eq!(deployment.check(&["--strict"]).0, 0);
    // The variables that lead terraform elsewhere lead us there too.
    deployment.variables.insert("TF_WORKSPACE", String::from("another"));
    fails(&deployment, "stack: nothing is recorded there", "TF_WORKSPACE");
    deployment.variables.remove("TF_WORKSPACE");
    write(&deployment, CONFIGURATION);
    fails(&deployment, "Inconsistent dependency lock file", "run `terraform init` in stack first");
    write(&deployment, &format!("terraform {{\n  required_version = \">= 99\"\n}}\n{SMALL}"));
    fails(&deployment, "Unsupported Terraform Core version", "--tool-path");
    write(&deployment, "resource \"terraform_data\" {");
    fails(&deployment, "Missing name for resource", "`terraform validate`");
    write(&deployment, &format!("variable \"needed\" {{}}\n{SMALL}"));
    fails(&deployment, "No value for required variable", "TF_VAR_");
    write(&deployment, &format!("terraform {{\n  backend \"local\" {{\n    path = \"x\"\n  }}\n}}\n{SMALL}"));
    fails(&deployment, "Backend initialization required", "run `terraform init` in stack first");
    std::fs::remove_file(deployment.folder().join("main.tf")).unwrap();
    fails(&deployment, "No configuration files", "");

    for old in ["0.11", "0.12", "0.14", "0.15"] {
        let program = tools().join(format!("bin/terraform-{old}"));
        let program = program.to_str().unwrap();
        let run = deployment.landfast(&["check", "stack", "--via", "terraform", "--tool-path", program]);
        assert_eq!(run.code, 1);
        assert!(run.err.contains("it does not know `plan -refresh-only -json`"), "{old}: {}", run.err);
    }
}

#[test]
fn without_credentials_or_a_service_nothing_is_said_about_drift() {
    let moto = Moto::start();
    let head = &CONFIGURATION[..CONFIGURATION.find("resource \"aws_vpc\"").unwrap()];
    let queue = "resource \"aws_sqs_queue\" \"orders\" {\n  name = \"orders\"\n}\n";
    let mut deployment = deploy(&moto, &format!("{head}{queue}"));
    assert_eq!(deployment.check(&["--strict"]).0, 0);
    deployment.variables.insert("TF_DATA_DIR", String::from("another"));
    let run = deployment.landfast(&["check", "stack", "--via", "terraform"]);
    assert!(run.err.contains("Required plugins are not installed"), "{}", run.err);
    deployment.variables.remove("TF_DATA_DIR");
    drop(moto);
    let run = deployment.landfast(&["check", "stack", "--via", "terraform"]);
    assert_eq!((run.code, run.out.as_str()), (1, ""), "{}", run.err);
    assert!(run.err.contains("connection refused") && run.err.contains("does not answer"), "{}", run.err);

    let without: Vec<_> = head
        .lines()
        .filter(|line| !["access_key", "secret_key", "skip_cred", "skip_req"].iter().any(|word| line.contains(word)))
        .collect();
    std::fs::write(deployment.folder().join("main.tf"), format!("{}\n{queue}", without.join("\n"))).unwrap();
    deployment.variables.insert("HOME", deployment.path("nobody").display().to_string());
    let run = deployment.landfast(&["check", "stack", "--via", "terraform"]);
    assert_eq!((run.code, run.out.as_str()), (1, ""), "{}", run.err);
    assert!(
        run.err.contains("no valid credential sources")
            && run.err.contains("uses the credentials that terraform finds"),
        "{}",
        run.err
    );
}
