//! One session with the database: connecting, asking within a time, and what its errors mean.

use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{ConnectOptions as _, Connection as _};

use super::connection_string::Database;
use crate::error::{ErrorClass, StoreError};

/// How long the server may take for one statement, large states included.
const PATIENCE: Duration = Duration::from_secs(300);

/// Opens a session that calls itself `name`.
pub(super) async fn connect(database: &Database, name: &str) -> Result<PgConnection, StoreError> {
    let options = database.options.clone().application_name(name);
    match tokio::time::timeout(database.connect_time, options.connect()).await {
        Ok(connected) => connected.map_err(|error| problem(&database.place, "connecting", &error)),
        Err(_) => {
            let message = "the server cannot be reached in time";
            Err(StoreError::new(ErrorClass::Transient, database.place.as_str(), message))
        }
    }
}

/// Waits for the answer to a statement.
pub(super) async fn ask<T>(
    place: &str,
    doing: &str,
    statement: impl Future<Output = Result<T, sqlx::Error>> + Send,
) -> Result<T, StoreError> {
    match tokio::time::timeout(PATIENCE, statement).await {
        Ok(answer) => answer.map_err(|error| problem(place, doing, &error)),
        Err(_) => {
            let message = format!("{doing} was not answered within {} s", PATIENCE.as_secs());
            Err(StoreError::new(ErrorClass::Transient, place, message))
        }
    }
}

/// Ends a session in order.
pub(super) async fn close(session: PgConnection) {
    // What fails here is gone already.
    let _ = tokio::time::timeout(Duration::from_secs(5), session.close()).await;
}

/// What an error of the database means. Its details are left out, since they may show rows.
pub(super) fn problem(place: &str, doing: &str, error: &sqlx::Error) -> StoreError {
    let (class, message) = match error {
        sqlx::Error::Database(answer) => {
            let code = answer.code().unwrap_or_default();
            (class_of(&code), format!("{doing} was refused ({code}): {}", answer.message()))
        }
        sqlx::Error::Io(cause) => (ErrorClass::Transient, format!("{doing}: the connection is lost ({cause})")),
        sqlx::Error::WorkerCrashed => (ErrorClass::Transient, format!("{doing}: the connection is lost")),
        sqlx::Error::Tls(cause) => (ErrorClass::Configuration, format!("{doing}: no encrypted connection ({cause})")),
        sqlx::Error::Configuration(cause) => (ErrorClass::Configuration, format!("{doing}: {cause}")),
        _ => (ErrorClass::Corrupt, format!("{doing}: the answer cannot be understood")),
    };
    StoreError::new(class, place, message)
}

/// The class of a code of SQL's standard or of PostgreSQL's.
fn class_of(code: &str) -> ErrorClass {
    match code {
        "28P01" | "28000" => ErrorClass::Unauthenticated,
        "42501" | "25006" => ErrorClass::PermissionDenied,
        "3D000" | "3F000" | "42P01" => ErrorClass::NotFound,
        // What is to be made is there already: a row, a schema, a table, or the type that comes with a table.
        "23505" | "42P06" | "42P07" | "42710" => ErrorClass::Conflict,
        "40001" | "40P01" | "55P03" | "57014" | "57P01" | "57P02" | "57P03" => ErrorClass::Transient,
        _ if code.starts_with("08") || code.starts_with("53") => ErrorClass::Transient,
        // A character that text cannot hold, a text that is too long.
        "22021" | "22P05" | "54000" => ErrorClass::Unsupported,
        _ => ErrorClass::Configuration,
    }
}
