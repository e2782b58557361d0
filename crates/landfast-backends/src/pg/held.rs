//! The lock of a state in PostgreSQL: a session.

use std::time::Duration;

use sqlx::postgres::PgConnection;
use tokio::sync::Mutex;

use super::holder::{Taken, unlock};
use super::session::{ask, close};
use super::table::Table;
use crate::error::{ErrorClass, StoreError};
use crate::lock_info::LockInfo;
use crate::store::{HeldLock, StoreFuture};
use crate::stored::{StateWrite, StoredState, Written};

/// A session that holds the advisory lock of a state. Everything under the lock goes through it, so nothing is written when it
/// ended.
pub(super) struct PgLock {
    /// `None` when it is lost, and the lock with it.
    session: Mutex<Option<PgConnection>>,
    table: Table,
    workspace: String,
    info: LockInfo,
    id: i64,
}

impl std::fmt::Debug for PgLock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PgLock").field("info", &self.info).field("id", &self.id).finish()
    }
}

impl PgLock {
    pub(super) fn new(session: PgConnection, table: Table, workspace: &str, info: LockInfo, id: i64) -> Self {
        Self { session: Mutex::new(Some(session)), table, workspace: workspace.to_owned(), info, id }
    }

    fn lost(&self) -> StoreError {
        StoreError::conflict(self.info.path.as_str(), "the lock ended with the connection that held it")
    }

    /// Everything up to the commit. Whatever fails here is undone.
    async fn prepare(&self, session: &mut PgConnection, write: &StateWrite) -> Result<Written, StoreError> {
        let place = self.info.path.as_str();
        let data = std::str::from_utf8(&write.bytes).ok().filter(|data| !data.contains('\0'));
        let Some(data) = data else {
            let message = "a column of text can hold only UTF-8 without NUL";
            return Err(StoreError::new(ErrorClass::Unsupported, place, message));
        };
        let begin = sqlx::raw_sql("BEGIN; SET LOCAL lock_timeout = '30s'").execute(&mut *session);
        ask(place, "writing the state", begin).await?;
        // A pooler between us and the server may have given us another session.
        let is_held = sqlx::query_scalar::<_, bool>(
            "SELECT EXISTS (SELECT 1 FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory' AND granted \
             AND objsubid = 1 AND ((classid::int8 << 32) | objid::int8) = $1)",
        );
        if !ask(place, "checking the lock", is_held.bind(self.id).fetch_one(&mut *session)).await? {
            return Err(StoreError::conflict(place, "this session of the server does not hold the lock"));
        }
        let found = self.table.read_for_update(session, place, &self.workspace).await?;
        if !write.expected.is_met_by(found.as_ref()) {
            return Err(StoreError::conflict(place, "another state is there than was read"));
        }
        let etag = self.table.put(session, place, &self.workspace, data).await?;
        Ok(Written::new(write.digest).with_etag(Some(etag)))
    }
}

/// Ends the transaction without changing anything; gives the session where it is usable still.
async fn roll_back(mut session: PgConnection) -> Option<PgConnection> {
    let rolled_back = sqlx::raw_sql("ROLLBACK").execute(&mut session);
    match tokio::time::timeout(Duration::from_secs(5), rolled_back).await {
        Ok(Ok(_)) => Some(session),
        _ => None,
    }
}

impl HeldLock for PgLock {
    fn info(&self) -> &LockInfo {
        &self.info
    }

    fn place(&self) -> String {
        self.info.path.clone()
    }

    fn read(&self) -> StoreFuture<'_, Option<StoredState>> {
        Box::pin(async move {
            let mut kept = self.session.lock().await;
            let mut session = kept.take().ok_or_else(|| self.lost())?;
            let read = self.table.read_state(&mut session, &self.info.path, &self.workspace).await;
            if read.as_ref().is_ok() {
                *kept = Some(session);
            } else {
                *kept = roll_back(session).await;
            }
            read
        })
    }

    fn write(&mut self, write: StateWrite) -> StoreFuture<'_, Written> {
        Box::pin(async move {
            // A write that is given up takes the session along, and what it did is undone.
            let mut session = self.session.get_mut().take().ok_or_else(|| self.lost())?;
            let written = match self.prepare(&mut session, &write).await {
                Ok(written) => written,
                Err(error) => {
                    *self.session.get_mut() = roll_back(session).await;
                    return Err(error);
                }
            };
            let commit = sqlx::raw_sql("COMMIT").execute(&mut session);
            match ask(&self.info.path, "committing the state", commit).await {
                Ok(_) => {
                    *self.session.get_mut() = Some(session);
                    Ok(written)
                }
                Err(error) => {
                    *self.session.get_mut() = roll_back(session).await;
                    let in_doubt = matches!(error.class, ErrorClass::Transient | ErrorClass::Corrupt);
                    Err(if in_doubt { error.with_unknown_outcome() } else { error })
                }
            }
        })
    }

    fn release(mut self: Box<Self>) -> StoreFuture<'static, ()> {
        Box::pin(async move {
            let mut session = self.session.get_mut().take().ok_or_else(|| self.lost())?;
            let unlocked = unlock(&mut session, &self.info.path, self.id).await;
            // The lock ends with the session, whatever was answered.
            close(session).await;
            match unlocked? {
                Taken::Yes => Ok(()),
                Taken::No => Err(StoreError::conflict(self.info.path.as_str(), "the lock was not ours any more")),
            }
        })
    }
}
