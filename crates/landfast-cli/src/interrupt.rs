//! Ctrl-C, and the signal by which services are stopped.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::error::CliError;

/// Waits for the future, or for a signal: then the future is dropped, and with it goes what it started.
pub(crate) fn wait<T>(future: impl Future<Output = T>) -> Result<T, CliError> {
    let unusable = |error| CliError::new(format!("no runtime: {error}"));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build().map_err(unusable)?;
    runtime.block_on(async {
        let kinds = [SignalKind::interrupt(), SignalKind::terminate()];
        let mut signals = kinds.into_iter().map(signal).collect::<Result<Vec<_>, _>>().map_err(unusable)?;
        let mut interrupted = pin!(any(&mut signals));
        let mut future = pin!(future);
        poll_fn(|context| {
            if interrupted.as_mut().poll(context).is_ready() {
                return Poll::Ready(Err(CliError::interrupted()));
            }
            future.as_mut().poll(context).map(Ok)
        })
        .await
    })
}

/// Ready when one of the signals came.
pub(crate) async fn any(signals: &mut [Signal]) {
    poll_fn(|context| {
        let came = signals.iter_mut().any(|signal| matches!(signal.poll_recv(context), Poll::Ready(Some(()))));
        if came { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}
