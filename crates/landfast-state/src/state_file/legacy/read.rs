//! Reading a document of format 1, 2 or 3.
//!
//! The three differ little in structure: format 2 brought `terraform_version`, `lineage` and `backend`, outputs with
//! types and a flag instead of a list for tainted objects; format 3 changed only what the flat maps hold. `null` stands
//! for the empty value of a member, as it does for terraform.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::provider::{self, Provider};
use super::resource_key::{self, ResourceKey};
use super::{output_type, print, v1, version};
use crate::json::{JsonError, JsonErrorKind as E, Kind, Limits, Raw, Reader};

/// A text, borrowed from the document where it has no escapes.
pub(super) type Text<'a> = Cow<'a, str>;

/// A flat map of attributes.
pub(super) type FlatMap<'a> = BTreeMap<Text<'a>, Text<'a>>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    V1,
    V2,
    V3,
}

#[derive(Debug, Default)]
pub(super) struct Document<'a> {
    pub(super) serial: u64,
    pub(super) lineage: Text<'a>,
    pub(super) modules: Vec<Module<'a>>,
}

#[derive(Debug)]
pub(super) struct Module<'a> {
    /// Address of the module; empty for the root module.
    pub(super) address: String,
    /// Outputs; none for child modules, whose outputs format 4 does not have.
    pub(super) outputs: BTreeMap<Text<'a>, Output<'a>>,
    pub(super) resources: Vec<Resource<'a>>,
}

#[derive(Debug)]
pub(super) struct Output<'a> {
    pub(super) value: Raw<'a>,
    pub(super) sensitive: bool,
}

/// An entry of `resources`, which is one instance of a resource.
#[derive(Debug)]
pub(super) struct Resource<'a> {
    pub(super) key: ResourceKey,
    /// Where the entry's value stands in the document.
    pub(super) offset: usize,
    /// JSON path of the entry.
    pub(super) path: String,
    pub(super) provider: Provider,
    pub(super) primary: Option<Instance<'a>>,
    pub(super) deposed: Vec<Instance<'a>>,
}

#[derive(Debug, Default)]
pub(super) struct Instance<'a> {
    pub(super) attributes: Option<FlatMap<'a>>,
    pub(super) schema_version: u64,
    /// What `meta` has beside the schema version.
    pub(super) private: BTreeMap<Text<'a>, Raw<'a>>,
    pub(super) tainted: bool,
}

/// Reads a whole document.
pub(super) fn document<'a>(source: &'a [u8], format: Format, limits: &Limits) -> Result<Document<'a>, JsonError> {
    let mut source = Source { reader: Reader::new(source, limits)?, format, instances: 0 };
    let document = source.document()?;
    source.reader.finish()?;
    Ok(document)
}

/// A document that is being read.
pub(super) struct Source<'a> {
    pub(super) reader: Reader<'a>,
    format: Format,
    instances: usize,
}

