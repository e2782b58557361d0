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
}

/// The program that SeaweedFS is.
pub(crate) fn weed(places: &Places) -> PathBuf {
    let tools = std::env::var_os("LANDFAST_STORE_TOOLS").map(PathBuf::from);
    tools.unwrap_or_else(|| places.root.join("target/store-tools")).join("seaweedfs/weed")
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
