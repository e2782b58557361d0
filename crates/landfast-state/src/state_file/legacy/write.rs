//! The text of a state of format 4.

use super::output_type;
use super::print::{Layout, Printer, base64};
use super::read::Instance;
use super::v3::{Instances, ObjectId, ResourceId, State};
use crate::json::{JsonError, JsonErrorKind, Limits, Place};

/// The terraform whose upgrade this is, which is what it writes as the state's version.
const TERRAFORM_VERSION: &str = "1.11.4";

/// The text as terraform writes it, no longer than the limit on documents.
pub(super) fn text(state: &State<'_>, limits: &Limits) -> Result<String, JsonError> {
    let limit = limits.max_bytes;
    let mut printer = Printer::new(Layout::Indented, limit);
    printer.open('{');
    printer.key("version");
    printer.push("4");
    printer.text_member("terraform_version", TERRAFORM_VERSION);
    printer.key("serial");
    printer.push(&state.serial.to_string());
    printer.text_member("lineage", &state.lineage);
    outputs(&mut printer, state);
    printer.key("resources");
    printer.open('[');
    for (id, instances) in &state.resources {
        printer.item();
        resource(&mut printer, id, instances);
    }
    printer.close(']');
    printer.key("check_results");
    printer.push("null");
    printer.close('}');
    printer.push("\n");
    printer.finish().map_err(|actual| JsonError {
        kind: JsonErrorKind::TooLarge { limit, actual },
        place: Place::of(&[], 0),
        path: String::new(),
    })
}

fn outputs(printer: &mut Printer, state: &State<'_>) {
    printer.key("outputs");
    printer.open('{');
    for (name, output) in &state.outputs {
        printer.key(name);
        printer.open('{');
        printer.key("value");
        printer.value(output.value);
        printer.key("type");
        output_type::of(output.value).print(printer);
        if output.sensitive {
            printer.key("sensitive");
            printer.push("true");
        }
        printer.close('}');
    }
    printer.close('}');
}

fn resource(printer: &mut Printer, id: &ResourceId, instances: &Instances<'_>) {
    printer.open('{');
    if !id.module.is_empty() {
        printer.text_member("module", &id.module);
    }
    printer.text_member("mode", id.mode);
    printer.text_member("type", &id.type_name);
    printer.text_member("name", &id.name);
    printer.text_member("provider", &instances.provider);
    printer.key("instances");
    printer.open('[');
    for (id, instance) in &instances.objects {
        printer.item();
        object(printer, id, instance);
    }
    printer.close(']');
    printer.close('}');
}

fn object(printer: &mut Printer, (index, deposed): &ObjectId, instance: &Instance<'_>) {
    printer.open('{');
    if let Some(index) = index {
        printer.key("index_key");
        printer.push(&index.to_string());
    }
    if instance.tainted {
        printer.text_member("status", "tainted");
    }
    if let Some(deposed) = deposed {
        printer.text_member("deposed", deposed);
    }
    printer.key("schema_version");
    printer.push(&instance.schema_version.to_string());
    attributes(printer, instance);
    printer.key("sensitive_attributes");
    printer.push("[]");
    if !instance.private.is_empty() {
        printer.key("private");
        let private = private(printer, instance);
        printer.string(&base64(private.as_bytes()));
    }
    printer.close('}');
}

/// No attributes at all are an empty object, an empty flat map is left out.
fn attributes(printer: &mut Printer, instance: &Instance<'_>) {
    match &instance.attributes {
        None => {
            printer.key("attributes");
            printer.push("{}");
        }
        Some(attributes) if attributes.is_empty() => {}
        Some(attributes) => {
            printer.key("attributes_flat");
            printer.open('{');
            for (key, text) in attributes {
                printer.text_member(key, text);
            }
            printer.close('}');
        }
    }
}

/// The JSON text of what `meta` had beside the schema version.
fn private(printer: &mut Printer, instance: &Instance<'_>) -> String {
    let mut inner = Printer::new(Layout::OneLine, printer.limit());
    inner.open('{');
    for (key, value) in &instance.private {
        inner.key(key);
        inner.value(*value);
    }
    inner.close('}');
    inner.finish().unwrap_or_else(|len| {
        printer.skip(len);
        String::new()
    })
}
