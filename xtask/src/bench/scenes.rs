//! What live rows read: folders with a configuration and a state, and moto where a service is needed.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Places;
use super::server::{fresh, write};
use super::tools::{aws_mirror, moto, plain_provider};

/// A folder that is checked live.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Live {
    /// So many resources of AWS, which terraform makes in moto.
    Deployed(u32),
    /// One resource of AWS, whose service is the variable `endpoint`.
    Start,
    /// So many objects of the provider of tests that takes its time.
    Slow(u32),
    /// So many objects of the null provider.
    Many(u32),
}

/// How long moto may take to start.
const PATIENCE: Duration = Duration::from_secs(60);

impl Live {
    pub(crate) fn folder(self, places: &Places) -> PathBuf {
        places.bench.join("live").join(match self {
            Self::Deployed(count) => format!("aws-{count}"),
            Self::Start => "start".to_owned(),
            Self::Slow(count) => format!("slow-{count}"),
            Self::Many(count) => format!("many-{count}"),
        })
    }

    /// Makes the folder, and what it needs for as long as the value lives.
    pub(crate) fn start(self, places: &Places) -> Result<Option<Moto>, String> {
        let folder = fresh(&self.folder(places))?;
        match self {
            Self::Deployed(count) => {
                let moto = Moto::start(places)?;
                write(&folder.join("main.tf"), &deployed(count, &moto.url))?;
                terraform(&folder, &["init", "-input=false", &plugins(&aws_mirror(places))])?;
                terraform(&folder, &["apply", "-input=false", "-auto-approve"])?;
                return Ok(Some(moto));
            }
            Self::Start => {
                let role = "\nresource \"aws_iam_role\" \"it\" {\n  assume_role_policy = \"{}\"\n}\n";
                let endpoint = "\nvariable \"endpoint\" {\n  type = string\n}\n";
                write(&folder.join("main.tf"), &format!("{}{endpoint}{role}", aws("var.endpoint")))?;
                let attributes = json!({"id": "it", "name": "it", "assume_role_policy": "{}"});
                let provider = "registry.terraform.io/hashicorp/aws";
                write_state(
                    &folder,
                    "aws_iam_role",
                    provider,
                    [json!({"schema_version": 0, "attributes": attributes})],
                )?;
                terraform(&folder, &["init", "-input=false", &plugins(&aws_mirror(places))])?;
            }
            Self::Slow(count) => {
                let package = folder.join("mirror/tests.example.org/tests/plain/1.0.0/linux_amd64");
                std::fs::create_dir_all(&package).map_err(|error| format!("{}: {error}", package.display()))?;
                let program = plain_provider(places);
                std::fs::copy(&program, package.join("terraform-provider-plain_v1.0.0"))
                    .map_err(|error| format!("{}: {error}", program.display()))?;
                write(&folder.join("main.tf"), &slow(count))?;
                write(&folder.join(TEMPLATE), "{}")?;
                let instances = (0..count).map(|at| {
                    let attributes = json!({"id": format!("thing-{at}"), "any": null, "hosts": {}, "disk": []});
                    json!({"index_key": at, "schema_version": 2, "attributes": attributes})
                });
                write_state(&folder, "plain_thing", "tests.example.org/tests/plain", instances)?;
                terraform(&folder, &["init", "-input=false", &plugins(&folder.join("mirror"))])?;
            }
            Self::Many(count) => {
                let instances = (0..count).map(|at| {
                    let triggers = json!({"name": format!("thing-{at}"), "text": "x".repeat(1_000)});
                    let attributes =
                        json!({"id": (u64::from(at) + 1_000_000_000_000).to_string(), "triggers": triggers});
                    json!({"index_key": at, "schema_version": 0, "attributes": attributes})
                });
                write_state(&folder, "null_resource", "registry.terraform.io/hashicorp/null", instances)?;
            }
        }
        Ok(None)
    }
}

/// The file that is every object of the slow provider.
pub(crate) const TEMPLATE: &str = "template.json";

fn slow(count: u32) -> String {
    format!(
        "terraform {{
  required_providers {{
    plain = {{
      source  = \"tests.example.org/tests/plain\"
      version = \"1.0.0\"
    }}
  }}
}}

resource \"plain_thing\" \"x\" {{
  count = {count}
}}
"
    )
}

