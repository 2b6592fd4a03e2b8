//! What the environment may say, and what stops the start.

use actors::settings::Settings;

use super::*;

fn load(pairs: &[(&str, &str)], file: Option<&str>) -> Result<Config, Vec<Invalid>> {
    let map: BTreeMap<String, String> = pairs.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect();
    Config::load(&|name| map.get(name).cloned(), file)
}

fn uw(config: &Config) -> &AddonConfig {
    &config.addons[&Addon::UniversalWebhook]
}

fn names(faults: &[Invalid]) -> Vec<&str> {
    faults.iter().map(|fault| fault.name.as_str()).collect()
}

#[test]
fn nothing_need_be_set() {
    let config = load(&[], None).unwrap();
    assert_eq!(config.host.to_string(), "0.0.0.0");
    let addon = uw(&config);
    assert_eq!((addon.port, addon.key.as_str(), addon.base_url.as_deref()), (8001, "universal-webhook-api", None));
    assert_eq!((addon.database_url.as_str(), addon.verify_signatures), ("sqlite://data/clockify-addons.db", true));
    assert_eq!(addon.defaults, Settings::default());
    let others = [Addon::ApiStudio, Addon::ClockifyAddon].map(|addon| &config.addons[&addon]);
    assert_eq!(others.map(|of| (of.port, of.key.as_str())), [(8000, "clockify-api-studio"), (8002, "clockify-python-addon")]);
    assert!(config.addons.values().all(|of| of.database_url == addon.database_url));
    assert_eq!(
        (config.platform_key, config.schema_version, config.manifest_webhooks_max),
        (PlatformKey::BuiltIn, SchemaVersion::V1_5, None)
    );
    assert_eq!(config.api_domains, ["*.clockify.me", "*.clockify.com"]);
    assert!(config.shown.iter().all(|shown| shown.origin == Origin::Default));
}

#[test]
fn the_process_wins_over_the_file_and_the_file_over_the_default() {
    let file = "LOG_LEVEL=DEBUG\nLOG_FORMAT=text\nUW_ENABLE_FLOWS=no\nSOMETHING_ELSE=1\n";
    let config = load(&[("LOG_LEVEL", "warning"), ("HOST", "")], Some(file)).unwrap();
    assert_eq!((config.log_level, config.log_format), (LevelFilter::Warn, Format::Text));
    assert!(!uw(&config).defaults.enable_flows);
    let origin = |name: &str| config.shown.iter().find(|shown| shown.name == name).map(|shown| shown.origin);
    assert_eq!(origin("LOG_LEVEL"), Some(Origin::Environment));
    assert_eq!(origin("LOG_FORMAT"), Some(Origin::File));
    assert_eq!(origin("HOST"), Some(Origin::Default), "an empty value counts as not set");
    assert_eq!(origin("SOMETHING_ELSE"), None);
}

