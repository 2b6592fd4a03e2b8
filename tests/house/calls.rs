//! Calls that have no place here, and the places where the few exceptions stand.

use super::report::{Breach, expect_none};
use super::source::Source;
use super::tree;

struct Ban {
    /// As it stands in the code, blanks left out.
    call: &'static str,
    /// Files that may, each for the reason beside it.
    except: &'static [&'static str],
    /// Whether tests may.
    tests_free: bool,
    why: &'static str,
}

/// The clock itself.
const CLOCK: &str = "actors/src/clock.rs";
/// Benchmarks measure real time; that is all they do.
const BENCH: &str = "tests/bench/";

/// Its channel holds one answer for each entry that the bounded queue let in.
const RECEIPTS: &str = "actors/src/port/store/receipt.rs";
/// Nothing of it runs under `serve`; its orders come from whoever started it.
const SANDBOX: &str = "src/sandbox/";

const BANS: &[Ban] = &[
    Ban { call: "do_send(", except: &[], tests_free: false, why: "ignores the mailbox's bound and loses silently: use try_send (I5)" },
    Ban { call: "SystemTime::now", except: &[CLOCK, BENCH], tests_free: false, why: "time comes from Clock (I6)" },
    Ban { call: "Timestamp::now(", except: &[CLOCK, BENCH], tests_free: false, why: "time comes from Clock (I6)" },
    Ban { call: "Zoned::now(", except: &[], tests_free: false, why: "time comes from Clock (I6)" },
    Ban { call: "Utc::now(", except: &[], tests_free: false, why: "time comes from Clock (I6)" },
    Ban { call: "Instant::now", except: &[CLOCK, BENCH], tests_free: true, why: "time comes from Clock (I6)" },
    Ban { call: "Uuid::new_v4", except: &[CLOCK], tests_free: false, why: "ids come from Clock::fresh_id (I6)" },
    Ban { call: "Uuid::now_v7", except: &[], tests_free: false, why: "ids come from Clock::fresh_id (I6)" },
    Ban {
        call: "thread::sleep",
        except: &[],
        tests_free: false,
        why: "blocks every workspace of its thread: sleep on Clock (I6); in tests wait for a condition in a loop",
    },
    Ban {
        call: "time::sleep",
        except: &[CLOCK, BENCH],
        tests_free: false,
        why: "sleep on Clock (I6); in tests wait for a condition in a loop",
    },
    Ban { call: "sleep_until(", except: &[], tests_free: false, why: "sleep on Clock (I6)" },
    Ban { call: "time::interval", except: &[], tests_free: false, why: "sleep on Clock (I6)" },
    Ban { call: "todo!(", except: &[], tests_free: false, why: "no stubs: write it or leave it out" },
    Ban { call: "unimplemented!(", except: &[], tests_free: false, why: "no stubs: write it or leave it out" },
    Ban { call: "#[ignore", except: &[], tests_free: false, why: "a test runs or is deleted" },
    Ban { call: "unbounded", except: &[RECEIPTS, SANDBOX], tests_free: true, why: "every queue has a bound in limits.rs (I5)" },
    Ban { call: "static mut", except: &[], tests_free: false, why: "no global state" },
];

fn squeezed(line: &str) -> String {
    line.split_whitespace().collect::<Vec<_>>().join(" ").replace(" (", "(").replace(" !", "!").replace(" ::", "::").replace(":: ", "::")
}

fn check(source: &Source) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for (line, code) in source.lines() {
        let code = squeezed(code);
        for ban in BANS {
            let excepted = ban.except.iter().any(|path| source.path.starts_with(path))
                || (source.is_test(line) && (ban.tests_free || (ban.call.ends_with("::sleep") && in_a_loop(source, line))));
            if !excepted && code.contains(ban.call) {
                breaches.push(Breach::new(&source.path, line, format!("`{}`: {}", ban.call, ban.why)));
            }
        }
        if words(&code).any(|word| word == "unsafe") {
            breaches.push(Breach::new(&source.path, line, "`unsafe`: there is none in this project"));
        }
    }
    breaches
}

