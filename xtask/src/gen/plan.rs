//! What a state holds, without its attributes: modules, resources and how many instances each has.
//!
//! A resource takes a few bytes here, so that a plan of a million instances is small; attributes are made again from the
//! seed whenever they are written.

use fastrand::Rng;

use super::catalogue::Catalogue;
use super::words::{KEYS, NAMES, REGIONS, pick};

/// Streams of random numbers that must not depend on each other.
#[derive(Debug, Clone, Copy)]
#[repr(u64)]
pub(crate) enum Stream {
    Plan = 1,
    /// What the resources of one module share.
    Place = 2,
    Content = 3,
    Dependencies = 4,
    Fate = 5,
    Drift = 6,
    Layout = 7,
    Order = 8,
    Deposed = 9,
    Extra = 10,
}

/// The generator of one stream for one thing.
pub(crate) fn generator(seed: u64, stream: Stream, at: u64) -> Rng {
    Rng::with_seed(mix(seed ^ mix(stream as u64) ^ mix(at.wrapping_mul(0x9e37_79b9_7f4a_7c15))))
}

/// The finaliser of splitmix64: seeds that are close give numbers that are not.
fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Everything that a state holds, sorted as terraform sorts it.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) seed: u64,
    pub(crate) modules: Vec<Module>,
    pub(crate) resources: Vec<Resource>,
}

/// A module instance.
#[derive(Debug)]
pub(crate) struct Module {
    /// Its address with keys; empty for the root.
    pub(crate) address: String,
    /// Its address without keys, as dependencies name it.
    pub(crate) path: String,
    /// Where its resources stand in [`Plan::resources`].
    pub(crate) resources: std::ops::Range<usize>,
}

/// A resource of a module instance.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Resource {
    pub(crate) module: u32,
    /// Its place in the catalogue.
    pub(crate) kind: u16,
    name: u16,
    pub(crate) keys: Keys,
    /// The number of its first instance among all.
    pub(crate) first: u32,
    pub(crate) count: u16,
}

/// How the instances of a resource are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Keys {
    None,
    Count,
    /// From this place in the list of keys on.
    ForEach(u8),
}

/// The key of one instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Key {
    None,
    Int(u16),
    Text(&'static str),
}

impl Resource {
    pub(crate) fn name(&self) -> String {
        name(usize::from(self.name))
    }

    /// The key of an instance, by its place in the resource.
    pub(crate) fn key(&self, at: u16) -> Key {
        match self.keys {
            Keys::None => Key::None,
            Keys::Count => Key::Int(at),
            Keys::ForEach(first) => {
                KEYS.get(usize::from(first) + usize::from(at)).map_or(Key::None, |key| Key::Text(key))
            }
        }
    }
}

fn name(number: usize) -> String {
    let word = NAMES.get(number % NAMES.len()).copied().unwrap_or_default();
    match number / NAMES.len() {
        0 => word.to_owned(),
        round => format!("{word}_{round}"),
    }
}

impl Plan {
    /// A plan of exactly so many instances.
    pub(crate) fn new(seed: u64, instances: u32, catalogue: &Catalogue) -> Result<Self, String> {
        let mut plan = Self { seed, modules: Vec::new(), resources: Vec::new() };
        let mut rng = generator(seed, Stream::Plan, 0);
        let weights: u32 = catalogue.types.iter().map(|kind| kind.weight).sum();
        let mut planned = 0;
        let mut block = 0;
        plan.add_module(String::new(), String::new());
        while planned < instances {
            // Module blocks are numbered, so that they sort in the order in which they are made.
            let blocks =
                if block == 0 { vec![(String::new(), String::new())] } else { module_instances(block, &mut rng) };
            for (at, (address, path)) in blocks.into_iter().enumerate() {
                if block > 0 || at > 0 {
                    plan.add_module(address, path);
                }
                let size = if block == 0 { 50 } else { rng.u32(8..60) };
                plan.fill_module(size, instances, &mut planned, weights, catalogue, &mut rng)?;
                if planned >= instances {
                    break;
                }
            }
            block += 1;
        }
        Ok(plan)
    }

    fn add_module(&mut self, address: String, path: String) {
        let start = self.resources.len();
        self.modules.push(Module { address, path, resources: start..start });
    }

