//! Values: the tree of modules, resources and outputs that `prior_state`, `planned_values` and the show JSON of a state
//! have in common.

use bytes::Bytes;

use super::mask::read_mask;
use super::naming::{Naming, Problem, parsed};
use super::optional::{Read, each_element, each_member, flag, object, pass, raw, text};
use crate::address::{AddressError, InstanceAddress, ModuleAddress, ResourceAddress};
use crate::attribute_path::AttributePath;
use crate::json::{JsonError, JsonErrorKind, Kind, Place, RawJson, Reader};
use crate::snapshot::{Attributes, ResourceObject};

/// An output of the root module. `Debug` does not show its value.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct OutputValue {
    /// Its name.
    pub name: Box<str>,
    /// Whether the configuration marks it as sensitive.
    pub sensitive: bool,
    /// Its value, `None` where it is null or not known yet.
    pub value: Option<RawJson>,
}

/// What a tree of values holds.
#[derive(Debug, Default)]
pub(super) struct Values {
    /// The objects of all modules, each with the offset of its entry.
    pub(super) objects: Vec<(usize, ResourceObject)>,
    /// The outputs of the root module, sorted by name.
    pub(super) outputs: Vec<OutputValue>,
}

/// A module, the addresses in it not settled yet: its own address may follow what it holds.
#[derive(Debug, Default)]
struct Module {
    at: usize,
    address: Option<(usize, ModuleAddress)>,
    resources: Vec<Resource>,
    children: Vec<Module>,
}

#[derive(Debug)]
struct Resource {
    naming: Naming,
    provider: Box<str>,
    schema_version: u64,
    tainted: bool,
    attributes: Attributes,
    sensitive: Vec<AttributePath>,
    dependencies: Vec<ResourceAddress>,
}

/// A problem in a tree, with the path from the tree's root.
struct Misplaced(Problem, String);

impl Values {
    /// Reads a tree. `null` is an empty one.
    pub(super) fn read(source: &Bytes, reader: &mut Reader<'_>) -> Read<Self> {
        let mut values = Self::default();
        let mut root = Module::default();
        let mut count = 0;
        each_member(reader, |reader, key| match key {
            "outputs" => each_member(reader, |reader, name| {
                values.outputs.push(OutputValue::read(source, reader, name)?);
                Ok(())
            }),
            "root_module" => {
                root = Module::read(source, reader, &mut count)?;
                Ok(())
            }
            _ => pass(reader),
        })?;
        values.outputs.sort_by(|a, b| a.name.cmp(&b.name));
        root.address = None;
        let objects = root.flatten(&ModuleAddress::ROOT, &mut values.objects);
        objects.map_err(|Misplaced(problem, path)| {
            let mut full = reader.path();
            full.push_str(if full.is_empty() { "root_module" } else { ".root_module" });
            full.push_str(&path);
            let kind = JsonErrorKind::Invalid(problem.what);
            JsonError { kind, place: Place::of(source, problem.at), path: full }
        })?;
        Ok(values)
    }
}

impl OutputValue {
    fn read(source: &Bytes, reader: &mut Reader<'_>, name: &str) -> Read<Self> {
        let mut output = Self { name: name.into(), sensitive: false, value: None };
        each_member(reader, |reader, key| {
            match key {
                "sensitive" => output.sensitive = flag(reader)?.unwrap_or_default(),
                "value" => output.value = raw(source, reader)?,
                _ => pass(reader)?,
            }
            Ok(())
        })?;
        Ok(output)
    }
}

impl Module {
    /// Recursion is bounded by the depth that the reader allows.
    fn read(source: &Bytes, reader: &mut Reader<'_>, count: &mut usize) -> Read<Self> {
        let mut module = Self { at: reader.offset(), ..Self::default() };
        each_member(reader, |reader, key| match key {
            "address" => {
                let at = reader.offset();
                module.address = parsed(reader)?.map(|address| (at, address));
                Ok(())
            }
            "resources" => each_element(reader, |reader| {
                let limit = reader.limits().max_instances;
                if *count >= limit {
                    return Err(reader.error(JsonErrorKind::TooMany { what: "resource instances", limit }));
                }
                *count += 1;
                module.resources.push(Resource::read(source, reader)?);
                Ok(())
            }),
            "child_modules" => each_element(reader, |reader| {
                module.children.push(Self::read(source, reader, count)?);
                Ok(())
            }),
            _ => pass(reader),
        })?;
        Ok(module)
    }

