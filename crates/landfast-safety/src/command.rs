//! Checks by command: a program is given the proposal as JSON and answers with its verdict.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Stdio;

use serde::{Deserialize, Serialize};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::process::{Child, Command};
use tokio::task::JoinSet;

use crate::check::{Check, CheckError, CheckFuture, CheckId, CheckIdError, Evidence, Verdict};
use crate::command_input::input;
use crate::context::Context;
use crate::outcome::Level;
use crate::proposal::{ActionKind, Proposal, ProposalKind};

/// The most that a command may write to its standard output, in bytes.
const MAX_OUTPUT: u64 = 1 << 20;

/// How much of what a command wrote to its standard error is shown when it fails, in characters.
const SHOWN_ERROR: usize = 300;

/// A check by command as configuration has it, one of `[[safety.commands]]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct CommandSettings {
    /// The check's id, in kebab-case and none of the built-in ones.
    pub id: String,
    /// What it asks, as a question.
    pub question: String,
    /// What to do when it fails.
    pub advice: String,
    /// The program and its arguments, as they are: no shell sees them.
    pub argv: Vec<String>,
    /// What is made of its failure.
    #[serde(default = "deny")]
    pub level: Level,
    /// The proposals that it is asked about.
    #[serde(default)]
    pub applies: Applies,
}

fn deny() -> Level {
    Level::Deny
}

/// The proposals that a check by command is asked about: those that fit everything that is said here.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Applies {
    /// Only in these environments; in all of them where there are none here.
    pub environments: BTreeSet<String>,
    /// Only where one of these actions is in the proposal; with any where there are none here.
    pub actions: BTreeSet<ActionKind>,
    /// Only for proposals in one direction.
    pub direction: Option<Direction>,
}

/// The direction of a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// It goes forward.
    Forward,
    /// It takes something back.
    Rollback,
}

/// Why a check by command cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommandError {
    /// Its id is none.
    #[error("it has no id")]
    Id(#[source] CheckIdError),
    /// Another check has its id.
    #[error("there is another check with the id {id}")]
    Duplicate {
        /// The id.
        id: CheckId,
    },
    /// A member is empty that must not be.
    #[error("`{member}` is empty")]
    Empty {
        /// The member.
        member: &'static str,
    },
    /// An argument holds a zero byte, which no program can be given.
    #[error("argv[{at}] holds a zero byte")]
    ZeroByte {
        /// Its place in the list, from 0.
        at: usize,
    },
}

