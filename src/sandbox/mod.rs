//! Clockify in a box: a simulated platform for newcomers and for tests. Nothing of it runs under `serve`.

pub mod authority;
pub mod narrator;
pub mod platform;
pub mod story;

/// A file of the reference data that tests compare with. Without it they say loudly that they skip; on CI they fail.
#[cfg(test)]
fn reference(name: &str) -> Option<Vec<u8>> {
    use std::io::Write;
    let Some(folder) = std::env::var_os("CLOCKIFY_REFERENCE_DIR") else {
        assert!(std::env::var("CI").as_deref() != Ok("true"), "CLOCKIFY_REFERENCE_DIR is not set");
        let claim = std::thread::current().name().unwrap_or_default().to_owned();
        // Not `eprintln!`, which the test harness swallows.
        let _ = writeln!(std::io::stderr(), "SKIPPED: {claim}: CLOCKIFY_REFERENCE_DIR is not set");
        return None;
    };
    Some(std::fs::read(std::path::Path::new(&folder).join(name)).unwrap())
}