/// Whether the block around a line is a loop: then a sleep is the pause of a wait or of a drip, not a guess at how long something takes.
fn in_a_loop(source: &Source, line: usize) -> bool {
    let indent = |code: &str| code.len() - code.trim_start().len();
    let lines: Vec<&str> = source.code.lines().take(line).collect();
    let Some((code, above)) = lines.split_last() else { return false };
    let around = above.iter().rev().find(|other| !other.trim().is_empty() && indent(other) < indent(code));
    around.is_some_and(|around| ["for ", "while ", "loop "].iter().any(|start| around.trim_start().starts_with(start)))
}

fn words(code: &str) -> impl Iterator<Item = &str> {
    code.split(|c: char| !c.is_alphanumeric() && c != '_')
}

/// A lint that is switched off says why.
fn check_reasons(source: &Source) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for start in ["#[allow(", "#![allow(", "#[expect(", "#![expect("] {
        for (at, _) in source.code.match_indices(start) {
            let line = source.code[..at].matches('\n').count() + 1;
            let attribute = &source.code[at..source.code[at..].find(']').map_or(source.code.len(), |end| at + end)];
            if !attribute.contains("reason =") {
                breaches.push(Breach::new(
                    &source.path,
                    line,
                    format!("`{}` without a reason", attribute.trim_start_matches(['#', '!', '['])),
                ));
            }
        }
    }
    breaches
}

#[test]
fn banned_calls_stand_nowhere() {
    let breaches: Vec<Breach> = tree::sources().iter().flat_map(check).collect();
    expect_none(&breaches, "take the way that the breach names; a new exception is a line in tests/house/calls.rs with its reason");
}

#[test]
fn a_lint_that_is_switched_off_says_why() {
    let breaches: Vec<Breach> = tree::sources().iter().flat_map(check_reasons).collect();
    expect_none(&breaches, "add `reason = \"…\"`, with the invariant's number where one makes it impossible");
}

#[test]
fn a_banned_call_is_found_and_a_mention_is_not() {
    let found = |path: &str, text: &str| check(&Source::parse(path, text)).len();
    for ban in BANS {
        assert_eq!(found("src/http/x.rs", &format!("fn f() {{ {} }}\n", ban.call)), 1, "{}", ban.call);
        assert_eq!(found("src/http/x.rs", &format!("// {}\n", ban.call)), 0, "{}", ban.call);
        let in_test = found("tests/http/x.rs", &format!("fn f() {{ {} }}\n", ban.call));
        assert_eq!(in_test, usize::from(!ban.tests_free), "{}", ban.call);
    }
    let waits = "fn until() {\n    for _ in 0..9 {\n        if a {\n            return;\n        }\n        time::sleep(x);\n    }\n    time::sleep(x);\n}\n";
    assert_eq!(found("tests/http/x.rs", waits), 1, "the pause of a wait is none, the guess behind it is one");
    assert_eq!(found("src/http/x.rs", waits), 2);
    assert_eq!(found("src/x.rs", "unsafe { f() }\n"), 1);
    assert_eq!(found("src/x.rs", "let unsafely = \"unsafe\";\n"), 0);
    assert_eq!(found("src/x.rs", "addr.do_send (Message);\n"), 1);
    assert_eq!(found(CLOCK, "jiff::Timestamp::now()\n"), 0);
}

#[test]
fn a_lint_switched_off_without_a_reason_is_found() {
    let found = |text: &str| check_reasons(&Source::parse("src/x.rs", text)).len();
    assert_eq!(found("#[allow(dead_code)]\nfn f() {}\n"), 1);
    assert_eq!(found("#[expect(\n    clippy::panic,\n)]\nfn f() {}\n"), 1);
    assert_eq!(found("#[allow(clippy::panic, reason = \"I5\")]\nfn f() {}\n"), 0);
    assert_eq!(found("fn f() { value.expect(\"text\") }\n"), 0);
}
