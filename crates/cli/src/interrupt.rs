//! Ctrl-C and the order to stop: the first ends things properly, the second at once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);
static ACTIONS: Mutex<Vec<Action>> = Mutex::new(Vec::new());

type Action = Box<dyn FnMut() + Send>;

/// Whether the first signal has come.
pub(crate) fn interrupted() -> bool {
    INTERRUPTED.load(Ordering::SeqCst)
}

/// Calls `action` when the first signal comes; at once if it has come already.
pub(crate) fn on_interrupt(mut action: impl FnMut() + Send + 'static) {
    let mut actions = ACTIONS.lock().unwrap_or_else(PoisonError::into_inner);
    if interrupted() {
        action();
    } else {
        actions.push(Box::new(action));
    }
}

/// Begins to listen for SIGINT and SIGTERM on a thread of its own.
pub(crate) fn listen() {
    std::thread::spawn(|| {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build();
        if let Ok(runtime) = runtime {
            runtime.block_on(wait());
        }
    });
}

#[cfg(unix)]
async fn wait() {
    use tokio::signal::unix::{SignalKind, signal};
    let both = (
        signal(SignalKind::interrupt()),
        signal(SignalKind::terminate()),
    );
    let (Ok(mut interrupt), Ok(mut terminate)) = both else {
        return;
    };
    loop {
        tokio::select! {
            _ = interrupt.recv() => received(130),
            _ = terminate.recv() => received(143),
        }
    }
}

#[cfg(not(unix))]
async fn wait() {
    while tokio::signal::ctrl_c().await.is_ok() {
        received(130);
    }
}

fn received(exit_code: i32) {
    let mut actions = ACTIONS.lock().unwrap_or_else(PoisonError::into_inner);
    if INTERRUPTED.swap(true, Ordering::SeqCst) {
        std::process::exit(exit_code);
    }
    actions.iter_mut().for_each(|action| action());
}
