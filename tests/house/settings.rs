//! Every variable that the code asks for is documented with the default that it has, stands in `.env.example`, and the other way round.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use actors::settings::{SETTINGS, Takes};
use clockify_addons::config::Config;

use super::report::{Breach, expect_none};
use super::source::Source;
use super::tree;

const PAGE: &str = "docs/settings.md";
const EXAMPLE: &str = ".env.example";

/// Names that the configuration asks for, found by letting it ask.
fn asked() -> BTreeSet<String> {
    let names = RefCell::new(BTreeSet::new());
    let environment = |name: &str| {
        names.borrow_mut().insert(name.to_owned());
        None
    };
    Config::load(&environment, None).unwrap();
    names.into_inner()
}

/// Names that code reads past the configuration.
fn read_directly(sources: &[Source]) -> BTreeSet<String> {
    let calls = ["env::var(\"", "env::var_os(\"", "env::remove_var(\"", "env::set_var(\""];
    let outside = sources.iter().filter(|source| source.path.starts_with("src/") || source.path.starts_with("actors/src/"));
    let lines = outside.flat_map(|source| source.text.lines().enumerate().filter(|(index, _)| !source.is_test(index + 1)));
    let found = lines.flat_map(|(_, line)| calls.iter().flat_map(move |call| line.split(call).skip(1)));
    found.filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
}

/// First and second column of the page's tables: names, and defaults where they are one text for every machine.
fn documented(page: &str) -> BTreeMap<String, Option<String>> {
    let backquoted = |cell: &str| cell.split('`').nth(1).map(str::to_owned);
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
    rows.map(|(name, rest)| (name.to_owned(), backquoted(rest.split('|').next().unwrap_or_default()))).collect()
}

/// Names of the example, whose values are all commented out.
fn exemplified(example: &str) -> BTreeSet<String> {
    let names = example.lines().filter_map(|line| line.strip_prefix("# ")?.split_once('=').map(|(name, _)| name));
    names.filter(|name| name.bytes().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == b'_')).map(str::to_owned).collect()
}

/// Names that the composition asks the example's reader for.
fn interpolated(compose: &str) -> BTreeSet<String> {
    let names = compose.split("${").skip(1).filter_map(|rest| rest.split([':', '}']).next());
    names.map(str::to_owned).collect()
}

fn compare(code: &BTreeSet<String>, written: &BTreeSet<String>, path: &str) -> Vec<Breach> {
    let missing = code.difference(written).map(|name| Breach::new(path, 0, format!("{name} is read and not there")));
    let invented = written.difference(code).map(|name| Breach::new(path, 0, format!("{name} is there and never read")));
    missing.chain(invented).collect()
}

#[test]
fn every_variable_is_documented_and_no_other() {
    let code: BTreeSet<String> = asked().union(&read_directly(tree::sources())).cloned().collect();
    assert!(code.contains("DATABASE_URL"), "the configuration was not asked");
    let page: BTreeSet<String> = documented(tree::text(PAGE)).into_keys().collect();
    let mut breaches = compare(&code, &page, PAGE);
    let wanted = code.union(&interpolated(tree::text("docker-compose.yml"))).cloned().collect();
    breaches.extend(compare(&wanted, &exemplified(tree::text(EXAMPLE)), EXAMPLE));
    expect_none(&breaches, "a variable that nobody can find is no setting: add it to both, or take it out");
}

#[test]
fn documented_defaults_are_the_real_ones() {
    let real = Config::load(&|_| None, None).unwrap().shown;
    let mut breaches = Vec::new();
    for path in [PAGE, "README.md"] {
        let page = documented(tree::text(path));
        for shown in &real {
            let (written, real) = (page.get(shown.name).and_then(Option::as_ref), shown.value.as_deref().unwrap_or_default());
            if let Some(written) = written.filter(|written| *written != real) {
                breaches.push(Breach::new(path, 0, format!("{} is said to be {written:?} by default and is {real:?}", shown.name)));
            }
        }
    }
    expect_none(&breaches, "write the default that the code has");
}