/// A configuration whose provider talks to one service, by an expression, and makes no call until it is asked for an object.
fn aws(endpoint: &str) -> String {
    let services = ["cloudwatchlogs", "ec2", "iam", "sns", "sqs", "sts"];
    let endpoints: String = services.iter().map(|name| format!("    {name} = {endpoint}\n")).collect();
    format!(
        "terraform {{
  required_providers {{
    aws = {{
      source  = \"hashicorp/aws\"
      version = \"3.39.0\"
    }}
  }}
}}

provider \"aws\" {{
  region                      = \"eu-central-1\"
  access_key                  = \"bench\"
  secret_key                  = \"bench\"
  max_retries                 = 1
  skip_credentials_validation = true
  skip_get_ec2_platforms      = true
  skip_metadata_api_check     = true
  skip_region_validation      = true
  skip_requesting_account_id  = true

  endpoints {{
{endpoints}  }}
}}
"
    )
}

/// A network, and of the rest a fifth each: roles, queues, topics, security groups, and groups of logs.
fn deployed(count: u32, url: &str) -> String {
    let each = count / 5;
    let rest = count - 1 - 4 * each;
    format!(
        "{}
resource \"aws_vpc\" \"main\" {{
  cidr_block = \"10.30.0.0/16\"
  tags       = {{ Owner = \"shop\" }}
}}

resource \"aws_iam_role\" \"service\" {{
  count = {each}
  name  = \"service-${{count.index}}\"
  assume_role_policy = jsonencode({{
    Version   = \"2012-10-17\"
    Statement = [{{ Effect = \"Allow\", Action = \"sts:AssumeRole\", Principal = {{ Service = \"ec2.amazonaws.com\" }} }}]
  }})
}}

resource \"aws_sqs_queue\" \"orders\" {{
  count = {each}
  name  = \"orders-${{count.index}}\"
  tags  = {{ Owner = \"shop\" }}
}}

resource \"aws_sns_topic\" \"events\" {{
  count = {each}
  name  = \"events-${{count.index}}\"
}}

resource \"aws_security_group\" \"web\" {{
  count       = {each}
  name        = \"web-${{count.index}}\"
  description = \"web\"
  vpc_id      = aws_vpc.main.id

  ingress {{
    description = \"all\"
    from_port   = 443
    to_port     = 443
    protocol    = \"tcp\"
    cidr_blocks = [\"0.0.0.0/0\", \"10.0.0.0/8\"]
  }}
}}

resource \"aws_cloudwatch_log_group\" \"logs\" {{
  count             = {rest}
  name              = \"/shop/${{count.index}}\"
  retention_in_days = 14
}}
",
        aws(&format!("{url:?}"))
    )
}

fn write_state(
    folder: &Path,
    type_name: &str,
    provider: &str,
    instances: impl IntoIterator<Item = Value>,
) -> Result<(), String> {
    let resource = json!({
        "mode": "managed", "type": type_name, "name": if type_name == "aws_iam_role" { "it" } else { "x" },
        "provider": format!("provider[{provider:?}]"), "instances": instances.into_iter().collect::<Vec<_>>(),
    });
    let state = json!({"version": 4, "terraform_version": "1.11.4", "serial": 1, "lineage": "bench", "outputs": {}, "resources": [resource]});
    write(&folder.join("terraform.tfstate"), &state.to_string())
}

fn plugins(mirror: &Path) -> String {
    format!("-plugin-dir={}", mirror.display())
}

fn terraform(folder: &Path, arguments: &[&str]) -> Result<(), String> {
    let mut command = Command::new("terraform");
    command.args(arguments).arg("-no-color").current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null());
    command.env("TF_CLI_CONFIG_FILE", "/dev/null").env("CHECKPOINT_DISABLE", "1");
    crate::process::run(command.envs(super::server::CREDENTIALS))
}

/// The stand-in for AWS. It is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Moto {
    child: Child,
    url: String,
}

impl Moto {
    fn start(places: &Places) -> Result<Self, String> {
        let no_port = |error: std::io::Error| format!("no port: {error}");
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|it| it.local_addr()).map_err(no_port)?.port();
        let mut command = Command::new(moto(places));
        command.args(["-H", "127.0.0.1", "-p", &port.to_string()]);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let child = command.spawn().map_err(|error| format!("cannot run moto: {error}"))?;
        let mut moto = Self { child, url: format!("http://127.0.0.1:{port}") };
        let until = Instant::now() + PATIENCE;
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if let Ok(Some(status)) = moto.child.try_wait() {
                return Err(format!("moto ended with {status}"));
            }
            if Instant::now() > until {
                return Err("moto does not start".to_owned());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        Ok(moto)
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
