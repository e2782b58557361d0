//! The real terraform, in a working directory of its own.

use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A working directory with a backend.
#[derive(Debug)]
pub(crate) struct Terraform {
    folder: tempfile::TempDir,
    variables: Vec<(String, String)>,
}

impl Terraform {
    /// A directory whose configuration has this backend block, one resource whose input is `one`, and these variables around it.
    pub(crate) fn new(backend: &str, variables: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("backend.tf"), format!("terraform {{\n{backend}\n}}\n")).unwrap();
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let terraform = Self { folder, variables };
        terraform.configure("one");
        terraform
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Gives the resource another input.
    pub(crate) fn configure(&self, input: &str) {
        let text = format!("resource \"terraform_data\" \"a\" {{\n  input = \"{input}\"\n}}\n");
        std::fs::write(self.folder.path().join("main.tf"), text).unwrap();
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("terraform");
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .envs(self.variables.iter().map(|(name, value)| (name, value)))
            .env("TF_CLI_CONFIG_FILE", "/dev/null")
            .env("CHECKPOINT_DISABLE", "1")
            .env("TF_IN_AUTOMATION", "1")
            .stdin(Stdio::null());
        command
    }

    /// Runs terraform to its end: the exit code, and what it said on both streams.
    pub(crate) fn run(&self, arguments: &[&str]) -> (i32, String) {
        let output = self.command(arguments).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&said).into_owned())
    }

    /// Runs terraform, which must succeed.
    pub(crate) fn succeed(&self, arguments: &[&str]) -> String {
        let (code, said) = self.run(arguments);
        assert_eq!(code, 0, "terraform {arguments:?}: {said}");
        said
    }

    /// An `apply` that holds the lock and waits for an answer that never comes.
    pub(crate) fn waiting_apply(&self) -> Waiting {
        let child = self
            .command(&["apply", "-no-color"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Waiting(child)
    }
}

/// A terraform that waits for an answer.
#[derive(Debug)]
pub(crate) struct Waiting(Child);

impl Waiting {
    /// Answers no, so that it gives its lock back and ends.
    pub(crate) fn decline(mut self) {
        drop(self.0.stdin.take());
        self.0.wait().unwrap();
    }

    /// Ends it as the kernel does that has no memory left: its lock stays.
    pub(crate) fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
