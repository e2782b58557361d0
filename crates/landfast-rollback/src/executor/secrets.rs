//! The secrets that an operation has come across, so that no record shows one.

use std::collections::BTreeSet;

use landfast_state::{FingerprintKey, Redactor, ResourceObject, SecretTexts};

/// The secrets of a plan and of what was read.
#[derive(Default)]
pub(super) struct Secrets {
    /// Digests of the objects whose secrets are known.
    known: BTreeSet<String>,
    texts: SecretTexts,
    redactor: Redactor,
}

impl Secrets {
    /// Takes up the secrets of these objects.
    pub(super) fn learn<'a>(&mut self, objects: impl IntoIterator<Item = &'a ResourceObject>, key: &FingerprintKey) {
        let mut is_new = false;
        for object in objects {
            if !object.sensitive.is_empty() && self.known.insert(object.digest(key).to_string()) {
                self.texts.add_object(object);
                is_new = true;
            }
        }
        if is_new {
            self.redactor = self.texts.clone().redactor();
        }
    }

    /// The text without them.
    pub(super) fn redact(&self, text: &str) -> String {
        self.redactor.redact(text).into_owned()
    }
}
