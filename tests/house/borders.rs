//! Who may know whom: the inside knows nothing of the outside, each crate of the outside has its one place, and pure modules stay pure.

use super::report::{Breach, expect_none};
use super::source::Source;
use super::tree;

/// Code below `within`, but for `except`, names none of `banned`.
struct Border {
    within: &'static [&'static str],
    except: &'static [&'static str],
    banned: &'static [&'static str],
    /// Whether tests are free of it.
    tests_free: bool,
    why: &'static str,
}

const BORDERS: &[Border] = &[
    Border {
        within: &["actors/"],
        except: &[],
        banned: &["actix_web", "actix_http", "actix_tls", "awc", "sqlx", "std::env", "rustls", "jsonwebtoken", "clockify_addons"],
        tests_free: false,
        why: "the inside states its needs as traits in actors/src/port; what HTTP, SQL or the environment give, the outside hands in",
    },
    Border {
        within: PURE,
        except: &[],
        banned: &[
            "actix",
            "actix_rt",
            "tokio",
            "futures_util",
            "dashmap",
            "std::thread",
            "std::fs",
            "std::net",
            "crate::workspace",
            "crate::registry",
        ],
        tests_free: false,
        why: "this module is pure: (state, input) to (state, effects); what waits, sends or stores belongs to actors/src/workspace",
    },
    Border {
        within: &["src/"],
        except: &["src/store/"],
        banned: &["sqlx"],
        tests_free: false,
        why: "SQL lives in src/store alone; others hold the traits of actors::port::store",
    },
    Border {
        within: &["src/"],
        except: &["src/outbound/", "src/sandbox/"],
        banned: &["awc", "actix_tls"],
        tests_free: false,
        why: "everything that leaves goes through src/outbound and its guard (I8)",
    },
    Border {
        within: &["src/", "actors/"],
        except: &["src/config", "src/cli", "src/main.rs", "src/healthcheck.rs"],
        banned: &["std::env"],
        tests_free: true,
        why: "the environment is read once, in src/config.rs; hand the value down",
    },
    Border {
        within: &["src/"],
        except: &["src/auth/", "src/sandbox/"],
        banned: &["jsonwebtoken"],
        tests_free: false,
        why: "tokens are verified in src/auth alone",
    },
    Border {
        within: &["src/", "actors/", "tests/"],
        except: &[],
        banned: &["actix::prelude", "reqwest", "hyper", "h2", "ring", "openssl", "chrono"],
        tests_free: false,
        why: "the prelude hides the crate name `actors`; the other crates have a chosen alternative: awc behind the guard, aws-lc-rs, jiff",
    },
    Border {
        within: &["src/http/", "src/auth/", "src/outbound/", "src/store/", "src/metrics", "src/telemetry", "src/manifest", "src/config"],
        except: &[],
        banned: &["crate::app", "crate::cli", "crate::sandbox"],
        tests_free: true,
        why: "parts are handed what they need by src/app.rs and do not know it; nothing of the sandbox runs under `serve`",
    },
    Border {
        within: &["src/http/"],
        except: &[],
        banned: &["crate::store", "crate::outbound", "crate::config"],
        tests_free: true,
        why: "a handler extracts, asks and shapes: it asks the registry and the traits of actors::port",
    },
    Border {
        within: &["src/store/"],
        except: &[],
        banned: &["crate::http", "crate::auth", "crate::outbound", "actix_web"],
        tests_free: true,
        why: "a store knows rows and the nouns of `actors`",
    },
    Border {
        within: &["src/auth/"],
        except: &[],
        banned: &["crate::http", "crate::store", "crate::outbound", "crate::config"],
        tests_free: true,
        why: "auth knows tokens and keys; where they come from is handed in",
    },
    Border {
        within: &["src/outbound/"],
        except: &[],
        banned: &["crate::http", "crate::store", "crate::auth", "crate::config"],
        tests_free: true,
        why: "outbound knows how to reach others, not why",
    },
];