impl<'a> Source<'a> {
    fn document(&mut self) -> Result<Document<'a>, JsonError> {
        let names: &[_] = match self.format {
            Format::V1 => &["version", "serial", "remote", "modules"],
            _ => &["version", "terraform_version", "serial", "lineage", "remote", "backend", "modules"],
        };
        let mut document = Document::default();
        self.reader.enter_object()?;
        while let Some(name) = self.member(names)? {
            match name {
                "serial" => document.serial = self.serial()?,
                "lineage" => document.lineage = self.text()?,
                "terraform_version" => self.terraform_version()?,
                "remote" => self.remote()?,
                "backend" => self.backend()?,
                "modules" => document.modules = self.modules()?,
                _ => drop(self.reader.raw()?),
            }
        }
        Ok(document)
    }

    fn serial(&mut self) -> Result<u64, JsonError> {
        if self.reader.null()? {
            return Ok(0);
        }
        let at = self.reader.offset();
        let text = self.reader.number()?;
        let fail = |what| Err(self.reader.invalid_at(at, what));
        match text.parse::<i64>() {
            Ok(serial) => u64::try_from(serial).or_else(|_| fail("a negative serial")),
            Err(_) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                fail("a serial larger than a 64-bit integer can be")
            }
            Err(_) => fail("a serial that is not an integer"),
        }
    }

    fn terraform_version(&mut self) -> Result<(), JsonError> {
        let at = self.reader.offset();
        let text = self.text()?;
        if text.is_empty() || version::is_terraform_version(&text) {
            return Ok(());
        }
        Err(self.reader.invalid_at(at, "not a version of terraform"))
    }

    /// Checks `remote`, which format 4 does not have.
    fn remote(&mut self) -> Result<(), JsonError> {
        if !self.enter_object()? {
            return Ok(());
        }
        while let Some(name) = self.member(&["type", "config"])? {
            match name {
                "type" => drop(self.text()?),
                _ => drop(self.flat_map()?),
            }
        }
        Ok(())
    }

    /// Checks `backend`, which format 4 does not have.
    fn backend(&mut self) -> Result<(), JsonError> {
        if !self.enter_object()? {
            return Ok(());
        }
        while let Some(name) = self.member(&["type", "config", "hash"])? {
            match name {
                "type" => drop(self.text()?),
                "hash" if self.reader.peek()? != Kind::Null => drop(self.reader.unsigned()?),
                _ => drop(self.reader.raw()?),
            }
        }
        Ok(())
    }

    fn modules(&mut self) -> Result<Vec<Module<'a>>, JsonError> {
        let mut modules = Vec::new();
        if self.enter_array()? {
            while self.reader.next_element()? {
                modules.push(self.module()?);
            }
        }
        Ok(modules)
    }

    fn module(&mut self) -> Result<Module<'a>, JsonError> {
        let mut path = Vec::new();
        let mut path_at = self.reader.offset();
        let mut outputs = BTreeMap::new();
        let mut resources = Vec::new();
        self.reader.enter_object()?;
        while let Some(name) = self.member(&["path", "outputs", "resources", "depends_on"])? {
            match name {
                "path" => {
                    path_at = self.reader.offset();
                    path = self.texts()?;
                }
                "outputs" => outputs = self.outputs()?,
                "resources" => resources = self.resources()?,
                _ => drop(self.texts()?),
            }
        }
        if self.format == Format::V1 {
            v1::default_path(&mut path);
        }
        let address = module_address(&path).map_err(|what| self.reader.invalid_at(path_at, what))?;
        let outputs = if address.is_empty() { self.root_outputs(outputs)? } else { BTreeMap::new() };
        Ok(Module { address, outputs, resources })
    }

    /// The outputs of a module, each with its offset; `None` for one that is `null`.
    fn outputs(&mut self) -> Result<BTreeMap<Text<'a>, (usize, Option<Output<'a>>)>, JsonError> {
        let mut outputs = BTreeMap::new();
        if !self.enter_object()? {
            return Ok(outputs);
        }
        while let Some(name) = self.reader.next_member()? {
            let at = self.reader.offset();
            let output = match self.format {
                Format::V1 => Some(self.v1_output()?),
                _ if self.reader.null()? => None,
                _ => Some(self.output()?),
            };
            outputs.insert(name, (at, output));
        }
        Ok(outputs)
    }

    fn output(&mut self) -> Result<Output<'a>, JsonError> {
        let mut output = Output { value: Raw::NULL, sensitive: false };
        self.reader.enter_object()?;
        while let Some(name) = self.member(&["sensitive", "type", "value"])? {
            match name {
                "sensitive" => output.sensitive = self.flag()?,
                "value" => output.value = self.value()?,
                _ => drop(self.text()?),
            }
        }
        Ok(output)
    }

    /// Checks the outputs of the root module for what format 4 needs.
    fn root_outputs(
        &self,
        outputs: BTreeMap<Text<'a>, (usize, Option<Output<'a>>)>,
    ) -> Result<BTreeMap<Text<'a>, Output<'a>>, JsonError> {
        let limit = self.reader.limits().depth();
        let mut checked = BTreeMap::new();
        for (name, (at, output)) in outputs {
            let Some(output) = output else {
                return Err(self.reader.invalid_at(at, "an output that is null"));
            };
            // The type stands in the document's object, in `outputs` and in the output.
            if output_type::of(output.value).depth() + 3 > limit {
                let what = format!("an output whose type would nest deeper than the limit of {limit}");
                return Err(self.reader.invalid_at(at, what));
            }
            checked.insert(name, output);
        }
        Ok(checked)
    }

    fn resources(&mut self) -> Result<Vec<Resource<'a>>, JsonError> {
        let mut resources = Vec::new();
        if self.enter_object()? {
            while let Some(key) = self.reader.next_member()? {
                resources.push(self.resource(&key)?);
            }
        }
        Ok(resources)
    }

    fn resource(&mut self, key: &str) -> Result<Resource<'a>, JsonError> {
        let offset = self.reader.offset();
        let path = self.reader.path();
        let key = resource_key::parse(key).map_err(|what| self.reader.invalid_at(offset, what))?;
        let (mut provider, mut primary, mut deposed) = (None, None, Vec::new());
        let names: &[_] = match self.format {
            Format::V1 => &["type", "depends_on", "primary", "tainted", "deposed", "provider"],
            _ => &["type", "depends_on", "primary", "deposed", "provider"],
        };
        self.reader.enter_object()?;
        while let Some(name) = self.member(names)? {
            match name {
                "type" => drop(self.text()?),
                "depends_on" => drop(self.texts()?),
                "primary" if self.reader.null()? => {}
                "primary" => primary = Some(self.instance()?),
                "tainted" => self.v1_tainted()?,
                "deposed" => deposed = self.deposed()?,
                _ => provider = self.provider()?,
            }
        }
        let provider = match provider {
            Some(provider) => provider,
            None => provider::implied(&key.type_name).map_err(|what| self.reader.invalid_at(offset, what))?,
        };
        Ok(Resource { key, offset, path, provider, primary, deposed })
    }

    /// The provider that the entry names, if it names one.
    fn provider(&mut self) -> Result<Option<Provider>, JsonError> {
        let at = self.reader.offset();
        let text = self.text()?;
        if text.is_empty() {
            return Ok(None);
        }
        provider::parse(&text).map(Some).map_err(|what| self.reader.invalid_at(at, what))
    }

    fn deposed(&mut self) -> Result<Vec<Instance<'a>>, JsonError> {
        let mut deposed = Vec::new();
        if self.enter_array()? {
            while self.reader.next_element()? {
                deposed.push(self.instance()?);
            }
        }
        Ok(deposed)
    }

    pub(super) fn instance(&mut self) -> Result<Instance<'a>, JsonError> {
        let limit = self.reader.limits().max_instances;
        self.instances += 1;
        if self.instances > limit {
            return Err(self.reader.error(E::TooMany { what: "resource instances", limit }));
        }
        let names: &[_] = match self.format {
            Format::V1 => &["id", "attributes", "meta"],
            _ => &["id", "attributes", "meta", "tainted"],
        };
        let mut instance = Instance::default();
        let mut id = Text::default();
        self.reader.enter_object()?;
        while let Some(name) = self.member(names)? {
            match name {
                "id" => id = self.text()?,
                "attributes" => instance.attributes = self.flat_map()?,
                "tainted" => instance.tainted = self.flag()?,
                _ => self.meta(&mut instance)?,
            }
        }
        // The id stood beside the attributes and in them. Hand-written states may have it beside them only.
        let missing = |map: &FlatMap<'_>| map.get("id").is_none_or(|text| text.is_empty());
        if !id.is_empty() && instance.attributes.as_ref().is_none_or(missing) {
            instance.attributes.get_or_insert_default().insert("id".into(), id);
        }
        Ok(instance)
    }

    fn meta(&mut self, instance: &mut Instance<'a>) -> Result<(), JsonError> {
        if !self.enter_object()? {
            return Ok(());
        }
        while let Some(key) = self.reader.next_member()? {
            let at = self.reader.offset();
            let value = match self.format {
                Format::V1 => self.v1_meta_value()?,
                _ => self.value()?,
            };
            let version = match &*key {
                "schema_version" => version::schema_version(value).map_err(|what| self.reader.invalid_at(at, what))?,
                _ => None,
            };
            match version {
                Some(version) => instance.schema_version = version,
                None => drop(instance.private.insert(key, value)),
            }
        }
        Ok(())
    }

    /// Any value whose numbers terraform could read.
    fn value(&mut self) -> Result<Raw<'a>, JsonError> {
        let at = self.reader.offset();
        let value = self.reader.raw()?;
        if print::has_only_finite_numbers(value) {
            return Ok(value);
        }
        Err(self.reader.invalid_at(at, "a number larger than a 64-bit float can be"))
    }

    /// The next of the members of the open object that `names` has, its value to be read next. Others are passed.
    fn member(&mut self, names: &[&'static str]) -> Result<Option<&'static str>, JsonError> {
        while let Some(key) = self.reader.next_known_member(names)? {
            if let Some(name) = names.iter().find(|name| **name == key) {
                return Ok(Some(name));
            }
            self.reader.raw()?;
        }
        Ok(None)
    }

    /// Enters an object, unless `null` stands in its place.
    fn enter_object(&mut self) -> Result<bool, JsonError> {
        Ok(!self.reader.null()? && self.reader.enter_object().map(|()| true)?)
    }

    /// Enters an array, unless `null` stands in its place.
    pub(super) fn enter_array(&mut self) -> Result<bool, JsonError> {
        Ok(!self.reader.null()? && self.reader.enter_array().map(|()| true)?)
    }

    pub(super) fn text(&mut self) -> Result<Text<'a>, JsonError> {
        if self.reader.null()? { Ok(Text::default()) } else { self.reader.string() }
    }

    fn flag(&mut self) -> Result<bool, JsonError> {
        Ok(!self.reader.null()? && self.reader.boolean()?)
    }

    fn texts(&mut self) -> Result<Vec<Text<'a>>, JsonError> {
        let mut texts = Vec::new();
        if self.enter_array()? {
            while self.reader.next_element()? {
                texts.push(self.text()?);
            }
        }
        Ok(texts)
    }

    fn flat_map(&mut self) -> Result<Option<FlatMap<'a>>, JsonError> {
        if !self.enter_object()? {
            return Ok(None);
        }
        let mut map = FlatMap::new();
        while let Some(key) = self.reader.next_member()? {
            let text = self.text()?;
            map.insert(key, text);
        }
        Ok(Some(map))
    }
}

/// The address of the module with this path, such as `module.a.module.b` for `root`, `a`, `b`.
fn module_address(path: &[Text<'_>]) -> Result<String, &'static str> {
    let Some(names) = path.split_first().filter(|(first, _)| *first == "root").map(|(_, names)| names) else {
        return Err("a module path that does not begin with root");
    };
    if !names.iter().all(|name| resource_key::is_identifier(name)) {
        return Err("a module path with a name that is not an identifier");
    }
    let steps: Vec<_> = names.iter().map(|name| format!("module.{name}")).collect();
    Ok(steps.join("."))
}
