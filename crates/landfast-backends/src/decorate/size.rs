//! Limiting how large a state may be.

use std::sync::Arc;

use super::around::{Around, Call, Measured, Op, wrap};
use crate::error::{ErrorClass, StoreError};
use crate::store::{StateStore, StoreFuture};

/// Refuses to write or to return states that are larger than so many bytes.
#[derive(Debug, Clone)]
pub struct SizeLimit(Arc<Limit>);

impl SizeLimit {
    /// A limit of so many bytes, which a state may have.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        Self(Arc::new(Limit { bytes }))
    }

    /// The store with this limit around it.
    #[must_use]
    pub fn around(&self, store: Arc<dyn StateStore>) -> Arc<dyn StateStore> {
        wrap(&self.0, store)
    }
}

#[derive(Debug)]
struct Limit {
    bytes: usize,
}

impl Limit {
    fn check(&self, place: &str, bytes: Option<usize>) -> Result<(), StoreError> {
        match bytes {
            Some(bytes) if bytes > self.bytes => {
                let message = format!("the state has {bytes} bytes, and the limit is {}", self.bytes);
                Err(StoreError::new(ErrorClass::Configuration, place, message))
            }
            _ => Ok(()),
        }
    }
}

impl Around for Limit {
    fn call<'a, T: Measured + 'a>(&'a self, call: Call, work: StoreFuture<'a, T>) -> StoreFuture<'a, T> {
        Box::pin(async move {
            self.check(&call.place, call.bytes)?;
            let given = work.await?;
            // What a write gives is no state, and a write that was made must be told.
            if call.op != Op::Write {
                self.check(&call.place, given.bytes())?;
            }
            Ok(given)
        })
    }
}
