//! What a JSON document is, by the members at its top.

/// The members at the top of a document that tell kinds of documents apart.
#[derive(Debug, Default)]
pub(super) struct TopMembers {
    plan: bool,
    values: bool,
    schemas: bool,
    validation: bool,
    modules: bool,
    redacted: bool,
    state: bool,
}

impl TopMembers {
    pub(super) fn see(&mut self, key: &str) {
        match key {
            "planned_values" | "resource_changes" | "resource_drift" | "prior_state" | "output_changes" => {
                self.plan = true;
            }
            "values" => self.values = true,
            "provider_schemas" => self.schemas = true,
            "valid" | "error_count" => self.validation = true,
            "Modules" => self.modules = true,
            "plan_format_version" => self.redacted = true,
            "lineage" | "serial" => self.state = true,
            _ => {}
        }
    }

    pub(super) fn is_plan(&self) -> bool {
        self.plan && self.foreign().is_none()
    }

    /// A state, which may be an empty one: then it has no member that tells.
    pub(super) fn is_shown_state(&self) -> bool {
        !self.plan && self.foreign().is_none()
    }

    /// What the document looks like, with its article. `versioned` says whether it has a `format_version`.
    pub(super) fn found(&self, versioned: bool) -> &'static str {
        match self.foreign() {
            Some(found) => found,
            None if !versioned => "a document without `format_version`",
            None if self.plan => "a plan as `terraform show -json` writes it",
            None if self.values => "a state as `terraform show -json` writes it",
            None => "a document without plan or values (an empty state as `terraform show -json` writes it)",
        }
    }

    /// Kinds of documents that are neither plan nor state.
    fn foreign(&self) -> Option<&'static str> {
        if self.redacted {
            return Some("a redacted plan, which has a `plan_format_version` and no state");
        }
        if self.plan || self.values {
            return None;
        }
        if self.schemas {
            return Some("the output of `terraform providers schema -json`");
        }
        if self.validation {
            return Some("the output of `terraform validate -json`");
        }
        if self.modules {
            return Some("the list of modules that `terraform init` keeps");
        }
        self.state.then_some("a state file")
    }
}
