//! The keys that flags, environment and `landfast.toml` name, and how much of histories is kept.

use std::cell::OnceCell;
use std::path::PathBuf;

use landfast::backends::encrypt::{
    AgeIdentities, AgeRecipients, KeyError, Keyring, Passphrase, SecretKey, Transit, TransitOptions,
};
use landfast::backends::history::Retention;
use landfast::backends::{Environment, Protection};

use crate::duration;
use crate::error::CliError;
use crate::key_args::{KeyArgs, RetentionArgs, parse_count};
use crate::settings::{self, Settings};
use crate::stores::chain;

/// What helps who has no key.
pub(crate) const NO_KEY: &str = "name a key: --passphrase-file, --key-file, --age-recipients-file, --age-identities-file or \
     --transit-key, the same in the environment (LANDFAST_PASSPHRASE_FILE, …), or [encryption] in landfast.toml";
/// What helps who has not the passphrase of OpenTofu.
pub(crate) const NO_TOFU_PASSPHRASE: &str = "give the passphrase that OpenTofu has: --tofu-passphrase-file FILE, \
     LANDFAST_TOFU_PASSPHRASE_FILE, or passphrase_file below [opentofu] in landfast.toml";

/// The keys.
#[derive(Debug, Clone)]
pub(crate) struct Keys {
    /// For what is kept beside states.
    pub(crate) protection: Protection,
    /// For states that OpenTofu encrypted.
    pub(crate) opentofu: Option<Passphrase>,
}

/// Where the keys of a run come from. They are read when they are needed first, and once.
#[derive(Debug, Clone, Default)]
pub(crate) struct KeySource {
    flags: KeyArgs,
    keys: OnceCell<Keys>,
}

impl KeySource {
    pub(crate) fn of_flags(flags: &KeyArgs) -> Self {
        Self { flags: flags.clone(), keys: OnceCell::new() }
    }

    /// The keys.
    pub(crate) fn get(&self) -> Result<&Keys, CliError> {
        if let Some(keys) = self.keys.get() {
            return Ok(keys);
        }
        let environment = Environment::of_process();
        let files = settings::load(&environment)?;
        let keys = resolve(&self.flags, &environment, &files)?;
        Ok(self.keys.get_or_init(|| keys))
    }
}

/// The first that names something: the flag, the environment, the files.
fn first(
    flag: Option<&PathBuf>,
    environment: &Environment,
    variable: &str,
    files: &[Settings],
    of_file: fn(&Settings) -> &Option<PathBuf>,
) -> Option<PathBuf> {
    let of_environment = || environment.get(variable).map(PathBuf::from);
    flag.cloned().or_else(of_environment).or_else(|| files.iter().find_map(|file| of_file(file).clone()))
}

/// As [`first`], where the environment may hold the secret itself: it comes after the flag and the file that the environment
/// names, and before files.
fn secret<T>(
    flag: Option<&PathBuf>,
    environment: &Environment,
    variable: &str,
    files: &[Settings],
    of_file: fn(&Settings) -> &Option<PathBuf>,
    from_file: fn(&std::path::Path) -> Result<T, KeyError>,
    from_variable: fn(&Environment, &str) -> Result<T, KeyError>,
) -> Result<Option<T>, CliError> {
    let named = first(flag, environment, &format!("{variable}_FILE"), &[], of_file);
    let found = match named {
        Some(file) => Some(from_file(&file)),
        None if environment.get(variable).is_some() => Some(from_variable(environment, variable)),
        None => files.iter().find_map(|file| of_file(file).as_deref()).map(from_file),
    };
    found.transpose().map_err(unusable)
}

fn unusable(error: KeyError) -> CliError {
    CliError::new(chain(&error))
}

