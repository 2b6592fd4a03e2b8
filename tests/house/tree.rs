//! The files of the project as they are in the working tree, without what `.gitignore` keeps out.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use super::source::Source;

/// A text file.
pub struct File {
    /// Path from the root of the project, with forward slashes.
    pub path: String,
    /// Its content.
    pub text: String,
}

/// Kept out by `.gitignore`, or of no concern here.
const SKIPPED: [&str; 6] = [".git", "target", "data", ".env", "node_modules", "Cargo.lock"];

/// The root of the project.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every text file, by path.
pub fn files() -> &'static [File] {
    static FILES: OnceLock<Vec<File>> = OnceLock::new();
    FILES.get_or_init(|| {
        let mut paths = Vec::new();
        walk(root(), &mut paths);
        paths.sort();
        paths.iter().filter_map(|path| read(path)).collect()
    })
}

/// Every Rust source, by path.
pub fn sources() -> &'static [Source] {
    static SOURCES: OnceLock<Vec<Source>> = OnceLock::new();
    SOURCES.get_or_init(|| {
        files().iter().filter(|file| file.path.ends_with(".rs")).map(|file| Source::parse(&file.path, &file.text)).collect()
    })
}

/// The content of a file that must be there.
#[track_caller]
pub fn text(path: &str) -> &'static str {
    let found = files().iter().find(|file| file.path == path);
    &found.unwrap_or_else(|| panic!("{path} is missing from the project")).text
}

fn walk(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let name = entry.file_name();
        if SKIPPED.iter().any(|skipped| name == *skipped) {
            continue;
        }
        let path = entry.path();
        if path.is_dir() { walk(&path, into) } else { into.push(path) }
    }
}

/// `None` for what is not text.
fn read(path: &Path) -> Option<File> {
    let text = String::from_utf8(fs::read(path).unwrap()).ok().filter(|text| !text.contains('\0'))?;
    let path = path.strip_prefix(root()).unwrap().to_str()?.replace('\\', "/");
    Some(File { path, text })
}

#[test]
fn the_walk_finds_this_file_and_nothing_that_was_built() {
    assert!(files().iter().any(|file| file.path == "tests/house/tree.rs"));
    assert!(files().iter().any(|file| file.path == "actors/src/lib.rs"));
    assert!(!files().iter().any(|file| file.path.split('/').any(|part| part == "target")));
}
