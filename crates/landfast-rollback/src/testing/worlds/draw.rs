//! Random worlds, what the planner is told of them, and what is to become of them.

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use landfast_drift::{CompareOptions, RuleSet};
use landfast_safety::Target;
use landfast_state::address::ObjectAddress;
use landfast_state::{
    BytesDigest, FingerprintKey, Members, Origin, ResourceObject, Sensitive, Snapshot, SourceKind, Value,
};

use crate::planner::{ChangeScope, Planner, TraitSet, Wanted};
use crate::testing::{Kind, MemoryWorld, Stage};

const PROVIDER: &str = "registry.terraform.io/hashicorp/memory";

/// What the planner is told. It says nothing of `mem_odd`, and nothing of what the world really does.
const TRAITS: &str = r#"
[[type]]
pattern = "mem_plain"
[[type]]
pattern = "mem_named"
computed = ["id"]
[[type]]
pattern = "mem_store"
stateful = true
computed = ["id"]
[[type]]
pattern = "mem_engine"
engine_version = ["version"]
[[type]]
pattern = "mem_disk"
storage = ["version"]
[[type]]
pattern = "mem_token"
write_only = ["token"]
[[type]]
pattern = "mem_secret"
[[type]]
pattern = "mem_fixed"
computed = ["id"]
forces_replacement = ["zone"]
"#;

/// Rules by which objects are compared: none, so that whatever differs counts.
const RULES: &str = "[pack]\nid = \"memory\"\nversion = 1\ndescription = \"The random worlds.\"\n";

const TYPES: &[&str] = &[
    "mem_plain",
    "mem_named",
    "mem_store",
    "mem_engine",
    "mem_disk",
    "mem_token",
    "mem_secret",
    "mem_fixed",
    "mem_odd",
];

pub(super) fn key() -> FingerprintKey {
    FingerprintKey::from_bytes([9; 32])
}

pub(super) fn compared() -> CompareOptions {
    static RULE_SET: OnceLock<Arc<RuleSet>> = OnceLock::new();
    let mut options = CompareOptions::default();
    options.rules = Arc::clone(RULE_SET.get_or_init(|| {
        RuleSet::from_toml(&[("memory.toml", RULES)]).map(Arc::new).unwrap_or_else(|_| RuleSet::embedded())
    }));
    options
}

pub(super) fn planner() -> Result<Planner, String> {
    let traits = TraitSet::default().with(TRAITS, "memory").map_err(|error| error.to_string())?;
    Ok(Planner { traits, compared: compared(), ..Planner::default() })
}

pub(super) fn target() -> Target {
    Target {
        environment: String::new(),
        store: "memory".to_owned(),
        workspace: "default".to_owned(),
        lineage: "a-lineage".to_owned(),
        serial: 7,
    }
}

pub(super) fn state() -> BytesDigest {
    BytesDigest::of(b"the state")
}

pub(super) fn snapshot(objects: Vec<ResourceObject>) -> Result<Snapshot, String> {
    let origin = Origin::new(SourceKind::Observation, "memory");
    Snapshot::new(origin, objects, Default::default()).map_err(|error| error.to_string())
}

/// A world and what is to become of it.
pub(super) struct Drawn {
    pub(super) world: MemoryWorld,
    pub(super) wanted: Wanted,
}

struct Draft<'s> {
    stage: &'s Stage,
    world: MemoryWorld,
    before: Vec<ResourceObject>,
    after: Vec<ResourceObject>,
    /// Addresses of what is there, with their ids.
    there: Vec<(ObjectAddress, String)>,
    moves: Vec<(ObjectAddress, ObjectAddress)>,
    replaced: BTreeSet<ObjectAddress>,
    puts_aside: BTreeSet<landfast_state::address::ResourceAddress>,
}

pub(super) fn draw(stage: &Stage) -> Result<Drawn, String> {
    let world = MemoryWorld::new();
    kinds(&world, stage);
    let mut draft = Draft {
        stage,
        world,
        before: Vec::new(),
        after: Vec::new(),
        there: Vec::new(),
        moves: Vec::new(),
        replaced: BTreeSet::new(),
        puts_aside: BTreeSet::new(),
    };
    let is_bookkeeping = stage.chance(120);
    for subject in 0..2 + stage.below(7) {
        if is_bookkeeping { draft.record(subject)? } else { draft.subject(subject)? }
    }
    let (before, after) = (snapshot(draft.before)?, snapshot(draft.after)?);
    let mut wanted = Wanted::new(target(), state(), before, after);
    wanted.author = "somebody".to_owned();
    wanted.now = crate::ports::Clock::now(stage);
    wanted.moves = draft.moves;
    wanted.replaced = draft.replaced;
    wanted.create_before_destroy = draft.puts_aside;
    if is_bookkeeping {
        wanted.scope = ChangeScope::Bookkeeping;
    }
    Ok(Drawn { world: draft.world, wanted })
}

/// What the world really does with objects of each type.
fn kinds(world: &MemoryWorld, stage: &Stage) {
    world.kind("mem_named", Kind::plain().with_computed("id"));
    world.kind("mem_store", Kind::plain().with_computed("id").stateful());
    world.kind("mem_engine", Kind::plain().with_one_way("version"));
    world.kind("mem_disk", Kind::plain().with_one_way("version"));
    world.kind("mem_token", Kind::plain().with_write_only("token"));
    world.kind("mem_fixed", Kind::plain().with_computed("id"));
    let odd = match stage.below(4) {
        0 => Kind::plain(),
        1 => Kind::plain().stateful(),
        2 => Kind::plain().with_one_way("version"),
        _ => Kind::plain().with_write_only("token"),
    };
    world.kind("mem_odd", odd);
}

