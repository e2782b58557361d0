//! Which object an entry is about. Documents say it twice and more: by `address`, and by `module_address`, `mode`, `type`,
//! `name` and `index`. The address is taken, and what contradicts it is refused.
//!
//! Format 0.1 leaves some of it out: terraform 0.12 wrote the addresses of a state without module and key, and the first
//! versions with `resource_drift` wrote its entries without address.

use std::sync::Arc;

use super::optional::{Read, text};
use crate::address::{InstanceAddress, InstanceKey, ModuleAddress, ObjectAddress, ResourceAddress, ResourceMode};
use crate::json::{JsonError, Kind, Reader};

/// A problem at an offset of the document.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) at: usize,
    pub(super) what: String,
}

impl Problem {
    pub(super) fn new(at: usize, what: impl Into<String>) -> Self {
        Self { at, what: what.into() }
    }

    /// The error for an entry that `reader` has just passed.
    pub(super) fn behind(self, reader: &Reader<'_>) -> JsonError {
        reader.invalid_at(self.at, self.what)
    }
}

/// The members of an entry that name its object, each with its offset.
#[derive(Debug)]
pub(super) struct Naming {
    /// Where the entry starts.
    pub(super) at: usize,
    address: Option<(usize, InstanceAddress)>,
    module: Option<(usize, ModuleAddress)>,
    mode: Option<(usize, ResourceMode)>,
    type_name: Option<(usize, Box<str>)>,
    name: Option<(usize, Box<str>)>,
    key: Option<(usize, InstanceKey)>,
    deposed: Option<Box<str>>,
}

impl Naming {
    /// For the entry that `reader` stands before.
    pub(super) fn at(reader: &mut Reader<'_>) -> Self {
        let at = reader.offset();
        Self { at, address: None, module: None, mode: None, type_name: None, name: None, key: None, deposed: None }
    }