#[test]
fn every_invalid_value_is_named_at_once_and_none_is_repeated() {
    let bad = "s3cr3t-\u{7}";
    let every = [
        "HOST",
        "ADDONS",
        "PUBLIC_URL",
        "ENCRYPTION_KEY",
        "ENCRYPTION_KEY_PREVIOUS",
        "CLOCKIFY_PUBLIC_KEY",
        "CLOCKIFY_JWKS_URL",
        "CLOCKIFY_ENVIRONMENT",
        "CLOCKIFY_JWKS_PROD_URL",
        "CLOCKIFY_JWKS_DEV_URL",
        "MANIFEST_SCHEMA_VERSION",
        "MANIFEST_MAX_WEBHOOKS",
        "CLOCKIFY_ALLOWED_API_DOMAINS",
        "CLOCKIFY_API_BASES",
        "OUTBOUND_ALLOW_CIDRS",
        "UI_EMBEDDING_ORIGINS",
        "METRICS_TOKEN",
        "WEBHOOK_MAX_PAYLOAD_BYTES",
        "API_CALL_MAX_PAYLOAD_BYTES",
        "HTTP_WORKERS",
        "WORKSPACE_ARBITERS",
        "LOG_LEVEL",
        "LOG_FORMAT",
    ];
    let faults = load(&every.map(|name| (name, bad)), Some("broken line\n")).unwrap_err();
    let mut named = names(&faults);
    assert_eq!(named.remove(0), ".env line 1");
    assert_eq!(named, every);
    let of_addons = [
        "API_STUDIO_PORT",
        "API_STUDIO_ADDON_KEY",
        "API_STUDIO_BASE_URL",
        "API_STUDIO_DB_URL",
        "API_STUDIO_REQUIRE_SIGNATURE_VERIFICATION",
        "API_STUDIO_BOOTSTRAP_ON_INSTALL",
        "API_STUDIO_BOOTSTRAP_INCLUDE_HEAVY_ENDPOINTS",
        "API_STUDIO_BOOTSTRAP_MAX_RPS",
        "API_STUDIO_WEBHOOK_LOG_RETENTION_DAYS",
        "API_STUDIO_FLOW_EXECUTION_RETENTION_DAYS",
        "UNIVERSAL_WEBHOOK_PORT",
        "UNIVERSAL_WEBHOOK_ADDON_KEY",
        "UNIVERSAL_WEBHOOK_BASE_URL",
        "UNIVERSAL_WEBHOOK_DB_URL",
        "UNIVERSAL_WEBHOOK_REQUIRE_SIGNATURE_VERIFICATION",
        "UW_BOOTSTRAP_ON_INSTALL",
        "UW_BOOTSTRAP_INCLUDE_HEAVY",
        "UW_BOOTSTRAP_MAX_RPS",
        "UW_BOOTSTRAP_MAX_PAGES",
        "UW_BOOTSTRAP_INCLUDE_TIME_ENTRIES",
        "UW_BOOTSTRAP_TIME_ENTRY_DAYS",
        "UW_ENABLE_CUSTOM_WEBHOOKS",
        "UW_CUSTOM_WEBHOOK_RATE",
        "UW_WEBHOOK_LOG_RETENTION_DAYS",
        "UW_ENABLE_FLOWS",
        "UW_ENABLE_GENERIC_HTTP_ACTIONS",
        "UW_FLOW_CONCURRENCY",
        "UW_FLOW_EXECUTION_RETENTION_DAYS",
        "UW_CACHE_TTL_DAYS",
        "CLOCKIFY_ADDON_PORT",
        "ADDON_KEY",
        "CLOCKIFY_ADDON_BASE_URL",
        "DATABASE_URL",
        "REQUIRE_SIGNATURE_VERIFICATION",
        "AUTO_BOOTSTRAP_ON_INSTALL",
        "BOOTSTRAP_MAX_RPS",
        "BOOTSTRAP_MAX_PAGES",
    ];
    let of_addon = load(&of_addons.map(|name| (name, bad)), None).unwrap_err();
    assert_eq!(names(&of_addon), of_addons);
    for fault in faults.iter().chain(&of_addon) {
        assert!(!fault.to_string().contains("s3cr3t"), "{fault}");
    }
}

#[test]
fn an_add_ons_defaults_are_its_own() {
    let config = load(
        &[
            ("API_STUDIO_BOOTSTRAP_MAX_RPS", "7"),
            ("API_STUDIO_WEBHOOK_LOG_RETENTION_DAYS", "0"),
            ("UW_CACHE_TTL_DAYS", "3"),
            ("AUTO_BOOTSTRAP_ON_INSTALL", "no"),
            ("RATE_LIMIT_RPS", "20"),
            ("BOOTSTRAP_MAX_PAGES", "12"),
        ],
        None,
    )
    .unwrap();
    let of = |addon| config.addons[&addon].defaults;
    let built_in = Settings::built_in;
    assert_eq!(of(Addon::ApiStudio), Settings { max_rps: 7, webhook_log_retention_days: 0, ..built_in(Addon::ApiStudio) });
    assert_eq!(of(Addon::UniversalWebhook), Settings { cache_ttl_days: 3, ..built_in(Addon::UniversalWebhook) });
    let expected = Settings { bootstrap_on_install: false, max_rps: 20, max_pages: 12, ..built_in(Addon::ClockifyAddon) };
    assert_eq!(of(Addon::ClockifyAddon), expected);
    assert_eq!(load(&[("ADDONS", "clockify-addon"), ("PORT", "9"), ("BASE_URL", "https://a.example")], None).unwrap().addons.len(), 1);
    assert_eq!(names(&load(&[("PORT", "8000")], None).unwrap_err()), ["CLOCKIFY_ADDON_PORT"], "two add-ons on one port");
    assert_eq!(names(&load(&[("ADDON_KEY", "universal-webhook-api")], None).unwrap_err()), ["ADDON_KEY"], "two add-ons with one key");
}

#[test]
fn signatures_go_unchecked_on_loopback_alone() {
    let off = ("UNIVERSAL_WEBHOOK_REQUIRE_SIGNATURE_VERIFICATION", "false");
    for host in ["127.0.0.1", "::1", "[::1]", "localhost", "127.8.8.8"] {
        assert!(!uw(&load(&[off, ("HOST", host)], None).unwrap()).verify_signatures);
    }
    for host in ["0.0.0.0", "::", "10.0.0.1", "nonsense"] {
        let faults = load(&[off, ("HOST", host)], None).unwrap_err();
        assert!(names(&faults).contains(&off.0), "{host}");
    }
    assert!(load(&[off], None).is_err());
}

