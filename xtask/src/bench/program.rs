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
    inputs: PathBuf,
    /// The exit codes that mean success.
    pub(crate) codes: &'static [i32],
    /// What the program measures by itself.
    pub(crate) measures: Measures,
    /// What stands in its environment beside what all programs have.
    environment: Vec<(&'static str, OsString)>,
    /// Whether it is an example of `landfast-rollback`, which is built for it.
    pub(crate) is_example: bool,
    before: Before,
}

/// What a program measures by itself: it prints the seconds, which count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Measures {
    Nothing,
    /// CPU of a part of it.
    Cpu,
    /// Time from some moment to another.
    Time,
}

/// What is made before each run of a program, which is not measured.
#[derive(Debug)]
enum Before {
    Nothing,
    /// The program's folder, with nothing but this file in it, under this name.
    FreshFolder {
        file: PathBuf,
        name: &'static str,
    },
    /// A copy of this state with a serial that none had before, under this name.
    NextSerial {
        state: PathBuf,
        name: &'static str,
    },
}

impl Program {
    fn new(label: &str, tool: Tool, program: PathBuf, places: &Places) -> Self {
        Self {
            label: label.to_owned(),
            tool,
            program,
            arguments: Vec::new(),
            folder: places.bench.clone(),
            inputs: places.bench.join("inputs"),
            codes: &[0],
            measures: Measures::Nothing,
            environment: Vec::new(),
            is_example: false,
            before: Before::Nothing,
        }
    }

    /// In a folder that is made before each run, with nothing but this file in it.
    pub(crate) fn in_fresh_folder(self, folder: PathBuf, file: PathBuf, name: &'static str) -> Self {
        Self { folder, before: Before::FreshFolder { file, name }, ..self }
    }

    /// In a folder that is there.
    pub(crate) fn in_folder(self, folder: PathBuf) -> Self {
        Self { folder, ..self }
    }

    /// With a copy of a state made before each run, whose serial is higher than any before.
    pub(crate) fn with_next_serial(self, state: PathBuf, name: &'static str) -> Self {
        Self { before: Before::NextSerial { state, name }, ..self }
    }

    /// Makes what a run needs.
    pub(crate) fn prepare(&self) -> Result<(), String> {
        let failed = |path: &Path| {
            let path = path.display().to_string();
            move |error: std::io::Error| format!("{path}: {error}")
        };
        match &self.before {
            Before::Nothing => Ok(()),
            Before::FreshFolder { file, name } => {
                if self.folder.exists() {
                    std::fs::remove_dir_all(&self.folder).map_err(failed(&self.folder))?;
                }
                std::fs::create_dir_all(&self.folder).map_err(failed(&self.folder))?;
                std::fs::copy(file, self.folder.join(name)).map(drop).map_err(failed(file))
            }
            Before::NextSerial { state, name } => {
                let text = std::fs::read_to_string(state).map_err(failed(state))?;
                let out = self.folder.join(name);
                std::fs::write(&out, with_serial(&text, next_serial())?).map_err(failed(&out))
            }
        }
    }

    pub(crate) fn with<A: Into<OsString>>(mut self, arguments: impl IntoIterator<Item = A>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    pub(crate) fn codes(mut self, codes: &'static [i32]) -> Self {
        self.codes = codes;
        self
    }

    /// Which needs this tool.
    pub(crate) fn needs(self, tool: Tool) -> Self {
        Self { tool, ..self }
    }

    /// Which prints what this is by itself.
    pub(crate) fn measuring(self, measures: Measures) -> Self {
        Self { measures, ..self }
    }

    /// The program and its arguments.
    pub(crate) fn words(self) -> impl Iterator<Item = OsString> {
        std::iter::once(self.program.into_os_string()).chain(self.arguments)
    }

    /// With this in its environment.
    pub(crate) fn with_variable(mut self, name: &'static str, value: impl Into<OsString>) -> Self {
        self.environment.push((name, value.into()));
        self
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).current_dir(&self.folder);
        command.env("TF_CLI_CONFIG_FILE", "/dev/null").env("CHECKPOINT_DISABLE", "1");
        command.envs(super::server::CREDENTIALS);
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// The command line for the page: without the folders of this machine.
    pub(crate) fn shown(&self) -> String {
        let inputs = &self.inputs;
        let short = |word: &std::ffi::OsStr| {
            let path = Path::new(word);
            let name = path.file_name().map(Path::new).filter(|_| path.is_absolute());
            path.strip_prefix(inputs).ok().or(name).unwrap_or(path).display().to_string()
        };
        let words = std::iter::once(self.program.as_os_str()).chain(self.arguments.iter().map(OsString::as_os_str));
        words.map(short).collect::<Vec<_>>().join(" ")
    }
}

/// Milliseconds of the clock: more than at any run before.
fn next_serial() -> u128 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(1, |time| time.as_millis())
}

/// The text of a generated state with another serial.
fn with_serial(text: &str, serial: u128) -> Result<String, String> {
    let (before, rest) = text.split_once("\"serial\": ").ok_or("a generated state without a serial")?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    Ok(format!("{before}\"serial\": {serial}{}", rest.get(digits..).unwrap_or_default()))
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

/// A script in Python that needs what providers are made of.
pub(crate) fn python<A: Into<OsString>>(
    places: &Places,
    label: &str,
    script: &str,
    arguments: impl IntoIterator<Item = A>,
) -> Program {
    let script = places.root.join("xtask/src/bench").join(script);
    Program::new(label, Tool::Provider, super::tools::provider_python(places), places).with([script]).with(arguments)
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
    figure(places, label, arguments).measuring(Measures::Cpu)
}

/// An example of `landfast-rollback`, which measures itself.
pub(crate) fn own_example(places: &Places, label: &str, name: &str, argument: &str) -> Program {
    let path = places.programs.join("examples").join(name);
    let program = Program::new(label, Tool::Landfast, path, places).with([argument]);
    Program { measures: Measures::Cpu, is_example: true, ..program }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_serial_is_replaced_and_nothing_else() {
        let text = "{\n  \"version\": 4,\n  \"serial\": 19,\n  \"outputs\": {\"serial\": 7}\n}";
        let wanted = "{\n  \"version\": 4,\n  \"serial\": 123,\n  \"outputs\": {\"serial\": 7}\n}";
        assert_eq!(with_serial(text, 123).unwrap(), wanted);
        assert!(with_serial("{}", 1).is_err());
    }
}