    /// Reads the value of `key` if it is one of the members that name an object, and says whether it was.
    pub(super) fn read(&mut self, reader: &mut Reader<'_>, key: &str) -> Read<bool> {
        let at = reader.offset();
        match key {
            "address" => self.address = parsed(reader)?.map(|address| (at, address)),
            "module_address" => self.module = parsed(reader)?.map(|module| (at, module)),
            "type" => self.type_name = text(reader)?.map(|name| (at, name)),
            "name" => self.name = text(reader)?.map(|name| (at, name)),
            "mode" => {
                if let Some(name) = text(reader)? {
                    let mode = ResourceMode::from_name(&name);
                    let mode = mode.ok_or_else(|| reader.invalid_at(at, "not a mode that resources have"))?;
                    self.mode = Some((at, mode));
                }
            }
            "index" => self.key = read_key(reader)?.map(|key| (at, key)),
            "deposed" | "deposed_key" => self.deposed = deposed_key(reader)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    /// The object's address. `holder` is the module that holds the entry, where the document nests it in one.
    pub(super) fn resolve(self, holder: Option<&ModuleAddress>) -> Result<ObjectAddress, Problem> {
        let Some((at, named)) = &self.address else {
            return self.without_address(holder);
        };
        let at = *at;
        let mut resource = named.resource.as_ref().clone();
        let module = self.module.as_ref().map(|(at, module)| (*at, module)).or(holder.map(|module| (at, module)));
        if let Some((at, module)) = module.filter(|(_, module)| **module != resource.module) {
            if !resource.module.is_root() {
                return Err(Problem::new(at, "the address names another module than the one that holds the resource"));
            }
            resource.module = module.clone();
        }
        if let Some((at, _)) = self.mode.filter(|(_, mode)| *mode != resource.mode) {
            return Err(Problem::new(at, "the mode is not that of the address"));
        }
        if let Some((at, _)) = self.type_name.as_ref().filter(|(_, name)| *name != resource.type_name) {
            return Err(Problem::new(*at, "the type is not that of the address"));
        }
        if let Some((at, _)) = self.name.as_ref().filter(|(_, name)| *name != resource.name) {
            return Err(Problem::new(*at, "the name is not that of the address"));
        }
        let key = match (named.key.clone(), self.key) {
            (InstanceKey::None, Some((_, key))) => key,
            (key, Some((at, other))) if key != other => {
                return Err(Problem::new(at, "the index is not that of the address"));
            }
            (key, _) => key,
        };
        Ok(ObjectAddress { instance: Arc::new(resource).instance(key), deposed: self.deposed })
    }

    /// Puts the address together where only its parts are there and the module is certain.
    fn without_address(self, holder: Option<&ModuleAddress>) -> Result<ObjectAddress, Problem> {
        let missing = |at| Problem::new(at, "the address is missing, and the rest does not make one");
        let module = self.module.as_ref().map(|(_, module)| module).or(holder).cloned();
        let parts = (module, self.type_name, self.name);
        let (Some(module), Some((at, type_name)), Some((_, name))) = parts else {
            return Err(missing(self.at));
        };
        let mode = self.mode.map_or(ResourceMode::Managed, |(_, mode)| mode);
        let bare = ResourceAddress { module, mode, type_name, name };
        // What the parser refuses cannot stand in an address.
        let resource = bare.to_string().parse::<ResourceAddress>().ok().filter(|parsed| *parsed == bare);
        let resource = Arc::new(resource.ok_or_else(|| missing(at))?);
        let key = self.key.map_or(InstanceKey::None, |(_, key)| key);
        Ok(ObjectAddress { instance: resource.instance(key), deposed: self.deposed })
    }

    /// Whether the entry says which module holds it, or has an address that does.
    pub(super) fn is_placed(&self) -> bool {
        self.address.is_some() || self.module.is_some()
    }

    /// Whether what the entry says of its object fits `address`.
    pub(super) fn fits(&self, address: &ObjectAddress) -> bool {
        let resource = &address.instance.resource;
        self.mode.is_none_or(|(_, mode)| mode == resource.mode)
            && self.type_name.as_ref().is_some_and(|(_, name)| *name == resource.type_name)
            && self.name.as_ref().is_some_and(|(_, name)| *name == resource.name)
            && self.key.as_ref().is_none_or(|(_, key)| *key == address.instance.key)
            && self.deposed == address.deposed
    }
}

/// Reads an address of any kind, or `None` for `null`.
pub(super) fn parsed<T>(reader: &mut Reader<'_>) -> Read<Option<T>>
where
    T: std::str::FromStr<Err = crate::address::AddressError>,
{
    let at = reader.offset();
    if reader.null()? {
        return Ok(None);
    }
    let address = reader.string()?.parse();
    address.map(Some).map_err(|error: crate::address::AddressError| reader.invalid_at(at, error.to_string()))
}

fn read_key(reader: &mut Reader<'_>) -> Read<Option<InstanceKey>> {
    let at = reader.offset();
    match reader.peek()? {
        Kind::String => reader.string().map(|key| Some(InstanceKey::String(key.into()))),
        Kind::Null => reader.null().map(|_| None),
        _ => {
            let index = reader.number()?.parse();
            let index = index.map_err(|_| reader.invalid_at(at, "the index is not an integer"))?;
            Ok(Some(InstanceKey::Int(index)))
        }
    }
}

fn deposed_key(reader: &mut Reader<'_>) -> Read<Option<Box<str>>> {
    let at = reader.offset();
    let key = text(reader)?.filter(|key| !key.is_empty());
    if key.as_ref().is_some_and(|key| !key.bytes().all(|byte| byte.is_ascii_alphanumeric())) {
        return Err(reader.invalid_at(at, "the key of the deposed object is not one"));
    }
    Ok(key)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Limits;

    fn resolve(entry: &str, holder: Option<&str>) -> Result<String, String> {
        let mut reader = Reader::new(entry.as_bytes(), &Limits::default()).unwrap();
        let mut naming = Naming::at(&mut reader);
        reader.enter_object().unwrap();
        while let Some(key) = reader.next_member().unwrap() {
            assert!(naming.read(&mut reader, &key).map_err(|error| error.to_string())?);
        }
        let holder = holder.map(|holder| holder.parse().unwrap());
        let address = naming.resolve(holder.as_ref());
        address.map(|address| address.to_string()).map_err(|problem| format!("{}: {}", problem.at, problem.what))
    }

    #[test]
    fn takes_the_address_with_what_it_leaves_out() {
        let full = r#"{"address":"module.a[0].data.t.n[\"k\"]","mode":"data","type":"t","name":"n","index":"k"}"#;
        assert_eq!(resolve(full, None).unwrap(), r#"module.a[0].data.t.n["k"]"#);
        assert_eq!(resolve(full, Some("module.a[0]")).unwrap(), r#"module.a[0].data.t.n["k"]"#);
        assert_eq!(resolve(r#"{"address":"t.n","index":2}"#, Some("module.a")).unwrap(), "module.a.t.n[2]");
        assert_eq!(resolve(r#"{"address":"t.n","module_address":"module.b"}"#, None).unwrap(), "module.b.t.n");
        assert_eq!(resolve(r#"{"type":"t","name":"n","index":1}"#, Some("")).unwrap(), "t.n[1]");
        let deposed = r#"{"address":"t.n","deposed":"0a1b2c3d"}"#;
        assert_eq!(resolve(deposed, None).unwrap(), "t.n (deposed object 0a1b2c3d)");
    }

    #[test]
    fn refuses_contradictions() {
        for (entry, problem) in [
            (
                r#"{"address":"module.b.t.n"}"#,
                "11: the address names another module than the one that holds the resource",
            ),
            (r#"{"address":"t.n","mode":"data"}"#, "24: the mode is not that of the address"),
            (r#"{"address":"t.n","type":"u"}"#, "24: the type is not that of the address"),
            (r#"{"address":"t.n","name":"m"}"#, "24: the name is not that of the address"),
            (r#"{"address":"t.n[1]","index":0}"#, "28: the index is not that of the address"),
            (r#"{"address":"t.n[1]","index":"1"}"#, "28: the index is not that of the address"),
            (r#"{"type":"t"}"#, "0: the address is missing, and the rest does not make one"),
            (r#"{"type":"t t","name":"n"}"#, "8: the address is missing, and the rest does not make one"),
            (r#"{"mode":"other"}"#, "1:9: at mode: not a mode that resources have"),
            (r#"{"index":1.5}"#, "1:10: at index: the index is not an integer"),
            (r#"{"deposed":"\u001b"}"#, "1:12: at deposed: the key of the deposed object is not one"),
        ] {
            assert_eq!(resolve(entry, Some("module.a")).unwrap_err(), problem, "{entry}");
        }
    }
}