/// A check by command.
///
/// The program gets one JSON document on its standard input, in which sensitive values are masked, and the id of the check in
/// the environment variable `LANDFAST_CHECK`, beside the environment that it inherits. It answers on its standard output with
/// one JSON object: `{"outcome": "pass" | "fail", "evidence": [{"about": "…", "found": "…"}], "advice": "…"}`, where evidence
/// and advice may be left out, and ends with exit code 0. Anything else is an error, and so a refusal. When it takes too long it
/// is ended with everything that it started.
#[derive(Debug)]
pub struct CommandCheck {
    id: CheckId,
    question: String,
    advice: String,
    program: String,
    arguments: Vec<String>,
    applies: Applies,
    folder: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    outcome: SaidOutcome,
    #[serde(default)]
    evidence: Vec<SaidEvidence>,
    #[serde(default)]
    advice: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum SaidOutcome {
    Pass,
    Fail,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SaidEvidence {
    #[serde(default)]
    about: String,
    found: String,
}

impl CommandCheck {
    /// The check with these settings.
    ///
    /// # Errors
    /// When they make no sense.
    pub fn new(settings: &CommandSettings) -> Result<Self, CommandError> {
        let id = CheckId::new(&settings.id).map_err(CommandError::Id)?;
        for (member, text) in [("question", &settings.question), ("advice", &settings.advice)] {
            if text.trim().is_empty() {
                return Err(CommandError::Empty { member });
            }
        }
        let [program, arguments @ ..] = settings.argv.as_slice() else {
            return Err(CommandError::Empty { member: "argv" });
        };
        if program.is_empty() {
            return Err(CommandError::Empty { member: "argv[0]" });
        }
        if let Some(at) = settings.argv.iter().position(|argument| argument.contains('\0')) {
            return Err(CommandError::ZeroByte { at });
        }
        Ok(Self {
            id,
            question: settings.question.clone(),
            advice: settings.advice.clone(),
            program: program.clone(),
            arguments: arguments.to_vec(),
            applies: settings.applies.clone(),
            folder: None,
        })
    }

    /// The same, run in this folder: a program with a slash in its name is looked for there. Without it, it runs where this
    /// process does.
    #[must_use]
    pub fn in_folder(mut self, folder: PathBuf) -> Self {
        self.folder = Some(folder);
        self
    }

    async fn run(&self, context: &Context) -> Result<Verdict, CheckError> {
        let failed = |what: &str, source: std::io::Error| CheckError::Failed {
            what: format!("{what} {}", self.program),
            source: Some(Box::new(source)),
        };
        let document = serde_json::to_vec(&input(&self.id, context)).map_err(|source| CheckError::Failed {
            what: "the proposal cannot be written as JSON".into(),
            source: Some(Box::new(source)),
        })?;
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).env("LANDFAST_CHECK", self.id.as_str()).kill_on_drop(true);
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        #[cfg(unix)]
        command.process_group(0);
        let mut running = Running(command.spawn().map_err(|error| failed("could not start", error))?);
        let (stdin, stdout, stderr) = (running.0.stdin.take(), running.0.stdout.take(), running.0.stderr.take());
        let (Some(mut stdin), Some(stdout), Some(stderr)) = (stdin, stdout, stderr) else {
            return Err(CheckError::failed(format!("could not speak with {}", self.program)));
        };
        // What is dropped is aborted.
        let mut beside = JoinSet::new();
        beside.spawn(async move {
            // A program that knows enough may end without having read everything.
            let _ = stdin.write_all(&document).await;
            Vec::new()
        });
        beside.spawn(async move {
            let (mut start, mut rest) = (Vec::new(), stderr.take(1 << 16));
            let _ = rest.read_to_end(&mut start).await;
            let _ = tokio::io::copy(&mut rest.into_inner(), &mut tokio::io::sink()).await;
            start
        });
        let mut output = Vec::new();
        let read = stdout.take(MAX_OUTPUT + 1).read_to_end(&mut output).await;
        read.map_err(|error| failed("could not read from", error))?;
        if output.len() as u64 > MAX_OUTPUT {
            return Err(CheckError::failed(format!("{} wrote more than {MAX_OUTPUT} bytes", self.program)));
        }
        let status = running.0.wait().await.map_err(|error| failed("could not wait for", error))?;
        if !status.success() {
            let mut complaint = String::new();
            while let Some(Ok(text)) = beside.join_next().await {
                complaint.push_str(&String::from_utf8_lossy(&text));
            }
            return Err(CheckError::failed(format!(
                "{} ended with {status}{}",
                self.program,
                shown(&context.redactor().redact(&complaint))
            )));
        }
        let said: Said = serde_json::from_slice(&output).map_err(|error| {
            // The message of the error may quote what the program wrote.
            let place = format!("line {}, column {}", error.line(), error.column());
            CheckError::failed(format!("{} did not write a verdict as JSON ({place})", self.program))
        })?;
        let evidence =
            said.evidence.into_iter().map(|said| Evidence { about: said.about, found: said.found }).collect();
        Ok(match said.outcome {
            SaidOutcome::Pass => Verdict::Pass(evidence),
            SaidOutcome::Fail => Verdict::Fail { evidence, advice: said.advice },
        })
    }
}

/// The beginning of what a program complained about, on one line. Secrets are masked before: half of one would not be found.
fn shown(complaint: &str) -> String {
    let words: Vec<&str> = complaint.split_whitespace().collect();
    if words.is_empty() {
        return String::new();
    }
    let line = words.join(" ");
    let plain: String = line.chars().filter(|c| landfast_state::is_printable(*c)).take(SHOWN_ERROR).collect();
    format!(": {plain}")
}

/// A program that does not outlive whoever waits for it, nor does what it started.
#[derive(Debug)]
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // There is no id any more once it was waited for, and then nobody may be signalled under it.
        #[cfg(unix)]
        if let Some(group) = self.0.id().and_then(|id| rustix::process::Pid::from_raw(i32::try_from(id).ok()?)) {
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
        let _ = self.0.start_kill();
    }
}

impl Check for CommandCheck {
    fn id(&self) -> CheckId {
        self.id.clone()
    }

    fn question(&self) -> &str {
        &self.question
    }

    fn advice(&self) -> &str {
        &self.advice
    }

    fn applies(&self, proposal: &Proposal) -> bool {
        let Applies { environments, actions, direction } = &self.applies;
        let here = match proposal.kind {
            ProposalKind::Forward => Direction::Forward,
            ProposalKind::Rollback { .. } => Direction::Rollback,
        };
        (environments.is_empty() || environments.contains(&proposal.target.environment))
            && (actions.is_empty() || proposal.changes.iter().any(|change| actions.contains(&change.action)))
            && direction.is_none_or(|direction| direction == here)
    }

    fn settings(&self) -> String {
        serde_json::json!([self.program, self.arguments, self.applies]).to_string()
    }

    fn judge<'a>(&'a self, context: &'a Context) -> CheckFuture<'a> {
        Box::pin(self.run(context))
    }
}
