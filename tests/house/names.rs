//! Files and modules bear the field's words, never words that could hold anything.

use super::report::{Breach, expect_none};
use super::source::Source;
use super::tree;

const BANNED: [&str; 12] =
    ["util", "utils", "common", "helper", "helpers", "misc", "manager", "managers", "service", "services", "impl", "impls"];

fn banned(name: &str) -> Option<&str> {
    name.split(['_', '-', '.']).find(|word| BANNED.contains(&word.to_lowercase().as_str()))
}

fn check_path(path: &str) -> Option<Breach> {
    let word = path.split('/').find_map(banned)?;
    Some(Breach::new(path, 0, format!("`{word}` in a path")))
}

fn check_modules(source: &Source) -> Vec<Breach> {
    let modules = source.lines().filter_map(|(line, code)| {
        let code = code.trim();
        let (_, name) = code.split_once("mod ").filter(|(before, _)| before.is_empty() || before.starts_with("pub"))?;
        let name = name.split(|c: char| !c.is_alphanumeric() && c != '_').next()?;
        banned(name).map(|word| Breach::new(&source.path, line, format!("`{word}` in the name of a module")))
    });
    modules.collect()
}

#[test]
fn no_file_or_module_has_a_name_that_could_hold_anything() {
    let mut breaches: Vec<Breach> = tree::files().iter().filter_map(|file| check_path(&file.path)).collect();
    breaches.extend(tree::sources().iter().flat_map(check_modules));
    expect_none(&breaches, "name it by its noun (installation, event, flow, run, …) or, for a message, by its verb");
}

#[test]
fn a_catch_all_name_is_found() {
    assert!(check_path("src/http/utils.rs").is_some());
    assert!(check_path("src/common/token.rs").is_some());
    assert!(check_path("tests/store/test_helpers.rs").is_some());
    assert!(check_path("src/http/events.rs").is_none());
    let source = Source::parse("src/x.rs", "pub mod flow_manager;\nmod misc { }\npub(crate) mod commons;\n");
    assert_eq!(check_modules(&source).iter().map(|breach| breach.line).collect::<Vec<_>>(), [1, 2]);
}
