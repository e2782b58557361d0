//! What must not be seen in anything that a provider says.

use std::sync::{Mutex, PoisonError};

use landfast_state::{Redactor, SecretTexts, Value};

/// The secrets that the caller knows, and those that were given to the provider since.
#[derive(Debug, Default)]
pub(crate) struct Secrets {
    callers: Redactor,
    learnt: Mutex<(SecretTexts, Redactor)>,
}

impl Secrets {
    pub(crate) fn new(callers: Redactor) -> Self {
        Self { callers, learnt: Mutex::default() }
    }

    /// Masks what is marked as sensitive in `value` from now on.
    pub(crate) fn learn(&self, value: &Value) {
        let mut texts = SecretTexts::default();
        texts.add(value);
        self.learn_texts(&texts);
    }

    /// Masks these texts from now on.
    pub(crate) fn learn_texts(&self, new: &SecretTexts) {
        let mut learnt = self.learnt.lock().unwrap_or_else(PoisonError::into_inner);
        learnt.0.extend(new);
        learnt.1 = learnt.0.clone().redactor();
    }

    /// The text with every known secret masked.
    pub(crate) fn redact(&self, text: &str) -> String {
        let text = self.callers.redact(text);
        let learnt = self.learnt.lock().unwrap_or_else(PoisonError::into_inner);
        learnt.1.redact(&text).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use landfast_state::Sensitive;

    use super::*;

    #[test]
    fn what_the_caller_knows_and_what_was_learnt_is_masked() {
        let secret = |text: &str| Value::Sensitive(Sensitive::new(Value::String(text.to_owned())));
        let mut texts = SecretTexts::default();
        texts.add(&secret("of-the-caller"));
        let secrets = Secrets::new(texts.redactor());
        assert_eq!(secrets.redact("of-the-caller, learnt-one"), "(sensitive value), learnt-one");
        secrets.learn(&secret("learnt-one"));
        secrets.learn(&secret("learnt-two"));
        assert_eq!(
            secrets.redact("of-the-caller, learnt-one, learnt-two"),
            "(sensitive value), (sensitive value), (sensitive value)"
        );
    }
}