    /// Adds resources to the last module.
    fn fill_module(
        &mut self,
        size: u32,
        instances: u32,
        planned: &mut u32,
        weights: u32,
        catalogue: &Catalogue,
        rng: &mut Rng,
    ) -> Result<(), String> {
        let module = u32::try_from(self.modules.len()).map_err(|error| error.to_string())?.saturating_sub(1);
        let mut used: Vec<(usize, usize)> = Vec::new();
        let mut drawn = Vec::new();
        let mut left = instances - *planned;
        for _ in 0..size {
            if left == 0 {
                break;
            }
            let kind = draw_type(catalogue, weights, rng);
            let mut number = usize::from(rng.u16(0..8));
            while used.contains(&(kind, number)) {
                number += 1;
            }
            used.push((kind, number));
            let (keys, count) = match rng.u32(0..10) {
                0..6 => (Keys::None, 1),
                6..8 => (Keys::Count, rng.u16(1..6)),
                _ => {
                    let count = rng.u16(1..6);
                    let first = rng.u8(0..4);
                    (Keys::ForEach(first), count)
                }
            };
            let count = count.min(u16::try_from(left).unwrap_or(u16::MAX));
            left -= u32::from(count);
            let name = u16::try_from(number).map_err(|error| error.to_string())?;
            let kind = u16::try_from(kind).map_err(|error| error.to_string())?;
            drawn.push(Resource { module, kind, name, keys, first: 0, count });
        }
        drawn.sort_by_cached_key(|resource| (resource.kind, resource.name()));
        for resource in &mut drawn {
            resource.first = *planned;
            *planned += u32::from(resource.count);
        }
        self.resources.extend(drawn);
        if let Some(module) = self.modules.last_mut() {
            module.resources.end = self.resources.len();
        }
        Ok(())
    }

    /// The addresses that a resource depends on, without keys, sorted.
    pub(crate) fn dependencies(&self, resource: &Resource, catalogue: &Catalogue) -> Vec<String> {
        let mut rng = generator(self.seed, Stream::Dependencies, resource.first.into());
        let level = |resource: &Resource| catalogue.types.get(usize::from(resource.kind)).map_or(0, |kind| kind.level);
        let own = level(resource);
        let root = self.modules.first().map(|module| module.resources.clone()).unwrap_or_default();
        let module = self.modules.get(resource.module as usize).map(|module| module.resources.clone());
        let mut found = Vec::new();
        for range in [module.unwrap_or_default(), root] {
            for _ in 0..rng.u32(0..5) {
                if range.is_empty() {
                    continue;
                }
                let at = rng.u64(range.start as u64..range.end as u64);
                let other = usize::try_from(at).ok().and_then(|at| self.resources.get(at));
                found.extend(
                    other.filter(|other| level(other) < own).map(|other| self.config_address(other, catalogue)),
                );
            }
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    fn config_address(&self, resource: &Resource, catalogue: &Catalogue) -> String {
        let path = self.modules.get(resource.module as usize).map_or("", |module| module.path.as_str());
        address(path, catalogue, resource.kind, &resource.name(), Key::None)
    }
}

/// The address of an instance in the module with this address.
pub(crate) fn address(module: &str, catalogue: &Catalogue, kind: u16, name: &str, key: Key) -> String {
    let kind = catalogue.types.get(usize::from(kind));
    let (data, kind) = kind.map_or(("", ""), |kind| (if kind.is_data() { "data." } else { "" }, kind.name.as_str()));
    let dot = if module.is_empty() { "" } else { "." };
    let key = match key {
        Key::None => String::new(),
        Key::Int(at) => format!("[{at}]"),
        Key::Text(text) => format!("[\"{text}\"]"),
    };
    format!("{module}{dot}{data}{kind}.{name}{key}")
}

fn draw_type(catalogue: &Catalogue, weights: u32, rng: &mut Rng) -> usize {
    let mut drawn = rng.u32(0..weights);
    catalogue
        .types
        .iter()
        .position(|kind| match drawn.checked_sub(kind.weight) {
            Some(rest) => {
                drawn = rest;
                false
            }
            None => true,
        })
        .unwrap_or(0)
}

/// The instances of a module block, and those of a block inside of it, sorted: addresses with and without keys.
fn module_instances(block: u32, rng: &mut Rng) -> Vec<(String, String)> {
    let path = format!("module.service_{block:06}");
    let keys: Vec<String> = match rng.u32(0..4) {
        0 | 1 => vec![String::new()],
        2 => (0..rng.u32(1..4)).map(|at| format!("[{at}]")).collect(),
        _ => REGIONS.iter().filter(|_| rng.bool()).map(|region| format!("[\"{region}\"]")).collect(),
    };
    let inner = rng.u32(0..3) == 0;
    let inner_key = pick(rng, &["", "[\"billing.eu\"]", "[0]"]);
    let mut made = Vec::new();
    for key in keys {
        made.push((format!("{path}{key}"), path.clone()));
        if inner {
            made.push((format!("{path}{key}.module.storage{inner_key}"), format!("{path}.module.storage")));
        }
    }
    made
}
