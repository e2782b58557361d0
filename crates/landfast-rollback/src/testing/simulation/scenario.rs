//! Random worlds, and random plans for them.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use landfast_safety::{ActionKind, InverseClass, Target};
use landfast_state::address::ObjectAddress;
use landfast_state::{
    AttributePath, BytesDigest, FingerprintKey, Limits, Members, Origin, ResourceObject, Sensitive, Snapshot,
    SourceKind, Value,
};

use crate::operation::{Mode, OnFailure, OperationOptions};
use crate::plan::{Batch, Inverse, Plan, PlanParts, Step, StepId, ThenWait, read_plan, write_plan};
use crate::ports::Clock;
use crate::testing::{Item, Kind, MemoryWorld, Stage};
use crate::values::Values;

/// What no journal, no plan file and no message may hold.
pub(super) const SECRET: &str = "hunter2-and-more";

const PROVIDER: &str = "registry.terraform.io/hashicorp/memory";

/// A type of the simulated world, and what becomes of an object of it that is destroyed and made again.
struct Type {
    name: &'static str,
    after_loss: InverseClass,
}

const TYPES: &[Type] = &[
    Type { name: "mem_plain", after_loss: InverseClass::Exact },
    Type { name: "mem_named", after_loss: InverseClass::NewIdentity },
    Type { name: "mem_store", after_loss: InverseClass::Lossy },
    Type { name: "mem_engine", after_loss: InverseClass::Exact },
    Type { name: "mem_secret", after_loss: InverseClass::Exact },
    Type { name: "mem_token", after_loss: InverseClass::Impossible },
    Type { name: "mem_clock", after_loss: InverseClass::Exact },
];

/// Why a plan is to be refused before anything is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::testing) enum Refusal {
    StaleState,
    OtherPlace,
    Expired,
    CheckFails,
    CheckErrs,
    OtherPlanCleared,
    OtherStateCleared,
    OtherTargetCleared,
    OtherPolicyCleared,
}

pub(super) struct Scenario {
    pub(super) world: MemoryWorld,
    pub(super) initial: BTreeMap<ObjectAddress, Item>,
    pub(super) plan: Plan,
    pub(super) options: OperationOptions,
    pub(super) values: Values,
    pub(super) has_values: bool,
    pub(super) target: Target,
    pub(super) state: BytesDigest,
    pub(super) refusal: Option<Refusal>,
}

pub(super) fn key() -> FingerprintKey {
    FingerprintKey::from_bytes([5; 32])
}

struct Draft<'s> {
    stage: &'s Stage,
    world: MemoryWorld,
    before: Vec<ResourceObject>,
    after: Vec<ResourceObject>,
    steps: Vec<Step>,
}

impl Scenario {
    pub(super) fn draw(stage: &Stage) -> Result<Self, String> {
        let mut draft = Draft { stage, world: world(), before: Vec::new(), after: Vec::new(), steps: Vec::new() };
        for subject in 0..=stage.below(5) {
            draft.subject(subject);
        }
        draft.some_needs();
        let batches = draft.batches();
        let target = Target {
            environment: String::new(),
            store: "memory".to_owned(),
            workspace: "default".to_owned(),
            lineage: "a-lineage".to_owned(),
            serial: 7,
        };
        let state = BytesDigest::of(b"the state");
        let snapshot = |objects: &[ResourceObject]| {
            let origin = Origin::new(SourceKind::Snapshot, "memory");
            Snapshot::new(origin, objects.to_vec(), Default::default()).map_err(|error| error.to_string())
        };
        let (before, after) = (snapshot(&draft.before)?, snapshot(&draft.after)?);
        let refusal = refusal(stage);
        let mut parts = PlanParts::new(target.clone(), state, before.clone(), after.clone());
        parts.author = "somebody".to_owned();
        parts.created = stage.now();
        parts.expires = stage.now() + Duration::from_secs(100_000);
        if refusal == Some(Refusal::Expired) {
            parts.expires = stage.now();
        }
        parts.steps = draft.steps;
        parts.batches = batches;
        let mut plan = parts.into_plan(&key()).map_err(|error| error.to_string())?;
        if stage.chance(500) {
            let text = write_plan(&plan);
            plan = read_plan(&text, "the plan", &Limits::default()).map_err(|error| error.to_string())?;
        }
        let has_values = !stage.chance(60);
        let sources = if has_values { vec![before, after] } else { Vec::new() };
        let (mut target, mut state) = (target, state);
        match refusal {
            Some(Refusal::StaleState) => state = BytesDigest::of(b"another state"),
            Some(Refusal::OtherPlace) => target.workspace = "another".to_owned(),
            _ => {}
        }
        let initial = draft.world.items();
        draft.world.on_stage(stage);
        Ok(Self {
            world: draft.world,
            initial,
            plan,
            options: options(stage),
            values: Values::new(key(), sources),
            has_values,
            target,
            state,
            refusal,
        })
    }
}

