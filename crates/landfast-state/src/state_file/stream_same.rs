//! Passing what another stream has alike, without checking it twice.

use std::io::{Read, Seek};
use std::sync::Arc;

use super::stream::{Phase, StateStream, StreamError};
use super::stream_object::StreamedObject;

impl<R: Read + Seek> StateStream<R> {
    /// Passes the next object where it is an object of the same resource, written in the same way as `object`, which stands in
    /// another stream with the same limits: what was checked there need not be checked again, so this costs little more than
    /// reading. `false` where another object follows, or none: then nothing has been passed.
    ///
    /// # Errors
    /// As [`StateStream::advance`].
    pub fn pass_same(&mut self, object: &StreamedObject<'_>) -> Result<bool, StreamError> {
        self.current = None;
        loop {
            match std::mem::replace(&mut self.phase, Phase::End) {
                Phase::Top => self.top_member()?,
                Phase::Resources => {
                    self.phase = Phase::Resources;
                    if !self.enter_same(object)? {
                        self.resource()?;
                    }
                }
                Phase::Tail => self.tail_member()?,
                Phase::Instances(named) => {
                    let same = Arc::ptr_eq(&named.address, object.resource()) || named.address == *object.resource();
                    self.phase = Phase::Instances(named);
                    match self.instance_like(object.text(), same)? {
                        Passed::Yes => {
                            self.order.see(object.resource(), object.key(), object.deposed());
                            return Ok(true);
                        }
                        Passed::No => return Ok(false),
                        Passed::AtEnd => self.end_instances(),
                    }
                }
                other @ (Phase::Kept(..) | Phase::End) => {
                    self.phase = other;
                    return Ok(false);
                }
            }
        }
    }

    /// Passes the next instance where the resource is the `same` and the text is this one.
    fn instance_like(&mut self, text: &str, same: bool) -> Result<Passed, StreamError> {
        let passed = self.window.attempt(|reader| {
            Ok(match reader.next_element()? {
                false => Some(Passed::AtEnd),
                true => (same && reader.pass_same(text)?).then_some(Passed::Yes),
            })
        });
        let passed = self.placed(passed)?.unwrap_or(Passed::No);
        self.instances += usize::from(matches!(passed, Passed::Yes));
        Ok(passed)
    }

    /// Enters the next resource where it begins as that of `object` does.
    fn enter_same(&mut self, object: &StreamedObject<'_>) -> Result<bool, StreamError> {
        let Some(beginning) = object.beginning else { return Ok(false) };
        let entered = self.window.attempt(|reader| {
            Ok(match reader.next_element()? {
                false => Some(false),
                true => reader.enter_same(beginning)?.then_some(true),
            })
        });
        match self.placed(entered)? {
            Some(true) => {
                self.names = object.names.cloned();
                self.beginning = None;
                self.phase = self.enter_instances(object.named().clone());
                Ok(true)
            }
            Some(false) => {
                self.phase = Phase::Top;
                Ok(true)
            }
            None => Ok(false),
        }
    }
}

/// Whether an instance was passed.
enum Passed {
    Yes,
    /// Another one follows.
    No,
    /// There are no more.
    AtEnd,
}