#[test]
fn the_example_would_be_accepted() {
    let alternatives = ["CLOCKIFY_JWKS", "CLOCKIFY_ENVIRONMENT"];
    let lines = tree::text(EXAMPLE).lines().filter_map(|line| line.strip_prefix("# ").filter(|line| line.contains('=')));
    let text: Vec<&str> = lines.filter(|line| !alternatives.iter().any(|start| line.starts_with(start))).collect();
    let faults: Vec<String> =
        Config::load(&|_| None, Some(&text.join("\n"))).err().unwrap_or_default().iter().map(ToString::to_string).collect();
    assert_eq!(faults, Vec::<String>::new(), "{EXAMPLE} gives values that stop the start");
}

#[test]
fn the_tables_of_the_readme_name_real_variables() {
    let page = documented(tree::text(PAGE));
    let readme = documented(tree::text("README.md")).into_keys().filter(|name| name.contains('_') || name == "HOST");
    let invented = readme.filter(|name| name.bytes().all(|c| c.is_ascii_uppercase() || c == b'_') && !page.contains_key(name));
    let breaches: Vec<Breach> = invented
        .filter(|name| !["CLOCKIFY_API", "STOP_IF"].contains(&name.as_str()))
        .map(|name| Breach::new("README.md", 0, name))
        .collect();
    expect_none(&breaches, "the README names a variable that is not in docs/settings.md");
}

/// Names that the Python add-ons read, or their documents promised.
const OF_THE_PYTHON_ADD_ONS: &str = "
    API_STUDIO_DB_URL API_STUDIO_ADDON_KEY API_STUDIO_REQUIRE_SIGNATURE_VERIFICATION API_STUDIO_BOOTSTRAP_MAX_RPS
    API_STUDIO_BOOTSTRAP_INCLUDE_HEAVY_ENDPOINTS API_STUDIO_WEBHOOK_LOG_RETENTION_DAYS API_STUDIO_FLOW_EXECUTION_RETENTION_DAYS
    UNIVERSAL_WEBHOOK_DB_URL UNIVERSAL_WEBHOOK_ADDON_KEY UNIVERSAL_WEBHOOK_REQUIRE_SIGNATURE_VERIFICATION UW_BOOTSTRAP_MAX_RPS
    UW_BOOTSTRAP_INCLUDE_HEAVY UW_BOOTSTRAP_INCLUDE_TIME_ENTRIES UW_BOOTSTRAP_TIME_ENTRY_DAYS UW_BOOTSTRAP_MAX_PAGES
    UW_ENABLE_CUSTOM_WEBHOOKS UW_WEBHOOK_LOG_RETENTION_DAYS UW_ENABLE_FLOWS UW_ENABLE_GENERIC_HTTP_ACTIONS
    UW_FLOW_EXECUTION_RETENTION_DAYS UW_CACHE_TTL_DAYS CLOCKIFY_API_BASE_URL LOG_LEVEL CLOCKIFY_JWKS_URL CLOCKIFY_ENVIRONMENT
    CLOCKIFY_JWKS_PROD_URL CLOCKIFY_JWKS_DEV_URL BASE_URL HOST PORT DEBUG DATABASE_URL REQUIRE_SIGNATURE_VERIFICATION WEBHOOK_HMAC_SECRET
    CLOCKIFY_API_BASE CLOCKIFY_DEVELOPER_API_BASE CLOCKIFY_PTO_API_BASE CLOCKIFY_REPORTS_API_BASE ALLOWED_API_DOMAINS RATE_LIMIT_RPS
    RATE_LIMIT_ENABLED REDIS_URL USE_REDIS LOG_FORMAT AUTO_BOOTSTRAP_ON_INSTALL BOOTSTRAP_BATCH_SIZE BOOTSTRAP_MAX_RETRIES
    BOOTSTRAP_MAX_PAGES API_CALL_MAX_PAYLOAD_BYTES WEBHOOK_MAX_PAYLOAD_BYTES WEBHOOK_REQUEST_MAX_RETRIES WEBHOOK_REQUEST_BACKOFF_BASE
    WEBHOOK_REQUEST_BACKOFF_CAP ADDON_KEY ADDON_NAME ADDON_DESCRIPTION ADDON_VENDOR_NAME ADDON_VENDOR_URL POSTGRES_USER POSTGRES_PASSWORD
    POSTGRES_DB CLOCKIFY_ADDON_BASE_URL UNIVERSAL_WEBHOOK_PORT BOOTSTRAP_MAX_RPS CLOCKIFY_ALLOWED_API_DOMAINS";