fn resolve(flags: &KeyArgs, environment: &Environment, files: &[Settings]) -> Result<Keys, CliError> {
    let opentofu = secret(
        flags.tofu_passphrase_file.as_ref(),
        environment,
        "LANDFAST_TOFU_PASSPHRASE",
        files,
        |file| &file.opentofu.passphrase_file,
        Passphrase::from_file,
        Passphrase::from_variable,
    )?;
    let mut keyring = own_keys(flags, environment, files)?;
    if let (None, Some(passphrase)) = (&keyring, &opentofu) {
        // What was encrypted where it lies is not kept in plain text beside it.
        keyring = Some(Keyring::new().with_passphrase(passphrase.clone()));
    }
    let demanded = |text: &str| !matches!(text.to_ascii_lowercase().as_str(), "0" | "n" | "no" | "f" | "false" | "off");
    let is_enforced = flags.require_encryption
        || environment.get("LANDFAST_REQUIRE_ENCRYPTION").is_some_and(demanded)
        || files.iter().any(|file| file.encryption.require);
    let protection = match (keyring, is_enforced) {
        (None, false) => Protection::plain(),
        (None, true) => Protection::enforced_without_key(),
        (Some(keyring), false) => Protection::sealed(keyring),
        (Some(keyring), true) => Protection::enforced(keyring),
    };
    Ok(Keys { protection, opentofu })
}

/// The keys for what is kept; `None` where none is named.
fn own_keys(flags: &KeyArgs, environment: &Environment, files: &[Settings]) -> Result<Option<Keyring>, CliError> {
    let mut keyring: Option<Keyring> = None;
    let mut add = |with: &dyn Fn(Keyring) -> Keyring| keyring = Some(with(keyring.take().unwrap_or_default()));
    let passphrase = secret(
        flags.passphrase_file.as_ref(),
        environment,
        "LANDFAST_PASSPHRASE",
        files,
        |file| &file.encryption.passphrase_file,
        Passphrase::from_file,
        Passphrase::from_variable,
    )?;
    if let Some(passphrase) = passphrase {
        add(&|keyring| keyring.with_passphrase(passphrase.clone()));
    }
    let key = secret(
        flags.key_file.as_ref(),
        environment,
        "LANDFAST_KEY",
        files,
        |file| &file.encryption.key_file,
        SecretKey::from_file,
        SecretKey::from_variable,
    )?;
    if let Some(key) = key {
        add(&|keyring| keyring.with_key(key.clone()));
    }
    let recipients =
        first(flags.age_recipients_file.as_ref(), environment, "LANDFAST_AGE_RECIPIENTS_FILE", files, |file| {
            &file.encryption.age_recipients_file
        });
    if let Some(file) = recipients {
        let recipients = AgeRecipients::from_file(&file).map_err(unusable)?;
        add(&|keyring| keyring.with_age_recipients(recipients.clone()));
    }
    let identities =
        first(flags.age_identities_file.as_ref(), environment, "LANDFAST_AGE_IDENTITIES_FILE", files, |file| {
            &file.encryption.age_identities_file
        });
    if let Some(file) = identities {
        let identities = AgeIdentities::from_file(&file).map_err(unusable)?;
        add(&|keyring| keyring.with_age_identities(identities.clone()));
    }
    let transit = flags.transit_key.as_deref().or_else(|| environment.get("LANDFAST_TRANSIT_KEY"));
    let transit = transit.or_else(|| files.iter().find_map(|file| file.encryption.transit_key.as_deref()));
    if let Some(named) = transit {
        let (options, name) = match named.rsplit_once('/') {
            Some((mount, name)) => (TransitOptions::default().with_mount(mount), name),
            None => (TransitOptions::default(), named),
        };
        let transit = Transit::from_environment(environment, name, options).map_err(unusable)?;
        keyring = Some(keyring.unwrap_or_default().with_transit(transit));
    }
    Ok(keyring)
}

/// How much of a history is kept.
pub(crate) fn retention(flags: &RetentionArgs) -> Result<Retention, CliError> {
    let environment = Environment::of_process();
    let files = settings::load(&environment)?;
    let wrong = |name: &str| {
        let name = name.to_owned();
        move |message: String| CliError::new(format!("the environment variable {name}: {message}"))
    };
    let (count, age) = ("LANDFAST_KEEP", "LANDFAST_KEEP_FOR");
    let of_environment = environment.get(count).map(parse_count).transpose().map_err(wrong(count))?;
    let of_files = || files.iter().find_map(|file| file.history.keep).map(std::num::NonZeroUsize::get);
    let kept = flags.keep.or(of_environment).or_else(of_files);
    let of_environment = environment.get(age).map(duration::parse).transpose().map_err(wrong(age))?;
    let kept_for = flags.keep_for.or(of_environment).or_else(|| files.iter().find_map(|file| file.history.keep_for));
    let retention = kept.map_or_else(Retention::default, Retention::of_count);
    Ok(retention.with_age(kept_for))
}