    /// Settles the addresses of what stands in this module, which is at `here`.
    fn flatten(self, here: &ModuleAddress, objects: &mut Vec<(usize, ResourceObject)>) -> Result<(), Misplaced> {
        for (position, resource) in self.resources.into_iter().enumerate() {
            let at = resource.naming.at;
            let object = resource.resolve(here);
            let object = object.map_err(|problem| Misplaced(problem, format!(".resources[{position}]")))?;
            objects.push((at, object));
        }
        for (position, child) in self.children.into_iter().enumerate() {
            let result = match child.settle(here) {
                Ok(address) => child.flatten(&address, objects),
                Err(problem) => Err(Misplaced(problem, String::new())),
            };
            result
                .map_err(|Misplaced(problem, path)| Misplaced(problem, format!(".child_modules[{position}]{path}")))?;
        }
        Ok(())
    }

    /// The address of this module, a child of the one at `parent`.
    fn settle(&self, parent: &ModuleAddress) -> Result<ModuleAddress, Problem> {
        let Some((at, address)) = &self.address else {
            return Err(Problem::new(self.at, "a child module without an address"));
        };
        let inside = address.steps.len() == parent.steps.len() + 1 && address.steps.starts_with(&parent.steps);
        if !inside {
            return Err(Problem::new(*at, "the address is not that of a child of the module that holds it"));
        }
        Ok(address.clone())
    }
}

impl Resource {
    fn read(source: &Bytes, reader: &mut Reader<'_>) -> Read<Self> {
        let mut resource = Self {
            naming: Naming::at(reader),
            provider: Box::default(),
            schema_version: 0,
            tainted: false,
            attributes: Attributes::None,
            sensitive: Vec::new(),
            dependencies: Default::default(),
        };
        reader.expect(Kind::Object)?;
        each_member(reader, |reader, key| {
            match key {
                "provider_name" => resource.provider = text(reader)?.unwrap_or_default(),
                "schema_version" if reader.peek()? != Kind::Null => resource.schema_version = reader.unsigned()?,
                "values" => {
                    let values = object(source, reader)?;
                    resource.attributes = values.map_or(Attributes::None, Attributes::Nested);
                }
                "sensitive_values" => resource.sensitive = read_mask(reader)?,
                "tainted" => resource.tainted = flag(reader)?.unwrap_or_default(),
                "depends_on" => each_element(reader, |reader| {
                    resource.dependencies.extend(read_dependency(reader)?);
                    Ok(())
                })?,
                _ if resource.naming.read(reader, key)? => {}
                _ => pass(reader)?,
            }
            Ok(())
        })?;
        Ok(resource)
    }

    fn resolve(self, here: &ModuleAddress) -> Result<ResourceObject, Problem> {
        Ok(ResourceObject {
            address: self.naming.resolve(Some(here))?,
            provider: self.provider,
            schema_version: self.schema_version,
            tainted: self.tainted,
            attributes: self.attributes,
            sensitive: self.sensitive,
            unknown: Vec::new(),
            fingerprints: Vec::new(),
            dependencies: self.dependencies.into(),
        })
    }
}

