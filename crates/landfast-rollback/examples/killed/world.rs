//! A world in files: an object in each. A change is durable for other processes as soon as it is made, and a kill may come
//! between any two of the calls that make it.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use landfast_rollback::{Actuator, ActuatorError, ActuatorFailure, Change, Direction, PortFuture};
use landfast_safety::ActionKind;
use landfast_state::address::ObjectAddress;
use landfast_state::{ResourceObject, Value};

use crate::Outcome;
use crate::scene::{Nature, Scene, object};

#[derive(Debug)]
pub(crate) struct FileWorld {
    folder: PathBuf,
    nature: Nature,
}

fn failed(error: impl std::fmt::Display) -> ActuatorError {
    ActuatorError::new(ActuatorFailure::Other, error.to_string())
}

/// Name and size of an object.
fn parts(object: &ResourceObject) -> Option<(String, u64)> {
    let Value::Object(members) = object.value() else { return None };
    match (members.get("name")?, members.get("size")?) {
        (Value::String(name), Value::Number(size)) => Some((name.clone(), size.as_str().parse().ok()?)),
        _ => None,
    }
}

impl FileWorld {
    pub(crate) fn of(folder: &Path, scene: &Scene) -> Self {
        Self { folder: folder.to_owned(), nature: scene.nature.clone() }
    }

    fn file(&self, address: &ObjectAddress) -> PathBuf {
        self.folder.join("world").join(address.to_string())
    }

    fn write(&self, address: &ObjectAddress, name: &str, size: u64) -> std::io::Result<()> {
        let file = self.file(address);
        let draft = self.folder.join(format!("draft {address}"));
        std::fs::write(&draft, format!("{name} {size}"))?;
        std::fs::rename(draft, file)
    }

    pub(crate) fn put(&self, object: &ResourceObject) -> Outcome<()> {
        let (name, size) = parts(object).ok_or("it is no object of this world")?;
        Ok(self.write(&object.address, &name, size)?)
    }

    pub(crate) fn get(&self, address: &ObjectAddress) -> Outcome<Option<ResourceObject>> {
        let text = match std::fs::read_to_string(self.file(address)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            text => text?,
        };
        let (name, size) = text.split_once(' ').ok_or("half an object")?;
        object(address, name, size.parse()?).map(Some)
    }

    /// Writes down that a change begins, so that the journal can be held against it.
    fn tell(&self, change: &Change) -> std::io::Result<()> {
        let mut deeds = OpenOptions::new().create(true).append(true).open(self.folder.join("deeds"))?;
        deeds.write_all(format!("{} {}\n", change.step.number(), change.direction).as_bytes())
    }

    async fn change(&self, change: &Change) -> Result<(), ActuatorError> {
        self.tell(change).map_err(failed)?;
        pause().await;
        if change.direction == Direction::Forward && Some(change.step.number()) == self.nature.refuses {
            return Err(ActuatorError::new(ActuatorFailure::Rejected, "it was refused"));
        }
        let (file, address) = (self.file(&change.address), &change.address);
        let aside =
            change.deposes.as_ref().or(change.restores.as_ref()).map(|key| {
                self.file(&ObjectAddress { instance: address.instance.clone(), deposed: Some(key.clone()) })
            });
        let wanted = change.after.as_ref().and_then(parts);
        match (change.action, wanted) {
            (ActionKind::Create | ActionKind::Update, Some((name, size))) => {
                if let Some(aside) = &aside {
                    std::fs::rename(&file, aside).map_err(failed)?;
                    pause().await;
                }
                let there = self.get(address).map_err(failed)?.as_ref().and_then(parts);
                if let (Some((_, old)), true) = (there, self.nature.halves) {
                    self.write(address, &name, old).map_err(failed)?;
                    pause().await;
                }
                self.write(address, &name, size).map_err(failed)?;
            }
            (ActionKind::Delete, _) => {
                std::fs::remove_file(&file).map_err(failed)?;
                if let Some(aside) = &aside {
                    pause().await;
                    std::fs::rename(aside, &file).map_err(failed)?;
                }
            }
            (ActionKind::Move, _) => {
                let to = change.moves_to.as_ref().ok_or_else(|| failed("it is not said where to"))?;
                std::fs::rename(&file, self.file(to)).map_err(failed)?;
            }
            (action, _) => return Err(failed(format!("this world knows no {action}"))),
        }
        pause().await;
        Ok(())
    }
}

/// Long enough to be killed in it.
async fn pause() {
    tokio::time::sleep(Duration::from_micros(fastrand::u64(100..2500))).await;
}

impl Actuator for FileWorld {
    fn name(&self) -> &str {
        "files"
    }

    fn read<'a>(
        &'a self,
        address: &'a ObjectAddress,
        _known: Option<&'a ResourceObject>,
    ) -> PortFuture<'a, Result<Option<ResourceObject>, ActuatorError>> {
        Box::pin(async move { self.get(address).map_err(failed) })
    }

    fn act<'a>(&'a self, change: &'a Change) -> PortFuture<'a, Result<(), ActuatorError>> {
        Box::pin(self.change(change))
    }
}
