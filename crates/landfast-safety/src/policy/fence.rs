//! Runs the engine where neither a panic nor an endless evaluation reaches the caller.

use std::sync::mpsc;
use std::time::Duration;

/// Rules call each other on the stack: this holds the longest chain that [`super::set::MAX_RULES`] rules can make. Only
/// what is used of it is ever taken.
const STACK: usize = 512 << 20;

/// The engine looks at the clock itself; what does not, such as one long call of a built-in function, gets this much more.
const GRACE: Duration = Duration::from_millis(500);

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fence {
    Panicked,
    OutOfTime,
    NoThread,
}

/// Runs `work` in a thread of its own. One that is too slow is left to itself: what it answers is thrown away.
pub(super) fn fenced<T: Send + 'static>(
    limit: Duration,
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Fence> {
    let (answer, answers) = mpsc::sync_channel(1);
    let thread = std::thread::Builder::new().name("policy".to_owned()).stack_size(STACK).spawn(move || {
        // The other side may have given up.
        let _ = answer.send(work());
    });
    if thread.is_err() {
        return Err(Fence::NoThread);
    }
    match answers.recv_timeout(limit.saturating_add(GRACE)) {
        Ok(answer) => Ok(answer),
        Err(mpsc::RecvTimeoutError::Timeout) => Err(Fence::OutOfTime),
        // A panic drops the sender.
        Err(mpsc::RecvTimeoutError::Disconnected) => Err(Fence::Panicked),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_and_an_endless_run_are_answers() {
        assert_eq!(fenced(Duration::from_secs(5), || 7), Ok(7));
        assert_eq!(fenced(Duration::from_secs(5), || panic!("as the test wants")), Err::<(), _>(Fence::Panicked));
        let endless = || std::thread::sleep(Duration::from_secs(20));
        assert_eq!(fenced(Duration::from_millis(1), endless), Err(Fence::OutOfTime));
    }
}
