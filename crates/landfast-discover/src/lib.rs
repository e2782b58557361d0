//! What terraform configurations say that others need to know, without terraform: where the state is, which providers there are and
//! how they are configured, and what resources leave alone.
//!
//! - [`RootModule`]: the blocks of the `*.tf` and `*.tf.json` files of a folder, override files merged.
//! - [`Inputs`]: what variables are given from outside, in terraform's order.
//! - [`provider_config`]: the configuration of a provider as its schema wants it.
//! - [`SecretSources`]: what settings name instead of holding it, `vault://PATH#FIELD`, `env://NAME`, `file://PATH`. Vault and OpenBao with
//!   the feature `vault`.
//!
//! Values are computed as far as literals, templates of those, lists and objects, locals, variables and `path.module` go. What is
//! not computed is an error that names the expression and its place, where the value is needed and nowhere else. Values of sensitive variables are
//! sensitive values. The crate runs no commands, calls no functions, and does not read modules that are called.
//!
//! ```
//! use landfast_discover::{Inputs, RootModule};
//!
//! let text = r#"
//! variable "stage" { default = "prod" }
//! locals { region = "eu-central-1" }
//! provider "aws" {
//!   alias  = "main"
//!   region = local.region
//!   default_tags { tags = { stage = "${var.stage}-eu" } }
//! }
//! "#;
//! let module = RootModule::of_text("main.tf", text, &Inputs::default())?;
//! assert_eq!(module.local("region")?.to_string(), "\"eu-central-1\"");
//! let block = module.provider_of("registry.terraform.io/hashicorp/aws", Some("main")).ok_or("not there")?;
//! assert_eq!(block.place().to_string(), "main.tf:4:1");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod evaluate;
mod files;
mod inputs;
mod json_syntax;
mod module;
mod native;
mod overriding;
mod place;
mod provider;
mod resource;
mod secret;
mod tree;
mod type_constraint;
mod variable;

pub use error::{EvaluationError, ReadModuleError};
pub use inputs::{InputSetting, Inputs};
pub use module::{BackendBlock, RequiredProvider, RootModule};
pub use place::Place;
pub use provider::{ProviderBlock, ProviderConfigError, provider_config};
pub use resource::{IgnoreChanges, Prevention, ProviderReference, ResourceBlock};
pub use secret::{
    EnvironmentSecrets, FileSecrets, FillError, SecretError, SecretFuture, SecretReference, SecretScheme, SecretSource,
    SecretSources,
};
#[cfg(feature = "vault")]
pub use secret::{Vault, VaultOptions};
