//! Clockify in a box: a simulated platform for newcomers and for tests. Nothing of it runs under `serve`.

pub mod authority;
pub mod platform;

/// A file of the reference data that tests compare with. Without it they say loudly that they skip; on CI they fail.
#[cfg(test)]
fn reference(name: &str) -> Option<Vec<u8>> {
    let Some(folder) = std::env::var_os("CLOCKIFY_REFERENCE_DIR") else {
        assert!(std::env::var_os("CI").is_none(), "CLOCKIFY_REFERENCE_DIR is not set");
        eprintln!("SKIPPED: {} needs CLOCKIFY_REFERENCE_DIR", std::thread::current().name().unwrap_or_default());
        return None;
    };
    Some(std::fs::read(std::path::Path::new(&folder).join(name)).unwrap())
}
