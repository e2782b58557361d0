//! A plan, drawn from a seed, and the folder in which it is executed.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use landfast_rollback::plan::{Batch, Inverse, Plan, PlanParts, Step, StepId, ThenWait};
use landfast_rollback::{read_plan, write_plan};
use landfast_safety::{ActionKind, InverseClass, Target};
use landfast_state::address::ObjectAddress;
use landfast_state::{
    BytesDigest, FingerprintKey, Limits, Members, Origin, ResourceObject, Snapshot, SourceKind, Value,
};
use serde::{Deserialize, Serialize};

use crate::Outcome;

const PROVIDER: &str = "registry.terraform.io/hashicorp/memory";

/// A plan and how the world takes it.
pub(crate) struct Scene {
    pub(crate) plan: Plan,
    pub(crate) nature: Nature,
}

/// How the world takes a plan.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Nature {
    /// The step that is refused, where one is.
    pub(crate) refuses: Option<u32>,
    /// Whether changes of objects are made in two halves.
    pub(crate) halves: bool,
}

pub(crate) fn key() -> FingerprintKey {
    FingerprintKey::from_bytes([7; 32])
}

pub(crate) fn journal(folder: &Path) -> PathBuf {
    folder.join("op.journal")
}

pub(crate) fn object(address: &ObjectAddress, name: &str, size: u64) -> Outcome<ResourceObject> {
    let members = Members::from([
        ("name".to_owned(), Value::String(name.to_owned())),
        ("size".to_owned(), Value::Number(size.into())),
    ]);
    Ok(ResourceObject::bare(address.clone(), PROVIDER).with_value(&members)?)
}

#[derive(Default)]
struct Draft {
    before: Vec<ResourceObject>,
    after: Vec<ResourceObject>,
    steps: Vec<Step>,
}

impl Draft {
    fn step(&mut self, action: ActionKind, address: &ObjectAddress) -> &mut Step {
        let number = u32::try_from(self.steps.len() + 1).unwrap_or(u32::MAX);
        let mut step = Step::new(StepId::new(number), action, address.clone());
        step.timeout = Duration::from_secs(10);
        self.steps.push(step);
        let last = self.steps.len() - 1;
        #[expect(clippy::indexing_slicing, reason = "the step was put there a line before")]
        &mut self.steps[last]
    }

    fn subject(&mut self, subject: usize, chosen: u8) -> Outcome<()> {
        let address: ObjectAddress = format!("mem_plain.s{subject}").parse()?;
        let (old, new) = (object(&address, "old", 1)?, object(&address, "new", 2)?);
        match chosen {
            0 => {
                self.before.push(old);
                self.after.push(new);
                self.step(ActionKind::Update, &address);
            }
            1 => {
                self.after.push(new);
                self.step(ActionKind::Create, &address);
            }
            2 => {
                self.before.push(old);
                self.step(ActionKind::Delete, &address);
            }
            3 => {
                let to: ObjectAddress = format!("mem_plain.m{subject}").parse()?;
                self.before.push(old);
                self.after.push(object(&to, "old", 1)?);
                self.step(ActionKind::Move, &address).moves_to = Some(to);
            }
            4 => {
                self.before.push(old);
                self.after.push(new);
                let first = self.step(ActionKind::Delete, &address).id;
                self.step(ActionKind::Create, &address).needs.push(first);
            }
            _ => {
                self.before.push(old);
                self.after.push(new);
                let create = self.step(ActionKind::Create, &address);
                create.deposes = Some("0badc0de".into());
                let first = create.id;
                let mut aside = address.clone();
                aside.deposed = Some("0badc0de".into());
                let delete = self.step(ActionKind::Delete, &aside);
                delete.replaced = Some(address.clone());
                delete.needs.push(first);
            }
        }
        Ok(())
    }
}

impl Scene {
    pub(crate) fn draw(seed: u64) -> Outcome<Self> {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut draft = Draft::default();
        for subject in 0..random.usize(3..7) {
            draft.subject(subject, random.u8(..6))?;
        }
        let snapshot = |objects| Snapshot::new(Origin::new(SourceKind::Snapshot, "files"), objects, Default::default());
        let target = Target {
            environment: String::new(),
            store: "files".to_owned(),
            workspace: "default".to_owned(),
            lineage: "a-lineage".to_owned(),
            serial: 1,
        };
        let state = BytesDigest::of(b"the state");
        let mut parts = PlanParts::new(target, state, snapshot(draft.before)?, snapshot(draft.after)?);
        parts.author = "somebody".to_owned();
        parts.created = SystemTime::now();
        parts.expires = parts.created + Duration::from_secs(24 * 60 * 60);
        let mut batches: Vec<Batch> = Vec::new();
        for step in &draft.steps {
            let is_alone = batches.is_empty() || !step.needs.is_empty() || random.bool();
            if is_alone {
                batches.push(Batch { steps: Vec::new(), then: ThenWait::Nothing });
            }
            if let Some(batch) = batches.last_mut() {
                batch.steps.push(step.id);
            }
        }
        let count = u32::try_from(draft.steps.len())?;
        let refuses = random.bool().then(|| random.u32(1..=count));
        // What follows a step that is irreversible is not taken back beyond it, which is not what is looked at here.
        for step in &mut draft.steps {
            step.inverse = Inverse { class: InverseClass::Exact, reasons: Vec::new(), renewed: Vec::new() };
        }
        parts.steps = draft.steps;
        parts.batches = batches;
        Ok(Self { plan: parts.into_plan(&key())?, nature: Nature { refuses, halves: random.u8(..4) == 0 } })
    }

    /// An empty folder with the plan, and with the world as the plan expects it.
    pub(crate) fn write(&self, folder: &Path) -> Outcome<()> {
        if folder.exists() {
            std::fs::remove_dir_all(folder)?;
        }
        std::fs::create_dir_all(folder.join("world"))?;
        std::fs::write(folder.join("plan"), write_plan(&self.plan))?;
        std::fs::write(folder.join("nature"), serde_json::to_string(&self.nature)?)?;
        let world = crate::FileWorld::of(folder, self);
        self.plan.before().objects().iter().try_for_each(|object| world.put(object))
    }

    pub(crate) fn read(folder: &Path) -> Outcome<Self> {
        let plan = read_plan(&std::fs::read_to_string(folder.join("plan"))?, "plan", &Limits::default())?;
        Ok(Self { plan, nature: serde_json::from_str(&std::fs::read_to_string(folder.join("nature"))?)? })
    }
}
