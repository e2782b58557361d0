//! The versioned machine format of a report.

use landfast_drift::{
    AppliedRule, AttributeChange, ChangeKind, Class, DriftReport, DriftStatus, Impact, Normalised, NotComparedReason,
    ResourceDrift, Severity,
};
use landfast_state::schema::Setting;
use landfast_state::{Origin, Redactor, Value};
use serde::Serialize;

use crate::escape::escape_json;
use crate::scan_entry::{ScanEntry, is_zero};

/// The version of the format. Minor versions add members; readers must tolerate members that they do not know.
pub const FORMAT_VERSION: &str = "1.0";

/// What the report is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ReportKind {
    /// What was recorded against what was observed.
    Drift,
    /// Any two sources against each other, the first in the place of the recorded one.
    Diff,
}

/// A report in the machine format.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ReportDocument {
    /// The version of this format, `1.0`.
    pub format_version: &'static str,
    /// What the report is about.
    pub kind: ReportKind,
    /// The report in numbers.
    pub summary: Summary,
    /// Where the recorded side comes from.
    pub recorded: Vec<OriginEntry>,
    /// Where the observed side comes from.
    pub observed: Vec<OriginEntry>,
    /// One entry per resource instance, sorted by address; those in sync too.
    pub resources: Vec<ResourceEntry>,
    /// Objects that are not compared by their nature, sorted by address.
    pub not_compared: Vec<NotComparedEntry>,
    /// Types of which objects that nothing recorded owns would not all be seen, sorted; left out where nobody looked for such objects.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub not_listed: Vec<NotListedEntry>,
    /// What the scan did that read the observed side object by object; left out where it came from elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scan: Option<ScanEntry>,
}

/// A type of which objects that nothing recorded owns would not all be seen.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct NotListedEntry {
    /// The resource type.
    pub resource_type: String,
    /// Why, in words for people.
    pub reason: String,
}

/// A report in numbers of resource instances.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct Summary {
    /// Whether any resource is drifted, missing or unmanaged.
    pub drift: bool,
    /// The highest severity of any resource.
    #[cfg_attr(feature = "schema", schemars(with = "SeverityName"))]
    pub worst_severity: Severity,
    /// All resources of the report.
    pub total: usize,
    /// Recorded and observed are equal.
    pub in_sync: usize,
    /// Recorded and observed differ.
    pub drifted: usize,
    /// Recorded, and not there.
    pub missing: usize,
    /// There, and not recorded.
    pub unmanaged: usize,
    /// Drifted, and accepted.
    pub suppressed: usize,
    /// Could not be read or compared.
    pub unreadable: usize,
    /// Nothing here can read them.
    pub unsupported: usize,
    /// How much of the infrastructure the report speaks about.
    pub coverage: CoverageEntry,
}

/// How much of the infrastructure a report speaks about.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct CoverageEntry {
    /// Whether everything was read, and nothing left out; only then does "no drift" mean that there is none.
    pub complete: bool,
    /// Resources about which the report says something.
    pub read: usize,
    /// Of those, the ones with attributes that could not be compared.
    pub partly_read: usize,
    /// Objects that are not among the resources, because nobody wanted to look at them (see `scan`); left out itself without any.
    #[serde(skip_serializing_if = "is_zero")]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub left_out: u64,
}

/// Where one side comes from.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct OriginEntry {
    /// `state`, `show-json`, `plan-json`, `snapshot` or `observation`.
    pub kind: &'static str,
    /// The name under which it was given.
    pub source: String,
    /// Lineage of the state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lineage: Option<String>,
    /// Serial of the state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<u64>,
    /// Version of terraform that wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub terraform_version: Option<String>,
    /// When it was made, RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timestamp: Option<String>,
}

