//! No source is forgotten: every file is a target of its crate or a module of one, so that a test that is written is a test that runs.

use super::report::{Breach, expect_none};
use super::source::Source;
use super::tree::{self, File};

/// Targets that Cargo finds by itself, and those that a manifest names.
fn is_root(path: &str, manifests: &[&File]) -> bool {
    manifests.iter().any(|manifest| {
        let folder = manifest.path.trim_end_matches("Cargo.toml");
        let Some(inside) = path.strip_prefix(folder) else { return false };
        let found_by_cargo = matches!(inside, "src/lib.rs" | "src/main.rs" | "build.rs")
            || ["src/bin/", "examples/"].iter().any(|kind| inside.strip_prefix(kind).is_some_and(|name| !name.contains('/')));
        found_by_cargo || manifest.text.contains(&format!("path = \"{inside}\""))
    })
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// The folder whose files may declare it: a `mod.rs` speaks for its folder.
fn home(path: &str) -> &str {
    folder(path.strip_suffix("/mod.rs").unwrap_or(path))
}

fn declares(parent: &Source, name: &str) -> bool {
    parent.lines().any(|(_, line)| line.trim().ends_with(&format!("mod {name};")))
}

/// Files in which `path` may be declared, beside the roots of its folder, and its name there.
fn parents(path: &str) -> (Vec<String>, String) {
    let path = path.trim_end_matches(".rs");
    let path = path.strip_suffix("/mod").unwrap_or(path);
    let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
    let candidates = [format!("{folder}/mod.rs"), format!("{folder}.rs")];
    (candidates.into(), name.to_owned())
}

fn check(sources: &[Source], manifests: &[&File]) -> Vec<Breach> {
    let forgotten = sources.iter().filter(|source| {
        let (candidates, name) = parents(&source.path);
        let beside = |root: &Source| folder(&root.path) == home(&source.path) && is_root(&root.path, manifests);
        let declared =
            sources.iter().filter(|parent| candidates.contains(&parent.path) || beside(parent)).any(|parent| declares(parent, &name));
        !declared && !is_root(&source.path, manifests)
    });
    forgotten.map(|source| Breach::new(&source.path, 0, "is neither a target nor declared as a module")).collect()
}

#[test]
fn every_source_belongs_to_a_target() {
    let manifests: Vec<&File> = tree::files().iter().filter(|file| file.path.ends_with("Cargo.toml")).collect();
    expect_none(
        &check(tree::sources(), &manifests),
        "declare it with `mod name;` beside its kin, name it as a target in Cargo.toml, or delete it",
    );
}

#[test]
fn a_forgotten_source_is_found() {
    let source = |path: &str, text: &str| Source::parse(path, text);
    let manifest = File { path: "Cargo.toml".to_owned(), text: "[[test]]\nname = \"http\"\npath = \"tests/http/main.rs\"\n".to_owned() };
    let sources = [
        source("src/lib.rs", "pub mod store;\n// mod comment;\n"),
        source("src/store/mod.rs", "mod writer;\n"),
        source("src/store/writer.rs", ""),
        source("src/store/lost.rs", ""),
        source("src/comment.rs", ""),
        source("tests/http/main.rs", "mod events;\n"),
        source("tests/http/events.rs", ""),
        source("tests/faults/main.rs", ""),
    ];
    let found: Vec<String> = check(&sources, &[&manifest]).into_iter().map(|breach| breach.path).collect();
    assert_eq!(found, ["src/store/lost.rs", "src/comment.rs", "tests/faults/main.rs"]);
}
