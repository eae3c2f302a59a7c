//! The plain subscriber of a process that has none.

/// Sets up a plain subscriber where the process has none.
pub(crate) fn set_up() {
    use std::io::IsTerminal;
    use tracing_subscriber::EnvFilter;
    use tracing_subscriber::filter::LevelFilter;

    let filter = EnvFilter::builder().with_default_directive(LevelFilter::INFO.into()).from_env_lossy();
    // It fails where the program has set up its own: then that one is right.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr)
        // It would tell of a closed terminal on that terminal, and panic.
        .log_internal_errors(false)
        .try_init();
}
