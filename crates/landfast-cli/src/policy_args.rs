//! Arguments of `landfast policy`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(crate) enum Policy {
    /// Judge a plan, or the blocks of *.tf files as they are written; exits with 3 when a policy refuses
    ///
    /// Rules named deny or violation refuse, those named warn do not, and a rule named allow refuses unless it is true. A rule
    /// that cannot be evaluated is an error, and an error is no permission.
    Check(PolicyCheck),
    /// Evaluate a query on any JSON document and print its value as JSON
    Eval(PolicyEval),
    /// Run the rules whose names begin with test_; exits with 1 when one of them is not true
    Test(PolicyTest),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct PolicyArgs {
    /// A policy: a file, a folder with *.rego, or pack:NAME for one that comes with the program (pack:soc2, pack:hipaa)
    #[arg(long = "policy", value_name = "POLICY", required = true)]
    pub(crate) policies: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) how: PolicyHow,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct PolicyHow {
    /// A JSON object that policies find under data, such as settings of the packs
    #[arg(long, value_name = "FILE")]
    pub(crate) data: Option<PathBuf>,
    /// The version of Rego; by default what a file says or can be read in
    #[arg(long, value_name = "VERSION", default_value = "detect")]
    pub(crate) rego: Rego,
    /// Give up, which refuses, when policies take longer than this
    #[arg(long, value_name = "SECONDS", default_value = "5", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) time_limit: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Rego {
    Detect,
    V0,
    V1,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct PolicyCheck {
    #[command(flatten)]
    pub(crate) policy: PolicyArgs,
    /// How to write the verdict
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: PolicyFormat,
    /// What `terraform show -json PLAN` printed, - for standard input, or *.tf files and folders of one module
    #[arg(value_name = "INPUT", required = true)]
    pub(crate) inputs: Vec<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct PolicyEval {
    #[command(flatten)]
    pub(crate) policy: PolicyArgs,
    /// The query, such as data.tags.deny
    #[arg(long, value_name = "QUERY", default_value = "data")]
    pub(crate) query: String,
    /// A JSON document, - for standard input. Policies find it under input as it is, secrets included
    #[arg(value_name = "INPUT")]
    pub(crate) input: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct PolicyTest {
    #[command(flatten)]
    pub(crate) how: PolicyHow,
    /// How to write the results
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: PolicyFormat,
    /// Policies and their tests: files, folders with *.rego, pack:NAME
    #[arg(value_name = "PATH", required = true)]
    pub(crate) paths: Vec<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum PolicyFormat {
    Text,
    Json,
}
