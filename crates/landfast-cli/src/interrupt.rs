//! Ctrl-C, and the signal by which services are stopped.

use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::task::Poll;

use crate::error::CliError;

/// Waits for the future, or for a signal: then the future is dropped, and with it goes what it started.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> Result<T, CliError> {
    run(async |signals| or_signal(signals, future).await)?
}

/// Runs what needs a runtime, and gives it the signals to heed.
pub(crate) fn run<T>(work: impl AsyncFnOnce(&mut Signals) -> T) -> Result<T, CliError> {
    let unusable = |error| CliError::new(format!("signals cannot be waited for: {error}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(unusable)?;
    runtime.block_on(async { Ok(work(&mut Signals::of_a_command().map_err(unusable)?).await) })
}

/// Waits for the future, or for a signal, which is an error.
pub(crate) async fn or_signal<T>(signals: &mut Signals, future: impl Future<Output = T>) -> Result<T, CliError> {
    let mut interrupted = pin!(signals.any());
    let mut future = pin!(future);
    poll_fn(|context| {
        if interrupted.as_mut().poll(context).is_ready() {
            return Poll::Ready(Err(CliError::interrupted()));
        }
        future.as_mut().poll(context).map(Ok)
    })
    .await
}

/// Waits for a change. The first signal asks it to stop, which it does unless it is writing already; the second one ends it as
/// it is, and may leave a lock.
#[cfg(unix)]
pub(crate) fn finish<T>(
    cancel: &landfast::backends::change::Cancel,
    future: impl Future<Output = T>,
) -> Result<T, CliError> {
    run(async |signals| {
        let mut future = pin!(future);
        if let Ok(output) = or_signal(signals, &mut future).await {
            return Ok(output);
        }
        cancel.request();
        crate::output::warn("stopping; a second Ctrl-C ends at once and may leave the lock");
        let hint = "look at the state and its lock with `landfast state verify`";
        or_signal(signals, future).await.map_err(|error| error.hint(hint))
    })?
}

/// Signals that would end the process, and do not while this lives, or afterwards.
#[cfg(unix)]
pub(crate) struct Signals(Vec<tokio::signal::unix::Signal>);

#[cfg(unix)]
impl Signals {
    /// Those that ask a command to stop. A terminal that goes away ends it as ever.
    fn of_a_command() -> io::Result<Self> {
        use tokio::signal::unix::SignalKind;
        Self::of(&[SignalKind::interrupt(), SignalKind::terminate()])
    }

    /// Those that reach a supervisor when everything is to end.
    pub(crate) fn of_a_supervisor() -> io::Result<Self> {
        use tokio::signal::unix::SignalKind;
        Self::of(&[SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()])
    }

    fn of(kinds: &[tokio::signal::unix::SignalKind]) -> io::Result<Self> {
        kinds.iter().map(|kind| tokio::signal::unix::signal(*kind)).collect::<io::Result<_>>().map(Self)
    }

    /// Comes back when one of them came.
    pub(crate) async fn any(&mut self) {
        poll_fn(|context| {
            let came = self.0.iter_mut().any(|signal| matches!(signal.poll_recv(context), Poll::Ready(Some(()))));
            if came { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

/// Signals that would end the process, and do not while this lives, or afterwards.
#[cfg(not(unix))]
pub(crate) struct Signals;

#[cfg(not(unix))]
impl Signals {
    fn of_a_command() -> io::Result<Self> {
        Ok(Self)
    }

    pub(crate) fn of_a_supervisor() -> io::Result<Self> {
        Ok(Self)
    }

    /// Comes back when one of them came.
    pub(crate) async fn any(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
