//! The tools that rows need. One that is not there is an error, never a row left out.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::Places;
use crate::process::{output_of, run};

/// Of Python's deepdiff, the version that is compared with.
const DEEPDIFF: &str = "9.1.0";

/// What a program belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Tool {
    Landfast,
    /// Our own yardsticks.
    Xtask,
    Terraform,
    Jq,
    Deepdiff,
    SeaweedFs,
    /// With the providers of AWS and null.
    Moto,
    /// The providers that tests are made of.
    Provider,
}

/// The program that SeaweedFS is.
pub(crate) fn weed(places: &Places) -> PathBuf {
    tools_in("LANDFAST_STORE_TOOLS", "store-tools", places).join("seaweedfs/weed")
}

fn tools_in(variable: &str, folder: &str, places: &Places) -> PathBuf {
    std::env::var_os(variable).map_or_else(|| places.root.join("target").join(folder), PathBuf::from)
}

fn live_tools(places: &Places) -> PathBuf {
    tools_in("LANDFAST_TOOLS", "live-tools", places)
}

fn provider_tools(places: &Places) -> PathBuf {
    tools_in("LANDFAST_PROVIDER_TOOLS", "provider-tools", places)
}

/// The program that moto is.
pub(crate) fn moto(places: &Places) -> PathBuf {
    live_tools(places).join("venv/bin/moto_server")
}

/// The mirror with the providers of AWS and null.
pub(crate) fn aws_mirror(places: &Places) -> PathBuf {
    live_tools(places).join("mirror")
}

/// The program of the AWS provider.
pub(crate) fn aws_provider(places: &Places) -> PathBuf {
    aws_mirror(places).join("registry.terraform.io/hashicorp/aws/3.39.0/linux_amd64/terraform-provider-aws_v3.39.0_x5")
}

/// The provider that takes its time.
pub(crate) fn plain_provider(places: &Places) -> PathBuf {
    provider_tools(places).join("terraform-provider-plain")
}

/// The Python that has gRPC.
pub(crate) fn provider_python(places: &Places) -> PathBuf {
    provider_tools(places).join("venv/bin/python")
}

/// Sees to it that a tool is there.
pub(crate) fn require(tool: Tool, places: &Places) -> Result<(), String> {
    let runs = |program: &PathBuf, argument: &str| {
        Command::new(program)
            .arg(argument)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|it| it.success())
    };
    match tool {
        Tool::Landfast | Tool::Xtask => Ok(()),
        Tool::Terraform if runs(&"terraform".into(), "version") => Ok(()),
        Tool::Terraform => Err("terraform is not on PATH".to_owned()),
        Tool::Jq if runs(&"jq".into(), "--version") => Ok(()),
        Tool::Jq => Err("jq is not on PATH: install it (Debian package `jq`)".to_owned()),
        Tool::SeaweedFs if runs(&weed(places), "version") => Ok(()),
        Tool::SeaweedFs => Err("SeaweedFS is not in target/store-tools: .ci/install-stores installs it".to_owned()),
        Tool::Moto if moto(places).is_file() && aws_provider(places).is_file() => Ok(()),
        Tool::Moto => Err("moto and the AWS provider are not there: .ci/install-live-tools installs them".to_owned()),
        Tool::Provider if plain_provider(places).is_file() && aws_provider(places).is_file() => Ok(()),
        Tool::Provider => {
            Err("providers of tests are not there: .ci/install-live-tools and .ci/install-provider-tools install them"
                .to_owned())
        }
        Tool::Deepdiff => {
            let python = places.bench.join("venv/bin/python");
            if !runs(&python, "--version") {
                run(Command::new("python3").args(["-m", "venv"]).arg(places.bench.join("venv")))?;
            }
            if version(tool, places).is_ok_and(|version| version.contains(&format!("deepdiff {DEEPDIFF},"))) {
                return Ok(());
            }
            let package = format!("deepdiff=={DEEPDIFF}");
            run(Command::new(python).args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", &package]))
        }
    }
}

/// Name and version of a tool, for the page.
pub(crate) fn version(tool: Tool, places: &Places) -> Result<String, String> {
    let first = |command: &mut Command| {
        let text = output_of(command.env("TF_CLI_CONFIG_FILE", "/dev/null").env("CHECKPOINT_DISABLE", "1"))?;
        Ok::<_, String>(text.lines().next().unwrap_or_default().trim().to_owned())
    };
    match tool {
        Tool::Landfast => first(Command::new(places.programs.join("landfast")).arg("--version")),
        Tool::Terraform => first(Command::new("terraform").arg("version")),
        Tool::Jq => first(Command::new("jq").arg("--version")),
        Tool::SeaweedFs => {
            let said = first(Command::new(weed(places)).arg("version"))?;
            Ok(format!("SeaweedFS {}", said.split(' ').nth(2).unwrap_or("of an unknown version")))
        }
        Tool::Deepdiff => {
            let script = "import deepdiff, platform; print(f'deepdiff {deepdiff.__version__}, Python {platform.python_version()}')";
            let mut python = Command::new(places.bench.join("venv/bin/python"));
            first(python.args(["-c", script]).stderr(Stdio::null()))
        }
        Tool::Moto => {
            let script = "import importlib.metadata as m; print('moto ' + m.version('moto') + ', AWS provider 3.39.0')";
            first(Command::new(live_tools(places).join("venv/bin/python")).args(["-c", script]))
        }
        Tool::Provider => {
            let script = "import grpc; print('grpcio ' + grpc.__version__ + ', tf-provider 0.2.2')";
            first(Command::new(provider_python(places)).args(["-c", script]))
        }
        Tool::Xtask => {
            let lock = std::fs::read_to_string(places.root.join("Cargo.lock"))
                .map_err(|error| format!("Cargo.lock: {error}"))?;
            let locked = |name: &str| {
                let (_, rest) = lock.split_once(&format!("name = \"{name}\"\nversion = \""))?;
                Some(format!("{name} {}", rest.split_once('"')?.0))
            };
            Ok(["serde_json", "memchr"].iter().filter_map(|name| locked(name)).collect::<Vec<_>>().join(", "))
        }
    }
}