fn world() -> MemoryWorld {
    let world = MemoryWorld::new();
    world.kind("mem_named", Kind::plain().with_computed("id"));
    world.kind("mem_store", Kind::plain().with_computed("id").stateful());
    world.kind("mem_engine", Kind::plain().with_one_way("version"));
    world.kind("mem_token", Kind::plain().with_write_only("token"));
    world.kind("mem_clock", Kind::plain().with_volatile("seen"));
    world
}

/// The rules by which the simulation compares: what changes by itself in its world.
pub(super) const RULES: &str = r#"
[pack]
id = "memory"
version = 1
description = "The simulated world."

[[volatile]]
id = "memory-seen"
description = "Another one with every read."
resource_types = ["mem_clock"]
attributes = ["seen"]
"#;

fn refusal(stage: &Stage) -> Option<Refusal> {
    let all = [
        Refusal::StaleState,
        Refusal::OtherPlace,
        Refusal::Expired,
        Refusal::CheckFails,
        Refusal::CheckErrs,
        Refusal::OtherPlanCleared,
        Refusal::OtherStateCleared,
        Refusal::OtherTargetCleared,
        Refusal::OtherPolicyCleared,
    ];
    // Below 80 of a thousand, so that most runs come to something.
    let drawn = usize::try_from(stage.below(110)).ok()?;
    all.get(drawn).copied()
}

fn options(stage: &Stage) -> OperationOptions {
    let mut options = OperationOptions::default();
    if stage.chance(300) {
        options.mode = Mode::Lenient;
        options.stop_threshold = u32::try_from(stage.below(3)).unwrap_or(0);
    }
    if stage.chance(150) {
        options.on_failure = OnFailure::HandOver;
    }
    if stage.chance(200) {
        options.rollback_seconds = Some(stage.below(12));
    }
    options.parallel = usize::try_from(1 + stage.below(4)).unwrap_or(1);
    options.settle_seconds = if stage.chance(300) { 30 } else { 0 };
    options
}

fn object(address: &ObjectAddress, members: Members) -> ResourceObject {
    let bare = ResourceObject::bare(address.clone(), PROVIDER);
    let kept = bare.clone();
    bare.with_value(&members).unwrap_or(kept)
}

fn text(text: impl Into<String>) -> Value {
    Value::String(text.into())
}

fn number(number: u64) -> Value {
    Value::Number(number.into())
}