#[test]
fn keys_come_from_jwks_only_where_somebody_asked_for_it() {
    let prod = ("CLOCKIFY_JWKS_PROD_URL", "https://a.example/prod");
    let dev = ("CLOCKIFY_JWKS_DEV_URL", "https://a.example/dev");
    let key = |pairs: &[(&str, &str)]| load(pairs, None).unwrap().platform_key;
    let jwks = |url: &str| PlatformKey::Jwks(Url::parse(url).unwrap());
    assert_eq!(key(&[prod, dev]), PlatformKey::BuiltIn);
    assert_eq!(key(&[("CLOCKIFY_ENVIRONMENT", "prod")]), PlatformKey::BuiltIn);
    assert_eq!(key(&[("CLOCKIFY_ENVIRONMENT", "dev"), prod]), PlatformKey::BuiltIn);
    assert_eq!(key(&[("CLOCKIFY_ENVIRONMENT", "prod"), prod, dev]), jwks(prod.1));
    assert_eq!(key(&[("CLOCKIFY_ENVIRONMENT", "staging"), prod, dev]), jwks(dev.1));
    assert_eq!(key(&[("CLOCKIFY_JWKS_URL", "https://b.example/"), ("CLOCKIFY_ENVIRONMENT", "dev"), dev]), jwks("https://b.example/"));
}

#[test]
fn the_public_url_stands_in_for_base_urls_and_an_add_ons_own_wins() {
    let public = ("PUBLIC_URL", "https://addons.example.com/x/");
    let base = |pairs: &[(&str, &str)]| uw(&load(pairs, None).unwrap()).base_url.clone().unwrap();
    assert_eq!(base(&[public]), "https://addons.example.com/x/universal-webhook");
    assert_eq!(base(&[public, ("UNIVERSAL_WEBHOOK_BASE_URL", "https://uw.example.com/")]), "https://uw.example.com");
}

#[test]
fn an_add_ons_own_database_wins_and_other_names_of_a_variable_are_read() {
    let shared = ("DATABASE_URL", "sqlite:///tmp/shared.db");
    assert_eq!(uw(&load(&[shared], None).unwrap()).database_url, shared.1);
    let own = ("UNIVERSAL_WEBHOOK_DB_URL", "sqlite+aiosqlite:///./uw.db");
    assert_eq!(uw(&load(&[shared, own], None).unwrap()).database_url, own.1);
    let config =
        load(&[("ALLOWED_API_DOMAINS", r#"["api.example.org"]"#), ("CLOCKIFY_API_BASES", "http://127.0.0.1:1/api")], None).unwrap();
    assert_eq!(config.api_domains, ["api.example.org"]);
    assert_eq!(config.api_bases, [Url::parse("http://127.0.0.1:1/api").unwrap()]);
}

#[test]
fn the_public_key_is_pem_or_a_file_with_it() {
    let pem = clockify_key();
    let one_line = pem.replace('\n', "\\n");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key.pem");
    std::fs::write(&file, &pem).unwrap();
    for value in [pem.as_str(), one_line.as_str(), file.to_str().unwrap()] {
        assert_eq!(load(&[("CLOCKIFY_PUBLIC_KEY", value)], None).unwrap().platform_key, PlatformKey::Pem(value.trim().into()));
    }
    std::fs::write(&file, "not a key").unwrap();
    for bad in ["-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----", "/nowhere/key.pem", file.to_str().unwrap()] {
        assert_eq!(names(&load(&[("CLOCKIFY_PUBLIC_KEY", bad)], None).unwrap_err()), ["CLOCKIFY_PUBLIC_KEY"]);
    }
    let both = [("CLOCKIFY_PUBLIC_KEY", pem.as_str()), ("CLOCKIFY_JWKS_URL", "https://a.example/")];
    assert!(load(&both, None).is_err(), "one of the two would be ignored silently");
}

fn clockify_key() -> String {
    crate::auth::keys::PLATFORM_KEY.to_owned()
}

#[test]
fn what_is_shown_holds_no_secret() {
    let key = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=";
    let config = load(&[("ENCRYPTION_KEY", key), ("METRICS_TOKEN", "s3cr3t"), ("DATABASE_URL", "sqlite://s3cr3t@x/y.db")], None);
    let shown = format!("{:?}", config.unwrap());
    assert!(!shown.contains(key) && shown.contains("[secret]"));
}