fn text(text: impl Into<String>) -> Value {
    Value::String(text.into())
}

fn object(address: &ObjectAddress, members: &Members) -> Result<ResourceObject, String> {
    ResourceObject::bare(address.clone(), PROVIDER).with_value(members).map_err(|error| error.to_string())
}

impl Draft<'_> {
    fn members(&mut self, type_name: &str, subject: u64) -> Members {
        let mut members = Members::from([
            ("name".to_owned(), text(format!("name-{subject}-{}", self.stage.below(3)))),
            ("version".to_owned(), Value::Number((1 + self.stage.below(3)).into())),
        ]);
        match type_name {
            "mem_named" | "mem_store" => drop(members.insert("id".to_owned(), text(format!("id-{subject}-first")))),
            "mem_fixed" => {
                members.insert("id".to_owned(), text(format!("id-{subject}-first")));
                members.insert("zone".to_owned(), text("a"));
            }
            "mem_secret" => {
                let secret = Sensitive::new(text(format!("secret-{subject}")));
                members.insert("password".to_owned(), Value::Sensitive(secret));
            }
            // A write-only attribute stands in every state, as null.
            "mem_token" => drop(members.insert("token".to_owned(), Value::Null)),
            _ => {}
        }
        members
    }

    fn subject(&mut self, subject: u64) -> Result<(), String> {
        let chosen = usize::try_from(self.stage.below(TYPES.len() as u64)).unwrap_or(0);
        let name = TYPES.get(chosen).copied().unwrap_or("mem_plain");
        let address: ObjectAddress = format!("{name}.s{subject}").parse().map_err(|_| "no address".to_owned())?;
        let mut members = self.members(name, subject);
        let needed = match self.stage.below(3) {
            0 => None,
            _ => {
                let chosen = usize::try_from(self.stage.below(self.there.len() as u64)).unwrap_or(0);
                self.there.get(chosen).cloned()
            }
        };
        if let Some((_, id)) = &needed {
            members.insert("ref".to_owned(), text(id.as_str()));
        }
        let with_needs = |mut object: ResourceObject| {
            object.dependencies =
                needed.iter().map(|(address, _)| (*address.instance.resource).clone()).collect::<Vec<_>>().into();
            object
        };
        let is_made = self.stage.chance(250);
        if is_made {
            if let Some(id) = members.get_mut("id") {
                *id = Value::Unknown;
            }
            self.after.push(with_needs(object(&address, &members)?));
            return Ok(());
        }
        let mut whole = members.clone();
        if name == "mem_token" || name == "mem_odd" {
            whole.insert("token".to_owned(), text(format!("token-{subject}")));
        }
        self.world.put(with_needs(object(&address, &whole)?));
        let shown = self.world.item(&address).ok_or("it is not there")?.object;
        if let Some(Value::String(id)) = members.get("id") {
            self.there.push((address.clone(), id.clone()));
        }
        self.before.push(shown.clone());
        if self.stage.chance(250) {
            return Ok(());
        }
        let Value::Object(mut members) = shown.value() else { return Err("it is no object".to_owned()) };
        if self.stage.chance(500) {
            members.insert("name".to_owned(), text(format!("new-{subject}")));
        }
        if self.stage.chance(300)
            && let Some(Value::Number(version)) = members.get("version").cloned()
        {
            let number: u64 = version.as_str().parse().unwrap_or(1);
            members.insert("version".to_owned(), Value::Number((number + 1).into()));
        }
        if name == "mem_fixed" && self.stage.chance(600) {
            members.insert("zone".to_owned(), text("b"));
            members.insert("id".to_owned(), Value::Unknown);
            if self.stage.chance(500) {
                self.puts_aside.insert(address.instance.resource.without_keys());
            }
        }
        if name == "mem_secret" && self.stage.chance(500) {
            let secret = Sensitive::new(text(format!("new-secret-{subject}")));
            members.insert("password".to_owned(), Value::Sensitive(secret));
        }
        if name == "mem_plain" && self.stage.chance(200) {
            self.replaced.insert(address.clone());
        }
        self.after.push(with_needs(object(&address, &members)?));
        Ok(())
    }

    /// Something that is recorded, which is adopted, forgotten, moved, or recorded otherwise.
    fn record(&mut self, subject: u64) -> Result<(), String> {
        let address: ObjectAddress = format!("mem_plain.s{subject}").parse().map_err(|_| "no address".to_owned())?;
        let members = self.members("mem_plain", subject);
        let is_there = !self.stage.chance(250);
        if is_there {
            self.world.put(object(&address, &members)?);
            self.before.push(object(&address, &members)?);
        }
        match self.stage.below(4) {
            0 if is_there => {
                let to: ObjectAddress = format!("mem_plain.m{subject}").parse().map_err(|_| "no address".to_owned())?;
                self.after.push(object(&to, &members)?);
                self.moves.push((address, to));
            }
            1 if is_there => {}
            2 if is_there => self.after.push(object(&address, &members)?),
            _ => {
                let mut members = members;
                members.insert("name".to_owned(), text(format!("as-it-is-{subject}")));
                self.after.push(object(&address, &members)?);
            }
        }
        Ok(())
    }
}
