//! States in PostgreSQL, in the table of terraform's `pg` backend: a row for each workspace, locked by advisory locks.

mod connection_string;
mod held;
mod holder;
mod session;
mod table;

use std::sync::Arc;
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use tokio::time::Instant;

use crate::address::StateAddress;
use crate::attributes::Attributes;
use crate::error::{ErrorClass, StoreError};
use crate::key::StateKey;
use crate::lock_info::LockInfo;
use crate::open::Environment;
use crate::store::{
    Capabilities, ConditionalWrite, ForceUnlock, HeldLock, Locking, StateStore, StoreFuture, Support, unsupported,
};
use crate::stored::StoredState;
use connection_string::Database;
use held::PgLock;
use holder::{CREATION, Holder, Taken, holder, session_name, try_lock, unlock};
use session::{close, connect};
use table::Table;

/// What sessions call themselves that hold no lock.
const READER: &str = "landfast";
/// How long to try for the creation lock while others have it for a moment.
const MOMENT: Duration = Duration::from_secs(2);
/// How long a terraform may hold the creation lock for a moment and nothing else.
const BLINK: Duration = Duration::from_millis(60);

/// The states of one schema of a PostgreSQL database, as terraform's `pg` backend keeps them.
///
/// A state is named by its workspace; its key is empty. A lock is a session of its own, and ends with it: nothing is left of a
/// holder that was killed, and what it wrote without a commit is gone. While a state is made that was not there, the whole
/// database is locked, as terraform locks it. Connections must reach one session of the server each, which poolers of
/// transactions do not give.
#[derive(Debug, Clone)]
pub struct PgStore {
    shared: Arc<Shared>,
}

struct Shared {
    database: Database,
    table: Table,
    /// A session that nobody uses now.
    idle: tokio::sync::Mutex<Option<PgConnection>>,
    is_prepared: tokio::sync::OnceCell<()>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("place", &self.database.place).field("table", &self.table).finish()
    }
}

impl PgStore {
    /// A store from the attributes of terraform's backend, `PG_*` and the variables of PostgreSQL's clients.
    ///
    /// # Errors
    /// [`ErrorClass::Configuration`] when an attribute or the connection string is wrong or not known.
    pub fn from_address(address: &StateAddress, environment: &Environment) -> Result<Self, StoreError> {
        let attributes = Attributes::new(address, environment);
        attributes.only(table::KNOWN)?;
        let text = attributes.text("conn_str", &["PG_CONN_STR"])?.unwrap_or_default();
        let database = Database::read(&attributes, environment, &text)?;
        let table = Table::read(&attributes)?;
        let (idle, is_prepared) = Default::default();
        Ok(Self { shared: Arc::new(Shared { database, table, idle, is_prepared }) })
    }

    fn check_key<'a>(&self, key: &'a StateKey) -> Result<&'a str, StoreError> {
        if key.key.is_empty() {
            return Ok(&key.workspace);
        }
        let message = "states in PostgreSQL are named by their workspace, and have no key";
        Err(StoreError::new(ErrorClass::Unsupported, self.place(key), message))
    }

    /// A session for something short.
    async fn session(&self) -> Result<PgConnection, StoreError> {
        let idle = self.shared.idle.lock().await.take();
        if let Some(mut session) = idle
            && matches!(tokio::time::timeout(Duration::from_secs(5), session.ping()).await, Ok(Ok(())))
        {
            return Ok(session);
        }
        connect(&self.shared.database, READER).await
    }

    async fn put_back(&self, session: PgConnection) {
        *self.shared.idle.lock().await = Some(session);
    }

    async fn take_lock(&self, key: &StateKey, info: LockInfo) -> Result<PgLock, StoreError> {
        let (place, workspace, table) = (self.place(key), self.check_key(key)?, &self.shared.table);
        let info = info.at(place.as_str());
        let mut session = connect(&self.shared.database, &session_name(&info)).await?;
        self.shared.is_prepared.get_or_try_init(|| table.prepare(&mut session, &place)).await?;
        let refused = |holder: Option<Holder>| StoreError::locked(place.as_str(), holder.map(|it| it.info));
        let taken = loop {
            // The row first: who loses here never touches the creation lock.
            if let Some(row) = table.row(&mut session, &place, workspace).await? {
                if try_lock(&mut session, &place, row).await? == Taken::No {
                    break Err(refused(holder(&mut session, &place, row).await?));
                }
                if let Err(holder) = creation_lock(&mut session, &place).await? {
                    break Err(refused(holder));
                }
                unlock(&mut session, &place, CREATION).await?;
                if table.row(&mut session, &place, workspace).await? == Some(row) {
                    break Ok(row);
                }
                // The workspace was deleted before we had the lock.
                unlock(&mut session, &place, row).await?;
                continue;
            }
            if let Err(holder) = creation_lock(&mut session, &place).await? {
                break Err(refused(holder));
            }
            if table.row(&mut session, &place, workspace).await?.is_none() {
                break Ok(CREATION);
            }
            // Somebody made it before we had the lock: now the row is what is to be locked.
            unlock(&mut session, &place, CREATION).await?;
        };
        match taken {
            Ok(id) => Ok(PgLock::new(session, table.clone(), workspace, info, id)),
            Err(error) => {
                close(session).await;
                Err(error)
            }
        }
    }

    /// Who holds the lock of a state: that of its row, or the one of whoever makes a state.
    async fn find_holder(&self, key: &StateKey) -> Result<Option<LockInfo>, StoreError> {
        let (place, workspace) = (self.place(key), self.check_key(key)?);
        let mut session = self.session().await?;
        let row = match self.shared.table.is_there(&mut session, &place).await? {
            Support::Yes => self.shared.table.row(&mut session, &place, workspace).await?,
            Support::No => None,
        };
        let mut found = None;
        if let Some(row) = row {
            found = holder(&mut session, &place, row).await?;
        }
        if found.is_none() {
            found = holder(&mut session, &place, CREATION).await?.filter(|holder| !holder.holds_more);
        }
        self.put_back(session).await;
        Ok(found.map(|holder| holder.info))
    }
}

