//! The table that terraform's `pg` backend keeps states in.

use bytes::Bytes;
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgConnection;

use super::session::{ask, problem};
use crate::attributes::Attributes;
use crate::error::{ErrorClass, StoreError};
use crate::store::Support;
use crate::stored::{Etag, StoredState};

pub(super) const KNOWN: &[&str] =
    &["conn_str", "schema_name", "skip_schema_creation", "skip_table_creation", "skip_index_creation"];
const DEFAULT_SCHEMA: &str = "terraform_remote_state";

/// A schema with the table `states`.
#[derive(Debug, Clone)]
pub(super) struct Table {
    schema: String,
    /// The name of the table with its schema, quoted.
    name: String,
    creates_schema: bool,
    creates_table: bool,
    creates_index: bool,
}

impl Table {
    pub(super) fn read(attributes: &Attributes<'_>) -> Result<Self, StoreError> {
        let schema = attributes.text("schema_name", &["PG_SCHEMA_NAME"])?.unwrap_or_else(|| DEFAULT_SCHEMA.to_owned());
        let makes = |skip: &str, variable: &str| attributes.flag(skip, &[variable]).map(|skip| skip != Some(true));
        Ok(Self {
            name: format!("{}.states", quoted(&schema)),
            schema,
            creates_schema: makes("skip_schema_creation", "PG_SKIP_SCHEMA_CREATION")?,
            creates_table: makes("skip_table_creation", "PG_SKIP_TABLE_CREATION")?,
            creates_index: makes("skip_index_creation", "PG_SKIP_INDEX_CREATION")?,
        })
    }

    /// Where the state of a workspace is, for people, in the form of a URL that names it.
    pub(super) fn place(&self, database: &str, workspace: &str) -> String {
        match self.schema.as_str() {
            DEFAULT_SCHEMA => format!("{database}?workspace={workspace}"),
            schema => format!("{database}?schema_name={schema}&workspace={workspace}"),
        }
    }

    /// A statement; `{}` stands for the table.
    fn statement(&self, text: &str) -> AssertSqlSafe<String> {
        AssertSqlSafe(text.replace("{}", &self.name))
    }

    /// Whether the table is there.
    ///
    /// Where it is not and will be made with the first lock, there are no states yet; where it must be there, that is an error.
    pub(super) async fn is_there(&self, session: &mut PgConnection, place: &str) -> Result<Support, StoreError> {
        let statement = sqlx::query_scalar::<_, bool>("SELECT to_regclass($1) IS NOT NULL").bind(&self.name);
        if ask(place, "looking for the table", statement.fetch_one(session)).await? {
            return Ok(Support::Yes);
        }
        if self.creates_table {
            return Ok(Support::No);
        }
        let message = format!("there is no table {}, and skip_table_creation is set", self.name);
        Err(StoreError::new(ErrorClass::NotFound, place, message))
    }

    /// Makes what is not there yet, as terraform makes it.
    pub(super) async fn prepare(&self, session: &mut PgConnection, place: &str) -> Result<(), StoreError> {
        // Several may do so at the same moment, which PostgreSQL does not take for the same wish.
        let mut attempts = 0;
        while self.is_there(session, place).await? == Support::No {
            attempts += 1;
            match self.create(session, place).await {
                Err(error) if error.class != ErrorClass::Conflict || attempts >= 10 => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    async fn create(&self, session: &mut PgConnection, place: &str) -> Result<(), StoreError> {
        const DOING: &str = "making the table";
        let mut statements = Vec::new();
        if self.creates_schema {
            statements.push(format!("CREATE SCHEMA IF NOT EXISTS {}", quoted(&self.schema)));
        }
        statements.push("CREATE SEQUENCE IF NOT EXISTS public.global_states_id_seq AS bigint".to_owned());
        statements.push(format!(
            "CREATE TABLE IF NOT EXISTS {} (id bigint NOT NULL DEFAULT nextval('public.global_states_id_seq') \
             PRIMARY KEY, name text UNIQUE, data text)",
            self.name
        ));
        if self.creates_index {
            statements.push(format!("CREATE UNIQUE INDEX IF NOT EXISTS states_by_name ON {} (name)", self.name));
        }
        for statement in statements {
            let made = sqlx::raw_sql(AssertSqlSafe(statement)).execute(&mut *session).await;
            made.map_err(|error| problem(place, DOING, &error))?;
        }
        Ok(())
    }

    /// The id of the row of a workspace.
    pub(super) async fn row(
        &self,
        session: &mut PgConnection,
        place: &str,
        workspace: &str,
    ) -> Result<Option<i64>, StoreError> {
        let statement = sqlx::query_scalar(self.statement("SELECT id FROM {} WHERE name = $1")).bind(workspace);
        ask(place, "looking for the state", statement.fetch_optional(session)).await
    }

    pub(super) async fn workspaces(&self, session: &mut PgConnection, place: &str) -> Result<Vec<String>, StoreError> {
        let statement = sqlx::query_scalar(self.statement("SELECT name FROM {} WHERE name IS NOT NULL AND data <> ''"));
        ask(place, "listing states", statement.fetch_all(session)).await
    }

    pub(super) async fn read_state(
        &self,
        session: &mut PgConnection,
        place: &str,
        workspace: &str,
    ) -> Result<Option<StoredState>, StoreError> {
        self.select(session, place, workspace, "SELECT data, xmin::text FROM {} WHERE name = $1").await
    }

    /// Reads the state, and lets nobody else change it until the transaction ends.
    pub(super) async fn read_for_update(
        &self,
        session: &mut PgConnection,
        place: &str,
        workspace: &str,
    ) -> Result<Option<StoredState>, StoreError> {
        self.select(session, place, workspace, "SELECT data, xmin::text FROM {} WHERE name = $1 FOR UPDATE").await
    }

    async fn select(
        &self,
        session: &mut PgConnection,
        place: &str,
        workspace: &str,
        text: &str,
    ) -> Result<Option<StoredState>, StoreError> {
        let statement = sqlx::query_as::<_, (Option<String>, String)>(self.statement(text)).bind(workspace);
        let row = ask(place, "reading the state", statement.fetch_optional(session)).await?;
        Ok(row.and_then(|(data, etag)| {
            let data = data.filter(|data| !data.is_empty())?;
            Some(StoredState::new(Bytes::from(data)).with_etag(Some(Etag(etag))))
        }))
    }

    /// Makes the row, or gives it other data; gives the name of the new content.
    pub(super) async fn put(
        &self,
        session: &mut PgConnection,
        place: &str,
        workspace: &str,
        data: &str,
    ) -> Result<Etag, StoreError> {
        const DOING: &str = "writing the state";
        let update = self.statement("UPDATE {} SET data = $2 WHERE name = $1 RETURNING xmin::text");
        let statement = sqlx::query_scalar(update).bind(workspace).bind(data);
        if let Some(etag) = ask(place, DOING, statement.fetch_optional(&mut *session)).await? {
            return Ok(Etag(etag));
        }
        let insert = self.statement("INSERT INTO {} (name, data) VALUES ($1, $2) RETURNING xmin::text");
        let statement = sqlx::query_scalar(insert).bind(workspace).bind(data);
        Ok(Etag(ask(place, DOING, statement.fetch_one(session)).await?))
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