/// Reads one entry of `depends_on`, without keys. A dependency on a whole module, as terraform 0.12 had it, is passed over:
/// it names no resource.
fn read_dependency(reader: &mut Reader<'_>) -> Read<Option<ResourceAddress>> {
    let at = reader.offset();
    let Some(name) = text(reader)? else {
        return Ok(None);
    };
    if name.parse::<ModuleAddress>().is_ok() {
        return Ok(None);
    }
    let address: Result<InstanceAddress, AddressError> = name.parse();
    let address = address.map_err(|error| reader.invalid_at(at, error.to_string()))?;
    Ok(Some(address.resource.without_keys()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Limits;

    fn read(text: &str) -> Result<Values, String> {
        let source = Bytes::copy_from_slice(text.as_bytes());
        let mut reader = Reader::new(&source, &Limits::default()).unwrap();
        Values::read(&source, &mut reader).map_err(|error| error.to_string())
    }

    fn addresses(values: &Values) -> Vec<String> {
        values.objects.iter().map(|(_, object)| object.address.to_string()).collect()
    }

    #[test]
    fn flattens_modules_whose_address_follows_their_resources() {
        let values = read(
            r#"{"root_module":{"resources":[{"address":"t.a","values":{"x":1},"sensitive_values":{"x":true},"tainted":true,
                "depends_on":["module.m.t.b","t.c[0]","module.old"],"provider_name":"p","schema_version":3}],
              "child_modules":[{"resources":[{"address":"module.m[\"k\"].t.b[1]","index":1,"deposed_key":"0a1b2c3d"}],
                "child_modules":[{"resources":[{"address":"t.d","index":"x"}],"address":"module.m[\"k\"].module.n"}],
                "address":"module.m[\"k\"]"}]},
              "outputs":{"z":{"sensitive":true,"value":"s"},"a":{"sensitive":false,"value":null}}}"#,
        )
        .unwrap();
        assert_eq!(
            addresses(&values),
            ["t.a", r#"module.m["k"].t.b[1] (deposed object 0a1b2c3d)"#, r#"module.m["k"].module.n.t.d["x"]"#]
        );
        let first = &values.objects.first().unwrap().1;
        assert!(first.tainted && first.schema_version == 3);
        let dependencies: Vec<_> = first.dependencies.iter().map(ToString::to_string).collect();
        assert_eq!(dependencies, ["module.m.t.b", "t.c"]);
        assert_eq!(first.value().to_string(), r#"{"x": (sensitive value)}"#);
        let outputs: Vec<_> = values.outputs.iter().map(|output| (&*output.name, output.sensitive)).collect();
        assert_eq!(outputs, [("a", false), ("z", true)]);
    }

    #[test]
    fn takes_null_for_what_is_missing() {
        for text in ["null", "{}", r#"{"root_module":null,"outputs":null}"#, r#"{"root_module":{"resources":null}}"#] {
            assert!(read(text).unwrap().objects.is_empty());
        }
        let bare = read(r#"{"root_module":{"resources":[{"address":"t.a","values":null,"schema_version":null}]}}"#);
        assert!(matches!(bare.unwrap().objects.first().unwrap().1.attributes, Attributes::None));
    }

    #[test]
    fn names_the_place_and_path_of_a_contradiction() {
        let wrong = r#"{"root_module":{"child_modules":[{"address":"module.m","child_modules":[{"address":"module.x.module.y"}]}]}}"#;
        insta::assert_snapshot!(read(wrong).unwrap_err(), @"1:84: at root_module.child_modules[0].child_modules[0]: the address is not that of a child of the module that holds it");
        let wrong = "{\"root_module\":{\"child_modules\":[{\"address\":\"module.m\",\n\"resources\":[{\"address\":\"module.n.t.a\"}]}]}}";
        insta::assert_snapshot!(read(wrong).unwrap_err(), @"2:25: at root_module.child_modules[0].resources[0]: the address names another module than the one that holds the resource");
        let wrong = r#"{"root_module":{"child_modules":[{"resources":[]}]}}"#;
        insta::assert_snapshot!(read(wrong).unwrap_err(), @"1:34: at root_module.child_modules[0]: a child module without an address");
        let wrong = r#"{"root_module":{"resources":[{"address":"t.a","values":"CANARY"}]}}"#;
        insta::assert_snapshot!(read(wrong).unwrap_err(), @"1:56: at root_module.resources[0].values: expected an object, found a string");
    }

    #[test]
    fn bounds_the_number_of_instances() {
        let source = Bytes::from_static(br#"{"root_module":{"resources":[{"address":"t.a"},{"address":"t.b"}]}}"#);
        let limits = Limits { max_instances: 1, ..Limits::default() };
        let mut reader = Reader::new(&source, &limits).unwrap();
        let error = Values::read(&source, &mut reader).unwrap_err();
        assert!(error.to_string().ends_with("more than 1 resource instances"), "{error}");
    }
}