/// One resource instance.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ResourceEntry {
    /// Its address.
    pub address: String,
    /// The address at which one side still has it, where it moved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub previous_address: Option<String>,
    /// The resource type.
    #[serde(rename = "type")]
    pub type_name: String,
    /// The provider's source address; empty where no side names it.
    pub provider: String,
    /// What was found.
    #[cfg_attr(feature = "schema", schemars(with = "StatusName"))]
    pub status: DriftStatus,
    /// How serious it is.
    #[cfg_attr(feature = "schema", schemars(with = "SeverityName"))]
    pub severity: Severity,
    /// What it touches, sorted.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<ImpactName>"))]
    pub impacts: Vec<Impact>,
    /// The most serious class of its changes; null where there is no drift.
    #[cfg_attr(feature = "schema", schemars(with = "Option<ClassName>"))]
    pub class: Option<Class>,
    /// The rules that made severity, impacts and class.
    pub rules: Vec<RuleEntry>,
    /// What differs, sorted by path.
    pub changes: Vec<ChangeEntry>,
    /// Differences that are none by a named rule.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub normalised: Vec<NormalisedEntry>,
    /// Paths of attributes that could not be compared.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "schema", schemars(default))]
    pub unreadable: Vec<String>,
    /// Why nothing, or not everything, is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A rule that took part in grading a resource.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct RuleEntry {
    /// The rule's id.
    pub id: String,
    /// Why it applies.
    pub why: String,
}

/// One change of an attribute.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct ChangeEntry {
    /// Path of the attribute, such as `root_block_device[0].volume_size`.
    pub path: String,
    /// How it changed.
    #[cfg_attr(feature = "schema", schemars(with = "ChangeKindName"))]
    pub kind: ChangeKind,
    /// The recorded value; left out where there is none. Sensitive values are `(sensitive value)`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<serde_json::Value>"))]
    pub before: Option<Value>,
    /// The observed value; left out where there is none. Sensitive values are `(sensitive value)`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "schema", schemars(with = "Option<serde_json::Value>"))]
    pub after: Option<Value>,
    /// Whether a sensitive value takes part.
    pub sensitive: bool,
    /// Who sets the attribute: `required` and `optional` ones are set by configurations, `optional_computed` ones by these or else
    /// by the provider, `computed` ones by the provider alone. Left out where the provider's schema is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub setting: Option<&'static str>,
    /// What the change touches, sorted.
    #[cfg_attr(feature = "schema", schemars(with = "Vec<ImpactName>"))]
    pub impacts: Vec<Impact>,
    /// Its class.
    #[cfg_attr(feature = "schema", schemars(with = "ClassName"))]
    pub class: Class,
    /// Ids of the rules that gave impacts and class.
    pub rules: Vec<String>,
}

/// A difference that is none by a named rule.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct NormalisedEntry {
    /// Path of the attribute.
    pub path: String,
    /// Id of the normaliser that made the sides equal.
    pub normaliser: &'static str,
    /// Id of the rule or hint that asked for it; left out for normalisers that always apply.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
}

/// An object that is not compared by its nature.
#[derive(Debug, Clone, Serialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[non_exhaustive]
pub struct NotComparedEntry {
    /// Its address.
    pub address: String,
    /// Why it is left out.
    #[cfg_attr(feature = "schema", schemars(with = "NotComparedName"))]
    pub reason: NotComparedReason,
}

impl ReportDocument {
    /// The document of a report. Copies of secrets that the report knows of are masked in every text.
    #[must_use]
    pub fn new(report: &DriftReport, kind: ReportKind) -> Self {
        let redactor = &report.redactor;
        let counts = report.counts();
        let coverage = report.coverage();
        Self {
            format_version: FORMAT_VERSION,
            kind,
            summary: Summary {
                drift: report.has_drift(),
                worst_severity: report.worst_severity(),
                total: coverage.total,
                in_sync: counts.in_sync,
                drifted: counts.drifted,
                missing: counts.missing,
                unmanaged: counts.unmanaged,
                suppressed: counts.suppressed,
                unreadable: counts.unreadable,
                unsupported: counts.unsupported,
                coverage: CoverageEntry {
                    complete: coverage.is_complete(),
                    read: coverage.read,
                    partly_read: coverage.partly_read,
                    left_out: coverage.left_out,
                },
            },
            recorded: report.recorded.iter().map(OriginEntry::new).collect(),
            observed: report.observed.iter().map(OriginEntry::new).collect(),
            resources: report.resources.iter().map(|resource| ResourceEntry::new(resource, redactor)).collect(),
            not_compared: report
                .not_compared
                .iter()
                .map(|object| NotComparedEntry {
                    address: redactor.redact(&object.address.to_string()).into_owned(),
                    reason: object.reason,
                })
                .collect(),
            not_listed: report
                .not_listed
                .iter()
                .map(|(resource_type, reason)| NotListedEntry {
                    resource_type: resource_type.to_string(),
                    reason: redactor.redact(reason).into_owned(),
                })
                .collect(),
            scan: report.scan.as_ref().map(|scan| ScanEntry::new(scan, redactor)),
        }
    }