/// Takes the creation lock, waiting a moment for those who have it for a moment; else says who holds it.
async fn creation_lock(session: &mut PgConnection, place: &str) -> Result<Result<(), Option<Holder>>, StoreError> {
    let start = Instant::now();
    loop {
        if try_lock(session, place, CREATION).await? == Taken::Yes {
            return Ok(Ok(()));
        }
        let holder = holder(session, place, CREATION).await?;
        let patience = match &holder {
            None => MOMENT,
            Some(holder) if holder.holds_more => MOMENT,
            Some(holder) if !holder.is_ours => BLINK,
            Some(_) => Duration::ZERO,
        };
        if start.elapsed() >= patience {
            return Ok(Err(holder));
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

impl StateStore for PgStore {
    fn place(&self, key: &StateKey) -> String {
        self.shared.table.place(&self.shared.database.place, &key.workspace)
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities::new(ConditionalWrite::Atomic, Locking::Session, Support::No, Support::Yes)
    }

    fn read<'a>(&'a self, key: &'a StateKey) -> StoreFuture<'a, Option<StoredState>> {
        Box::pin(async move {
            let (place, workspace) = (self.place(key), self.check_key(key)?);
            let mut session = self.session().await?;
            let table = &self.shared.table;
            let state = match table.is_there(&mut session, &place).await? {
                Support::Yes => table.read_state(&mut session, &place, workspace).await?,
                Support::No => None,
            };
            self.put_back(session).await;
            Ok(state)
        })
    }

    fn list<'a>(&'a self, prefix: &'a str) -> StoreFuture<'a, Vec<StateKey>> {
        Box::pin(async move {
            if !prefix.is_empty() {
                return Ok(Vec::new());
            }
            let place = &self.shared.database.place;
            let mut session = self.session().await?;
            let mut workspaces = match self.shared.table.is_there(&mut session, place).await? {
                Support::Yes => self.shared.table.workspaces(&mut session, place).await?,
                Support::No => Vec::new(),
            };
            self.put_back(session).await;
            workspaces.sort_unstable();
            Ok(workspaces.into_iter().map(|workspace| StateKey::new("").in_workspace(workspace)).collect())
        })
    }

    fn lock<'a>(&'a self, key: &'a StateKey, info: LockInfo) -> StoreFuture<'a, Box<dyn HeldLock>> {
        Box::pin(async move { Ok(Box::new(self.take_lock(key, info).await?) as Box<dyn HeldLock>) })
    }

    fn lock_info<'a>(&'a self, key: &'a StateKey) -> StoreFuture<'a, Option<LockInfo>> {
        Box::pin(self.find_holder(key))
    }

    fn force_unlock<'a>(&'a self, key: &'a StateKey, _: ForceUnlock<'a>) -> StoreFuture<'a, LockInfo> {
        unsupported(self.place(key), "a lock in PostgreSQL ends with the session that holds it: end that session")
    }
}