impl Draft<'_> {
    fn next(&self) -> StepId {
        StepId::new(u32::try_from(self.steps.len() + 1).unwrap_or(u32::MAX))
    }

    fn step(&mut self, action: ActionKind, address: &ObjectAddress, class: InverseClass) -> &mut Step {
        let mut step = Step::new(self.next(), action, address.clone());
        step.timeout = Duration::from_secs(10);
        let class = if self.stage.chance(30) { InverseClass::Unknown } else { class };
        if class != InverseClass::Exact {
            let renewed = match class {
                InverseClass::NewIdentity | InverseClass::Lossy => vec![AttributePath::ROOT.key("id")],
                _ => Vec::new(),
            };
            step.inverse = Inverse { class, reasons: vec!["so it is".to_owned()], renewed };
        }
        let at = self.steps.len();
        self.steps.push(step);
        // The step was put there a line before.
        #[expect(clippy::indexing_slicing, reason = "the step was put there a line before")]
        &mut self.steps[at]
    }

    fn members(&self, type_name: &str, subject: u64, version: u64, is_there: bool) -> Members {
        let mut members = Members::from([
            ("name".to_owned(), text(format!("name-{subject}-{version}"))),
            ("size".to_owned(), number(version)),
        ]);
        let id = if is_there { text(format!("id-{subject}")) } else { Value::Unknown };
        match type_name {
            "mem_named" | "mem_store" => drop(members.insert("id".to_owned(), id)),
            "mem_engine" => drop(members.insert("version".to_owned(), number(1))),
            "mem_secret" => {
                let secret = Sensitive::new(text(format!("{SECRET}-{subject}-{version}")));
                members.insert("password".to_owned(), Value::Sensitive(secret));
            }
            "mem_clock" => drop(members.insert("seen".to_owned(), number(0))),
            _ => {}
        }
        members
    }

    /// Puts an object into the world, as `before` shows it.
    fn there(&mut self, address: &ObjectAddress, type_name: &str, subject: u64) {
        let members = self.members(type_name, subject, 1, true);
        let mut all = members.clone();
        if type_name == "mem_token" {
            all.insert("token".to_owned(), text("only-written"));
        }
        self.world.put(object(address, all));
        self.before.push(object(address, members));
    }

    fn subject(&mut self, subject: u64) {
        let chosen = usize::try_from(self.stage.below(TYPES.len() as u64)).unwrap_or(0);
        let Some(Type { name, after_loss }) = TYPES.get(chosen) else { return };
        let Ok(address) = format!("{name}.s{subject}").parse::<ObjectAddress>() else { return };
        let is_plain = *name == "mem_plain";
        match self.stage.below(if is_plain { 9 } else { 6 }) {
            0 | 1 => {
                self.after.push(object(&address, self.members(name, subject, 2, false)));
                self.step(ActionKind::Create, &address, InverseClass::Exact);
            }
            2 => self.update(&address, name, subject),
            3 => {
                self.there(&address, name, subject);
                self.step(ActionKind::Delete, &address, *after_loss);
            }
            4 => {
                self.there(&address, name, subject);
                self.after.push(object(&address, self.members(name, subject, 2, false)));
                let first = self.step(ActionKind::Delete, &address, *after_loss).id;
                self.step(ActionKind::Create, &address, InverseClass::Exact).needs.push(first);
            }
            5 => self.create_before_destroy(&address, name, subject, *after_loss),
            6 => {
                self.there(&address, name, subject);
                self.step(ActionKind::Forget, &address, InverseClass::Exact);
            }
            7 => {
                if self.stage.chance(500) {
                    self.there(&address, name, subject);
                }
                self.after.push(object(&address, self.members(name, subject, 2, false)));
                self.step(ActionKind::Adopt, &address, InverseClass::Exact);
            }
            _ => {
                let Ok(to) = format!("{name}.moved{subject}").parse::<ObjectAddress>() else { return };
                self.there(&address, name, subject);
                self.after.push(object(&to, self.members(name, subject, 1, false)));
                self.step(ActionKind::Move, &address, InverseClass::Exact).moves_to = Some(to);
            }
        }
    }

    fn update(&mut self, address: &ObjectAddress, name: &str, subject: u64) {
        self.there(address, name, subject);
        let mut members = self.members(name, subject, 2, true);
        let mut class = InverseClass::Exact;
        if name == "mem_engine" && self.stage.chance(500) {
            members.insert("version".to_owned(), number(2));
            class = InverseClass::Impossible;
        }
        self.after.push(object(address, members));
        self.step(ActionKind::Update, address, class).attributes = vec![AttributePath::ROOT.key("name")];
    }

    fn create_before_destroy(&mut self, address: &ObjectAddress, name: &str, subject: u64, after_loss: InverseClass) {
        self.there(address, name, subject);
        self.after.push(object(address, self.members(name, subject, 2, false)));
        let aside = ObjectAddress { instance: address.instance.clone(), deposed: Some("0badc0de".into()) };
        let create = self.step(ActionKind::Create, address, InverseClass::Exact);
        create.deposes = Some("0badc0de".into());
        let first = create.id;
        if self.stage.chance(800) {
            let delete = self.step(ActionKind::Delete, &aside, after_loss);
            delete.replaced = Some(address.clone());
            delete.needs.push(first);
        }
    }

    /// Steps of different objects need each other.
    fn some_needs(&mut self) {
        let count = self.steps.len() as u64;
        for at in 1..count {
            if self.stage.chance(400) {
                let needed = StepId::new(u32::try_from(1 + self.stage.below(at)).unwrap_or(1));
                if let Some(step) = usize::try_from(at).ok().and_then(|at| self.steps.get_mut(at))
                    && !step.needs.contains(&needed)
                {
                    step.needs.push(needed);
                    step.needs.sort();
                }
            }
        }
    }

    fn batches(&self) -> Vec<Batch> {
        let mut batches: Vec<Batch> = Vec::new();
        let mut place: BTreeMap<StepId, usize> = BTreeMap::new();
        for step in &self.steps {
            let first = step.needs.iter().filter_map(|id| place.get(id)).map(|at| at + 1).max().unwrap_or(0);
            let at = first + usize::try_from(self.stage.below(2)).unwrap_or(0);
            let at = at.min(batches.len());
            if at == batches.len() {
                let then = match self.stage.below(10) {
                    0 => ThenWait::Seconds(5),
                    1 => ThenWait::Confirmation,
                    _ => ThenWait::Nothing,
                };
                batches.push(Batch { steps: Vec::new(), then });
            }
            if let Some(batch) = batches.get_mut(at) {
                batch.steps.push(step.id);
            }
            place.insert(step.id, at);
        }
        batches
    }
}

/// The addresses that a plan touches, on either side.
pub(super) fn touched(plan: &Plan) -> BTreeSet<ObjectAddress> {
    let mut all = BTreeSet::new();
    for step in plan.steps() {
        all.insert(step.address.clone());
        all.extend(step.moves_to.clone());
        all.extend(step.replaced.clone());
        if let Some(key) = &step.deposes {
            all.insert(ObjectAddress { instance: step.address.instance.clone(), deposed: Some(key.clone()) });
        }
    }
    all
}