/// What has no time, no tasks and no store.
const PURE: &[&str] = &[
    "actors/src/flow/",
    "actors/src/bootstrap/",
    "actors/src/jsonpath/",
    "actors/src/budget.rs",
    "actors/src/backoff.rs",
    "actors/src/dedupe.rs",
    "actors/src/loop_guard.rs",
    "actors/src/installation.rs",
    "actors/src/event.rs",
    "actors/src/explorer/",
    "actors/src/call.rs",
    "actors/src/operation.rs",
    "actors/src/settings.rs",
];

/// What one part states as its need and another may name, to meet it.
const ADAPTED: [(&str, &str); 1] = [("src/outbound/", "crate::auth::KeySource")];

/// The parts that meet in src/app.rs and nowhere else.
const PARTS: [&str; 3] = ["crate::store", "crate::outbound", "crate::http"];

/// Where the parts are put together.
const COMPOSERS: [&str; 3] = ["src/app.rs", "src/app/", "src/sandbox/"];

fn starts_with_any(path: &str, prefixes: &[&str]) -> bool {
    prefixes.iter().any(|prefix| path.starts_with(prefix))
}

/// A single word may be a variable of the same name; what is in a crate is named by a path.
fn names(path: &str, banned: &str) -> bool {
    path.strip_prefix(banned).is_some_and(|rest| rest.starts_with("::") || (rest.is_empty() && banned.contains("::")))
}

fn check(source: &Source) -> Vec<Breach> {
    let mut breaches = Vec::new();
    let borders: Vec<&Border> = BORDERS
        .iter()
        .filter(|border| starts_with_any(&source.path, border.within) && !starts_with_any(&source.path, border.except))
        .collect();
    for (line, path) in source.paths() {
        for border in &borders {
            let adapts = ADAPTED.iter().any(|(part, need)| source.path.starts_with(part) && path == *need);
            if adapts || (border.tests_free && source.is_test(line)) || !border.banned.iter().any(|banned| names(&path, banned)) {
                continue;
            }
            breaches.push(Breach::new(&source.path, line, format!("names {path}: {}", border.why)));
        }
        if path == "async" && starts_with_any(&source.path, PURE) && !source.is_test(line) {
            breaches.push(Breach::new(&source.path, line, "a pure module waits for nothing"));
        }
    }
    breaches.extend(composes(source));
    breaches
}

fn composes(source: &Source) -> Option<Breach> {
    if !source.path.starts_with("src/") || starts_with_any(&source.path, &COMPOSERS) {
        return None;
    }
    let paths: Vec<String> = source.paths().into_iter().filter(|(line, _)| !source.is_test(*line)).map(|(_, path)| path).collect();
    let own = |part: &str| source.path.starts_with(&format!("src/{}/", part.trim_start_matches("crate::")));
    let met: Vec<&str> = PARTS.into_iter().filter(|part| !own(part) && paths.iter().any(|path| names(path, part))).collect();
    (met.len() > 1).then(|| Breach::new(&source.path, 0, format!("puts {} together, which only src/app.rs does", met.join(" and "))))
}

const STATEMENTS: [&str; 12] = [
    "SELECT ",
    "INSERT ",
    "UPDATE ",
    "DELETE FROM",
    "CREATE TABLE",
    "CREATE INDEX",
    "ALTER TABLE",
    "DROP TABLE",
    "PRAGMA ",
    "BEGIN IMMEDIATE",
    "COMMIT;",
    "VACUUM",
];

fn check_sql(source: &Source) -> Vec<Breach> {
    if !starts_with_any(&source.path, &["src/", "actors/src/"]) || source.path.starts_with("src/store/") {
        return Vec::new();
    }
    let sql = source
        .literals
        .iter()
        .filter(|(line, literal)| !source.is_test(*line) && STATEMENTS.iter().any(|statement| literal.trim_start().starts_with(statement)));
    sql.map(|(line, _)| Breach::new(&source.path, *line, "an SQL statement")).collect()
}

#[test]
fn everybody_knows_only_whom_they_may_know() {
    let breaches: Vec<Breach> = tree::sources().iter().flat_map(check).collect();
    expect_none(&breaches, "state the need as a trait in actors/src/port, or hand the value down from src/app.rs");
}