    /// The document as JSON, indented by two spaces, with a line break at its end. Invisible characters are escaped.
    ///
    /// # Errors
    /// Never in practice; the serialiser's error type demands it.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        let mut text = escape_json(&serde_json::to_string_pretty(self)?);
        text.push('\n');
        Ok(text)
    }
}

impl OriginEntry {
    fn new(origin: &Origin) -> Self {
        Self {
            kind: origin.kind.as_str(),
            source: origin.source.clone(),
            lineage: origin.lineage.clone(),
            serial: origin.serial,
            terraform_version: origin.terraform_version.clone(),
            timestamp: origin.timestamp.clone(),
        }
    }
}

impl ResourceEntry {
    fn new(resource: &ResourceDrift, redactor: &Redactor) -> Self {
        let masked = |text: &str| redactor.redact(text).into_owned();
        Self {
            address: masked(&resource.address.to_string()),
            previous_address: resource.previous_address.as_ref().map(|address| masked(&address.to_string())),
            type_name: resource.type_name().to_owned(),
            provider: resource.provider.to_string(),
            status: resource.status,
            severity: resource.severity,
            impacts: resource.impacts.iter().copied().collect(),
            class: resource.class,
            rules: resource.rules.iter().map(RuleEntry::new).collect(),
            changes: resource.changes.iter().map(|change| ChangeEntry::new(change, redactor)).collect(),
            normalised: resource.normalised.iter().map(|it| NormalisedEntry::new(it, redactor)).collect(),
            unreadable: resource.unreadable.iter().map(|path| masked(&path.to_string())).collect(),
            reason: resource.reason.as_deref().map(masked),
        }
    }
}

impl RuleEntry {
    fn new(rule: &AppliedRule) -> Self {
        Self { id: rule.id.to_string(), why: rule.why.clone() }
    }
}

impl ChangeEntry {
    pub(crate) fn new(change: &AttributeChange, redactor: &Redactor) -> Self {
        Self {
            path: redactor.redact(&change.path.to_string()).into_owned(),
            kind: change.kind,
            before: change.before.as_ref().map(|value| redactor.redact_value(value)),
            after: change.after.as_ref().map(|value| redactor.redact_value(value)),
            sensitive: change.sensitive,
            setting: change.setting.map(Setting::as_str),
            impacts: change.impacts.iter().copied().collect(),
            class: change.class,
            rules: change.rules.iter().map(ToString::to_string).collect(),
        }
    }
}

impl NormalisedEntry {
    fn new(normalised: &Normalised, redactor: &Redactor) -> Self {
        Self {
            path: redactor.redact(&normalised.path.to_string()).into_owned(),
            normaliser: normalised.normaliser.as_str(),
            rule: normalised.rule.as_ref().map(ToString::to_string),
        }
    }
}

/// The JSON Schema (draft 2020-12) of [`ReportDocument`].
#[cfg(feature = "schema")]
#[must_use]
pub fn report_schema() -> serde_json::Value {
    schemars::schema_for!(ReportDocument).to_value()
}

#[cfg(feature = "schema")]
macro_rules! schema_names {
    ($($name:ident of $type:ty as $title:literal),+ $(,)?) => {$(
        pub(crate) struct $name;

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                $title.into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                let names: Vec<&str> = <$type>::ALL.iter().map(|value| value.as_str()).collect();
                schemars::json_schema!({ "type": "string", "enum": names })
            }
        }
    )+};
}

#[cfg(feature = "schema")]
schema_names!(
    StatusName of DriftStatus as "Status",
    SeverityName of Severity as "Severity",
    ImpactName of Impact as "Impact",
    ClassName of Class as "Class",
    ChangeKindName of ChangeKind as "ChangeKind",
    NotComparedName of NotComparedReason as "NotComparedReason",
    ScanEndingName of landfast_drift::ScanEnding as "ScanEnding",
);
