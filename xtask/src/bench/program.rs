//! The programs that rows run.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Places;
use super::tools::Tool;

/// One program with its arguments.
#[derive(Debug)]
pub(crate) struct Program {
    /// What the page calls it.
    pub(crate) label: String,
    pub(crate) tool: Tool,
    program: PathBuf,
    arguments: Vec<OsString>,
    folder: PathBuf,
    /// The exit codes that mean success.
    pub(crate) codes: &'static [i32],
    /// Whether the program measures a part of itself, and prints the seconds of CPU that it took, which count.
    pub(crate) measures_itself: bool,
}

impl Program {
    fn new(label: &str, tool: Tool, program: PathBuf, places: &Places) -> Self {
        Self {
            label: label.to_owned(),
            tool,
            program,
            arguments: Vec::new(),
            folder: places.bench.clone(),
            codes: &[0],
            measures_itself: false,
        }
    }

    fn with<A: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    fn codes(mut self, codes: &'static [i32]) -> Self {
        self.codes = codes;
        self
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).current_dir(&self.folder);
        command.env("TF_CLI_CONFIG_FILE", "/dev/null").env("CHECKPOINT_DISABLE", "1");
        command
    }

    /// The command line for the page: without the folders of this machine.
    pub(crate) fn shown(&self) -> String {
        let inputs = self.folder.join("inputs");
        let short = |word: &std::ffi::OsStr| {
            let path = Path::new(word);
            let name = path.file_name().map(Path::new).filter(|_| path.is_absolute());
            path.strip_prefix(&inputs).ok().or(name).unwrap_or(path).display().to_string()
        };
        let words = std::iter::once(self.program.as_os_str()).chain(self.arguments.iter().map(OsString::as_os_str));
        words.map(short).collect::<Vec<_>>().join(" ")
    }
}

/// `landfast` with these arguments.
pub(crate) fn landfast<A: Into<OsString>>(
    places: &Places,
    label: &str,
    arguments: impl IntoIterator<Item = A>,
) -> Program {
    Program::new(label, Tool::Landfast, places.programs.join("landfast"), places).with(arguments)
}

/// `landfast check` of a pair, with more arguments. It must find the drift, else it fails.
pub(crate) fn check(places: &Places, label: &str, pair: &super::input::Pair, more: &[&str]) -> Program {
    let sides =
        [OsString::from("--recorded"), pair.recorded(places).into(), "--observed".into(), pair.observed(places).into()];
    landfast(places, label, ["check"])
        .with(sides)
        .with(["--output", "report.out"])
        .with(more.iter().copied())
        .codes(&[2])
}

pub(crate) fn terraform<A: Into<OsString>>(
    places: &Places,
    label: &str,
    arguments: impl IntoIterator<Item = A>,
) -> Program {
    Program::new(label, Tool::Terraform, "terraform".into(), places).with(arguments)
}

/// jq comparing a pair keyed by address; it prints what differs.
pub(crate) fn jq(places: &Places, pair: &super::input::Pair) -> Program {
    let script = places.root.join("xtask/src/bench/compare.jq");
    let sides = [
        OsString::from("--slurpfile"),
        "a".into(),
        pair.recorded(places).into(),
        "--slurpfile".into(),
        "b".into(),
        pair.observed(places).into(),
    ];
    Program::new("jq, keyed by address", Tool::Jq, "jq".into(), places)
        .with(["-n"])
        .with(sides)
        .with(["-f".into(), script])
}

/// Python's deepdiff comparing a pair keyed by address.
pub(crate) fn deepdiff(places: &Places, pair: &super::input::Pair) -> Program {
    let script = places.root.join("xtask/src/bench/compare.py");
    let python = places.bench.join("venv/bin/python");
    Program::new("Python deepdiff, keyed by address", Tool::Deepdiff, python, places).with([
        script,
        pair.recorded(places),
        pair.observed(places),
    ])
}

/// One of our own yardsticks: see [`super::figures`].
pub(crate) fn figure<A: Into<OsString>>(
    places: &Places,
    label: &str,
    arguments: impl IntoIterator<Item = A>,
) -> Program {
    Program::new(label, Tool::Xtask, places.programs.join("xtask"), places).with(["figure"]).with(arguments)
}

/// A yardstick that measures itself.
pub(crate) fn own_figure<A: Into<OsString>>(
    places: &Places,
    label: &str,
    arguments: impl IntoIterator<Item = A>,
) -> Program {
    Program { measures_itself: true, ..figure(places, label, arguments) }
}