#[test]
fn the_manifest_of_the_inside_has_nothing_of_the_outside() {
    let text = tree::text("actors/Cargo.toml");
    let breaches: Vec<Breach> = manifest(text);
    expect_none(
        &breaches,
        "the inside has no HTTP, no SQL and no environment: the crates are not there, so that the compiler holds the border",
    );
}

fn manifest(text: &str) -> Vec<Breach> {
    let banned = ["actix-web", "actix-http", "awc", "sqlx", "rustls", "jsonwebtoken", "prometheus", "env_logger"];
    let named = text.lines().enumerate().filter(|(_, line)| {
        let name = line.split(['=', '.', ' ']).next().unwrap_or("");
        banned.contains(&name)
    });
    named.map(|(index, line)| Breach::new("actors/Cargo.toml", index + 1, line)).collect()
}

#[test]
fn sql_is_written_in_the_store_alone() {
    let breaches: Vec<Breach> = tree::sources().iter().flat_map(check_sql).collect();
    expect_none(&breaches, "move it behind a trait of actors::port::store, into src/store");
}

#[test]
fn a_crossed_border_is_found() {
    let found = |path: &str, text: &str| check(&Source::parse(path, text)).len();
    assert_eq!(found("actors/src/workspace/mod.rs", "use sqlx::Row;\n"), 1);
    assert_eq!(found("actors/src/ids.rs", "use std::{env, fs};\n"), 2, "as inside and as part");
    assert_eq!(found("actors/src/flow/run.rs", "use actix::Addr;\n"), 1);
    assert_eq!(found("actors/src/flow/run.rs", "async fn wait() {}\n"), 1);
    assert_eq!(found("src/http/events.rs", "fn f() { sqlx::query(); }\n"), 1);
    assert_eq!(found("src/http/events.rs", "use crate::store::Database;\n"), 1);
    assert_eq!(found("src/http/events.rs", "use super::super::outbound::client;\n"), 1);
    assert_eq!(found("src/store/mod.rs", "let client = awc::Client::new();\n"), 1);
    assert_eq!(found("src/metrics.rs", "let home = std::env::var(name);\n"), 1);
    assert_eq!(found("src/http/caller.rs", "use jsonwebtoken::decode;\n"), 1);
    assert_eq!(found("src/http/caller.rs", "use actix::prelude::*;\n"), 1);
    assert_eq!(found("src/manifest.rs", "use crate::sandbox::Authority;\n"), 1);
    assert_eq!(found("src/manifest.rs", "use crate::{store, outbound::client};\n"), 1, "only app.rs puts parts together");
    assert_eq!(manifest("[dependencies]\nsqlx = \"1\"\nactix.workspace = true\nactix-rt.workspace = true\n").len(), 1);
}

#[test]
fn what_is_allowed_is_not_found() {
    let found = |path: &str, text: &str| check(&Source::parse(path, text)).len();
    assert_eq!(found("src/store/mod.rs", "use sqlx::Row;\n"), 0);
    assert_eq!(found("src/store/mod.rs", "let ring = keys.ring;\n"), 0);
    assert_eq!(found("src/config.rs", "let value = std::env::var(name);\n"), 0);
    assert_eq!(found("src/outbound/key_set.rs", "use crate::auth::KeySource;\n"), 0);
    assert_eq!(found("src/app.rs", "use crate::{http, outbound, store};\n"), 0);
    assert_eq!(found("src/http/events.rs", "// sqlx::query\nlet text = \"sqlx::query\";\nlet v = env!(\"CARGO_PKG_VERSION\");\n"), 0);
    assert_eq!(found("src/http/events.rs", "#[cfg(test)]\nmod tests {\n    use crate::sandbox::Authority;\n}\n"), 0);
}

#[test]
fn a_statement_outside_the_store_is_found() {
    let found = |path: &str, text: &str| check_sql(&Source::parse(path, text)).len();
    assert_eq!(found("src/http/events.rs", "let q = \"SELECT * FROM events\";\n"), 1);
    assert_eq!(found("src/http/events.rs", "let q = r#\"\n  DELETE FROM events\"#;\n"), 1);
    assert_eq!(found("src/store/sqlite/events.rs", "let q = \"SELECT * FROM events\";\n"), 0);
    assert_eq!(found("src/http/events.rs", "let words = \"Select a flow\";\n"), 0);
}