/// Names in the page's list of what has no effect.
fn of_no_effect(page: &str) -> BTreeSet<String> {
    let list = page.split_once("## Of no effect").map_or("", |(_, list)| list);
    let named = list.lines().filter_map(|line| line.strip_prefix("- ")?.split_once("`: ").map(|(names, _)| names));
    named.flat_map(|names| names.split(", ").map(|name| name.trim_matches('`').to_owned())).collect()
}

#[test]
fn every_variable_of_the_python_add_ons_is_read_or_said_to_be_of_no_effect() {
    let (read, idle) = (asked(), of_no_effect(tree::text(PAGE)));
    let reference: BTreeSet<String> = OF_THE_PYTHON_ADD_ONS.split_whitespace().map(str::to_owned).collect();
    let lost = reference.iter().filter(|name| read.contains(*name) == idle.contains(*name));
    let mut breaches: Vec<Breach> = lost.map(|name| Breach::new(PAGE, 0, format!("{name} is read and idle, or neither"))).collect();
    let invented = idle.difference(&reference).map(|name| Breach::new(PAGE, 0, format!("{name} was never read")));
    breaches.extend(invented);
    expect_none(&breaches, "who comes from the Python add-ons looks each of his variables up");
}

/// Rows of a table of variables, settings and meanings.
fn rows(page: &str) -> Vec<(&str, &str)> {
    page.lines()
        .filter_map(|line| {
            let mut cells = line.strip_prefix("| `")?.split('|').skip(2).map(str::trim);
            Some((cells.next()?.strip_prefix('`')?.strip_suffix('`')?, cells.next()?))
        })
        .filter(|(id, _)| !id.contains('`'))
        .collect()
}

#[test]
fn every_setting_is_documented_with_its_range() {
    let page = tree::text(PAGE);
    let rows = rows(page);
    let known: BTreeSet<&str> = SETTINGS.iter().map(|setting| setting.id).collect();
    let invented = rows.iter().filter(|(id, _)| !known.contains(id)).map(|(id, _)| Breach::new(PAGE, 0, format!("{id} is no setting")));
    let mut breaches: Vec<Breach> = invented.collect();
    for setting in SETTINGS {
        let range = match &setting.takes {
            Takes::Number(range, _) => format!("{} to {}", range.start(), range.end()),
            Takes::Flag(_) | Takes::Text | Takes::Choice(_) => String::new(),
        };
        let described = rows.iter().any(|(id, meaning)| *id == setting.id && meaning.contains(&range));
        // Without a variable of the operator's it is only named.
        let named = range.is_empty() && page.contains(&format!("`{}`", setting.id));
        if !described && !named {
            breaches.push(Breach::new(PAGE, 0, format!("{} of {} is not there with {range:?}", setting.id, setting.addon)));
        }
    }
    expect_none(&breaches, "the list of settings in the code is the one list: write here what it says");
}

#[test]
fn a_forgotten_and_an_invented_variable_are_found() {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(compare(&names(&["A", "B"]), &names(&["B", "C"]), "x").len(), 2);
    let source = Source::parse("src/cli.rs", "fn f() { std::env::var(\"HIDDEN\") }\n");
    assert_eq!(read_directly(&[source]), names(&["HIDDEN"]));
    let page = documented("| variable | default |\n| `A_B` | `1` | text |\n| `C` | one a core | text |\n| `D` | | text `x` |\n");
    assert_eq!(page["A_B"].as_deref(), Some("1"));
    assert_eq!((&page["C"], &page["D"]), (&None, &None));
    assert_eq!(exemplified("# Words = and = more\n# A_1=x\n#B=1\n"), names(&["A_1"]));
}
